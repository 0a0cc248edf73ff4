"""Everything that can be done with a file, in a process of its own with limits.

What a document claims may take for ever, all memory or the whole process: here only the process
is lost, and what it was doing is known.
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import json
import multiprocessing
import tempfile
import traceback
import warnings
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from hierarchy_builder import write_archive
from napari_ome_zip import open_image, save_image, to_layer_data, validate
from napari_ome_zip.cli.main import main
from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.layers.to_layers import layer_findings
from napari_ome_zip.layers.view_state import ViewState
from napari_ome_zip.pixels.damage import DamagedChunkWarning

SECONDS = 60
"""A hundred times what a file takes on a busy machine."""
MORE_MEMORY = 1 << 30
"""Bytes of addresses beyond what the process has when all is imported."""
SAVED = 1 << 21
"""Pixels that layers may claim to be saved too."""
SCREEN = 256
PICTURES = ("image", "labels")
"""Kinds of layers that have pixels."""


@dataclass(frozen=True)
class Outcome:
    """What a file came to."""

    done: tuple[str, ...]
    """What was not refused."""
    wrong: str = ""
    """The traceback of what nobody may meet."""


@dataclass
class OtherProcess:
    """A process that goes the whole way with one file after the other."""

    folder: Path
    _process: Any = field(default=None, init=False)
    _connection: Any = field(default=None, init=False)

    def outcome(self, entries: dict[str, bytes]) -> Outcome:
        """Go the whole way with a file of these entries."""
        if self._process is None:
            self._start()
        try:
            self._connection.send(entries)
            outcome: Outcome = self._connection.recv()
        except (EOFError, ConnectionError):
            self._process.join()
            died = f"The process died ({self._process.exitcode}).\n{self._log.read_text()}"
            self._process = None
            return Outcome((), died)
        return outcome

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._connection.close()
            self._process.join()

    @property
    def _log(self) -> Path:
        return self.folder / "traceback.txt"

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, other = context.Pipe()
        self._process = context.Process(target=go_all_ways, args=(other, self._log), daemon=True)
        self._process.start()
        other.close()


def go_all_ways(connection: Connection, log: Path) -> None:
    """Answer entries with what went wrong, until there are no more."""
    answer({})  # imports what is imported late
    _limit_memory()
    with log.open("w") as file, contextlib.suppress(EOFError):
        faulthandler.enable(file)
        while True:
            entries = connection.recv()
            faulthandler.dump_traceback_later(SECONDS, exit=True, file=file)
            outcome = answer(entries)
            faulthandler.cancel_dump_traceback_later()
            connection.send(outcome)


def answer(entries: dict[str, bytes]) -> Outcome:
    """Go the whole way; an error that is not the project's own is wrong, and so is a warning."""
    done: list[str] = []
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", DamagedChunkWarning)
        try:
            go(write_archive(Path(folder) / "any.ozx", entries), done)
        except BaseException:  # noqa: BLE001  whatever it is, it is the outcome
            return Outcome(tuple(done), traceback.format_exc())
    return Outcome(tuple(done))


def go(path: Path, done: list[str]) -> None:
    """Check, describe, open, look at and save a file; each may be refused, none may fail."""
    report = validate(path)
    assert report.to_text()
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        if main(["info", str(path)]) == 0:
            done.append("described")
    assert said.getvalue().strip()
    with contextlib.suppress(OmeZipError):
        composite = open_image(path)
        layers = to_layer_data(composite)
        assert all(finding.message for finding in layer_findings(composite, layers))
        view = ViewState.of(composite.napari.view)
        assert view is None or json.dumps(view.to_json())
        done.append("opened")
        for data, _, kind in layers:
            for level in data if isinstance(data, list) else [data]:
                if kind in PICTURES:
                    look_at(level)
        done.append("seen")
        if sum(size_of(layer) for layer in layers if layer[2] in PICTURES) <= SAVED:
            save_and_open(layers, path.with_name("saved.ozx"), valid=report.valid)
            done.append("saved")


def look_at(level: Any) -> None:
    """Read one plane in the middle, as much of it as a screen shows."""
    middle = [size // 2 for size in level.shape[:-2]]
    shown = np.asarray(level[(*middle, *[slice(SCREEN)] * min(level.ndim, 2))])
    assert shown.shape == tuple(min(size, SCREEN) for size in level.shape[-2:])


def size_of(layer: Any) -> int:
    """Return how many pixels a layer has at full resolution."""
    data, _, _ = layer
    return int(np.prod((data[0] if isinstance(data, list) else data).shape, dtype=object))


def save_and_open(layers: list[Any], path: Path, valid: bool) -> None:
    """Save what was opened: as valid as it was, it shows as many layers of pixels again."""
    try:
        save_image(layers, path)
    except OmeZipError:
        assert not path.exists()
        raise
    report = validate(path)
    assert report.valid or not valid, report.to_text()
    pictures = [layer for layer in layers if layer[2] in PICTURES]
    again = [layer for layer in to_layer_data(open_image(path)) if layer[2] in PICTURES]
    assert len(again) == len(pictures)


def _limit_memory() -> None:
    import resource

    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MORE_MEMORY, resource.RLIM_INFINITY))
