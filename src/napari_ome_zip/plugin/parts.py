"""Small parts that the plugin's widgets are made of."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QPushButton


def tipped_button(text: str, tip: str) -> QPushButton:
    """A button with a word on what it does."""
    made = QPushButton(text)
    made.setToolTip(tip)
    return made


def text_label() -> QLabel:
    """A text in lines of its own, plain whatever a file calls things, which can be copied."""
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
