"""The parts of the dock widget that checks an archive, and how they are laid out."""

from __future__ import annotations

from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QStyle,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)
from superqt import QElidingLabel

from napari_ome_zip.plugin.check.state import REPACK, SALVAGE, Tone
from napari_ome_zip.plugin.check.tree import IssueTree, severity_icon
from napari_ome_zip.plugin.parts import text_label, tipped_button
from napari_ome_zip.rules import Severity

_TONES = {
    Tone.NEUTRAL: QStyle.StandardPixmap.SP_MessageBoxInformation,
    Tone.GOOD: QStyle.StandardPixmap.SP_DialogApplyButton,
    Tone.WARNING: QStyle.StandardPixmap.SP_MessageBoxWarning,
    Tone.BAD: QStyle.StandardPixmap.SP_MessageBoxCritical,
}
_FILTER_TIPS = {
    Severity.ERROR: "Errors: the file breaks a rule. Press to show or hide them.",
    Severity.WARNING: "Warnings: valid, but less useful. Press to show or hide them.",
    Severity.INFO: "For information: nothing is wrong. Press to show or hide it.",
}
_ICON = 20
_NARROW = 260
"""Width in pixels that the widget is usable at."""


class CheckLayout:
    """The parts, from top to bottom; fits into a dock of 300 pixels.

    Parameters
    ----------
    widget
        Where the parts go.
    """

    def __init__(self, widget: QWidget) -> None:
        self._widget = widget
        self.choose = tipped_button("File…", "Choose the archive to check")
        self.from_layer = tipped_button("Layer", "Check the file the selected layer comes from")
        self.choose_link = tipped_button("Link…", "Check an archive on the web or in a bucket")
        self.name = QElidingLabel()
        self.name.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.deep = QCheckBox("Deep check")
        self.deep.setToolTip("Reads every pixel, to find damaged data too. Takes longer.")
        self.check = tipped_button("Check again", "Check the same file once more")
        self.bar = QProgressBar()
        self.cancel = tipped_button("Cancel", "Stop the check or the repair")
        self.verdict_icon = QLabel()
        self.verdict = text_label()
        self.deepen = tipped_button(
            "Check the pixels", "Read every pixel, to find damaged data too"
        )
        self.filters = {severity: _filter(widget, severity) for severity in Severity}
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search")
        self.search.setClearButtonEnabled(True)
        self.search.setAcceptDrops(False)
        self.tree = IssueTree()
        self.details = QTextBrowser()
        self.details.setAcceptDrops(False)
        self.details.setMinimumHeight(90)
        self.copy = tipped_button("Copy report", "Copy the report to the clipboard")
        self.copy_menu = QMenu(self.copy)
        self.copy_menu.addAction("As text")
        self.copy_menu.addAction("As JSON")
        self.save = tipped_button("Save report…", "Save the report as text or JSON")
        self.repack = tipped_button(
            REPACK, "Write a copy with the faults of the archive itself repaired"
        )
        self.salvage = tipped_button(
            SALVAGE, "Write a copy of the intact parts, and say what is missing"
        )
        self.note = text_label()
        self.open_copy = tipped_button("Open the fixed copy", "Show the copy in this window")
        self._lay_out()

    def _lay_out(self) -> None:
        self.copy.setMenu(self.copy_menu)
        self.activity = _row(self.bar, self.cancel, stretch=self.bar)
        self._verdict_row = _row(self.verdict_icon, self.verdict, stretch=self.verdict)
        self.findings = self._findings()
        self.exports = _column(_row(self.copy, self.save), self.repack, self.salvage)

        column = QVBoxLayout(self._widget)
        for part in (
            _row(self.choose, self.choose_link, self.from_layer),
            self.name,
            _row(self.deep, self.check, stretch=self.deep),
            self.activity,
            self._verdict_row,
            self.deepen,
        ):
            column.addWidget(part)
        column.addWidget(self.findings, 1)
        for part in (self.exports, self.note, self.open_copy):
            column.addWidget(part)
        column.addStretch(0)
        self._widget.setMinimumWidth(_NARROW)
        self._widget.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    def _findings(self) -> QWidget:
        halves = QSplitter(Qt.Orientation.Vertical)
        halves.addWidget(self.tree)
        halves.addWidget(self.details)
        halves.setChildrenCollapsible(False)
        halves.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        return _column(_row(*self.filters.values()), self.search, halves, stretch=halves)

    def show_activity(self, text: str, progress: tuple[int, int]) -> None:
        """Show how far something is; an empty text is nothing to be done."""
        done, total = progress
        self.activity.setVisible(bool(text))
        # Counts may be bytes, beyond what the bar can count to.
        self.bar.setRange(0, 100 if total else 0)
        self.bar.setValue(100 * done // total if total else 0)
        self.bar.setFormat(text)

    def show_verdict(self, text: str, tone: Tone) -> None:
        """Show the verdict with its sign."""
        style = self._widget.style()
        self._verdict_row.setVisible(bool(text))
        self.verdict.setText(text)
        if style is not None:
            self.verdict_icon.setPixmap(style.standardIcon(_TONES[tone]).pixmap(_ICON, _ICON))

    def show_details(self, html: str) -> None:
        """Show the details; text that is the same already stays scrolled where it is."""
        if self.details.property("shown") != html:
            self.details.setProperty("shown", html)
            self.details.setHtml(html)


def _filter(widget: QWidget, severity: Severity) -> QPushButton:
    button = tipped_button("", _FILTER_TIPS[severity])
    button.setCheckable(True)
    button.setIcon(severity_icon(widget, severity))
    button.setIconSize(QSize(14, 14))
    return button


def _row(*parts: QWidget, stretch: QWidget | None = None) -> QWidget:
    return _box(QHBoxLayout(), parts, stretch)


def _column(*parts: QWidget, stretch: QWidget | None = None) -> QWidget:
    return _box(QVBoxLayout(), parts, stretch)


def _box(
    layout: QHBoxLayout | QVBoxLayout, parts: tuple[QWidget, ...], stretch: QWidget | None
) -> QWidget:
    box = QWidget()
    layout.setContentsMargins(0, 0, 0, 0)
    for part in parts:
        layout.addWidget(part, int(part is stretch))
    box.setLayout(layout)
    return box
