"""Who may know whom (docs/architecture.md), held by walking the imports."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "hyperthumb"
FILES = sorted(PACKAGE.rglob("*.py"))
# The floors of the house, from the ground up. A folder imports from the folders named beside it, and from no other.
ALLOWED = {
    "base": set(),
    "images": {"base"},
    "jpeg/backends": {"base"},
    "jpeg": {"base", "jpeg/backends"},
    "models": {"base", "images"},
    "models/zoo": {"base", "models"},
    "plugin_names": {"base", "models"},
    "archs/rows": {"base", "images", "jpeg", "models"},
    "archs/official": {"base"},
    "archs/rivals": {"archs", "base", "images", "jpeg", "models"},
    "archs": {"archs/official", "archs/rows", "base", "images", "jpeg", "models"},
    "losses": {"base", "metrics"},
    "metrics": {"base", "images", "models"},
    "data": {"base", "config", "images"},
    "config": {"base", "models"},
    "runtime": {"base", "images", "jpeg", "metrics", "models"},
    "codec": {"base", "config", "images", "jpeg", "jpeg/backends", "metrics", "models", "models/zoo", "runtime"},
    "baselines": {"base", "images", "jpeg", "jpeg/backends", "models"},
    "evaluation": {
        "base", "baselines", "codec", "config", "data", "images", "jpeg", "metrics", "models", "models/zoo", "runtime",
    },
    "training": {
        "base", "config", "data", "evaluation", "images", "losses", "metrics", "models",
    },
    "benchmark": {"base", "baselines", "codec", "config", "data", "evaluation", "metrics", "models", "models/zoo"},
    "benchmark/report": {"base", "benchmark", "images", "metrics"},
    "gallery": {"base", "runtime"},
    "cli": {
        "base", "benchmark", "benchmark/report", "codec", "config", "gallery", "images", "jpeg", "models", "models/zoo",
        "runtime",
    },
    "": {"base", "cli", "codec", "images", "jpeg/backends", "runtime"},
}  # fmt: skip

ONE_DOOR = {
    "jpeglib": "jpeg/backends/",
    "torchjpeg": "jpeg/backends/torchjpeg_backend.py",
    "mozjpeg_lossless_optimization": "jpeg/profiles.py",
    "bjontegaard": "benchmark/report/curves.py",
    "jinja2": "benchmark/report/html_report.py",
    "matplotlib": "benchmark/report/plots.py",
    "pillow_jxl": "baselines/full_size.py",
    "onnx": "runtime/onnx_export.py",
    "openvino": "runtime/openvino_graph.py",
    "onnxruntime": ("runtime/session.py", "runtime/low_precision.py"),
    "compressai": ("archs/rate_model.py", "baselines/learned_codec_jpeg.py"),  # a prior of ours; a rival
    "lpips": "metrics/lpips.py",
    "spandrel": "baselines/super_resolution.py",
    "pytorch_msssim": "losses/structure.py",
    "basicsr": "base/basicsr_bridge.py",
    "wandb": "training/board.py",
    "torch.utils.tensorboard": "training/board.py",
}


def imports(path: Path) -> Iterator[str]:
    """Absolute names of everything a file imports, at any depth."""
    package = ["hyperthumb", *path.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def folder_of(name: str) -> str:
    """The folder of ours that a dotted name lies in: "archs/rows" for hyperthumb.archs.rows.inference."""
    place = PACKAGE
    for part in name.split(".")[1:]:
        if not (place / part).is_dir():
            break
        place = place / part
    return "" if place == PACKAGE else place.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_folder_imports_only_from_the_folders_named_beside_it(path):
    here = "/".join(path.relative_to(PACKAGE).parent.parts)
    for name in imports(path):
        if name.startswith("hyperthumb.") and name != "hyperthumb.__version__":
            there = folder_of(name)
            assert there == here or there in ALLOWED[here], f"{here or 'the root'} must not import {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_one_import_point_for_each_heavy_package(path):
    here = path.relative_to(PACKAGE).as_posix()
    for name in imports(path):
        for package, door in ONE_DOOR.items():
            if name == package or name.startswith(f"{package}."):
                assert here.startswith(door), f"{here} imports {package}; only {door} may"


def test_a_report_knows_of_a_benchmark_its_results_alone():
    modules = {name for path in (PACKAGE / "benchmark/report").glob("*.py") for name in imports(path)}
    measuring = [name for name in modules if name.startswith("hyperthumb.benchmark.") and ".report" not in name]
    assert measuring
    assert all(name.startswith("hyperthumb.benchmark.results") for name in measuring)


def test_every_folder_is_listed():
    assert {"/".join(path.relative_to(PACKAGE).parent.parts) for path in FILES} == set(ALLOWED)


def test_no_module_lies_outside_a_folder():
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py", "__main__.py"}


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import hyperthumb, hyperthumb.config", ["torch", "pydantic"]),
        ("import hyperthumb.cli.main", ["torch", "numpy", "PIL", "tqdm"]),
        ("import hyperthumb.models.zoo, hyperthumb.cli.models", ["torch", "numpy", "PIL", "tqdm", "yaml"]),
        (
            "import hyperthumb.benchmark.report.write, hyperthumb.cli.report",
            ["torch", "matplotlib", "scipy", "bjontegaard"],
        ),
        ("import hyperthumb.jpeg.file", ["torch", "torchvision", "compressai", "basicsr", "lpips"]),
        ("import hyperthumb.jpeg", ["torch", "numpy", "PIL"]),
        ("from hyperthumb.jpeg import read_jpeg, standard_tables, write_jpeg", ["torch"]),
        ("from hyperthumb.jpeg import JpegSimulator", ["torchvision", "compressai", "basicsr"]),
        ("from hyperthumb.metrics import measure, psnr", ["torch", "lpips"]),
        ("import hyperthumb.archs", ["torchvision", "compressai", "basicsr", "lpips", "tensorboard"]),
        ("import hyperthumb.training.build", ["torchvision", "compressai", "basicsr", "lpips", "tensorboard"]),
    ],
)
def test_heavy_imports_are_lazy(statement, absent):
    code = f"import sys; {statement}; print([m for m in {absent!r} if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent
    )
    assert result.stdout.strip() == "[]"
