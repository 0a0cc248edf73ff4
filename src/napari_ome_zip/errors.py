"""The errors this package raises, each also the builtin a caller would expect."""

from __future__ import annotations

from collections.abc import Callable


class OmeZipError(Exception):
    """Base of every error this package raises on purpose."""


class ArchiveError(OmeZipError, ValueError):
    """The container cannot be used: not a ZIP, incomplete, encrypted, ambiguous.

    Parameters
    ----------
    message : str
        What was found, and what to do next.
    code : str
        Stable kebab-case name of the reason, the same that a report gives.
    """

    def __init__(self, message: str, *, code: str = "archive-unusable") -> None:
        super().__init__(message)
        self.code = code


class LinkError(OmeZipError, OSError):
    """What a link leads to cannot be read: no such host, not found, not allowed, timed out.

    Parameters
    ----------
    message : str
        What was found, and what to do next; free of what is secret in the link.
    code : str
        Stable kebab-case name of the reason.
    """

    def __init__(self, message: str, *, code: str = "link-unusable") -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[Callable[..., LinkError], tuple[object, ...]]:
        # OSError would rebuild from its single argument and lose the code.
        return _link_error_again, (type(self), str(self), vars(self))


class ChangedFileError(LinkError):
    """The file behind a link was replaced while it was open."""

    def __init__(self, message: str, *, code: str = "link-changed") -> None:
        super().__init__(message, code=code)


class NoRangesError(LinkError):
    """A server sends files as a whole only, so that one has to be downloaded.

    Parameters
    ----------
    message : str
        What was found, and what to do next.
    size : int, optional
        Of the file, in bytes, where the server says it.
    """

    def __init__(
        self, message: str, *, code: str = "link-no-ranges", size: int | None = None
    ) -> None:
        super().__init__(message, code=code)
        self.size = size


def _link_error_again(
    kind: type[LinkError], message: str, attributes: dict[str, object]
) -> LinkError:
    error = kind(message)
    vars(error).update(attributes)
    return error


class DamagedEntryError(OmeZipError, OSError):
    """The bytes of one entry are damaged.

    Parameters
    ----------
    entry : str
        Name of the entry in the archive.
    message : str
        What was found and what was expected.
    content : bytes-like, optional
        The bytes that were read, if only their checksum is wrong: what can be decoded of them
        may be worth showing.
    """

    def __init__(self, entry: str, message: str, content: bytes | memoryview | None = None) -> None:
        super().__init__(message)
        self.entry = entry
        self.message = message
        self.content = content

    def __reduce__(self) -> tuple[type[DamagedEntryError], tuple[str, str]]:
        # OSError would rebuild from its single argument and lose the entry. The content is for
        # the reader in this process alone.
        return type(self), (self.entry, self.message)


class UnreadableChunkError(OmeZipError, OSError):
    """Pixels that must be exact, as for saving, cannot be read.

    Parameters
    ----------
    found : str
        Which chunk of which file, and what is wrong with it.
    advice : str
        What to do next.
    code : int, optional
        The operating system's error number, kept as ``errno``.
    """

    def __init__(self, found: str, advice: str, code: int | None = None) -> None:
        super().__init__(f"{found} {advice}")
        self.found = found
        self.advice = advice
        self.errno = code

    def __reduce__(self) -> tuple[type[UnreadableChunkError], tuple[str, str, int | None]]:
        # OSError would rebuild from its single argument and lose the others.
        return type(self), (self.found, self.advice, self.errno)


class MetadataError(OmeZipError, ValueError):
    """A metadata document cannot be used."""


class TableError(OmeZipError, ValueError):
    """The rows of a table beside images cannot be read, or are too many.

    Parameters
    ----------
    message : str
        Which table it is, what was found, and what to do next.
    code : str
        Stable kebab-case name of the reason.
    """

    def __init__(self, message: str, *, code: str = "table-unreadable") -> None:
        super().__init__(message)
        self.code = code


class TransformationError(OmeZipError, ValueError):
    """A coordinate transformation cannot be applied."""


class CropError(OmeZipError, ValueError):
    """A part of an image was asked for that there is not."""


def raise_line_failure(error: BaseException) -> None:
    """Raise what an error comes of where that says nothing of a file: a line failed, or a cancel.

    Called by what else takes an error for a fault of the file, and goes on without a part of it.
    """
    for each in (error, error.__cause__):
        if isinstance(each, LinkError | ReadCancelledError):
            raise each


class SaveError(OmeZipError, OSError):
    """An archive cannot be written where it was asked to be; what was there is untouched.

    Parameters
    ----------
    message : str
        What happened, and what to do next.
    code : int, optional
        The operating system's error number, kept as ``errno``.
    """

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.errno = code

    def __reduce__(self) -> tuple[type[SaveError], tuple[object, ...]]:
        # OSError would rebuild from its single argument and lose the number.
        return type(self), (str(self), self.errno)


class IntegrationError(OmeZipError, OSError):
    """The desktop cannot be told of archives: something of someone else is in the way, or a folder
    cannot be written to.
    """


class SaveCancelledError(OmeZipError):
    """A save was cancelled by the user; nothing was kept."""


class TooManyPixelsError(OmeZipError, MemoryError):
    """More pixels were asked for at once than memory should be taken for."""


class ReadCancelledError(OmeZipError):
    """Reading pixels was cancelled by the user; they are used for nothing."""


class ProfileError(OmeZipError, ValueError):
    """A check was asked for by a profile that there is not."""


class CheckCancelledError(OmeZipError):
    """A check was cancelled by the user; there is no report."""


class SaveWarning(UserWarning):
    """A note about a file that was written."""


class NapariStartError(OmeZipError, RuntimeError):
    """napari cannot be started, or ended at once."""


class HandOverError(OmeZipError, ValueError):
    """Files cannot be handed to a window that is running."""


class PictureError(OmeZipError, ValueError):
    """There is no such picture of an image: nothing of it can be drawn, or not as it was asked."""


class PictureTooLargeError(PictureError):
    """More pixels would have to be read for a picture than the caller allowed."""


class PictureCancelledError(OmeZipError):
    """A picture was cancelled by the user before it was drawn."""
