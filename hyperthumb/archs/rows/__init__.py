"""The strip engine: a trained network run a few rows at a time, for large pictures."""
