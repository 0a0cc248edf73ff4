"""Desktops that follow the specifications of freedesktop.org: Linux and its relatives."""

from __future__ import annotations
