"""The contract of a network, how one is built, and model files."""
