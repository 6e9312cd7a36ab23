"""Options files written for the original HyperThumbnail repository, or for BasicSR, as ours.

Their keys are moved to where ours stand, with their lines; what has no counterpart is noted for the one warning.
"""

from __future__ import annotations

from typing import Any

from hyperthumb.base.wording import join_words

from .complaints import Complaints, Ignored
from .explain import show
from .official_network import rewrite_network
from .tree import Items, Section, plain

# The original matches these against parts of its parameters' names; ours take the beginnings of names.
_FROZEN_PARTS = {
    "encoder": "encoder.",
    "table_predictor": "quantization.",
    "entropy_bottleneck": "rate.",
    "coefficient_decoder": "decoder.branch.",
    "decoder": "decoder.",
}
_FIXED_TABLES = ("Y_TABLE", "C_TABLE")
_LOSSES = {"pixel_opt": "reconstruction", "pixel_opt_degrade_lr": "guide", "entropy_opt": "rate"}


def rewrite_official(tree: Section, training: bool, complaints: Complaints, ignored: list[Ignored]) -> None:
    """Rewrite the keys of an original's options file in place; a file of ours stays as it is."""
    if tree.get("num_gpu") == 0 and "device" not in tree:
        tree.put("device", "cpu", tree.places["num_gpu"])
        del tree["num_gpu"]
    network, train, val, logger = (tree.get(key) for key in ("network_g", "train", "val", "logger"))
    if isinstance(network, Section) and network.get("type") == "HyperThumbnail":
        _rewrite_rate_scale(tree, network, complaints, ignored)
        rewrite_network(network, tree.get("scale"), complaints, ignored)
    if training and isinstance(train, Section):
        _rewrite_losses(train, complaints)
        _rewrite_freeze(train, complaints, ignored)
        _rewrite_schedule(train)
    if isinstance(val, Section) and isinstance(val.get("metrics"), Section):
        _rewrite_metrics(val, tree.get("scale"), ignored)
    wandb = logger.get("wandb") if isinstance(logger, Section) else None
    if isinstance(logger, Section) and isinstance(wandb, Section) and wandb.get("project") is None:
        logger["wandb"] = None


def _rewrite_rate_scale(tree: Section, network: Section, complaints: Complaints, ignored: list[Ignored]) -> None:
    """Their network multiplies the tables that it predicts; here that is said where pictures are measured."""
    if "inference_scalar" not in network:
        return
    factor, place = network.pop("inference_scalar"), network.places["inference_scalar"]
    where = "network_g.inference_scalar"
    if "quantization" not in network and not network.get("predict_quant_table"):
        if factor != 1:
            ignored.append(Ignored(place, where, "no tables are predicted"))
        return
    if tree.get("val") is None:
        tree.put("val", Section(place), place)
    val = tree["val"]
    if isinstance(val, Section):  # anything else is complained of when it is read
        if "rate_scale" not in val:
            val.put("rate_scale", factor, place)
        if val["rate_scale"] != factor:
            complaints.add(place, where, "duplicates val.rate_scale; give one of the two")


def _rewrite_losses(train: Section, complaints: Complaints) -> None:
    for theirs, ours in _LOSSES.items():
        loss, place = train.pop(theirs, None), train.places.get(theirs)
        if loss is None or place is None:
            continue
        if "losses" not in train:
            train.put("losses", Section(train.location), train.location)
        losses = train["losses"]
        if not isinstance(losses, Section) or ours in losses:
            complaints.add(place, f"train.{theirs}", f"duplicates train.losses.{ours}; give one of the two")
            continue
        losses.put(ours, loss, place)
        if isinstance(loss, Section):
            if loss.pop("reduction", "mean") not in ("mean", None):
                where = f"train.{theirs}.reduction"
                complaints.add(loss.places["reduction"], where, "losses are means here; scale the weight instead")
            loss.put("weight", loss.pop("loss_weight", 1.0), loss.places.get("loss_weight", place))


def _rewrite_freeze(train: Section, complaints: Complaints, ignored: list[Ignored]) -> None:
    where = "train.fix_and_grad"
    node, place = train.pop("fix_and_grad", None), train.places.get("fix_and_grad", train.location)
    if node is None:
        return
    if not isinstance(node, Section) or node.keys() - {"fix", "grad"}:
        complaints.add(place, where, f"must be {{fix: [...], grad: []}}, not {show(node)}")
        return
    if node.get("grad"):
        ignored.append(Ignored(node.places["grad"], f"{where}.grad", "the original does not read it either"))
    fix = node.get("fix", Items())
    if not isinstance(fix, Items):
        message = f"must be a list of the original's parts, not {show(fix)}"
        complaints.add(node.places["fix"], f"{where}.fix", message)
        return
    frozen = Items()
    for name, at in zip(fix, fix.places, strict=True):
        if name in _FIXED_TABLES:
            ignored.append(Ignored(at, f"{where}.fix: {name}", "there are no tables of ones to keep fixed"))
        elif isinstance(name, str) and name in _FROZEN_PARTS:
            frozen.append(_FROZEN_PARTS[name])
            frozen.places.append(at)
        else:
            known = join_words([*_FROZEN_PARTS, *_FIXED_TABLES])
            message = f"must be {known}, not {plain(name)}; `train.freeze` takes our own names"
            complaints.add(at, f"{where}.fix", message)
    if frozen and "freeze" in train:
        complaints.add(place, where, "duplicates train.freeze; give one of the two")
    elif frozen:
        train.put("freeze", frozen, place)


def _rewrite_schedule(train: Section) -> None:
    if train.get("warmup_iter") == -1:
        train["warmup_iter"] = 0
    scheduler = train.get("scheduler")
    if isinstance(scheduler, Section) and scheduler.get("type") == "MultiStepRestartLR":
        scheduler["type"] = "MultiStepLR"


def _rewrite_metrics(val: Section, scale: Any, ignored: list[Ignored]) -> None:
    metrics = val.pop("metrics")
    for name, metric in metrics.items():
        place, settings = metrics.places[name], metric if isinstance(metric, Section) else {}
        reason = "every metric is always reported"
        if settings.get("type") in ("calculate_psnr", "calculate_ssim"):
            reason = "PSNR and SSIM crop nothing (protocol paper) or scale pixels (protocol sr)"
            crop = settings.get("crop_border")
            protocol = "paper" if crop == 0 else "sr" if crop == scale else None
            if protocol and "protocol" not in val:
                val.put("protocol", protocol, place)
            if protocol and val["protocol"] == protocol:
                continue
        elif settings.get("type") == "calculate_lpips":
            reason = "LPIPS is reported, of whole pictures in RGB"
            if "lpips" not in val:
                val.put("lpips", Section(place), place)
            if not settings.get("crop_border") and not settings.get("test_y_channel"):
                continue
        ignored.append(Ignored(place, f"val.metrics.{name}", reason))
