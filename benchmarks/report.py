"""Tables of results, old and new, as a page with a picture and as JSON."""

from __future__ import annotations

import json
import os
import platform
import textwrap
from importlib.metadata import version
from pathlib import Path
from typing import Any

from picture import draw
from table import LEGEND, Table, matrix

PACKAGES = (
    "napari", "napari-ome-zarr", "ngff-zarr", "ome-zarr", "bioio-ome-zarr", "tensorstore",
    "zarr", "numcodecs", "dask", "numpy",
)  # fmt: skip
WORK = {
    "open": "all the way to layers, for ours and napari-ome-zarr; to arrays, for the others",
    "plane": "one plane of 2048² at full resolution",
    "region": "256² pixels anywhere",
    "scroll": "12 planes, one after the other",
    "coarse": "the coarsest level whole",
    "threads": "64 regions read by 8 threads",
    "whole": "level 0 whole, 268 MB",
    "peak": "memory above the 268 MB read (MB)",
}
"""Columns of the tables of images."""


def recorded(folder: Path) -> list[Table]:
    """Tables of ``benchmarks.json``, if they were measured on this machine and software."""
    path = folder / "benchmarks.json"
    if not path.exists():
        return []
    results = json.loads(path.read_text())
    if results["machine"] != machine():
        return []
    return [Table.of_json(table) for table in results["tables"]]


def write(tables: list[Table], folder: Path, order: list[tuple[str, str]]) -> None:
    """Put tables into ``benchmarks.md``, ``benchmarks.json`` and ``benchmarks.png``.

    What is recorded there of other cases stays, if it was measured on this machine.
    """
    known = {table.key: table for table in recorded(folder)}
    known |= {table.key: table for table in tables}
    tables = [known[key] for key in order if key in known]
    told = machine()
    results = {"machine": told, "tables": [table.as_json() for table in tables]}
    (folder / "benchmarks.json").write_text(json.dumps(results, indent=1) + "\n")
    draw(tables, folder / "benchmarks.png")
    page = [
        "# Benchmarks",
        "",
        "Written by `make bench`, which makes its data, measures every contender in turn, and",
        "compares all pixels with those that were made. Only ratios within one table mean",
        "anything. [`benchmarks/README.md`](../benchmarks/README.md) says what is measured and",
        "how; the numbers are in [`benchmarks.json`](benchmarks.json).",
        "",
        f"{told['processor']}, {told['cores']} cores, {told['memory_gb']} GB; {told['system']}; "
        f"Python {told['python']}; "
        + ", ".join(f"{name} {number}" for name, number in told["packages"].items())
        + ".",
        "",
        "## Every layout, from every side",
        "",
        "How long the fastest of the others takes, ours being 1: above 1 nobody is as fast as",
        "ours. *again / first* is the same plane of ours a second time. Layouts and contenders are",
        "those of the tables below.",
        "",
        "```text",
        matrix([table for table in tables if table.suite == "views"]),
        "",
        *textwrap.wrap(LEGEND, 96),
        "```",
        "",
        "![Times as long as ours, for each work and contender](benchmarks.png)",
        "",
        "In the tables that follow, ours is in milliseconds, with half of the range of its middle",
        "half (±); all others are so many times as long as ours. Memory is in megabytes, of all.",
        "`-` was not measured, for it takes long; `!` marks wrong pixels. The *floor* is the least",
        "that any program must do: read the bytes and call the C codec on all cores, with",
        "everything else known beforehand.",
        "",
        *(f"- *{work}*: {text}" for work, text in WORK.items()),
        "",
    ]
    for table in tables:
        page += [f"## {table.suite}: {table.case}", "", "```text", table.text(), "```", ""]
    (folder / "benchmarks.md").write_text("\n".join(page))


def machine() -> dict[str, Any]:
    """What the results were measured on."""
    information = Path("/proc/cpuinfo")
    names = [
        line.partition(":")[2].strip()
        for line in (information.read_text().splitlines() if information.exists() else [])
        if line.startswith("model name")
    ]
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": names[0] if names else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": round(pages / 1e9),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }
