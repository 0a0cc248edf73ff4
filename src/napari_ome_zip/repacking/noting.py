"""Reports findings about a copy that was made."""

from __future__ import annotations

import warnings
from collections.abc import Callable

from napari_ome_zip.errors import SaveWarning
from napari_ome_zip.findings import Finding

type Noted = Callable[[Finding], None]
"""Called with each finding."""


def warn(finding: Finding) -> None:
    """Report a finding as a `SaveWarning`."""
    warnings.warn(finding.message, SaveWarning, stacklevel=4)
