"""Builds a network from options and loads its weights."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import torch
from torch import nn

from hyperthumb.base.component import Component
from hyperthumb.base.errors import OptionsError
from hyperthumb.base.limits import DEVICES
from hyperthumb.base.registry import ARCHS, DECODERS

from .contract import RescalingNetwork
from .weights import choose_weights, load_weights, read_safely


def resolve_device(wanted: str) -> torch.device:
    """The device that `device:` names; auto means CUDA if available, else the CPU.

    Raises:
        OptionsError: when the device is unknown or not available.
    """
    if wanted not in DEVICES:
        raise OptionsError(f'device: "{wanted}" is not one of {", ".join(DEVICES)}')
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there.get(wanted, True):
        raise OptionsError(f"device: {wanted} is not available to torch; use device: auto or device: cpu")
    if wanted == "auto":
        return torch.device("cuda" if there["cuda"] else "cpu")
    return torch.device(wanted)


def computes_bf16(device: torch.device) -> bool:
    """Whether a device has instructions for bfloat16. Others emulate it, which is several times slower than float32."""
    return device.type == "cuda" or (device.type == "cpu" and torch.cpu._is_avx512_bf16_supported())


def device_of(network: nn.Module) -> torch.device:
    """Where a network's tensors are; a network of fixed tables has buffers alone."""
    return next((tensor.device for tensor in chain(network.parameters(), network.buffers())), torch.device("cpu"))


def build_network(component: Component, scale: int) -> RescalingNetwork:
    """Builds the network that the options name.

    Raises:
        OptionsError: when the class is not a `RescalingNetwork`.
    """
    network = component.build(ARCHS, scale=scale)
    if not isinstance(network, RescalingNetwork):
        raise OptionsError(
            f"network_g: {component.type} is not a rescaling network; use it as a part of one, such as "
            f"`network_g: {{type: HyperThumbnail, decoder: {{type: {component.type}, ...}}}}`"
        )
    return network


def build_enlarger(component: Component, scale: int) -> nn.Module:
    """Builds a decoder for methods in which a network enlarges pixels alone: (B, 3, h, w) RGB in 0..1, `scale` times.

    Raises:
        OptionsError: when the network needs coefficients.
    """
    network: nn.Module = component.build(DECODERS, scale=scale)
    if getattr(network, "takes_coefficients", False):
        raise OptionsError(f"{component.type} needs coefficients, but this method decodes a JPEG to pixels only")
    return network


def load_checkpoint(network: RescalingNetwork, path: Path, key: str, strict: bool = True, hint: str = "") -> None:
    """Loads a checkpoint file's weights into a network. The original repository's parameter names are accepted too.

    `key` is params, params_ema, or auto; `strict` and `hint` are as for `load_weights`.

    Raises:
        CheckpointError: when the file cannot be read, or does not fit.
    """
    weights = choose_weights(read_safely(path), key, path)
    load_weights(network, network.adapt_weights(weights), path, strict, hint)


def load_pretrained(network: RescalingNetwork, path: Path, key: str, strict: bool) -> None:
    """`load_checkpoint` for `path.pretrain_network_g` of an options file, with `param_key_g` and `strict_load_g`."""
    load_checkpoint(network, path, key, strict, "path.strict_load_g: false loads what fits")
