"""A static site of thumbnails that browsers restore: its index, its files, and a server for this machine."""
