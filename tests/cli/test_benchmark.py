"""hyperthumb benchmark and hyperthumb report."""

from __future__ import annotations

from tests.benchmark.runs import RIVAL, small_benchmark, write_benchmark
from tests.support import write_options


def test_benchmark_and_report(run, tmp_path):
    """A row that fails is an exit code of 1 after everything else was written; the report is made again as it was."""
    code, out, err = run("benchmark", "-opt", str(write_benchmark(tmp_path)), model=False)
    assert code == 1
    assert "## photos, 2 images, at 0.80 bpp" in out
    assert f"failed: {RIVAL}\n" in err
    assert "warning: BD-rates need 6 points of a curve or more; fewer have: Bicubic & JPEG & Bicubic, tiny" in err

    folder = tmp_path / "results/small"
    made = ("table.md", "table.tex", "table.csv", "rd_photos.png", "rd_photos.svg", "thumb_photos.png")
    before = {name: (folder / name).read_bytes() for name in made}
    for name in made:
        (folder / name).unlink()
    code, out, err = run("report", str(folder / "results.json"), model=False)
    assert code == 0
    assert "warning: " in err
    assert {name: (folder / name).read_bytes() for name in made} == before
    assert all(str(folder / name) in out for name in made)


def test_a_benchmark_without_failures_exits_with_0(run, tmp_path):
    options = small_benchmark(tmp_path, anchor=None, crops=[])
    options["rows"] = options["rows"][:1]
    path = write_options(tmp_path / "one.yml", options)
    code, out, err = run("benchmark", "-opt", str(path), "--force_yml", "target_bpp=0.5", "name=other", model=False)
    assert code == 0
    assert [line.split(" on ")[0] for line in err.splitlines()] == [
        f"{2 * number} of 6 images: Bicubic & JPEG & Bicubic quality={quality}"
        for number, quality in ((1, 40), (2, 80), (3, 96))
    ]
    assert "at 0.50 bpp" in out
    assert (tmp_path / "results/other/results.json").is_file()


def test_mistakes_end_with_a_message(run, tmp_path):
    code, _, err = run("benchmark", "-opt", str(write_benchmark(tmp_path, anchor="nobody")), model=False)
    assert code == 2
    assert "error: " in err
    assert 'there is no row "nobody"' in err
    code, _, err = run("benchmark", "-opt", str(write_benchmark(tmp_path, published=["nothing"])), model=False)
    assert code == 2
    assert 'there are no figures of "nothing"' in err
    code, _, err = run("report", str(tmp_path), model=False)
    assert code == 1
    assert "there are no results at" in err
