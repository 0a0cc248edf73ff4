"""The command *Save picture…*: all that is visible as one PNG."""

from __future__ import annotations
