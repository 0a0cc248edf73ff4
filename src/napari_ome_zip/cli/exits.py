"""Exit statuses of the command line, and who writes them."""

from __future__ import annotations

GOOD, BAD, FAILED, INTERRUPTED = 0, 1, 2, 130
"""No errors; errors in a file; could not run; interrupted."""
