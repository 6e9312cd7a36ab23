"""Assigns parameters to optimizers.

There are three groups of parameters, each with its own learning rate:

- the networks;
- the rate model: at the networks' learning rate, a prior needs thousands of steps before its gradient is useful;
- the quantiles of the entropy bottleneck, whose auxiliary loss must not affect the networks' gradient norm.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from hyperthumb.base.errors import OptionsError, OptionsWarning
from hyperthumb.config import TrainingOptions
from hyperthumb.models.contract import RescalingNetwork

from .muon import Muon
from .schedule import learning_rate_factor
from .soap import SOAP

_TYPES = {"Adam": torch.optim.Adam, "AdamW": torch.optim.AdamW, "Muon": Muon, "SOAP": SOAP}
_AUXILIARY_FACTOR = 10
"""The learning rate of the quantiles is 10 times that of the networks, as in the original."""


@dataclass(frozen=True)
class ParameterGroups:
    """A partition of a network's parameters. The `frozen` ones are not trained."""

    networks: list[nn.Parameter]
    rate: list[nn.Parameter]
    auxiliary: list[nn.Parameter]
    frozen: list[nn.Parameter]

    @property
    def trained(self) -> list[nn.Parameter]:
        return [*self.networks, *self.rate, *self.auxiliary]


def partition_parameters(network: RescalingNetwork, freeze: Sequence[str] = ()) -> ParameterGroups:
    """Puts every parameter into exactly one group; those whose names start with a prefix in `freeze` stay as they are.

    Raises:
        OptionsError: if a prefix in `freeze` matches no parameter.
    """
    named = dict(network.named_parameters())
    for prefix in freeze:
        if not any(name.startswith(prefix) for name in named):
            raise OptionsError(f'train.freeze: no parameter has a name that starts with "{prefix}"')
    frozen = [p for name, p in named.items() if name.startswith(tuple(freeze))]
    for parameter in frozen:
        parameter.requires_grad_(False)
    taken = {id(p) for p in frozen}
    rate = [p for p in network.rate_parameters() if id(p) not in taken]
    auxiliary = [p for p in network.auxiliary_parameters() if id(p) not in taken]
    taken |= {id(p) for p in (*rate, *auxiliary)}
    groups = ParameterGroups([p for p in named.values() if id(p) not in taken], rate, auxiliary, frozen)
    everything = [id(p) for p in (*groups.trained, *frozen)]
    assert sorted(everything) == sorted(map(id, named.values())), "parameters are not partitioned"
    return groups


class Optimizers:
    """The optimizers of one run by name (networks, rate, auxiliary), and their learning rates."""

    def __init__(self, groups: ParameterGroups, options: TrainingOptions) -> None:
        self.groups, self.options = groups, options
        self._base_lr: dict[str, float] = {}
        self._optimizers: dict[str, torch.optim.Optimizer] = {}
        networks = options.optim_g
        rate = groups.rate if options.losses.rate is not None else []  # without a rate loss they have no gradient
        faster = dataclasses.replace(networks, lr=networks.lr * _AUXILIARY_FACTOR)
        for name, setting, parameters, given, default in (
            ("networks", "optim_g", groups.networks, networks, networks),
            ("rate", "optim_rate", rate, options.optim_rate, networks),
            ("auxiliary", "optim_aux", groups.auxiliary, options.optim_aux, faster),
        ):
            if parameters:
                chosen = given or default
                settings = {"lr": chosen.lr, "betas": chosen.betas, "weight_decay": chosen.weight_decay}
                self._base_lr[name] = chosen.lr
                self._optimizers[name] = _TYPES[chosen.type](parameters, **settings)
            elif given is not None and name != "networks":
                message = f"train.{setting} is ignored, because the run trains no such parameters"
                warnings.warn(OptionsWarning(message), stacklevel=2)
        if not self._optimizers:
            raise OptionsError("the network has no trainable parameters")

    def __contains__(self, name: str) -> bool:
        return name in self._optimizers

    def __getitem__(self, name: str) -> torch.optim.Optimizer:
        return self._optimizers[name]

    def names(self) -> list[str]:
        return list(self._optimizers)

    def set_learning_rates(self, iteration: int) -> dict[str, float]:
        """Sets and returns the learning rates for the step `iteration`."""
        rates = {}
        for name, base in self._base_lr.items():
            rates[name] = base * learning_rate_factor(
                self.options.scheduler, iteration, self.options.total_iter, self.options.warmup_iter, base
            )
            for group in self._optimizers[name].param_groups:
                group["lr"] = rates[name]
        return rates

    def zero_grad(self) -> None:
        for optimizer in self._optimizers.values():
            optimizer.zero_grad(set_to_none=True)

    def state_dict(self) -> dict[str, dict]:
        return {name: optimizer.state_dict() for name, optimizer in self._optimizers.items()}

    def load_state_dict(self, state: dict[str, dict]) -> None:
        """Loads the state. Raises OptionsError if other optimizers made it."""
        if sorted(state) != sorted(self._optimizers):
            raise OptionsError(
                f"the training state has optimizers for {sorted(state)}, but this run has {sorted(self._optimizers)}"
            )
        for name, optimizer in self._optimizers.items():
            settings = [set(group) for group in optimizer.param_groups]
            try:
                optimizer.load_state_dict(state[name])
            except ValueError as error:
                raise OptionsError(f"the training state does not fit the trained parameters: {error}") from error
            except (KeyError, TypeError, AttributeError) as error:
                raise _another_type(name, optimizer) from error
            # PyTorch accepts groups with missing settings, and would fail at the first step.
            if any(own - set(group) for own, group in zip(settings, optimizer.param_groups, strict=True)):
                raise _another_type(name, optimizer)


def _another_type(name: str, optimizer: torch.optim.Optimizer) -> OptionsError:
    return OptionsError(
        f'the training state does not fit this run: its optimizer "{name}" is not of type '
        f"{type(optimizer).__name__}. Set the type in train.optim_* to that of the earlier run"
    )
