"""Options files written for the original HyperThumbnail repository, or for BasicSR, as ours.

Their keys are moved to where ours stand, with their lines; what has no counterpart is noted for the one warning.
"""

from __future__ import annotations

from hyperthumb.base.wording import join_words

from .complaints import Complaints
from .ignored import Ignored
from .nodes import Listing, Mapping, Node, Scalar, plain, plain_at
from .official_network import rewrite_network
from .values import is_null, show

# The original matches these against parts of its parameters' names; ours take the beginnings of names.
_FROZEN_PARTS = {
    "encoder": "encoder.",
    "table_predictor": "quantization.",
    "entropy_bottleneck": "rate.",
    "coefficient_decoder": "decoder.branch.",
    "decoder": "decoder.",
}
_FIXED_TABLES = ("Y_TABLE", "C_TABLE")


def rewrite_official(tree: Mapping, training: bool, complaints: Complaints, ignored: list[Ignored]) -> None:
    """Rewrite the keys of an original's options file in place; a file of ours stays as it is."""
    scale = plain_at(tree, "scale")
    if plain_at(tree, "num_gpu") == 0 and "device" not in tree.entries:
        tree.entries["device"] = Scalar("cpu", tree.entries.pop("num_gpu").location)
    network, train, val, logger = (_section(tree, key) for key in ("network_g", "train", "val", "logger"))
    if network is not None:
        _rewrite_rate_scale(tree, network, complaints, ignored)
        rewrite_network(network, scale, complaints, ignored)
    if training and train is not None:
        _rewrite_losses(train, complaints)
        _rewrite_freeze(train, complaints, ignored)
        _rewrite_schedule(train)
    if val is not None:
        _rewrite_metrics(val, scale, ignored)
    wandb = _section(logger, "wandb") if logger is not None else None
    if logger is not None and wandb is not None and plain_at(wandb, "project") is None:
        logger.entries["wandb"] = Scalar(None, wandb.location)


def _rewrite_rate_scale(tree: Mapping, network: Mapping, complaints: Complaints, ignored: list[Ignored]) -> None:
    """Their network multiplies the tables that it predicts; here that is said where pictures are measured."""
    node = network.entries.get("inference_scalar")
    if node is None or plain_at(network, "type") != "HyperThumbnail":
        return
    where = "network_g.inference_scalar"
    del network.entries["inference_scalar"]
    if "quantization" not in network.entries and not plain_at(network, "predict_quant_table"):
        if plain(node) != 1:
            ignored.append(Ignored(node.location, where, "no tables are predicted"))
        return
    val = tree.entries.get("val")
    if val is None or is_null(val):
        val = tree.entries["val"] = Mapping({}, node.location)
    if not isinstance(val, Mapping):  # which is complained of when it is read
        return
    if plain(val.entries.setdefault("rate_scale", node)) != plain(node):
        complaints.add(node.location, where, "is val.rate_scale already; give one of the two")


def _rewrite_losses(train: Mapping, complaints: Complaints) -> None:
    for theirs, ours in (("pixel_opt", "reconstruction"), ("pixel_opt_degrade_lr", "guide"), ("entropy_opt", "rate")):
        node = train.entries.pop(theirs, None)
        if node is None or is_null(node):
            continue
        losses = train.entries.setdefault("losses", Mapping({}, train.location))
        if not isinstance(losses, Mapping) or ours in losses.entries:
            complaints.add(node.location, f"train.{theirs}", f"is train.losses.{ours} already; give one of the two")
            continue
        losses.entries[ours] = _rewrite_loss(node, f"train.{theirs}", complaints)


def _rewrite_loss(node: Node, where: str, complaints: Complaints) -> Node:
    if not isinstance(node, Mapping):
        return node
    entries = dict(node.entries)
    reduction = entries.pop("reduction", None)
    if reduction is not None and plain(reduction) != "mean":
        complaints.add(reduction.location, f"{where}.reduction", "losses are means here; scale the weight instead")
    entries["weight"] = entries.pop("loss_weight", Scalar(1.0, node.location))
    return Mapping(entries, node.location)


def _rewrite_freeze(train: Mapping, complaints: Complaints, ignored: list[Ignored]) -> None:
    where = "train.fix_and_grad"
    node = train.entries.pop("fix_and_grad", None)
    if node is None or is_null(node):
        return
    if not isinstance(node, Mapping) or node.entries.keys() - {"fix", "grad"}:
        complaints.add(node.location, where, f"wants {{fix: [...], grad: []}}, not {show(node)}")
        return
    if plain_at(node, "grad"):
        grad = node.entries["grad"].location
        ignored.append(Ignored(grad, f"{where}.grad", "the original does not read it either"))
    fix = node.entries.get("fix", Listing([], node.location))
    if not isinstance(fix, Listing):
        complaints.add(fix.location, f"{where}.fix", f"wants a list of the original's parts, not {show(fix)}")
        return
    frozen: list[Node] = []
    for item in fix.items:
        name = plain(item)
        if name in _FIXED_TABLES:
            ignored.append(Ignored(item.location, f"{where}.fix: {name}", "there are no tables of ones to keep fixed"))
        elif isinstance(name, str) and name in _FROZEN_PARTS:
            frozen.append(Scalar(_FROZEN_PARTS[name], item.location))
        else:
            known = join_words([*_FROZEN_PARTS, *_FIXED_TABLES])
            complaints.add(
                item.location, f"{where}.fix", f"wants {known}, not {name}; `train.freeze` takes our own names"
            )
    if frozen and "freeze" in train.entries:
        complaints.add(node.location, where, "is train.freeze already; give one of the two")
    elif frozen:
        train.entries["freeze"] = Listing(frozen, node.location)


def _rewrite_schedule(train: Mapping) -> None:
    warmup = train.entries.get("warmup_iter")
    if warmup is not None and plain(warmup) == -1:
        train.entries["warmup_iter"] = Scalar(0, warmup.location)
    scheduler = _section(train, "scheduler")
    if scheduler is not None and plain_at(scheduler, "type") == "MultiStepRestartLR":
        scheduler.entries["type"] = Scalar("MultiStepLR", scheduler.entries["type"].location)


def _rewrite_metrics(val: Mapping, scale: object, ignored: list[Ignored]) -> None:
    metrics = _section(val, "metrics")
    if metrics is None:
        return
    del val.entries["metrics"]
    for name, metric in metrics.entries.items():
        kind = plain_at(metric, "type") if isinstance(metric, Mapping) else None
        reason = "every metric is always reported"
        if kind in ("calculate_psnr", "calculate_ssim"):
            crop = plain_at(metric, "crop_border")
            protocol = "paper" if crop == 0 else "sr" if crop == scale else None
            reason = "PSNR and SSIM crop nothing (protocol paper) or scale pixels (protocol sr)"
            if protocol and _agrees(val, "protocol", Scalar(protocol, metric.location)):
                continue
        elif kind == "calculate_lpips":
            reason = "LPIPS is reported, of whole pictures in RGB"
            val.entries.setdefault("lpips", Mapping({}, metric.location))
            if not plain_at(metric, "crop_border") and not plain_at(metric, "test_y_channel"):
                continue
        ignored.append(Ignored(metric.location, f"val.metrics.{name}", reason))


def _agrees(section: Mapping, key: str, node: Scalar) -> bool:
    """Whether the key has the node's value, after setting it where nothing else did."""
    return plain(section.entries.setdefault(key, node)) == node.value


def _section(parent: Mapping, key: str) -> Mapping | None:
    child = parent.entries.get(key)
    return child if isinstance(child, Mapping) else None
