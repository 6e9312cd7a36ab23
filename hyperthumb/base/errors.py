"""Errors that a user can cause and mend.

Everything the program says to a person is a `HyperthumbError`: the command lines print it as one sentence and exit with
a non-zero code. Mistakes of ours are assertions and keep their traceback.
"""

from __future__ import annotations

from .wording import printable


class HyperthumbError(ValueError):
    """Something the user can mend; the message says what and how.

    As text it has lines and no other control characters: it may quote names of files, which hold anything, and a
    terminal would obey their escape codes.
    """

    def __str__(self) -> str:
        return "\n".join(map(printable, super().__str__().split("\n")))


class OutputError(HyperthumbError):
    """Standard output takes no more of what the user asked for."""


class OptionsError(HyperthumbError):
    """One or more complaints about an options file, each with its file and line."""


class RegistryError(HyperthumbError):
    """A name that no registry knows, or one that is registered twice."""


class ThumbnailError(HyperthumbError):
    """A thumbnail file that cannot be read or written."""


class ForeignJpegError(ThumbnailError):
    """A sound JPEG file that is coded in another way than hyperthumb's thumbnails."""


class UnusableImageError(HyperthumbError):
    """A picture that cannot be used for what its file holds; with `on_corrupt: skip` it is passed over."""


class CorruptImageError(UnusableImageError):
    """A picture that cannot be decoded whole."""


class TooSmallError(HyperthumbError):
    """A picture that is too small for a metric."""


class CheckpointError(HyperthumbError):
    """A checkpoint that is missing, damaged, hostile, or does not fit the network."""


class NonFiniteError(HyperthumbError):
    """A loss or a gradient that is not finite; training stopped before it reached the weights."""


class WorkersLostError(HyperthumbError):
    """The processes that load data have died: out of memory, or killed from outside."""


class PeersLostError(HyperthumbError):
    """Another process of the same run has died, or hangs."""


class OptionsWarning(UserWarning):
    """A setting that is understood and has no effect here."""


class ThumbnailWarning(UserWarning):
    """A thumbnail that restores, but not as it was made: something about it was lost, changed or had to be assumed."""
