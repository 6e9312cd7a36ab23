"""What every room may know: errors, wording, files, registries, limits, noise."""
