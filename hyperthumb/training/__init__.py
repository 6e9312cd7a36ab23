"""Training: everything between an options file and a checkpoint.

`trainer` is the loop and reads top to bottom; each thing it needs is a file of its own. Networks, datasets and losses
come from the registries: nothing here knows a concrete one.
"""
