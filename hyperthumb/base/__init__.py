"""Modules that every folder may import: errors, wording, files, registries, limits, noise."""
