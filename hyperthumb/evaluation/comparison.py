"""One picture to judge by eye: original, thumbnail, what was restored, and plain bicubic from the same file.

Each test image takes two rows: the whole picture, and under it the same detail of all four, enlarged. The
detail is chosen from the original alone, where it has most texture, so that no method is flattered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from hyperthumb.base.errors import HyperthumbError, TooSmallError
from hyperthumb.data.image_io import write_png
from hyperthumb.metrics import Protocol, bits_per_pixel
from hyperthumb.metrics.images import Picture

TITLES = (
    "original",
    "thumbnail, as any viewer shows it",
    "restored from the thumbnail",
    "bicubic from the same file",
)

PANEL = 432
"""Width of a column, and the largest height of a picture in it."""
DETAIL = (108, 72)
"""Width and height of the enlarged detail, in HR pixels."""
MARGIN, GAP, ITEM_GAP, CAPTION_HEIGHT = 24, 12, 28, 26
SHEET_WIDTH = 2 * MARGIN + 4 * PANEL + 3 * GAP
PAPER, PANEL_GREY, INK, GREY, MARK = "#ffffff", "#f1f1f1", "#1a1a1a", "#6b6b6b", "#ffb000"


@dataclass(frozen=True)
class ComparisonItem:
    """One test image; pictures are uint8 RGB.

    Attributes:
        thumbnail: (h, w, 3), as a viewer decodes the file; the others are (H, W, 3).
        restored: the network's.
        bicubic: the thumbnail enlarged.
        num_bytes: size of the file.
    """

    name: str
    original: Picture
    thumbnail: Picture
    restored: Picture
    bicubic: Picture
    num_bytes: int


class Box(NamedTuple):
    """A rectangle of an HR image, in pixels."""

    left: int
    top: int
    width: int
    height: int


def write_comparison(path: Path, items: Sequence[ComparisonItem], protocol: Protocol) -> None:
    """Draws the comparison and writes it as a PNG, whole or not at all; errors as for `draw_comparison`."""
    sheet = draw_comparison(items, protocol)
    write_png(path, np.asarray(sheet))


def draw_comparison(items: Sequence[ComparisonItem], protocol: Protocol) -> Image.Image:
    """The comparison of one or more test images, four columns wide. Captions give the protocol's PSNR.

    Raises:
        HyperthumbError: without items, or when an item's full-size pictures differ in size.
    """
    if not items:
        raise HyperthumbError("a comparison needs at least one image")
    blocks = [_draw_item(item, protocol) for item in items]
    title_height, foot_height = 34, 30
    height = 2 * MARGIN + title_height + sum(block.height + ITEM_GAP for block in blocks) - ITEM_GAP + foot_height
    sheet = Image.new("RGB", (SHEET_WIDTH, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    for column, title in enumerate(TITLES):
        draw.text((_column(column), MARGIN), title, fill=INK, font=ImageFont.load_default(21))
    top = MARGIN + title_height
    for block in blocks:
        sheet.paste(block, (0, top))
        top += block.height + ITEM_GAP
    note = f"PSNR by protocol {protocol.label}. bpp = 8 x bytes of the .jpg / pixels of the original."
    draw.text((MARGIN, height - MARGIN - 14), note, fill=GREY, font=ImageFont.load_default(15))
    return sheet


def busiest_box(picture: Picture, width: int, height: int) -> Box:
    """Where a picture has most texture: the box with the largest mean gradient, on a grid of 8 pixels.

    The picture is (H, W, 3) uint8; the box is at most as large as the picture.
    """
    grey = picture.astype(np.float32).mean(axis=2)
    width, height = min(width, grey.shape[1]), min(height, grey.shape[0])
    texture = np.abs(np.diff(grey, axis=0, append=grey[-1:])) + np.abs(np.diff(grey, axis=1, append=grey[:, -1:]))
    sums = np.pad(texture, ((1, 0), (1, 0))).cumsum(axis=0, dtype=np.float64).cumsum(axis=1)
    boxes = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    row, column = np.unravel_index(np.argmax(boxes[::8, ::8]), boxes[::8, ::8].shape)
    return Box(8 * int(column), 8 * int(row), width, height)


def _draw_item(item: ComparisonItem, protocol: Protocol) -> Image.Image:
    """The two rows of one image, as wide as the sheet."""
    height, width = item.original.shape[:2]
    if not item.original.shape == item.restored.shape == item.bicubic.shape:
        sizes = ", ".join(str(picture.shape) for picture in (item.original, item.restored, item.bicubic))
        raise HyperthumbError(f"{item.name}: original, restored and bicubic must have one size, not {sizes}")
    # What a viewer shows, on the original's grid: squares, the last ones cut where s does not divide H or W.
    small_height, small_width = item.thumbnail.shape[:2]
    scale = max(-(-height // small_height), -(-width // small_width))
    shown = item.thumbnail.repeat(scale, axis=0).repeat(scale, axis=1)[:height, :width]
    pictures = [item.original, shown, item.restored, item.bicubic]

    box = busiest_box(item.original, *DETAIL)
    overviews = [_overview(picture, box) for picture in pictures]
    _inset(overviews[1], item.thumbnail)
    details = [_detail(picture, box) for picture in pictures]
    captions = _captions(item, protocol)

    block_height = overviews[0].height + GAP + details[0].height + CAPTION_HEIGHT
    block = Image.new("RGB", (SHEET_WIDTH, block_height), PAPER)
    draw = ImageDraw.Draw(block)
    for column, (overview, detail, caption) in enumerate(zip(overviews, details, captions, strict=True)):
        left, top = _column(column), 0
        for image in (overview, detail):
            draw.rectangle((left, top, left + PANEL - 1, top + image.height - 1), fill=PANEL_GREY)
            block.paste(image, (left + (PANEL - image.width) // 2, top))
            top += image.height + GAP
        draw.text((left, block_height - 20), caption, fill=INK, font=ImageFont.load_default(17))
    return block


def _captions(item: ComparisonItem, protocol: Protocol) -> list[str]:
    height, width = item.original.shape[:2]
    bpp = bits_per_pixel(item.num_bytes, height, width)
    small_height, small_width = item.thumbnail.shape[:2]
    captions = [
        f"{item.name if len(item.name) <= 28 else '...' + item.name[-25:]}, {width} x {height}",
        f"{small_width} x {small_height}, {item.num_bytes:,} bytes, {bpp:.3f} bpp",
    ]
    label = f"PSNR-{protocol.channels} ({protocol.name})"
    for picture in (item.restored, item.bicubic):
        try:
            quality = f"{protocol.psnr(item.original, picture):.2f} dB {label}"
        except TooSmallError:
            quality = f"too small for {label}"
        captions.append(f"{bpp:.3f} bpp, {quality}")
    return captions


def _overview(picture: Picture, box: Box) -> Image.Image:
    """The whole picture, shrunk to fit a panel but never enlarged, with the detail's place marked."""
    height, width = picture.shape[:2]
    ratio = min(1.0, PANEL / width, PANEL / height)
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    image = Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS)
    left, top = round(box.left * ratio), round(box.top * ratio)
    right, bottom = round((box.left + box.width) * ratio) - 1, round((box.top + box.height) * ratio) - 1
    ImageDraw.Draw(image).rectangle((left, top, max(left, right), max(top, bottom)), outline=MARK, width=2)
    return image


def _inset(overview: Image.Image, thumbnail: Picture) -> None:
    """The thumbnail pixel for pixel in the lower right corner, where it is not over half the panel's size."""
    height, width = thumbnail.shape[:2]
    if width > overview.width // 2 or height > overview.height // 2:
        return
    left, top = overview.width - width - 8, overview.height - height - 8
    ImageDraw.Draw(overview).rectangle((left - 3, top - 3, left + width + 2, top + height + 2), fill=PAPER)
    overview.paste(Image.fromarray(thumbnail), (left, top))


def _detail(picture: Picture, box: Box) -> Image.Image:
    """The box as squares: a whole factor without interpolation, so that every pixel is seen as it is."""
    factor = min(PANEL // box.width, PANEL // box.height)
    cut = picture[box.top : box.top + box.height, box.left : box.left + box.width]
    return Image.fromarray(cut.repeat(factor, axis=0).repeat(factor, axis=1))


def _column(number: int) -> int:
    return MARGIN + number * (PANEL + GAP)
