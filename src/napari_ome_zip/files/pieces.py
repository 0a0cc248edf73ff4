"""Bytes as they come."""

from __future__ import annotations

from napari_ome_zip.files.remote_object import Heard


class Pieces:
    """What was handed over so far.

    Parameters
    ----------
    heard : callable, optional
        Called with the number of bytes of each piece.
    """

    def __init__(self, heard: Heard | None) -> None:
        self.data: list[bytes] = []
        self._heard = heard

    def take(self, piece: bytes) -> None:
        """Take the next piece."""
        if self._heard is not None:
            self._heard(len(piece))
        self.data.append(piece)

    @property
    def joined(self) -> bytes:
        """All of them."""
        return b"".join(self.data)
