"""Training: everything between an options file and a checkpoint.

- `main` reads the command line.
- `build` makes a trainer from the options.
- `trainer` is the training loop, `step` takes one step.
- `state` is what a checkpoint holds. It also resumes a run.

Networks, datasets and losses come from the registries. Nothing here depends on a particular one.
"""
