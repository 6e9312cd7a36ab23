"""Learned perceptual image patch similarity (Zhang et al., CVPR 2018), by the authors' package, version 0.1.

The package carries its linear heads; the ImageNet backbone under them comes from torchvision (downloaded
once, then cached) or from a local file. Every weight of it is loaded here: no number comes from random ones.
"""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from hyperthumb.base.errors import CheckpointError, HyperthumbError, TooSmallError
from hyperthumb.base.quiet import quietly
from hyperthumb.images.pixels import to_tensor
from hyperthumb.images.tiles import Tile, cover, scaled
from hyperthumb.models.weights import read_safely

from .images import Picture, check_pair

Net = Literal["alex", "vgg", "squeeze"]

_TORCHVISION = {
    "alex": ("alexnet", "AlexNet_Weights"),
    "vgg": ("vgg16", "VGG16_Weights"),
    "squeeze": ("squeezenet1_1", "SqueezeNet1_1_Weights"),
}
_SMALLEST_SIDE = 32
"""Below this the backbones' strides leave no feature map."""

_STRIDES = {"alex": (4, 8, 16, 16, 16), "vgg": (1, 2, 4, 8, 16), "squeeze": (2, 4, 8, 16, 16, 16, 16)}
"""Pixels from one number of each feature map to the next."""
_EPSILON = 1e-10
"""The package's own, against division by zero."""
_TILE, _MARGIN = 768, 112
"""Pixels, multiples of 16. The last maps see 90 pixels before a number's place (VGG) and 103 after it (squeeze)."""


class LpipsUnavailable(HyperthumbError):
    """The package or its backbone is not available; the column stays empty."""


class LpipsMetric:
    """LPIPS of two 8-bit pictures, 0 for equal ones; call it with both.

    Make it at start-up with `create`: a missing backbone is then reported before the training.
    """

    def __init__(self, network: nn.Module, net: Net, device: torch.device) -> None:
        self.network = network.to(device)
        self._device = device
        self.net = net

    @classmethod
    def create(
        cls,
        net: Net = "alex",
        backbone_weights: Path | str | None = None,
        device: torch.device | str = "cpu",
        timeout: float = 10.0,
        setting: str = "`backbone_weights`",
    ) -> LpipsMetric:
        """Loads the heads and the backbone. Leaves the global random state unchanged.

        Args:
            net: the backbone: "alex" (what most papers report), "vgg" (VGG-16) or "squeeze" (SqueezeNet 1.1).
            backbone_weights: torchvision's state dict for it, in any float type, with or without the classifier,
                which LPIPS does not use; None takes torchvision's own from its cache or from the network.
            device: where to compute.
            timeout: seconds a connection may be silent.
            setting: where the user of the caller names `backbone_weights`, for messages.

        Raises:
            LpipsUnavailable: `lpips` or torchvision is not installed, or the backbone cannot be downloaded.
            HyperthumbError: an unknown `net`, or a `backbone_weights` that is missing or another network's.
        """
        if net not in _TORCHVISION:
            raise HyperthumbError(f'LPIPS: unknown net "{net}" (known: {", ".join(_TORCHVISION)})')
        try:
            import lpips
            import torchvision.models
        except ImportError as error:
            raise LpipsUnavailable(f"LPIPS: {error}; `pip install lpips` brings it") from error

        if backbone_weights is None:
            weights = _downloaded_weights(torchvision.models, net, timeout, setting)
        else:
            weights = _local_weights(torchvision.models, net, Path(backbone_weights))
        with torch.random.fork_rng(devices=[]), quietly(UserWarning):
            # Both come from building the backbone, at random at first: draws from the global generator, which
            # would change a training's course, and torchvision's notes on an argument that lpips still uses.
            network = lpips.LPIPS(net=net, pnet_rand=True, verbose=False)
        network.net.load_state_dict({name: weights[_torchvision_name(name)] for name in network.net.state_dict()})
        return cls(network.eval().requires_grad_(False), net, torch.device(device))

    def __call__(self, first: Picture, second: Picture) -> float:
        """LPIPS of two (H, W, 3) uint8 RGB pictures.

        Large ones are done in tiles that see as much around them as the backbone does: all maps are those of the whole
        picture, and so is their mean, to float rounding.

        Raises:
            TooSmallError: for a side below 32 pixels.
            HyperthumbError: for another type or shape.
        """
        check_pair(first, second)
        height, width = first.shape[:2]
        if min(height, width) < _SMALLEST_SIDE:
            raise TooSmallError(f"LPIPS needs sides of {_SMALLEST_SIDE} pixels or more, not {width}x{height}")
        tiles = list(cover((height, width), _TILE, _MARGIN, max(_STRIDES[self.net])))
        if len(tiles) == 1:
            return float(self.distances(self._prepared(first), self._prepared(second)))
        sums, counts = [0.0] * len(_STRIDES[self.net]), [0] * len(_STRIDES[self.net])
        for tile in tiles:
            own = self._maps(first[tile.seen], second[tile.seen], tile)
            for layer, values in enumerate(own):
                sums[layer] += float(values.sum(dtype=torch.float64))
                counts[layer] += values.numel()
        return sum(total / count for total, count in zip(sums, counts, strict=True))

    def distances(self, first: Tensor, second: Tensor) -> Tensor:
        """(B,) LPIPS of two (B, 3, H, W) in -1..1, without gradients, in float32 even under autocast."""
        with torch.no_grad(), torch.autocast(self._device.type, enabled=False):
            return self.network(first, second).flatten()

    def _prepared(self, picture: Picture) -> Tensor:
        return 2 * to_tensor(picture, self._device) - 1

    def _maps(self, first: Picture, second: Picture, tile: Tile) -> Iterator[Tensor]:
        """The distances of every layer (1, 1, n, m) whose mean LPIPS is the sum of: those that are the tile's own."""
        network: Any = self.network
        with torch.no_grad(), torch.autocast(self._device.type, enabled=False):
            pair = (network.net(network.scaling_layer(self._prepared(picture))) for picture in (first, second))
            for stride, head, *features in zip(_STRIDES[self.net], network.lins, *pair, strict=True):
                one, other = (values / (values.square().sum(1, keepdim=True).sqrt() + _EPSILON) for values in features)
                rows, columns = scaled(tile.inner, 1, stride)
                yield head((one - other).square())[:, :, rows, columns]


def _torchvision_name(name: str) -> str:
    """lpips' `slice2.3.squeeze.weight` is torchvision's `features.3.squeeze.weight`: the numbers stay."""
    return f"features.{name.partition('.')[2]}"


def _local_weights(models: Any, net: Net, path: Path) -> Mapping[str, Tensor]:
    """A state dict from a file, checked name by name and shape by shape against torchvision's network.

    It must have the features; the classifier may be absent.
    """
    architecture = _TORCHVISION[net][0]
    complaint = f"LPIPS: {path} is not torchvision's {architecture}"
    try:
        weights = read_safely(path)
    except CheckpointError as error:
        if not path.exists():
            raise HyperthumbError(f"LPIPS: there is no file {path} (backbone_weights)") from error
        raise HyperthumbError(f"{complaint}: it cannot be read as a checkpoint of plain tensors") from error
    with torch.device("meta"):
        expected = getattr(models, architecture)(weights=None).state_dict()
    if not isinstance(weights, Mapping):
        raise HyperthumbError(f"{complaint}: it holds no state dict")
    for name in [*filter(_is_feature, expected), *weights]:
        if name not in weights or name not in expected:
            verb = "lacks" if name not in weights else "has an unknown"
            raise HyperthumbError(f'{complaint}: it {verb} "{name}"')
        if weights[name].shape != expected[name].shape:
            shapes = f"{tuple(weights[name].shape)} instead of {tuple(expected[name].shape)}"
            raise HyperthumbError(f'{complaint}: "{name}" is {shapes}')
    return weights


def _is_feature(name: str) -> bool:
    """The names of the layers that LPIPS looks at; the others belong to the classifier, which a file may lack."""
    return name.startswith("features.")


def _downloaded_weights(models: Any, net: Net, timeout: float, setting: str) -> Mapping[str, Tensor]:
    """torchvision's ImageNet weights, from its cache or the network; their hash is checked."""
    source = getattr(models, _TORCHVISION[net][1]).IMAGENET1K_V1
    try:
        with _silent_at_most(timeout):
            return source.get_state_dict(progress=False, check_hash=True)
    except (OSError, RuntimeError, http.client.HTTPException) as error:
        place = Path(torch.hub.get_dir()) / "checkpoints" / source.url.rpartition("/")[2]
        raise LpipsUnavailable(
            f"the backbone of LPIPS cannot be downloaded from {source.url} ({error}); put that file at {place}, or "
            f"name a local file: {setting}"
        ) from error


@contextmanager
def _silent_at_most(seconds: float) -> Iterator[None]:
    """torch.hub gives its connections no time limit; without one an offline machine can wait for minutes."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
