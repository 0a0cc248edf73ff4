"""The dock widget that checks an archive, and makes a repaired copy of it."""

from __future__ import annotations
