"""Runs trained networks on large pictures in strips, which are a few rows of the whole width."""
