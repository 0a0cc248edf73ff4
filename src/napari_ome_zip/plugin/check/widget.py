"""The dock widget that checks an archive, and makes a repaired copy of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import notification_manager
from qtpy.QtCore import QEvent, QTimer
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QApplication, QFileDialog, QWidget

import napari_ome_zip
from napari_ome_zip.files import Link, is_link
from napari_ome_zip.files.known_links import public_name, remember_link
from napari_ome_zip.names import file_name, plain_name
from napari_ome_zip.plugin.background import TaskWorker
from napari_ome_zip.plugin.check.layout import CheckLayout
from napari_ome_zip.plugin.check.model import CheckModel, Job, Outcome, Repack, Validate
from napari_ome_zip.plugin.check.rows import Details
from napari_ome_zip.plugin.check.state import layer_source, suggested_copy
from napari_ome_zip.plugin.docks import PLUGIN
from napari_ome_zip.plugin.links.dialog import LinkDialog
from napari_ome_zip.plugin.notices import explain
from napari_ome_zip.plugin.save.remembered import last_folder

if TYPE_CHECKING:
    import napari.viewer
    from qtpy.QtCore import QMimeData


_PROGRESS_EVERY_MS = 100
_ARCHIVES = "Archives (*.ome.zip *.ozx *.zip);;All files (*)"
_REPORTS = {"Text (*.txt)": ".txt", "JSON (*.json)": ".json"}


class CheckWidget(QWidget):
    """Checks a file and shows what is wrong with it, in plain words, and what to do.

    Parameters
    ----------
    viewer
        The viewer whose selected layer may be checked, and that opens repaired copies.
    validate, repack : callable, optional
        The functions that do the work; those of this package where left out.
    """

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        validate: Validate | None = None,
        repack: Repack | None = None,
    ) -> None:
        super().__init__()
        self._viewer = viewer
        self.model = CheckModel(
            validate or napari_ome_zip.validate,
            repack or napari_ome_zip.repack,
            start=self._start,
            changed=self._show,
        )
        self._timer = QTimer(self)
        self._timer.setInterval(_PROGRESS_EVERY_MS)
        self._timer.timeout.connect(self.model.look_at_progress)
        self.parts = CheckLayout(self)
        self.setAcceptDrops(True)
        self._connect()
        self._show()

    def _connect(self) -> None:
        parts, model = self.parts, self.model
        parts.choose.clicked.connect(self._choose_file)
        parts.choose_link.clicked.connect(self._choose_link)
        parts.from_layer.clicked.connect(self._take_selected_layer)
        parts.deep.toggled.connect(model.set_deep)
        parts.check.clicked.connect(model.check_again)
        parts.deepen.clicked.connect(model.check_deeply)
        parts.cancel.clicked.connect(model.cancel)
        for severity, button in parts.filters.items():
            button.toggled.connect(partial(model.show, severity))
        parts.search.textChanged.connect(model.search)
        parts.tree.row_chosen.connect(model.select)
        for kind, action in zip(("text", "json"), parts.copy_menu.actions(), strict=True):
            action.triggered.connect(partial(self._copy, kind))
        parts.save.clicked.connect(self._save_report)
        parts.repack.clicked.connect(partial(self._choose_copy, False))
        parts.salvage.clicked.connect(partial(self._choose_copy, True))
        parts.open_copy.clicked.connect(self._open_copy)

    # What a person does

    def check(self, path: str, *, deep: bool = False) -> None:
        """Check a file, with `deep` every pixel of it, and show what was found.

        Of a link, what is secret in it is neither shown nor stands in the report.
        """
        if deep:
            self.model.set_deep(True)
        self.model.check(public_name(path))

    def _choose_file(self) -> None:
        shown = self.model.state.path
        folder = str(Path(shown).parent) if shown and not is_link(shown) else ""
        path, _ = QFileDialog.getOpenFileName(self, "Check an archive", folder, _ARCHIVES)
        if path:
            self.check(path)

    def _choose_link(self) -> None:
        LinkDialog(self, self._check_link, "Check a link", "Check").open()

    def _check_link(self, link: Link) -> None:
        remember_link(link)
        self.check(link.source)

    def _take_selected_layer(self) -> None:
        layer = self._viewer.layers.selection.active
        if layer is None:
            self.model.say("Select one layer in the layer list first.")
            return
        path = layer_source(layer.metadata, layer.source.path)
        if path is None:
            self.model.say(f"The layer {layer.name} was not read from a file.")
        else:
            self.check(path)

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        if event is not None and _files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        files = _files(event.mimeData()) if event is not None else []
        if event is not None and files:
            event.acceptProposedAction()
            note = f"Of {len(files)} files, only the first is checked." if len(files) > 1 else ""
            self.model.check(public_name(files[0]), note)

    def _copy(self, kind: str, _checked: bool = False) -> None:
        clipboard = QApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self.model.export(kind))
            self.model.say("The report is on the clipboard.")

    def _save_report(self) -> None:
        shown = self.model.state.path
        beside = last_folder() / plain_name(file_name(shown)) if is_link(shown) else Path(shown)
        start = str(beside.with_suffix(".report.txt"))
        path, chosen = QFileDialog.getSaveFileName(
            self, "Save the report", start, ";;".join(_REPORTS)
        )
        if not path:
            return
        target = Path(path) if Path(path).suffix else Path(path + _REPORTS.get(chosen, ".txt"))
        kind = "json" if target.suffix.lower() == ".json" else "text"
        try:
            target.write_text(self.model.export(kind), encoding="utf-8")
        except OSError as error:
            self.model.say(explain(error, str(target)))
        else:
            self.model.say(f"Saved the report {target.name}.")

    def _choose_copy(self, salvage: bool, _checked: bool = False) -> None:
        title = "Salvage what is left" if salvage else "Repack a fixed copy"
        path, _ = QFileDialog.getSaveFileName(
            self, title, suggested_copy(self.model.state.path, last_folder()), _ARCHIVES
        )
        if path:
            self.model.repack(path, salvage=salvage)

    def _open_copy(self) -> None:
        self._viewer.open(self.model.state.fixed_copy, plugin=PLUGIN)

    # What is shown

    def _show(self) -> None:
        state, parts = self.model.state, self.parts
        parts.name.setText(state.name)
        parts.name.setToolTip(state.path)
        parts.deep.setChecked(state.deep)
        parts.check.setEnabled(state.can_check)
        parts.show_activity(state.activity, state.progress)
        parts.show_verdict(state.verdict, state.tone)
        parts.deepen.setVisible(state.can_deepen)
        parts.findings.setVisible(state.has_issues)
        for shown in state.filters:
            parts.filters[shown.severity].setText(shown.label)
            parts.filters[shown.severity].setChecked(shown.checked)
        if parts.search.text() != state.search:
            parts.search.setText(state.search)
        parts.tree.show_rows(state.rows, state.selected)
        parts.show_details(_details_html(state.details) if state.details else escape(state.hint))
        parts.exports.setVisible(state.can_export)
        parts.repack.setEnabled(state.can_repack)
        parts.salvage.setVisible(state.can_salvage)
        parts.note.setText(state.note)
        parts.note.setVisible(bool(state.note))
        parts.open_copy.setVisible(bool(state.fixed_copy))
        if state.can_cancel != self._timer.isActive():
            self._timer.start() if state.can_cancel else self._timer.stop()

    # What runs in the background

    def _start(self, job: Job) -> None:
        worker = TaskWorker(job)
        worker.returned.connect(self._finished)
        worker.errored.connect(partial(self._crashed, job))
        self.destroyed.connect(job.cancel)
        worker.start()

    def _finished(self, outcome: Outcome) -> None:
        self.model.finish(outcome)

    def _crashed(self, job: Job, error: Exception) -> None:
        self.model.crash(job)
        notification_manager.receive_error(type(error), error, error.__traceback__)

    # Any: Qt's bindings differ in the types that they state here.
    def event(self, event: Any) -> bool:
        # napari takes the widget out of a dock that is closed, and keeps it nowhere.
        if event is not None and event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self.model.close()
        return bool(super().event(event))

    def closeEvent(self, event: Any) -> None:
        self.model.close()
        super().closeEvent(event)


def _files(mime: QMimeData | None) -> list[str]:
    """Paths of the files that are dropped, and links."""
    urls = [] if mime is None else mime.urls()
    return [url.toLocalFile() if url.isLocalFile() else url.toString() for url in urls]


def _details_html(details: Details) -> str:
    sections = [
        f"<p><b>{escape(details.meaning)}</b></p>",
        _section("What was found", details.found),
        _section("What to do", details.remedies),
        _section("Where", details.places),
        _section("Rules", details.rules),
        _section("In the file", details.exact),
    ]
    return "".join(sections)


def _section(title: str, texts: Sequence[str]) -> str:
    if len(texts) < 2:
        return "".join(f"<p><b>{title}:</b> {escape(text)}</p>" for text in texts)
    return f"<p><b>{title}:</b>{''.join(f'<br>• {escape(text)}' for text in texts)}</p>"
