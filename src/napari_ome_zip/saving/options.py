"""What a person may choose about a save; every choice has a default that suits most images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from napari_ome_zip.errors import SaveError
from napari_ome_zip.ome.versions import WRITTEN, Version

type VersionChoice = Literal["auto"] | Version
type Codec = Literal["zstd", "blosc", "gzip", "none"]

CODEC_LEVELS = {"zstd": (-7, 22), "blosc": (0, 9), "gzip": (0, 9), "none": (0, 0)}
"""Smallest and largest compression level of each codec."""

USUAL_CHUNK, USUAL_SHARD, USUAL_LEVEL = 512, 2048, 1
USUAL_CODEC: Codec = "zstd"


@dataclass(frozen=True)
class SaveOptions:
    """How an archive is written.

    What came from a file and did not change keeps its stored bytes, as long as none of `levels`,
    `chunk`, `shard`, `codec` and `level` is chosen.

    Raises
    ------
    SaveError
        If a choice is impossible; the message says which values are possible.

    Examples
    --------
    >>> SaveOptions(version="0.5", chunk=256, shard=1024).codec_name
    'zstd'
    """

    version: VersionChoice = "auto"
    """Version of OME-Zarr; ``auto`` is that of the file, else 0.5 where that can hold the image,
    else 0.6. 0.9.dev1, a draft that few programs read yet, holds any axes, and where they lead in
    a body."""
    split: bool = False
    """Save an image of more axes than a released version holds as a series of images, one a
    channel."""
    levels: int | None = None
    """Resolution levels of each image; None keeps those there are; a large image that has
    only one, and whose pixels are not copied, gets more, down to about one screen."""
    chunk: int | None = None
    """Edge of a chunk in y and x, in pixels: what is read at once; 512 where pixels are new."""
    shard: int | None = None
    """Edge of a shard in y and x, in pixels: what is stored as one entry; 0 for none. 2048 where
    pixels are new."""
    codec: Codec | None = None
    """``zstd`` where pixels are new."""
    level: int | None = None
    """Compression level: higher is smaller and slower; 1 where pixels are new."""
    for_others: bool = False
    """Leave out what only napari shows: points, shapes, tracks, vectors and surfaces, and the
    view."""

    labels_alone: bool = False
    """Leave out the images: the archive of the labels says of which image they are."""
    thumbnail: bool = True
    """Put a small picture of the whole image into the file, for previews. One that is there is kept
    while it is true."""

    def __post_init__(self) -> None:
        if self.version not in ("auto", *WRITTEN):
            known = ", ".join(WRITTEN[:-1])
            raise SaveError(
                f"Unknown version {self.version!r}: choose auto, {known} or {WRITTEN[-1]}."
            )
        if self.levels is not None and self.levels < 1:
            raise SaveError(f"{self.levels} levels are impossible: an image has at least 1.")
        chunk, shard = self.chunk_edge, self.shard_edge
        if chunk < 1:
            raise SaveError(f"Chunks of {chunk} pixels are impossible: at least 1.")
        if shard and shard % chunk:
            raise SaveError(
                f"A shard of {shard} pixels is not a whole number of chunks of {chunk}: "
                f"choose {max(1, shard // chunk) * chunk}, or 0 for no shards."
            )
        if self.codec_name not in CODEC_LEVELS:
            raise SaveError(f"Unknown codec {self.codec!r}: choose {', '.join(CODEC_LEVELS)}.")
        low, high = CODEC_LEVELS[self.codec_name]
        if self.codec_name != "none" and not low <= self.codec_level <= high:
            raise SaveError(
                f"Compression level {self.level} is impossible for {self.codec_name}: "
                f"{low} to {high}."
            )

    @property
    def as_in_file(self) -> bool:
        """Whether pixels that came from a file are stored as they are there."""
        return (self.chunk, self.shard, self.codec, self.level) == (None,) * 4

    @property
    def chunk_edge(self) -> int:
        """Edge of the chunks of new pixels."""
        return USUAL_CHUNK if self.chunk is None else self.chunk

    @property
    def shard_edge(self) -> int:
        """Edge of the shards of new pixels; 0 for none."""
        return USUAL_SHARD if self.shard is None else self.shard

    @property
    def codec_name(self) -> Codec:
        """Codec of new pixels."""
        return self.codec or USUAL_CODEC

    @property
    def codec_level(self) -> int:
        """Compression level of new pixels."""
        return USUAL_LEVEL if self.level is None else self.level
