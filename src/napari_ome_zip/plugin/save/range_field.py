"""Two numbers, from and to."""

from __future__ import annotations

from typing import Any

from magicgui.widgets import Container, Label, SpinBox

from napari_ome_zip.plugin.save.part import Range, Slider

_NARROW = 50
"""Width in pixels that is enough for a number."""


class RangeField(Container):  # type: ignore[type-arg]
    """The steps of a slider from one to another; hidden where there is no slider.

    Parameters
    ----------
    **options
        As for `magicgui.widgets.Container`.
    """

    def __init__(self, *, tooltip: str, **options: Any) -> None:
        self.first = SpinBox(name="first", min=0, max=0, tooltip=tooltip)
        self.last = SpinBox(name="last", min=0, max=0, tooltip=tooltip)
        widgets = [self.first, Label(value="to", name="to"), self.last]
        super().__init__(
            widgets=widgets, layout="horizontal", labels=False, tooltip=tooltip, **options
        )
        self.margins = (0, 0, 0, 0)
        for field in (self.first, self.last):
            # As a style: napari's own asks for more.
            field.native.setStyleSheet(f"min-width: {_NARROW}px")
        self._count = 0

    @property
    def value(self) -> Range:
        """The first and the last step, both included."""
        return int(self.first.value), int(self.last.value)

    @value.setter
    def value(self, value: Range) -> None:
        self.first.value, self.last.value = value

    def offer(self, slider: Slider | None, chosen: Range | None) -> None:
        """Show what can be chosen of a slider, and what is; says nothing to listeners."""
        self.visible = slider is not None
        if slider is None:
            return
        self.label = f"{self.name.capitalize()} ({slider.name})"
        with self.first.changed.blocked(), self.last.changed.blocked():
            for field in (self.first, self.last):
                field.max = max(slider.count - 1, field.value)
            self.value = slider.clipped(chosen or (0, slider.count - 1))
            for field in (self.first, self.last):
                field.max = slider.count - 1
        self._count = slider.count

    @property
    def chosen(self) -> Range | None:
        """The range; None where it is everything, or where there is no slider."""
        return None if self.value == (0, max(0, self._count - 1)) else self.value
