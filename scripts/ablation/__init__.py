"""Trains several options files and compares the models at equal file sizes, for scripts/run_ablation.py."""
