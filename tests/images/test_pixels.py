from __future__ import annotations

import numpy as np
import torch

from hyperthumb.images.pixels import to_picture, to_tensor


def test_all_levels_survive_conversion_to_tensor_and_back():
    picture = np.arange(256 * 3, dtype=np.uint32).astype(np.uint8).reshape(16, 16, 3)
    image = to_tensor(picture)
    assert (image.shape, image.dtype, float(image.min()), float(image.max())) == ((1, 3, 16, 16), torch.float32, 0, 1)
    assert float(image[0, 2, 1, 0]) == picture[1, 0, 2] / np.float32(255)
    back = to_picture(image)
    assert back.flags.c_contiguous
    np.testing.assert_array_equal(back, picture)


def test_values_outside_0_to_1_are_clamped():
    image = torch.tensor([-1.0, 0.4 / 255, 0.6 / 255, 2.0]).view(1, 1, 1, 4).expand(2, 3, 1, 4)
    assert to_picture(image)[0, :, 0].tolist() == [0, 0, 1, 255]
    assert to_picture(image.bfloat16()).dtype == np.uint8


def test_a_read_only_picture_is_not_changed():
    picture = np.zeros((2, 2, 3), np.uint8)
    picture.flags.writeable = False
    to_tensor(picture).add_(1)
    assert not picture.any()
