"""The tool `hyperthumb`: compress, restore, inspect, models, benchmark, report.

It finds files, calls the library, and says what came of it.
`main` must stay quick to import: each command imports what it needs when it runs.
"""
