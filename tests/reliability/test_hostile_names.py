"""Names that lead out of a folder, links that do, and names that a terminal or a browser would obey."""

from __future__ import annotations

import json
import logging
import struct
from pathlib import Path

import lmdb
import pytest
from PIL import Image

from hyperthumb.base.errors import HyperthumbError, OptionsError, ThumbnailWarning
from hyperthumb.benchmark.results import load_results, save_results
from hyperthumb.cli.main import main as hyperthumb
from hyperthumb.codec.codec import load
from hyperthumb.config import load_train_options
from hyperthumb.data import HRImageDataset
from hyperthumb.data.image_io import encode_png
from hyperthumb.evaluation.main import main as run_test
from hyperthumb.jpeg.file import read_header
from hyperthumb.training.main import main as run_train
from tests.benchmark.synthetic import made_up_results
from tests.jpeg.other_programs import sealed, with_marker
from tests.support import photograph, save_tiny_model, tiny_training, write_options, write_photographs

ESCAPES = "a\x1b[2J\x1b]0;owned\x07\nerror: all is well\n"


@pytest.fixture(autouse=True)
def work(tmp_path, monkeypatch) -> Path:
    """The working directory, one below the temporary folder, in which nothing else may appear."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    yield folder
    assert [path.name for path in tmp_path.iterdir()] == ["work"], "something was written outside"


def store(path: Path, name: str) -> Path:
    """An LMDB store of one picture that is called so."""
    path.mkdir()
    with lmdb.open(str(path), map_size=1 << 20) as environment, environment.begin(write=True) as transaction:
        transaction.put(name.encode(), encode_png(photograph(32, 32)))
    (path / "meta_info.txt").write_text(f"{name}.png (32,32,3) 1\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["../../outside", "/tmp/outside", "a/../../../outside", "..", "a\x1b[31m"])
def test_keys_of_a_store_stay_in_the_folder_of_results(work, name):
    path = store(work / "set.lmdb", name)
    with pytest.raises(HyperthumbError, match=r"meta_info\.txt:1: .* cannot be the name of a picture: results are"):
        HRImageDataset(str(path), {"type": "lmdb"})


def test_a_test_of_a_store_with_hostile_keys_writes_nothing(work, capsys):
    store(work / "set.lmdb", "../../../../outside")
    options = {
        "name": "bad",
        "scale": 4,
        "datasets": {"set": {"type": "HRImageDataset", "dataroot_gt": "set.lmdb", "io_backend": {"type": "lmdb"}}},
        "baselines": [{"type": "BicubicJpeg"}],
    }
    assert run_test(["-opt", str(write_options(work / "options.yml", options))]) == 1
    assert "cannot be the name of a picture" in capsys.readouterr().err
    assert not (work / "results").exists()


@pytest.mark.parametrize("name", ["../out", "/tmp/out", "a/b", "..", ".", "", "a\0b", "a\nb", "a\x1b[0m", "x" * 300])
def test_names_of_experiments_and_data_sets_cannot_leave_their_folder(work, name):
    training = tiny_training(work)
    for path in ("name", "datasets:train:name", "datasets:val:name"):
        options = json.loads(json.dumps(training))
        *parents, last = path.split(":")
        place = options
        for parent in parents:
            place = place[parent]
        place[last] = name
        with pytest.raises(OptionsError):
            load_train_options(write_options(work / "options.yml", options))
    training["datasets"][f"val{name}" if name else "val_"] = training["datasets"].pop("val")
    del training["datasets"][f"val{name}" if name else "val_"]["name"]
    if name not in ("", ".", ".."):  # "val_" and "val.." are names like others
        with pytest.raises(OptionsError):
            load_train_options(write_options(work / "options.yml", training))


def test_files_replace_links_and_do_not_follow_them(work):
    """What stood at a file's place, put there by whoever, may be a link to something that matters."""
    precious = work / "precious"
    precious.write_text("iteration,dataset\n")  # a table like metrics.csv; anything else at its place ends the run
    training = tiny_training(work, **{"train:total_iter": 2, "val:val_freq": 2, "val:save_img": True})
    options = write_options(work / "options.yml", training)
    experiment = work / "experiments/tiny"
    for file in (
        "options.yml", "options.resolved.yml", "environment.txt", "metrics.csv", "models/net_g_2.pth",
        "models/net_g_latest.pth", "training_states/2.state", "visualization/val/0000002/thumbnails/photo0.jpg",
        "visualization/val/0000002/restored/photo0.png",
    ):  # fmt: skip
        (experiment / file).parent.mkdir(parents=True, exist_ok=True)
        (experiment / file).symlink_to(precious)
    (experiment / "training_states/2.state").unlink()  # to be resumed into, without a checkpoint
    assert run_train(["-opt", str(options), "--auto_resume"]) == 0
    assert precious.read_text() == "iteration,dataset\n"
    assert not any(path.is_symlink() for path in experiment.rglob("*"))
    assert (experiment / "visualization/val/0000002/thumbnails/photo0.jpg").stat().st_size > 100


def test_results_replace_links_and_do_not_follow_them(work):
    write_photographs(work / "photos", 1, 32, 32)
    (work / "precious").write_text("precious")
    options = {
        "name": "linked",
        "scale": 4,
        "datasets": {"photos": {"type": "HRImageDataset", "dataroot_gt": "photos"}},
        "baselines": [{"type": "BicubicJpeg"}],
    }
    folder = work / "results/linked/photos/bicubic_jpeg_q96_4_2_0_bicubic"
    for file in ("thumbnails/photo0.jpg", "restored/photo0.png", "metrics.csv", "metrics.json", "../../table.md"):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).symlink_to(work / "precious")
    assert run_test(["-opt", str(write_options(work / "options.yml", options))]) == 0
    assert (work / "precious").read_text() == "precious"
    assert not any(path.is_symlink() for path in (work / "results").rglob("*"))


HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>$\\frac{$\x1b[31m\n| a"


def test_a_report_shows_hostile_names_as_text(work, capsys):
    """Names are text, in the page, on the plots and on the terminal."""
    save_results(work / "results.json", made_up_results(work))
    content = json.loads((work / "results.json").read_text())
    for row in content["rows"]:
        row["obtained"] = HOSTILE
        if row["name"] != content["anchor"]:
            row["name"] += HOSTILE
    content |= {"name": HOSTILE, "environment": {HOSTILE: HOSTILE}, "crops": []}
    (work / "results.json").write_text(json.dumps(content))
    assert hyperthumb(["report", str(work)]) == 0
    page = (work / "report.html").read_text(encoding="utf-8")
    assert "alert(1)" in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "a/b", ""])
def test_results_of_another_folder_are_refused(work, name):
    save_results(work / "results.json", made_up_results(work))
    content = json.loads((work / "results.json").read_text())
    renamed = json.loads(json.dumps(content).replace('"kodak"', json.dumps(name)))
    shown = json.loads(json.dumps(content))
    shown["crops"][0]["original"] = "/etc/hostname" if name.startswith("/") else "../outside.png"
    for changed in (renamed, shown):
        (work / "results.json").write_text(json.dumps(changed))
        with pytest.raises(HyperthumbError, match=r"becomes part of file names|leads out of the folder"):
            load_results(work)


def test_control_characters_in_names_reach_neither_terminal_nor_log(work, capsys, caplog):
    """A name with escape codes and line breaks is spelt out: it neither clears a terminal nor forges a line."""
    photos = write_photographs(work / "photos", 1, 16, 16)
    (photos / f"{ESCAPES}.png").write_bytes(b"no picture")
    source = HRImageDataset(str(photos))
    with pytest.raises(HyperthumbError) as caught:
        source.load(source.names.index(ESCAPES))
    assert str(caught.value).isprintable()
    options = tiny_training(work, **{"datasets:train:dataroot_gt": str(photos), "datasets:train:on_corrupt": "skip"})
    with caplog.at_level(logging.WARNING, "hyperthumb"):
        run_train(["-opt", str(write_options(work / "options.yml", options))])
    hyperthumb(["compress", str(photos)])
    said = capsys.readouterr()
    logs = "".join(path.read_text() for path in work.rglob("*.log"))
    for text in (said.out, said.err, logs):
        assert "\x1b" not in text
        assert "\nerror: all is well" not in text
    assert "\\x1b[2J" in said.err


def test_a_thumbnail_whose_marker_states_an_absurd_size_is_refused(work):
    """It says a scale and the few rows and columns that are missing, never a size: nothing absurd can be asked for."""
    codec = load(save_tiny_model(work / "tiny.safetensors"))
    data = codec.compress(photograph(64, 64))
    for scale, missing in ((4, 0), (8, 7), (1, 0)):
        fields = 2 << 14 | (scale.bit_length() - 1) << 12 | missing << 9 | missing << 6  # 2 is the version
        lying = with_marker(data, sealed(struct.pack(">H", fields) + bytes(5)))
        (origin,) = read_header(lying).origins
        assert origin.photograph_size(16, 16) == (16 * scale - missing, 16 * scale - missing)
    for nonsense in (b"\xaf\xc0", b"\x82\x00", b"\x7f\xff"):  # more is missing than the scale allows; no version
        with pytest.warns(ThumbnailWarning):
            assert codec.restore(with_marker(data, sealed(nonsense + bytes(5)))).shape == (64, 64, 3)
    with pytest.raises(HyperthumbError, match="later version"):
        codec.restore(with_marker(data, sealed(b"\xff\xff" + bytes(5))))


def test_a_photograph_with_an_absurd_size_is_refused_before_it_is_decoded(work, capsys):
    Image.new("L", (8, 8)).save("bomb.png")
    data = bytearray(Path("bomb.png").read_bytes())
    data[16:24] = struct.pack(">II", 2**31 - 1, 2**31 - 1)
    Path("bomb.png").write_bytes(data)
    assert hyperthumb(["compress", "bomb.png"]) == 1
    assert "error: bomb.png: " in capsys.readouterr().err
