"""The interface of networks, building them, and model files."""
