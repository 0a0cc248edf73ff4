"""What a person may choose about a save; every choice has a default that suits most images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from napari_ome_zip.errors import SaveError

type VersionChoice = Literal["auto", "0.5", "0.6"]
type Codec = Literal["zstd", "blosc", "gzip", "none"]

CODEC_LEVELS = {"zstd": (-7, 22), "blosc": (0, 9), "gzip": (0, 9), "none": (0, 0)}
"""Smallest and largest compression level of each codec."""


@dataclass(frozen=True)
class SaveOptions:
    """How an archive is written.

    Raises
    ------
    SaveError
        If a choice is impossible; the message says which values are possible.
    """

    version: VersionChoice = "auto"
    """Version of OME-Zarr; ``auto`` is 0.5 where that can hold the image, else 0.6."""
    levels: int | None = None
    """Resolution levels of each image; None keeps those there are, and makes them (down to
    about one screen) for an image that has only one."""
    chunk: int = 512
    """Edge of a chunk in y and x, in pixels: what is read at once."""
    shard: int = 2048
    """Edge of a shard in y and x, in pixels: what is stored as one entry; 0 for none."""
    codec: Codec = "zstd"
    level: int = 1
    """Compression level: higher is smaller and slower."""

    def __post_init__(self) -> None:
        if self.version not in ("auto", "0.5", "0.6"):
            raise SaveError(f"Unknown version {self.version!r}: choose auto, 0.5 or 0.6.")
        if self.levels is not None and self.levels < 1:
            raise SaveError(f"{self.levels} levels are impossible: an image has at least 1.")
        if self.chunk < 1:
            raise SaveError(f"Chunks of {self.chunk} pixels are impossible: at least 1.")
        if self.shard and self.shard % self.chunk:
            raise SaveError(
                f"A shard of {self.shard} pixels is no whole number of chunks of {self.chunk}: "
                f"choose {max(1, self.shard // self.chunk) * self.chunk}, or 0 for no shards."
            )
        if self.codec not in CODEC_LEVELS:
            raise SaveError(f"Unknown codec {self.codec!r}: choose {', '.join(CODEC_LEVELS)}.")
        low, high = CODEC_LEVELS[self.codec]
        if self.codec != "none" and not low <= self.level <= high:
            raise SaveError(
                f"Compression level {self.level} is impossible for {self.codec}: {low} to {high}."
            )
