"""The original repository's networks, for the script that converts its checkpoints."""
