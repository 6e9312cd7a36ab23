import pytest
import torch

from hyperthumb.archs import HyperThumbnail
from hyperthumb.archs.official.names import to_official
from hyperthumb.base.component import Component
from hyperthumb.base.errors import CheckpointError
from hyperthumb.models.build import build_network
from official.architecture import from_official, official_sizes
from tests.archs.instances import official_network, official_state, reference
from tests.archs.parts import tiny


def assert_same(a, b):
    assert a.keys() == b.keys()
    for name in a:
        assert torch.equal(a[name], b[name]), name


@pytest.mark.parametrize("scale", [2, 4, 8])
@pytest.mark.parametrize("compressai", ["1.2.4", "1.2.8"])
def test_converting_to_official_names_and_back_changes_nothing(scale, compressai):
    network = official_network(scale)
    official = to_official(network.state_dict(), compressai)
    assert ("entropy_bottleneck.bottlenecks.1._matrix3" in official) == (compressai == "1.2.4")
    assert ("entropy_bottleneck.bottlenecks.1.matrices.3" in official) == (compressai == "1.2.8")
    rebuilt, converted = from_official(official)
    assert_same(converted, network.state_dict())
    assert_same(rebuilt.state_dict(), network.state_dict())
    assert_same(to_official(converted, compressai), official)
    hr = torch.rand(1, 3, 8 * scale, 16 * scale)
    assert torch.equal(rebuilt(hr).restored, network(hr).restored)


def test_scale_1_drops_the_unused_encoder_and_decoders():
    network = official_network(1)
    rebuilt, converted = from_official(official_state(network))
    assert rebuilt.scale == 1
    assert_same(converted, network.state_dict())


def test_sizes_are_read_from_shapes():
    network = HyperThumbnail(
        8,
        quantization=Component("predicted", {"num_hidden": 24, "num_layers": 3}),
        encoder=Component("RDBUNet", {"num_feat": 12, "growth": 6}),
        rate=Component("factorized"),
        decoder=Component(
            "FrequencyAwareDecoder",
            {"num_feat": 10, "num_block": 11, "branch_num_feat": 6, "branch_num_block": 3, "branch_out": 5},
        ),
    )
    sizes = official_sizes(to_official(network.state_dict()))
    assert (sizes.scale, sizes.num_feat, sizes.growth) == (8, 12, 6)
    assert (sizes.decoder_num_feat, sizes.decoder_num_block) == (10, 11)
    assert (sizes.branch_num_feat, sizes.branch_num_block, sizes.branch_out) == (6, 3, 5)
    assert (sizes.num_hidden, sizes.num_layers) == (24, 3)
    assert build_network(sizes.component(), 8).state_dict().keys() == network.state_dict().keys()


def test_range_coder_tables_of_any_shape_are_ignored():
    """They are filled in a checkpoint that was saved after the original's compress()."""
    network = official_network(4)
    official = to_official(network.state_dict())
    for bottleneck in range(2):
        prefix = f"entropy_bottleneck.bottlenecks.{bottleneck}."
        official[f"{prefix}_quantized_cdf"] = torch.ones(64, 23, dtype=torch.int32)
        official[f"{prefix}_offset"] = official[f"{prefix}_cdf_length"] = torch.ones(64, dtype=torch.int32)
    _, converted = from_official(official)
    assert_same(converted, network.state_dict())


def test_full_size_names_and_shapes_equal_the_original():
    expected = {}
    for line in reference("hyperthumbnail_state_dict_keys.txt").read_text().splitlines():
        name, *rest = line.split("\t")
        if rest and "->" not in line:
            expected[name] = (rest[0], rest[1])
    network = HyperThumbnail(
        4,
        quantization=Component("predicted"),
        encoder=Component("RDBUNet"),
        rate=Component("factorized"),
        decoder=Component("FrequencyAwareDecoder"),
    )
    official = to_official(network.state_dict())
    assert {name: (str(tuple(value.shape)), str(value.dtype)) for name, value in official.items()} == expected
    assert sum(parameter.numel() for parameter in network.parameters()) == pytest.approx(11.67e6, rel=1e-3)


def change(official, name, value):
    official[name] = value
    return official


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda s: {}, "not a checkpoint of the original"),
        (lambda s: change(s, "encoder.conv_first.weight", torch.zeros(8, 27, 3, 3)), "27 input channels"),
        (lambda s: change(s, "encoder.conv_first.weight", torch.zeros(8, 12, 3, 3)), "enlarges 4 times"),
        (lambda s: change(s, "encoder.surprise.weight", torch.zeros(1)), "encoder.surprise.weight"),
        (lambda s: change(s, "surprise", torch.zeros(1)), "surprise"),
        (lambda s: change(s, "encoder.conv_last.weight", torch.zeros(3, 9, 3, 3)), "of another shape"),
        (
            lambda s: {name: value for name, value in s.items() if "conv_last" not in name or "enc" not in name},
            "missing",
        ),
    ],
)
def test_other_checkpoints_are_refused(edit, message):
    with pytest.raises(CheckpointError, match=message):
        from_official(edit(to_official(official_network(4).state_dict())))


@pytest.mark.parametrize("parts", [{"rate": "laplace"}, {"encoder": "LiteEncoder"}, {"quantization": "predicted_log"}])
def test_parts_without_a_counterpart_are_refused(parts):
    network = tiny(
        **{"quantization": "predicted", "encoder": "RDBUNet", "decoder": "FrequencyAwareDecoder", "rate": None, **parts}
    )
    with pytest.raises(CheckpointError, match="no counterpart"):
        to_official(network.state_dict())
