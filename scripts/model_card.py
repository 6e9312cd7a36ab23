"""The keys that the card of a shipped model must have.

It has no scores on test sets. Those are measured by options/benchmark/zoo.yml and stored in results/zoo.
"""

from __future__ import annotations

from collections.abc import Mapping

from hyperthumb.base.errors import CheckpointError

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
