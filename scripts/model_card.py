"""What a model that ships needs beside its file: a complete card, and an entry in the list of checksums.

The card has no scores on test sets. Those are measured by options/benchmark/zoo.yml and stored in results/zoo.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from hyperthumb.base.errors import CheckpointError
from hyperthumb.base.files import write_atomically
from hyperthumb.models.zoo.checksums import FILE_NAME, read_sums

CARD_KEYS = (
    "description",  # its purpose, in one line
    "rate_bpp",  # its approximate rate on the validation set, such as 0.30
    "validation",  # the validation set, and PSNR and bpp on it
    "data",  # the training data
    "iterations",
    "time",
    "machine",
    "seed",
    "options",  # the name of its options file in options/train/zoo
    "license",
)


def check_card(card: Mapping[str, str]) -> None:
    """Checks that a card is complete.

    Raises:
        CheckpointError: when keys are missing or empty (the message names all), or the rate is not a number.
    """
    missing = [key for key in CARD_KEYS if not card.get(key, "").strip()]
    if missing:
        raise CheckpointError(f"the card of a shipped model lacks: {', '.join(missing)}")
    try:
        rate = float(card["rate_bpp"])
    except ValueError:
        rate = 0.0
    if not 0 < rate < 24:
        raise CheckpointError(f'rate_bpp must be a number of bits per pixel such as 0.30, not "{card["rate_bpp"]}"')


def record(path: Path) -> None:
    """Adds a file's checksum to the list in its folder, and removes entries of deleted files.

    Raises:
        HyperthumbError: when the list cannot be written.
    """
    sums = {name: digest for name, digest in read_sums(path.parent).items() if (path.parent / name).is_file()}
    sums[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    text = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
    write_atomically(path.parent / FILE_NAME, text.encode())
