"""What the card of a model that ships has to say.

Scores on test sets are not on it: those are measured (options/benchmark/zoo.yml) and kept in results/zoo.
"""

from __future__ import annotations

from collections.abc import Mapping

from hyperthumb.base.errors import CheckpointError

CARD_KEYS = (
    "description",  # a line on what it is for
    "rate_bpp",  # about which rate it makes on the validation set, such as 0.30
    "validation",  # PSNR and bpp on the validation set, and which set that is
    "data",  # what it was trained on
    "iterations",
    "time",
    "machine",
    "seed",
    "options",  # the name of its options file in options/train/zoo
    "license",
)


def check_card(card: Mapping[str, str]) -> None:
    """Refuses a card that leaves something open.

    Raises:
        CheckpointError: when a key is missing or empty, or the rate is no number; names all of them.
    """
    missing = [key for key in CARD_KEYS if not card.get(key, "").strip()]
    if missing:
        raise CheckpointError(f"the card of a model that ships says nothing of: {', '.join(missing)}")
    try:
        rate = float(card["rate_bpp"])
    except ValueError:
        rate = 0.0
    if not 0 < rate < 24:
        raise CheckpointError(f'rate_bpp is a number of bits per pixel such as 0.30, not "{card["rate_bpp"]}"')
