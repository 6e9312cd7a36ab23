"""Models from wherever they are: model files, trainings' folders, checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from hyperthumb.base.component import Component
from hyperthumb.base.errors import CheckpointError
from hyperthumb.models.build import build_network
from hyperthumb.models.contract import RescalingNetwork
from hyperthumb.models.file import LoadedModel, build_model, load_model, to_half_precision
from hyperthumb.models.header import Description
from hyperthumb.models.portable import fitting_weights, portable_part
from hyperthumb.models.weights import choose_weights, load_weights, read_safely


class TrainedNetwork(NamedTuple):
    """A training's network, and the component it was built from; without a rate model that no model file holds."""

    network: RescalingNetwork
    part: Component
    name: str


def open_model(path: Path, with_rate_model: bool = False) -> LoadedModel:
    """The model in a model file, in a training's folder (its newest weights), or in one of its checkpoints.

    A checkpoint's weights are rounded to half precision, so that the checkpoint and the model file made of it are the
    same model, with one id.

    Args:
        path: the file or folder.
        with_rate_model: keep the rate model in the network, see `load_model`.

    Raises:
        CheckpointError: when it cannot be read, see `load_model` and `load_trained`.
        OptionsError: when the options beside a checkpoint cannot be read.
    """
    if not (path.is_dir() or path.suffix == ".pth"):
        return load_model(path, with_rate_model)
    trained = load_trained(path)
    weights = to_half_precision(trained.network.state_dict(), path)
    description = Description(trained.name, trained.network.scale, {}, {})
    return build_model(trained.part, weights, description, path, with_rate_model)


def weights_file(path: Path) -> Path:
    """The file that a model's weights are in: the newest ones of a training's folder, or the file itself."""
    return path / "models" / "net_g_latest.pth" if path.is_dir() else path


def load_trained(path: Path, options_file: Path | None = None) -> TrainedNetwork:
    """The network of a training, with its average weights where there are any.

    Args:
        path: a training's folder, for its newest weights; or a .pth file, of ours or of the original repository.
        options_file: the options file that names the network; None is `options.resolved.yml` in the training's folder.

    Raises:
        CheckpointError: when one of the two is missing, cannot be read, or does not fit the other.
        OptionsError: when the options cannot be read.
    """
    from hyperthumb.config import load_network_options  # imports YAML, which model files do not need

    checkpoint = weights_file(path)
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
    load_weights(network, fitting_weights(weights, network.state_dict()), checkpoint)
    return TrainedNetwork(network, part, options.name)
