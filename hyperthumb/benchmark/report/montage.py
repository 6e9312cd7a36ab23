"""`montage_<detail>.png`: a detail as every row restored it, side by side with labels, for a paper or a page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from hyperthumb.base.files import write_atomically
from hyperthumb.benchmark.results import BenchmarkResults, CropResult
from hyperthumb.images.pictures import decode_picture, encode_picture

_WIDTH, _PICTURE = 2000, 320
"""Pixels: a montage is at most so wide, a picture in it at least."""
_GAP, _TYPE, _LINE = 16, 22, 28
_PAPER, _INK, _SOFT = "#ffffff", "#1b1f24", "#59636e"


def write_montages(folder: Path, results: BenchmarkResults) -> list[Path]:
    """Writes a montage for each detail, of the pictures that lie in the folder.

    Returns:
        The files.

    Raises:
        HyperthumbError: when a picture is damaged, or the folder cannot be written to.
    """
    written = []
    for crop in results.crops:
        pictures = [(crop.original, ["original", f"{crop.image}, {crop.dataset}"])]
        for one in crop.restored:
            psnr = "" if one.psnr_rgb is None else f", {one.psnr_rgb:.2f} dB"
            pictures.append((one.file, [one.row, f"{one.bpp:.3f} bpp{psnr}"]))
        there = [(folder / file, labels) for file, labels in pictures if (folder / file).is_file()]
        found = [
            (Image.fromarray(decode_picture(path.read_bytes(), str(path)).pixels), labels) for path, labels in there
        ]
        if found:
            path = folder / f"montage_{Path(crop.original).stem}.png"
            write_atomically(path, encode_picture(np.asarray(_draw(crop, found)), ".png"))
            written.append(path)
    return written


def _draw(crop: CropResult, pictures: Sequence[tuple[Image.Image, list[str]]]) -> Image.Image:
    _, _, width, height = crop.box
    factor = -(-_PICTURE // width)  # a whole one: every pixel is seen as it is
    width, height = factor * width, factor * height
    columns = min(len(pictures), max(1, (_WIDTH + _GAP) // (width + _GAP)))
    rows = -(-len(pictures) // columns)
    cell = height + 2 * _LINE + _GAP
    sheet = Image.new("RGB", (columns * (width + _GAP) + _GAP, rows * cell + _GAP), _PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(_TYPE)
    for number, (picture, labels) in enumerate(pictures):
        row, column = divmod(number, columns)
        left, top = _GAP + column * (width + _GAP), _GAP + row * cell
        sheet.paste(picture.resize((width, height), Image.Resampling.NEAREST), (left, top))
        for line, (label, color) in enumerate(zip(labels, (_INK, _SOFT), strict=True)):
            draw.text((left, top + height + 2 + line * _LINE), _fitting(label, font, width), fill=color, font=font)
    return sheet


def _fitting(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """The text, shortened at its end where it is too wide."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}...") > width:
        text = text[:-1]
    return f"{text.rstrip()}..."
