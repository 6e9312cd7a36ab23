"""`run_test.py`: measures a network and baselines on test sets, and writes files, numbers and a table."""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Sequence
from pathlib import Path

from hyperthumb.base.errors import OptionsWarning
from hyperthumb.base.output import entry_point, warnings_as_lines


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="run_test.py",
        description="Measures a network on test sets: writes .jpg thumbnails, reads them back, restores and compares.",
        epilog="example: run_test.py -opt options/test/kodak_4x.yml --model experiments/mine --data my/photos",
    )
    parser.add_argument("-opt", required=True, metavar="FILE.yml", help="the options file")
    parser.add_argument(
        "--force_yml", nargs="+", default=[], metavar="a:b=c", help="set an option, such as val:protocol=sr"
    )
    parser.add_argument(
        "--model",
        help="what to measure instead of the options' network: a training's folder, a checkpoint in it, a model file, "
        "or the name of a model that ships",
    )
    parser.add_argument(
        "--data", nargs="+", default=[], metavar="FOLDER", help="test sets that take the place of the options' sets"
    )
    parser.add_argument(
        "--plugin",
        action="append",
        default=[],
        metavar="MODULE",
        help="import this module of yours, which the model needs",
    )
    return parser.parse_args(argv)


def settings_of(model: str | None, folders: Sequence[str]) -> list[str]:
    """`--model` and `--data` as `--force_yml` entries; what the options say in their place is not looked at."""
    settings = []
    if model is not None:
        settings += [f"model={json.dumps(model)}", "network_g=~", "path:pretrain_network_g=~"]
    if folders:
        settings.append(f"datasets={json.dumps(_test_sets(folders))}")
    return settings


def _test_sets(folders: Sequence[str]) -> dict[str, dict[str, str]]:
    """Each is named by its folder; `photos`, `photos_2` where several have one name."""
    sets: dict[str, dict[str, str]] = {}
    for folder in folders:
        path = Path(folder).expanduser().resolve()
        names = (path.name if number == 1 else f"{path.name}_{number}" for number in range(1, len(folders) + 1))
        name = next(name for name in names if name not in sets)
        sets[name] = {"name": name, "type": "HRImageDataset", "dataroot_gt": str(path)}
    return sets


@entry_point
def main(argv: Sequence[str] | None = None) -> int:
    """Measures; returns the process's exit code."""
    arguments = parse_arguments(argv)
    with warnings_as_lines():
        warnings.simplefilter("always", OptionsWarning)
        from hyperthumb.base.plugins import import_plugin
        from hyperthumb.config import load_test_options

        for name in arguments.plugin:
            import_plugin(name, Path(arguments.opt).parent)
        settings = settings_of(arguments.model, arguments.data)
        options = load_test_options(arguments.opt, [*settings, *arguments.force_yml])
        from .testing import test

        test(options)
    return 0
