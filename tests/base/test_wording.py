from __future__ import annotations

import pytest

from hyperthumb.base.wording import counted, in_bytes


@pytest.mark.parametrize(("count", "text"), [(0, "0 blocks"), (1, "1 block"), (2, "2 blocks"), (1200, "1,200 blocks")])
def test_a_noun_is_singular_after_one_alone(count, text):
    assert counted(count, "block") == text
    assert in_bytes(count) == text.replace("block", "byte")
