"""The comparison picture: the right pixels in the right places, at any size."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.evaluation.comparison import (
    GAP,
    MARGIN,
    PANEL,
    TITLES,
    Box,
    ComparisonItem,
    busiest_box,
    draw_comparison,
    write_comparison,
)
from hyperthumb.metrics import get_protocol

PAPER = get_protocol("paper", 4)


def item(height: int, width: int, scale: int = 4) -> ComparisonItem:
    """Four pictures of one colour each, so that a panel is known by its colour."""

    def flat(color: tuple[int, int, int], height: int = height, width: int = width) -> np.ndarray:
        return np.full((height, width, 3), color, np.uint8)

    return ComparisonItem(
        name="flat",
        original=flat((200, 10, 10)),
        thumbnail=flat((10, 200, 10), -(-height // scale), -(-width // scale)),
        restored=flat((210, 10, 10)),
        bicubic=flat((10, 200, 200)),
        num_bytes=1234,
    )


@pytest.mark.parametrize(
    ("height", "width"), [(257, 65), (65, 257), (1000, 601), (512, 768), (21, 1), (1, 500), (73, 109)]
)
def test_every_column_shows_its_picture(height: int, width: int) -> None:
    drawn = item(height, width)
    sheet = np.asarray(draw_comparison([drawn], PAPER))
    pictures = [drawn.original, drawn.thumbnail, drawn.restored, drawn.bicubic]
    assert sheet.shape[1] == 2 * MARGIN + 4 * PANEL + 3 * GAP
    for column, picture in enumerate(pictures):
        left = MARGIN + column * (PANEL + GAP)
        panel = sheet[:, left : left + PANEL].reshape(-1, 3)
        shown = [np.all(panel == other[0, 0], axis=1).sum() for other in pictures]
        assert shown[column] >= 100
        assert shown[column] == sum(shown), "another column's picture is in this one"
        assert picture.shape[2] == 3


@pytest.mark.parametrize(("height", "width"), [(72, 108), (95, 333), (9, 333)])
def test_details_are_the_pictures_own_pixels_enlarged(height: int, width: int) -> None:
    generator = np.random.default_rng(2)
    pictures = [generator.integers(0, 256, (height, width, 3), dtype=np.uint8) for _ in range(3)]
    thumbnail = generator.integers(0, 256, (-(-height // 4), -(-width // 4), 3), dtype=np.uint8)
    left, top, _, box_height = busiest_box(pictures[0], 108, 72)
    assert left != top or width == 108
    sheet = np.asarray(draw_comparison([ComparisonItem("noise", pictures[0], thumbnail, *pictures[1:], 99)], PAPER))
    enlarged = thumbnail.repeat(4, axis=0).repeat(4, axis=1)
    rows = box_height * 4
    for column, picture in enumerate([pictures[0], enlarged, *pictures[1:]]):
        start = MARGIN + column * (PANEL + GAP)
        panel = sheet[:, start : start + PANEL]
        expected = picture[top : top + box_height, left : left + 108].repeat(4, axis=0).repeat(4, axis=1)
        tops = range(len(panel) - rows + 1)
        places = [row for row in tops if np.array_equal(panel[row : row + rows], expected)]
        assert len(places) == 1


def test_captions_give_rate_quality_and_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []
    monkeypatch.setattr(ImageDraw.ImageDraw, "text", lambda self, xy, text, **options: texts.append(text))
    draw_comparison([item(65, 129)], get_protocol("sr", 4))
    bpp = f"{8 * 1234 / (65 * 129):.3f} bpp"
    assert texts[4:8] == list(TITLES)
    assert texts[:4] == [
        "flat, 129 x 65",
        f"33 x 17, 1,234 bytes, {bpp}",
        # Red is 10 levels off: 10 * 65.481 / 255 levels of luma.
        f"{bpp}, 39.94 dB PSNR-Y (sr)",
        # -190, +190, +190 levels: 190 * (-65.481 + 128.553 + 24.966) / 255 = 65.6 levels of luma.
        f"{bpp}, 11.79 dB PSNR-Y (sr)",
    ]
    assert any("protocol sr: Y, crop 4" in text for text in texts)


def test_a_caption_of_a_picture_smaller_than_the_crop(monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []
    monkeypatch.setattr(ImageDraw.ImageDraw, "text", lambda self, xy, text, **options: texts.append(text))
    draw_comparison([item(8, 129)], get_protocol("sr", 4))
    assert texts[2] == f"{8 * 1234 / (8 * 129):.3f} bpp, too small for PSNR-Y (sr)"


def test_a_long_name_keeps_its_end_and_its_column(monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []
    monkeypatch.setattr(ImageDraw.ImageDraw, "text", lambda self, xy, text, **options: texts.append(text))
    draw_comparison([dataclasses.replace(item(65, 129), name="some/folders/" + "0123456789" * 3)], PAPER)
    assert texts[0] == "...5678901234567890123456789, 129 x 65"


def test_items_stand_one_under_the_other() -> None:
    one, other = (
        item(65, 129),
        dataclasses.replace(item(300, 200), original=np.full((300, 200, 3), 99, np.uint8)),
    )
    single, both = draw_comparison([one], PAPER), draw_comparison([one, other], PAPER)
    assert both.width == single.width
    assert both.height > single.height + 300
    assert [99, 99, 99] in np.asarray(both)[single.height :, MARGIN + PANEL // 2].tolist()


@pytest.mark.parametrize(("height", "width"), [(301, 403), (720, 109)])
def test_the_detail_is_where_the_texture_is(height: int, width: int) -> None:
    picture = np.full((height, width, 3), 90, np.uint8)
    patch = np.random.default_rng(1).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    picture[200:240, 40:100] = patch
    left, top, box_width, box_height = busiest_box(picture, 108, 72)
    assert (box_width, box_height) == (108, 72)
    assert left <= 40 < 100 <= left + box_width <= width
    assert top <= 200 < 240 <= top + box_height <= height


def test_the_detail_of_a_small_picture_is_the_whole() -> None:
    assert busiest_box(np.zeros((20, 30, 3), np.uint8), 108, 72) == Box(0, 0, 30, 20)


def test_is_written_as_it_is_drawn(tmp_path: Path) -> None:
    items = [item(65, 129)]
    write_comparison(tmp_path / "new" / "comparison.png", items, PAPER)
    with Image.open(tmp_path / "new" / "comparison.png") as written:
        assert np.array_equal(np.asarray(written), np.asarray(draw_comparison(items, PAPER)))


def test_refuses_an_empty_list_and_pictures_of_two_sizes() -> None:
    with pytest.raises(HyperthumbError, match="at least one"):
        draw_comparison([], PAPER)
    with pytest.raises(HyperthumbError, match="flat: original, restored and bicubic must have one size"):
        draw_comparison([dataclasses.replace(item(65, 129), restored=np.zeros((64, 129, 3), np.uint8))], PAPER)


def test_a_file_in_the_place_of_the_folder_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(HyperthumbError, match="file is not a folder"):
        write_comparison(tmp_path / "file/comparison.png", [item(64, 64)], PAPER)
