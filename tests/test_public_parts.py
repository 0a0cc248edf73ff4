"""No module uses what a dependency keeps private: it may be gone with the next release."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import napari_ome_zip

SOURCE = Path(napari_ome_zip.__file__).parent
PRIVATE = ("zarr.core", "dask._", "numpy.core", "napari._")


def imported(source: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_only_public_parts_of_dependencies_are_imported() -> None:
    found = [
        f"{source.relative_to(SOURCE)} imports {name}"
        for source in SOURCE.rglob("*.py")
        for name in imported(source)
        if name.startswith(PRIVATE) or any(part.startswith("_") for part in name.split("."))
        if name not in ("__future__.annotations", "napari_ome_zip.version.__version__")
    ]
    assert found == []
