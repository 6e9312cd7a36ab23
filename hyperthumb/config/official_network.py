"""The flat `network_g` of the original HyperThumbnail repository, as our named parts.

Names and defaults are those of the original's constructors; where a setting is left out there, its default counts here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hyperthumb.base.wording import did_you_mean

from .complaints import Complaints, Location
from .ignored import Ignored
from .nodes import Mapping, Node, Scalar, Value, plain, plain_at
from .values import show

_WHERE = "network_g"

_RGB_MEAN = [0.4488, 0.4371, 0.4040]
_PARTS = ("encoder", "quantization", "jpeg", "rate", "decoder")
# What makes a network_g a flat one.
_FLAT = ("decoder_opt", "coe_decoder_opt", "predict_quant_table", "enc_num_feat")
_WITHOUT_EFFECT = {
    "patch_size": "the crops say it",
    "norm": "the released network has none",
    "is_train": "training and evaluation say it themselves",
    "stream_shape": "a layout inside of the original",
    "mod_pad": "sides are padded to multiples of 8 * scale",
}
# Settings that choose another network than the one that was published; only this value of theirs is that one.
_PUBLISHED: dict[str, Value] = {
    "quant_type": "bypass",
    "chroma_sub": False,
    "down_layer": 2,
    "down_by_dense": False,
    "slim_channel": False,
}
_PREDICTOR = ("predict_quant_table", "pool_type", "table", "quality", "optim_table")


# The branch reads all coefficients of Y, Cb and Cr as planes of one eighth of the thumbnail's size.
_BRANCH_INPUTS, _BRANCH_UPSCALE = 3 * 64, 8


@dataclass(frozen=True)
class _Setting:
    """One key of the original's decoders.

    Attributes:
        default: what the original takes when the key is not there.
        ours: our decoder's name for it; None for one that has a single value here.
        only: that value.
    """

    default: Any
    ours: str | None = None
    only: Any = None


def rewrite_network(network: Mapping, scale: object, complaints: Complaints, ignored: list[Ignored]) -> None:
    """Turn the original's flat keys into parts, in place; a part that is given as such wins over them."""
    kind = network.entries.get("type")
    if not isinstance(kind, Scalar) or kind.value != "HyperThumbnail":
        return
    rewriter = _Rewriter(network, scale, complaints, ignored)
    flat = any(key in network.entries for key in _FLAT)
    rewriter.drop_what_has_no_effect()
    if flat:
        rewriter.rewrite()


class _Rewriter:
    """Takes the flat keys out of one `network_g` and puts parts in."""

    def __init__(self, network: Mapping, scale: object, complaints: Complaints, ignored: list[Ignored]) -> None:
        self.network, self.scale, self.complaints, self.ignored = network, scale, complaints, ignored
        self.given = {part for part in _PARTS if part in network.entries}

    def drop_what_has_no_effect(self) -> None:
        for key, reason in _WITHOUT_EFFECT.items():
            node = self.network.entries.pop(key, None)
            if node is not None:
                self._ignore(node, key, reason)

    def rewrite(self) -> None:
        entries = self.network.entries
        for key, only in _PUBLISHED.items():
            node = entries.pop(key, None)
            if node is not None and plain(node) != only:
                self._complain(node, key, f"is {show(node)}; of the original's choices, only {_show(only)} is here")
        parts: dict[str, Node | None] = {
            "encoder": self._encoder(),
            "quantization": self._quantization(),
            "jpeg": self._mapping(rounding="noise"),
            "rate": self._mapping(type="factorized"),
            "decoder": self._decoder(),
        }
        for name, part in parts.items():
            if part is not None:
                entries.setdefault(name, part)

    def _encoder(self) -> Node | None:
        features = self.network.entries.pop("enc_num_feat", None)
        if "encoder" in self.given or self.scale == 1:
            reason = "encoder is given" if "encoder" in self.given else "at scale 1 there is no encoder"
            if features is not None:
                self._ignore(features, "enc_num_feat", reason)
            return None
        encoder = self._mapping(type="RDBUNet")
        if features is not None:
            encoder.entries["num_feat"] = features
            width = plain(features)
            if isinstance(width, (int, float)) and width % 2 in (0, 1):  # anything else is complained of as num_feat
                encoder.entries["growth"] = Scalar(int(width // 2), features.location)
        return encoder

    def _quantization(self) -> Mapping | None:
        nodes = {key: self.network.entries.pop(key, None) for key in _PREDICTOR}
        values = {key: plain(node) for key, node in nodes.items() if node is not None}
        if "quantization" in self.given:
            for key, node in nodes.items():
                if node is not None:
                    self._ignore(node, key, "quantization is given")
            return None
        tables_of_jpeg = values.get("table", "ones") == "JPEG"
        if not values.get("predict_quant_table", False):
            # Without a predictor the original divides by its fixed tables: of ones, as at quality 100, or libjpeg's.
            quality = values.get("quality", 100) if tables_of_jpeg else 100
            if values.get("optim_table", False):
                return self._mapping(type="learned", initial=quality)
            return self._mapping(type="fixed", quality=quality)
        pool = values.get("pool_type", "mlp")
        if pool != "avg":
            node = nodes["pool_type"] or self.network
            self._complain(node, "pool_type", f'is {_show(pool)}; the predictor averages over blocks: "avg"')
        if tables_of_jpeg:
            self._complain(
                nodes["table"] or self.network, "table", "and predict_quant_table are two quantizations; choose one"
            )
        return self._mapping(type="predicted")

    def _decoder(self) -> Node | None:
        main, branch = (self.network.entries.pop(key, None) for key in ("decoder_opt", "coe_decoder_opt"))
        if "decoder" in self.given or self.scale == 1:
            reason = "decoder is given" if "decoder" in self.given else "at scale 1 there is no decoder"
            for key, node in (("decoder_opt", main), ("coe_decoder_opt", branch)):
                if node is not None:
                    self._ignore(node, key, reason)
            return None
        decoder = self._mapping(type="FrequencyAwareDecoder")
        branch_outputs = plain_at(branch, "num_out_ch")
        inputs = 3 + branch_outputs if isinstance(branch_outputs, int) else None
        self._rewrite_decoder(
            main,
            "decoder_opt",
            decoder,
            {
                "num_in_ch": _Setting(inputs, only=inputs),
                "num_out_ch": _Setting(3, only=3),
                "num_feat": _Setting(64, ours="num_feat"),
                "num_block": _Setting(16, ours="num_block"),
                "upscale": _Setting(4, only=self.scale),
                "res_scale": _Setting(1, only=1),
                "img_range": _Setting(255.0, only=1.0),
                "rgb_mean": _Setting(_RGB_MEAN, only=_RGB_MEAN),
                "input_norm": _Setting(True, only=False),
            },
        )
        self._rewrite_decoder(
            branch,
            "coe_decoder_opt",
            decoder,
            {
                "num_in_ch": _Setting(_BRANCH_INPUTS, only=_BRANCH_INPUTS),
                "num_out_ch": _Setting(None, ours="branch_out"),
                "num_feat": _Setting(64, ours="branch_num_feat"),
                "num_block": _Setting(16, ours="branch_num_block"),
                "upscale": _Setting(4, only=_BRANCH_UPSCALE),
                "res_scale": _Setting(1, only=1),
                "in_range": _Setting(1.0, only=1.0),
                "out_range": _Setting(1.0, only=10.0),
                "mean": _Setting(None, only=None),
            },
        )
        return decoder

    def _rewrite_decoder(self, node: Node | None, key: str, decoder: Mapping, settings: dict[str, _Setting]) -> None:
        if not isinstance(node, Mapping):
            self._complain(node or self.network, key, f"wants a mapping with {', '.join(settings)}")
            return
        for name, child in node.entries.items():
            if name not in settings:
                hint = did_you_mean(name, settings) or f" (known here: {', '.join(settings)})"
                self._complain(child, key, f'unknown key "{name}"{hint}')
        for name, setting in settings.items():
            given = node.entries.get(name)
            if setting.ours is not None:
                decoder.entries[setting.ours] = given or Scalar(setting.default, node.location)
                continue
            value = plain(given) if given is not None else setting.default
            if value != setting.only:
                what = "is" if given is not None else "is not given, so it is"
                message = f"{what} {_show(value)}; this decoder has {_show(setting.only)} there"
                self._complain(given or node, f"{key}.{name}", message)

    def _mapping(self, **values: Any) -> Mapping:
        location = self.network.location
        return Mapping({key: Scalar(value, location) for key, value in values.items()}, location)

    def _ignore(self, node: Node, key: str, reason: str) -> None:
        self.ignored.append(Ignored(node.location, f"{_WHERE}.{key}", reason))

    def _complain(self, node: Node, key: str, message: str) -> None:
        self.complaints.add(node.location, f"{_WHERE}.{key}", message)


def _show(value: Any) -> str:
    """A plain value as an options file writes it."""
    return show(Scalar(value, Location(""))) if not isinstance(value, list) else str(value)
