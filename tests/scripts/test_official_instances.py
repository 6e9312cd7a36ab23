import numpy as np
import pytest

from hyperthumb.base.errors import CheckpointError
from scripts.convert_official_checkpoint import compare_with_instance
from tests.archs.instances import reference, write_instance

INTERMEDIATES = [
    "encoder_out",
    "dct_y",
    "dct_cbcr",
    "tables",
    "quantised_y",
    "quantised_cbcr",
    "thumbnail_rgb",
    "restored",
    "forward_restored",
    "forward_bpp_likelihood",
    "end to end: tables",
    "end to end: quantised",
    "end to end: restored",
]


def test_our_numbers_are_the_originals():
    """The instance was made by running the original's own code."""
    differences = compare_with_instance(reference("hyperthumbnail_4x_small.npz"))
    assert [difference.name for difference in differences] == INTERMEDIATES
    for difference in differences:
        assert difference.holds, difference
        assert difference.largest < 1e-4
        assert difference.at_boundary == 0


@pytest.mark.parametrize("scale", [1, 2, 8])
def test_any_scale(tmp_path, scale):
    write_instance(tmp_path / "instance.npz", scale)
    differences = compare_with_instance(tmp_path / "instance.npz")
    assert [difference.name for difference in differences] == INTERMEDIATES
    assert all(difference.holds for difference in differences)


@pytest.mark.parametrize("name", INTERMEDIATES[:10])
def test_one_wrong_value_is_found_where_it_is(tmp_path, name):
    path = tmp_path / "instance.npz"
    arrays = write_instance(path, 2)
    array = arrays[f"io/{name}"].copy()
    array.flat[array.size // 2] += 2 if "quant" in name or name == "tables" else 0.01
    arrays[f"io/{name}"] = array
    np.savez(path, **arrays)
    off = {difference.name for difference in compare_with_instance(path) if not difference.holds}
    assert name in off
    earlier = INTERMEDIATES[: INTERMEDIATES.index(name)]
    assert not off.intersection(earlier)


def test_a_wrong_weight_is_found(tmp_path):
    path = tmp_path / "instance.npz"
    arrays = write_instance(path, 2)
    arrays["param/decoder.body.0.conv2.weight"] = arrays["param/decoder.body.0.conv2.weight"] * 1.5
    np.savez(path, **arrays)
    off = {difference.name for difference in compare_with_instance(path) if not difference.holds}
    assert off == {"restored", "forward_restored", "end to end: restored"}


def test_integers_at_a_rounding_boundary_may_fall_either_way(tmp_path):
    path = tmp_path / "instance.npz"
    arrays = write_instance(path, 2)
    table = arrays["io/tables"][0, 0, 3, 3]
    arrays["io/dct_y"][0, 0, 3, 3] = (1.5 + 2e-4) * table
    for quantised, holds in ((1, True), (2, True), (3, False)):
        arrays["io/quantised_y"][0, 0, 0, 0, 3, 3] = quantised
        np.savez(path, **arrays)
        found = {difference.name: difference for difference in compare_with_instance(path)}["quantised_y"]
        assert found.holds == holds
        assert found.at_boundary == (quantised == 1)


def test_files_that_are_no_instance(tmp_path):
    path = tmp_path / "instance.npz"
    with pytest.raises(CheckpointError, match="cannot be read"):
        compare_with_instance(path)
    path.write_bytes(b"no numbers")
    with pytest.raises(CheckpointError, match="cannot be read"):
        compare_with_instance(path)
    np.savez(path, **{"param/x": np.array([object()], dtype=object)})  # would need a pickle
    with pytest.raises(CheckpointError, match="cannot be read"):
        compare_with_instance(path)
    arrays = write_instance(path, 2)
    del arrays["io/restored"]
    np.savez(path, **arrays)
    with pytest.raises(CheckpointError, match="io/restored"):
        compare_with_instance(path)
