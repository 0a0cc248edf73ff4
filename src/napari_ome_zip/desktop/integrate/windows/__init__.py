"""The explorer of Windows: keys of the registry that are the person's own."""

from __future__ import annotations
