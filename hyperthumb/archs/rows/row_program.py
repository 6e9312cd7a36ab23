"""Converts a network to the steps that `run_in_strips` runs."""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F

from hyperthumb.images.pixels import full_precision
from hyperthumb.images.resize import bicubic_downscale, bicubic_phases, bicubic_upscale

from .composed import ComposedConvolution
from .row_operations import Composition, Convolution, Elementwise, Resampling, RowOperation
from .rows import RowSource, RowStep, run_in_strips

_TRACING = threading.Lock()


class NotLocalError(Exception):
    """The network has a layer that is not known to be local, so it cannot run in strips."""


_ELEMENTWISE_FUNCTIONS = {
    operator.add, operator.sub, operator.mul, operator.truediv, operator.neg, torch.add, torch.sub, torch.mul,
    torch.div, torch.relu, torch.sigmoid, torch.tanh, torch.clamp, F.relu, F.leaky_relu, F.gelu, F.silu, full_precision,
}  # fmt: skip
_ELEMENTWISE_METHODS = {"add", "sub", "mul", "div", "relu", "sigmoid", "tanh", "clamp", "float"}
_PLACE_OF_INPLACE = {F.relu: 1, F.leaky_relu: 2, F.silu: 1}
"""The position of the argument `inplace` of functions that can change their input."""
_BY_A_FACTOR: dict[Any, Callable[[int], dict[str, int]]] = {
    F.pixel_shuffle: lambda factor: {"up": factor},
    bicubic_phases: lambda _: {"reach": 2},
    bicubic_upscale: lambda factor: {"up": factor, "reach": 2},
    bicubic_downscale: lambda factor: {"down": factor, "reach": 2 * factor},
}
"""Functions of a tensor and a whole factor, with the arguments of their `Resampling`."""
_ELEMENTWISE_LAYERS = (nn.ReLU, nn.LeakyReLU, nn.GELU, nn.SiLU, nn.Sigmoid, nn.Tanh, nn.Identity)


class RowProgram:
    """A network of local layers, prepared to run in strips.

    Args:
        network: a network in eval mode whose forward takes one tensor (1, C, h, w) for each source. Its weights change
            their memory layout and, with `low_precision`, their type, so the caller must not use it any more. A layer
            with a true attribute `pointwise` computes each pixel from the pixel in the same place.
        low_precision: run all convolutions but the last in bfloat16.

    Raises:
        NotLocalError: if torch.fx cannot trace the network, or a layer is not known to be local.
    """

    def __init__(self, network: nn.Module, low_precision: bool = False) -> None:
        self._network = network.requires_grad_(False)
        for weights in network.parameters():
            if weights.dim() == 4:
                weights.data = weights.data.contiguous(memory_format=torch.channels_last)
        tracer = _Tracer(autowrap_functions=(bicubic_downscale, bicubic_phases, bicubic_upscale, full_precision))
        try:
            graph = tracer.trace(network)
        except Exception as error:  # fx has no common class for its errors
            raise NotLocalError(f"{type(network).__name__}: {error}") from error
        self._positions: dict[fx.Node, int] = {}
        self._steps: list[RowStep] = []
        self._follow(graph)
        if low_precision:
            operations = [step.operation for step in self._steps]
            layers = [each.layer for each in operations if isinstance(each, Convolution | Composition)]
            for layer in layers[:-1]:
                layer.to(torch.bfloat16)

    def run(self, sources: Sequence[RowSource], rows: int) -> Iterator[Tensor]:
        """Yields the network's output in strips of about `rows` rows, from the top."""
        return run_in_strips(sources, self._steps, rows)

    def _follow(self, graph: fx.Graph) -> None:
        sources = [node for node in graph.nodes if node.op == "placeholder"]
        self._positions = {node: position for position, node in enumerate(sources)}
        for node in graph.nodes:
            if node.op == "output":
                (result,) = node.args
                if self._positions.get(result) != len(sources) + len(self._steps) - 1:
                    raise NotLocalError("its result is not the output of its last layer")
            elif node.op not in ("placeholder", "get_attr"):
                inputs = [other for other in node.all_input_nodes if other in self._positions]
                if not inputs:
                    raise NotLocalError(f"{node.format_node()} does not depend on the picture")
                self._positions[node] = len(sources) + len(self._steps)
                self._steps.append(RowStep(self._operation(node), tuple(self._positions[other] for other in inputs)))

    def _operation(self, node: fx.Node) -> RowOperation:
        if node.op == "call_module":
            return self._of_layer(self._network.get_submodule(str(node.target)), node)
        if node.op == "call_method" and node.target in _ELEMENTWISE_METHODS:
            name = str(node.target)
            return self._elementwise(node, lambda first, *rest, **options: getattr(first, name)(*rest, **options))
        if node.op == "call_function":
            return self._of_function(node)
        raise NotLocalError(node.format_node())

    def _of_layer(self, layer: nn.Module, node: fx.Node) -> RowOperation:
        if isinstance(layer, ComposedConvolution):
            return Composition(layer)
        if isinstance(layer, nn.Conv2d) and layer.padding_mode == "zeros" and layer.dilation == (1, 1):
            if isinstance(layer.padding, str):
                raise NotLocalError(node.format_node())
            return Convolution(layer)
        if isinstance(layer, nn.PixelShuffle):
            return Resampling(layer, up=layer.upscale_factor)
        if isinstance(layer, nn.PixelUnshuffle):
            return Resampling(layer, down=layer.downscale_factor)
        if isinstance(layer, _ELEMENTWISE_LAYERS) or _is_pointwise(layer):
            if getattr(layer, "inplace", False):
                self._refuse_shared_input(node)
            return Elementwise(lambda windows: layer(windows[0]))
        raise NotLocalError(node.format_node())

    def _of_function(self, node: fx.Node) -> RowOperation:
        function: Any = node.target
        if function is torch.cat:
            if node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else 0) != 1:
                raise NotLocalError(node.format_node())
            return self._elementwise(node, function)
        if function in _ELEMENTWISE_FUNCTIONS:
            place = _PLACE_OF_INPLACE.get(function, len(node.args))
            if node.kwargs.get("inplace") or any(node.args[place : place + 1]):
                self._refuse_shared_input(node)
            return self._elementwise(node, function)
        if function in _BY_A_FACTOR:
            factor = int(node.args[1])  # type: ignore[arg-type]
            return Resampling(lambda window: function(window, factor), **_BY_A_FACTOR[function](factor))
        if function is F.interpolate and len(node.args) == 1 and node.kwargs.get("mode") == "nearest":
            factor = _whole_factor(node)
            return Resampling(lambda window: F.interpolate(window, scale_factor=factor, mode="nearest"), up=factor)
        raise NotLocalError(node.format_node())

    def _elementwise(self, node: fx.Node, function: Callable[..., Tensor]) -> Elementwise:
        """Binds the function's constant arguments. The arguments that are pictures become windows."""
        order = [other for other in node.all_input_nodes if other in self._positions]
        for other in node.all_input_nodes:
            if other not in self._positions and any(side != 1 for side in self._constant(other).shape[-2:]):
                raise NotLocalError(f"{node.format_node()} depends on the position in the picture")

        def apply(windows: Sequence[Tensor]) -> Tensor:
            def value(other: fx.Node) -> Any:
                if other in self._positions:
                    return windows[order.index(other)]
                return self._constant(other)

            args = fx.node.map_arg(node.args, value)
            return function(*args, **fx.node.map_arg(node.kwargs, value))

        return Elementwise(apply)

    def _refuse_shared_input(self, node: fx.Node) -> None:
        """Raises an error if a layer changes an input that another layer reads, since their order differs in strips."""
        (before,) = node.all_input_nodes
        if len(before.users) > 1 or before.op == "placeholder":
            raise NotLocalError(f"{node.format_node()} changes the input of another layer")
        is_identity = before.op == "call_module" and isinstance(
            self._network.get_submodule(str(before.target)), nn.Identity
        )
        if is_identity or before.target in (full_precision, "float"):  # their result may be their input itself
            self._refuse_shared_input(before)

    def _constant(self, node: fx.Node) -> Tensor:
        constant: Tensor = operator.attrgetter(str(node.target))(self._network)
        return constant


def _whole_factor(node: fx.Node) -> int:
    """The factor of an enlargement, if it is one integer for both axes, such as 2 or 2.0."""
    factor = node.kwargs.get("scale_factor")
    if isinstance(factor, int | float) and float(factor).is_integer() and node.kwargs.get("size") is None:
        return int(factor)
    raise NotLocalError(f"{node.format_node()} does not enlarge by an integer factor")


class _Tracer(fx.Tracer):
    """An fx tracer for processes with several threads.

    While fx traces, it replaces `nn.Module.__call__` in the whole process. Calls from other threads must not be traced.
    """

    def trace(self, root: nn.Module | Callable[..., Any], concrete_args: dict[str, Any] | None = None) -> fx.Graph:
        with _TRACING:
            self._thread = threading.get_ident()
            return super().trace(root, concrete_args)

    def call_module(
        self, m: nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        if threading.get_ident() != self._thread:
            return forward(*args, **kwargs)
        return super().call_module(m, forward, args, kwargs)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        if threading.get_ident() != self._thread:
            return attr_val
        return super().getattr(attr, attr_val, parameter_proxy_cache)

    def is_leaf_module(self, module: nn.Module, name: str) -> bool:
        own = isinstance(module, ComposedConvolution) or _is_pointwise(module)
        return own or super().is_leaf_module(module, name)


def _is_pointwise(layer: nn.Module) -> bool:
    return bool(getattr(layer, "pointwise", False))
