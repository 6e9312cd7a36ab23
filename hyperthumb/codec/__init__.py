"""Compresses photographs to thumbnail files and restores them."""
