"""Arrays of a hierarchy: codecs, lazy levels, reading on all cores."""

from __future__ import annotations
