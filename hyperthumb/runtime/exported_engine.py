"""The engine for exported graphs in ONNX Runtime or OpenVINO. It does not import PyTorch.

Large pictures are processed in tiles. Each tile has a margin as large as the graph's receptive field
(`Manifest.reach`), so the result is the same as for the whole picture.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from hyperthumb.base.errors import CheckpointError, HyperthumbError
from hyperthumb.base.limits import PRECISIONS, EngineName, GraphPrecision, Precision
from hyperthumb.base.progress import report
from hyperthumb.base.wording import join_words
from hyperthumb.images.tiles import Tile, check_tile, cover, scaled
from hyperthumb.jpeg.tables import ZIGZAG
from hyperthumb.models.header import is_training, read_model_header

from .engine import Analysis, Quantized
from .manifest import PARTS, Manifest, Part

if TYPE_CHECKING:
    from .torch_engine import TorchEngine

_TILE_BLOCKS = 44
"""Side of a tile in blocks of the thumbnail. Larger tiles take more memory: 32 MB for 64 channels of float32 at this
size. Smaller ones compute more pixels twice, in their margins."""

_ZIGZAG = np.array(ZIGZAG)
_NATURAL = np.argsort(_ZIGZAG)


class ExportedModel(NamedTuple):
    """A model with exported graphs in the folder of its model file.

    Attributes:
        name: the model's name.
        scale: 1, 2, 4 or 8.
        model_id: the id that its thumbnails hold.
        path: the model file.
    """

    name: str
    scale: int
    model_id: bytes
    path: Path


class Graph(Protocol):
    """A loaded graph."""

    @property
    def manifest(self) -> Manifest: ...
    def run(self, value: np.ndarray, *outputs: str) -> list[np.ndarray]: ...


def graph_path(model: Path, part: Part, precision: GraphPrecision = "fp32") -> Path:
    """The path of a graph beside `NAME.safetensors`: `NAME.PART.onnx`, below fp32 `NAME.PART.PRECISION.onnx`."""
    return model.with_name(f"{model.stem}.{part}{'' if precision == 'fp32' else f'.{precision}'}.onnx")


def missing_graphs(model: Path, precision: GraphPrecision = "fp32", part: Part = "decoder") -> list[Path]:
    """The graphs that an engine needs beside a model file and that do not exist.

    An engine needs the encoder, the tables and the decoder in float32, and the part in `precision`: the decoder to
    restore, the encoder to compress. A training's folder or checkpoint cannot have graphs.
    """
    needed = [graph_path(model, part) for part in PARTS]
    if precision != "fp32":
        needed.append(graph_path(model, part, precision))
    return [path for path in needed if is_training(model) or not path.is_file()]


def check_graphs(
    model: Path, precision: GraphPrecision = "fp32", part: Part = "decoder", otherwise: str | None = None
) -> None:
    """Checks that a model file has the graphs that `missing_graphs` looks for.

    Args:
        model: the model file.
        precision: the precision of the part.
        part: what runs in this precision: encoder or decoder.
        otherwise: what the message advises besides export; None advises another engine, or float32.

    Raises:
        CheckpointError: if it does not. The message names the missing files, and the commands that write them.
    """
    verb = "compress" if part == "encoder" else "restore"
    otherwise = otherwise or ("use --engine torch" if precision == "fp32" else f"{verb} in fp32")
    if is_training(model):
        raise CheckpointError(
            f"{model} is a training's, but exported graphs lie beside model files; make a model file with "
            f"scripts/export_model.py, or {otherwise}"
        )
    missing = missing_graphs(model, precision, part)
    if missing:
        lower = graph_path(model, part, precision)
        export = f"hyperthumb export {model} -o {model.parent}"
        commands = [f"`{export}`"] if missing_graphs(model) else []
        if precision != "fp32" and lower in missing:
            commands.append(f"`{export} --part {part} --precision {precision} --calibrate PHOTOS`")
        names, how = join_words([path.name for path in missing], "and"), join_words(commands, "and")
        raise CheckpointError(
            f"{model} lacks exported graphs beside it: {names}; write them with {how}, or {otherwise}"
        )


def read_exported(path: Path, otherwise: str | None = None) -> ExportedModel:
    """Reads the header of a model file that has exported graphs; `otherwise` is as for `check_graphs`.

    Raises:
        CheckpointError: if the file cannot be read, or a graph is missing.
    """
    check_graphs(path, otherwise=otherwise)
    header = read_model_header(path)
    return ExportedModel(header.description.name, header.description.scale, header.model_id, path)


def as_analysis(coefficients: np.ndarray, steps: np.ndarray) -> Analysis:
    """The analysis out of an encoder's coefficients (1, 192, h, w) in zig-zag order and the steps (1, 2, 8, 8)."""
    height, width = coefficients.shape[2:]
    vectors = coefficients.reshape(3, 64, height, width)[:, _NATURAL].transpose(0, 2, 3, 1)
    return Analysis(np.ascontiguousarray(vectors).reshape(3, height, width, 8, 8), np.array(steps[0]))


def zigzag_steps(tables: np.ndarray) -> np.ndarray:
    """(2, 8, 8) tables to float32 steps (3, 64, 1, 1) in zig-zag order, for Y, Cb and Cr, which share a table."""
    return np.asarray(tables, np.float32).reshape(2, 64)[[0, 1, 1]][:, _ZIGZAG, None, None]


class ExportedEngine:
    """Runs exported graphs; see `Engine`. Each graph is loaded when it is first needed.

    Args:
        model: the result of `read_exported`.
        name: onnxruntime or openvino.
        encoder_precision: the precision of the encoder that `analyze` runs. `restore` has its own.
    """

    def __init__(self, model: ExportedModel, name: EngineName, encoder_precision: GraphPrecision = "fp32") -> None:
        self.name, self._model, self._encoder_precision = name, model, encoder_precision
        self.scale, self.multiple = model.scale, 8 * model.scale
        self._graphs: dict[tuple[Part, GraphPrecision], Graph] = {}
        self._lock = threading.Lock()

    @property
    def reach(self) -> int:
        return self._graph("decoder").manifest.reach

    def analyze(self, picture: np.ndarray, tile: int | None = None) -> Analysis:
        height, width = (side // self.multiple for side in picture.shape[:2])
        encoder = self._graph("encoder", self._encoder_precision)
        planes = np.empty((1, 192, height, width), np.float32)
        for part in self._tiles((height, width), tile, encoder.manifest.reach):
            (made,) = encoder.run(np.ascontiguousarray(picture[scaled(part.seen, self.multiple)][None]))
            (rows, columns), (kept_rows, kept_columns) = part.own, part.inner
            planes[:, :, rows, columns] = made[:, :, kept_rows, kept_columns]
        (steps,) = self._graph("tables").run(planes)
        return as_analysis(planes, steps)

    def quantize(self, analysis: Analysis, rate_scale: float = 1.0) -> Quantized:
        tables = np.clip(np.rint(analysis.steps * np.float32(rate_scale)), 1, 255)
        coefficients = np.rint(analysis.coefficients / tables[[0, 1, 1], None, None])
        return Quantized(coefficients.astype(np.int16), tables.astype(np.int16), None)

    def restore(
        self,
        coefficients: np.ndarray,
        tables: np.ndarray,
        size: tuple[int, int],
        tile: int | None = None,
        precision: Precision = "fp32",
    ) -> np.ndarray:
        if precision == "bf16" or precision not in PRECISIONS:
            raise HyperthumbError(f"{self.name} restores in fp32, fp16 or int8, not in {precision}")
        picture = np.empty((*size, 3), np.uint8)
        steps = zigzag_steps(tables)
        decoder = self._graph("decoder", precision)
        height, width = coefficients.shape[1:3]
        for part in self._tiles((height, width), tile, decoder.manifest.reach):
            blocks = coefficients[:, part.seen[0], part.seen[1]]
            rows, columns = blocks.shape[1:3]
            integers = blocks.reshape(3, rows, columns, 64)[..., _ZIGZAG].transpose(0, 3, 1, 2)
            (made,) = decoder.run((integers * steps).reshape(1, 192, rows, columns), "picture")
            place = picture[scaled(part.own, self.multiple)]  # the picture has no padding
            place[:] = made[0][scaled(part.inner, self.multiple)][: place.shape[0], : place.shape[1]]
        return picture

    def in_torch(self) -> TorchEngine:
        try:
            import torch  # noqa: F401
        except ImportError as error:
            raise HyperthumbError(
                "refinement and bf16 need PyTorch; install it with `pip install hyperthumb[train]`"
            ) from error
        from hyperthumb.models.file import load_model

        from .torch_engine import TorchEngine

        model = load_model(self._model.path)
        return TorchEngine(model.network, model.rate_model)

    def share_cores(self, jobs: int) -> None:
        """Does nothing, because all runs of a graph share its threads."""

    def _tiles(self, size: tuple[int, int], tile: int | None, reach: int) -> Iterator[Tile]:
        """Tiles of blocks, or a single one if the graph's receptive field is the whole picture; reports progress."""
        check_tile(tile)
        side = _TILE_BLOCKS if tile is None else max(tile // self.multiple, 2 * reach, 1)
        parts = list(cover(size, None if reach < 0 else side, max(reach, 0)))
        for count, part in enumerate(parts, 1):
            yield part
            report(count, len(parts))

    def _graph(self, part: Part, precision: GraphPrecision = "fp32") -> Graph:
        with self._lock:
            if (part, precision) not in self._graphs:
                self._graphs[part, precision] = self._load(part, precision)
            return self._graphs[part, precision]

    def _load(self, part: Part, precision: GraphPrecision) -> Graph:
        check_graphs(self._model.path, precision, part)
        path = graph_path(self._model.path, part, precision)
        if self.name == "openvino":
            from .openvino_graph import OpenvinoGraph

            graph: Graph = OpenvinoGraph(path)
        else:
            from .session import Session

            graph = Session(path)
        found = graph.manifest
        if (found.part, found.model_id) != (part, self._model.model_id.hex()):
            raise CheckpointError(f"{path} is the {found.part} of another model ({found.model_id}); export it again")
        if found.precision != precision:
            raise CheckpointError(
                f"{path} is in {found.precision}, but its name stands for {precision}; export it again"
            )
        return graph
