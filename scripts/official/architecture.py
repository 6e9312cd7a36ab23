"""Builds our network for a checkpoint of the original repository; sizes are read from the weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from hyperthumb.archs.official.names import to_ours
from hyperthumb.base.component import Component
from hyperthumb.base.errors import CheckpointError
from hyperthumb.base.limits import SCALES
from hyperthumb.models.build import build_network
from hyperthumb.models.contract import RescalingNetwork
from hyperthumb.models.weights import load_weights


@dataclass(frozen=True)
class OfficialSizes:
    """The sizes of the network that an official state dict belongs to."""

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

    def component(self) -> Component:
        """Describes our network of these sizes."""
        parts = {
            "quantization": Component("predicted", {"num_hidden": self.num_hidden, "num_layers": self.num_layers}),
            "rate": Component("factorized"),
        }
        if self.scale > 1:
            parts["encoder"] = Component("RDBUNet", {"num_feat": self.num_feat, "growth": self.growth})
            parts["decoder"] = Component(
                "FrequencyAwareDecoder",
                {
                    "num_feat": self.decoder_num_feat,
                    "num_block": self.decoder_num_block,
                    "branch_num_feat": self.branch_num_feat,
                    "branch_num_block": self.branch_num_block,
                    "branch_out": self.branch_out,
                },
            )
        return Component("HyperThumbnail", parts)


def official_sizes(official: Mapping[str, Tensor]) -> OfficialSizes:
    """Reads the sizes from the shapes of the parameters.

    Raises:
        CheckpointError: when parameters are missing, or their shapes do not belong to such a network.
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
        raise CheckpointError(f"this is not a checkpoint of the original HyperThumbnail: it lacks {error}") from error
    if scale not in SCALES or first[1] != 3 * scale * scale:
        raise CheckpointError(f"the encoder has {first[1]} input channels, which do not fit a scale of 1, 2, 4 or 8")
    doublings = _count(official, r"decoder\.upsample\.(\d+)\.")
    if scale > 1 and 1 << doublings != scale:
        raise CheckpointError(f"the encoder divides by {scale}, but the decoder enlarges {1 << doublings} times")
    return sizes


def _count(official: Mapping[str, Tensor], pattern: str) -> int:
    return len({match[1] for name in official if (match := re.match(pattern, name))})


def from_official(official: Mapping[str, Tensor]) -> tuple[RescalingNetwork, dict[str, Tensor]]:
    """Builds our network with the original's weights; also returns those weights under our names.

    Args:
        official: a state dict of the original.

    Raises:
        CheckpointError: when a name is unknown or missing, or a shape does not fit.
    """
    sizes = official_sizes(official)
    network = build_network(sizes.component(), sizes.scale)
    converted = to_ours(official, network.state_dict())
    load_weights(network, converted, Path("the original's checkpoint"))
    return network.eval(), converted
