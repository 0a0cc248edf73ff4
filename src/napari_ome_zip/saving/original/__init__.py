"""The file that layers came from: its levels, its documents, its entries."""

from __future__ import annotations
