from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from ablation import runs
from hyperthumb.benchmark.report import write
from hyperthumb.benchmark.results import load_results
from hyperthumb.config import dump_options, load_train_options
from scripts import run_ablation
from scripts.run_ablation import main
from tests.support import tiny_training, write_options, write_photographs
from tests.warm import WarmProcess

ABLATION = Path(__file__).parents[2] / "options/ablation"
CHANGES = {
    "predicted": set(),
    "fixed": {"network_g.quantization"},
    "learned": {"network_g.quantization"},
    "frequency_off": {"network_g.decoder"},
    "rate_off": {"network_g.rate", "train.losses", "train.optim_rate"},
    "guide_off": {"train.losses"},
    "transformer": {"network_g.encoder"},
}


def test_each_file_changes_one_thing(tmp_path, monkeypatch):
    for name in ("train_hr", "gb82"):
        write_photographs(tmp_path / name, 1)
    monkeypatch.setenv("HYPERTHUMB_DATA", str(tmp_path))
    written = {path.stem: path for path in ABLATION.glob("*.yml")}
    assert set(written) == set(CHANGES)
    settings = {name: yaml.safe_load(dump_options(load_train_options(path))) for name, path in written.items()}
    plain = two_levels(settings["predicted"])
    for name, changed in CHANGES.items():
        own = two_levels(settings[name])
        assert {key for key in {**plain, **own} if own.get(key) != plain.get(key)} - {"name"} == changed
        assert own["name"] == name


def two_levels(settings: dict) -> dict:
    """Settings by `room.key`; those outside of rooms by their own."""
    rooms = {room: content if isinstance(content, dict) else {"": content} for room, content in settings.items()}
    return {f"{room}.{key}".rstrip("."): value for room, keys in rooms.items() for key, value in keys.items()}


def files(folder: Path) -> list[Path]:
    """Two tiny trainings, the second of which has a damaged photograph."""
    small = {"train:total_iter": 2, "val:val_freq": 2}
    made = [write_options(folder / "plain.yml", tiny_training(folder, name="plain", **small))]
    (folder / "damaged").mkdir()
    (folder / "damaged/photo.png").write_bytes(b"no picture")
    options = tiny_training(
        folder,
        name="changed",
        **small,
        **{"train:losses:guide": None, "datasets:train:dataroot_gt": str(folder / "damaged")},
    )
    return [*made, write_options(folder / "changed.yml", options)]


def test_trains_measures_and_goes_on(tmp_path, capfd):
    words = [*map(str, files(tmp_path)), "--data", f"photos={write_photographs(tmp_path / 'photos', 2, 96, 128)}"]
    words += ["--rates", "0.5", "0.6", "0.8", "1.0", "--target_bpp", "0.7", "--output", str(tmp_path / "out/try")]
    assert main(words) == 1
    plain, changed = load_results(tmp_path / "out/try").rows
    assert plain.failure is None
    assert "net_g_2.pth" in str(changed.failure)
    assert plain.obtained.startswith("trained by us: 2 iterations, 0.004096 million HR pixels, ")
    assert plain.obtained.endswith(" CPU minutes")
    assert "failed: changed: the training ended with exit code 1" in capfd.readouterr().err

    weights = tmp_path / "experiments/plain/models/net_g_2.pth"
    before = weights.stat().st_mtime_ns
    (tmp_path / "damaged/photo.png").unlink()
    write_photographs(tmp_path / "damaged", 1)
    assert main(words) == 0
    assert weights.stat().st_mtime_ns == before
    results = load_results(tmp_path / "out/try")
    assert (results.name, results.anchor, results.target_bpp) == ("try", "plain", 0.7)
    for row in results.rows:
        (curve,) = row.curves
        assert [point.bpp for point in curve.points] == pytest.approx([0.5, 0.6, 0.8, 1.0], rel=0.1)
    table = (tmp_path / "out/try/table.md").read_text()
    assert "at 0.70 bpp" in table
    assert all((tmp_path / "out/try" / name).is_file() for name in ("table.tex", "table.csv", "report.html"))
    assert json.loads((tmp_path / "out/try/results.json").read_text())["crops"]


@pytest.fixture
def warm_trainings(tmp_path, monkeypatch):
    """Trainings are forked from a process that has the imports done; what they say goes to a file."""

    def start(command, start_new_session):
        assert command[0] == sys.executable and start_new_session  # noqa: PT018
        return WarmProcess(command[1:], tmp_path / "said")

    monkeypatch.setattr(runs, "subprocess", SimpleNamespace(Popen=start))


def test_seeds_are_trained_apart_and_reported_as_means(tmp_path, capsys, monkeypatch, warm_trainings):
    monkeypatch.setattr(write, "write_plots", lambda *_: [])  # they take long, and others test them
    small = {"train:total_iter": 2, "val:val_freq": 2}
    names = ("plain", "changed")
    made = [write_options(tmp_path / f"{n}.yml", tiny_training(tmp_path, name=n, **small)) for n in names]
    words = [*map(str, made), "--data", f"photos={write_photographs(tmp_path / 'photos', 2, 96, 128)}"]
    words += ["--rates", "0.6", "0.7", "0.8", "--target_bpp", "0.7", "--output", str(tmp_path / "out"), "--seeds"]
    assert main([*words, "3", "4"]) == 0
    trained = [tmp_path / folder / "plain/models/net_g_2.pth" for folder in ("experiments", "experiments_4")]
    before = [path.stat().st_mtime_ns for path in trained]
    one, other = (load_results(tmp_path / f"out/seed_{seed}") for seed in (3, 4))
    mean = load_results(tmp_path / "out")
    assert [row.name for row in mean.rows] == list(names)
    for row, first, second in zip(mean.rows, one.rows, other.rows, strict=True):
        point, *seeds = (each.curves[0].points[1] for each in (row, first, second))
        assert point.psnr_rgb == pytest.approx(sum(each.psnr_rgb for each in seeds) / 2)
        assert point.spread["psnr_rgb"] == pytest.approx(abs(seeds[0].psnr_rgb - seeds[1].psnr_rgb) / 2**0.5)
        assert point.spread["psnr_rgb"] > 0
    assert " ± " in (tmp_path / "out/table.md").read_text()
    capsys.readouterr()
    assert main([*words, "3", "4"]) == 0  # nothing is trained again
    assert [path.stat().st_mtime_ns for path in trained] == before
    assert capsys.readouterr().err.count("already finished") == 4


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--rates", "0.1", "0.2"], "results are not extrapolated"),
        (["--rates", "0", "0.5"], "results are not extrapolated"),
        (["--data", "no/name"], "--data must be NAME"),
        (["--data", "photos=nowhere"], "nowhere"),
        (["--data", "missing.yml"], "missing.yml"),
        (["--max_minutes", "0"], "--max_minutes"),
        (["--force_yml", "train:no_such=1"], "no_such"),
    ],
)
def test_mistakes_are_said_before_anything_is_trained(tmp_path, monkeypatch, capsys, words, sentence):
    monkeypatch.setattr(run_ablation, "train_all", lambda *arguments: pytest.fail("it trains"))
    file = write_options(tmp_path / "plain.yml", tiny_training(tmp_path, name="plain"))
    data = [] if "--data" in words else ["--data", f"photos={write_photographs(tmp_path / 'photos', 1)}"]
    assert main([str(file), *data, *words]) == 1
    assert sentence in capsys.readouterr().err


def test_what_a_benchmarks_options_say_is_taken(tmp_path, monkeypatch):
    write_photographs(tmp_path / "photos", 1)
    rows = [{"name": "JPEG", "method": {"type": "Jpeg"}}]
    benchmark = {
        "name": "mine",
        "scale": 4,
        "protocol": "sr",
        "target_bpp": 0.25,
        "datasets": {"photos": {"type": "HRImageDataset", "dataroot_gt": str(tmp_path / "photos")}},
        "rows": rows,
    }
    file = write_options(tmp_path / "plain.yml", tiny_training(tmp_path, name="plain"))
    words = run_ablation.parse([str(file), "--data", str(write_options(tmp_path / "mine.yml", benchmark))])
    options = run_ablation.open_benchmark(words, run_ablation.open_runs([file], []))
    assert (options.protocol, options.target_bpp, options.anchor) == ("sr", 0.25, "plain")
    assert options.results_root / options.name == Path("results/ablation/mine")


def test_the_shipped_files_are_the_default(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(ABLATION.parents[1])
    assert next(path.stem for path in run_ablation.default_files()) == "predicted"
    assert {path.stem for path in run_ablation.default_files()} == set(CHANGES)
    monkeypatch.chdir(tmp_path)
    assert main([]) == 1
    assert "options/ablation" in capsys.readouterr().err
