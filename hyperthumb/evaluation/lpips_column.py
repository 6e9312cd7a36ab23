"""LPIPS for a run: its backbone is loaded at start-up, or reported missing at start-up."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from hyperthumb.config import LpipsOptions

if TYPE_CHECKING:
    from hyperthumb.metrics.lpips import LpipsMetric


def open_lpips(options: LpipsOptions | None, device: str, setting: str) -> LpipsMetric | None:
    """The metric that the options ask for, or None with a warning when its backbone cannot be loaded.

    `setting` is where the options name it, such as "val.lpips".
    """
    if options is None:
        return None
    from hyperthumb.metrics.lpips import LpipsMetric, LpipsUnavailable

    try:
        named = f"{setting}.backbone_weights"
        return LpipsMetric.create(options.net, options.backbone_weights, device, setting=named)
    except LpipsUnavailable as error:
        warnings.warn(f"the column lpips stays empty: {error}", stacklevel=2)
        return None
