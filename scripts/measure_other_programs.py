"""Measures how thumbnails restore after other programs changed them (docs/appendix/thumbnails.md).

    python scripts/measure_other_programs.py PHOTO [--model NAME]

The photograph is compressed twice: as it is, and without its last rows and columns, so that the thumbnail ends in
partial blocks. Each program changes one of these thumbnails. The photograph that is restored from it is compared with
the original, which is turned, cropped or shrunk in the same way. The table also lists programs that are not installed.
"""

from __future__ import annotations

import argparse
import io
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.orientation import UPRIGHT, inverse
from hyperthumb.base.output import emit, entry_point
from hyperthumb.codec.codec import Codec, load
from hyperthumb.data import read_image
from hyperthumb.images.pictures import turn
from hyperthumb.jpeg.any_file import recognize
from hyperthumb.jpeg.matching import State
from hyperthumb.metrics import get_protocol
from hyperthumb.models.zoo import is_shipped

TURNS = (("-rotate 90", 6), ("-rotate 180", 3), ("-rotate 270", 8), ("-flip horizontal", 2), ("-flip vertical", 4),
         ("-transpose", 5), ("-transverse", 7))  # fmt: skip
PARTIAL = 45, 67  # rows and columns that are removed from the second photograph
COMES_OF_IT = {
    State.INTACT: "as written",
    State.CUT: "recognized; edges cut",
    State.CHANGED: "recognized as changed",
    State.UNMARKED: "marker lost",
}


class Case(NamedTuple):
    """A program that changes a thumbnail.

    Attributes:
        title: description for the table.
        program: a function of the file's bytes, or commands with `then` between them. IN and OUT stand for the files. A
            command without OUT changes the file in place.
        orientation: how the program turns the picture, as an EXIF number.
        partial: whether the thumbnail ends in partial blocks.
        expected: applies the same change, except the turn, to the photograph.
    """

    title: str
    program: str | Callable[[bytes], bytes]
    orientation: int = UPRIGHT
    partial: bool = False
    expected: Callable[[np.ndarray], np.ndarray] = lambda photo: photo


def half(photo: np.ndarray) -> np.ndarray:
    size = photo.shape[1] // 2, photo.shape[0] // 2
    return np.asarray(Image.fromarray(photo).resize(size, Image.Resampling.LANCZOS))


def grey(photo: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(photo).convert("L").convert("RGB"))


def save_with_pillow(**settings: object) -> Callable[[bytes], bytes]:
    def save(data: bytes) -> bytes:
        buffer = io.BytesIO()
        Image.open(io.BytesIO(data)).save(buffer, "JPEG", **settings)
        return buffer.getvalue()

    return save


def mozjpeg(data: bytes) -> bytes:
    from mozjpeg_lossless_optimization import COPY_MARKERS, optimize

    return optimize(data, COPY_MARKERS.ALL)


def cases(scale: int) -> list[Case]:
    crop = slice(16 * scale, 112 * scale), slice(32 * scale, 160 * scale)
    keep = "jpegtran -copy all -outfile OUT"
    orientation = "exiftool -q -overwrite_original -n -Orientation=6 IN"
    return [
        *(Case(f"jpegtran {words}", f"{keep} {words} IN", turn) for words, turn in TURNS),
        *(Case(f"jpegtran {words}", f"{keep} {words} IN", turn, True) for words, turn in TURNS),
        *(Case(f"jpegtran -trim {words}", f"{keep} -trim {words} IN", turn, True) for words, turn in TURNS),
        Case("jpegtran -perfect -rotate 90", f"{keep} -perfect -rotate 90 IN", 6, True),
        Case("jpegtran -rotate 180, markers not copied", "jpegtran -outfile OUT -rotate 180 IN", 3),
        Case("exiftran -9", "exiftran -9 -o OUT IN", 6),
        Case("exiftran -1", "exiftran -1 -o OUT IN", 3, True),
        Case("exiftran -1 -np", "exiftran -1 -np -o OUT IN", 3, True),
        Case("jhead -autorot", f"{orientation} then jhead -q -autorot IN", 6, True),
        Case("exiftool -Orientation=6", orientation, 6),
        Case("jpegtran -crop 128x96+32+16", f"{keep} -crop 128x96+32+16 IN", expected=lambda photo: photo[crop]),
        Case("jpegtran -grayscale", f"{keep} -grayscale IN", expected=grey),
        Case("jpegtran -progressive, as jpegrescan does", f"{keep} -progressive IN"),
        Case("jpegtran: progressive to baseline", f"{keep} IN"),
        Case("jpegtran -optimize: progressive to baseline", f"{keep} -optimize IN"),
        Case("jpegtran -arithmetic", f"{keep} -arithmetic IN"),
        Case("mozjpeg_lossless_optimization.optimize, COPY_MARKERS.ALL", mozjpeg),
        Case("jpegoptim", "jpegoptim -q -f IN"),
        Case("jpegoptim --strip-all", "jpegoptim -q -f --strip-all IN"),
        Case("jpegtran -copy none", "jpegtran -copy none -outfile OUT IN"),
        Case("exiftool -all=", "exiftool -q -overwrite_original -all= IN"),
        Case("exiv2 rm", "exiv2 rm IN"),
        Case("jhead -purejpg", "jhead -q -purejpg IN"),
        Case("jpegoptim --max=60", "jpegoptim -q -f --max=60 IN"),
        Case("ImageMagick, saved again", "convert-im6.q16 IN OUT"),
        Case("ImageMagick -quality 80", "convert-im6.q16 IN -quality 80 OUT"),
        Case("ImageMagick -resize 50%", "convert-im6.q16 IN -resize 50% OUT", expected=half),
        Case("ImageMagick -rotate 90", "convert-im6.q16 IN -rotate 90 OUT", 6),
        Case('Pillow quality="keep"', save_with_pillow(quality="keep")),
        Case("Pillow quality=95, 4:4:4", save_with_pillow(quality=95, subsampling=0)),
        Case("Pillow quality=75, 4:2:0, as messengers do", save_with_pillow(quality=75, subsampling=2)),
    ]  # fmt: skip


@entry_point
def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table as Markdown; returns 0, or 1 for an error."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photo", type=Path, help="at least 640x448 pixels at a scale of 4")
    parser.add_argument("--model", help="default: the default model")
    words = parser.parse_args(arguments)
    codec = load(words.model, device="cpu")
    photo = read_image(words.photo)
    partial = np.ascontiguousarray(photo[: -PARTIAL[0], : -PARTIAL[1]])
    emit("| program | partial blocks | result | photograph | PSNR before | after |")
    emit("|---|---|---|---|---|---|")
    thumbnails = {False: codec.compress(photo), True: codec.compress(partial)}
    before = {key: psnr(photo if not key else partial, codec.restore(data)) for key, data in thumbnails.items()}
    for case in cases(codec.model.scale):
        result = measure(codec, case, thumbnails[case.partial], partial if case.partial else photo)
        emit(f"| {case.title} | {'yes' if case.partial else 'no'} | {result[0]} | {result[1]} | "
             f"{before[case.partial]:.2f} | {result[2]} |")  # fmt: skip
    return 0


def measure(codec: Codec, case: Case, data: bytes, photo: np.ndarray) -> tuple[str, str, str]:
    """The state of the changed file, the restored photograph's size, and its PSNR against the expected photograph."""
    try:
        changed = apply(case.program, data)
        restored = codec.restore_with_notes(changed).image
        state = COMES_OF_IT[recognize(changed, is_known=is_shipped).state]
    except HyperthumbError as error:
        return str(error), "", ""
    size = f"{restored.shape[1]}x{restored.shape[0]}"
    upright, expected = turn(restored, inverse(case.orientation)), case.expected(photo)
    rows, columns = (min(sides) for sides in zip(upright.shape[:2], expected.shape[:2], strict=True))
    return state, size, f"{psnr(expected[:rows, :columns], upright[:rows, :columns]):.2f}"


def apply(program: str | Callable[[bytes], bytes], data: bytes) -> bytes:
    """Runs the program of a case.

    Raises:
        HyperthumbError: if it is not installed, or fails.
    """
    if not isinstance(program, str):
        return program(data)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.jpg"), Path(folder, "out.jpg")
        source.write_bytes(data)
        for command in program.split(" then "):
            words = [{"IN": str(source), "OUT": str(target)}.get(word, word) for word in shlex.split(command)]
            if shutil.which(words[0]) is None:
                raise HyperthumbError(f"{words[0]} is not installed")
            done = subprocess.run(words, capture_output=True, text=True, cwd=folder, check=False)
            if done.returncode:
                raise HyperthumbError(f"{words[0]} fails: {(done.stderr or done.stdout).strip().partition(chr(10))[0]}")
        return (target if target.exists() else source).read_bytes()


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return get_protocol("paper", 1).psnr_rgb(np.ascontiguousarray(a), np.ascontiguousarray(b))


if __name__ == "__main__":
    sys.exit(main())
