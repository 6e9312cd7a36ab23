"""How a layer makes some rows of its output from some rows of its input."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .composed import ComposedConvolution


class RowOperation(ABC):
    """One layer.

    Attributes:
        multiple: output rows are made in multiples of this (but for the picture's last).
    """

    multiple: int = 1

    def height(self, height: int) -> int:
        """Output rows for a picture of so many."""
        return height

    @abstractmethod
    def needs(self, first: int, last: int) -> tuple[int, int]:
        """Input rows [low, high) that output rows [first, last) depend on; beyond the picture where it is padded."""

    @abstractmethod
    def make(self, windows: Sequence[Tensor], first: int, last: int, height: int) -> Tensor:
        """Output rows [first, last) from each input's needed rows, cut to the picture of `height` rows."""


class Elementwise(RowOperation):
    """Anything that makes a pixel from the pixels in its place, such as an activation, a sum, or joined channels."""

    def __init__(self, function: Callable[[Sequence[Tensor]], Tensor]) -> None:
        self.function = function

    def needs(self, first: int, last: int) -> tuple[int, int]:
        return first, last

    def make(self, windows: Sequence[Tensor], first: int, last: int, height: int) -> Tensor:
        return self.function(windows)


class Convolution(RowOperation):
    """A zero-padded convolution; it runs in its weights' type."""

    def __init__(self, layer: nn.Conv2d) -> None:
        self.layer = layer
        self.kernel, self.stride = int(layer.kernel_size[0]), int(layer.stride[0])
        self.padding, self.columns = (int(p) for p in layer.padding)

    def height(self, height: int) -> int:
        return (height + 2 * self.padding - self.kernel) // self.stride + 1

    def needs(self, first: int, last: int) -> tuple[int, int]:
        low = first * self.stride - self.padding
        return low, (last - 1) * self.stride - self.padding + self.kernel

    def make(self, windows: Sequence[Tensor], first: int, last: int, height: int) -> Tensor:
        low, high = self.needs(first, last)
        layer = self.layer
        window = pad_rows(windows[0], max(0, -low), max(0, high - height)).to(layer.weight.dtype)
        return F.conv2d(window, layer.weight, layer.bias, layer.stride, (0, self.columns), 1, layer.groups)


class Resampling(RowOperation):
    """A function that enlarges by a whole factor or shrinks by one, and treats the picture's borders itself.

    Args:
        function: (1, C, h, w) to (1, C', h * up / down, w').
        up: rows out for every row in.
        down: rows in for every row out.
        reach: input rows beyond its own that an output row may depend on, a multiple of `down`.
    """

    def __init__(self, function: Callable[[Tensor], Tensor], up: int = 1, down: int = 1, reach: int = 0) -> None:
        assert reach % down == 0
        self.function, self.up, self.down, self.reach = function, up, down, reach
        self.multiple = up

    def height(self, height: int) -> int:
        return height * self.up // self.down

    def needs(self, first: int, last: int) -> tuple[int, int]:
        return first * self.down // self.up - self.reach, -(-last * self.down // self.up) + self.reach

    def make(self, windows: Sequence[Tensor], first: int, last: int, height: int) -> Tensor:
        low = max(0, self.needs(first, last)[0])
        skipped = first - low * self.up // self.down
        return self.function(windows[0])[:, :, skipped : skipped + last - first]


class Composition(RowOperation):
    """Several linear layers as one (see `ComposedConvolution`)."""

    def __init__(self, layer: ComposedConvolution) -> None:
        self.layer = layer
        self.multiple = layer.scale

    def height(self, height: int) -> int:
        return height * self.layer.scale

    def needs(self, first: int, last: int) -> tuple[int, int]:
        scale, reach = self.layer.scale, self.layer.REACH
        return first // scale - reach, -(-last // scale) + reach

    def make(self, windows: Sequence[Tensor], first: int, last: int, height: int) -> Tensor:
        low, high = self.needs(first, last)
        return self.layer.rows(windows[0], above=max(0, -low), below=max(0, high - height))


def pad_rows(window: Tensor, above: int, below: int) -> Tensor:
    """(1, C, h, w) with rows of zeros at its ends."""
    if not (above or below):
        return window
    empty = [window.new_zeros(1, window.shape[1], count, window.shape[3]) for count in (above, below)]
    return torch.cat([empty[0], window, empty[1]], 2)
