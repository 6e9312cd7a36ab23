"""Picture files, pixels, resizing, tiles."""
