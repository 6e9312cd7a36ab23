from __future__ import annotations

import pytest

from hyperthumb.codec.codec import Codec
from hyperthumb.data import read_image
from hyperthumb.evaluation.model_results import read_results
from hyperthumb.metrics import get_protocol
from hyperthumb.models.file import load_model
from hyperthumb.models.weights import sha256_of
from scripts.measure_models import main
from tests.support import save_tiny_model, write_photographs


@pytest.fixture
def model(tmp_path):
    return save_tiny_model(tmp_path / "tiny.safetensors")


def measure(tmp_path, model, *arguments: str) -> int:
    folder = write_photographs(tmp_path / "photographs", 2, 41, 50)
    words = ["--data", f"mine={folder}", "--models", str(model), "--out", str(tmp_path / "results")]
    return main([*words, *arguments])


def test_rows_are_what_the_codec_makes(tmp_path, model, capsys):
    assert measure(tmp_path, model, "--rate_scales", "1", "2") == 0
    fine, coarse = read_results(tmp_path / "results/mine.json")
    assert (fine.rate_scale, coarse.rate_scale) == (1, 2)
    assert fine.bpp > coarse.bpp
    codec = Codec(load_model(model), "cpu")
    for row in (fine, coarse):
        assert (row.model, row.images, row.scale, row.protocol) == ("tiny", 2, 4, "paper")
        assert (row.model_id, row.sha256) == (codec.model.model_id.hex(), sha256_of(model))
        assert row.bpp_default > row.bpp
        assert row.rate_estimate_bpp is not None
        assert row.rate_estimate_bpp > 0
        assert f"--rate_scales {row.rate_scale:g}" in row.command
        for place, name in enumerate(row.per_image.image):
            photograph = read_image(tmp_path / f"photographs/{name}.png")
            data = codec.compress(photograph, rate_scale=row.rate_scale)
            assert row.per_image.bytes[place] == len(data)
            plain = codec.compress(photograph, rate_scale=row.rate_scale, profile="default")
            assert row.per_image.bytes_default[place] == len(plain)
            psnr = get_protocol("paper", 4).psnr_rgb(photograph, codec.restore(data))
            assert row.per_image.psnr_rgb[place] == pytest.approx(psnr, abs=1e-3)
    table = capsys.readouterr().out
    assert table.count("| tiny | mine | 2 |") == 2
    assert main(["--table", "--out", str(tmp_path / "results")]) == 0
    assert capsys.readouterr().out == table


def test_rows_that_are_not_measured_now_stay(tmp_path, model):
    assert measure(tmp_path, model, "--rate_scales", "2") == 0
    before = read_results(tmp_path / "results/mine.json")
    other = save_tiny_model(tmp_path / "other.safetensors", seed=1)
    assert measure(tmp_path, other) == 0
    after = read_results(tmp_path / "results/mine.json")
    assert [(row.model, row.rate_scale) for row in after] == [("other", 1), ("tiny", 2)]
    assert after[1:] == before


def test_refined_rows_are_what_the_codec_makes(tmp_path, model):
    assert measure(tmp_path, model, "--refine", "2") == 0
    (row,) = read_results(tmp_path / "results/mine.json")
    assert row.refine == 2
    assert row.command.endswith(" --refine 2")
    data = Codec(load_model(model), "cpu").compress(read_image(tmp_path / "photographs/photo0.png"), refine=2)
    assert row.per_image.bytes[0] == len(data)


def test_mistakes_are_sentences(tmp_path, model, capsys):
    for arguments, sentence in (
        (["--rate_scales", "0"], "a rate scale is a number above 0"),
        (["--refine", "-1"], "--refine takes a number of steps"),
        (["--models", "nowhere"], 'there is no model "nowhere"'),
        (["--models", str(tmp_path)], "is no model file"),
        (["--data", "mine=nowhere"], "nowhere"),
    ):
        assert measure(tmp_path, model, *arguments) == 1
        assert sentence in capsys.readouterr().err
    with pytest.raises(SystemExit):
        measure(tmp_path, model, "--data", "mine=")
    assert '"mine=" is not NAME or NAME=FOLDER' in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


def test_sets_without_a_folder_are_below_the_data_s(tmp_path, model, monkeypatch):
    write_photographs(tmp_path / "kodak", 1, 41, 50)
    monkeypatch.setenv("HYPERTHUMB_DATA", str(tmp_path))
    assert main(["--data", "kodak", "--models", str(model), "--out", str(tmp_path / "results")]) == 0
    (row,) = read_results(tmp_path / "results/kodak.json")
    assert row.command.endswith(f"--models {model} --data kodak --rate_scales 1 --device cpu")
