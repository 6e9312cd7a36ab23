from __future__ import annotations

import numpy as np
import torch

from hyperthumb.images.pixels import to_picture, to_tensor


def test_every_level_there_and_back():
    picture = np.arange(256 * 3, dtype=np.uint32).astype(np.uint8).reshape(16, 16, 3)
    image = to_tensor(picture)
    assert (image.shape, image.dtype, float(image.min()), float(image.max())) == ((1, 3, 16, 16), torch.float32, 0, 1)
    assert float(image[0, 2, 1, 0]) == picture[1, 0, 2] / np.float32(255)
    back = to_picture(image)
    assert back.flags.c_contiguous
    np.testing.assert_array_equal(back, picture)


def test_what_is_beyond_black_and_white_is_cut_off():
    image = torch.tensor([-1.0, 0.4 / 255, 0.6 / 255, 2.0]).view(1, 1, 1, 4).expand(2, 3, 1, 4)
    assert to_picture(image)[0, :, 0].tolist() == [0, 0, 1, 255]
    assert to_picture(image.bfloat16()).dtype == np.uint8


def test_a_picture_that_cannot_be_written_is_left_alone():
    picture = np.zeros((2, 2, 3), np.uint8)
    picture.flags.writeable = False
    to_tensor(picture).add_(1)
    assert not picture.any()
