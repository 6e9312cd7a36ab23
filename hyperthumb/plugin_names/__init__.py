"""The short names under which plug-ins import: `hyperthumb.registry`, `hyperthumb.noise`, `hyperthumb.rescaling`.

`hyperthumb/__init__.py` adds this folder to the package's search path. CONTRIBUTING.md documents the names.
"""
