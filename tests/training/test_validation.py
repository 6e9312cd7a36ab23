"""What the log calls a validation set."""

from __future__ import annotations

import pytest

from hyperthumb.base.component import Component
from hyperthumb.config import DatasetOptions
from hyperthumb.training.validation import _label


@pytest.mark.parametrize(
    ("folder", "label"),
    [
        ("data/gb82", "gb82"),
        ("data/gb82_small", "gb82"),
        ("my/photos", "my/photos, named gb82"),
        (["my/photos", "more"], "my/photos, more, named gb82"),
        (None, "gb82"),
    ],
)
def test_a_set_is_called_by_its_folder_too_if_its_name_says_something_else(folder, label):
    source = Component("HRImageDataset", {"dataroot_gt": folder} if folder else {})
    assert _label("gb82", DatasetOptions(source, "gb82")) == label
