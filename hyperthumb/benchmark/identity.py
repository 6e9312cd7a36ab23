"""The digest of all that a number depends on. A finished point is reused only while its digest stays the same.

It covers the method with its arguments, the bytes of its weights, the setting, the protocol, the code that computes it
(comments and docstrings aside), the libraries, and, image by image, the pixels.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import inspect
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

import hyperthumb
from hyperthumb.base.component import Component
from hyperthumb.base.environment import package_versions
from hyperthumb.data import ImagePair
from hyperthumb.models.weights import sha256_of

_PACKAGE = Path(hyperthumb.__file__).parent
_ALWAYS = (
    "metrics/*.py", "evaluation/evaluator.py", "images/*.py", "jpeg/backends/*.py",
    "jpeg/file.py", "baselines/bicubic_jpeg.py", "baselines/pillow_jpeg.py", "baselines/complexity.py",
)  # fmt: skip
_NETWORKS = (
    "archs/**/*.py", "codec/*.py", "jpeg/*.py", "evaluation/network_rescaler.py", "models/*.py",
    "runtime/engine.py", "runtime/torch_engine.py",
)  # fmt: skip
_LIBRARIES = ("jpeglib", "mozjpeg-lossless-optimization", "numpy", "Pillow", "pillow-jxl-plugin", "torch")
_NETWORK_LIBRARIES = ("basicsr", "compressai")


def digest(content: Any) -> str:
    """The SHA-256 of plain values. The order of keys does not matter."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def is_network(component: Component) -> bool:
    """Whether a method consists of networks: one of its arguments is a component, or names files of weights."""
    return bool(files_of(component)) or any(hasattr(value, "arguments") for value in component.arguments.values())


def files_of(component: Component) -> list[Path]:
    """The files that a method's arguments name."""
    values = component.arguments.values()
    entries = [entry for value in values for entry in (value if isinstance(value, list) else [value])]
    return [entry for entry in entries if isinstance(entry, Path)]


def code_digest(cls: type | None, network: bool) -> str:
    """The digest of the code behind a method, as Python understands it.

    Args:
        cls: the method's class, with those that it inherits from; None for a model.
        network: whether networks take part.
    """
    patterns = (*_ALWAYS, *(_NETWORKS if network else ()))
    files = {path for pattern in patterns for path in _PACKAGE.glob(pattern)}
    for ancestor in inspect.getmro(cls) if cls else ():
        source = inspect.getsourcefile(ancestor) if ancestor.__module__ not in ("builtins", "abc", "typing") else None
        if source is not None:
            files.add(Path(source))
    return digest(sorted(_meaning(path) for path in files))


def library_versions(network: bool) -> dict[str, str]:
    """The installed versions of what numbers depend on."""
    return package_versions((*_LIBRARIES, *(_NETWORK_LIBRARIES if network else ())))


def image_digest(pair: ImagePair) -> str:
    """The SHA-256 of a photograph's pixels, and of its reference thumbnail where it brings one."""
    sha = hashlib.sha256()
    for picture in (pair.hr, pair.reference):
        sha.update(repr(None if picture is None else picture.shape).encode())
        if picture is not None:
            sha.update(np.ascontiguousarray(picture).data)
    return sha.hexdigest()


def files_digest(paths: Iterable[Path]) -> str:
    """One SHA-256 for the content of some files; of a single one it is that file's own.

    Raises:
        OSError: when one cannot be read.
    """
    digests = [sha256_of(path) for path in paths]
    return digests[0] if len(digests) == 1 else digest(digests)


def describe(value: Any) -> Any:
    """A component or an argument as plain values. The digest of a file's content replaces the file's name."""
    if hasattr(value, "arguments"):
        return {"type": value.type, "arguments": describe(value.arguments)}
    if isinstance(value, Path):
        return f"sha256:{sha256_of(value)}" if value.is_file() else f"missing: {value}"
    if isinstance(value, (list, tuple)):
        return [describe(item) for item in value]
    return {key: describe(item) for key, item in value.items()} if isinstance(value, dict) else value


@functools.cache
def _meaning(path: Path) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            node.body = node.body[ast.get_docstring(node, clean=False) is not None :]
    return hashlib.sha256(f"{path.name} {ast.dump(tree)}".encode()).hexdigest()
