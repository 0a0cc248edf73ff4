"""Finder: a small application of the person's own that hands archives to an environment."""

from __future__ import annotations
