"""In 3D the finest level that memory allows is shown; napari shows the coarsest by itself.

Reading a volume takes seconds, in which a window must not stand still: the coarsest level is seen
first, a thread reads the finer one, and napari is given it when it is there. So it is where a
person moves a slider meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet, ref

import numpy as np
from napari.layers import Image, Labels
from napari.utils import progress
from qtpy.QtCore import QObject, QTimer, Signal  # type: ignore[attr-defined]

from napari_ome_zip.layers.layer_data import note_of
from napari_ome_zip.layers.opened_layer import opened_layer
from napari_ome_zip.layers.volume_levels import Volume, description, finest_levels
from napari_ome_zip.pixels.pixel_array import PixelArray
from napari_ome_zip.pixels.volume_reading import VolumeReading
from napari_ome_zip.plugin.background import TaskWorker
from napari_ome_zip.plugin.preferences import follow_memory_for_3d, memory_for_3d
from napari_ome_zip.plugin.saying import say_now
from napari_ome_zip.sizes import readable_size

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

REST = 300
"""Milliseconds after a change before volumes are read: more may follow."""

NOTICED_BYTES = 64 << 20
"""What takes long enough to read to be announced (64 MiB)."""


type _Index = tuple[int | None, ...]


def follow_dimensions(viewer: ViewerModel) -> None:
    """Show the finest levels that memory allows whenever a viewer shows volumes."""
    _FOLLOWED[viewer] = _Volumes(viewer)


@dataclass(frozen=True, eq=False)
class _Wanted:
    """A level that a layer is to show, and what of it the canvas will ask for."""

    layer: Layer
    level: int
    index: _Index
    array: PixelArray

    @classmethod
    def of(cls, layer: Layer, level: int, viewer: ViewerModel) -> _Wanted | None:
        """None where it could only be read in the window's thread."""
        index = _index(layer, level, viewer)
        array = layer.data[level]
        if isinstance(array, PixelArray):
            array = array[tuple(slice(None) if at is None else at for at in index)]
        if isinstance(array, PixelArray) and array.viewed_by is not None:
            return cls(layer, level, index, array)
        return None


class _Volumes(QObject):
    """The levels that layers of one viewer show in 3D."""

    _progressed = Signal(int, int)

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._viewer = ref(viewer)
        self._locked: WeakKeyDictionary[Layer, _Wanted] = WeakKeyDictionary()
        """What was chosen here, and is shown."""
        self._theirs: WeakSet[Layer] = WeakSet()
        """Layers of which a person chose the level since volumes are shown."""
        self._is_locking = False
        self._worker: TaskWorker[Any] | None = None
        self._wanted: Sequence[_Wanted] = ()
        """What is being read."""
        self._bar: Any = None
        self._result = self._told = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REST)
        self._timer.timeout.connect(self._decide)
        self._progressed.connect(self._say_progress)
        dims = viewer.dims.events
        # Before napari reads: where it goes, the finer level would be read in the window's thread.
        dims.ndisplay.connect(self._turned, position="first")
        for emitter in (dims.current_step, dims.order):
            emitter.connect(self._moved, position="first")
        for emitter in (viewer.layers.events.inserted, viewer.layers.events.removed):
            emitter.connect(self._decide_soon)
        viewer.layers.events.inserted.connect(self._follow)
        follow_memory_for_3d(self._decide_soon)

    # --- what happens in the viewer

    def _follow(self, event: Any) -> None:
        for name in ("visible", "data"):
            getattr(event.value.events, name).connect(self._decide_soon)
        locked = getattr(event.value.events, "locked_data_level", None)
        if locked is not None:
            locked.connect(self._level_changed)

    def _level_changed(self, event: Any) -> None:
        """A person chose a level, or the automatic one."""
        if not self._is_locking:
            self._locked.pop(event.source, None)
            self._theirs.add(event.source)
            self._decide_soon()

    def _turned(self, event: Any = None) -> None:
        self._release()
        self._theirs.clear()
        self._told = ""
        self._say_what_napari_reads()
        self._decide_soon()

    def _moved(self, event: Any = None) -> None:
        viewer = self._viewer()
        if viewer is None or viewer.dims.ndisplay != 3:
            return
        known = [*self._locked.values(), *self._wanted]
        if any(each.index != _index(each.layer, each.level, viewer) for each in known):
            self._release()
            self._decide_soon()

    def _decide_soon(self, event: Any = None) -> None:
        viewer = self._viewer()
        if viewer is not None and viewer.dims.ndisplay == 3:
            self._timer.start()

    # --- what is decided

    def _decide(self) -> None:
        viewer = self._viewer()
        if viewer is None or viewer.dims.ndisplay != 3:
            return
        self._stop_reading()
        layers = _shown_layers(viewer)
        volumes = [_volume(layer, self._fixed(layer), viewer) for layer in layers]
        levels = finest_levels(volumes, memory_for_3d())
        wanted: list[_Wanted] = []
        chosen: list[tuple[Volume, int]] = []
        for layer, volume, level in zip(layers, volumes, levels, strict=True):
            if volume.fixed is not None:
                continue
            chosen.append((volume, level))
            each = _Wanted.of(layer, level, viewer)
            shown = self._locked.get(layer)
            if each is None or level == len(volume.shapes) - 1:
                self._lock(layer, None)
            elif shown is None or (shown.level, shown.index) != (level, each.index):
                wanted.append(each)
        self._result = description(chosen)
        if wanted:
            self._begin_reading(wanted)
        elif self._result != self._told:
            self._say_result()

    def _fixed(self, layer: Layer) -> int | None:
        """The level of a layer where it is not chosen here."""
        if not _is_ours(layer) or layer in self._theirs:
            return int(layer.data_level)
        locked, known = layer.locked_data_level, self._locked.get(layer)
        is_chosen_here = locked is None or (known is not None and known.level == locked)
        return None if is_chosen_here else int(locked)

    def _lock(self, layer: Layer, wanted: _Wanted | None) -> None:
        """Let a layer show a level, or what napari chooses; a person's choice stays."""
        known = self._locked.pop(layer, None)
        mine = None if known is None else known.level
        level = None if wanted is None else wanted.level
        if layer.locked_data_level != mine:
            return
        if wanted is not None:
            self._locked[layer] = wanted
        if level != mine:
            self._is_locking = True
            try:
                layer.locked_data_level = level
            finally:
                self._is_locking = False
        if known is not None and known.array.viewed_by is not None and wanted is None:
            known.array.viewed_by.forget()

    def _release(self) -> None:
        """Let napari choose all levels again."""
        self._timer.stop()
        self._stop_reading()
        for layer in list(self._locked):
            self._lock(layer, None)

    # --- reading

    def _begin_reading(self, wanted: Sequence[_Wanted]) -> None:
        self._wanted = wanted
        arrays = [each.array for each in wanted]
        self._bar = progress(total=0, desc="Reading for 3D")
        self._say_progress(0, sum(int(array.nbytes) for array in arrays))
        worker = TaskWorker(VolumeReading(arrays, self._progressed.emit))
        worker.returned.connect(lambda found: self._took(worker, found))
        worker.errored.connect(lambda error: self._failed(worker, error))
        self._worker = worker
        worker.start()

    def _stop_reading(self) -> None:
        if self._worker is not None:
            self._worker.quit()
            self._end_reading()

    def _end_reading(self) -> None:
        self._worker, self._wanted = None, ()
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _took(self, worker: object, found: Sequence[Any] | None) -> None:
        """Show what was read."""
        if worker is not self._worker or found is None:
            return
        wanted = self._wanted
        self._end_reading()
        for each, pixels in zip(wanted, found, strict=True):
            each.array.prepare(pixels)
            self._lock(each.layer, each)
        self._say_result()

    def _failed(self, worker: object, error: Exception) -> None:
        """The coarsest level stays; napari shows what was raised."""
        if worker is self._worker:
            self._end_reading()
            raise error

    # --- what is said

    def _say_what_napari_reads(self) -> None:
        """The coarsest levels: nothing can be done while they are read, if they are large."""
        viewer = self._viewer()
        if viewer is None or viewer.dims.ndisplay != 3:
            return
        volumes = [_volume(layer, None, viewer) for layer in _shown_layers(viewer)]
        nbytes = sum(volume.nbytes(len(volume.shapes) - 1) for volume in volumes)
        if nbytes >= NOTICED_BYTES:
            say_now(viewer, f"3D: reading {readable_size(nbytes)} …")

    def _say_progress(self, done: int, total: int) -> None:
        viewer = self._viewer()
        if viewer is not None and (self._bar is not None):
            viewer.status = f"3D: reading {done / max(1, total):.0%} of {readable_size(total)} …"

    def _say_result(self) -> None:
        viewer = self._viewer()
        self._told = self._result
        if viewer is not None and self._result:
            viewer.status = self._result


_FOLLOWED: WeakKeyDictionary[ViewerModel, _Volumes] = WeakKeyDictionary()
"""Viewers do not keep what their events call."""


def _shown_layers(viewer: ViewerModel) -> list[Layer]:
    kinds = Image | Labels
    return [layer for layer in viewer.layers if layer.visible and isinstance(layer, kinds)]


def _is_ours(layer: Layer) -> bool:
    """Whether a layer has levels, and is of a file that was opened here."""
    return bool(layer.multiscale) and opened_layer(note_of(layer)) is not None


def _displayed(layer: Layer, viewer: ViewerModel) -> list[int]:
    """The dimensions of a layer that are displayed: those of a viewer are counted from the last."""
    missing = viewer.dims.ndim - layer.ndim
    return [axis - missing for axis in viewer.dims.displayed if axis >= missing]


def _volume(layer: Layer, fixed: int | None, viewer: ViewerModel) -> Volume:
    shapes = np.asarray(layer.level_shapes)[:, _displayed(layer, viewer)]
    dtype = np.dtype(layer.dtype)
    # A graphics card takes 8 and 16 bit as they are, all else as 32 bit.
    voxel = dtype.itemsize if dtype.kind in "ub" and dtype.itemsize < 4 else max(4, dtype.itemsize)
    colors = 3 if getattr(layer, "rgb", False) else 1
    return Volume(tuple(map(tuple, shapes.tolist())), voxel * colors, fixed)


def _index(layer: Layer, level: int, viewer: ViewerModel) -> _Index:
    """What of a level napari will read: a place along each dimension that is not displayed."""
    displayed = _displayed(layer, viewer)
    last = np.asarray(layer.level_shapes)[level] - 1
    place = np.asarray(layer.world_to_data(viewer.dims.point))
    place = np.round(np.clip(place / layer.downsample_factors[level], 0, last)).astype(int)
    return tuple(None if axis in displayed else int(at) for axis, at in enumerate(place))
