"""Runs a network over a picture in strips, from top to bottom. The result is that for the whole picture.

Every layer keeps the last rows of its input that later strips need (two for a 3x3 convolution). So nothing is computed
twice, strips do not overlap, and zeros are padded only at the borders of the picture.

Only a few rows of each layer are in memory at a time, so memory does not grow with the picture's height. A layer reads
the output of the layer before it from the cache, in buffers that are used again. On a CPU the speed matters more than
the memory: touching new pages takes a third to half of the time of a large network on whole pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from .row_operations import RowOperation


class RowSource(NamedTuple):
    """A picture whose rows are read when they are needed.

    Attributes:
        height: rows of the picture.
        multiple: rows are read in multiples of this.
        read: returns rows [first, last) as (1, C, last - first, W).
    """

    height: int
    multiple: int
    read: Callable[[int, int], Tensor]


class RowStep(NamedTuple):
    """An operation on sources or on the results of earlier steps.

    Attributes:
        operation: the operation.
        inputs: positions of its inputs in the list of all sources followed by all steps.
    """

    operation: RowOperation
    inputs: tuple[int, ...]


@dataclass
class _Stream:
    """The rows of a source or of the result of a step that are still needed."""

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
        """Drops the rows that no operation needs any more."""
        if self.kept is None:
            return
        needed = [max(0, operation.needs(user.made, user.made)[0]) for operation, user in self.users]
        unfinished = [low for low, (_, user) in zip(needed, self.users, strict=True) if user.made < user.height]
        first = min([*unfinished, self.made])
        if first == self.first:
            return
        rest = self.kept[:, :, first - self.first :]
        if 2 * rest.shape[2] < self.kept.shape[2]:
            # A view of a few rows would keep the whole strip in memory.
            rest = rest.clone(memory_format=torch.preserve_format)
        self.kept = rest if rest.shape[2] else None
        self.first = first


def run_in_strips(sources: Sequence[RowSource], steps: Sequence[RowStep], rows: int) -> Iterator[Tensor]:
    """Computes the result of the last step, strip by strip from the top.

    Args:
        sources: the input pictures.
        steps: the network's operations, each after its inputs.
        rows: rows of a strip. A strip has more rows if an operation can only compute more at a time.

    Yields:
        Strips (1, C, n, W), up to the last row.
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
        assert len(heights) == 1, f"the inputs of {operation} have different heights: {sorted(heights)}"
        stream = _Stream(operation.height(heights.pop()), operation.multiple)
        for k in inputs:
            streams[k].users.append((operation, stream))
        streams.append(stream)
    return streams


def _wanted(streams: Sequence[_Stream], sources: Sequence[RowSource], steps: Sequence[RowStep], last: int) -> list[int]:
    """For each stream, the number of rows that it must have computed for the last stream to have `last` rows."""
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
