"""Pages about options files, made of the annotations that read them."""
