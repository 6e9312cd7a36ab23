"""`hyperthumb.noise`: noise that belongs to a crop, under the name that plug-ins import."""

from hyperthumb.base.noise import normal, uniform

__all__ = ["normal", "uniform"]
