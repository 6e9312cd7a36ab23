"""Opens models from model files, folders of trainings, and checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from hyperthumb.base.component import Component
from hyperthumb.base.errors import CheckpointError
from hyperthumb.models.build import build_network
from hyperthumb.models.contract import RescalingNetwork
from hyperthumb.models.file import (
    LoadedModel,
    build_model,
    fitting_weights,
    load_model,
    portable_part,
    to_half_precision,
)
from hyperthumb.models.header import Description, is_training
from hyperthumb.models.weights import choose_weights, load_weights, read_safely


class TrainedNetwork(NamedTuple):
    """The network of a training and its component. A rate model that model files cannot hold is removed."""

    network: RescalingNetwork
    part: Component
    name: str


def open_model(path: Path, with_rate_model: bool = False) -> LoadedModel:
    """Opens a model file, a training's folder (its newest weights), or a checkpoint.

    The weights of a checkpoint are rounded to half precision, so that the checkpoint and the model file made from it
    are the same model with the same id.

    Args:
        path: the file or folder.
        with_rate_model: keep the rate model in the network, see `load_model`.

    Raises:
        CheckpointError: if it cannot be read, see `load_model` and `load_trained`.
        OptionsError: if the options of a checkpoint cannot be read.
    """
    if not is_training(path):
        return load_model(path, with_rate_model)
    trained = load_trained(path)
    weights = to_half_precision(trained.network.state_dict(), path)
    description = Description(trained.name, trained.network.scale, {}, {})
    return build_model(trained.part, weights, description, path, with_rate_model)


def weights_file(path: Path) -> Path:
    """The file of a model's weights: the newest weights if `path` is the folder of a training, else `path` itself."""
    return path / "models" / "net_g_latest.pth" if path.is_dir() else path


def load_trained(path: Path, options_file: Path | None = None) -> TrainedNetwork:
    """Loads the network of a training, with its averaged weights if there are any.

    Args:
        path: the folder of a training, for its newest weights; or a .pth file from our training or the original
            repository.
        options_file: the options file that names the network; None means `options.resolved.yml` of the training.

    Raises:
        CheckpointError: if the checkpoint or the options file is missing or unreadable, or they do not fit together.
        OptionsError: if the options are invalid.
    """
    from hyperthumb.config import load_network_options  # imports YAML, which model files do not need

    checkpoint = weights_file(path)
    if not checkpoint.is_file():
        raise CheckpointError(f"there is no checkpoint at {checkpoint}")
    if options_file is None:
        options_file = checkpoint.parent.parent / "options.resolved.yml"
        if not options_file.is_file():
            raise CheckpointError(
                f"{checkpoint} does not name its network, and the training's folder has no {options_file.name}; make a "
                "model file with scripts/export_model.py --options FILE.yml"
            )
    options = load_network_options(options_file)
    part = portable_part(options.network_g)
    network = build_network(part, options.scale)
    weights = network.adapt_weights(choose_weights(read_safely(checkpoint), "auto", checkpoint))
    load_weights(network, fitting_weights(weights, network.state_dict()), checkpoint)
    return TrainedNetwork(network, part, options.name)
