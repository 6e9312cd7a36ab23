"""Lists, checks and converts the sets of photographs.

    python scripts/prepare_data.py list
    python scripts/prepare_data.py show div2k_train                    # source, terms, layout, expected content
    python scripts/prepare_data.py verify kodak set5                   # or: --verify kodak set5, --verify --all
    python scripts/prepare_data.py subimages datasets/DIV2K/DIV2K_train_HR datasets/DIV2K/DIV2K_train_HR_sub
    python scripts/prepare_data.py lmdb datasets/DIV2K/DIV2K_train_HR_sub datasets/DIV2K/DIV2K_train_HR_sub.lmdb
    python scripts/prepare_data.py fivek6k FIVEK/tiff16_c datasets/fivek6k

Sets are folders in HYPERTHUMB_DATA (default: datasets). Nothing is downloaded. The exit code is 1 for problems with
the data, and 2 for wrong arguments.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from tqdm import tqdm

from data_sets.catalog import PHOTO_SETS, PhotoSet
from data_sets.digests import known_pictures
from data_sets.fivek6k import build_fivek6k
from data_sets.lmdb_writer import write_lmdb
from data_sets.manifest import FILE_NAME
from data_sets.set_check import check_set
from data_sets.subimages import cut_subimages
from hyperthumb.base.output import emit, entry_point
from hyperthumb.cli.arguments import positive_int
from hyperthumb.data import HRImageDataset

MOST_COMPLAINTS = 20
_Item = TypeVar("_Item")


@entry_point
def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns 0, 1 for problems with the data, or 2 for wrong arguments (through argparse)."""
    options = parse(list(sys.argv[1:] if arguments is None else arguments))
    return options.run(options)


def parse(words: list[str]) -> argparse.Namespace:
    if "--verify" in words:  # as an option before, after or without the names
        words = ["verify", *(word for word in words if word != "--verify")]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, run: object, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        command.set_defaults(run=run)
        return command

    add("list", run_list, "list all known sets and whether they are present")
    show = add("show", run_show, "describe a set: source, terms, layout")
    show.add_argument("name", choices=PHOTO_SETS)

    verify = add("verify", run_verify, "decode every picture of the sets and compare it with the published one")
    verify.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(PHOTO_SETS)}")
    verify.add_argument("--all", action="store_true", help="every set")

    cut = add("subimages", run_subimages, "cut photographs into overlapping squares, as BasicSR does with DIV2K")
    cut.add_argument("--size", type=positive_int, default=480, help="side of a square in pixels (default %(default)s)")
    cut.add_argument(
        "--step", type=positive_int, default=240, help="distance of squares in pixels (default %(default)s)"
    )
    store = add("lmdb", run_lmdb, "put a folder of pictures into an LMDB store in BasicSR's layout")
    store.add_argument(
        "--compress_level", type=int, choices=range(10), default=1, help="compression level of the PNGs (default 1)"
    )
    fivek = add("fivek6k", run_fivek6k, "make the 6K set from one expert's TIFF files of MIT-Adobe FiveK")
    for command, target in ((cut, "the folder to create"), (store, "STORE.lmdb"), (fivek, "the folder to create")):
        command.add_argument("source", type=Path, help="a folder of pictures; subfolders are searched")
        command.add_argument("target", type=Path, help=f"{target}; it must not exist")
    for command in (verify, cut, fivek):
        command.add_argument(
            "--jobs", type=positive_int, default=os.cpu_count() or 1, metavar="N",
            help="pictures processed at a time (default: one per core)",
        )  # fmt: skip

    options = parser.parse_args(words)
    if options.run is run_verify:
        if bool(options.names) == options.all:
            verify.error("give either the names of sets or --all")
        for name in options.names:
            if name not in PHOTO_SETS:
                verify.error(f'unknown set "{name}"; choose from {", ".join(PHOTO_SETS)}')
    return options


def run_list(options: argparse.Namespace) -> int:
    for photo_set in PHOTO_SETS.values():
        state = "present" if folder_of(photo_set).is_dir() else "absent"
        emit(f"{photo_set.name:12} {state:7} {photo_set.title}")
    return 0


def run_show(options: argparse.Namespace) -> int:
    photo_set = PHOTO_SETS[options.name]
    facts = [("folder", str(folder_of(photo_set)))]
    facts += [("source", source) for source in photo_set.sources]
    facts += [
        ("archive", f"{archive.url}\n{archive.size:,} bytes, sha256 {archive.sha256}") for archive in photo_set.archives
    ]
    facts += [("do", photo_set.how), ("terms", photo_set.terms)]
    facts.append(("pictures", str(photo_set.pictures or "any number")))
    if photo_set.files:
        facts.append(("names", f"{photo_set.files[0]} to {photo_set.files[-1]}"))
    if photo_set.sizes:
        facts.append(("sizes", str(photo_set.sizes)))
    facts += [("layout", layout) for layout in photo_set.layouts]
    facts.append(("verified", how_verified(photo_set)))
    emit(photo_set.title)
    for word, text in facts:
        emit(f"  {word:9} " + text.replace("\n", "\n" + " " * 12))
    return 0


def how_verified(photo_set: PhotoSet) -> str:
    if known_pictures(photo_set.name):
        return "the pixels of every picture, in any lossless format and with any name"
    if photo_set.has_manifest:
        return f"the pixels of every picture, with {FILE_NAME} of the set"
    return "the names and sizes, and that every picture decodes" if photo_set.files else "that every picture decodes"


def run_verify(options: argparse.Namespace) -> int:
    root, failed = data_root(), 0
    names = PHOTO_SETS if options.all else dict.fromkeys(options.names)
    for name in names:
        check = check_set(PHOTO_SETS[name], root, options.jobs, lambda items, count, name=name: bar(items, count, name))
        for note in check.notes:
            emit(f"{name}: note: {note}")
        if not check.problems:
            emit(
                f"{name}: {check.found} pictures in {check.folder}: correct (checked: {how_verified(check.photo_set)})"
            )
            continue
        failed += 1
        count = f"{len(check.problems)} problem" + "s" * (len(check.problems) > 1)
        emit(f"{name}: {count} in {check.folder}; `prepare_data.py show {name}` describes the set")
        complain(check.problems)
    if failed:
        print(f"{failed} of {len(names)} sets have problems", file=sys.stderr)
    return int(failed > 0)


def run_subimages(options: argparse.Namespace) -> int:
    cuts = cut_subimages(options.source, options.target, options.size, options.step, options.jobs, bar)
    problems = [cut.problem for cut in cuts if cut.problem]
    small = [cut.file for cut in cuts if not cut.squares and not cut.problem]
    complain([f"{file}: skipped, because it is smaller than {options.size}x{options.size}" for file in small])
    squares, written = sum(cut.squares for cut in cuts), sum(cut.written for cut in cuts)
    return report(options.target, f"{squares} squares of {len(cuts)} photographs, {written} written now", problems)


def run_lmdb(options: argparse.Namespace) -> int:
    source = HRImageDataset(str(options.source))
    write_lmdb(source, options.target, options.compress_level, bar(range(len(source)), len(source)))
    return report(options.target, f"{len(source)} pictures", [])


def run_fivek6k(options: argparse.Namespace) -> int:
    built = build_fivek6k(options.source, options.target, options.jobs, bar)
    problems = built.unreadable + [result.problem for result in built.converted if result.problem]
    said = f"{len(built.converted)} photographs of 6K; {built.others} of other sizes were skipped"
    return report(options.target, said, problems)


def report(target: Path, said: str, problems: Sequence[str]) -> int:
    """Prints the result and returns the exit code."""
    if not problems:
        print(f"{target}: {said}")
        return 0
    complain(problems)
    print(
        f"error: {len(problems)} pictures could not be used; the others are in {target}.partial. Repair or remove "
        "those files and run the same command again",
        file=sys.stderr,
    )
    return 1


def complain(problems: Sequence[str]) -> None:
    for problem in problems[:MOST_COMPLAINTS]:
        print(f"  {problem}", file=sys.stderr)
    if len(problems) > MOST_COMPLAINTS:
        print(f"  and {len(problems) - MOST_COMPLAINTS} more", file=sys.stderr)


def bar(items: Iterable[_Item], count: int, label: str | None = None) -> Iterable[_Item]:
    return tqdm(items, label, count, unit="image", disable=not sys.stderr.isatty(), leave=False)


def data_root() -> Path:
    return Path(os.environ.get("HYPERTHUMB_DATA", "datasets"))


def folder_of(photo_set: PhotoSet) -> Path:
    return data_root() / photo_set.folder


if __name__ == "__main__":
    sys.exit(main())
