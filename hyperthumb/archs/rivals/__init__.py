"""Rescaling networks of other papers, around an ordinary JPEG."""
