"""Rescaling networks of other papers, around an ordinary JPEG. Importing this folder registers them by name."""

from .comcnn import ComCNN
from .hcflow import HCFlow
from .irn import IRN
from .sain import SAIN
from .super_resolution import BicubicThenNetwork

__all__ = ["IRN", "SAIN", "BicubicThenNetwork", "ComCNN", "HCFlow"]
