"""The dock widget that shows what is in a file, and leads to each part of it."""

from __future__ import annotations
