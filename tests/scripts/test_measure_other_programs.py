from __future__ import annotations

import shlex
import sys

import numpy as np
import pytest

from hyperthumb.codec.codec import load
from scripts.measure_other_programs import Case, cases, measure, mozjpeg, psnr, save_with_pillow
from tests.jpeg.other_programs import turned
from tests.support import photograph, save_tiny_model

PHOTO = photograph(131, 170)


@pytest.fixture(scope="module")
def codec(tmp_path_factory):
    return load(save_tiny_model(tmp_path_factory.mktemp("model") / "tiny.safetensors"), "cpu")


def python(code: str, *words: str) -> str:
    return shlex.join([sys.executable, "-c", code, *words])


@pytest.mark.parametrize(
    "program",
    [
        lambda data: data,
        mozjpeg,
        python("pass", "IN"),
        python("import shutil, sys; shutil.copy(*sys.argv[1:])", "IN", "OUT"),
        f"{python('pass')} then {python('pass', 'IN')}",
    ],
)
def test_what_changes_nothing_costs_nothing(codec, program):
    data = codec.compress(PHOTO)
    after = f"{psnr(PHOTO, codec.restore(data)):.2f}"
    assert measure(codec, Case("nothing", program), data, PHOTO) == ("as written", "170x131", after)
    turning = Case("turn", lambda data: turned(data, 6), 6)
    assert measure(codec, turning, data, PHOTO) == ("as written", "131x170", after)


def test_saving_again_loses_the_marker_and_some_quality(codec):
    data = codec.compress(PHOTO)
    state, size, after = measure(codec, Case("save", save_with_pillow(quality=20)), data, PHOTO)
    assert (state, size) == ("marker lost", "172x132")
    assert float(after) < psnr(PHOTO, codec.restore(data))


def test_only_what_is_left_is_compared(codec):
    case = Case("cut", lambda data: data, expected=lambda photo: photo[:40, :50])
    restored = codec.restore(codec.compress(PHOTO))
    assert measure(codec, case, codec.compress(PHOTO), PHOTO)[2] == f"{psnr(PHOTO[:40, :50], restored[:40, :50]):.2f}"


def test_programs_that_are_missing_or_fail_have_a_row(codec):
    data = codec.compress(PHOTO)
    assert measure(codec, Case("a", "no-such-program IN"), data, PHOTO) == ("no-such-program is not installed", "", "")
    failing = python("raise SystemExit('no, thanks\\nusage: ...')")
    assert measure(codec, Case("a", failing), data, PHOTO)[0].endswith(" fails: no, thanks")


def test_every_case_is_another_one():
    listed = [(case.title, case.partial) for case in cases(4)]
    assert len(set(listed)) == len(listed)
    assert all(np.array_equal(case.expected(PHOTO), PHOTO) for case in cases(4) if case.title.startswith("exif"))
