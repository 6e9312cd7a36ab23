"""HyperThumbnail (Qi et al., CVPR 2023): a JPEG thumbnail from which a network restores the photograph."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from hyperthumb.base.component import Component
from hyperthumb.base.errors import HyperthumbError, OptionsError, OptionsWarning
from hyperthumb.base.limits import SCALES
from hyperthumb.base.registry import ARCHS, DECODERS, ENCODERS, QUANTIZATIONS, RATE_MODELS, PartOf, Registry
from hyperthumb.jpeg.clamp import inward_clamp
from hyperthumb.jpeg.quantize import Rounding, RoundingName, find_rounding, integer_tables, per_plane
from hyperthumb.jpeg.simulator import coefficients_to_rgb, rgb_to_coefficients
from hyperthumb.jpeg.zigzag import to_zigzag
from hyperthumb.models.contract import (
    Analysis,
    CompressedBatch,
    Graphs,
    Precision,
    RescaleOutput,
    RescalingNetwork,
)
from hyperthumb.models.inference import Analyzer, Restorer

from .graphs import DecoderGraph, EncoderGraph, TablesGraph
from .official.names import is_official, to_ours
from .quantization import Quantization, ScaledTables
from .rate_model import RateModel
from .rows.inference import RowAnalyzer, RowRestorer
from .rows.row_program import NotLocalError


class Decoded(NamedTuple):
    """The decoder's input and output as pictures.

    Attributes:
        restored: (B, 3, H, W) RGB, nominally 0..1, not clamped.
        thumbnail: (B, 3, h, w) RGB in 0..1, as a viewer shows it.
    """

    restored: Tensor
    thumbnail: Tensor


@ARCHS.register()
class HyperThumbnail(RescalingNetwork):
    """The paper's network (figure 2), built from exchangeable parts. At scale 1 it only predicts JPEG's tables.

        hr -> encoder -> clamp 0..1 -> YCbCr, DCT -> coefficients --> / tables -> rounding --> rate -> bits
                                                      '-> quantization -> tables -'   '-> quantized coefficients
                                                                                           | * tables
        restored <- decoder <-- rgb <- YCbCr -> RGB <- IDCT <------------------------------+
                        '------ coefficients <---------------------------------------------'

    In `train()` mode a differentiable rounding is applied to tables and coefficients. In `eval()` mode both are the
    integers of the file. JPEG, tables and rate are computed in float32 even under autocast.

    Args:
        scale: 1, 2, 4 or 8.
        quantization: computes the tables.
        encoder: maps hr (B, 3, H, W) to the thumbnail (B, 3, h, w). It is None exactly when the scale is 1.
        jpeg: `{rounding: noise | straight_through | cubic, rate_rounding: ...}`, the roundings in training. `rounding`
            is for tables and for what the decoder gets; noise by default. `rate_rounding` is for what the rate model
            gets; by default that is the same. `{rounding: straight_through, rate_rounding: noise}` is the mixed
            quantization of Minnen and Singh (2020).
        rate: the rate model; None for a network trained without a rate term.
        decoder: maps the thumbnail to the restored image. It is None exactly when the scale is 1. A class with a true
            attribute `takes_coefficients` is called with the unclamped rgb (B, 3, h, w) and the dequantized
            coefficients (B, 192, h/8, w/8); any other class is called with the clamped rgb only.

    Raises:
        HyperthumbError: when a scale or rounding does not exist, encoder and decoder do not fit the scale, or
            quantization or rate model is not a subclass of its base class.
    """

    def __init__(
        self,
        scale: int,
        quantization: Annotated[Component, PartOf(QUANTIZATIONS)],
        encoder: Annotated[Component | None, PartOf(ENCODERS)] = None,
        jpeg: Mapping[Literal["rounding", "rate_rounding"], RoundingName] | None = None,
        rate: Annotated[Component | None, PartOf(RATE_MODELS)] = None,
        decoder: Annotated[Component | None, PartOf(DECODERS)] = None,
    ) -> None:
        super().__init__()
        if scale not in SCALES:
            raise HyperthumbError(f"the scale must be 1, 2, 4 or 8, not {scale}")
        for name, part in (("encoder", encoder), ("decoder", decoder)):
            if (part is None) != (scale == 1):
                needs = "cannot have" if scale == 1 else "needs"
                raise HyperthumbError(f"a network of scale {scale} {needs} {'an' if name == 'encoder' else 'a'} {name}")
        self.scale = scale
        self.rounding, self.rate_rounding = _training_roundings(jpeg or {})
        self.quantization: Quantization = _build_subclass(quantization, QUANTIZATIONS, Quantization, scale)
        self.encoder = encoder.build(ENCODERS, scale=scale) if encoder else None
        self.rate: RateModel | None = _build_subclass(rate, RATE_MODELS, RateModel, scale) if rate else None
        self.decoder = decoder.build(DECODERS, scale=scale) if decoder else None

    def forward(self, hr: Tensor) -> RescaleOutput:
        coefficients = self.transform(hr)
        tables = self.tables(coefficients)
        steps = per_plane(tables)
        scaled = coefficients / steps
        quantized = self._round(scaled)
        bits = self._bits(self.rate_rounding(scaled) if self.training and self.rate_rounding else quantized)
        restored, thumbnail = self.decode(quantized * steps)
        return RescaleOutput(restored, thumbnail, bits, tables, coefficients=quantized)

    @torch.no_grad()
    def analyze(self, hr: Tensor) -> Analysis:
        coefficients = self.transform(hr)
        return Analysis(coefficients, self.choose_steps(coefficients))

    @torch.no_grad()
    def quantize(self, analysis: Analysis, rate_scale: float = 1.0) -> CompressedBatch:
        coefficients = analysis.coefficients
        tables = integer_tables(analysis.steps * rate_scale)
        quantized = torch.round(coefficients / per_plane(tables))
        bits = self._bits(quantized)
        return CompressedBatch(quantized.to(torch.int16), tables.to(torch.int16), bits)

    def restore(self, coefficients: Tensor, tables: Tensor) -> Tensor:
        return self.decode(coefficients.float() * per_plane(tables.float())).restored.clamp(0, 1)

    def analyzer(self) -> Analyzer:
        try:
            return RowAnalyzer(self, self.encoder)
        except NotLocalError:
            return Analyzer(self)

    def restorer(self, precision: Precision = "fp32") -> Restorer:
        try:
            restorer = RowRestorer(self, self.decoder, precision)
        except NotLocalError as error:
            if precision == "fp32":
                return Restorer(self)
            raise HyperthumbError(
                f"this network restores in fp32 only, because it cannot run on a few rows at a time: {error}"
            ) from error
        if self.decoder is None and precision != "fp32":
            text = f"a network of scale 1 has no decoder, so precision {precision} has no effect"
            warnings.warn(text, OptionsWarning, stacklevel=2)
        return restorer

    def choose_steps(self, coefficients: Tensor) -> Tensor:
        return _checked(self.quantization, self.quantization(coefficients), (len(coefficients), 2, 8, 8), "tables")

    def differentiable(self) -> Callable[[Tensor], Tensor]:
        if self.decoder is None:
            raise HyperthumbError("a network of scale 1 has no decoder, so its files cannot be refined")
        # A copy, because its memory layout changes and other threads may use the original.
        copied = copy.deepcopy(self).requires_grad_(False)
        copied.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # it is missing from torch's stubs
        return lambda dequantized: copied.decode(dequantized).restored

    def adaptable(self, rate_scale: float) -> HyperThumbnail:
        if self.encoder is None:
            raise HyperthumbError("a network of scale 1 has no encoder, so its files cannot be refined")
        copied = copy.deepcopy(self)
        for name, parameter in copied.named_parameters():
            parameter.requires_grad_(name.startswith(("encoder.", "quantization.")))
        copied.quantization = ScaledTables(copied.quantization, rate_scale)
        return copied

    def detach_rate_model(self) -> nn.Module | None:
        rate, self.rate = self.rate, None
        return rate

    def transform(self, hr: Tensor) -> Tensor:
        """Computes the thumbnail's (B, 3, h/8, w/8, 8, 8) unquantized coefficients from (B, 3, H, W) RGB in 0..1.

        Raises:
            HyperthumbError: when H or W is not a multiple of 8 * scale, or the thumbnail has not 1 / scale of the size.
        """
        self.check_sides(hr)
        thumbnail = hr
        if self.encoder is not None:
            batch, channels, height, width = hr.shape
            expected = (batch, channels, height // self.scale, width // self.scale)
            thumbnail = _checked(self.encoder, self.encoder(hr), expected, "the thumbnail")
        return rgb_to_coefficients(inward_clamp(thumbnail, 0, 1))

    def tables(self, coefficients: Tensor) -> Tensor:
        """(B, 2, 8, 8) tables in 1..255 for unquantized coefficients: integers in `eval()` mode."""
        steps = self.choose_steps(coefficients)
        if self.training and self.quantization.trainable:
            return inward_clamp(self._round(steps), 1, 255)
        return integer_tables(steps)

    def decode(self, dequantized: Tensor) -> Decoded:
        """Computes the restored image and the thumbnail from (B, 3, h/8, w/8, 8, 8) dequantized coefficients.

        Raises:
            HyperthumbError: when the decoder's output does not have the photograph's size.
        """
        thumbnail = coefficients_to_rgb(dequantized)
        if self.decoder is None:
            return Decoded(thumbnail, thumbnail)
        if getattr(self.decoder, "takes_coefficients", False):
            planes = to_zigzag(dequantized).permute(0, 1, 4, 2, 3).flatten(1, 2)
            restored = self.decoder(coefficients_to_rgb(dequantized, clamp=False), planes)
        else:
            restored = self.decoder(thumbnail)
        batch, channels, height, width = thumbnail.shape
        expected = (batch, channels, height * self.scale, width * self.scale)
        return Decoded(_checked(self.decoder, restored, expected, "the restored picture"), thumbnail)

    def adapt_weights(self, weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        return to_ours(weights, self.state_dict()) if is_official(weights) else weights

    def graphs(self) -> Graphs:
        return Graphs(EncoderGraph(self.encoder), TablesGraph(self.quantization), DecoderGraph(self.decoder))

    def rate_parameters(self) -> Iterator[nn.Parameter]:
        return self.rate.rate_parameters() if self.rate is not None else iter(())

    def auxiliary_parameters(self) -> Iterator[nn.Parameter]:
        return self.rate.auxiliary_parameters() if self.rate is not None else iter(())

    def auxiliary_loss(self) -> Tensor | None:
        return self.rate.auxiliary_loss() if self.rate is not None else None

    def _bits(self, quantized: Tensor) -> Tensor | None:
        return None if self.rate is None else _checked(self.rate, self.rate(quantized), (len(quantized),), "bits")

    def _round(self, values: Tensor) -> Tensor:
        return self.rounding(values) if self.training else torch.round(values)


def _build_subclass(part: Component, registry: Registry, base: type, scale: int) -> Any:
    """Builds a part of which the network uses more than `forward`."""
    built = part.build(registry, scale=scale)
    if not isinstance(built, base):
        place = f"{part.location}: " if part.location else ""
        raise OptionsError(
            f"{place}the {registry.kind} {part.type} must be a subclass of {base.__name__} in {base.__module__}"
        )
    return built


def _checked(part: nn.Module, output: Tensor, shape: tuple[int, ...], what: str) -> Tensor:
    """A part's output, if it is a tensor of the right shape."""
    if not isinstance(output, Tensor) or output.shape != shape:
        given = tuple(output.shape) if isinstance(output, Tensor) else f"a {type(output).__name__}"
        raise HyperthumbError(f"{type(part).__name__} returns {what} as {given}; it must be a tensor of shape {shape}")
    return output


def _training_roundings(
    jpeg: Mapping[Literal["rounding", "rate_rounding"], RoundingName],
) -> tuple[Rounding, Rounding | None]:
    """The rounding for the decoder, and the rate model's own; None if it gets what the decoder gets."""
    unknown = sorted(set(jpeg) - {"rounding", "rate_rounding"})
    if unknown:
        raise HyperthumbError(f'unknown key "{unknown[0]}" in jpeg; the keys are rounding and rate_rounding')
    own = jpeg.get("rate_rounding")
    return find_rounding(jpeg.get("rounding", "noise")), None if own is None else find_rounding(own)
