"""The command *Save visible region…*: its dialog, and what is decided in it."""

from __future__ import annotations
