"""Whole options files: defaults, every complaint at once, plugins, --force_yml and --debug."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hyperthumb.config import (
    Component,
    OptionsError,
    OptionsWarning,
    load_test_options,
    load_train_options,
)
from tests.config.samples import TEST, TRAIN, complaints_of, line_of, write

pytestmark = pytest.mark.usefixtures("working_directory")


def test_defaults(tmp_path):
    options = load_train_options(write(tmp_path, TRAIN))
    assert (options.manual_seed, options.device, options.datasets.val) == (0, "auto", {})
    assert options.source == tmp_path / "options.yml"
    assert options.datasets.train.name == "train"
    assert options.datasets.train.source == Component("HRImageDataset", {"dataroot_gt": "data"})
    assert options.train.optim_g.betas == (0.9, 0.99)
    assert options.train.losses.guide is not None
    assert options.train.losses.guide.loss == Component("MSELoss")
    assert options.train.losses.guide.weight == 0.6
    assert options.train.scheduler.type == "ConstantLR"
    assert options.path.experiments_root == Path("experiments")
    assert (options.val.protocol, options.val.lpips, options.logger.wandb) == ("paper", None, None)


def test_sections_with_everything_commented_out(tmp_path):
    options = load_train_options(write(tmp_path, TRAIN + "path:\nval:\n  # val_freq: 3\nlogger: ~\n"))
    assert options.val.val_freq == 5000


def test_validation_sets_are_the_keys_that_start_with_val(tmp_path):
    text = TRAIN.replace(
        "network_g:",
        "  val: {type: HRImageDataset, dataroot_gt: data}\n"
        "  val_2: {name: Set5, type: HRImageDataset, dataroot_gt: data}\nnetwork_g:",
    )
    options = load_train_options(write(tmp_path, text))
    assert {key: dataset.name for key, dataset in options.datasets.val.items()} == {"val": "val", "val_2": "Set5"}


def test_ten_mistakes_are_ten_complaints():
    text = (
        TRAIN.replace("name: sample", "nme: sample")
        .replace("gt_size: 64", "gt_size: 72\n    batch_size_per_gp: 4\n    use_flip: on")
        .replace("dataroot_gt: data", "dataroot_gt: gone")
        .replace("decoder: {", "decoder: {scale: 2, ")
        .replace("total_iter: 100", "total_iter: 0")
        .replace("lr: 2e-4", 'lr: "2e-4"')
        .replace("L1Loss", "L2Loss")
        .replace("weight: 0.6", "weight: 0.6, weight: 0.7")
    )
    lines = complaints_of(text + "path: {pretrain_network_g: gone.pth}\n")
    expected = [
        (1, "", 'the key "name" is missing'),
        (1, "", 'unknown key "nme"; did you mean "name"?'),
        ("gone", "datasets.train.dataroot_gt", "there is no folder gone"),
        ("gt_size", "datasets.train.gt_size", "72 is not a multiple of 32 (8 * scale); 64 would be"),
        ("batch_size", "datasets.train", 'unknown key "batch_size_per_gp"; did you mean "batch_size_per_gpu"?'),
        ("use_flip", "datasets.train.use_flip", 'must be true or false, not "on"; booleans are written true and false'),
        ("decoder", "network_g.decoder.scale", "is 2, but the file's scale is 4"),
        ("total_iter", "train.total_iter", "must be 1 or more, not 0"),
        ("lr:", "train.optim_g.lr", 'must be a number, not "2e-4"; write 0.0002, without quotes and underscores'),
    ]
    numbered = [(line if isinstance(line, int) else line_of(text, line), *rest) for line, *rest in expected]
    written = [": ".join(filter(None, (f"options.yml:{line}", where, message))) for line, where, message in numbered]
    assert set(written) <= set(lines)
    rest = [line for line in lines if line not in written]
    assert [line.split(": ", 2)[1] for line in rest] == [
        "train.losses.reconstruction",
        "train.losses.guide",
        "path.pretrain_network_g",
    ]
    numbers = [int(line.split(":")[1]) for line in lines]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            "scale: 4",
            "scale: 4\nval: {profile: fast}",
            'val.profile: must be one of small, optimized, default, not "fast"; use optimized',
        ),
        ("scale: 4", "scale: 3", "scale: must be one of 1, 2, 4, 8, not 3"),
        (
            "scale: 4",
            "scale: 1",
            "network_g.encoder: at scale 1 the thumbnail is the picture itself; remove the encoder",
        ),
        (
            "    gt_size: 64\n",
            "",
            'datasets.train: the key "gt_size" is missing: the side of the training crops in pixels',
        ),
        (
            "  decoder: {type: FrequencyAwareDecoder, num_feat: 8, num_block: 2}\n",
            "",
            "network_g: at scale 4 the network needs an encoder and a decoder, but the decoder is missing",
        ),
        ("rounding: noise", "rouding: noise", 'network_g.jpeg: unknown key "rouding"; did you mean "rounding"?'),
        ("rounding: noise", "rounding: nois", "network_g.jpeg.rounding: must be one of "),
        ("type: RDBUNet,", "type: RDBUNet, scale: 8,", "network_g.encoder.scale: is 8, but the file's scale is 4"),
        (
            "type: HyperThumbnail\n",
            "type: HyperThumbnail\n  scale: 2\n",
            "network_g.scale: is 2, but the file's scale is 4",
        ),
        (
            "total_iter: 100",
            "total_iter: 100\n  precision: fp16",
            "train.precision: fp16 needs a GPU, but device is cpu",
        ),
        (
            "total_iter: 100",
            "total_iter: 100\n  scheduler: {type: MultiStepLR}",
            "train.scheduler: MultiStepLR needs milestones: a list of iterations, or the iterations between two",
        ),
        (
            "total_iter: 100",
            "total_iter: 100\n  scheduler: {type: CosineAnnealingLR, eta_min: 1e-3}",
            "train.scheduler.eta_min: 0.001 is above train.optim_g.lr, 0.0002: the learning rate would rise",
        ),
        (
            "total_iter: 100",
            "total_iter: 100\n  optim_aux: {lr: 1e-5}\n  scheduler: {type: CosineAnnealingLR, eta_min: 1e-4}",
            "train.scheduler.eta_min: 0.0001 is above train.optim_aux.lr, 1e-05",
        ),
        ("type: RDBUNet, num_feat: 8", "type: RDBUNet, num_feat: 0", "encoder.num_feat: must be 1 or more, not 0"),
        ("type: RDBUNet, num_feat: 8", "type: RDBUNet, growth: 0", "encoder.growth: must be 1 or more, not 0"),
        ("type: RDBUNet,", "type: LiteEncoder, num_block: -1,", "encoder.num_block: must be 0 or more, not -1"),
        ("num_block: 2}", "num_block: 2, branch_num_feat: 0}", "decoder.branch_num_feat: must be 1 or more, not 0"),
        ("num_block: 2}", "branch_num_block: -1}", "decoder.branch_num_block: must be 0 or more, not -1"),
        ("num_block: 2}", "branch_out: 0}", "decoder.branch_out: must be 1 or more, not 0"),
        ("{type: predicted}", "{type: predicted, num_hidden: 0}", "num_hidden: must be 1 or more, not 0"),
        ("{type: predicted}", "{type: predicted_log, num_layers: -1}", "num_layers: must be 0 or more, not -1"),
        ("{type: predicted}", "{type: predicted_log, initial_step: 0}", "initial_step: must be 1 or more, not 0"),
        ("{type: predicted}", "{type: fixed, quality: 0}", "quality: must be 1 or more, not 0"),
        ("{type: predicted}", "{type: learned, initial: 101}", "initial: must be 100 or less, not 101"),
        ("{type: factorized}", "{type: factorized, init_scale: 0}", "init_scale: must be a number above 0, not 0"),
        ("name: sample", "name: sample\nval: {rate_scale: 0}", "val.rate_scale: must be a number above 0, not 0"),
        ("name: sample", "name: sample\nval: {val_freq: 0}", "val.val_freq: must be 1 or more, not 0"),
        ("name: sample", "name: sample\nplugins: [no.such.module]", 'plugins: cannot import "no.such.module"'),
        ("name: sample", "name: sample\nval: {lpips: {backbone_weights: w.pth}}", "there is no w.pth"),
        (
            "dataroot_gt: data",
            "dataroot_gt: ${HYPERTHUMB_DATA}/x",
            "there is no folder datasets/x (${HYPERTHUMB_DATA}/x; set HYPERTHUMB_DATA to the folder",
        ),
        ("dataroot_gt: data", "dataroot_gt: data\n    io_backend: 3", "io_backend: must be "),
        ("{type: predicted}", "{type: predict}", 'unknown quantization "predict"; did you mean "predicted"?'),
    ],
)
def test_impossible_settings(old, new, complaint):
    assert old in TRAIN
    lines = complaints_of(TRAIN.replace(old, new, 1), "device=cpu")
    assert any(complaint in line for line in lines), lines


@pytest.mark.parametrize("rate", ["", "  rate: ~\n"])
def test_a_rate_loss_needs_a_rate_model(rate, tmp_path):
    text = TRAIN.replace("  rate: {type: factorized}\n", rate)
    (line,) = complaints_of(text)
    place = f"options.yml:{line_of(text, 'rate: {weight: 0.02}')}: train.losses.rate: "
    assert line.startswith(f"{place}the network has no rate model; add network_g.rate, such as {{type: factorized}}")
    options = load_train_options(write(tmp_path, text.replace("    rate: {weight: 0.02}\n", "")))
    assert options.train.losses.rate is None


def test_networks_of_others_say_by_their_constructors_whether_they_have_a_rate_model(tmp_path):
    (tmp_path / "networks_of_mine.py").write_text(
        "from hyperthumb.base.registry import ARCHS\n"
        "from hyperthumb.archs import HyperThumbnail\n"
        "@ARCHS.register()\n"
        "class RateInside(HyperThumbnail):\n    def __init__(self, scale: int): pass\n"
        "@ARCHS.register()\n"
        "class RateOutside(HyperThumbnail):\n    def __init__(self, scale: int, rate: str | None = None): pass\n"
    )
    native = TRAIN.split("network_g:")[1].split("train:")[0]
    text = TRAIN.replace(native, "\n  type: RateInside\n") + "plugins: [networks_of_mine]\n"
    assert load_train_options(write(tmp_path, text)).network_g == Component("RateInside")
    (line,) = complaints_of(text.replace("RateInside", "RateOutside"))
    assert "train.losses.rate: the network has no rate model" in line


EDSR = "network_g:\n  num_in_ch: 3\n  num_out_ch: 3\n  type: EDSR\n"


def complaint_of_edsr(text: str) -> str:
    return (
        f"options.yml:{line_of(text, 'EDSR')}: network_g.type: EDSR maps an image to an image; to rescale it has to be "
        "a part, such as `network_g: {type: HyperThumbnail, ..., decoder: {type: EDSR, ...}}`"
    )


def test_a_super_resolution_network_is_a_decoder_only(tmp_path):
    text = TRAIN.split("network_g:")[0] + EDSR + "train:" + TRAIN.split("train:")[2]
    assert complaints_of(text) == [complaint_of_edsr(text)]
    with pytest.raises(OptionsError) as caught:
        load_test_options(write(tmp_path, TEST + EDSR))
    assert str(caught.value).replace(f"{tmp_path}/", "") == complaint_of_edsr(TEST + EDSR)


def test_null_takes_an_inherited_data_set_away(tmp_path):
    sets = "  val: {type: HRImageDataset, dataroot_gt: data}\n  val_2: {type: HRImageDataset, dataroot_gt: data}\n"
    write(tmp_path, TRAIN.replace("network_g:", sets + "network_g:"), "base.yml")
    path = write(tmp_path, "base: base.yml\ndatasets: {val: ~}")
    assert list(load_train_options(path).datasets.val) == ["val_2"]
    assert not load_train_options(path, ["datasets:val_2=~"]).datasets.val
    with pytest.raises(OptionsError, match=r'datasets\.train: the key "type" is missing'):
        load_train_options(path, ["datasets:train=~"])
    with pytest.raises(OptionsError, match="there is no data set to test on"):
        load_test_options(write(tmp_path, TEST), ["datasets:kodak=~"])


def test_two_sets_of_one_name_would_share_a_folder():
    dataset = "{name: a, type: HRImageDataset, dataroot_gt: data}"
    sets = f"  val: {dataset}\n  val_2: {dataset}\n"
    (line,) = complaints_of(TRAIN.replace("network_g:", sets + "network_g:"))
    assert 'datasets.val_2.name: datasets.val has the name "a" too' in line


def test_forced_settings_are_checked_like_the_files(tmp_path):
    path = write(tmp_path, TRAIN)
    options = load_train_options(path, ["train:total_iter=7", "datasets:train:gt_size=128", "val:protocol=sr"])
    assert (options.train.total_iter, options.datasets.train.gt_size, options.val.protocol) == (7, 128, "sr")
    assert complaints_of(TRAIN, "train:total_itr=7", "scale=5") == [
        "--force_yml scale=5: scale: must be one of 1, 2, 4, 8, not 5",
        '--force_yml train:total_itr=7: train: unknown key "total_itr"; did you mean "total_iter"?',
    ]


def test_debugging_is_quick_and_leaves_no_traces(tmp_path):
    path = write(tmp_path, TRAIN)
    options = load_train_options(path, debug=True)
    assert options.name == "debug_sample"
    assert (options.logger.print_freq, options.val.val_freq, options.logger.save_checkpoint_freq) == (1, 8, 8)
    assert not options.logger.use_tb_logger
    assert load_train_options(path, ["name=debug_sample"], debug=True).name == "debug_sample"


def test_a_setting_lost_with_its_type_is_a_warning(tmp_path):
    write(tmp_path, TRAIN.replace("lr: 2e-4", "lr: 2e-4, betas: [0.8, 0.9], type: Adam"), "base.yml")
    text = "base: base.yml\ntrain:\n  optim_g: {type: AdamW, lr: 1e-4}\n"
    with pytest.warns(OptionsWarning) as caught:
        options = load_train_options(write(tmp_path, text))
    assert options.train.optim_g.betas == (0.9, 0.99)
    (message,) = (str(warning.message) for warning in caught)
    assert "base.yml:17: train.optim_g.betas (" in message
    assert "options.yml:3 changes the type; `replace: true` there says that this is on purpose)" in message
    load_train_options(write(tmp_path, text.replace("{type", "{replace: true, type")))  # on purpose: no warning


def test_there_has_to_be_a_list_to_append_to():
    (line,) = complaints_of(TRAIN + "plugins: {append: [x]}\n")
    assert line.endswith("plugins: must be a list, not a mapping; there is no list in the file's base to append to")


def test_a_name_that_is_basicsrs(tmp_path):
    text = TRAIN.replace(
        "type: FrequencyAwareDecoder, num_feat: 8, num_block: 2", "type: EDSR, num_in_ch: 3, num_out_ch: 3"
    )
    options = load_train_options(write(tmp_path, text))
    decoder = options.network_g.arguments["decoder"]
    assert (decoder.type, decoder.arguments) == ("EDSR", {"num_in_ch": 3, "num_out_ch": 3})
    misspelt = "\n".join(complaints_of(text.replace("num_in_ch", "num_inch")))
    assert 'network_g.decoder: unknown key "num_inch"; did you mean "num_in_ch"?' in misspelt


def test_an_unknown_decoder_is_looked_for_in_basicsr_too():
    (line,) = complaints_of(TRAIN.replace("FrequencyAwareDecoder", "SwinRI"))
    assert 'unknown decoder "SwinRI"' in line
    assert 'did you mean "SwinIR"? (of BasicSR: ' in line


def test_importing_config_is_cheap():
    heavy = ["torch", "torchvision", "basicsr", "compressai", "lpips", "numpy"]
    code = f"import sys, hyperthumb.config; print([name for name in {heavy} if name in sys.modules])"
    root = Path(__file__).parents[2]
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert result.stdout.strip() == "[]"
