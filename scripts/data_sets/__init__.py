"""The public photo sets: their contents, and code that checks and builds them. Only the prepare scripts use it."""
