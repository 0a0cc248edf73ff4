"""The picture of the results."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from table import Table, compared


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
    works = compared(tables)
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
