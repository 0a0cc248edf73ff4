"""Images that keep the arrangement of the file that they came from."""

from __future__ import annotations
