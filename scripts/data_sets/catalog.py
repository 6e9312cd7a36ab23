"""The catalog of photo sets that options files name: their sources, terms and expected content.

Nothing is downloaded, because most sets have terms that the user must read.
"""

from __future__ import annotations

from typing import NamedTuple


class Archive(NamedTuple):
    """An archive as its publisher offers it.

    Attributes:
        url: its address.
        size: its size in bytes.
        sha256: its digest in hexadecimal. Several public projects record the same value; we have not computed it.
    """

    url: str
    size: int
    sha256: str


class SizeRule(NamedTuple):
    """A condition on the sizes of all pictures of a set.

    Attributes:
        shortest: the least length of the long side, in pixels.
        longest: the greatest length of the long side, in pixels.
        multiple: both sides are multiples of this.
    """

    shortest: int
    longest: int
    multiple: int = 1

    def allows(self, height: int, width: int) -> bool:
        fits = self.shortest <= max(height, width) <= self.longest
        return fits and height % self.multiple == width % self.multiple == 0

    def __str__(self) -> str:
        sides = f"{self.shortest}" if self.shortest == self.longest else f"{self.shortest} to {self.longest}"
        return f"long side {sides} pixels" + (f", both sides multiples of {self.multiple}" * (self.multiple > 1))


class PhotoSet(NamedTuple):
    """A set of photographs.

    Attributes:
        name: its name in scripts and options files.
        title: its common name and its purpose.
        folder: its folder below HYPERTHUMB_DATA.
        sources: the pages that offer it.
        how: instructions for preparing the downloaded files.
        terms: a summary of the publisher's terms; only the publisher's own words are binding.
        pictures: the number of pictures; None if the user decides.
        files: the file names, if they are fixed and `digests` does not list them.
        sizes: a condition on the pictures' sizes, if there is one.
        archives: the archives to download.
        layouts: the known variants of the pictures, in the order of the lines in `pixel_checksums.txt`.
        has_manifest: whether `manifest.json` in the folder describes the pictures.
    """

    name: str
    title: str
    folder: str
    sources: tuple[str, ...]
    how: str
    terms: str
    pictures: int | None = None
    files: tuple[str, ...] = ()
    sizes: SizeRule | None = None
    archives: tuple[Archive, ...] = ()
    layouts: tuple[str, ...] = ()
    has_manifest: bool = False


SIX_THOUSAND = SizeRule(5500, 6499)
"""The size of 6K photographs: the long side rounds to six thousand pixels, as with full-frame cameras of 2008."""

_DIV2K_TERMS = "academic research only; the copyright of the pictures belongs to their owners"
_DIV2K_PAGE = "https://data.vision.ee.ethz.ch/cvl/DIV2K/"
_DIV2K_SIZES = SizeRule(2040, 2040, 12)
_ACADEMIC = "none stated; it is widely distributed as a benchmark"

_SETS = (
    PhotoSet(
        "div2k_train",
        "DIV2K, training (high resolution)",
        "DIV2K/DIV2K_train_HR",
        (_DIV2K_PAGE,),
        "Unpack DIV2K_train_HR.zip in DIV2K/.",
        _DIV2K_TERMS,
        pictures=800,
        files=tuple(f"{number:04}.png" for number in range(1, 801)),
        sizes=_DIV2K_SIZES,
        archives=(
            Archive(
                f"{_DIV2K_PAGE}DIV2K_train_HR.zip",
                3_530_603_713,
                "9d0b9c463f6e35b6c62cc6a930ee2224f670b34c1df841a57670f9acf0f6c335",
            ),
        ),
    ),
    PhotoSet(
        "div2k_valid",
        "DIV2K, validation (high resolution)",
        "DIV2K/DIV2K_valid_HR",
        (_DIV2K_PAGE,),
        "Unpack DIV2K_valid_HR.zip in DIV2K/.",
        _DIV2K_TERMS,
        pictures=100,
        files=tuple(f"{number:04}.png" for number in range(801, 901)),
        sizes=_DIV2K_SIZES,
        archives=(
            Archive(
                f"{_DIV2K_PAGE}DIV2K_valid_HR.zip",
                448_993_893,
                "20dd31fd84d777bc1cf5d6b7654a3f569c0aec74458ae094122ad1d0489900fc",
            ),
        ),
    ),
    PhotoSet(
        "kodak",
        "Kodak Lossless True Color Image Suite, a test set",
        "kodak",
        ("https://r0k.us/graphics/kodak/",),
        "Save kodim01.png to kodim24.png.",
        "released by Kodak for unrestricted use",
        pictures=24,
    ),
    PhotoSet(
        "set5",
        "Set5, a test set (Bevilacqua et al. 2012)",
        "set5",
        (
            "https://github.com/jbhuang0604/SelfExSR (data/Set5)",
            "https://github.com/titu1994/Image-Super-Resolution (val_images/set5)",
        ),
        "Take the pictures in full size (HR), as PNG or BMP.",
        _ACADEMIC,
        pictures=5,
    ),
    PhotoSet(
        "set14",
        "Set14, a test set (Zeyde et al. 2010)",
        "set14",
        ("https://github.com/titu1994/Image-Super-Resolution (val_images/set14)",),
        "Take the pictures in full size, as PNG or BMP. Copies cut to multiples of the scale have other scores.",
        _ACADEMIC,
        pictures=14,
    ),
    PhotoSet(
        "bsd100",
        "BSD100, a test set: the 100 test pictures of BSDS300",
        "bsd100",
        (
            "https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/bsds/ (images/test)",
            "https://github.com/BIDS/BSDS500 (BSDS500/data/images/val)",
            "https://github.com/jbhuang0604/SelfExSR (data/BSD100, the crops)",
        ),
        "Take the original JPEG files or the common PNG crops. Both are accepted; their scores differ a little.",
        "non-commercial research and education",
        pictures=100,
        layouts=("whole, 481x321", "common PNG crops, 480x320"),
    ),
    PhotoSet(
        "gb82",
        "GB82, its 21 photographs: the validation set of the shipped models",
        "gb82",
        ("https://github.com/gianni-rosato/gb82-image-set",),
        "Take the lossless PNG files, without the renders mc1 to mc3 and without pixel.",
        "CC0",
        pictures=21,
    ),
    PhotoSet(
        "fivek6k",
        "FiveK-6K, a test set of photographs of 6000 pixels out of MIT-Adobe FiveK",
        "fivek6k",
        ("https://data.csail.mit.edu/graphics/fivek/",),
        "Get one expert's TIFF files (the literature uses those of expert C, tiff16_c) and run "
        "`prepare_data.py fivek6k TIFF_FOLDER FIVEK6K_FOLDER`. We found no public list of the paper's photographs, so "
        "its score on FiveK-6k cannot be reproduced, only compared with.",
        "research only: LicenseAdobe.txt and LicenseAdobeMIT.txt on that page, which also lists each file's license",
        sizes=SIX_THOUSAND,
        has_manifest=True,
    ),
    PhotoSet(
        "train_hr",
        "photographs of your own to train on",
        "train_hr",
        (),
        "Any large photographs with little noise and few compression artifacts. Subfolders are searched.",
        "your own",
    ),
    PhotoSet(
        "train_pack",
        "small photographs of your own to train on, in addition to large ones",
        "train_pack",
        (),
        "Any small photographs. Subfolders are searched. The shipped models were trained on 199 of BSDS500's "
        "images/train and 8 others.",
        "your own",
    ),
)

PHOTO_SETS = {photo_set.name: photo_set for photo_set in _SETS}
"""All sets by name."""
