"""What stands below the fields of the form: what will be written, the buttons, the result."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QEvent, QObject, Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_ome_zip.plugin.parts import text_label, tipped_button


class Footer(QWidget):
    """What will be written, the buttons, and the result; fits into a dock of 300 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.summary = _wrapped_label()
        self.save = tipped_button("Save", "Write the file. You can keep working in the meantime.")
        self.cancel = tipped_button(
            "Cancel", "Stop writing; nothing is kept, an earlier file stays."
        )
        self.progress = QProgressBar()
        self.result = _wrapped_label()
        self.open = tipped_button("Open", "Open the file that was written")
        self.check = tipped_button(
            "Check", "Check the file that was written against the specification"
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.summary)
        column.addLayout(_row(self.save, self.cancel))
        column.addWidget(self.progress)
        column.addWidget(self.result)
        column.addLayout(_row(self.open, self.check))


class WhenShown(QObject):
    """Says when a widget is shown, and when it is hidden, as it is when its dock is closed.

    Parameters
    ----------
    widget : QWidget
    """

    shown = Signal()
    hidden = Signal()

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        widget.installEventFilter(self)

    # Any: Qt's bindings differ in the types that they state here.
    def eventFilter(self, watched: Any, event: Any) -> bool:
        if event.type() == QEvent.Type.Show:
            self.shown.emit()
        elif event.type() == QEvent.Type.Hide:
            self.hidden.emit()
        return False


def _row(*buttons: QPushButton) -> QHBoxLayout:
    row = QHBoxLayout()
    for button in buttons:
        row.addWidget(button)
    return row


def _wrapped_label() -> QLabel:
    label = text_label()
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label
