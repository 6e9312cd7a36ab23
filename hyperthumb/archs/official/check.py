"""Do our numbers equal the original's? Compares every intermediate that a reference instance holds.

An instance is an .npz with `param/<official name>` and `io/<tensor>`. Each step starts from the instance's own
preceding tensor, so that a difference is reported where it arises; the last lines go from the image to the end through
ours alone.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from hyperthumb.archs.hyperthumbnail import HyperThumbnail
from hyperthumb.base.errors import CheckpointError
from hyperthumb.jpeg.simulator import coefficients_to_rgb, rgb_to_coefficients
from hyperthumb.jpeg.zigzag import from_zigzag

from .architecture import from_official

FLOAT_LIMIT = 1e-4  # beyond float32's own error in numbers above one
ROUNDING_LIMIT = 1e-3  # integers may differ where the value was this near to a rounding boundary


class Difference(NamedTuple):
    """One compared tensor.

    Attributes:
        name: of the intermediate.
        largest: the largest absolute difference; for integers after those at a rounding boundary are set aside.
        limit: what is allowed.
        at_boundary: how many integers differ at a rounding boundary.
    """

    name: str
    largest: float
    limit: float
    at_boundary: int = 0

    @property
    def holds(self) -> bool:
        return self.largest <= self.limit


@torch.no_grad()
def compare_with_instance(path: Path) -> list[Difference]:
    """Every intermediate of the instance against ours.

    Raises:
        CheckpointError: when the file is not such an instance.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: torch.from_numpy(file[name]) for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{path} cannot be read as a reference instance: {error}") from error
    official = {name[6:]: value for name, value in arrays.items() if name.startswith("param/")}
    reference = {name[3:]: value for name, value in arrays.items() if name.startswith("io/")}
    network, _ = from_official(official)
    try:
        return list(_compare(network, reference))
    except KeyError as error:
        raise CheckpointError(f"{path} has no io/{error.args[0]}") from error


def _compare(network: HyperThumbnail, reference: dict[str, Tensor]) -> Iterator[Difference]:
    hr = reference["x"]
    encoded = hr if network.encoder is None else network.encoder(hr)
    yield _floats("encoder_out", encoded, reference["encoder_out"])
    coefficients = rgb_to_coefficients(reference["encoder_out"].clamp(0, 1))
    known = _blocks(torch.cat([reference["dct_y"], reference["dct_cbcr"]], dim=1))
    yield _floats("dct_y", coefficients[:, :1], known[:, :1])
    yield _floats("dct_cbcr", coefficients[:, 1:], known[:, 1:])

    # The original lets a step grow beyond what a baseline file can hold; ours ends at 255.
    steps = network.quantization(known)
    yield _integers("tables", steps.clamp(1, 255), reference["tables"].clamp(1, 255))
    tables = _per_plane(reference["tables"])
    values = known / tables
    quantized = torch.cat([reference["quantised_y"], reference["quantised_cbcr"]], dim=1).float()
    yield _integers("quantised_y", values[:, :1], quantized[:, :1])
    yield _integers("quantised_cbcr", values[:, 1:], quantized[:, 1:])
    yield _floats("thumbnail_rgb", coefficients_to_rgb(quantized * tables, clamp=False), reference["thumbnail_rgb"])
    yield _floats("restored", _restored(network, quantized * tables), reference["restored"])

    if "forward_restored" in reference:
        around_medians = _round_around_medians(network, values)
        restored = _restored(network, around_medians * tables)
        yield _floats("forward_restored", restored, reference["forward_restored"])
        assert network.rate is not None
        bpp = network.rate(around_medians).sum() / (hr.shape[0] * hr.shape[2] * hr.shape[3])
        yield _floats("forward_bpp_likelihood", bpp, reference["forward_bpp_likelihood"])

    # Through ours alone. Where an integer at a boundary fell the other way, all after it differs and is not compared.
    own = network.transform(hr)
    own_tables = _integers(
        "end to end: tables", network.quantization(own).clamp(1, 255), reference["tables"].clamp(1, 255)
    )
    yield own_tables
    own_quantized = _integers("end to end: quantised", own / tables, quantized)
    yield own_quantized
    if not own_tables.at_boundary + own_quantized.at_boundary:
        batch = network.compress(hr)
        restored = _restored(network, batch.coefficients * _per_plane(batch.tables))
        if torch.equal(batch.tables.float(), reference["tables"]):
            yield _floats("end to end: restored", restored, reference["restored"])


def _restored(network: HyperThumbnail, dequantized: Tensor) -> Tensor:
    if network.decoder is None:  # ours shows the clamped thumbnail at scale 1, the original the unclamped one
        return coefficients_to_rgb(dequantized.float(), clamp=False)
    return network.decode(dequantized.float()).restored


def _round_around_medians(network: HyperThumbnail, values: Tensor) -> Tensor:
    """The original's evaluation pass quantizes to integers away from the prior's medians, not from zero."""
    assert network.rate is not None
    medians = _per_plane(from_zigzag(network.rate.medians()).unsqueeze(0))
    return torch.round(values - medians) + medians


def _blocks(planes: Tensor) -> Tensor:
    """(B, 3, h, w) with each block's coefficients at the block's place, as (B, 3, h/8, w/8, 8, 8)."""
    height, width = planes.shape[-2:]
    return planes.unflatten(-1, (width // 8, 8)).unflatten(-3, (height // 8, 8)).transpose(-3, -2)


def _per_plane(tables: Tensor) -> Tensor:
    return tables[:, [0, 1, 1], None, None]


def _floats(name: str, ours: Tensor, theirs: Tensor) -> Difference:
    if ours.shape != theirs.shape:
        raise CheckpointError(f"{name} is {tuple(theirs.shape)} in the instance, {tuple(ours.shape)} in ours")
    limit = FLOAT_LIMIT + 1e-6 * float(theirs.abs().max())
    return Difference(name, _largest(ours - theirs), limit)


def _integers(name: str, before_rounding: Tensor, theirs: Tensor) -> Difference:
    difference = before_rounding.round() - theirs
    excused = (difference != 0) & ((before_rounding - theirs).abs() <= 0.5 + ROUNDING_LIMIT)
    return Difference(name, _largest(difference.masked_fill(excused, 0)), 0.0, int(excused.sum()))


def _largest(difference: Tensor) -> float:
    largest = float(difference.abs().max())
    return largest if largest == largest else float("inf")  # a NaN anywhere is no agreement
