"""Decides in the background what a file will be, and estimates how large."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from threading import Event

from qtpy.QtCore import QObject, Signal  # type: ignore[attr-defined]

from napari_ome_zip.errors import ReadCancelledError
from napari_ome_zip.files import watching
from napari_ome_zip.layers.losses import IMAGE_KINDS
from napari_ome_zip.names import ZARR_JSON
from napari_ome_zip.plugin.background import TaskWorker
from napari_ome_zip.plugin.save.model import Layers, SaveChoices, View, resolve
from napari_ome_zip.plugin.save.part import Showing
from napari_ome_zip.progress import Watch
from napari_ome_zip.saving.estimate import SizeEstimate, estimate_size
from napari_ome_zip.saving.planned import SavePlan


@dataclass(eq=False)
class PlanTask:
    """What is to be decided about; values, so that a window may go on meanwhile."""

    choices: SaveChoices
    layers: Layers
    showing: Showing

    def run(self) -> View:
        """Decide."""
        return resolve(self.choices, self.layers, self.showing)

    def cancel(self) -> None:
        """It ends soon by itself."""


@dataclass(eq=False)
class _EstimateTask:
    plan: SavePlan
    key: Hashable
    stopping: Event = field(default_factory=Event)

    def run(self) -> tuple[Hashable, SizeEstimate]:
        # Cancelled, it waits no more for the server of a link either.
        with watching(Watch(None, self.stopping.is_set, ReadCancelledError)):
            return self.key, estimate_size(self.plan, cancelled=self.stopping.is_set)

    def cancel(self) -> None:
        self.stopping.set()


class Planner(QObject):
    """Plans what was asked for last; one thing at a time, in a thread.

    Parameters
    ----------
    parent : QObject
        It ends with this.
    """

    planned = Signal(object)
    """The `View`, unless something else was asked for meanwhile."""
    estimated = Signal(object)
    """The `SizeEstimate` of the view that was planned last."""
    failed = Signal(object)
    """An error that nobody expected."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._wanted: PlanTask | None = None
        self._is_planning = False
        self._estimating: _EstimateTask | None = None
        """The one that runs; at most one does, however slow its pixels come."""
        self._next: _EstimateTask | None = None
        self._known: tuple[Hashable, SizeEstimate] | None = None
        """What is encoded, and how large that will be, without what is known of the file."""
        self._plan: SavePlan | None = None
        """The last one."""

    @property
    def is_busy(self) -> bool:
        """Whether what was asked for is not planned yet."""
        return self._is_planning or self._wanted is not None

    def ask(self, task: PlanTask) -> None:
        """Plan this, and nothing that was asked for before."""
        self._wanted = task
        if not self._is_planning:
            self._begin()

    def _begin(self) -> None:
        if self._wanted is None:
            return
        worker = TaskWorker(self._wanted)
        self._wanted, self._is_planning = None, True
        worker.returned.connect(self._on_planned)
        worker.errored.connect(self._on_failed)
        worker.start()

    def _on_planned(self, view: View) -> None:
        self._is_planning = False
        if self._wanted is not None:
            self._begin()
            return
        self.planned.emit(view)
        self._estimate(view)

    def _on_failed(self, error: Exception) -> None:
        self._is_planning = False
        self.failed.emit(error)
        self._begin()

    def _estimate(self, view: View) -> None:
        self._next, self._plan = None, view.plan
        if view.plan is None or not view.plan.arrays:
            self.stop_estimate()
            return
        key = _key(view.plan, view)
        if self._known is not None and self._known[0] == key:
            self.stop_estimate()
            self._tell_estimate()
        elif not self._is_estimating(key):
            self.stop_estimate()
            self._next = _EstimateTask(view.plan, key)
            self._begin_estimate()

    def _is_estimating(self, key: Hashable) -> bool:
        running = self._estimating
        return running is not None and running.key == key and not running.stopping.is_set()

    def _begin_estimate(self) -> None:
        if self._estimating is not None or self._next is None:
            return
        self._estimating, self._next = self._next, None
        worker = TaskWorker(self._estimating)
        worker.returned.connect(self._on_estimated)
        worker.start()

    def _on_estimated(self, result: tuple[Hashable, SizeEstimate]) -> None:
        ended, self._estimating = self._estimating, None
        if ended is not None and not ended.stopping.is_set():
            key, whole = result
            encoded = replace(whole, nbytes=whole.nbytes - ended.plan.known_bytes)
            self._known = key, encoded
            self._tell_estimate()
        self._begin_estimate()

    def _tell_estimate(self) -> None:
        if self._known is not None and self._plan is not None:
            encoded = self._known[1]
            self.estimated.emit(replace(encoded, nbytes=encoded.nbytes + self._plan.known_bytes))

    def stop_estimate(self) -> None:
        """Let the estimate end that runs."""
        if self._estimating is not None:
            self._estimating.cancel()


def _key(plan: SavePlan, view: View) -> Hashable:
    """What two plans have in common just where what they encode will be equally large."""
    documents = tuple(plan.documents[f"{array.path}/{ZARR_JSON}"] for array in plan.arrays)
    pixels = tuple(id(data) for data, _, kind in view.chosen if kind in IMAGE_KINDS)
    return hash(documents), tuple(array.path for array in plan.arrays), pixels, view.losses.part
