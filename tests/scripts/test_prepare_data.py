from __future__ import annotations

import pytest
from PIL import Image

from data_sets.catalog import PHOTO_SETS
from hyperthumb.data import HRImageDataset
from scripts.prepare_data import main
from tests.support import photograph, write_photographs


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("HYPERTHUMB_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def photos(data):
    return write_photographs(data / "train_hr", 2, 40, 48)


def test_every_set_is_listed_and_shown(photos, capsys):
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(PHOTO_SETS)
    assert [line.split()[0] for line in lines if line.split()[1] == "present"] == ["train_hr"]
    for name, photo_set in PHOTO_SETS.items():
        assert main(["show", name]) == 0
        text = capsys.readouterr().out
        assert all(part in text for part in (photo_set.title, photo_set.folder, photo_set.terms, *photo_set.sources))
        assert all(archive.sha256 in text for archive in photo_set.archives)


@pytest.mark.parametrize("words", [["verify", "train_hr"], ["--verify", "train_hr"], ["train_hr", "--verify"]])
def test_a_good_set(words, photos, capsys):
    assert main([*words, "--jobs", "1"]) == 0
    assert (
        capsys.readouterr().out == f"train_hr: 2 pictures in {photos}: correct (checked: that every picture decodes)\n"
    )


def test_bad_sets_are_named_and_counted(photos, data, capsys):
    (photos / "photo1.png").write_bytes((photos / "photo1.png").read_bytes()[:900])
    write_photographs(data / "DIV2K/DIV2K_valid_HR", 1, 40, 48)
    assert main(["verify", "train_hr", "div2k_valid", "kodak"]) == 1
    out, err = capsys.readouterr()
    assert f"train_hr: 1 problem in {photos}" in out
    assert "div2k_valid: 103 problems" in out  # the count, 100 missing, 1 that does not belong, and its size
    assert "  photo1.png: the picture is damaged" in err
    assert "  1 pictures instead of 100\n  0801.png: is missing" in err
    assert "  and 83 more" in err
    assert "kodak: this folder of pictures does not exist" in err
    assert err.endswith("3 of 3 sets have problems\n")
    assert main(["--verify", "--all"]) == 1
    assert capsys.readouterr().err.endswith(f"{len(PHOTO_SETS)} of {len(PHOTO_SETS)} sets have problems\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "required: COMMAND"),
        (["verify"], "give either the names of sets or --all"),
        (["--verify", "--all", "kodak"], "give either the names of sets or --all"),
        (["verify", "kodac"], 'unknown set "kodac"; choose from div2k_train'),
        (["show", "kodac"], "invalid choice: 'kodac'"),
        (["subimages", "a", "b", "--size", "0"], "not a whole number above 0"),
        (["fivek6k", "a"], "required: target"),
    ],
)
def test_wrong_arguments(words, said, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(words)
    assert exit_.value.code == 2
    assert said in capsys.readouterr().err


def test_squares_and_a_store_of_them(photos, data, capsys):
    Image.fromarray(photograph(20, 90)).save(photos / "small.png")
    squares, store = data / "squares", data / "squares.lmdb"
    assert main(["subimages", str(photos), str(squares), "--size", "32", "--step", "16", "--jobs", "1"]) == 0
    out, err = capsys.readouterr()
    assert out == f"{squares}: 8 squares of 3 photographs, 8 written now\n"
    assert err == "  small.png: skipped, because it is smaller than 32x32\n"
    assert main(["lmdb", str(squares), str(store)]) == 0
    assert capsys.readouterr().out == f"{store}: 8 pictures\n"
    assert len(HRImageDataset(str(store), {"type": "lmdb"})) == 8
    for command in (["subimages", str(photos), str(squares)], ["lmdb", str(squares), str(store)]):
        assert main(command) == 1
        assert "already exists" in capsys.readouterr().err
    (data / "file").touch()
    assert main(["lmdb", str(squares), str(data / "file/a.lmdb")]) == 1
    assert f"{data / 'file'} is not a folder" in capsys.readouterr().err


def test_pictures_that_cannot_be_used(photos, data, capsys):
    (photos / "photo0.png").write_bytes(b"no picture")
    assert main(["subimages", str(photos), str(data / "out"), "--size", "32"]) == 1
    err = capsys.readouterr().err
    assert "photo0.png: it is not a picture" in err
    assert f"error: 1 pictures could not be used; the others are in {data / 'out'}.partial" in err


def test_fivek6k(data, capsys):
    folder = write_photographs(data / "fivek", 1, 30, 40)
    Image.new("RGB", (5616, 8), (90, 120, 60)).save(folder / "a0009-x.tif")
    assert main(["fivek6k", str(folder), str(data / "fivek6k"), "--jobs", "1"]) == 0
    assert "fivek6k: 1 photographs of 6K; 1 of other sizes were skipped" in capsys.readouterr().out
    assert main(["--verify", "fivek6k"]) == 0
    Image.new("RGB", (5616, 8), (90, 120, 61)).save(data / "fivek6k/a0009-x.png")
    assert main(["--verify", "fivek6k"]) == 1
    assert "a0009-x.png: its pixels differ from those of the set" in capsys.readouterr().err
