"""The checksums of the shipped models, SHA256SUMS (also for `sha256sum -c`). Every use of a model checks them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from hyperthumb.base.errors import CheckpointError

FILE_NAME = "SHA256SUMS"
_LFS_POINTER = b"version https://git-lfs"


def verify(path: Path) -> None:
    """Checks that a file is the one that was shipped.

    Raises:
        CheckpointError: when the file is incomplete or changed, or the list lacks it. The message says what to do.
    """
    expected = read_sums(path.parent).get(path.name)
    if expected is None:
        raise CheckpointError(f"{path} is not listed in {FILE_NAME} of its folder: {_remedy(path)}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({error.strerror or error}): {_remedy(path)}") from error
    if content.startswith(_LFS_POINTER):
        raise CheckpointError(f"{path} is a git-lfs pointer, not the model; run `git lfs pull` to fetch it")
    if hashlib.sha256(content).hexdigest() != expected:
        raise CheckpointError(
            f"{path} is damaged or incomplete: its {len(content):,} bytes do not have the checksum in {FILE_NAME}; "
            f"{_remedy(path)}"
        )


def read_sums(folder: Path) -> dict[str, str]:
    """Reads the folder's list: hexadecimal digests by file name; empty if there is no list."""
    try:
        lines = (folder / FILE_NAME).read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.split(maxsplit=1) for line in lines if line.strip())
    return {name.removeprefix("*"): digest for digest, name in pairs}


def _remedy(path: Path) -> str:
    return f"reinstall hyperthumb, fetch the file again, or use another model than {path.stem}"
