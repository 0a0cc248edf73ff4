"""Write a composite image as an archive: encode in parallel, append in one pass."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt
from dask import config
from dask.delayed import delayed

from napari_ome_zip.errors import SaveCancelledError
from napari_ome_zip.image.arrays import ChunkedArray
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.image.hierarchy import Hierarchy
from napari_ome_zip.saving.options import SaveOptions
from napari_ome_zip.saving.plan import ArrayPlan, SavePlan, plan_save
from napari_ome_zip.saving.reduction import reduce_block
from napari_ome_zip.storage import ArchiveWriter, WrittenStore

type Progress = Callable[[int, int], None]
"""Called with the number of bytes (uncompressed) done and in all."""
type Cancelled = Callable[[], bool]
type _Region = tuple[slice, ...]


@dataclass(frozen=True)
class _Task:
    """One entry to write: a shard, or a chunk where there are no shards."""

    plan: ArrayPlan
    target: ChunkedArray
    cell: tuple[int, ...]
    region: _Region

    @property
    def nbytes(self) -> int:
        return int(np.prod([s.stop - s.start for s in self.region])) * self.plan.dtype.itemsize


def save_image(
    image: CompositeImage,
    path: str | os.PathLike[str],
    options: SaveOptions | None = None,
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
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

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    SaveError
        If the image, the options or the place to write to do not allow it (before anything is
        written), or the disk does not take the bytes.
    SaveCancelledError
        If ``cancelled`` returned True.

    Notes
    -----
    RFC-9, "OME-Zarr zip files": entries are stored, documents come first, breadth first.
    """
    plan = plan_save(image, options)
    with ArchiveWriter(path, plan.version) as writer:
        writer.write_documents(plan.documents)
        report = _Reporter(plan, progress, cancelled)
        hierarchy = Hierarchy(WrittenStore(writer))
        # A level that is made from another needs all of it, so arrays follow one another.
        for array in plan.arrays:
            _write_array(array, hierarchy, writer, report)
        report.check()
        return writer.commit()


class _Reporter:
    """Counts bytes, and stops the work when it is no longer wanted."""

    def __init__(
        self, plan: SavePlan, progress: Progress | None, cancelled: Cancelled | None
    ) -> None:
        self._total = plan.nbytes
        self._done = 0
        self._progress = progress
        self._cancelled = cancelled

    def add(self, nbytes: int) -> None:
        self._done += nbytes
        if self._progress is not None:
            self._progress(self._done, self._total)
        self.check()

    def check(self) -> None:
        if self._cancelled is not None and self._cancelled():
            raise SaveCancelledError("Cancelled: nothing was saved, an earlier file is untouched.")


def _write_array(
    plan: ArrayPlan, hierarchy: Hierarchy, writer: ArchiveWriter, report: _Reporter
) -> None:
    target = _array(hierarchy, plan.path)
    source = None if plan.source is not None else _array(hierarchy, plan.made_from or "")
    tasks = (
        _Task(plan, target, cell, region) for cell, region in _cells(plan.shape, target.stored)
    )
    client = _distributed_client() if plan.source is not None else None
    if client is not None:
        _write_distributed(tasks, client, writer, report)
        return

    def work(task: _Task) -> int:
        pixels = _computed(task) if source is None else _reduced(source, task)
        _append(writer, task, task.target.encode(task.cell, pixels))
        return task.nbytes

    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers, thread_name_prefix="ome-zip-save") as pool:
        _run(tasks, lambda task: pool.submit(work, task), 2 * workers, report)


def _run(
    tasks: Iterator[_Task],
    submit: Callable[[_Task], Future[int]],
    in_flight: int,
    report: _Reporter,
) -> None:
    """Keep ``in_flight`` tasks going; the first failure or cancel stops the rest."""
    waiting: set[Future[int]] = set()
    try:
        for task in tasks:
            waiting.add(submit(task))
            if len(waiting) >= in_flight:
                waiting = _collect(waiting, report)
        while waiting:
            waiting = _collect(waiting, report)
    finally:
        for future in waiting:
            future.cancel()


def _collect(waiting: set[Future[int]], report: _Reporter) -> set[Future[int]]:
    done, rest = wait(waiting, return_when=FIRST_COMPLETED)
    for future in done:
        report.add(future.result())
    return rest


def _write_distributed(
    tasks: Iterator[_Task], client: Any, writer: ArchiveWriter, report: _Reporter
) -> None:
    """Let a cluster compute and encode; append what comes back, a few blocks at a time."""
    in_flight = 2 * max(1, sum(client.nthreads().values()))
    while batch := list(itertools.islice(tasks, in_flight)):
        encode = delayed(_encode, pure=False)
        futures = client.compute([encode(t.target, t.cell, _block(t)) for t in batch])
        for task, encoded in zip(batch, client.gather(futures), strict=True):
            _append(writer, task, encoded)
            report.add(task.nbytes)


def _distributed_client() -> Any:
    """The active dask.distributed client, where there is one; nothing is imported to find out."""
    scheduler = config.get("scheduler", None)
    if scheduler not in (None, "dask.distributed", "distributed"):
        return None
    module = sys.modules.get("distributed")
    if module is None:
        return None
    try:
        return module.get_client()
    except ValueError:
        return None


def _append(writer: ArchiveWriter, task: _Task, encoded: bytes | None) -> None:
    if encoded is not None:
        writer.write(task.target.key(task.cell), encoded)


def _encode(target: ChunkedArray, cell: tuple[int, ...], pixels: npt.NDArray[Any]) -> bytes | None:
    return target.encode(cell, pixels)


def _block(task: _Task) -> da.Array:
    source = task.plan.source
    if source is None:
        raise TypeError("an array without a source is made from another")
    block: da.Array = source[task.region]
    return block


def _computed(task: _Task) -> npt.NDArray[Any]:
    """Pixels of one block, in this thread: the blocks themselves are what runs in parallel."""
    return np.asarray(_block(task).compute(scheduler="synchronous"))


def _reduced(source: ChunkedArray, task: _Task) -> npt.NDArray[Any]:
    """Pixels of one block of a smaller level, made from the level before as it was written."""
    step = task.plan.step
    region = tuple(
        slice(s.start * f, min(s.stop * f, n))
        for s, f, n in zip(task.region, step, source.shape, strict=True)
    )
    return reduce_block(source.read(region), step, task.plan.kind)


def _cells(
    shape: tuple[int, ...], stored: tuple[int, ...]
) -> Iterator[tuple[tuple[int, ...], _Region]]:
    """Every cell of the grid of stored objects, and the region of the array that it holds."""
    counts = [-(-n // c) for n, c in zip(shape, stored, strict=True)]
    for cell in itertools.product(*map(range, counts)):
        region = tuple(
            slice(i * c, min((i + 1) * c, n)) for i, c, n in zip(cell, stored, shape, strict=True)
        )
        yield cell, region


def _array(hierarchy: Hierarchy, path: str) -> ChunkedArray:
    node = hierarchy.node(path)
    if node is None:
        raise KeyError(path)
    return ChunkedArray(hierarchy.store, node)
