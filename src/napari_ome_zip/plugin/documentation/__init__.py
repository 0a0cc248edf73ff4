"""The documentation of the installed version, shown in a window."""

from __future__ import annotations
