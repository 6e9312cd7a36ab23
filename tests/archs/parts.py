"""Small networks of every scale for the tests of this folder."""

from hyperthumb.archs import HyperThumbnail
from hyperthumb.base.component import Component

TINY = {"num_feat": 8, "num_block": 1}
ENCODERS = {
    "RDBUNet": Component("RDBUNet", {"num_feat": 8, "growth": 4}),
    "RDBUNet skip": Component("RDBUNet", {"num_feat": 8, "growth": 4, "skip": True}),
    "LiteEncoder": Component("LiteEncoder", TINY),
    "LiteEncoder plain": Component("LiteEncoder", {**TINY, "skip": False}),
    "TransformerEncoder": Component("TransformerEncoder", {**TINY, "num_heads": 2}),
}
_FREQUENCY_AWARE = {**TINY, "branch_num_feat": 8, "branch_num_block": 1, "branch_out": 8}
DECODERS = {
    "FrequencyAwareDecoder": Component("FrequencyAwareDecoder", _FREQUENCY_AWARE),
    "FrequencyAwareDecoder skip": Component("FrequencyAwareDecoder", {**_FREQUENCY_AWARE, "skip": True}),
    "LiteDecoder": Component("LiteDecoder", TINY),
    "LiteDecoder plain": Component("LiteDecoder", {**TINY, "skip": False}),
    "LiteDecoder of pixels": Component("LiteDecoder", {**TINY, "frequency": False}),
}
QUANTIZATIONS = {
    "predicted": Component("predicted", {"num_hidden": 16}),
    "predicted max": Component("predicted", {"num_hidden": 16, "pool": "max"}),
    "predicted_log": Component("predicted_log", {"num_hidden": 16}),
    "fixed": Component("fixed", {"quality": 75}),
    "learned": Component("learned", {"initial": 60}),
}
RATES = {"factorized": Component("factorized"), "laplace": Component("laplace")}


def tiny(scale=4, quantization="predicted_log", encoder="LiteEncoder", decoder="LiteDecoder", rate="laplace", **more):
    """A network of the named parts, without encoder and decoder at scale 1."""
    return HyperThumbnail(
        scale,
        quantization=QUANTIZATIONS[quantization],
        encoder=ENCODERS[encoder] if scale > 1 else None,
        decoder=DECODERS[decoder] if scale > 1 else None,
        rate=RATES[rate] if rate else None,
        **more,
    )
