"""What windows need of the system: libraries, and a display to draw on."""

from __future__ import annotations

import os
import shutil
import sys

from setting_up.running import ROOT, SetupError, run


def install_system_packages(*packages: str) -> None:
    """Install what windows need, and further packages, on Debian and its derivatives.

    Other systems have the libraries, or are looked after by whoever uses them. Without the right
    to install anything it is only said what is missing.
    """
    if shutil.which("apt-get") is not None:
        run(str(ROOT / "tools" / "install-system-libraries"), *packages)


def has_display() -> bool:
    """Whether a window can be shown; of Linux alone it is known that it may not."""
    is_linux = sys.platform.startswith("linux")
    return not is_linux or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def on_display() -> list[str]:
    """Return what a command begins with that opens windows.

    Raises
    ------
    SetupError
        There is no display, and nothing to make a virtual one with.
    """
    if has_display():
        return []
    if shutil.which("xvfb-run") is None:
        raise SetupError(
            "There is no display to open windows on, and no xvfb-run, which makes a virtual one. "
            "Install it (Debian and Ubuntu: xvfb and xauth; Fedora: xorg-x11-server-Xvfb), "
            "then run this again."
        )
    return ["xvfb-run", "-a"]
