"""Training: everything between an options file and a checkpoint.

Where to look: `main` reads the command line, `build` puts a run together, `trainer` is the loop, `step` one step,
`state` what a checkpoint holds and how a run resumes. Networks, datasets and losses come from the registries: nothing
here knows a concrete one.
"""
