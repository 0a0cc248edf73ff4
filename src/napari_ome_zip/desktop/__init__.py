"""What a desktop knows of archives: their type and icon, what opens them, and their previews."""

from __future__ import annotations
