"""A network run over a picture from top to bottom, a few rows at a time, with the result of the whole.

Every layer keeps the last rows of its input that the rows to come still need (two, for a 3x3 convolution), so nothing
is computed twice, no tile overlaps another, and zeros are padded where the picture ends and nowhere else. What is alive
at a time is a few rows per layer: memory does not grow with the picture's height, and what a layer writes the next one
reads from the cache, in buffers that are used again and again. On a CPU that is worth more than the memory: touching
fresh pages costs a third to half of the time that a large network takes there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from .row_operations import RowOperation


class RowSource(NamedTuple):
    """Where a picture's rows come from.

    Attributes:
        height: how many there are.
        multiple: they are read in multiples of this.
        read: rows [first, last) as (1, C, last - first, W).
    """

    height: int
    multiple: int
    read: Callable[[int, int], Tensor]


class RowStep(NamedTuple):
    """An operation on the results of earlier steps or sources.

    Attributes:
        operation: what is done.
        inputs: positions; sources come first, then the steps in order.
    """

    operation: RowOperation
    inputs: tuple[int, ...]


@dataclass
class _Stream:
    """The rows of one source's or step's result that are still needed."""

    height: int
    multiple: int
    users: list[tuple[RowOperation, _Stream]] = field(default_factory=list)
    kept: Tensor | None = None
    first: int = 0
    made: int = 0

    def append(self, rows: Tensor) -> None:
        self.kept = rows if self.kept is None else torch.cat([self.kept, rows], 2)
        self.made += rows.shape[2]

    def window(self, first: int, last: int) -> Tensor:
        assert self.kept is not None
        assert self.first <= first <= last <= self.made
        return self.kept[:, :, first - self.first : last - self.first]

    def forget(self) -> None:
        """Drops what no user will ask for again."""
        if self.kept is None:
            return
        needed = [max(0, operation.needs(user.made, user.made)[0]) for operation, user in self.users]
        unfinished = [low for low, (_, user) in zip(needed, self.users, strict=True) if user.made < user.height]
        first = min([*unfinished, self.made])
        if first == self.first:
            return
        rest = self.kept[:, :, first - self.first :]
        if 2 * rest.shape[2] < self.kept.shape[2]:
            # A view of a few rows would keep the whole strip alive.
            rest = rest.clone(memory_format=torch.preserve_format)
        self.kept = rest if rest.shape[2] else None
        self.first = first


def run_in_rows(sources: Sequence[RowSource], steps: Sequence[RowStep], rows: int) -> Iterator[Tensor]:
    """The last step's result, strip by strip from the top.

    Args:
        sources: the pictures that come in.
        steps: the network, in an order in which it can be computed.
        rows: rows of a strip; more where an operation can only make more at a time.

    Yields:
        (1, C, n, W) until all rows have come.
    """
    streams = _streams(sources, steps)
    result = streams[-1]
    while result.made < result.height:
        before = result.made
        wanted = _wanted(streams, sources, steps, min(before + rows, result.height))
        for position, (stream, last) in enumerate(zip(streams, wanted, strict=True)):
            if last <= stream.made:
                continue
            if position < len(sources):
                stream.append(sources[position].read(stream.made, last))
                continue
            step = steps[position - len(sources)]
            inputs = [streams[k] for k in step.inputs]
            low, high = step.operation.needs(stream.made, last)
            windows = [each.window(max(low, 0), min(high, each.height)) for each in inputs]
            stream.append(step.operation.make(windows, stream.made, last, inputs[0].height))
            for each in inputs:
                each.forget()
        assert result.kept is not None
        yield result.kept
        result.kept, result.first = None, result.made


def _streams(sources: Sequence[RowSource], steps: Sequence[RowStep]) -> list[_Stream]:
    streams = [_Stream(source.height, source.multiple) for source in sources]
    for operation, inputs in steps:
        heights = {streams[k].height for k in inputs}
        assert len(heights) == 1, f"{operation} joins pictures of different heights: {sorted(heights)}"
        stream = _Stream(operation.height(heights.pop()), operation.multiple)
        for k in inputs:
            streams[k].users.append((operation, stream))
        streams.append(stream)
    return streams


def _wanted(streams: Sequence[_Stream], sources: Sequence[RowSource], steps: Sequence[RowStep], last: int) -> list[int]:
    """Up to which row each stream has to come so that the last one comes to row `last`."""
    wanted = [stream.made for stream in streams]
    wanted[-1] = last
    for position in reversed(range(len(streams))):
        stream = streams[position]
        if wanted[position] <= stream.made:
            continue
        aligned = -(-wanted[position] // stream.multiple) * stream.multiple
        wanted[position] = min(aligned, stream.height)
        if position >= len(sources):
            operation, inputs = steps[position - len(sources)]
            high = operation.needs(stream.made, wanted[position])[1]
            for k in inputs:
                wanted[k] = max(wanted[k], min(high, streams[k].height))
    return wanted
