"""What the tool imports: nobody waits for a package that is not used."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from hyperthumb.cli.main import main
from tests.support import photograph

ROOT = Path(__file__).parents[2]
HEAVY = (
    "basicsr", "compressai", "cv2", "lmdb", "lpips", "matplotlib", "pandas", "scipy", "skimage", "sympy", "tensorboard",
    "torch._dynamo", "torch._inductor", "torchjpeg", "torchvision", "wandb", "yaml",
)  # fmt: skip


def imported(arguments: list[str], names: tuple[str, ...]) -> list[str]:
    """Those of `names` that a process which runs the tool has imported at its end."""
    code = (
        "import sys; from hyperthumb.cli.main import main; code = main(sys.argv[1:])\n"
        f"print([name for name in {names!r} if name in sys.modules]); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60
    )
    found = done.stdout.splitlines()[-1]
    return [name for name in names if f"'{name}'" in found]


@pytest.fixture
def thumbnail(tmp_path: Path, tiny_model: Path) -> Path:
    Image.fromarray(photograph(60, 80)).save(tmp_path / "photo.png")
    assert main(["compress", str(tmp_path / "photo.png"), "--model", str(tiny_model), "-q"]) == 0
    return tmp_path / "photo.thumb.jpg"


def test_inspect_imports_no_torch(thumbnail):
    assert imported(["inspect", str(thumbnail), "-q"], ("torch", "jpeglib", "tqdm", "PIL", *HEAVY)) == []
    assert imported(["inspect", str(thumbnail), "-q", "--verify"], ("torch", "tqdm", *HEAVY)) == []


def test_models_imports_no_torch():
    assert imported(["models"], ("torch", "numpy", "PIL", "tqdm", *HEAVY)) == []


@pytest.mark.parametrize("command", ["inspect", "models"])
def test_commands_without_a_model_start_in_half_a_second(thumbnail, command):
    arguments = ["inspect", str(thumbnail), "-q"] if command == "inspect" else ["models"]
    # Of processor time, which a busy machine does not stretch; it is about 0.15.
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "hyperthumb", *arguments], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.5


def test_restore_imports_torch_and_nothing_heavier(thumbnail, tiny_model):
    arguments = ["restore", str(thumbnail), "-q", "--model", str(tiny_model)]
    assert imported(arguments, ("torch", *HEAVY)) == ["torch"]
    assert thumbnail.with_name("photo.restored.png").exists()


def test_a_mistake_is_found_before_torch_is_imported(thumbnail):
    code = (
        "import sys; from hyperthumb.cli.main import main; code = main(sys.argv[1:])\n"
        "assert code == 2; assert 'torch' not in sys.modules"
    )
    subprocess.run(
        [sys.executable, "-c", code, "restore", str(thumbnail), "--model", "nowhere"], check=True, cwd=ROOT, timeout=60
    )


def test_the_package_runs_as_a_module(thumbnail):
    done = subprocess.run(
        [sys.executable, "-m", "hyperthumb", "inspect", str(thumbnail)], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0
    assert "photograph  80x60" in done.stdout
