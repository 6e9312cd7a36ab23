"""Translates parameter names between the original repository and ours, in both directions."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from hyperthumb.base.errors import CheckpointError

# Pairs of (theirs, ours). Each {} stands for a number.
_NAMES = (
    ("encoder.conv_first.", "encoder.conv_first."),
    ("encoder.rdb_first.", "encoder.dense."),
    ("encoder.down_list.{}.down_double_conv1.c{}.", "encoder.down.{}.conv{}."),
    ("encoder.down_list.{}.rdb.", "encoder.down.{}.dense."),
    ("encoder.up_list.{}.up1.convblock.0.", "encoder.up.{}.enlarge."),
    ("encoder.up_list.{}.double_conv1.c{}.", "encoder.up.{}.conv{}."),
    ("encoder.up_list.{}.rdb.", "encoder.up.{}.dense."),
    ("encoder.conv_last.", "encoder.conv_last."),
    ("coefficient_decoder.", "decoder.branch."),
    ("decoder.", "decoder.main."),
    ("entropy_bottleneck.bottlenecks.0.", "rate.luma."),
    ("entropy_bottleneck.bottlenecks.1.", "rate.chroma."),
    ("table_predictor.MLPs.0.first_linear.0.", "quantization.luma.first."),
    ("table_predictor.MLPs.0.layers.{}.0.", "quantization.luma.hidden.{}."),
    ("table_predictor.MLPs.0.final_linear.", "quantization.luma.last."),
    ("table_predictor.MLPs.1.first_linear.0.", "quantization.chroma.first."),
    ("table_predictor.MLPs.1.layers.{}.0.", "quantization.chroma.hidden.{}."),
    ("table_predictor.MLPs.1.final_linear.", "quantization.chroma.last."),
)
# CompressAI 1.2.4 has separate parameters where 1.2.8 has lists: `_matrix0` became `matrices.0`.
_OLD_LISTS = {"matrices": "matrix", "biases": "bias", "factors": "factor"}
# Tables of CompressAI's range coder. Their shapes change when they are filled. This project does not use them.
_CODER_TABLES = ("_offset", "_quantized_cdf", "_cdf_length")
_DCT_TABLES = ("losslessJPEG.Y_TABLE", "losslessJPEG.C_TABLE")  # all ones in every network


def is_official(weights: Mapping[str, Tensor]) -> bool:
    """Whether these are the original repository's names."""
    return "table_predictor.MLPs.0.first_linear.0.weight" in weights


def to_ours(official: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Renames the weights of an official state dict to our names. It does not check names or shapes.

    Args:
        official: a state dict with the bottleneck names of either CompressAI version. The range coder's tables are
            ignored. Parts that `own` does not have are dropped, because the original's network of scale 1 has an
            encoder and decoders that it never runs.
        own: the state dict of the target network. The range coder's tables are taken from it.
    """
    parts = {name.partition(".")[0] for name in own}
    converted = {name: value for name, value in own.items() if name.endswith(_CODER_TABLES)}
    for name, value in official.items():
        name = _new_bottleneck_name(name)
        if name in _DCT_TABLES or name.endswith(_CODER_TABLES):
            continue
        ours = _translate(name, _NAMES)
        if ours is None or ours.partition(".")[0] in parts:
            converted[ours or name] = value
    return converted


def to_official(ours: Mapping[str, Tensor], compressai: str = "1.2.8") -> dict[str, Tensor]:
    """Renames our weights to the original's names.

    Args:
        ours: a state dict of a `HyperThumbnail` with the paper's parts.
        compressai: the CompressAI version that determines the bottleneck names: "1.2.4", with which the original was
            released, or "1.2.8".

    Raises:
        CheckpointError: if a parameter has no counterpart in the original.
    """
    official: dict[str, Tensor] = {}
    backwards = tuple((mine, theirs) for theirs, mine in _NAMES)
    for name, value in ours.items():
        theirs = _translate(name, backwards)
        if theirs is None:
            raise CheckpointError(
                f"the original HyperThumbnail has no counterpart of {name}; only the paper's parts can be converted"
            )
        official[_old_bottleneck_name(theirs) if compressai == "1.2.4" else theirs] = value
    for name in _DCT_TABLES:
        official[name] = torch.ones(8, 8, dtype=torch.float64)
    return official


def _translate(name: str, pairs: tuple[tuple[str, str], ...]) -> str | None:
    for source, target in pairs:
        match = re.match(re.escape(source).replace(r"\{\}", r"(\d+)"), name)
        if match:
            return target.format(*match.groups()) + name[match.end() :]
    return None


def _new_bottleneck_name(name: str) -> str:
    for new, old in _OLD_LISTS.items():
        name = re.sub(rf"(bottlenecks\.\d\.)_{old}(\d)$", rf"\1{new}.\2", name)
    return name


def _old_bottleneck_name(name: str) -> str:
    for new, old in _OLD_LISTS.items():
        name = re.sub(rf"(bottlenecks\.\d\.){new}\.(\d)$", rf"\1_{old}\2", name)
    return name
