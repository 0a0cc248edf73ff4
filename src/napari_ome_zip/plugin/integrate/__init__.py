"""The dialog that lets a double click open archives."""

from __future__ import annotations
