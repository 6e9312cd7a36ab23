"""What all rows of a benchmark share: photographs, protocol, machine, and the folder of finished points."""

from __future__ import annotations

import sys
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.data import ImageSource
from hyperthumb.metrics import Distance, Protocol

from .identity import digest, image_digest
from .points import StoredPoint
from .results import DatasetInfo, Facts
from .subjects import Subject


@dataclass(frozen=True)
class TestSet:
    """A data set whose photographs are known by their content."""

    __test__ = False  # its name makes pytest think that it is a test

    info: DatasetInfo
    source: ImageSource
    digests: list[str]


@dataclass
class Bench:
    """What all rows share.

    Attributes:
        root: the folder of the results.
        protocol: crop and channels of the numbers.
        lpips: a distance between pictures, or None.
        lpips_identity: what its numbers depend on, as plain values.
        device: of the networks.
        device_name: of the machine, in words.
        sets: what is measured on.
        progress: a bar that counts images.
        computed: how many images were really measured or restored; the others were on disk.
        facts: of the rows, by name, as far as they are known.
    """

    root: Path
    protocol: Protocol
    lpips: Distance | None
    lpips_identity: Any
    device: torch.device
    device_name: str
    sets: list[TestSet]
    progress: tqdm[Any]
    computed: int = 0
    facts: dict[str, Facts] = field(default_factory=dict)

    def stored(self, subject: Subject, index: int) -> StoredPoint:
        """What is on disk of a subject at one setting."""
        shared = {"protocol": self.protocol.label, "lpips": self.lpips_identity, "device": self.device.type}
        return StoredPoint(self.root / "points", {**subject.identity(index), **shared})


def open_set(name: str, source: ImageSource) -> TestSet:
    """Reads all photographs once, to know them by their content.

    Raises:
        CorruptImageError: when one is damaged.
    """
    digests, sizes = [], []
    for index in tqdm(range(len(source)), desc=f"reading {name}", unit="image", disable=not sys.stderr.isatty()):
        pair = source.load(index)
        digests.append(image_digest(pair))
        sizes.append(list(pair.hr.shape[:2]))
    return TestSet(DatasetInfo(name, list(source.names), sizes, digest(digests)), source, digests)


def explain(name: str, error: Exception) -> str:
    """Says on standard error why a row failed, with the traceback of what is no user's mistake; returns the reason."""
    reason = str(error) if isinstance(error, HyperthumbError) else f"{type(error).__name__}: {error}"
    if not isinstance(error, HyperthumbError):
        traceback.print_exception(error, file=sys.stderr)
    print(f"failed: {name}: {reason}", file=sys.stderr)
    return reason
