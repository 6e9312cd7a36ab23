"""Networks out of the folders that trainings leave."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from hyperthumb.base.component import Component
from hyperthumb.base.errors import CheckpointError
from hyperthumb.config import load_network_options

from .build import build_network
from .contract import RescalingNetwork
from .portable import fitting_weights, portable_part
from .weights import choose_weights, load_weights, read_safely


class TrainedNetwork(NamedTuple):
    """A training's network, and what it was built from; without a rate model that no model file holds."""

    network: RescalingNetwork
    part: Component
    name: str


def load_trained(path: Path, options_file: Path | None = None) -> TrainedNetwork:
    """The network of a training, with its average weights where there are any.

    Args:
        path: a training's folder, for its newest weights; or a .pth file, of ours or of the original repository.
        options_file: that names the network; None is `options.resolved.yml` in the training's folder.

    Raises:
        CheckpointError: when one of the two is missing, cannot be read, or does not fit the other.
        OptionsError: when the options cannot be read.
    """
    checkpoint = path / "models" / "net_g_latest.pth" if path.is_dir() else path
    if not checkpoint.is_file():
        raise CheckpointError(f"there is no checkpoint at {checkpoint}")
    if options_file is None:
        options_file = checkpoint.parent.parent / "options.resolved.yml"
        if not options_file.is_file():
            raise CheckpointError(
                f"{checkpoint} does not say which network it is of, and there is no {options_file.name} in the folder "
                f"above its own; scripts/export_model.py --options FILE.yml makes a model file of it"
            )
    options = load_network_options(options_file)
    part = portable_part(options.network_g)
    network = build_network(part, options.scale)
    weights = network.adapt_weights(choose_weights(read_safely(checkpoint), "auto", checkpoint))
    load_weights(network, fitting_weights(weights, part), checkpoint)
    return TrainedNetwork(network, part, options.name)
