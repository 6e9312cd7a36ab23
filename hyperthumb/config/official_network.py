"""The flat `network_g` of the original HyperThumbnail repository, as our named parts.

Names and defaults are those of the original's constructors; where a setting is left out there, its default counts here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from hyperthumb.base.wording import did_you_mean

from .complaints import Complaints, Ignored, Location
from .explain import show
from .tree import Section, plain

_RGB_MEAN = [0.4488, 0.4371, 0.4040]
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
_PUBLISHED = {
    "quant_type": "bypass",
    "chroma_sub": False,
    "down_layer": 2,
    "down_by_dense": False,
    "slim_channel": False,
}
_PREDICTOR = ("predict_quant_table", "pool_type", "table", "quality", "optim_table")
# The branch reads all coefficients of Y, Cb and Cr as planes of one eighth of the thumbnail's size.
_BRANCH_INPUTS, _BRANCH_UPSCALE = 3 * 64, 8


class _Setting(NamedTuple):
    """One key of the original's decoders.

    Attributes:
        default: what the original takes when the key is not there.
        ours: our decoder's name for it; empty for one that has a single value here.
        only: that value.
    """

    default: Any
    ours: str = ""
    only: Any = None


def rewrite_network(network: Section, scale: Any, complaints: Complaints, ignored: list[Ignored]) -> None:
    """Turn the original's flat keys into parts, in place; a part that is given as such wins over them."""
    flat = any(key in network for key in _FLAT)
    rewriter = _Rewriter(network, scale, complaints, ignored)
    for key, reason in _WITHOUT_EFFECT.items():
        rewriter.ignore([key], reason)
    if flat:
        rewriter.rewrite()


class _Rewriter:
    """Takes the flat keys out of one `network_g` and puts parts in."""

    def __init__(self, network: Section, scale: Any, complaints: Complaints, ignored: list[Ignored]) -> None:
        self.network, self.scale, self.complaints, self.ignored = network, scale, complaints, ignored

    def rewrite(self) -> None:
        for key, only in _PUBLISHED.items():
            if key in self.network and self.network[key] != only:
                message = f"is {show(self.network[key])}, but only {_show(only)} is supported"
                self._complain(key, message)
            self.network.pop(key, None)
        self._put("encoder", ("enc_num_feat",), self._encoder)
        self._put("quantization", _PREDICTOR, self._quantization)
        self._put("jpeg", (), lambda: self._part(rounding="noise"))
        self._put("rate", (), lambda: self._part(type="factorized"))
        self._put("decoder", ("decoder_opt", "coe_decoder_opt"), self._decoder)

    def ignore(self, keys: tuple[str, ...] | list[str], reason: str) -> None:
        """Take out the keys that are there, as settings without effect."""
        for key in keys:
            if self.network.pop(key, self) is not self:
                self.ignored.append(Ignored(self._place(key), f"network_g.{key}", reason))

    def _put(self, part: str, keys: tuple[str, ...], make: Any) -> None:
        if part in self.network:
            self.ignore(keys, f"{part} is given")
        elif part in ("encoder", "decoder") and self.scale == 1:
            self.ignore(keys, f"at scale 1 there is no {part}")
        else:
            self.network.put(part, make(), self.network.location)
            for key in keys:
                self.network.pop(key, None)

    def _encoder(self) -> Section:
        encoder = self._part(type="RDBUNet")
        if "enc_num_feat" in self.network:
            width, place = self.network["enc_num_feat"], self._place("enc_num_feat")
            encoder.put("num_feat", width, place)
            if isinstance(width, (int, float)) and width % 2 in (0, 1):  # anything else is complained of as num_feat
                encoder.put("growth", int(width // 2), place)
        return encoder

    def _quantization(self) -> Section:
        given = self.network
        tables_of_jpeg = given.get("table", "ones") == "JPEG"
        if not given.get("predict_quant_table"):
            # Without a predictor the original divides by its fixed tables: of ones, as at quality 100, or libjpeg's.
            quality = given.get("quality", 100) if tables_of_jpeg else 100
            if given.get("optim_table"):
                return self._part(type="learned", initial=quality)
            return self._part(type="fixed", quality=quality)
        pool = given.get("pool_type", "mlp")
        if pool != "avg":
            self._complain("pool_type", f'is {_show(pool)}, but the predictor averages over blocks; write "avg"')
        if tables_of_jpeg:
            self._complain("table", "contradicts predict_quant_table; give one of the two")
        return self._part(type="predicted")

    def _decoder(self) -> Section:
        decoder, branch = self._part(type="FrequencyAwareDecoder"), self.network.get("coe_decoder_opt")
        outputs = branch.get("num_out_ch") if isinstance(branch, Section) else None
        inputs = 3 + outputs if isinstance(outputs, int) else None
        main = {
            "num_in_ch": _Setting(inputs, only=inputs),
            "num_out_ch": _Setting(3, only=3),
            "num_feat": _Setting(64, ours="num_feat"),
            "num_block": _Setting(16, ours="num_block"),
            "upscale": _Setting(4, only=self.scale),
            "res_scale": _Setting(1, only=1),
            "img_range": _Setting(255.0, only=1.0),
            "rgb_mean": _Setting(_RGB_MEAN, only=_RGB_MEAN),
            "input_norm": _Setting(True, only=False),
        }
        of_branch = {
            "num_in_ch": _Setting(_BRANCH_INPUTS, only=_BRANCH_INPUTS),
            "num_out_ch": _Setting(None, ours="branch_out"),
            "num_feat": _Setting(64, ours="branch_num_feat"),
            "num_block": _Setting(16, ours="branch_num_block"),
            "upscale": _Setting(4, only=_BRANCH_UPSCALE),
            "res_scale": _Setting(1, only=1),
            "in_range": _Setting(1.0, only=1.0),
            "out_range": _Setting(1.0, only=10.0),
            "mean": _Setting(None, only=None),
        }
        self._rewrite_decoder("decoder_opt", main, decoder)
        self._rewrite_decoder("coe_decoder_opt", of_branch, decoder)
        return decoder

    def _rewrite_decoder(self, key: str, settings: dict[str, _Setting], decoder: Section) -> None:
        given = self.network.get(key)
        if not isinstance(given, Section):
            self._complain(key, f"must be a mapping with {', '.join(settings)}")
            return
        for name in given.keys() - settings.keys():
            hint = did_you_mean(name, settings) or f" (known here: {', '.join(settings)})"
            self.complaints.add(given.places[name], f"network_g.{key}", f'unknown key "{name}"{hint}')
        for name, setting in settings.items():
            value, place = given.get(name, setting.default), given.places.get(name, given.location)
            if setting.ours:
                decoder.put(setting.ours, value, place)
            elif plain(value) != setting.only:
                what = "is" if name in given else "is not given, so it is"
                message = f"{what} {_show(value)}; this decoder supports only {_show(setting.only)}"
                self.complaints.add(place, f"network_g.{key}.{name}", message)

    def _part(self, **values: Any) -> Section:
        part = Section(self.network.location)
        for key, value in values.items():
            part.put(key, value, self.network.location)
        return part

    def _place(self, key: str) -> Location:
        return self.network.places.get(key, self.network.location)

    def _complain(self, key: str, message: str) -> None:
        self.complaints.add(self._place(key), f"network_g.{key}", message)


def _show(value: Any) -> str:
    """A plain value as an options file writes it."""
    return str(plain(value)) if isinstance(value, list) else show(value)
