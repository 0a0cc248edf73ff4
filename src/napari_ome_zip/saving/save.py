"""Write a composite image as an archive: encode in parallel, append in one pass."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt
from dask.delayed import delayed

from napari_ome_zip.archive import ArchiveWriter
from napari_ome_zip.errors import SaveCancelledError, SaveError, UnreadableChunkError
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.pixels.arrays import ChunkedArray
from napari_ome_zip.pixels.computing import computed, layer_errors
from napari_ome_zip.pixels.grid import pieces
from napari_ome_zip.pixels.reduction import reduce_block
from napari_ome_zip.pixels.strictness import Checked, strict_reading
from napari_ome_zip.progress import Cancelled, Progress, Watch
from napari_ome_zip.saving.encoding.array_plan import ArrayPlan
from napari_ome_zip.saving.encoding.cascade import Cascade, Region, tile_shapes
from napari_ome_zip.saving.encoding.cluster import (
    Packed,
    can_be_sent,
    distributed_client,
    packed,
    results,
)
from napari_ome_zip.saving.options import SaveOptions
from napari_ome_zip.saving.original.copying import copy_entries
from napari_ome_zip.saving.plan import plan_save
from napari_ome_zip.saving.planned import SavePlan
from napari_ome_zip.saving.replacing import check_replaceable, remember_written
from napari_ome_zip.storage import MappingStore, WrittenStore
from napari_ome_zip.storage.hierarchy import Hierarchy
from napari_ome_zip.threads import in_threads


@dataclass(frozen=True)
class _Task:
    """One entry to write: a shard, or a chunk where there are no shards."""

    plan: ArrayPlan
    target: ChunkedArray
    chunk: tuple[int, ...]
    """Its chunk coordinates."""
    region: Region

    @property
    def nbytes(self) -> int:
        return int(np.prod([s.stop - s.start for s in self.region])) * self.plan.dtype.itemsize


def save_composite(
    image: CompositeImage,
    path: str | os.PathLike[str],
    options: SaveOptions | None = None,
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    plan: SavePlan | None = None,
) -> Path:
    """Save a composite image as a single-image OME-Zarr archive.

    Pixels are read, encoded and appended block by block, in as many threads as there are
    cores; memory is bounded by the blocks in flight. Where a ``dask.distributed`` client is
    active its workers read and encode, and this process writes. The file appears under its
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
    plan = plan or plan_save(image, options)
    check_replaceable(image, path)
    with ArchiveWriter(path, plan.version) as writer:
        writer.write_documents(plan.documents)
        for name, content in plan.extras.items():
            writer.write(name, content)
        watch = _Watch(plan, progress, cancelled)
        hierarchy = Hierarchy(WrittenStore(writer))
        try:
            for chain in _chains(plan.arrays):
                _write_chain(chain, hierarchy, writer, watch)
        except UnreadableChunkError as error:
            raise SaveError(
                f"{error.found} Nothing was saved; an earlier file is untouched. {error.advice}",
                error.errno,
            ) from error
        # Last, for the disk is busy with them as long as it takes.
        if plan.origin is not None:
            copy_entries(plan.origin, plan.copies, writer, watch)
        watch.check()
        written = writer.commit()
        remember_written(written)
        return written


class _Watch(Watch):
    """Counts bytes (uncompressed), and remembers which entries were verified on the way."""

    def __init__(
        self, plan: SavePlan, progress: Progress | None, cancelled: Cancelled | None
    ) -> None:
        super().__init__(progress, cancelled, _stopped, plan.nbytes)
        self.checked: Checked = set()


def _stopped() -> SaveCancelledError:
    return SaveCancelledError("Cancelled: nothing was saved, an earlier file is untouched.")


def _chains(arrays: Sequence[ArrayPlan]) -> list[list[ArrayPlan]]:
    """Each array that has a source, with those that are made from it one after the other."""
    chains: list[list[ArrayPlan]] = []
    for array in arrays:
        if array.source is None:
            chains[-1].append(array)
        else:
            chains.append([array])
    return chains


def _write_chain(
    chain: Sequence[ArrayPlan], hierarchy: Hierarchy, writer: ArchiveWriter, watch: _Watch
) -> None:
    client = distributed_client()
    source = chain[0].source
    if client is not None and (source is None or not can_be_sent(source)):
        client = None
    tiles = tile_shapes(chain)
    if client is not None or tiles is None:
        # A level that is made from another needs all of it, so arrays follow one another.
        for array in chain:
            _write_array(array, hierarchy, writer, watch, client)
        return
    targets = [_array(hierarchy, plan.path) for plan in chain]

    def emit(level: int, region: Region, pixels: npt.NDArray[Any]) -> None:
        for chunk, _, part in pieces(region, targets[level].grid_chunk_shape):
            encoded = targets[level].encode(chunk, pixels[part])
            _append(writer, targets[level], chunk, encoded)

    cascade = Cascade(chain, tiles, emit)

    def work(region: Region) -> int:
        return cascade.take(region, _computed(chain[0], region))

    _run(cascade.regions(), work, watch)


def _write_array(
    plan: ArrayPlan,
    hierarchy: Hierarchy,
    writer: ArchiveWriter,
    watch: _Watch,
    client: Any,
) -> None:
    target = _array(hierarchy, plan.path)
    source = None if plan.source is not None else _array(hierarchy, plan.made_from or "")
    whole = tuple(slice(0, n) for n in plan.shape)
    chunks = pieces(whole, target.grid_chunk_shape)
    tasks = (_Task(plan, target, chunk, region) for chunk, _, region in chunks)
    if client is not None and source is None:
        # The writer stays in this process: workers need the documents alone to encode.
        encoder = _array(Hierarchy(MappingStore(dict(writer.documents), "documents")), plan.path)
        _write_distributed(tasks, encoder, client, writer, watch)
        return

    def read(task: _Task) -> npt.NDArray[Any]:
        if source is None:
            return _computed(plan, task.region)
        return _reduced(source, task)

    def work(task: _Task) -> int:
        _append(writer, target, task.chunk, target.encode(task.chunk, read(task)))
        return task.nbytes

    _run(tasks, work, watch)


def _run[T](tasks: Iterator[T], work: Callable[[T], int], watch: _Watch) -> None:
    def strictly(task: T) -> int:
        with strict_reading(watch.checked):
            return work(task)

    in_threads(strictly, tasks, lambda _, nbytes: watch.add(nbytes), name="ome-zip-save")


def _write_distributed(
    tasks: Iterator[_Task],
    encoder: ChunkedArray,
    client: Any,
    writer: ArchiveWriter,
    watch: _Watch,
) -> None:
    """Let a cluster compute and encode; append what comes back, a few blocks at a time."""
    in_flight = 2 * max(1, sum(client.nthreads().values()))
    encode = delayed(_encode, pure=False)
    while batch := list(itertools.islice(tasks, in_flight)):
        calls = [encode(encoder, t.chunk, packed(_block(t.plan.source, t.region))) for t in batch]
        with layer_errors(batch[0].plan.title, "the cluster cannot compute its pixels"):
            done = list(results(client, calls, watch.check))
        for task, encoded in zip(batch, done, strict=True):
            _append(writer, task.target, task.chunk, encoded)
            watch.add(task.nbytes)


def _append(
    writer: ArchiveWriter, target: ChunkedArray, chunk: tuple[int, ...], encoded: bytes | None
) -> None:
    if encoded is not None:
        writer.write(target.key(chunk), encoded)


def _encode(
    target: ChunkedArray, chunk: tuple[int, ...], pixels: npt.NDArray[Any] | Packed
) -> bytes | None:
    return target.encode(chunk, pixels.compute() if isinstance(pixels, Packed) else pixels)


def _block(source: da.Array | None, region: Region) -> da.Array:
    if source is None:
        raise TypeError("an array without a source is made from another")
    block: da.Array = source[region]
    return block


def _computed(plan: ArrayPlan, region: Region) -> npt.NDArray[Any]:
    """Pixels of one block, of the declared type."""
    block = _block(plan.source, region)
    return _as_said(computed(block, plan.title), block, plan.title)


def _as_said(pixels: npt.NDArray[Any], block: da.Array, title: str) -> npt.NDArray[Any]:
    if pixels.dtype.newbyteorder("=") != block.dtype.newbyteorder("="):
        raise SaveError(
            f"The data of '{title}' say that their pixels are {block.dtype}, but they are "
            f"{pixels.dtype}. Nothing was saved; an earlier file is untouched. "
            "Convert the data to one type first, "
            f"as with astype({str(pixels.dtype)!r})."
        )
    return pixels


def _reduced(source: ChunkedArray, task: _Task) -> npt.NDArray[Any]:
    """Pixels of one block of a smaller level, made from the level before as it was written."""
    step = task.plan.step
    region = tuple(
        slice(s.start * f, min(s.stop * f, n))
        for s, f, n in zip(task.region, step, source.shape, strict=True)
    )
    return reduce_block(source.read(region), step, task.plan.kind)


def _array(hierarchy: Hierarchy, path: str) -> ChunkedArray:
    node = hierarchy.node(path)
    if node is None:
        raise KeyError(path)
    return ChunkedArray(hierarchy.store, node)
