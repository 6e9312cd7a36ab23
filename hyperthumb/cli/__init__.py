"""The tool `hyperthumb`: compress, restore, inspect, models, benchmark, report.

It finds files, calls the library, and reports the results.
`main` must stay fast to import, so each command imports its dependencies when it runs.
"""
