"""Options files written for the original HyperThumbnail repository."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from hyperthumb.config import (
    Component,
    OptionsError,
    OptionsWarning,
    SchedulerOptions,
    load_test_options,
    load_train_options,
)
from hyperthumb.models.build import build_network
from hyperthumb.models.weights import load_weights
from tests.archs.instances import reference
from tests.config.samples import ORIGINAL, TRAIN, as_test, line_of, load_original, write

NATIVE_NETWORK = Component(
    "HyperThumbnail",
    {
        "encoder": Component("RDBUNet"),
        "quantization": Component("predicted"),
        "jpeg": {"rounding": "noise"},
        "rate": Component("factorized"),
        "decoder": Component(
            "FrequencyAwareDecoder",
            {"num_feat": 24, "num_block": 16, "branch_num_feat": 24, "branch_num_block": 16, "branch_out": 24},
        ),
    },
)


@pytest.fixture(autouse=True)
def _working_directory(tmp_path, monkeypatch):
    for name in ("DIV2K/HR", "DIV2K/LR", "Set5/HR"):
        (tmp_path / "datasets" / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)


def complaints_of(old: str, new: str) -> str:
    assert ORIGINAL.count(old) == 1
    with pytest.raises(OptionsError) as caught:
        load_train_options(write(Path(), ORIGINAL.replace(old, new)))
    return str(caught.value)


def test_the_network_is_ours():
    network = load_original()[0].network_g
    assert network == NATIVE_NETWORK
    native = TRAIN.split("network_g:")[1].split("train:")[0]
    parts = """
  type: HyperThumbnail
  encoder: {type: RDBUNet}
  quantization: {type: predicted}
  jpeg: {rounding: noise}
  rate: {type: factorized}
  decoder: {type: FrequencyAwareDecoder, num_feat: 24, num_block: 16,
            branch_num_feat: 24, branch_num_block: 16, branch_out: 24}
"""
    options = load_train_options(write(Path(), TRAIN.replace(native, parts)))
    assert network == options.network_g


def test_everything_else_arrives():
    options, _ = load_original()
    train = options.train
    assert (options.name, options.scale, options.manual_seed, options.device) == ("HyperThumbnail_4x", 4, 10, "auto")
    assert (train.total_iter, train.warmup_iter, train.gradient_clipping) == (1_800_000, 0, 5.0)
    assert (train.optim_g.lr, train.optim_g.betas) == (2e-4, (0.9, 0.99))
    assert train.optim_aux is not None
    assert train.optim_aux.lr == 2e-3
    assert train.scheduler == SchedulerOptions("MultiStepLR", milestones=100_000, gamma=0.75)
    losses = train.losses
    assert (losses.reconstruction.loss, losses.reconstruction.weight) == (Component("L1Loss"), 1.0)
    assert losses.guide is not None
    assert losses.rate is not None
    assert (losses.guide.loss, losses.guide.weight, losses.rate.weight) == (Component("MSELoss"), 0.6, 0.02)
    assert train.freeze == []
    dataset = options.datasets.train
    assert (dataset.name, dataset.gt_size, dataset.batch_size_per_gpu) == ("DIV2K", 256, 16)
    assert dataset.source.arguments == {
        "dataroot_gt": "datasets/DIV2K/HR",
        "dataroot_lq": "datasets/DIV2K/LR",
        "filename_tmpl": "{}",
        "io_backend": {"type": "disk"},
    }
    assert (options.val.val_freq, options.logger.save_checkpoint_freq, options.logger.wandb) == (5000, 10_000, None)
    assert options.val.protocol == "paper"
    assert options.val.lpips is not None
    assert options.dist_params.backend == "nccl"


def test_one_warning_names_what_means_nothing():
    _, message = load_original()
    expected = {
        "model_type: ": "model_type",
        "num_gpu": "num_gpu",
        "use_shuffle": "datasets.train.use_shuffle",
        "dataset_enlarge_ratio": "datasets.train.dataset_enlarge_ratio",
        "prefetch_mode": "datasets.train.prefetch_mode",
        "crop_val": "datasets.val.crop_val",
        "patch_size": "network_g.patch_size",
        "norm: none": "network_g.norm",
        "is_train": "network_g.is_train",
        "bpp_cal_freq": "train.bpp_cal_freq",
        "val_scaled_lq": "val.val_scaled_lq",
        "val_scaled_degrad_lq": "val.val_scaled_degrad_lq",
        "patch_mod": "val.patch_mod",
        "    psnr:": "val.metrics.psnr",
        "lpips_y": "val.metrics.lpips_y",
        "port": "dist_params.port",
    }
    for part, where in expected.items():
        assert f"options.yml:{line_of(ORIGINAL, part)}: {where} (" in message
    fixed = line_of(ORIGINAL, "fix: [")
    assert f"options.yml:{fixed}: train.fix_and_grad.fix: Y_TABLE (" in message
    assert message.startswith(f"these {len(expected) + 2} settings have no effect:")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("num_in_ch: 27", "num_in_ch: 20", "network_g.decoder_opt.num_in_ch: is 20; this decoder supports only 27"),
        ("img_range: 1.0\n", "\n", "img_range: is not given, so it is 255.0; this decoder supports only 1.0"),
        ("input_norm: False", "input_norm: true", "decoder_opt.input_norm: is true; this decoder supports only false"),
        ("upscale: 4", "upscale: 2", "decoder_opt.upscale: is 2; this decoder supports only 4"),
        ("upscale: 8", "upscale: 4", "coe_decoder_opt.upscale: is 4; this decoder supports only 8"),
        (
            "out_range: 10.0",
            "out_rage: 10.0",
            'network_g.coe_decoder_opt: unknown key "out_rage"; did you mean "out_range"?',
        ),
        (
            "quant_type: bypass",
            "quant_type: sine",
            'quant_type: is "sine", but only "bypass" is supported',
        ),
        ("chroma_sub: false", "chroma_sub: true", "chroma_sub: is true, but only false is supported"),
        ("pool_type: avg", "pool_type: mlp", 'pool_type: is "mlp", but the predictor averages over blocks'),
        ("inference_scalar: 1.0", "inference_scalar: 0", "val.rate_scale: must be a number above 0, not 0"),
        ("norm: none", "enc_num_feat: word", 'network_g.encoder.num_feat: must be a whole number, not "word"'),
        ("norm: none", "enc_num_feat: 1", "network_g.encoder.growth: must be 1 or more, not 0"),
        ("scale: 4\n  patch", "scale: 2\n  patch", "network_g.scale: is 2, but the file's scale is 4"),
        ("loss_weight: 0.6\n    reduction: mean", "loss_weight: 0.6\n    reduction: sum", "losses are means here"),
        ("fix: ['Y_TABLE', 'C_TABLE']", "fix: [head]", "fix_and_grad.fix: must be encoder, "),
        ("fix: ['Y_TABLE', 'C_TABLE']", "fix: encoder", "fix_and_grad.fix: must be a list of the original's parts"),
        ("grad: []", "gard: []", "train.fix_and_grad: must be {fix: [...], grad: []}"),
        (
            "fix: ['Y_TABLE', 'C_TABLE']\n    grad: []",
            "fix: [encoder]\n  freeze: [rate.]",
            "train.fix_and_grad: duplicates train.freeze",
        ),
        ("patch_size: 256", "pach_size: 256", 'network_g: unknown key "pach_size"'),
        ("type: L1Loss", "type: L1Los", 'unknown loss "L1Los"; did you mean "L1Loss"?'),
    ],
)
def test_what_the_original_means_otherwise_is_refused(old, new, complaint):
    assert complaint in complaints_of(old, new)


def test_frozen_parts_become_the_beginnings_of_our_names():
    options, message = load_original(ORIGINAL.replace("['Y_TABLE', 'C_TABLE']", "[encoder, table_predictor]"))
    assert options.train.freeze == ["encoder.", "quantization."]
    assert "Y_TABLE" not in message


@pytest.mark.parametrize(
    ("lines", "quantization"),
    [
        ("predict_quant_table: false", Component("fixed", {"quality": 100})),
        ("predict_quant_table: false\n  table: JPEG\n  quality: 80", Component("fixed", {"quality": 80})),
        (
            "predict_quant_table: false\n  table: JPEG\n  quality: 80\n  optim_table: true",
            Component("learned", {"initial": 80}),
        ),
    ],
)
def test_networks_without_a_predictor(lines, quantization):
    options, _ = load_original(ORIGINAL.replace("predict_quant_table: true", lines).replace("  pool_type: avg\n", ""))
    assert options.network_g.arguments["quantization"] == quantization


def test_the_encoders_width():
    """Its dense blocks grow by half of it, as there: 64 and 32 are the published network's."""
    for written, width, growth in (("32", 32, 16), ("9", 9, 4), ("8.0", 8, 4)):
        options, _ = load_original(ORIGINAL.replace("norm: none", f"enc_num_feat: {written}"))
        assert options.network_g.arguments["encoder"] == Component("RDBUNet", {"num_feat": width, "growth": growth})


SMALL = (
    ORIGINAL.replace("norm: none", "enc_num_feat: 8")
    .replace("num_in_ch: 27", "num_in_ch: 11")
    .replace("num_feat: 24", "num_feat: 8")
    .replace("num_block: 16", "num_block: 2")
    .replace("num_out_ch: 24", "num_out_ch: 8")
)


@pytest.mark.parametrize("training", [True, False])
def test_a_checkpoint_of_the_originals_fits_the_network_of_its_options(training):
    path = reference("hyperthumbnail_4x_small.npz")
    with np.load(path) as arrays:
        weights = {name[6:]: torch.from_numpy(arrays[name]) for name in arrays.files if name.startswith("param/")}
    if training:
        options = load_original(SMALL)[0]
    else:
        with pytest.warns(OptionsWarning):
            options = load_test_options(write(Path(), as_test(SMALL)))
    network = build_network(options.network_g, options.scale)
    load_weights(network, network.adapt_weights(weights), path, strict=True)
    mine = network.state_dict()
    assert torch.equal(mine["encoder.up.1.dense.conv5.weight"], weights["encoder.up_list.1.rdb.conv5.weight"])
    assert torch.equal(mine["decoder.main.conv_last.weight"], weights["decoder.conv_last.weight"])


def test_a_part_wins_over_flat_keys():
    options, message = load_original(
        ORIGINAL.replace("  decoder_opt:", "  quantization: {type: fixed, quality: 50}\n  decoder_opt:")
    )
    assert options.network_g.arguments["quantization"] == Component("fixed", {"quality": 50})
    assert "network_g.predict_quant_table (quantization is given)" in message


def test_at_scale_one_there_are_no_networks():
    text = ORIGINAL.replace("\nscale: 4", "\nscale: 1").replace("scale: 4\n  patch", "scale: 1\n  patch")
    options, message = load_original(text)
    assert options.network_g == Component(
        "HyperThumbnail",
        {
            "quantization": Component("predicted"),
            "jpeg": {"rounding": "noise"},
            "rate": Component("factorized"),
        },
    )
    assert "network_g.decoder_opt (at scale 1 there is no decoder)" in message


def test_a_crop_of_the_scale_is_protocol_sr():
    assert (
        load_original(
            ORIGINAL.replace("type: calculate_psnr\n      crop_border: 2", "type: calculate_psnr\n      crop_border: 4")
        )[0].val.protocol
        == "sr"
    )


def test_no_gpu_is_the_cpu():
    options, message = load_original(ORIGINAL.replace("num_gpu: 1", "num_gpu: 0"))
    assert options.device == "cpu"
    assert "num_gpu" not in message


def test_old_and_new_names_of_one_loss_are_two_too_many():
    text = complaints_of("  pixel_opt:", "  losses: {reconstruction: {type: L1Loss}}\n  pixel_opt:")
    assert "train.pixel_opt: duplicates train.losses.reconstruction; give one of the two" in text


def test_a_test_of_the_originals():
    with pytest.warns(OptionsWarning) as caught:
        options = load_test_options(write(Path(), as_test(ORIGINAL)))
    (message,) = (str(warning.message) for warning in caught)
    assert f"options.yml:{line_of(ORIGINAL, 'manual_seed')}: manual_seed (a test draws nothing at random)" in message
    assert ": train (nothing is trained)" in message
    assert options.network_g == NATIVE_NETWORK
    assert options.val.rate_scale == 1.0


def test_the_inference_scalar_is_the_rate_scale():
    text = ORIGINAL.replace("inference_scalar: 1.0", "inference_scalar: 1.5")
    options, message = load_original(text)
    assert (options.val.rate_scale, options.val.val_freq) == (1.5, 5000)
    assert "inference_scalar" not in message
    for end in ("", "val: ~\n", "val: {rate_scale: 1.5}\n"):  # a section that is missing, empty, of one opinion
        with pytest.warns(OptionsWarning):
            assert load_test_options(write(Path(), as_test(text) + end)).val.rate_scale == 1.5


def test_two_rate_scales_are_one_too_many():
    text = complaints_of("  val_freq:", "  rate_scale: 2\n  val_freq:")
    line = line_of(ORIGINAL, "inference_scalar")
    assert text == f"options.yml:{line}: network_g.inference_scalar: duplicates val.rate_scale; give one of the two"


def test_the_inference_scalar_leaves_fixed_tables_alone():
    text = ORIGINAL.replace("predict_quant_table: true", "predict_quant_table: false")
    options, message = load_original(text.replace("inference_scalar: 1.0", "inference_scalar: 2"))
    assert options.val.rate_scale == 1.0
    assert "network_g.inference_scalar (no tables are predicted)" in message
    assert "inference_scalar" not in load_original(text)[1]
