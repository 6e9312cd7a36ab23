"""The tool as people use it: `main` with real files and a tiny model."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import hyperthumb
from hyperthumb.metrics import get_protocol
from hyperthumb.models import zoo
from tests.cli.files import read, save
from tests.jpeg.thumbnails import with_impossible_codes
from tests.support import save_tiny_model


def test_a_photograph_is_compressed_and_restored(run, tiny_model):
    pixels = save("photo.png", 57, 83)
    assert run("compress", "photo.png") == (
        0,
        f"photo.png -> photo.thumb.jpg: 83x57, {os.path.getsize('photo.thumb.jpg'):,} bytes, "
        f"{8 * os.path.getsize('photo.thumb.jpg') / (57 * 83):.3f} bpp\n",
        "",
    )
    code, out, err = run("restore", "photo.thumb.jpg")
    assert (code, err) == (0, "")
    assert out == f"photo.thumb.jpg -> photo.restored.png: 83x57, {os.path.getsize('photo.restored.png'):,} bytes\n"
    codec = hyperthumb.load(tiny_model, device="cpu")
    data = codec.compress(pixels)
    assert Path("photo.thumb.jpg").read_bytes() == data
    np.testing.assert_array_equal(read("photo.restored.png"), codec.restore(data))


def test_the_default_is_the_shipped_model(run):
    pixels = save("photo.png", 96, 120)
    assert run("compress", "photo.png", model=False)[0] == 0
    code, out, err = run("restore", "photo.thumb.jpg", "--json", model=False)
    assert (code, err) == (0, "")
    codec = hyperthumb.load(device="cpu")
    assert json.loads(out)["model"] == codec.model.model_id.hex()
    assert get_protocol("paper", 4).psnr_rgb(read("photo.restored.png"), pixels) > 20
    np.testing.assert_array_equal(read("photo.restored.png"), codec.restore(Path("photo.thumb.jpg").read_bytes()))


def test_nothing_is_tried_when_the_package_has_no_model(run, tmp_path, monkeypatch):
    save("photo.png")
    monkeypatch.setattr(zoo, "FOLDER", tmp_path)
    code, out, err = run("compress", "photo.png", model=False)
    assert (code, out) == (2, "")
    assert f"error: the shipped model {zoo.DEFAULT_MODEL} is missing from {tmp_path}" in err


def test_folders_keep_their_shape_and_are_safe_to_repeat(run):
    save("in/a.png")
    save("in/deep/b.webp", seed=1)
    assert run("compress", "in")[0] == 0  # beside the photographs
    code, _, err = run("compress", "in", "--skip-existing")  # thumbnails are not photographs
    assert (code, err) == (0, "0 of 2 compressed, 2 skipped\n")
    code, _, err = run("compress", "in")
    assert code == 1
    assert "error: in/a.png: in/a.thumb.jpg exists; use --overwrite to replace it" in err
    assert run("compress", "in", "--overwrite")[0] == 0
    code, _, err = run("restore", "in", "-o", "out")
    assert (code, err) == (0, "2 of 2 restored\n")
    assert sorted(path.as_posix() for path in Path("out").rglob("*.png")) == [
        "out/a.restored.png",
        "out/deep/b.restored.png",
    ]


def test_thumbnails_among_the_files_are_not_compressed_again(run):
    save("a.jpg")
    run("compress", "a.jpg")
    before = Path("a.thumb.jpg").read_bytes()
    code, _, err = run("compress", "a.jpg", "a.thumb.jpg", "--overwrite", "--rate-scale", "3")
    assert code == 1
    assert "error: a.thumb.jpg: this is already a thumbnail of hyperthumb" in err
    assert len(Path("a.thumb.jpg").read_bytes()) < len(before)
    assert run("compress", "*.jpg", "--skip-existing")[:1] == (0,)


def test_parallel_jobs_give_the_same_files_as_one_job(run):
    for number in range(12):
        save(f"in/{number}.png", seed=number)
    for jobs in ("1", "8"):
        assert run("compress", "in", "-o", f"thumbs{jobs}", "--jobs", jobs)[0] == 0
        assert run("restore", f"thumbs{jobs}", "-o", f"back{jobs}", "--jobs", jobs)[0] == 0
    for kind in ("thumbs", "back"):
        one, many = sorted(Path(f"{kind}1").iterdir()), sorted(Path(f"{kind}8").iterdir())
        assert [path.read_bytes() for path in one] == [path.read_bytes() for path in many]
        assert len(one) == 12


def test_a_refined_thumbnail_is_the_codec_s(run, tiny_model):
    save("photo.png")
    assert run("compress", "photo.png", "--refine", "2")[0] == 0
    expected = hyperthumb.load(tiny_model).compress(read("photo.png"), refine=2)
    assert Path("photo.thumb.jpg").read_bytes() == expected


def test_a_slope_is_the_codec_s(run, tiny_model):
    save("photo.png")
    assert run("compress", "photo.png", "--slope", "2")[0] == 0
    expected = hyperthumb.load(tiny_model).compress_at_slope(read("photo.png"), 2)
    assert Path("photo.thumb.jpg").read_bytes() == expected.data
    code, _, errors = run("compress", "photo.png", "--slope", "2", "--refine", "2", "--overwrite")
    assert (code, "give it without --refine" in errors) == (2, True)


def test_the_encoder_is_refined_as_in_the_codec(run, tiny_model):
    save("photo.png")
    assert run("compress", "photo.png", "--refine", "encoder:2")[0] == 0
    expected = hyperthumb.load(tiny_model).compress(read("photo.png"), refine={"what": "encoder", "steps": 2})
    assert Path("photo.thumb.jpg").read_bytes() == expected
    code, _, errors = run("compress", "photo.png", "--refine", "decoder:2")
    assert code == 2
    assert "decoder cannot be refined; write coefficients:N or encoder:N" in errors


def test_files_of_unsupported_kinds_are_named(run):
    save("photo.tif")
    Path("photo.tif").rename("photo.dng")
    code, _, err = run("compress", "photo.dng")
    assert code == 1
    assert "error: photo.dng: .dng files are not supported; convert it to PNG, TIFF or JPEG first" in err


@pytest.mark.parametrize("companion", ["IMG_1.CR2", "IMG_1.HEIC", "IMG_1.AAE", "IMG_1.BMP"])
def test_an_unreadable_file_of_the_same_name_does_not_block_a_photograph(run, companion):
    """Cameras and phones write a raw file, an edit or another format beside each JPEG."""
    save("IMG_1.JPG")
    Path(companion).write_bytes(b"II*\0" + bytes(100))
    code, out, err = run("compress", "IMG_1.*")
    assert code == 1
    assert out.startswith("IMG_1.JPG -> IMG_1.thumb.jpg")
    assert err.splitlines()[0].startswith(f"error: {companion}: ")
    assert err.splitlines()[-1] == "1 of 2 compressed, 1 failed"
    code, out, err = run("restore", companion, "IMG_1.thumb.jpg")
    assert code == 1
    assert out.startswith("IMG_1.thumb.jpg -> IMG_1.restored.png")
    assert f"error: {companion}: this is not a JPEG file" in err
    assert "`hyperthumb compress` makes them of pictures" in err


def test_hidden_files_of_other_programs_are_left_out_with_a_note(run):
    for name in ("in/a.jpg", "in/@eaDir/a.jpg/SYNOPHOTO_THUMB_XL.jpg", "in/__MACOSX/._a.jpg", "in/.thumbnails/1.jpg"):
        save(name)
    Path("in/link.jpg").symlink_to("a.jpg")
    code, out, err = run("compress", "in", "-o", "out")
    assert (code, out.count("\n")) == (0, 1)
    assert err == (
        "note: in: left out 3 hidden files and files of other programs (.thumbnails, @eaDir and __MACOSX)\n"
        "note: left out 1 link (link.jpg) to files that are used anyway\n"
    )
    assert run("compress", "in", "-o", "out", "--overwrite", "--quiet") == (0, "", "")
    assert [path.name for path in Path("out").rglob("*")] == ["a.thumb.jpg"]


def test_one_bad_file_does_not_stop_the_batch(run):
    save("good.png")
    Path("bad.png").write_bytes(Path("good.png").read_bytes()[:200])
    Path("empty.jpg").touch()
    code, out, err = run("compress", "bad.png", "good.png", "empty.jpg", "missing.png", "*.tif", "--jobs", "2")
    assert code == 1
    assert out.startswith("good.png -> good.thumb.jpg")
    assert [line.partition(":")[2].partition(":")[0].strip() for line in err.splitlines()[:-1]] == [
        "bad.png", "empty.jpg", "missing.png", "*.tif"
    ]  # fmt: skip
    assert err.splitlines()[-1] == "1 of 5 compressed, 4 failed"
    assert sorted(os.listdir()) == ["bad.png", "empty.jpg", "good.png", "good.thumb.jpg"]


def test_bad_thumbnails_are_named_one_by_one(run):
    save("photo.png")
    run("compress", "photo.png")
    data = Path("photo.thumb.jpg").read_bytes()
    Path("half.jpg").write_bytes(data[: len(data) // 2])
    Path("zero.jpg").touch()
    Path("really.jpg").write_bytes(Path("photo.png").read_bytes())
    Image.new("CMYK", (16, 16)).save("cmyk.jpg")
    for command in (["restore"], ["inspect", "--verify"]):
        is_restore = command == ["restore"]
        bad = ["half.jpg", "zero.jpg", "really.jpg"] + ["cmyk.jpg"] * is_restore
        code, out, err = run(*command, *bad, "photo.thumb.jpg", model=is_restore)
        assert code == 1
        assert out.count("photo.thumb.jpg") == 1
        assert [line.split(": ")[:2] for line in err.splitlines()[:-1]] == [["error", name] for name in bad]
    assert not list(Path().glob("half*.png"))


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_json_prints_one_object_per_file(run, jobs):
    for number in range(4):
        save(f"{number}.png", seed=number)
    code, out, _ = run("compress", "0.png", "1.png", "nothing", "2.png", "3.png", "--json", "--jobs", jobs)
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 1
    assert [line["input"] for line in lines] == ["0.png", "1.png", "nothing", "2.png", "3.png"]
    assert [line["status"] for line in lines] == ["done", "done", "failed", "done", "done"]
    first = lines[0]
    assert first["bytes"] == os.path.getsize(first["output"])
    assert first["bpp"] == 8 * first["bytes"] / (first["width"] * first["height"])
    assert (first["width"], first["height"], first["scale"], first["rate_scale"]) == (50, 41, 4, 1)
    thumbs = [line["output"] for line in lines if line["status"] == "done"]
    back = [json.loads(line) for line in run("restore", *thumbs, "--json", "--jobs", jobs)[1].splitlines()]
    assert [line["output"] for line in back] == [f"{number}.restored.png" for number in range(4)]
    assert {line["model"] for line in back} == {first["model"]}
    said = json.loads(run("inspect", thumbs[0], "--json", "--verify", model=False)[1])
    assert (said["photograph_width"], said["photograph_height"], said["scale"]) == (50, 41, 4)
    assert (said["model"], said["unchanged"], said["bytes"]) == (first["model"], True, first["bytes"])
    assert np.array(next(iter(said["tables"].values()))).shape == (8, 8)


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_json_has_the_error_for_a_file_that_the_jpeg_library_refuses(run, jobs):
    save("photo.png")
    run("compress", "photo.png", "--profile", "default")
    data = Path("photo.thumb.jpg").read_bytes()
    Path("a.jpg").write_bytes(with_impossible_codes(data))
    Path("b.jpg").write_bytes(with_impossible_codes(data))
    for command in (["restore"], ["inspect", "--verify"]):
        is_restore = command == ["restore"]
        jobs_too = ["--jobs", jobs] if is_restore else []
        code, out, _ = run(*command, "a.jpg", "b.jpg", "--json", *jobs_too, model=is_restore)
        assert code == 1
        assert [json.loads(line)["status"] for line in out.splitlines()] == ["failed", "failed"]


def test_restored_photographs_in_a_folder_are_not_compressed(run):
    save("in/a.png")
    save("in/b.restored.by.hand.png", seed=1)
    run("compress", "in")
    run("restore", "in")
    run("restore", "in", "--format", "jpg")
    code, _, err = run("compress", "in", "--overwrite")
    assert (code, err) == (0, "2 of 2 compressed\n")
    assert run("compress", "in/a.restored.png", "-o", "again.jpg")[0] == 0


def test_names_of_the_greatest_length_work(run):
    name = "n" * (255 - len(".restored.png"))
    save(f"{name}.png")
    assert run("compress", f"{name}.png")[0] == 0
    assert run("restore", f"{name}.thumb.jpg")[0] == 0
    assert Path(f"{name}.restored.png").exists()


def test_an_empty_name_is_shown_in_quotes(run):
    code, _, err = run("compress", "")
    assert (code, err) == (1, 'error: "": this name is empty\n')


def test_a_thumbnail_of_another_model_gives_a_warning(run, tmp_path):
    save("photo.png")
    run("compress", "photo.png")
    other = save_tiny_model(tmp_path / "other.safetensors", seed=5)
    code, _, err = run("restore", "photo.thumb.jpg", "--model", str(other), model=False)
    assert code == 0
    assert "warning: photo.thumb.jpg: the thumbnail was made by another model" in err


def test_tile_keeps_the_picture_and_bf16_changes_it_little(run):
    save("photo.png", 200, 300)
    run("compress", "photo.png")
    run("compress", "photo.png", "-o", "tiled.jpg", "--tile", "64")
    run("restore", "photo.thumb.jpg", "-o", "whole.png")
    run("restore", "photo.thumb.jpg", "-o", "tiled.png", "--tile", "64")
    assert np.abs(read("tiled.png").astype(int) - read("whole.png")).max() <= 1
    assert np.abs(read("tiled.jpg").astype(int) - read("photo.thumb.jpg")).mean() < 0.5
    assert run("restore", "photo.thumb.jpg", "-o", "half.png", "--precision", "bf16")[0] == 0
    assert np.abs(read("half.png").astype(int) - read("whole.png")).mean() < 2


def test_quiet_prints_warnings_and_errors_only(run):
    save("photo.png")
    assert run("compress", "photo.png", "-q") == (0, "", "")


def test_options_may_stand_between_files(run):
    save("a.png")
    save("b.png", seed=1)
    assert run("compress", "a.png", "-o", "thumbs", "b.png")[0] == 0
    assert sorted(os.listdir("thumbs")) == ["a.thumb.jpg", "b.thumb.jpg"]


def test_names_that_look_like_options_are_files_after_two_dashes(run, tiny_model):
    save("-q.png")
    code, out, _ = run("compress", "--model", str(tiny_model), "--", "-q.png", model=False)
    assert code == 0
    assert out.startswith("-q.png -> -q.thumb.jpg")
