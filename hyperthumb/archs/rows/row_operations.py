"""Operations that compute some rows of a layer's output from some rows of its input."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .composed import ComposedConvolution


class RowOperation(ABC):
    """One layer of a network.

    Attributes:
        multiple: output rows are computed in multiples of this, except the last ones of the picture.
    """

    multiple: int = 1

    def height(self, height: int) -> int:
        """The number of output rows for a picture with `height` rows."""
        return height

    @abstractmethod
    def needs(self, first: int, last: int) -> tuple[int, int]:
        """The input rows [low, high) for output rows [first, last). They exceed the picture where it is padded."""

    @abstractmethod
    def make(self, windows: Sequence[Tensor], first: int, last: int, height: int) -> Tensor:
        """Computes output rows [first, last).

        Args:
            windows: for each input, the rows that `needs` gives, as far as they lie inside the picture.
            first: the first output row.
            last: the row after the last output row.
            height: rows of the inputs' pictures.
        """


class Elementwise(RowOperation):
    """An operation in which a pixel depends only on the pixels at its position: activation, sum, concatenation."""

    def __init__(self, function: Callable[[Sequence[Tensor]], Tensor]) -> None:
        self.function = function

    def needs(self, first: int, last: int) -> tuple[int, int]:
        return first, last

    def make(self, windows: Sequence[Tensor], first: int, last: int, height: int) -> Tensor:
        return self.function(windows)


class Convolution(RowOperation):
    """A zero-padded convolution. It runs in the type of its weights."""

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
    """A function that enlarges or shrinks by an integer factor and handles the picture's borders itself.

    Args:
        function: maps (1, C, h, w) to (1, C', h * up / down, w').
        up: output rows for each input row.
        down: input rows for each output row.
        reach: input rows above and below its own that an output row depends on; a multiple of `down`.
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
    """Adds rows of zeros above and below (1, C, h, w)."""
    if not (above or below):
        return window
    empty = [window.new_zeros(1, window.shape[1], count, window.shape[3]) for count in (above, below)]
    return torch.cat([empty[0], window, empty[1]], 2)
