"""Every method in one table and one plot: rows measured at several rates, compared at one, and drawn.

    options -> runner -> points (kept on disk) -> results.json -> tables, plots, report

What follows `results.json` needs nothing else: `hyperthumb report` makes it again without measuring.
"""
