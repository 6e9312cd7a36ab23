"""The reference of options: up to date, complete, and true."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from hyperthumb.base.errors import OptionsError
from hyperthumb.config.complaints import Complaints
from hyperthumb.config.reference import KINDS, descriptions, look_up, settings_of
from hyperthumb.config.tree import plain
from hyperthumb.config.yaml_text import parse

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "options").rglob("*.yml"))
SCHEMAS = ROOT / "options/schema"


def kind_of(path: Path) -> str:
    kind = path.relative_to(ROOT / "options").parts[0]
    return "train" if kind == "ablation" else kind


def mistakes(kind: str, text: str) -> list[str]:
    """What an editor marks in an options file."""
    schema = json.loads((SCHEMAS / f"{kind}.json").read_text(encoding="utf-8"))
    found = jsonschema.Draft7Validator(schema).iter_errors(plain(parse(text, "o.yml", Complaints())))
    return [f"{'.'.join(map(str, error.path))}: {error.message}" for error in found]


def test_page_and_schemas_are_up_to_date(tmp_path):
    """Written by a process of its own: other tests register classes. Otherwise: scripts/write_options_reference.py."""
    command = [sys.executable, str(ROOT / "scripts/write_options_reference.py"), str(tmp_path)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    for name in ("docs/options.md", *(f"options/schema/{kind}.json" for kind in KINDS)):
        assert (tmp_path / name).read_bytes() == (ROOT / name).read_bytes(), f"{name} is stale"


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_is_described(kind):
    settings = list(settings_of(KINDS[kind][1]))
    assert [setting.path for setting in settings if not setting.text] == []
    paths = [setting.path for setting in settings]
    assert len(set(paths)) == len(paths) >= 30


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_files_name_their_schema_and_satisfy_it(path):
    text = path.read_text(encoding="utf-8")
    schema = os.path.relpath(SCHEMAS / f"{kind_of(path)}.json", path.parent).replace(os.sep, "/")
    assert text.startswith(f"# yaml-language-server: $schema={schema}\n")
    assert mistakes(kind_of(path), text) == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("train", "train: {total_itr: 3}"),
        ("train", "train: {total_iter: 0}"),
        ("train", "datasets: {train: {type: HRImageDataset, gt_sze: 64}}"),
        ("train", "network_g: {type: HyperThumbnail, encoder: {type: LiteEncoder, num_fet: 8}}"),
        ("test", "baselines: [{type: BicubicJpeg, quality: 101}]"),
        ("benchmark", "rows: [{name: a, modl: lite_4x}]"),
    ],
)
def test_editors_mark_mistakes(kind, text):
    assert mistakes(kind, text)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("train", "datasets: {val_2: {type: MyOwn, anything: 3}}\nnetwork_g: {replace: true, type: IRN}"),
        ("benchmark", "base: other.yml\nrows: {append: [{name: a, model: lite_4x}]}"),
        ("train", "val: ~\ntrain: {losses: {guide: {type: MSELoss, weight: 1}}}"),
    ],
)
def test_editors_leave_alone_what_is_allowed(kind, text):
    assert mistakes(kind, text) == []


def test_looking_up():
    assert look_up("train.total_iter") == [
        "A training:",
        "- `train.total_iter` (a whole number from 1; required): The number of optimizer steps.",
    ]
    assert [line[:22] for line in look_up("gt_size")] == ["A training:", "- `datasets.train.gt_s"]
    assert any("`num_feat` (a whole number from 1" in line for line in look_up("LiteDecoder"))
    assert any("`rows[].refine`" in line for line in look_up("rows"))
    assert len(look_up(None)) > 100
    with pytest.raises(OptionsError, match='no key, section or class "totl_iter"; did you mean "total_iter"'):
        look_up("totl_iter")


def test_descriptions_come_from_docstrings():
    class Wheel:
        """It turns.

        Attributes:
            spokes: how many it has,
                on one side.
        """

        def __init__(self, size: int) -> None:
            """Make one.

            Args:
                size: in cm.

            Raises:
                ValueError: never.
            """

    assert descriptions(Wheel) == {"spokes": "how many it has, on one side.", "size": "in cm."}
