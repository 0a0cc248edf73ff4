"""Let archives be opened by double click, for one person, on the desktop of any system."""

from __future__ import annotations

import sys

from napari_ome_zip.desktop.integrate.desktop import (
    Change,
    Desktop,
    Did,
    Item,
    Outcome,
    State,
    Status,
)
from napari_ome_zip.desktop.integrate.environment import this_environment
from napari_ome_zip.desktop.integrate.linux.linux_desktop import LinuxDesktop
from napari_ome_zip.desktop.integrate.linux.places import own_places
from napari_ome_zip.desktop.integrate.macos.macos_desktop import MacDesktop
from napari_ome_zip.desktop.integrate.windows.windows_desktop import WindowsDesktop

__all__ = [
    "Change",
    "Desktop",
    "Did",
    "Item",
    "Outcome",
    "State",
    "Status",
    "this_desktop",
]


def this_desktop() -> Desktop:
    """Return the desktop of the person who runs this, for the environment that runs it.

    Raises
    ------
    IntegrationError
        The environment could not open anything, or there is no home folder of this person's.

    Examples
    --------
    >>> this_desktop().status().headline  # doctest: +SKIP
    'Not set up.'
    """
    environment = this_environment()
    if sys.platform == "darwin":
        return MacDesktop(environment)
    if sys.platform == "win32":
        return WindowsDesktop(environment)
    return LinuxDesktop(environment, own_places())
