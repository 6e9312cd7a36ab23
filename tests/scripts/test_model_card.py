from __future__ import annotations

import pytest

from hyperthumb.base.errors import CheckpointError
from model_card import CARD_KEYS, check_card

CARD = {**dict.fromkeys(CARD_KEYS, "something"), "rate_bpp": "0.30"}


def test_a_complete_card_is_accepted():
    check_card(CARD)
    check_card({**CARD, "thanks": "to all"})


def test_all_missing_keys_are_named():
    with pytest.raises(CheckpointError, match="lacks: data, license"):
        check_card({key: value for key, value in CARD.items() if key != "data"} | {"license": " "})


@pytest.mark.parametrize("rate", ["low", "0", "-1", "nan", "25"])
def test_a_rate_that_is_not_a_number_is_refused(rate):
    with pytest.raises(CheckpointError, match="rate_bpp must be a number of bits per pixel"):
        check_card({**CARD, "rate_bpp": rate})
