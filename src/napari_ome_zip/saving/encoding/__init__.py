"""Arrays that are written: how they are cut and compressed, and their smaller levels."""

from __future__ import annotations
