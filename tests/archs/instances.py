"""Reference instances: the original's from the folder HYPERTHUMB_REFERENCE, and instances made by our networks."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from hyperthumb.archs.official.names import to_official
from hyperthumb.jpeg.simulator import coefficients_to_rgb
from scripts.convert_official_checkpoint import restore, round_around_medians
from tests.archs.parts import tiny


def reference(name):
    """The path of a file in the reference folder; skips the test if it does not exist."""
    folder = os.environ.get("HYPERTHUMB_REFERENCE")
    if not folder:
        pytest.skip("HYPERTHUMB_REFERENCE does not name the folder of reference instances")
    path = Path(folder) / name
    if not path.exists():
        pytest.skip(f"there is no {path}")
    return path


def official_network(scale, seed=0):
    """A small network of the paper's parts whose tables differ between frequencies."""
    torch.manual_seed(seed)
    network = tiny(
        scale, quantization="predicted", encoder="RDBUNet", decoder="FrequencyAwareDecoder", rate="factorized"
    ).eval()
    with torch.no_grad():
        for perceptron in (network.quantization.luma, network.quantization.chroma):
            perceptron.last.bias.uniform_(0, 30)
        network.rate.luma.quantiles.add_(0.2)
    return network


def official_state(network):
    """The original's state dict. At scale 1 it includes the encoder and decoders that the original never uses."""
    state = to_official(network.state_dict())
    if network.scale == 1:
        for name, value in to_official(official_network(2).state_dict()).items():
            if name.startswith(("encoder.", "decoder.", "coefficient_decoder.")):
                state[name] = value
        state["encoder.conv_first.weight"] = torch.zeros(8, 3, 3, 3)
    return state


@torch.no_grad()
def write_instance(path, scale):
    """An instance in the original's layout, computed by our network."""
    network = official_network(scale)
    hr = torch.rand(2, 3, 16 * scale, 24 * scale)
    encoded = hr if network.encoder is None else network.encoder(hr)
    coefficients = network.transform(hr)
    batch = network.compress(hr)
    tables = batch.tables.float()
    per_plane = tables[:, [0, 1, 1], None, None]
    dequantized = batch.coefficients * per_plane
    around_medians = round_around_medians(network, coefficients / per_plane)
    planes = coefficients.transpose(-3, -2).flatten(-4, -3).flatten(-2, -1)
    tensors = {
        "x": hr,
        "encoder_out": encoded,
        "dct_y": planes[:, :1],
        "dct_cbcr": planes[:, 1:],
        "tables": tables,
        "quantised_y": batch.coefficients[:, :1],
        "quantised_cbcr": batch.coefficients[:, 1:],
        "thumbnail_rgb": coefficients_to_rgb(dequantized, clamp=False),
        "restored": restore(network, dequantized),
        "forward_restored": restore(network, around_medians * per_plane),
        "forward_bpp_likelihood": network.rate(around_medians).sum() / (hr.numel() / 3),
    }
    arrays = {f"io/{name}": value.numpy() for name, value in tensors.items()}
    arrays |= {f"param/{name}": value.numpy() for name, value in official_state(network).items()}
    np.savez(path, **arrays)
    return arrays
