"""CompositeImage to archive: what will be written, its levels, and the save itself."""

from __future__ import annotations
