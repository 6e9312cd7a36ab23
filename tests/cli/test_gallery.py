"""`hyperthumb gallery` as people use it, with the shipped model in ONNX Runtime."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

import hyperthumb
from hyperthumb.cli import gallery as command
from hyperthumb.gallery import index as index_module
from hyperthumb.gallery import site as site_module
from hyperthumb.gallery.index import digest_of
from hyperthumb.models.zoo import FOLDER
from tests.cli.files import save
from tests.support import write_photographs

ENGINE = ("--engine", "onnxruntime", "--bpp", "0.4")


@pytest.fixture(autouse=True)
def page(tmp_path_factory, monkeypatch):
    """A small page in place of the built one."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "assets").mkdir()
    (folder / "index.html").write_text("<p>page")
    (folder / "assets/page.js").write_text("1")
    monkeypatch.setattr(site_module, "PAGE", folder)
    return folder


def index() -> dict:
    return json.loads(Path("site/index.json").read_text(encoding="utf-8"))


def files() -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in Path("site").rglob("*") if path.is_file()}


def make(run, *more: str) -> tuple[int, str, str]:
    return run("gallery", "photos", "-o", "site", *ENGINE, *more, model=False)


def test_the_site_of_a_folder(run):
    write_photographs(Path("photos"), 2)
    save("photos/deep/PHOTO 3.png", 101, 64)
    code, out, err = make(run, "--title", "Holiday")
    assert (code, err) == (0, "3 of 3 compressed\n")
    assert "site: 3 photographs in " in out
    content = index()
    assert (content["format"], content["title"]) == (1, "Holiday")
    ((model_id, model),) = content["models"].items()
    decoder = (FOLDER / "fast_4x.decoder.onnx").read_bytes()
    assert Path("site", model["decoder"]).read_bytes() == decoder
    assert model == {
        "name": "fast_4x",
        "decoder": f"models/{model_id}.onnx",
        "scale": 4,
        "receptive_field": 8,
        "bytes": len(decoder),
        "digest": hashlib.sha256(decoder).hexdigest()[:12],
    }
    entry = next(each for each in content["photographs"] if each["name"] == "deep/PHOTO 3")
    data = Path("site", entry["thumbnail"]).read_bytes()
    assert (entry["width"], entry["height"], entry["thumbnail_width"], entry["thumbnail_height"]) == (64, 101, 16, 26)
    assert (entry["bytes"], entry["model"]) == (len(data), model_id)
    assert entry["digest"] == hashlib.sha256(data).hexdigest()[:12]
    assert entry["bpp"] == round(8 * len(data) / (64 * 101), 4) <= 0.4
    assert entry["original_bytes"] == os.path.getsize("photos/deep/PHOTO 3.png")
    assert hyperthumb.load(engine="onnxruntime").restore(data).shape == (101, 64, 3)
    assert Path("site/assets/page.js").read_text() == "1"


def test_a_second_run_does_only_what_is_new_or_changed(run, monkeypatch):
    write_photographs(Path("photos"), 3)
    assert make(run)[0] == 0
    before = files()
    with monkeypatch.context() as patch:
        patch.setattr(command, "run_with_codec", None)  # nothing is left that needs a model
        code, _, err = make(run)
    assert (code, err) == (0, "0 of 3 compressed, 3 skipped\n")
    assert {name: when for name, when in files().items() if name != "site/index.json"} == {
        name: when for name, when in before.items() if name != "site/index.json"
    }
    save("photos/photo1.png", 90, 110, seed=9)
    os.remove("photos/photo2.png")
    save("photos/photo4.png", 100, 110, seed=4)
    code, _, err = make(run)
    assert (code, err) == (0, "2 of 3 compressed, 1 skipped\n")
    assert [each["name"] for each in index()["photographs"]] == ["photo0", "photo1", "photo4"]
    assert sorted(os.listdir("site/thumbnails")) == ["photo0.jpg", "photo1.jpg", "photo4.jpg"]
    assert files()["site/thumbnails/photo0.jpg"] == before["site/thumbnails/photo0.jpg"]


def test_a_thumbnail_is_hashed_once_in_a_run(run, monkeypatch):
    write_photographs(Path("photos"), 2)
    hashed: list[str] = []

    def counted(path: Path) -> str:
        hashed.append(path.name)
        return digest_of(path)

    for module in (index_module, site_module):
        monkeypatch.setattr(module, "digest_of", counted)
    for _ in range(2):
        assert make(run)[0] == 0
        assert sorted(name for name in hashed if name.endswith(".jpg")) == ["photo0.jpg", "photo1.jpg"]
        hashed.clear()


def test_a_damaged_thumbnail_is_made_again(run):
    write_photographs(Path("photos"), 2)
    assert make(run)[0] == 0
    path = Path("site/thumbnails/photo1.jpg")
    whole = path.read_bytes()
    path.write_bytes(whole[:-40] + bytes(40))
    assert make(run)[2] == "1 of 2 compressed, 1 skipped\n"
    assert path.read_bytes() == whole


def test_a_site_without_digests_gets_them(run):
    write_photographs(Path("photos"), 2)
    assert make(run)[0] == 0
    content, older = index(), index()
    for entry in (*older["models"].values(), *older["photographs"]):
        del entry["digest"]
    Path("site/index.json").write_text(json.dumps(older), encoding="utf-8")
    assert make(run)[2] == "0 of 2 compressed, 2 skipped\n"
    assert index() == content


def test_other_settings_make_the_thumbnails_again_and_drop_the_old_decoder(run):
    write_photographs(Path("photos"), 1)
    assert make(run, "--title", "Kept")[0] == 0
    assert make(run, "--model", "lite_2x", "--bpp", "1.5")[0] == 0
    assert index()["title"] == "Kept"
    assert [model["name"] for model in index()["models"].values()] == ["lite_2x"]
    assert [name.split(".")[0] for name in os.listdir("site/models")] == list(index()["models"])


def test_photographs_that_cannot_be_read_are_named_and_left_out(run):
    write_photographs(Path("photos"), 2)
    assert make(run)[0] == 0
    Path("photos/bad.jpg").write_bytes(b"\xff\xd8nothing")
    Path("photos/photo1.png").write_bytes(Path("photos/photo1.png").read_bytes()[:900])
    code, _, err = make(run)
    assert code == 1
    assert "error: photos/bad.jpg: " in err
    assert "error: photos/photo1.png: " in err
    assert [each["name"] for each in index()["photographs"]] == ["photo0"]
    assert os.listdir("site/thumbnails") == ["photo0.jpg"]
    code, _, err = run("gallery", "no-such-folder", "-o", "site", *ENGINE, model=False)
    assert code == 1
    assert [each["name"] for each in index()["photographs"]] == ["photo0"]  # a wrong name removes nothing


@pytest.mark.parametrize("is_there", [False, True])
def test_a_site_without_a_photograph_is_not_written(run, is_there):
    Path("bad.jpg").write_bytes(b"\xff\xd8nothing")
    if is_there:
        Path("site").mkdir()
    for name in ("nope.png", "bad.jpg"):
        code, out, err = run("gallery", name, "-o", "site", *ENGINE, model=False)
        assert (code, out) == (1, "")
        assert f"error: {name}: " in err
        assert "error: site: no site was written" in err
        assert Path("site").exists() == is_there
        assert not is_there or os.listdir("site") == []


def test_settings_that_have_no_effect_are_warned_of(run, monkeypatch):
    write_photographs(Path("photos"), 1)
    code, _, err = make(run, "--port", "0")
    assert (code, err.splitlines()[0]) == (0, "warning: --port is ignored without --serve")
    monkeypatch.setattr(command, "_serve", lambda *arguments: arguments != (Path("site"), "127.0.0.1", 8000))
    code, _, err = run("gallery", "--serve", "site", "--title", "x", "--model", "lite_4x", model=False)
    ignored = "is ignored with --serve, which changes nothing in a site"
    assert (code, err) == (0, f"warning: --title {ignored}\nwarning: --model {ignored}\n")


def test_an_interrupted_run_leaves_a_whole_site(run, monkeypatch):
    write_photographs(Path("photos"), 3)
    compress, calls = command.compress_file, []

    def interrupted(*arguments: object) -> object:
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(arguments)
        return compress(*arguments)

    monkeypatch.setattr(command, "compress_file", interrupted)
    code, _, err = make(run)
    assert (code, err) == (130, "interrupted\n")
    assert [each["name"] for each in index()["photographs"]] == ["photo0", "photo1"]
    for each in index()["photographs"]:
        assert os.path.getsize(Path("site", each["thumbnail"])) == each["bytes"]
    assert Path("site/index.html").is_file()
    monkeypatch.setattr(command, "compress_file", compress)
    assert make(run)[2] == "1 of 3 compressed, 2 skipped\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "give photographs and the site's folder"),
        (["photos"], "give photographs and the site's folder"),
        (["photos", "--serve", "site"], "--serve serves a site that there is"),
        (["--serve", "photos"], "photos is not a gallery: it has no index.html"),
        (["photos", "-o", "photos"], "photos has files that are not a gallery's"),
        (["--serve", "photos", "--port", "70000"], '"70000" is not a port'),
        (["photos", "-o", "site", "--model", "nosuch"], 'there is no model "nosuch"'),
    ],
)
def test_wrong_arguments(run, arguments, complaint):
    write_photographs(Path("photos"), 1)
    code, _, err = run("gallery", *arguments, model=False)
    assert (code, complaint in err) == (2, True)
    assert not Path("site").exists()


def test_a_model_without_exported_graphs_is_refused(run, tiny_model):
    code, _, err = run("gallery", "photos", "-o", "site")
    assert code == 2
    assert f"{tiny_model} lacks exported graphs beside it: " in err
    assert err.endswith("`, or give a shipped model\n")


def test_a_site_is_made_and_served_without_torch(run, tmp_path):
    write_photographs(Path("photos"), 1)
    absent = (
        "import signal, sys; signal.signal(2, signal.default_int_handler); sys.modules['torch'] = None; "
        "from hyperthumb.cli.main import main; sys.exit(main())"
    )
    python = [sys.executable, "-c", absent, "gallery"]
    environment = os.environ | {"PYTHONPATH": str(FOLDER.parents[2])}
    subprocess.run([*python, "photos", "-o", "site", *ENGINE], check=True, env=environment, capture_output=True)
    with subprocess.Popen(
        [*python, "--serve", "site", "--port", "0"], env=environment, stdout=subprocess.PIPE, text=True
    ) as server:
        address = server.stdout.readline().split()[1]
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{address}index.json", timeout=30) as response:
            assert json.load(response)["photographs"][0]["name"] == "photo0"
        server.send_signal(2)
        started = time.monotonic()
        assert server.wait(30) == 0
        assert time.monotonic() - started < 20
