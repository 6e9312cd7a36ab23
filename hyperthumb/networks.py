"""From options to a network on a device."""

from __future__ import annotations

from pathlib import Path

import torch

from hyperthumb.errors import OptionsError
from hyperthumb.registry import ARCHS, Buildable
from hyperthumb.rescaling import RescalingNetwork
from hyperthumb.weights import choose_weights, load_weights, read_safely


def resolve_device(wanted: str) -> torch.device:
    """The device that `device:` names; auto is CUDA where there is one.

    Raises:
        OptionsError: when CUDA is asked for and not there.
    """
    if wanted == "cuda" and not torch.cuda.is_available():
        raise OptionsError("device: cuda, but this torch sees no CUDA device; device: auto takes what there is")
    return torch.device("cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu")


def build_network(component: Buildable, scale: int) -> RescalingNetwork:
    """The network that the options name.

    Raises:
        OptionsError: when the class is no `RescalingNetwork`.
    """
    network = component.build(ARCHS, scale=scale)
    if not isinstance(network, RescalingNetwork):
        raise OptionsError(
            f"network_g: {component.type} maps an image to an image; to rescale it has to be a part, such as "
            f"`network_g: {{type: HyperThumbnail, decoder: {{type: {component.type}, ...}}}}`"
        )
    return network


def load_pretrained(network: RescalingNetwork, path: Path, key: str, strict: bool) -> None:
    """Puts a checkpoint file's weights into a network; the original repository's names are understood too.

    Args:
        network: on any device.
        path: the file.
        key: params, params_ema, or auto.
        strict: whether every name has to fit.

    Raises:
        CheckpointError: when the file cannot be read, or does not fit.
    """
    weights = choose_weights(read_safely(path), key, path)
    load_weights(network, network.adapt_weights(weights), path, strict)
