"""What a benchmark says of its progress where there is no terminal."""

from __future__ import annotations

import pytest

from hyperthumb.benchmark.progress import Progress, in_words


def test_a_line_for_each_point_says_the_time_left(capsys):
    progress = Progress(6)
    progress.count(None)  # on disk already
    progress.count(30.0)
    progress.end("JPEG quality=5 on kodak", "0.213 bpp, 24.12 dB PSNR-RGB")
    line = "2 of 6 images: JPEG quality=5 on kodak: 0.213 bpp, 24.12 dB PSNR-RGB; about 2 min left\n"
    assert capsys.readouterr().err == line
    progress.skip_to(5)  # the row failed
    progress.count(30.0)
    progress.end("IRN on kodak", "0.3 bpp")
    assert capsys.readouterr().err == "6 of 6 images: IRN on kodak: 0.3 bpp\n"
    progress.close()


def test_nothing_is_estimated_from_scores_on_disk(capsys):
    progress = Progress(2)
    progress.count(None)
    progress.end("JPEG", "0.2 bpp")
    assert capsys.readouterr().err == "1 of 2 images: JPEG: 0.2 bpp\n"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (59.4, "59 s"), (90, "2 min"), (3599, "60 min"), (7500, "2 h 05 min")]
)
def test_times_in_words(seconds, words):
    assert in_words(seconds) == words
