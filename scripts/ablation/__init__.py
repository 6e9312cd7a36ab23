"""Trainings of several options files side by side, compared at equal bytes: what scripts/run_ablation.py uses."""
