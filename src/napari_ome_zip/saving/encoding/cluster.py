"""Let the workers of a dask.distributed cluster compute; without one, nothing is imported."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Generator, Iterable
from itertools import islice
from types import BuiltinFunctionType, FunctionType
from typing import Any

import cloudpickle  # type: ignore[import-untyped]
import dask.array as da
import numpy as np
from dask import config
from dask.base import optimize
from dask.delayed import delayed

from napari_ome_zip.errors import SaveError
from napari_ome_zip.pixels.computing import layer_errors
from napari_ome_zip.pixels.source import PixelSource
from napari_ome_zip.pixels.strictness import strict_reading
from napari_ome_zip.saving.encoding.blocks import (
    Block,
    EncodedBlock,
    computed_block,
    encode_block,
)
from napari_ome_zip.storage import HierarchyStore

ASK_EVERY_SECONDS = 0.5
WITHOUT_WORKERS_SECONDS = 60
"""So long a cluster may have no worker before a save gives up: some start them on demand."""
BLOCKS_PER_THREAD = 2
"""Blocks that each thread of the workers has: one to work at, one to go on with."""
GATHERED_AT_ONCE = 4
"""Results that this process takes at a time; the others wait where they were made."""

_ONLY_ACCESS = {
    *("builtins", "copyreg", "functools", "operator", "_operator"),
    *("cloudpickle", "cytoolz", "dask", "napari_ome_zip", "numpy", "tlz", "toolz"),
}
"""Packages whose functions take no longer on pixels than sending them does, about."""


def distributed_client() -> Any:
    """The active dask.distributed client, where there is one."""
    scheduler = config.get("scheduler", None)
    if scheduler not in (None, "dask.distributed", "distributed"):
        return None
    # While another thread imports it, it is there without its functions: nobody has a client yet.
    get_client = getattr(sys.modules.get("distributed"), "get_client", None)
    if get_client is None:
        return None
    try:
        return get_client()
    except ValueError:
        return None


def can_be_sent(source: da.Array) -> bool:
    """Whether workers can read what this process reads, and it is worth while to ask them.

    They cannot where a graph holds what cannot be pickled, or an archive that is still open here
    but was replaced at its path: by an earlier save, mostly. It is not where pixels are in the
    memory of this process, and nothing is computed of them: sending them takes longer than
    encoding them here.
    """
    finder = _Finder(io.BytesIO())
    try:
        finder.dump(source.dask)
    except Exception:  # noqa: BLE001  what cannot be pickled raises anything
        return False
    is_here = finder.nbytes_here >= source.nbytes / 2 and finder.only_access
    return not is_here and all(store.is_current for store in finder.stores)


class _Finder(cloudpickle.Pickler):  # type: ignore[misc]
    """Goes through all that a graph consists of; pixels are left out, and counted."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.stores: list[HierarchyStore] = []
        self.nbytes_here = 0
        self.only_access = True

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, HierarchyStore):
            self.stores.append(obj)
            return object, ()
        if isinstance(obj, np.ndarray):
            self.nbytes_here += obj.nbytes
            return object, ()
        if isinstance(obj, PixelSource) and obj.is_in_memory:
            self.nbytes_here += obj.nbytes
            return object, ()
        if isinstance(obj, FunctionType | BuiltinFunctionType | type):
            package = (getattr(obj, "__module__", None) or "builtins").partition(".")[0]
            self.only_access = self.only_access and package in _ONLY_ACCESS
        return super().reducer_override(obj)


def encoded_by_workers(
    client: Any,
    blocks: Iterable[tuple[Block, da.Array]],
    title: str,
    check: Callable[[], None],
) -> Generator[tuple[Block, EncodedBlock]]:
    """Let workers compute and encode blocks; yield them in the order in which they are done.

    Few blocks are on their way at a time, and few results are in this process.

    Parameters
    ----------
    client : distributed.Client
    blocks : iterable of (Block, dask.array.Array)
        Each with where its pixels come from; consumed as there is room.
    title : str
        Name of the layer, for messages.
    check : callable
        Called again and again while workers work; it may raise.

    Raises
    ------
    SaveError
        If the connection to the cluster ends, no worker is left, or a block cannot be computed.
    """
    left = iter(blocks)
    waiting: dict[Any, Block] = {}
    try:
        while True:
            with layer_errors(title, "the cluster cannot compute its pixels"):
                _check_connection(client)
                room = BLOCKS_PER_THREAD * max(1, sum(client.nthreads().values())) - len(waiting)
                for block, source in islice(left, max(0, room)):
                    waiting[_submitted(client, block, source)] = block
                if not waiting:
                    return
                done = _first_done(client, list(waiting), check)
                results = client.gather(done)
            yield from zip([waiting.pop(future) for future in done], results, strict=True)
    finally:
        if waiting and client.status == "running":
            client.cancel(list(waiting))


def _submitted(client: Any, block: Block, source: da.Array) -> Any:
    # What workers would warn of cannot be helped: pixels that are here have to be sent.
    with config.set({"distributed.admin.large-graph-warning-threshold": "1 GiB"}):
        if sys.modules["distributed"].futures_of(source):
            return client.compute(delayed(encode_block, pure=False)(block, source))
        (optimized,) = optimize(source)
        with strict_reading():
            sent = cloudpickle.dumps((block, optimized))
        return client.submit(_encode_sent, sent, pure=False)


def _encode_sent(sent: bytes) -> EncodedBlock:
    """Encode a block with all that it is made of, which one task computes as a whole.

    Left to dask, its parts would be tasks of their own names, and those that workers hold for a
    viewer may be incomplete. Data that the workers keep already cannot be sent so.
    """
    with strict_reading():
        block, source = cloudpickle.loads(sent)
        return encode_block(block, computed_block(source, block.title))


def _first_done(client: Any, futures: list[Any], check: Callable[[], None]) -> list[Any]:
    """Wait for the first of some futures; those that are done, a few at most."""
    last_seen = time.monotonic()
    while True:
        _check_connection(client)
        # One failure ends the save, whatever else is waiting.
        for future in futures:
            if future.status == "error":
                future.result()
        if done := [future for future in futures if future.done()]:
            return done[:GATHERED_AT_ONCE]
        check()
        if client.nthreads():
            last_seen = time.monotonic()
        elif time.monotonic() - last_seen > WITHOUT_WORKERS_SECONDS:
            raise _lost("The dask cluster has no workers left.")
        _wait(futures)


def _wait(futures: list[Any]) -> None:
    try:
        sys.modules["distributed"].wait(
            futures, timeout=ASK_EVERY_SECONDS, return_when="FIRST_COMPLETED"
        )
    except TimeoutError:
        return


def _check_connection(client: Any) -> None:
    if client.status != "running":
        raise _lost("The connection to the dask cluster ended.")


def _lost(what: str) -> SaveError:
    return SaveError(
        f"{what} Nothing was saved; an earlier file is untouched. Close its client, to save "
        "with the threads of this program, or start workers, and save again."
    )
