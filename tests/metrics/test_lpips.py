"""LPIPS: the backbone is always the one asked for, and never random.

The published values are checked where real weights are at hand; the arithmetic is checked everywhere, against
LPIPS written out here from the paper's equation 1, on a backbone of known weights.
"""

from __future__ import annotations

import os
import socket
import sys
import urllib.error
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.config import LpipsOptions
from hyperthumb.evaluation.lpips_column import open_lpips
from hyperthumb.losses import LPIPSLoss
from hyperthumb.metrics.lpips import LpipsMetric, LpipsUnavailable

pytest.importorskip("lpips")
models = pytest.importorskip("torchvision.models")


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SqueezeNet with weights of no meaning, in half precision."""
    with torch.random.fork_rng():
        torch.manual_seed(11)
        weights = models.squeezenet1_1(weights=None).state_dict()
    path = tmp_path_factory.mktemp("weights") / "squeezenet.pth"
    torch.save({name: value.half() for name, value in weights.items()}, path)
    return path


def picture(seed: int, height: int = 45, width: int = 65) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def lpips_by_hand(first: np.ndarray, second: np.ndarray, weights_file: Path) -> float:
    """Equation 1 of the paper, from torchvision's network and the package's file of heads."""
    import lpips

    network = models.squeezenet1_1(weights=None).eval()
    network.load_state_dict(
        {name: value.float() for name, value in torch.load(weights_file, weights_only=True).items()}
    )
    heads = torch.load(Path(lpips.__file__).parent / "weights" / "v0.1" / "squeeze.pth", "cpu")
    # Statistics of ImageNet in 0..1, as torchvision's classifiers expect them.
    mean, deviation = (
        torch.tensor(values).view(1, 3, 1, 1) for values in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    )

    def features(image: np.ndarray) -> list[Tensor]:
        x = (torch.tensor(image).permute(2, 0, 1)[None] / 255 - mean) / deviation
        found = []
        for index, layer in enumerate(network.features):
            x = layer(x)
            if index in (1, 4, 7, 9, 10, 11, 12):
                found.append(x / x.norm(dim=1, keepdim=True).clamp_min(1e-10))
        return found

    with torch.no_grad():
        pairs = zip(features(first), features(second), strict=True)
        return sum(
            float((heads[f"lin{index}.model.1.weight"] * (a - b) ** 2).sum(dim=1).mean())
            for index, (a, b) in enumerate(pairs)
        )


def test_agrees_with_the_equation(weights_file: Path) -> None:
    metric = LpipsMetric.create("squeeze", weights_file)
    expected = lpips_by_hand(picture(1), picture(2), weights_file)
    assert expected > 1e-3
    assert metric(picture(1), picture(2)) == pytest.approx(expected, rel=1e-4)


def test_large_pictures_in_tiles_are_as_exact(weights_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = picture(1, 45, 430), picture(2, 45, 430)
    metric = LpipsMetric.create("squeeze", weights_file)
    whole = metric(first, second)
    passes: list[int] = []
    metric.network.net.register_forward_hook(lambda *_: passes.append(1))
    monkeypatch.setattr("hyperthumb.metrics.lpips._TILE", 128)
    assert metric(first, second) == pytest.approx(whole, rel=1e-6)
    assert len(passes) == 2 * 4
    monkeypatch.setattr("hyperthumb.metrics.lpips._MARGIN", 16)  # this is seen: that the other is not is no chance
    assert metric(first, second) != pytest.approx(whole, rel=1e-4)


def test_equal_pictures_are_at_distance_zero(weights_file: Path) -> None:
    assert LpipsMetric.create("squeeze", str(weights_file))(picture(1), picture(1)) == 0.0


def test_creating_it_leaves_the_random_state(weights_file: Path) -> None:
    before = torch.get_rng_state()
    LpipsMetric.create("squeeze", weights_file)
    assert torch.equal(torch.get_rng_state(), before)


def test_autocast_changes_nothing(weights_file: Path) -> None:
    metric = LpipsMetric.create("squeeze", weights_file)
    plain = metric(picture(1), picture(2))
    with torch.autocast("cpu", torch.bfloat16):
        assert metric(picture(1), picture(2)) == plain


def test_refuses_pictures_too_small_for_the_backbone(weights_file: Path) -> None:
    with pytest.raises(HyperthumbError, match="32 pixels or more, not 40x31"):
        LpipsMetric.create("squeeze", weights_file)(picture(1, 31, 40), picture(2, 31, 40))


@pytest.mark.parametrize(("net", "name"), [("alex", "alexnet"), ("vgg", "vgg16"), ("squeeze", "squeezenet1_1")])
def test_the_features_alone_are_enough(net, name: str, tmp_path: Path) -> None:
    with torch.random.fork_rng(), torch.device("meta"):
        shapes = {key: value.shape for key, value in getattr(models, name)(weights=None).state_dict().items()}
    generator = torch.Generator().manual_seed(5)
    features = {
        key: 0.05 * torch.randn(shape, generator=generator)
        for key, shape in shapes.items()
        if key.startswith("features.")
    }
    assert len(features) < len(shapes)
    torch.save(features, tmp_path / "features.pth")
    metric = LpipsMetric.create(net, tmp_path / "features.pth")
    loaded = metric.network.net.state_dict()
    assert len(loaded) == len(features)
    for key, value in loaded.items():
        assert torch.equal(value, features[f"features.{key.partition('.')[2]}"])
    assert metric(picture(1), picture(2)) > 0


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda weights: weights.pop("features.3.squeeze.bias"), 'lacks "features.3.squeeze.bias"'),
        (lambda weights: weights.update(extra=torch.zeros(1)), 'has an unknown "extra"'),
        (lambda weights: weights.update({"features.0.bias": torch.zeros(3)}), r"\(3,\) instead of \(64,\)"),
        (lambda weights: weights.update({"classifier.1.bias": torch.zeros(3)}), r"\(3,\) instead of \(1000,\)"),
    ],
)
def test_another_networks_weights_are_an_error(weights_file: Path, tmp_path: Path, damage, message: str) -> None:
    weights = torch.load(weights_file, weights_only=True)
    damage(weights)
    torch.save(weights, tmp_path / "other.pth")
    with pytest.raises(HyperthumbError, match=message) as caught:
        LpipsMetric.create("squeeze", tmp_path / "other.pth")
    # The user asked for this file: an empty column would hide the mistake.
    assert not isinstance(caught.value, LpipsUnavailable)


def test_missing_or_unreadable_weights_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(HyperthumbError, match="there is no file"):
        LpipsMetric.create("alex", tmp_path / "absent.pth")
    (tmp_path / "text.pth").write_text("not a checkpoint")
    with pytest.raises(HyperthumbError, match="cannot be read"):
        LpipsMetric.create("alex", tmp_path / "text.pth")


def test_unknown_net() -> None:
    with pytest.raises(HyperthumbError, match=r'"alexnet" \(known: alex, vgg, squeeze\)'):
        LpipsMetric.create("alexnet")  # type: ignore[arg-type]


@pytest.mark.parametrize("net", ["alex", "vgg", "squeeze"])
def test_without_a_connection_the_error_comes_soon(net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = []

    def refuse(*_args: object, **_options: object) -> None:
        limits.append(socket.getdefaulttimeout())
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "urlopen", refuse)
    before = socket.getdefaulttimeout()
    with pytest.raises(LpipsUnavailable, match=r"Name or service not known.*a local file: `backbone_weights`$"):
        LpipsMetric.create(net, timeout=3.0)
    assert limits == [3.0]
    assert socket.getdefaulttimeout() == before


def test_each_caller_says_where_it_takes_the_backbone_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise urllib.error.URLError("offline")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "urlopen", refuse)
    with pytest.warns(
        UserWarning, match=r"the column lpips stays empty: .*a local file: val\.lpips\.backbone_weights$"
    ):
        assert open_lpips(LpipsOptions(), "cpu", "val.lpips") is None
    with pytest.raises(LpipsUnavailable, match=r"a local file: `backbone_weights` of this LPIPSLoss$"):
        LPIPSLoss("squeeze")


def test_a_missing_package_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lpips", None)
    with pytest.raises(LpipsUnavailable, match="pip install lpips"):
        LpipsMetric.create("alex")


@pytest.mark.parametrize(("seed", "published"), [(123, 0.1008), (42, 0.1005)])
def test_published_values_with_real_weights(seed: int, published: float) -> None:
    """The examples in TorchMetrics' documentation of its LPIPS with SqueezeNet."""
    path = Path(os.environ.get("HYPERTHUMB_DATA", "datasets")) / "weights" / "squeezenet1_1_imagenet_fp16.pth"
    if not path.exists():
        pytest.skip(f"SqueezeNet's weights are not at {path}; HYPERTHUMB_DATA names the folder that holds weights/")
    generator = torch.Generator().manual_seed(seed)
    first, second = (torch.rand(10, 3, 100, 100, generator=generator) * 2 - 1 for _ in range(2))
    distances = LpipsMetric.create("squeeze", path).distances(first, second)
    assert distances.shape == (10,)
    assert float(distances.mean()) == pytest.approx(published, abs=5e-5)
