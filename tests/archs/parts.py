"""Small networks of every scale for the tests of this folder."""

from hyperthumb.archs import HyperThumbnail
from hyperthumb.models.part import Part

TINY = {"num_feat": 8, "num_block": 1}
ENCODERS = {
    "RDBUNet": Part("RDBUNet", {"num_feat": 8, "growth": 4}),
    "RDBUNet skip": Part("RDBUNet", {"num_feat": 8, "growth": 4, "skip": True}),
    "LiteEncoder": Part("LiteEncoder", TINY),
    "LiteEncoder plain": Part("LiteEncoder", {**TINY, "skip": False}),
}
_FREQUENCY_AWARE = {**TINY, "branch_num_feat": 8, "branch_num_block": 1, "branch_out": 8}
DECODERS = {
    "FrequencyAwareDecoder": Part("FrequencyAwareDecoder", _FREQUENCY_AWARE),
    "FrequencyAwareDecoder skip": Part("FrequencyAwareDecoder", {**_FREQUENCY_AWARE, "skip": True}),
    "LiteDecoder": Part("LiteDecoder", TINY),
    "LiteDecoder plain": Part("LiteDecoder", {**TINY, "skip": False}),
}
QUANTIZATIONS = {
    "predicted": Part("predicted", {"num_hidden": 16}),
    "predicted max": Part("predicted", {"num_hidden": 16, "pool": "max"}),
    "predicted_log": Part("predicted_log", {"num_hidden": 16}),
    "fixed": Part("fixed", {"quality": 75}),
    "learned": Part("learned", {"initial": 60}),
}
RATES = {"factorized": Part("factorized"), "laplace": Part("laplace")}


def tiny(scale=4, quantization="predicted_log", encoder="LiteEncoder", decoder="LiteDecoder", rate="laplace", **more):
    """A network of the named parts; at scale 1 without encoder and decoder."""
    return HyperThumbnail(
        scale,
        quantization=QUANTIZATIONS[quantization],
        encoder=ENCODERS[encoder] if scale > 1 else None,
        decoder=DECODERS[decoder] if scale > 1 else None,
        rate=RATES[rate] if rate else None,
        **more,
    )
