"""Errors that a user can cause and fix.

A `HyperthumbError` is a message for the user: programs print it without a traceback and exit with a non-zero code.
Mistakes in our code are assertions and keep their traceback.
"""

from __future__ import annotations

from .wording import printable


class HyperthumbError(ValueError):
    """An error that the user can fix. The message says what is wrong and what to do.

    Control characters other than line breaks are escaped in the text, because it may quote file names, and a terminal
    would execute escape codes in them.
    """

    def __str__(self) -> str:
        return "\n".join(map(printable, super().__str__().split("\n")))


class OutputError(HyperthumbError):
    """Results cannot be written to standard output."""


class OptionsError(HyperthumbError):
    """One or more complaints about an options file, each with its file and line."""


class RegistryError(HyperthumbError):
    """A name that is not registered, or is registered twice."""


class ThumbnailError(HyperthumbError):
    """A thumbnail file that cannot be read or written."""


class ForeignJpegError(ThumbnailError):
    """An undamaged JPEG file that is coded differently from hyperthumb's thumbnails."""


class UnusableImageError(HyperthumbError):
    """A picture that cannot be used because of its content; with `on_corrupt: skip` it is skipped."""


class CorruptImageError(UnusableImageError):
    """A picture that cannot be decoded completely."""


class TooSmallError(HyperthumbError):
    """A picture that is too small for a metric."""


class CheckpointError(HyperthumbError):
    """A checkpoint or model file that is missing, damaged or hostile, or does not fit the network."""


class NonFiniteError(HyperthumbError):
    """A loss or gradient is not finite. Training stopped before it changed the weights."""


class WorkersLostError(HyperthumbError):
    """A process that loads data has died, for example because memory ran out."""


class PeersLostError(HyperthumbError):
    """Another process of the same run has died or hangs."""


class OptionsWarning(UserWarning):
    """A valid setting that has no effect."""


class ThumbnailWarning(UserWarning):
    """A thumbnail can be restored, but something about it was lost, changed or assumed."""
