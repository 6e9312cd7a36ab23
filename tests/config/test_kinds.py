"""Options files of tests, and of networks alone."""

from __future__ import annotations

import pytest

from hyperthumb.config import (
    Component,
    OptionsError,
    load_network_options,
    load_test_options,
    load_train_options,
)
from tests.config.samples import TEST, TRAIN, line_of, write

pytestmark = pytest.mark.usefixtures("working_directory")


def test_test_options(tmp_path):
    options = load_test_options(write(tmp_path, TEST))
    assert options.network_g is None
    assert options.baselines == [Component("BicubicJpeg", {"quality": 96})]
    assert list(options.datasets) == ["kodak"]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            "baselines:\n  - {type: BicubicJpeg, quality: 96}\n",
            "",
            "there is nothing to test: give network_g, model or baselines",
        ),
        ("  kodak: {type: HRImageDataset, dataroot_gt: data}\n", "", "datasets: there is no data set to test on"),
        ("quality: 96", "quality: 96, scale: 2", "baselines[0].scale: is 2, but the file's scale is 4"),
        ("quality: 96", "qality: 96", 'baselines[0]: unknown key "qality"; did you mean "quality"?'),
        ("BicubicJpeg", "BicubicJPG", 'baselines[0]: unknown baseline "BicubicJPG"; did you mean "BicubicJpeg"?'),
    ],
)
def test_impossible_tests(tmp_path, old, new, complaint):
    assert old in TEST
    with pytest.raises(OptionsError) as caught:
        load_test_options(write(tmp_path, TEST.replace(old, new)))
    assert complaint in str(caught.value)


def test_the_network_alone_is_read_whatever_became_of_the_rest(tmp_path):
    path = write(tmp_path, TRAIN)
    expected = load_train_options(path)
    path.write_text(TRAIN.replace("dataroot_gt: data", "dataroot_gt: gone") + "val: {from_another_version: 3}\n")
    options = load_network_options(path)
    assert (options.name, options.scale, options.network_g) == ("sample", 4, expected.network_g)


def test_complaints_about_the_network_alone_have_their_lines(tmp_path):
    text = TRAIN.replace("num_feat: 8}", "num_feet: 8}", 1)
    with pytest.raises(OptionsError, match=rf':{line_of(text, "num_feet")}: network_g.encoder: unknown key "num_feet"'):
        load_network_options(write(tmp_path, text))
