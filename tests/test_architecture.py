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
IN_ROOMS = [path for path in FILES if path.parent != PACKAGE]

# A room may import these rooms and top-level modules of ours, and itself.
ALLOWED = {
    "jpeg": {"constants", "errors", "noise"},
    "archs": {"constraints", "errors", "jpeg", "noise", "registry", "rescaling", "resize", "weights"},
    "losses": {"errors", "registry"},
    "metrics": {"errors", "pixels", "tiles", "weights"},
    "data": {"errors", "files", "pictures", "registry", "wording"},
    "config": {"basicsr_bridge", "constraints", "errors", "registry", "rescaling", "wording"},
    "baselines": {
        "archs", "constraints", "errors", "jpeg", "networks", "pixels", "registry", "resize", "tiles", "weights",
    },
    "evaluation": {
        "errors", "registry", "rescaling", "resize", "config", "data", "metrics", "jpeg", "baselines", "networks",
        "weights", "environment", "files", "thumbnails", "tiling",
    },
    "benchmark": {
        "baselines", "config", "data", "environment", "errors", "evaluation", "files", "metrics", "model_file",
        "networks", "pictures", "registry", "rescaling", "thumbnails", "tiling", "weights", "wording", "zoo",
    },
    "zoo": {"errors", "files", "model_header", "wording"},
    "cli": {"benchmark", "config", "errors", "files", "pictures", "wording", "jpeg", "codec", "model_header", "zoo"},
    "training": {
        "errors", "pixels", "registry", "rescaling", "resize", "config", "data", "metrics", "losses", "evaluation",
        "networks", "weights", "environment", "files", "noise",
    },
}  # fmt: skip

ONE_DOOR = {
    "jpeglib": "jpeg/backends/",
    "torchjpeg": "jpeg/backends/torchjpeg_backend.py",
    "mozjpeg_lossless_optimization": "jpeg/profiles.py",
    "bjontegaard": "benchmark/values.py",
    "matplotlib": "benchmark/plots.py",
    "pillow_jxl": "baselines/full_size.py",
    "compressai": ("archs/rate_model.py", "baselines/learned_codec_jpeg.py"),  # a prior of ours; a rival
    "lpips": "metrics/lpips.py",
    "basicsr": "basicsr_bridge.py",
    "wandb": "training/logging/board.py",
    "torch.utils.tensorboard": "training/logging/board.py",
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


@pytest.mark.parametrize("path", IN_ROOMS, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_rooms_know_only_their_neighbours(path):
    room = path.relative_to(PACKAGE).parts[0]
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "hyperthumb" and len(parts) > 1 and parts[1] != room:
            known = (PACKAGE / parts[1]).is_dir() or (PACKAGE / f"{parts[1]}.py").exists()
            assert not known or parts[1] in ALLOWED[room], f"{room} must not import {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_one_import_point_for_each_heavy_package(path):
    here = path.relative_to(PACKAGE).as_posix()
    for name in imports(path):
        for package, door in ONE_DOOR.items():
            if name == package or name.startswith(f"{package}."):
                assert here.startswith(door), f"{here} imports {package}; only {door} may"


def test_rooms_are_all_listed():
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    assert rooms == set(ALLOWED)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_file_is_too_long(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import hyperthumb, hyperthumb.config", ["torch"]),
        ("import hyperthumb.cli.main", ["torch", "numpy", "PIL", "tqdm"]),
        ("import hyperthumb.zoo.cards, hyperthumb.cli.models", ["torch", "numpy", "PIL", "tqdm", "yaml"]),
        ("import hyperthumb.benchmark.report, hyperthumb.cli.report", ["torch", "matplotlib", "scipy", "bjontegaard"]),
        ("import hyperthumb.jpeg.file", ["torch", "torchvision", "compressai", "basicsr", "lpips"]),
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
