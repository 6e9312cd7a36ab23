"""hyperthumb: image rescaling with rate-distortion optimisation, through ordinary JPEG thumbnails."""

__version__ = "0.1.0"
