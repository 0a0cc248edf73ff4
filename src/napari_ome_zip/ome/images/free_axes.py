"""Judges the axes of an image where their number, kind and order are free (RFC-3, a draft)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.axes import Axis
from napari_ome_zip.ome.json_values import quoted
from napari_ome_zip.rules import SHOULD, Effect, Rule

SECTION = "multiscales metadata"

SPACE_NAMES = Rule(
    "axis-space-names",
    SHOULD,
    SECTION,
    "Two axes of space are called y and x, three z, y and x, where a field has no names of its "
    "own (since 0.9).",
    "Name the axes z, y and x, or leave them where these names are usual in your field.",
    effect=Effect.AXES,
)
TIME_NAME = Rule(
    "axis-time-name",
    SHOULD,
    SECTION,
    "A single axis of time is called t, where a field has no name of its own (since 0.9).",
    "Name the axis t, or leave it where its name is usual in your field.",
    effect=Effect.AXES,
)
NAME_CASE = Rule(
    "axis-name-case",
    SHOULD,
    SECTION,
    "Names of axes differ by more than capital and small letters (since 0.9).",
    "Give each axis a name that can be told from the others without looking at capitals.",
    effect=Effect.AXES,
)

_SPACE_NAMES = {2: ("y", "x"), 3: ("z", "y", "x")}
_USUAL_NAMES = {2: ({"y", "x"}, {"v", "u"}), 3: ({"z", "y", "x"}, {"w", "v", "u"})}
"""What axes of space are called, and what they are after a Fourier transformation."""


def judge_free_axes(axes: Sequence[Axis], at: At) -> None:
    """Judge the axes of one coordinate system of an image; none of it changes what is shown.

    Parameters
    ----------
    axes
        The axes as read.
    at
        Place of the list.

    Notes
    -----
    RFC-3, version of 2026-09-26, section "Proposal", rules 2 to 6. That there is an axis for each
    dimension of the arrays, and that no two have one name, is judged for all versions.
    """
    if not at.judging:
        return
    spatial = [axis.name for axis in axes if axis.type == "space"]
    usual = _USUAL_NAMES.get(len(spatial))
    if usual is not None and set(spatial) not in usual:
        wanted = ", ".join(_SPACE_NAMES[len(spatial)])
        at.report(SPACE_NAMES, f"Axes of space are called {quoted(spatial)}, not {wanted}")
    times = [axis.name for axis in axes if axis.type == "time"]
    if len(times) == 1 and times != ["t"]:
        at.report(TIME_NAME, f"The axis of time is called {quoted(times)}, not t")
    for names in _alike(axes):
        at.report(NAME_CASE, f"Axes {quoted(names)} differ by capital and small letters alone")


def _alike(axes: Sequence[Axis]) -> list[list[str]]:
    """Return names that are one without capitals."""
    alike: dict[str, list[str]] = defaultdict(list)
    for axis in axes:
        alike[axis.name.lower()].append(axis.name)
    return [names for names in alike.values() if len(names) > 1]
