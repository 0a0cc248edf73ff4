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


LINKS = "remote"
"""The suite that has a page of its own."""
LINKS_WORK = {
    "open": "all the way to layers, for ours; to arrays, for the others",
    "picture": "opening, and the plane of 1024² that a window shows first",
    "plane": "a plane of 2048² at full resolution",
    "scroll": "4 more planes, one after the other",
    "again": "the same as *picture* in another process: what is kept on the disk helps",
    "req": "requests for it; *pict*: opening and the picture together",
    "MB": "bytes that came over the line for it",
}
"""Columns of the tables of links."""


def recorded(folder: Path, page: str = "benchmarks") -> list[Table]:
    """Tables of a page, if they were measured on this machine and software."""
    path = folder / f"{page}.json"
    if not path.exists():
        return []
    results = json.loads(path.read_text())
    if results["machine"] != machine():
        return []
    return [Table.of_json(table) for table in results["tables"]]


def write(tables: list[Table], folder: Path, order: list[tuple[str, str]]) -> None:
    """Put tables into ``benchmarks.md``, ``benchmarks.json`` and ``benchmarks.png``, links apart.

    What is recorded there of other cases stays, if it was measured on this machine.
    """
    links = [table for table in tables if table.suite == LINKS]
    if links:
        _write_links(_together(links, folder, order, "benchmarks-links"), folder)
    if len(links) < len(tables):
        others = [table for table in tables if table.suite != LINKS]
        _write_page(_together(others, folder, order, "benchmarks"), folder)


def _together(
    tables: list[Table], folder: Path, order: list[tuple[str, str]], page: str
) -> list[Table]:
    """Write tables, and those that are recorded of other cases, as JSON; returns all of them."""
    known = {table.key: table for table in recorded(folder, page)}
    known |= {table.key: table for table in tables}
    tables = [known[key] for key in order if key in known]
    results = {"machine": machine(), "tables": [table.as_json() for table in tables]}
    (folder / f"{page}.json").write_text(json.dumps(results, indent=1) + "\n")
    return tables


def _write_links(tables: list[Table], folder: Path) -> None:
    page = [
        "# Benchmarks of links",
        "",
        "Written by `benchmarks/bench.py --suite remote --docs`. A server on the same machine",
        "answers each request a while later, as one far away does, and the first one of each",
        "connection twice as late; bytes come as fast as the machine sends them. Each contender",
        "works in a process of its own, that has imported what it needs and has nothing of the",
        "archive. Pixels are compared with those that were made. Only ratios within one table mean",
        "anything; the numbers are in [`benchmarks-links.json`](benchmarks-links.json).",
        "",
        _told(machine()),
        "",
        "Ours is in milliseconds, with half of the range of its middle half (±); all others are so",
        "many times as long as ours. Requests and megabytes are counted, of all. `!` marks wrong",
        "pixels. ngff-zarr and bioio-ome-zarr open no archive behind a link by themselves, and are",
        "helped by fsspec.",
        "",
        *(f"- *{work}*: {text}" for work, text in LINKS_WORK.items()),
        "",
    ]
    for table in tables:
        page += [f"## {table.case}", "", "```text", table.text(), "```", ""]
    (folder / "benchmarks-links.md").write_text("\n".join(page))


def _told(told: dict[str, Any]) -> str:
    return (
        f"{told['processor']}, {told['cores']} cores, {told['memory_gb']} GB; {told['system']}; "
        f"Python {told['python']}; "
        + ", ".join(f"{name} {number}" for name, number in told["packages"].items())
        + "."
    )


def _write_page(tables: list[Table], folder: Path) -> None:
    draw(tables, folder / "benchmarks.png")
    page = [
        "# Benchmarks",
        "",
        "Written by `make bench`, which makes its data, measures every contender in turn, and",
        "compares all pixels with those that were made. Only ratios within one table mean",
        "anything. [`benchmarks/README.md`](../benchmarks/README.md) says what is measured and",
        "how; the numbers are in [`benchmarks.json`](benchmarks.json).",
        "",
        _told(machine()),
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
