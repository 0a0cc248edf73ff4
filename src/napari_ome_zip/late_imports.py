"""Names of a package that are imported when they are first used."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def late_imports(package: str, modules: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a package some of whose names need not be there at once.

    Opening a file in a viewer needs nothing of what saves it: importing that would keep whoever
    opens the first one waiting.

    Parameters
    ----------
    package : str
        Name of the package.
    modules : mapping of str to str
        Module of each such name.

    Examples
    --------
    >>> late_imports("napari_ome_zip", {"sqrt": "math"})("sqrt")(4)
    2.0
    """

    def look_up(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(modules[name]), name)

    return look_up
