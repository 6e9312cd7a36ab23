"""Exports a model as ONNX files that do not need PyTorch: encoder, tables and decoder. Each is checked."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from torch import nn

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.files import make_folder, write_atomically
from hyperthumb.base.limits import GRAPH_PRECISIONS, GraphPrecision
from hyperthumb.base.quiet import silently
from hyperthumb.base.version import __version__
from hyperthumb.base.wording import counted
from hyperthumb.models.contract import Graphs
from hyperthumb.models.file import LoadedModel
from hyperthumb.models.header import SUFFIX, is_training

from . import low_precision
from .exported_engine import graph_path
from .loss import decoder_loss, dequantized, encoder_loss, in_whole_blocks
from .manifest import PARTS, Manifest, Part, side_axes
from .onnx_export import remove_traces, store_halves, to_onnx
from .reach import WHOLE, decoder_reach, encoder_reach
from .session import Session
from .verify import LOSS_DB, Difference, check_float, example_coefficients, example_pictures

Parts = Literal["decoder", "encoder", "both"]

_GRAPHS: dict[str, tuple[Part, ...]] = {
    "decoder": ("decoder",), "encoder": ("encoder", "tables"), "both": PARTS,
}  # fmt: skip

_MOST_KEPT = 2
"""Convolutions that int8 may leave in float32 besides the first and the last, where it loses too much otherwise."""


class Exported(NamedTuple):
    """An exported file.

    Attributes:
        path: `NAME.PART.onnx`, or `NAME.PART.PRECISION.onnx`.
        manifest: the metadata in the file.
        num_bytes: size of the file.
        difference: the difference between the float32 graph and the network.
        loss_db: the PSNR in dB that the lower precision loses on the photographs, for an encoder at equal bytes; None
            for float32.
    """

    path: Path
    manifest: Manifest
    num_bytes: int
    difference: Difference
    loss_db: float | None


def stem_of(path: Path) -> str | None:
    """The start of the names of a model's exported files, as engines look for them; None for a training."""
    return None if is_training(path) else path.stem


def export_model(
    model: LoadedModel,
    folder: Path,
    part: Parts = "both",
    precision: GraphPrecision = "fp32",
    photographs: Sequence[np.ndarray] = (),
    stem: str | None = None,
) -> list[Exported]:
    """Writes a model as ONNX files and checks each one.

    Args:
        model: a model from `load_model`.
        folder: the folder for the files. It is created if it does not exist.
        part: decoder, for restoring; encoder, which includes the tables; or both.
        precision: the precision of the layers of encoder and decoder. The tables are always float32.
        photographs: uint8 (H, W, 3) arrays, to calibrate int8 and to measure what fp16 and int8 lose. Other exports do
            not use them.
        stem: the start of the files' names; None means the model's name. Engines look for files that start like the
            model file.

    Raises:
        HyperthumbError: if the network cannot be exported, a photograph is too small, or a graph and the network
            give different results.
    """
    if part not in _GRAPHS:
        raise HyperthumbError(f'the part must be decoder, encoder or both, not "{part}"')
    if precision not in GRAPH_PRECISIONS:
        raise HyperthumbError(f'the precision must be fp32, fp16 or int8, not "{precision}"')
    if precision != "fp32":
        if not photographs:
            raise HyperthumbError(
                f"{precision} needs photographs to measure the loss of quality; give a folder of them"
            )
        check_photographs([(f"photograph {number}", each) for number, each in enumerate(photographs, 1)], model.scale)
    network = model.network.cpu().eval()
    graphs = network.graphs()
    make_folder(folder)
    exported = []
    for name in _GRAPHS[part]:
        graph: nn.Module = getattr(graphs, name)
        manifest = Manifest(
            name, model.name, model.model_id.hex(), model.scale, _reach(name, graphs, model.scale), "fp32", __version__
        )
        content = _float_graph(name, graph, manifest)
        lowers = name != "tables" and precision != "fp32"
        if not lowers:
            store_halves(content)
        difference = check_float(graph, Session(content.SerializeToString()), _examples(name, model.scale))
        loss = None
        if lowers:
            content, manifest, loss = _lowered(content, manifest, precision, model, photographs)
        path = graph_path(folder / f"{stem or model.name}{SUFFIX}", name, manifest.precision)
        remove_traces(content)
        data = content.SerializeToString()
        write_atomically(path, data)
        exported.append(Exported(path, manifest, len(data), difference, loss))
    return exported


def check_photographs(photographs: Iterable[tuple[str, np.ndarray]], scale: int) -> None:
    """Checks that photographs for calibration fill a block of the thumbnail.

    Args:
        photographs: the name of each, for the message, and the uint8 (H, W, 3) array.
        scale: the model's scale.

    Raises:
        HyperthumbError: if a side of a photograph is shorter than 8 times the scale.
    """
    side = 8 * scale
    for name, photograph in photographs:
        height, width = photograph.shape[:2]
        if min(height, width) < side:
            raise HyperthumbError(
                f"{name}: it has {width}x{height} pixels, but photographs for calibration need at least {side}x{side}"
            )


def _float_graph(name: Part, graph: nn.Module, manifest: Manifest) -> Any:
    outputs = {"encoder": ["coefficients"], "tables": ["steps"], "decoder": ["restored", "picture"]}[name]
    source = "picture" if name == "encoder" else "coefficients"
    example = torch.from_numpy(_examples(name, manifest.scale)[0])
    unit = 8 * manifest.scale if name == "encoder" else 1
    content = to_onnx(graph, example, (source, outputs), side_axes(name), unit)
    _stamp(content, manifest)
    return content


def _stamp(content: Any, manifest: Manifest) -> None:
    del content.metadata_props[:]
    for key, value in manifest.to_metadata().items():
        content.metadata_props.add(key=key, value=value)


def _examples(name: Part, scale: int) -> list[np.ndarray]:
    return example_pictures(scale) if name == "encoder" else example_coefficients()


def _reach(name: Part, graphs: Graphs, scale: int) -> int:
    if name == "tables":
        return WHOLE
    if name == "decoder":
        return decoder_reach(graphs.decoder, scale)
    return encoder_reach(graphs.encoder, scale)


def _lowered(
    content: Any, manifest: Manifest, precision: GraphPrecision, model: LoadedModel, photographs: Sequence[np.ndarray]
) -> tuple[Any, Manifest, float]:
    """The graph in lower precision, its metadata, and its loss in dB.

    int8 leaves one more convolution at the end in float32 as long as the loss is too large.
    """
    is_encoder = manifest.part == "encoder"
    pictures = [in_whole_blocks(photograph, model.scale) for photograph in photographs]
    inputs = pictures if is_encoder else [dequantized(model, picture) for picture in pictures]
    before = Session(content.SerializeToString())
    loss_of = encoder_loss(before, model, pictures) if is_encoder else decoder_loss(before, inputs, pictures)
    manifest = dataclasses.replace(manifest, precision=precision)
    losses = []
    for lowered in _attempts(content, manifest, inputs[:12]):
        _stamp(lowered, manifest)
        loss = loss_of(Session(lowered.SerializeToString()))
        if loss <= LOSS_DB[precision]:
            return lowered, manifest, loss
        losses.append(loss)
    where = f"{'at equal bytes ' if is_encoder else ''}on {counted(len(photographs), 'photograph')}"
    raise HyperthumbError(
        f"the {precision} {manifest.part} of {model.name} loses {min(losses):.3f} dB {where} (allowed: "
        f"{LOSS_DB[precision]:g}); this graph was not written"
    )


def _attempts(content: Any, manifest: Manifest, inputs: Sequence[np.ndarray]) -> Iterator[Any]:
    """Graphs in the precision of the manifest, the one with the fewest layers in float32 first."""
    if manifest.precision == "fp16":
        with silently():
            lowered = low_precision.to_half(content)
        yield lowered
        return
    inner = low_precision.inner_convolutions(content, manifest.part)
    for kept in range(min(_MOST_KEPT + 1, len(inner))):
        with silently():
            lowered = low_precision.to_int8(content, inputs, manifest.part, inner[: len(inner) - kept])
        yield lowered
