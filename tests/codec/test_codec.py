"""hyperthumb as a library: photographs to files and back, and files that are not as they were written."""

from __future__ import annotations

import struct
import subprocess
import sys
import tracemalloc
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from PIL import ImageCms

import hyperthumb
from hyperthumb.base.component import Component
from hyperthumb.base.errors import CheckpointError, HyperthumbError, OptionsError, ThumbnailError
from hyperthumb.codec import photograph as thumbnails
from hyperthumb.codec.codec import Codec
from hyperthumb.evaluation.network_rescaler import NetworkRescaler
from hyperthumb.jpeg.file import read_jpeg, write_jpeg
from hyperthumb.jpeg.segments import SOF_MARKERS, segments
from hyperthumb.models.build import build_network
from hyperthumb.models.file import LoadedModel
from hyperthumb.runtime.torch_engine import TorchEngine
from tests.codec.photographs import PHOTOGRAPH, WHOLE_BLOCKS, error
from tests.support import photograph


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 40), (32, 32), (33, 31), (65, 257), (131, 170)])
def test_a_photograph_of_any_size_comes_back_in_its_size_without_a_warning(codec, height, width):
    image = photograph(height, width)
    data = codec.compress(image)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        restored = codec.restore(data)
    assert restored.shape == image.shape
    assert restored.dtype == np.uint8
    assert error(restored, image) < 20


def test_restoring_a_file_gives_the_networks_output(codec, data):
    thumbnail = read_jpeg(data)
    tensors = (torch.from_numpy(np.asarray(array)).unsqueeze(0) for array in (thumbnail.coefficients, thumbnail.tables))
    expected = codec.engine.network.restore(*tensors)[0, :, :131, :170].permute(1, 2, 0) * 255
    restored = codec.restore(data)
    assert np.abs(restored - expected.numpy()).max() < 0.51
    assert error(restored, PHOTOGRAPH) < 15


def test_evaluation_and_codec_write_the_same_file(codec, data):
    rescaler = NetworkRescaler(codec.engine.network)
    thumbnail = rescaler.downscale(PHOTOGRAPH)
    ours = read_jpeg(data)
    assert np.array_equal(thumbnail.jpeg.coefficients, ours.coefficients)
    assert np.array_equal(thumbnail.jpeg.tables, ours.tables)
    restored = rescaler.upscale(rescaler.read(rescaler.write(thumbnail)), 131, 170)
    assert np.array_equal(restored, codec.restore(data))
    with pytest.raises(ThumbnailError, match="170x131, not 170x132"):
        rescaler.upscale(rescaler.read(data), 132, 170)


@pytest.mark.parametrize("profile", ["optimized", "default"])
def test_profiles_hold_the_same_photograph(codec, data, profile):
    other = codec.compress(PHOTOGRAPH, profile=profile)
    assert other == write_jpeg(read_jpeg(data), profile)
    assert np.array_equal(codec.restore(other), codec.restore(data))


@pytest.mark.parametrize("tile", [1, 33, 64, 10**6])
def test_the_tile_does_not_change_the_result(codec, data, tile):
    assert np.array_equal(read_jpeg(codec.compress(PHOTOGRAPH, tile=tile)).tables, read_jpeg(data).tables)
    # A sum in another order may fall on the other side of a half.
    assert np.abs(codec.restore(data, tile=tile).astype(int) - codec.restore(data)).max() <= 1


def test_bf16_is_close_to_fp32(codec, data):
    assert 0 < error(codec.restore(data, precision="bf16"), codec.restore(data)) < 1
    with pytest.raises(HyperthumbError, match="fp32 or bf16, not in fp8"):
        codec.restore(data, precision="fp8")


def test_files_never_exceed_the_requested_size(codec, data):
    for max_bytes in (len(data) * 2, len(data) * 2 // 3):
        assert 0.98 * max_bytes <= len(codec.compress(PHOTOGRAPH, max_bytes=max_bytes)) <= max_bytes
    bits = 8 * len(codec.compress(PHOTOGRAPH, bpp=0.6))
    assert 0.98 * 0.6 <= bits / (131 * 170) <= 0.6
    assert len(codec.compress(PHOTOGRAPH, rate_scale=2)) < len(data) < len(codec.compress(PHOTOGRAPH, rate_scale=0.5))
    rated = codec.compress_with_rate_scale(PHOTOGRAPH, max_bytes=len(data) * 2)
    assert rated.data == codec.compress(PHOTOGRAPH, rate_scale=rated.rate_scale)
    assert rated.rate_scale < 1


def test_refined_files_name_the_model_and_keep_to_the_requested_size(codec, data):
    refined = codec.compress(PHOTOGRAPH, refine=4)
    assert refined != data
    assert np.array_equal(read_jpeg(refined).tables, read_jpeg(data).tables)
    assert codec.restore(refined).shape == PHOTOGRAPH.shape
    for max_bytes in (len(data) * 2, len(data) * 2 // 3):
        rated = codec.compress_with_rate_scale(PHOTOGRAPH, max_bytes=max_bytes, refine=4)
        assert 0.95 * max_bytes <= len(rated.data) <= max_bytes
        assert rated.data == codec.compress(PHOTOGRAPH, rate_scale=rated.rate_scale, refine=4)


def test_the_encoder_is_refined_for_one_photograph_alone(codec, data):
    refined = codec.compress(PHOTOGRAPH, refine={"what": "encoder", "steps": 2})
    assert read_jpeg(refined).model_id == codec.model.model_id
    assert refined != data == codec.compress(PHOTOGRAPH)
    assert codec.restore(refined).shape == PHOTOGRAPH.shape


def test_an_impossible_size_names_the_smallest_one_in_the_same_unit(codec):
    with pytest.raises(
        ThumbnailError, match=r"as small as [0-9,]+ bytes; the least possible size is [0-9,]+ bytes"
    ) as caught:
        codec.compress(PHOTOGRAPH, max_bytes=100)
    least = int(str(caught.value).split()[-2].replace(",", ""))
    assert len(codec.compress(PHOTOGRAPH, max_bytes=least)) <= least
    with pytest.raises(ThumbnailError, match=rf"least possible size is 0\.[0-9]+ bpp \({least:,} bytes\)") as caught:
        codec.compress(PHOTOGRAPH, bpp=1e-6)
    bpp = float(str(caught.value).split("least possible size is ")[1].split()[0])
    assert 8 * len(codec.compress(PHOTOGRAPH, bpp=bpp)) <= bpp * 131 * 170


@pytest.mark.parametrize(
    ("wish", "complaint"),
    [
        ({"bpp": 0.3, "max_bytes": 1000}, "one of bpp, max_bytes and rate_scale, not bpp and max_bytes"),
        ({"bpp": 0}, "bpp must be a number above 0, not 0"),
        ({"max_bytes": -3}, "max_bytes must be a number above 0"),
        ({"rate_scale": float("nan")}, "rate_scale must be a number above 0"),
        ({"bpp": "a"}, "bpp must be a number above 0, not 'a'"),
        ({"bpp": True}, "bpp must be a number above 0, not True"),
        ({"icc": b"no profile"}, "complete color profile for RGB"),
        ({"icc": ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()}, "complete color profile for RGB"),
        ({"icc": 3}, "complete color profile for RGB"),
        ({"rate_scale": float("inf")}, "rate_scale must be a number above 0"),
        ({"refine": -1}, 'refine is a whole number of steps, 0 for none, "best", or a mapping .*, not -1'),
        ({"refine": 1.5}, "refine is a whole number"),
        ({"refine": "all"}, "with what: coefficients or encoder, not 'all'"),
        ({"profile": "tiny"}, "there is no profile tiny"),
    ],
)
def test_senseless_settings_are_errors(codec, wish, complaint):
    with pytest.raises(HyperthumbError, match=complaint):
        codec.compress(PHOTOGRAPH, **wish)


@pytest.mark.parametrize(
    ("image", "complaint"),
    [
        (np.zeros((8, 8, 3), np.float32), r"not float32 of shape \(8, 8, 3\)"),
        (np.zeros((8, 8), np.uint8), r"not uint8 of shape \(8, 8\)"),
        (np.zeros((8, 8, 4), np.uint8), r"not uint8 of shape \(8, 8, 4\)"),
        ([[[1, 2, 3]]], "not list"),
        (np.zeros((0, 8, 3), np.uint8), "8x0 has no pixels"),
    ],
)
def test_arrays_that_are_not_photographs_are_errors(codec, image, complaint):
    with pytest.raises(HyperthumbError, match=complaint):
        codec.compress(image)


def test_arrays_of_any_memory_layout_are_read_and_not_changed(codec, data):
    for image, expected in ((PHOTOGRAPH, data), (WHOLE_BLOCKS, codec.compress(WHOLE_BLOCKS))):
        reversed_twice = image[::-1, ::-1].copy()[::-1, ::-1]
        reversed_twice.flags.writeable = False
        before = image.copy()
        assert codec.compress(reversed_twice) == codec.compress(image) == expected
        assert np.array_equal(image, before)


def test_threads_give_the_same_files_as_one_after_another(codec):
    files = [codec.compress(photograph(90 + n, 110, n)) for n in range(6)]
    alone = [codec.restore(file) for file in files]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(codec.restore, files))
        written = list(pool.map(codec.compress, [photograph(90 + n, 110, n) for n in range(6)]))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))
    assert written == files


def test_a_photograph_beyond_the_limit_is_refused_before_memory_is_taken(codec, data, monkeypatch):
    monkeypatch.setattr(thumbnails, "MAX_RESTORED_PIXELS", 131 * 170 - 1)
    for call in (lambda: codec.restore(data), lambda: codec.compress(PHOTOGRAPH)):
        with pytest.raises(ThumbnailError, match="170x131 has more than 22,269 pixels"):
            call()


def test_a_file_that_declares_too_much_is_refused_before_its_coefficients_are_decoded(codec, data):
    frame = next(part.start for part in segments(data) if part.marker in SOF_MARKERS)
    declared = data[: frame + 5] + struct.pack(">HH", 10_000, 10_000) + data[frame + 9 :]
    large = declared[:-2] + bytes(1_000_000) + declared[-2:]  # as many bytes as so many blocks take at the least
    tracemalloc.start()
    try:
        with pytest.raises(ThumbnailError, match="39998x39999 has more than 536,870,912 pixels"):
            codec.restore(large)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_photograph_of_whole_blocks_is_not_copied():
    assert thumbnails.pad_to_multiple(WHOLE_BLOCKS, 32) is WHOLE_BLOCKS
    assert thumbnails.pad_to_multiple(WHOLE_BLOCKS, 64).shape == (64, 128, 3)


def test_a_network_without_weights_works():
    network = build_network(Component("HyperThumbnail", {"quantization": Component("fixed", {"quality": 90})}), 1)
    plain = Codec(LoadedModel(network, "plain", 1, b"abc", {}), TorchEngine(network))
    image = photograph(20, 30)
    assert error(plain.restore(plain.compress(image)), image) < 5
    with pytest.raises(HyperthumbError, match="a network of scale 1 has no decoder"):
        plain.compress(image, refine=1)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\x89PNG\r\n\x1a\n" + bytes(99), "thumbnail.jpg"])
def test_data_that_are_not_a_thumbnail_give_a_message(codec, data):
    with pytest.raises(HyperthumbError, match=r"JPEG|bytes of a file, not str"):
        codec.restore(data)


def test_a_model_that_cannot_be_loaded_gives_a_message(path, tmp_path):
    with pytest.raises(OptionsError, match='device: "tpu"'):
        hyperthumb.load(path, device="tpu")
    with pytest.raises(CheckpointError, match='there is no model "nowhere"'):
        hyperthumb.load("nowhere")


def test_restoring_imports_no_heavy_package_but_torch(path, data, tmp_path):
    absent = ["compressai", "basicsr", "torchvision", "yaml", "skimage", "scipy", "tensorboard", "torch._dynamo"]
    (tmp_path / "thumbnail.jpg").write_bytes(data)
    code = (
        f"import sys, hyperthumb; assert 'torch' not in sys.modules; codec = hyperthumb.load({str(path)!r}); "
        f"codec.restore(open({str(tmp_path / 'thumbnail.jpg')!r}, 'rb').read()); "
        f"print([name for name in {absent!r} if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_a_backend_is_chosen_by_name(path, data):
    pytest.importorskip("torchjpeg.codec", reason="torchjpeg is built by `make torchjpeg`")
    other = hyperthumb.load(path, device="cpu", backend="torchjpeg")
    assert np.array_equal(read_jpeg(other.compress(PHOTOGRAPH)).coefficients, read_jpeg(data).coefficients)
    assert np.array_equal(other.restore(data), hyperthumb.load(path, device="cpu").restore(data))


def test_an_unknown_backend_is_an_error(path):
    with pytest.raises(ThumbnailError, match="unknown JPEG backend nosuch"):
        hyperthumb.load(path, device="cpu", backend="nosuch")
