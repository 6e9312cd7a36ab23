"""Small networks of others, the official ones at full size, and the instances that their own code has computed."""

import ast

import numpy as np
import torch

from hyperthumb.archs.rivals import IRN, SAIN, BicubicThenNetwork, ComCNN, HCFlow
from hyperthumb.base.component import Component
from hyperthumb.base.registry import ARCHS
from tests.archs.instances import reference

TINY = {
    "IRN": (IRN, {"num_block": 1, "growth": 4}),
    "SAIN": (SAIN, {"e_block": 2, "v_block": 1, "growth": 4}),
    "HCFlow": (
        HCFlow,
        {
            "num_step": 3,
            "num_split_step": 1,
            "growth": 4,
            "split_hidden": 8,
            "split_feat": 8,
            "split_growth": 4,
            "split_block": (1, 1),
        },
    ),
    "ComCNN": (ComCNN, {"num_feat": 8, "num_layer": 3}),
    "BicubicThenNetwork": (
        BicubicThenNetwork,
        {"network": Component("EDSR", {"num_in_ch": 3, "num_out_ch": 3, "num_block": 1}), "skip": True},
    ),
}


def tiny_rival(name, scale=4, **arguments):
    """A small network with random weights everywhere, those that start at zero included."""
    kind, sizes = TINY[name]
    torch.manual_seed(0)
    network = Component(kind.__name__, {**sizes, **arguments}).build(ARCHS, scale=scale)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.01 * torch.randn_like(parameter))
    return network


def official_instance(name):
    """Weights by their official names, and tensors; skips the test where the file is absent."""
    with np.load(reference(name), allow_pickle=False) as file:
        arrays = {key: torch.from_numpy(file[key]) for key in file.files}
    parts = ("param/", "io/")
    return tuple({key.removeprefix(part): value for key, value in arrays.items() if part in key} for part in parts)


def official_names(name):
    """Shapes and types by the full-size network's names; skips the test where the file is absent."""
    listed = {}
    for line in reference(name).read_text().splitlines():
        if not line.startswith("#"):
            key, shape, dtype, _ = line.split("\t")
            listed[key] = (ast.literal_eval(shape), dtype)
    return listed


def own_names(kind):
    """The same of ours, built without memory."""
    with torch.device("meta"):
        network = kind(4)
    return {key: (tuple(value.shape), str(value.dtype)) for key, value in network.state_dict().items()}
