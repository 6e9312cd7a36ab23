"""The version of the package, in the lowest folder so that every module can import it."""

__version__ = "0.2.0"
