"""Which optimizer trains which parameter: decided once, and asserted.

Three kinds of parameters with learning rates of their own: the networks, the rate model (a prior at the networks' pace
needs thousands of steps before its gradient means something), and the entropy bottleneck's quantiles, which have a loss
of their own that must not reach the networks' gradient norm.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from hyperthumb.base.errors import OptionsError, OptionsWarning
from hyperthumb.config import OptimizerOptions, TrainingOptions
from hyperthumb.models.contract import RescalingNetwork

from .muon import Muon
from .schedule import learning_rate_factor


@dataclass(frozen=True)
class ParameterGroups:
    """A partition of a network's parameters; `frozen` are trained by nobody."""

    networks: list[nn.Parameter]
    rate: list[nn.Parameter]
    auxiliary: list[nn.Parameter]
    frozen: list[nn.Parameter]


def partition_parameters(network: RescalingNetwork, freeze: Sequence[str] = ()) -> ParameterGroups:
    """Puts every parameter into exactly one group.

    Args:
        network: the network to train.
        freeze: prefixes of parameter names that stay as they are.

    Raises:
        OptionsError: when a prefix in `freeze` matches no parameter.
    """
    named = dict(network.named_parameters())
    for prefix in freeze:
        if not any(name.startswith(prefix) for name in named):
            raise OptionsError(f'train.freeze: no parameter\'s name starts with "{prefix}"')
    frozen = [p for name, p in named.items() if name.startswith(tuple(freeze))] if freeze else []
    for parameter in frozen:
        parameter.requires_grad_(False)
    taken = {id(p) for p in frozen}
    rate = [p for p in network.rate_parameters() if id(p) not in taken]
    auxiliary = [p for p in network.auxiliary_parameters() if id(p) not in taken]
    taken |= {id(p) for p in rate} | {id(p) for p in auxiliary}
    networks = [p for p in named.values() if id(p) not in taken]
    groups = ParameterGroups(networks, rate, auxiliary, frozen)
    everything = [id(p) for group in (networks, rate, auxiliary, frozen) for p in group]
    assert sorted(everything) == sorted(id(p) for p in named.values()), "parameters are not partitioned"
    return groups


class Optimizers:
    """The optimizers of one run, their schedule, and what of them a training state holds."""

    def __init__(self, groups: ParameterGroups, options: TrainingOptions) -> None:
        self.options = options
        self._base_lr: dict[str, float] = {}
        self._optimizers: dict[str, torch.optim.Optimizer] = {}
        self._add("networks", groups.networks, options.optim_g)
        rate = groups.rate if options.losses.rate is not None else []  # without the term nothing reaches them
        self._add("rate", rate, options.optim_rate or options.optim_g)
        # The quantiles' loss has a fixed scale; 10x the networks' rate is the original's proportion.
        self._add("auxiliary", groups.auxiliary, options.optim_aux or _faster(options.optim_g, 10))
        for name, given, parameters in (
            ("optim_rate", options.optim_rate, rate),
            ("optim_aux", options.optim_aux, groups.auxiliary),
        ):
            if given is not None and not parameters:
                warnings.warn(
                    OptionsWarning(f"train.{name} is ignored: there are no such parameters to train"), stacklevel=2
                )
        if not self._optimizers:
            raise OptionsError("there is nothing to train: the network has no trainable parameters")

    def _add(self, name: str, parameters: list[nn.Parameter], options: OptimizerOptions) -> None:
        if parameters:
            kind = {"Adam": torch.optim.Adam, "AdamW": torch.optim.AdamW, "Muon": Muon}[options.type]
            self._base_lr[name] = options.lr
            self._optimizers[name] = kind(
                parameters, lr=options.lr, betas=options.betas, weight_decay=options.weight_decay
            )

    def __contains__(self, name: str) -> bool:
        return name in self._optimizers

    def __getitem__(self, name: str) -> torch.optim.Optimizer:
        return self._optimizers[name]

    def names(self) -> list[str]:
        return list(self._optimizers)

    def set_learning_rates(self, iteration: int) -> dict[str, float]:
        """Sets each optimizer's rate for the step about to be taken, and returns them."""
        rates = {}
        for name, optimizer in self._optimizers.items():
            base = self._base_lr[name]
            rates[name] = base * learning_rate_factor(
                self.options.scheduler, iteration, self.options.total_iter, self.options.warmup_iter, base
            )
            for group in optimizer.param_groups:
                group["lr"] = rates[name]
        return rates

    def zero_grad(self) -> None:
        for optimizer in self._optimizers.values():
            optimizer.zero_grad(set_to_none=True)

    def state_dict(self) -> dict[str, dict]:
        return {name: optimizer.state_dict() for name, optimizer in self._optimizers.items()}

    def load_state_dict(self, state: dict[str, dict]) -> None:
        """Raises OptionsError when the state was made by another choice of optimizers."""
        if sorted(state) != sorted(self._optimizers):
            raise OptionsError(
                f"the training state holds optimizers for {sorted(state)}, this run has {sorted(self._optimizers)}"
            )
        for name, optimizer in self._optimizers.items():
            settings = [set(group) for group in optimizer.param_groups]
            try:
                optimizer.load_state_dict(state[name])
            except ValueError as error:
                raise OptionsError(f"the training state does not fit what is trained now: {error}") from error
            except (KeyError, TypeError, AttributeError) as error:
                raise _another_type(name, optimizer) from error
            # PyTorch takes the groups as the state has them; what another optimizer has no use for is missed in a step.
            if any(own - set(group) for own, group in zip(settings, optimizer.param_groups, strict=True)):
                raise _another_type(name, optimizer)


def _another_type(name: str, optimizer: torch.optim.Optimizer) -> OptionsError:
    return OptionsError(
        f'the training state does not fit what is trained now: its optimizer "{name}" is not of type '
        f"{type(optimizer).__name__}. Set the type in train.optim_* to the one it was trained with"
    )


def _faster(options: OptimizerOptions, factor: float) -> OptimizerOptions:
    return OptimizerOptions(
        type=options.type, lr=options.lr * factor, betas=options.betas, weight_decay=options.weight_decay
    )
