"""Checks that a photo set is complete and as published. Every picture is decoded, in order to find damage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.data.image_io import list_images, read_image

from .catalog import PhotoSet
from .digests import KnownPicture, known_pictures, pixel_digest
from .manifest import read_manifest
from .unfinished import in_threads


class Seen(NamedTuple):
    """A picture file after decoding: `picture` if it succeeded, `problem` if it failed; the other is None."""

    file: str
    picture: KnownPicture | None
    problem: str | None


class SetCheck(NamedTuple):
    """The result of checking a set.

    Attributes:
        photo_set: the set.
        folder: the set's folder.
        found: the number of picture files in it.
        problems: sentences about what is wrong; empty if the set is correct.
        notes: sentences about acceptable differences.
    """

    photo_set: PhotoSet
    folder: Path
    found: int
    problems: tuple[str, ...]
    notes: tuple[str, ...]


Progress = Callable[[Iterable[Seen], int], Iterable[Seen]]


def check_set(photo_set: PhotoSet, root: Path, jobs: int = 1, progress: Progress | None = None) -> SetCheck:
    """Checks one set.

    Args:
        photo_set: the set.
        root: the folder of all sets, HYPERTHUMB_DATA.
        jobs: the number of pictures decoded at a time.
        progress: wraps the iterator over decoded pictures; it also gets their number.
    """
    folder = root / photo_set.folder
    try:
        files = list_images(folder)
        known = _known(photo_set, folder)
    except HyperthumbError as error:
        return SetCheck(photo_set, folder, 0, (str(error),), ())
    results: Iterable[Seen] = in_threads(partial(_look, folder), files, jobs)
    seen = list(results if progress is None else progress(results, len(files)))
    problems = [f"{picture.file}: {picture.problem}" for picture in seen if picture.problem]
    notes: list[str] = []
    if known:
        problems += _compare_pixels(seen, known, photo_set.layouts, notes)
    elif photo_set.files:
        problems += _compare_names(files, photo_set.files)
    if photo_set.sizes:
        problems += _compare_sizes(seen, photo_set)
    if photo_set.pictures is not None and len(files) != photo_set.pictures:
        problems.insert(0, f"{len(files)} pictures instead of {photo_set.pictures}")
    return SetCheck(photo_set, folder, len(files), tuple(problems), tuple(notes))


def _known(photo_set: PhotoSet, folder: Path) -> Mapping[str, tuple[KnownPicture, ...]]:
    if not photo_set.has_manifest:
        return known_pictures(photo_set.name)
    entries = read_manifest(folder)
    return {Path(entry.file).stem: (KnownPicture(entry.height, entry.width, entry.sha256),) for entry in entries}


def _look(folder: Path, file: str) -> Seen:
    try:
        pixels = read_image(folder / file)
    except HyperthumbError as error:
        return Seen(file, None, str(error).removeprefix(f"{folder / file}: "))
    height, width, _ = pixels.shape
    return Seen(file, KnownPicture(height, width, pixel_digest(pixels)), None)


def _compare_pixels(
    seen: Sequence[Seen], known: Mapping[str, tuple[KnownPicture, ...]], layouts: Sequence[str], notes: list[str]
) -> list[str]:
    """Messages about missing, different and duplicate pictures. Files may have any name."""
    by_digest = {picture.sha256: (name, form) for name, forms in known.items() for form, picture in enumerate(forms)}
    matched: dict[str, str] = {}
    accounted: set[str] = set()
    forms_seen: list[int] = []
    problems = []
    for file, picture, _ in seen:
        own_name = PurePosixPath(file).stem
        if picture is None:
            accounted.add(own_name)
            continue
        name, form = by_digest.get(picture.sha256, (None, 0))
        if name is None and own_name not in known:
            problems.append(f"{file}: is not a picture of this set")
        elif name is None:
            accounted.add(own_name)
            problems.append(f"{file}: {_difference(picture, known[own_name])}")
        elif name in matched:
            problems.append(f"{file}: is the same picture as {matched[name]}")
        else:
            matched[name] = file
            forms_seen.append(form)
    problems += [f"{name}: is missing" for name in known if name not in matched and name not in accounted]
    renamed = sum(PurePosixPath(file).stem != name for name, file in matched.items())
    if renamed:
        notes.append(f"{renamed} have unusual names, but correct pixels")
    for form, layout in enumerate(layouts):
        if form in forms_seen:
            notes.append(f"{forms_seen.count(form)} {layout}")
    return problems


def _difference(picture: KnownPicture, forms: Sequence[KnownPicture]) -> str:
    sizes = [(form.height, form.width) for form in forms]
    if (picture.height, picture.width) in sizes:
        return "its pixels differ from those of the set; it was edited or recompressed"
    wanted = " or ".join(f"{width}x{height}" for height, width in sizes)
    return f"is {picture.width}x{picture.height} instead of {wanted}"


def _compare_names(files: Sequence[str], expected: Sequence[str]) -> list[str]:
    present, wanted = set(files), set(expected)
    extra = [f"{file}: is not a picture of this set" for file in files if file not in wanted]
    return [f"{file}: is missing" for file in expected if file not in present] + extra


def _compare_sizes(seen: Sequence[Seen], photo_set: PhotoSet) -> list[str]:
    rule = photo_set.sizes
    assert rule is not None
    return [
        f"{file}: is {picture.width}x{picture.height}, not of {rule}"
        for file, picture, _ in seen
        if picture is not None and not rule.allows(picture.height, picture.width)
    ]
