"""Results of one case, by contender and work: as text and as JSON."""

from __future__ import annotations

import statistics
import textwrap
from collections import defaultdict
from dataclasses import asdict, dataclass, field, fields
from itertools import batched
from typing import Any


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


def compared(tables: list[Table]) -> list[str]:
    """Works that are the same for all: arrays are opened sooner than an image with its layers."""
    works = dict.fromkeys(work for table in tables for work in table.units)
    return [work for work in works if work != "open"]


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
    works = compared(tables)
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


def _of_fastest(table: Table, work: str) -> str:
    found = table.fastest(work)
    return f"{found[0]:.2f} {LETTERS.get(found[1], '')}" if found else ""
