"""SHA256SUMS beside the models that ship: `sha256sum -c SHA256SUMS` checks them, and so does every use of one."""

from __future__ import annotations

import hashlib
from pathlib import Path

from hyperthumb.base.errors import CheckpointError
from hyperthumb.base.files import write_atomically

FILE_NAME = "SHA256SUMS"
_LFS_POINTER = b"version https://git-lfs"


def record(path: Path) -> None:
    """Puts a file's checksum into the list beside it; files that are there no more leave the list.

    Raises:
        HyperthumbError: when the list cannot be written.
    """
    sums = {name: digest for name, digest in read_sums(path.parent).items() if (path.parent / name).is_file()}
    sums[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    text = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
    write_atomically(path.parent / FILE_NAME, text.encode())


def verify(path: Path) -> None:
    """Refuses a file that is not the one that shipped.

    Raises:
        CheckpointError: when it is half a file, another one, or not in the list; the message says what to do.
    """
    expected = read_sums(path.parent).get(path.name)
    if expected is None:
        raise CheckpointError(f"{path} is not in the list {FILE_NAME} beside it: {_remedy(path)}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({error.strerror or error}): {_remedy(path)}") from error
    if content.startswith(_LFS_POINTER):
        raise CheckpointError(f"{path} is not the model but git-lfs's note of where it is; `git lfs pull` fetches it")
    if hashlib.sha256(content).hexdigest() != expected:
        raise CheckpointError(
            f"{path} is damaged or not whole ({len(content):,} bytes, and not the checksum in {FILE_NAME}): "
            f"{_remedy(path)}"
        )


def read_sums(folder: Path) -> dict[str, str]:
    """File names to hexadecimal digests, as the folder's list has them; nothing when there is no list."""
    try:
        lines = (folder / FILE_NAME).read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.split(maxsplit=1) for line in lines if line.strip())
    return {name.removeprefix("*"): digest for digest, name in pairs}


def _remedy(path: Path) -> str:
    return f"install hyperthumb anew, or fetch the file again, or name another model than {path.stem}"
