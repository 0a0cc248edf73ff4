"""Let the workers of a dask.distributed cluster compute; without one, nothing is imported."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import cloudpickle  # type: ignore[import-untyped]
import dask.array as da
import numpy as np
import numpy.typing as npt
from dask import config
from dask.base import optimize

from napari_ome_zip.errors import SaveError
from napari_ome_zip.pixels.strictness import strict_reading
from napari_ome_zip.storage import HierarchyStore

ASK_EVERY_SECONDS = 0.5
WITHOUT_WORKERS_SECONDS = 60
"""So long a cluster may have no worker before a save gives up: some start them on demand."""


def distributed_client() -> Any:
    """The active dask.distributed client, where there is one."""
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


def can_be_sent(source: da.Array) -> bool:
    """Whether workers can read what this process reads.

    They cannot where a graph holds what cannot be pickled, or an archive that is still open here
    but was replaced at its path: by an earlier save, mostly.
    """
    finder = _StoreFinder(io.BytesIO())
    try:
        finder.dump(source.dask)
    except Exception:  # noqa: BLE001  what cannot be pickled raises anything
        return False
    return all(store.is_current for store in finder.stores)


class _StoreFinder(cloudpickle.Pickler):  # type: ignore[misc]
    """Goes through all that a graph consists of; pixels are left out."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.stores: list[HierarchyStore] = []

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, HierarchyStore):
            self.stores.append(obj)
            return object, ()
        if isinstance(obj, np.ndarray):
            return object, ()
        return super().reducer_override(obj)


class Packed:
    """A block with all that it is made of, which one task computes as a whole.

    Left to dask, its parts would be tasks of their own names, and those that workers hold for a
    viewer may be incomplete. Data that the workers keep already cannot be packed.
    """

    def __init__(self, block: da.Array) -> None:
        (self.block,) = optimize(block)

    def compute(self) -> npt.NDArray[Any]:
        """Pixels of the block, computed in this thread; a chunk that cannot be read is an error."""
        with strict_reading():
            return np.asarray(self.block.compute(scheduler="synchronous", callbacks=()))


def packed(block: da.Array) -> da.Array | Packed:
    """What to send to a worker to compute a block."""
    return block if sys.modules["distributed"].futures_of(block) else Packed(block)


def results(client: Any, calls: Sequence[Any], check: Callable[[], None]) -> list[Any]:
    """What delayed calls return, computed by workers that read strictly.

    Parameters
    ----------
    client : distributed.Client
    calls : sequence of Delayed
    check : callable
        Called again and again while workers work; it may raise.

    Raises
    ------
    SaveError
        If the connection to the cluster ends, or no worker is left.
    Exception
        Whatever a call raised.
    """
    with strict_reading():
        futures = client.compute(list(calls))
    try:
        last_seen = time.monotonic()
        # One failure ends the save, whatever else is waiting.
        while not all(f.done() for f in futures) and not any(f.status == "error" for f in futures):
            check()
            if client.status != "running":
                raise _lost("The connection to the dask cluster ended.")
            if client.nthreads():
                last_seen = time.monotonic()
            elif time.monotonic() - last_seen > WITHOUT_WORKERS_SECONDS:
                raise _lost("The dask cluster has no workers left.")
            _wait(futures)
        for future in futures:
            if future.status == "error":
                future.result()
        return list(client.gather(futures))
    finally:
        if not all(f.done() for f in futures):
            client.cancel(futures)


def _wait(futures: Sequence[Any]) -> None:
    waiting = [future for future in futures if not future.done()]
    try:
        sys.modules["distributed"].wait(
            waiting, timeout=ASK_EVERY_SECONDS, return_when="FIRST_COMPLETED"
        )
    except TimeoutError:
        return


def _lost(what: str) -> SaveError:
    return SaveError(
        f"{what} Nothing was saved; an earlier file is untouched. Close its client, to save "
        "with the threads of this program, or start workers, and save again."
    )
