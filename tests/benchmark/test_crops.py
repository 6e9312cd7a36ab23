from __future__ import annotations

from hyperthumb.benchmark.crops import file_stems

BOX = [0, 8, 192, 128]


def test_files_of_details_have_names_of_their_own():
    assert file_stems([("kodak", "kodim01", BOX), ("kodak", "kodim02", BOX)]) == [
        "kodak_kodim01_0_8_192_128",
        "kodak_kodim02_0_8_192_128",
    ]
    alike = [("set", "a/1", BOX), ("set", "a_1", BOX), ("set_a", "1", BOX), ("set", "A 1", BOX)]
    stems = file_stems(alike)
    assert len(set(stems)) == 4
    assert all(stem.startswith("set_a_1_0_8_192_128_") for stem in stems)
    assert file_stems(alike[::-1]) == stems[::-1]
