"""The tool `hyperthumb`: compress, restore, inspect. It finds files, calls the library, and says what came of it.

`main` must stay quick to import: each command imports what it needs when it runs.
"""
