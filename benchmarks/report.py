"""Tables of results: as text, as JSON, as a page with a picture."""

from __future__ import annotations

import json
import math
import os
import platform
import statistics
import textwrap
from collections import defaultdict
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import version
from itertools import batched
from pathlib import Path
from typing import Any

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


@dataclass
class Result:
    """What one contender needed for one piece of work."""

    median: float
    spread: float
    """Half of the range in which the middle half of the samples lies."""
    samples: int
    right: bool


@dataclass
class Table:
    """Results of one case: by contender and work."""

    suite: str
    case: str
    caption: str
    results: dict[str, dict[str, Result]] = field(default_factory=lambda: defaultdict(dict))
    units: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    slow: set[str] = field(default_factory=set)
    """Measured in one process only."""
    _samples: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))

    @property
    def key(self) -> tuple[str, str]:
        return self.suite, self.case

    def add(
        self, contender: str, work: str, value: float, right: bool, unit: str, failed: str = ""
    ) -> None:
        """A sample, or why there is none."""
        if failed:
            self.failed[contender] = failed
            return
        self.units[work] = unit
        known = self.results[contender].get(work)
        values = self._samples[contender, work]
        values.append(value)
        median, spread = statistics.median(values), _spread(values)
        right = right and (known is None or known.right)
        self.results[contender][work] = Result(median, spread, len(values), right)

    def median(self, contender: str, work: str) -> float | None:
        result = self.results.get(contender, {}).get(work)
        return None if result is None else result.median

    def ratio(self, contender: str, work: str, to: str = "ours") -> float | None:
        """How many times as much as another contender."""
        one, other = self.median(contender, work), self.median(to, work)
        if one is None or not other or self.units[work] != "ms":
            return None  # megabytes above a base may be 0
        return one / other

    def fastest(self, work: str) -> tuple[float, str] | None:
        """The fastest of the others: how many times as long as ours it takes, and its name."""
        ratios = [
            (ratio, name)
            for name in self.results
            if name not in ("ours", "floor") and (ratio := self.ratio(name, work)) is not None
        ]
        return min(ratios, default=None)

    def text(self) -> str:
        """A row for each contender, a column for each work: ours in its unit, others in ratios."""
        works = list(self.units)
        width = max(9, *(len(work) + 2 for work in works)) if works else 9
        lines = textwrap.wrap(self.caption, 96)
        for some in batched(works, 84 // width):
            lines += ["", " " * 28 + "".join(f"{work:>{width}}" for work in some)]
            for contender in self.results:
                lines += self._rows(contender, some, width)
        lines += [f"{contender}: {why}"[:96] for contender, why in self.failed.items()]
        return "\n".join(lines)

    def _rows(self, contender: str, works: tuple[str, ...], width: int) -> list[str]:
        cells = [self._cell(contender, work) for work in works]
        if not any(cells):
            return []
        rows = [f"{contender:28}" + "".join(f"{cell or '-':>{width}}" for cell in cells)]
        if contender == "ours":
            spreads = [self.results[contender].get(work) for work in works]
            rows.append(
                f"{'  ±':28}"
                + "".join(f"{_number(r.spread) if r else '':>{width}}" for r in spreads)
            )
        return rows

    def _cell(self, contender: str, work: str) -> str:
        result = self.results[contender].get(work)
        if result is None:
            return ""
        wrong = "" if result.right else "!"
        ratio = self.ratio(contender, work)
        if contender == "ours" or ratio is None:
            return f"{wrong}{_number(result.median)}{' ' + self.units[work]}"
        return f"{wrong}{ratio:.2f} ×" if ratio < 100 else f"{wrong}{ratio:.0f} ×"

    def as_json(self) -> dict[str, Any]:
        return {
            "suite": self.suite,
            "case": self.case,
            "caption": self.caption,
            "units": self.units,
            "contenders": {
                contender: {
                    work: {
                        **asdict(result),
                        "to_ours": self.ratio(contender, work),
                        "to_floor": self.ratio(contender, work, "floor"),
                    }
                    for work, result in works.items()
                }
                for contender, works in self.results.items()
            },
            "failed": self.failed,
        }

    @staticmethod
    def of_json(value: dict[str, Any]) -> Table:
        table = Table(value["suite"], value["case"], value["caption"])
        table.units = value["units"]
        table.failed = value["failed"]
        names = [each.name for each in fields(Result)]
        for contender, works in value["contenders"].items():
            for work, result in works.items():
                table.results[contender][work] = Result(**{name: result[name] for name in names})
        return table


def _spread(values: list[float]) -> float:
    if len(values) < 2:
        return 0.0
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return (high - low) / 2


def _number(value: float) -> str:
    return f"{value:.1f}" if abs(value) < 1000 else f"{value:.0f}"


LETTERS = {
    "tensorstore zip": "t",
    "tensorstore folder": "f",
    "tensorstore zip, cache": "c",
    "tensorstore folder, cache": "c",
    "zarr ZipStore": "z",
    "zarr LocalStore": "l",
    "napari-ome-zarr": "n",
}
"""Who is the fastest of the others, in the matrix."""
LEGEND = (
    "t tensorstore on the archive, f on the folder, c with a cache of decoded chunks; "
    "z zarr ZipStore, l LocalStore; n napari-ome-zarr"
)


def matrix(tables: list[Table]) -> str:
    """Layouts by works: how long the fastest of the others takes, ours being 1, and which it is."""
    if not tables:
        return ""
    works = _compared(tables)
    widths = [max(len(work), 6) + 2 for work in works]
    header = "".join(f"{work:>{width}}" for work, width in zip(works, widths, strict=True))
    lines = [f"{'':14}{header}{'again/first':>14}"]
    for table in tables:
        row = "".join(
            f"{_of_fastest(table, work):>{width}}"
            for work, width in zip(works, widths, strict=True)
        )
        again, first = table.median("ours", "again"), table.median("ours", "xy")
        kept = f"{again / first:.2f}" if again is not None and first else ""
        lines.append(f"{table.case:14}{row}{kept:>14}")
    return "\n".join(lines)


def _compared(tables: list[Table]) -> list[str]:
    """Works that are the same for all: arrays are opened sooner than an image with its layers."""
    works = dict.fromkeys(work for table in tables for work in table.units)
    return [work for work in works if work != "open"]


def _of_fastest(table: Table, work: str) -> str:
    found = table.fastest(work)
    return f"{found[0]:.2f} {LETTERS.get(found[1], '')}" if found else ""


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


def draw(tables: list[Table], path: Path) -> None:
    """The matrix of views in colors, and a panel for each of the archives of ``images``."""
    views = [table for table in tables if table.suite == "views"]
    images = [table for table in tables if table.suite == "images"]
    if not views and not images:
        return
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    heights = [*([0.35 * len(views) + 1.2] if views else []), *([2.2] * len(images))]
    figure, panels = plt.subplots(
        len(heights), 1, figsize=(11, sum(heights) + 1), squeeze=False, height_ratios=heights
    )
    rest = list(panels[:, 0])
    if views:
        _draw_matrix(rest.pop(0), views)
    names = list(dict.fromkeys(name for table in images for name in table.results))
    for panel, table in zip(rest, images, strict=True):
        _draw_contenders(panel, table, names)
    if images:
        handles, labels = rest[0].get_legend_handles_labels()
        figure.legend(
            handles, labels, loc="outside lower center", ncols=4, fontsize=8, frameon=False
        )
    figure.set_layout_engine("constrained")
    figure.savefig(path, dpi=110)


def _draw_matrix(panel: Any, tables: list[Table]) -> None:
    works = _compared(tables)
    ratios = [[(t.fastest(work) or (math.nan,))[0] for work in works] for t in tables]
    panel.imshow(
        [[math.log2(ratio) for ratio in row] for row in ratios],
        cmap="RdYlGn",
        vmin=-2,
        vmax=2,
        aspect="auto",
    )
    for y, row in enumerate(ratios):
        for x, ratio in enumerate(row):
            if not math.isnan(ratio):
                panel.text(
                    x,
                    y,
                    f"{ratio:.2f}",
                    ha="center",
                    va="center",
                    fontsize=8,
                    color="white" if abs(math.log2(ratio)) > 1.7 else "black",
                )
    panel.set_xticks(range(len(works)), works, fontsize=8)
    panel.set_yticks(range(len(tables)), [table.case for table in tables], fontsize=8)
    panel.set_title(
        "time of the fastest of the others, ours being 1 (green: ours is faster)",
        loc="left",
        fontsize=10,
    )


def _draw_contenders(panel: Any, table: Table, names: list[str]) -> None:
    from matplotlib import pyplot as plt

    colors = plt.get_cmap("tab20").colors
    works = [work for work, unit in table.units.items() if unit == "ms"]
    for number, name in enumerate(names):
        ratios = [table.ratio(name, work) for work in works]
        places = [at for at, ratio in enumerate(ratios) if ratio is not None]
        panel.plot(
            [at + 0.06 * (number - len(names) / 2) for at in places],
            [ratios[at] for at in places],
            "_" if name == "floor" else "o",
            color=colors[number % len(colors)],
            markersize=12 if name == "floor" else 6,
            label=name,
        )
    panel.axhline(1, color="black", linewidth=0.8)
    panel.set_yscale("log")
    panel.set_xticks(range(len(works)), works)
    panel.set_ylabel("times as long as ours", fontsize=8)
    panel.set_title(f"archive {table.case}", loc="left", fontsize=10)
    panel.grid(axis="y", alpha=0.3)
