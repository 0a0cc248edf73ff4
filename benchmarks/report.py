"""Tables of results: as text, as JSON, as a page with a picture."""

from __future__ import annotations

import json
import os
import platform
import statistics
import textwrap
from collections import defaultdict
from dataclasses import dataclass, field
from importlib.metadata import version
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
    "scroll": "16 planes, one after the other",
    "coarse": "the coarsest level whole",
    "threads": "64 regions read by 8 threads",
    "whole": "level 0 whole, 537 MB",
    "peak": "memory above the 537 MB read (MB)",
}
"""Columns of the tables of images."""


@dataclass
class Table:
    """Samples of one case: by contender and work."""

    suite: str
    case: str
    caption: str
    samples: dict[str, dict[str, list[float]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    units: dict[str, str] = field(default_factory=dict)
    wrong: set[tuple[str, str]] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)
    slow: set[str] = field(default_factory=set)
    """Measured in one process only."""

    def add(self, contender: str, work: str, value: float, right: bool, unit: str) -> None:
        self.samples[contender][work].append(value)
        self.units[work] = unit
        if not right:
            self.wrong.add((contender, work))

    def median(self, contender: str, work: str) -> float | None:
        values = self.samples.get(contender, {}).get(work)
        return statistics.median(values) if values else None

    def spread(self, contender: str, work: str) -> float:
        """Half of the range in which the middle half of the samples lies."""
        values = self.samples[contender][work]
        if len(values) < 2:
            return 0.0
        low, _, high = statistics.quantiles(values, n=4, method="inclusive")
        return (high - low) / 2

    def ratio(self, contender: str, work: str, to: str) -> float | None:
        """How many times as much as another contender."""
        one, other = self.median(contender, work), self.median(to, work)
        if one is None or not other or self.units[work] != "ms":
            return None  # megabytes above a base may be 0
        return one / other

    def text(self) -> str:
        """One block of lines for each work: median, spread, ratio to ours and to the floor."""
        lines = textwrap.wrap(self.caption, 96)
        for work, unit in self.units.items():
            lines += ["", f"{work:28}{unit:>10}{'±':>9}{'to ours':>10}{'to floor':>10}"]
            for contender in self.samples:
                lines += self._row(contender, work)
        lines += [f"{contender}: {why}"[:96] for contender, why in self.failed.items()]
        return "\n".join(lines)

    def _row(self, contender: str, work: str) -> list[str]:
        median = self.median(contender, work)
        if median is None:
            return []
        ratios = "".join(
            f"{'' if ratio is None else f'{ratio:.2f}':>10}"
            for ratio in (self.ratio(contender, work, to) for to in ("ours", "floor"))
        )
        wrong = "  WRONG PIXELS" if (contender, work) in self.wrong else ""
        spread = self.spread(contender, work)
        return [f"  {contender:26}{median:10.1f}{spread:9.1f}{ratios}{wrong}"]

    def as_json(self) -> dict[str, Any]:
        return {
            "suite": self.suite,
            "case": self.case,
            "caption": self.caption,
            "units": self.units,
            "contenders": {
                contender: {
                    work: {
                        "median": self.median(contender, work),
                        "spread": self.spread(contender, work),
                        "samples": len(values),
                        "to_ours": self.ratio(contender, work, "ours"),
                        "to_floor": self.ratio(contender, work, "floor"),
                        "right": (contender, work) not in self.wrong,
                    }
                    for work, values in works.items()
                }
                for contender, works in self.samples.items()
            },
            "failed": self.failed,
        }


def write(tables: list[Table], folder: Path) -> None:
    """Write ``benchmarks.md``, ``benchmarks.json`` and ``benchmarks.png``."""
    told = machine()
    results = {"machine": told, "tables": [table.as_json() for table in tables]}
    (folder / "benchmarks.json").write_text(json.dumps(results, indent=1) + "\n")
    draw([table for table in tables if table.suite == "images"], folder / "benchmarks.png")
    page = [
        "# Benchmarks",
        "",
        "Written by `make bench`, which makes its data, measures every contender in turn, each in",
        "a process of its own, and compares all pixels with those that were made. Only ratios",
        "within one run mean anything. [`benchmarks/README.md`](../benchmarks/README.md) says what",
        "is measured and how; the numbers are in [`benchmarks.json`](benchmarks.json).",
        "",
        f"{told['processor']}, {told['cores']} cores, {told['memory_gb']} GB; {told['system']}; "
        f"Python {told['python']}; "
        + ", ".join(f"{name} {number}" for name, number in told["packages"].items())
        + ".",
        "",
        "![Times as long as ours, for each work and contender](benchmarks.png)",
        "",
        "For each work: the median, half of the range of its middle half (±), and how many times",
        "as much as ours and as the floor. The *floor* is the least that any program must do: read",
        "the bytes and call the C codec on all cores, with everything else known beforehand.",
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
    """A panel for each archive: times as long as ours, of every contender at every work."""
    if not tables:
        return
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    names = list(dict.fromkeys(name for table in tables for name in table.samples))
    colors = dict(zip(names, plt.get_cmap("tab20").colors, strict=False))
    figure, panels = plt.subplots(
        len(tables), 1, figsize=(10, 2.6 * len(tables)), sharex=True, squeeze=False
    )
    for panel, table in zip(panels[:, 0], tables, strict=True):
        works = [work for work in table.units if work != "peak"]
        for number, name in enumerate(names):
            ratios = [table.ratio(name, work, "ours") for work in works]
            places = [at for at, ratio in enumerate(ratios) if ratio is not None]
            panel.plot(
                [at + 0.06 * (number - len(names) / 2) for at in places],
                [ratios[at] for at in places],
                "_" if name == "floor" else "o",
                color=colors[name],
                markersize=12 if name == "floor" else 6,
                label=name,
            )
        panel.axhline(1, color="black", linewidth=0.8)
        panel.set_yscale("log")
        panel.set_xticks(range(len(works)), works)
        panel.set_ylabel("times as long as ours")
        panel.set_title(f"archive {table.case}", loc="left", fontsize=10)
        panel.grid(axis="y", alpha=0.3)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4, fontsize=8, frameon=False)
    figure.set_layout_engine("constrained")
    figure.savefig(path, dpi=110)
