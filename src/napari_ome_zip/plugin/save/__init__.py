"""The dock widget that saves layers, the save itself, and what is reported of it."""

from __future__ import annotations
