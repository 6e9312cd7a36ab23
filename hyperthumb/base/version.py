"""The version of the package, at the bottom of the house so that everyone may know it."""

__version__ = "0.1.0"
