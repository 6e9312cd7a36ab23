"""A benchmark's options: what cannot be is said at once, and weights may be missing."""

from __future__ import annotations

import pytest

from hyperthumb.base.errors import OptionsError
from hyperthumb.config import load_benchmark_options
from tests.benchmark.runs import OURS, small_benchmark, write_benchmark
from tests.support import write_options


def test_loads_although_weights_are_missing(tmp_path):
    options = load_benchmark_options(write_benchmark(tmp_path))
    assert not (tmp_path / "irn.pth").exists()
    assert [row.name for row in options.rows][-1] == OURS
    assert options.rows[1].sweep == {"quality": [2, 5, 10, 20, 35, 60, 80]}
    assert options.datasets["photos"].name == "photos"
    assert options.crops[0].box == (8, 16, 48, 32)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"name": "a"}, r"rows\[0\]: a row is either a `method` with its `type` or a `model`"),
        ({"name": "a", "model": "lite_4x", "method": {"type": "Jpeg"}}, "either a `method`"),
        ({"name": "a", "model": "lite_4x", "sweep": {"quality": [1]}}, "its rates are `rate_scales`"),
        ({"name": "a", "model": "lite_4x", "rate_scales": [0]}, "must be a number above 0, not 0"),
        ({"name": "a", "method": {"type": "Jpeg"}, "rate_scales": [1]}, "rate_scales: is for models"),
        ({"name": "a", "method": {"type": "Jpeg"}, "profile": "optimized"}, "profile: is for models"),
        ({"name": "a", "method": {"type": "Jpeg"}, "refine": 5}, "refine: is for models"),
        ({"name": "a", "model": "lite_4x", "refine": -1}, "must be 0 or more or one of best, not -1"),
        ({"name": "a", "model": "lite_4x", "refine": {"what": "decoder", "steps": 1}}, "one of coefficients, encoder"),
        ({"name": "a", "model": "lite_4x", "refine": {"what": "encoder"}}, 'the key "steps" is missing'),
        ({"name": "a", "method": {"type": "Jpeg"}, "sweep": {"qualty": [1]}}, 'Jpeg takes no "qualty"'),
        ({"name": "a", "method": {"type": "Jpeg"}, "sweep": {"quality": [101]}}, "must be 100 or less, not 101"),
        ({"name": "a", "method": {"type": "Jpeg"}, "sweep": {"quality": ["high"]}}, 'a whole number, not "high"'),
        ({"name": "a", "method": {"type": "Jpeg"}, "sweep": {"quality": []}}, '"quality" has no values'),
        ({"name": "a", "method": {"type": "Jpeg", "quality": 5}, "sweep": {"quality": [5]}}, "given among the arg"),
        (
            {"name": "a", "method": {"type": "Jpeg"}, "sweep": {"quality": [5], "optimize": ["x"]}},
            "only one argument can set the rate, not quality and optimize",
        ),
        ({"name": "a", "method": {"type": "Jpg"}}, 'unknown baseline "Jpg"; did you mean "Jpeg"'),
        ({"name": "a", "method": {"type": "Jpeg"}, "qualities": [5]}, 'unknown key "qualities"'),
    ],
)  # fmt: skip
def test_rows_that_make_no_sense(tmp_path, row, message):
    options = small_benchmark(tmp_path, rows=[row], anchor=None)
    with pytest.raises(OptionsError, match=message):
        load_benchmark_options(write_options(tmp_path / "options.yml", options))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rows": []}, "rows: there is no row to measure"),
        ({"datasets": {}}, "datasets: there is no data set"),
        ({"anchor": "JPG"}, 'anchor: there is no row "JPG"; did you mean "JPEG"'),
        ({"target_bpp": 0}, "target_bpp: must be a number above 0"),
        ({"crops": [{"image": "photo0", "box": [0, 0, 4, 4]}]}, "must be 16 or more, not 4"),
        ({"protcol": "sr"}, 'unknown key "protcol"; did you mean "protocol"'),
    ],
)
def test_options_that_make_no_sense(tmp_path, changes, message):
    with pytest.raises(OptionsError, match=message):
        load_benchmark_options(write_benchmark(tmp_path, **changes))


def test_two_rows_of_one_name(tmp_path):
    options = small_benchmark(tmp_path)
    options["rows"].append({**options["rows"][1], "sweep": {"quality": [50]}})
    with pytest.raises(OptionsError, match='there are two rows "JPEG"'):
        load_benchmark_options(write_options(tmp_path / "options.yml", options))


def test_rows_of_ones_own_without_the_inherited_anchor(tmp_path):
    """The user's file is named, not the shipped one that it inherits from."""
    write_benchmark(tmp_path)
    mine = write_options(tmp_path / "mine.yml", {"base": "small.yml", "rows": [{"name": "mine", "model": "lite_4x"}]})
    with pytest.raises(OptionsError) as error:
        load_benchmark_options(mine)
    (line,) = str(error.value).splitlines()
    assert line.startswith(f'{mine}:2: rows: there is no row "JPEG", which is the anchor in {tmp_path}/small.yml:')
    assert line.endswith("give `anchor` the name of one of these rows, or `~`")


def test_an_anchor_of_ones_own_is_complained_of_at_its_own_line(tmp_path):
    write_benchmark(tmp_path)
    mine = write_options(tmp_path / "mine.yml", {"base": "small.yml", "anchor": "JPG"})
    with pytest.raises(OptionsError, match=r'mine\.yml:2: anchor: there is no row "JPG"; did you mean "JPEG"'):
        load_benchmark_options(mine)
    with pytest.raises(OptionsError, match=r'--force_yml anchor=JPG: anchor: there is no row "JPG"'):
        load_benchmark_options(tmp_path / "small.yml", ["anchor=JPG"])
