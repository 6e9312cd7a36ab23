"""Measuring networks and baselines on datasets, and showing what came out."""
