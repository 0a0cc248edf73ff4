"""Write a composite image as an archive: encode in parallel, append in one pass."""

from __future__ import annotations

import os
from collections.abc import Buffer, Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask.array as da
import numpy.typing as npt

from napari_ome_zip.archive import ArchiveWriter
from napari_ome_zip.errors import SaveCancelledError, SaveError, UnreadableChunkError
from napari_ome_zip.files import watching
from napari_ome_zip.findings import Finding
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.image.own_thumbnail import Picture, warn_of, with_room, write_thumbnail
from napari_ome_zip.names import ZARR_JSON
from napari_ome_zip.pixels.arrays import ChunkedArray
from napari_ome_zip.pixels.grid import ChunkCoordinates, Piece, Region, pieces
from napari_ome_zip.pixels.reduction import reduce_block
from napari_ome_zip.pixels.strictness import Checked, strict_reading
from napari_ome_zip.progress import Cancelled, Progress, Watch
from napari_ome_zip.saving.encoding.array_plan import ArrayPlan, chains
from napari_ome_zip.saving.encoding.blocks import Block, EncodedBlock, computed_block
from napari_ome_zip.saving.encoding.cascade import Cascade, tile_shapes
from napari_ome_zip.saving.encoding.cluster import (
    can_be_sent,
    distributed_client,
    encoded_by_workers,
)
from napari_ome_zip.saving.options import SaveOptions
from napari_ome_zip.saving.original.copying import copy_entries
from napari_ome_zip.saving.plan import plan_save
from napari_ome_zip.saving.planned import SavePlan
from napari_ome_zip.saving.replacing import (
    check_image_stays,
    check_replaceable,
    remember_written,
)
from napari_ome_zip.storage import MappingStore, WrittenStore
from napari_ome_zip.storage.hierarchy import Hierarchy
from napari_ome_zip.threads import in_threads


def save_composite(
    image: CompositeImage,
    path: str | os.PathLike[str],
    options: SaveOptions | None = None,
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    plan: SavePlan | None = None,
    picture: Picture | None = None,
    noted: Callable[[Finding], None] = warn_of,
) -> Path:
    """Save a composite image as a single-image OME-Zarr archive.

    Pixels are read, encoded and appended block by block, in as many threads as there are
    cores; memory is bounded by the blocks in flight. Where a ``dask.distributed`` client is
    active its workers compute, encode and reduce, and this process writes; pixels that are in its
    memory it encodes itself. The file appears under its
    name only when it is complete and verified; until then an existing one stays as it is.

    Parameters
    ----------
    image : CompositeImage
        As `open_image` returns it, or made from layers.
    path : path
        File to write; used as it is.
    options : SaveOptions, optional
    progress : callable, optional
        Called in this thread with bytes done and bytes in all (uncompressed).
    cancelled : callable, optional
        Asked between blocks; once it returns True nothing is kept.
    plan : SavePlan, optional
        What `plan_save` made of this image and these options, where the caller has it already.
    picture : callable, optional
        Draws a composite image as a PNG, for the thumbnail; without it the file gets none.
    noted : callable, optional
        Called with the reason where no thumbnail could be made; by default it is a `SaveWarning`.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    SaveError
        If the image, the options or the place to write to do not allow it (before anything is
        written), the disk does not take the bytes, or a chunk of the source cannot be read: what
        a viewer shows empty is never saved as if it were.
    SaveCancelledError
        If ``cancelled`` returned True.

    Notes
    -----
    RFC-9, "OME-Zarr zip files": entries are stored, documents come first, breadth first.
    """
    if options is not None and options.labels_alone:
        check_image_stays(image, path)
    with watching(Watch(None, cancelled, _stopped)):
        plan = plan or plan_save(image, options)
        check_replaceable(image, path)
        plan = plan if picture is not None else replace(plan, thumbnail=None)
        written, finding = _write(plan, path, progress, cancelled, picture)
    if finding is not None:
        noted(finding)
    return written


def _write(
    plan: SavePlan,
    path: str | os.PathLike[str],
    progress: Progress | None,
    cancelled: Cancelled | None,
    picture: Picture | None,
) -> tuple[Path, Finding | None]:
    finding = None
    with ArchiveWriter(path, plan.version) as writer:
        writer.write_documents(_documents(plan))
        for name, content in plan.extras.items():
            writer.write(name, content)
        watch = _Watch(plan, progress, cancelled)
        hierarchy = Hierarchy(WrittenStore(writer))
        try:
            for chain in chains(plan.arrays):
                _write_chain(chain, hierarchy, writer, watch)
        except UnreadableChunkError as error:
            watch.check()  # what waited for a line was stopped
            raise SaveError(
                f"{error.found} Nothing was saved; an earlier file is untouched. {error.advice}",
                error.errno,
            ) from error
        # Last, for the disk is busy with them as long as it takes.
        if plan.origin is not None:
            copy_entries(plan.origin, plan.copies, writer, watch)
        watch.check()
        if picture is not None and plan.thumbnail is not None:
            finding = write_thumbnail(writer, plan.thumbnail, picture)
            watch.check()  # whoever cancelled meanwhile keeps the file that there was
        written = writer.commit()
        remember_written(written)
        return written, finding


def _documents(plan: SavePlan) -> dict[str, bytes]:
    """The documents of a plan, with room for what is known last."""
    if plan.thumbnail is None:
        return plan.documents
    return {**plan.documents, ZARR_JSON: with_room(plan.documents[ZARR_JSON], plan.thumbnail)}


class _Watch(Watch):
    """Counts bytes (uncompressed), and remembers which entries were verified on the way."""

    def __init__(
        self, plan: SavePlan, progress: Progress | None, cancelled: Cancelled | None
    ) -> None:
        super().__init__(progress, cancelled, _stopped, plan.nbytes)
        self.checked: Checked = set()


def _stopped() -> SaveCancelledError:
    return SaveCancelledError("Cancelled: nothing was saved, an earlier file is untouched.")


def _write_chain(
    chain: Sequence[ArrayPlan], hierarchy: Hierarchy, writer: ArchiveWriter, watch: _Watch
) -> None:
    tiles = tile_shapes(chain)
    if tiles is not None:
        _write_levels(chain, tiles, hierarchy, writer, watch)
        return
    first, *smaller = chain
    _write_levels([first], [first.layout.grid_chunk_shape], hierarchy, writer, watch)
    for plan in smaller:
        _write_from_written(plan, hierarchy, writer, watch)


def _write_levels(
    chain: Sequence[ArrayPlan],
    tiles: Sequence[tuple[int, ...]],
    hierarchy: Hierarchy,
    writer: ArchiveWriter,
    watch: _Watch,
) -> None:
    """Write an array and those that are made from it while its pixels are at hand."""
    first = chain[0]
    targets = [_array(hierarchy, plan.path) for plan in chain]

    def emit(level: int, region: Region, pixels: npt.NDArray[Any]) -> None:
        for chunk, _, part in pieces(region, targets[level].grid_chunk_shape):
            encoded = targets[level].encode(chunk, pixels[part])
            _append(writer, targets[level], chunk, encoded)

    cascade = Cascade(chain, tiles, emit)

    def work(region: Region) -> int:
        return cascade.take(region, computed_block(_source(first)[region], first.title))

    def take(done: tuple[Block, EncodedBlock]) -> int:
        block, encoded = done
        for chunk, content in encoded.objects:
            _append(writer, targets[0], chunk, content)
        if encoded.reduced is None:
            return encoded.nbytes
        return encoded.nbytes + cascade.take_reduced(block.region, encoded.reduced)

    client = distributed_client()
    if client is None or not can_be_sent(_source(first)):
        _run(cascade.regions(), work, watch)
        return
    blocks = _blocks(chain, cascade.regions(), writer)
    with closing(encoded_by_workers(client, blocks, first.title, watch.check)) as done:
        _run(done, take, watch)


def _blocks(
    chain: Sequence[ArrayPlan], regions: Iterator[Region], writer: ArchiveWriter
) -> Iterator[tuple[Block, da.Array]]:
    """What workers need of each region; the writer stays in this process."""
    first = chain[0]
    name = f"{first.path}/{ZARR_JSON}"
    documents = MappingStore({name: writer.documents[name]}, "document")
    target = _array(Hierarchy(documents), first.path)
    step = chain[1].step if len(chain) > 1 else ()
    kind = chain[1].kind if len(chain) > 1 else first.kind
    for region in regions:
        yield Block(target, region, first.title, step, kind), _source(first)[region]


def _write_from_written(
    plan: ArrayPlan, hierarchy: Hierarchy, writer: ArchiveWriter, watch: _Watch
) -> None:
    """Write a smaller level, made from the level before as it was written."""
    target, source = (_array(hierarchy, path) for path in (plan.path, plan.made_from or ""))

    def work(piece: Piece) -> int:
        chunk, _, region = piece
        before = tuple(
            slice(s.start * f, min(s.stop * f, n))
            for s, f, n in zip(region, plan.step, source.shape, strict=True)
        )
        pixels = reduce_block(source.read(before), plan.step, plan.kind)
        _append(writer, target, chunk, target.encode(chunk, pixels))
        return pixels.nbytes

    whole = tuple(slice(0, n) for n in plan.shape)
    _run(pieces(whole, target.grid_chunk_shape), work, watch)


def _run[T](tasks: Iterable[T], work: Callable[[T], int], watch: _Watch) -> None:
    def strictly(task: T) -> int:
        with strict_reading(watch.checked):
            return work(task)

    in_threads(strictly, tasks, lambda _, nbytes: watch.add(nbytes), name="ome-zip-save")


def _append(
    writer: ArchiveWriter, target: ChunkedArray, chunk: ChunkCoordinates, encoded: Buffer | None
) -> None:
    if encoded is not None:
        writer.write(target.key(chunk), encoded)


def _source(plan: ArrayPlan) -> da.Array:
    if plan.source is None:
        raise TypeError("an array without a source is made from another")
    return plan.source


def _array(hierarchy: Hierarchy, path: str) -> ChunkedArray:
    node = hierarchy.node(path)
    if node is None:
        raise KeyError(path)
    return ChunkedArray(hierarchy.store, node)
