"""The original repository's checkpoints as ours, and ours as theirs: names, sizes, nothing else.

Their network of scale 1 has an encoder and decoders that it never runs; ours has none, so those are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import CheckpointError
from .hyperthumbnail import SCALES, HyperThumbnail
from .part import Part

# Theirs, ours; each {} stands for a number.
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
# CompressAI 1.2.4's names of what 1.2.8 has in lists: `_matrix0` is `matrices.0`.
_OLD_LISTS = {"matrices": "matrix", "biases": "bias", "factors": "factor"}
# CompressAI's range coder tables: of other shapes once filled, and never needed here.
_CODER_TABLES = ("_offset", "_quantized_cdf", "_cdf_length")
_DCT_TABLES = ("losslessJPEG.Y_TABLE", "losslessJPEG.C_TABLE")  # of ones, whatever the network
_UNUSED_AT_SCALE_1 = ("encoder.", "decoder.", "coefficient_decoder.")


@dataclass(frozen=True)
class OfficialSizes:
    """What the shapes of an official state dict say about its network."""

    scale: int
    num_feat: int
    growth: int
    decoder_num_feat: int
    decoder_num_block: int
    branch_num_feat: int
    branch_num_block: int
    branch_out: int
    num_hidden: int
    num_layers: int

    def build(self) -> HyperThumbnail:
        """Our network of these sizes, with fresh weights."""
        return HyperThumbnail(
            self.scale,
            quantization=Part("predicted", {"num_hidden": self.num_hidden, "num_layers": self.num_layers}),
            encoder=None if self.scale == 1 else Part("RDBUNet", {"num_feat": self.num_feat, "growth": self.growth}),
            rate=Part("factorized"),
            decoder=None if self.scale == 1 else Part("FrequencyAwareDecoder", self._decoder()),
        )

    def _decoder(self) -> dict[str, int]:
        return {
            "num_feat": self.decoder_num_feat,
            "num_block": self.decoder_num_block,
            "branch_num_feat": self.branch_num_feat,
            "branch_num_block": self.branch_num_block,
            "branch_out": self.branch_out,
        }


def official_sizes(official: Mapping[str, Tensor]) -> OfficialSizes:
    """Reads the sizes off the shapes.

    Raises:
        CheckpointError: when parameters are missing or their shapes belong to no such network.
    """
    try:
        first = official["encoder.conv_first.weight"].shape
        scale = round((first[1] / 3) ** 0.5)
        sizes = OfficialSizes(
            scale=scale,
            num_feat=first[0],
            growth=official["encoder.rdb_first.conv1.weight"].shape[0],
            decoder_num_feat=official["decoder.conv_first.weight"].shape[0],
            decoder_num_block=_count(official, r"decoder\.body\.(\d+)\."),
            branch_num_feat=official["coefficient_decoder.conv_first.weight"].shape[0],
            branch_num_block=_count(official, r"coefficient_decoder\.body\.(\d+)\."),
            branch_out=official["coefficient_decoder.conv_last.weight"].shape[0],
            num_hidden=official["table_predictor.MLPs.0.final_linear.weight"].shape[1],
            num_layers=_count(official, r"table_predictor\.MLPs\.0\.layers\.(\d+)\."),
        )
    except KeyError as error:
        raise CheckpointError(f"this is no checkpoint of the original HyperThumbnail: it has no {error}") from error
    if scale not in SCALES or first[1] != 3 * scale * scale:
        raise CheckpointError(f"an encoder with {first[1]} input channels is of no scale 1, 2, 4 or 8")
    doublings = _count(official, r"decoder\.upsample\.(\d+)\.")
    if scale > 1 and 1 << doublings != scale:
        raise CheckpointError(f"the encoder divides by {scale}, but the decoder enlarges {1 << doublings} times")
    return sizes


def is_official(weights: Mapping[str, Tensor]) -> bool:
    """Whether these are the original repository's names."""
    return "table_predictor.MLPs.0.first_linear.0.weight" in weights


def _count(official: Mapping[str, Tensor], pattern: str) -> int:
    return len({match[1] for name in official if (match := re.match(pattern, name))})


def from_official(official: Mapping[str, Tensor]) -> tuple[HyperThumbnail, dict[str, Tensor]]:
    """Our network with the original's weights, and those weights by our names.

    Args:
        official: a state dict of the original, with either version's bottleneck names. The range coder's tables are
            ignored, whatever their shapes.

    Raises:
        CheckpointError: for a name or shape that the original's network does not have, or a missing one.
    """
    network = official_sizes(official).build()
    own = network.state_dict()
    converted = {name: value for name, value in own.items() if name.endswith(_CODER_TABLES)}
    for name, value in official.items():
        name = _new_bottleneck_name(name)
        skipped = name in _DCT_TABLES or name.endswith(_CODER_TABLES)
        if skipped or (network.scale == 1 and name.startswith(_UNUSED_AT_SCALE_1)):
            continue
        ours = _translate(name, _NAMES)
        if ours not in own:
            raise CheckpointError(f"the original HyperThumbnail has no parameter {name}")
        if own[ours].shape != value.shape:
            raise CheckpointError(f"{name} is of shape {tuple(value.shape)}, not {tuple(own[ours].shape)}")
        converted[ours] = value
    missing = sorted(own.keys() - converted.keys())
    if missing:
        raise CheckpointError(f"parameters are missing: {', '.join(missing[:3])} ({len(missing)} in all)")
    network.load_state_dict(converted)
    return network.eval(), {name: converted[name] for name in own}


def to_official(ours: Mapping[str, Tensor], compressai: str = "1.2.8") -> dict[str, Tensor]:
    """The original's state dict for weights of ours.

    Args:
        ours: a state dict of a `HyperThumbnail` with the paper's parts.
        compressai: whose bottleneck names to write: "1.2.4", which the original was released with, or "1.2.8".

    Raises:
        CheckpointError: for a parameter that has no counterpart there.
    """
    official: dict[str, Tensor] = {}
    backwards = tuple((mine, theirs) for theirs, mine in _NAMES)
    for name, value in ours.items():
        theirs = _translate(name, backwards)
        if theirs is None:
            raise CheckpointError(
                f"the original HyperThumbnail has nothing like {name}; only the paper's parts convert"
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
