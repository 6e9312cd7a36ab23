"""What all rows of a benchmark share: photographs, protocol, machine, and the folder of finished points."""

from __future__ import annotations

import sys
import traceback
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from hyperthumb.base.environment import describe_device
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.config import BenchmarkOptions
from hyperthumb.data import ImageSource, build_source
from hyperthumb.evaluation.lpips_column import open_lpips
from hyperthumb.metrics import Distance, Protocol, get_protocol
from hyperthumb.models.build import resolve_device

from .identity import digest, files_digest, image_digest
from .points import StoredPoint
from .results import DatasetInfo
from .subjects import Setting


@dataclass(frozen=True)
class Photographs:
    """A data set with the digests of each photograph's pixels."""

    info: DatasetInfo
    source: ImageSource
    digests: list[str]


@dataclass(frozen=True)
class Bench:
    """What all rows share; `lpips_identity` is what the numbers of LPIPS depend on, as plain values."""

    root: Path
    protocol: Protocol
    lpips: Distance | None
    lpips_identity: Any
    device: torch.device
    sets: list[Photographs]

    @property
    def device_name(self) -> str:
        """The machine, in words."""
        return describe_device(self.device)

    def stored(self, setting: Setting) -> StoredPoint:
        """The stored scores of a row at one setting."""
        shared = {"protocol": self.protocol.label, "lpips": self.lpips_identity, "device": self.device.type}
        return StoredPoint(self.root / "points", {**setting.identity, **shared})


def open_bench(options: BenchmarkOptions) -> Bench:
    """Opens everything that the rows share; each photograph is read once, to know it by its content.

    Raises:
        HyperthumbError: when the device, LPIPS or a data set cannot be used.
    """
    device = resolve_device(options.device)
    lpips, identity = open_lpips(options.lpips, device.type, "lpips"), None
    if lpips is not None and options.lpips is not None:
        weights = [options.lpips.backbone_weights] if options.lpips.backbone_weights else []
        identity = [options.lpips.net, files_digest(weights), metadata.version("lpips")]
    return Bench(
        root=options.results_root / options.name,
        protocol=get_protocol(options.protocol, options.scale),
        lpips=lpips,
        lpips_identity=identity,
        device=device,
        sets=[
            open_set(dataset.name, build_source(dataset.source, dataset.max_images, dataset.skips_at_most))
            for dataset in options.datasets.values()
        ],
    )


def open_set(name: str, source: ImageSource) -> Photographs:
    """Reads all photographs of a set.

    Raises:
        CorruptImageError: when one is damaged.
    """
    digests, sizes = [], []
    for index in tqdm(range(len(source)), desc=f"reading {name}", unit="image", disable=not sys.stderr.isatty()):
        pair = source.load(index)
        digests.append(image_digest(pair))
        sizes.append(list(pair.hr.shape[:2]))
    return Photographs(DatasetInfo(name, list(source.names), sizes, digest(digests)), source, digests)


def explain(name: str, error: Exception) -> str:
    """Prints why a row failed, with the traceback unless it is a user's mistake; returns the reason."""
    reason = str(error) if isinstance(error, HyperthumbError) else f"{type(error).__name__}: {error}"
    if not isinstance(error, HyperthumbError):
        traceback.print_exception(error, file=sys.stderr)
    print(f"failed: {name}: {reason}", file=sys.stderr)
    return reason
