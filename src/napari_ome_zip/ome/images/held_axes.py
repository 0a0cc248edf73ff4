"""Which axes a version of OME-Zarr holds, for who writes them."""

from __future__ import annotations

from collections.abc import Sequence

from napari_ome_zip.ome.axes import TYPES_BY_NAME, Axis
from napari_ome_zip.ome.versions import Spec

_COMPONENTS = ("coordinate", "displacement")


def written_type(axis: Axis, spec: Spec) -> str | None:
    """The type that is written of an axis: released versions want those that names imply."""
    if axis.type is not None or spec.free_axes:
        return axis.type
    return TYPES_BY_NAME.get(axis.name)


def holds_orientation(axis: Axis, spec: Spec) -> bool:
    """Whether a version has a place for where an axis leads in a body (RFC-4: one of space)."""
    return spec.orientations and axis.type == "space"


def why_not_held(axes: Sequence[Axis], spec: Spec) -> str | None:
    """What an image has that a version does not hold, None where it holds its axes.

    Released versions hold 2 to 5 axes, of which 2 or 3 are axes of space, at most one is of time,
    and at most one is neither; in this order: time, channel (or custom), space (section
    "multiscales metadata"). Drafts since RFC-3 hold any.

    Parameters
    ----------
    axes : sequence of Axis
        In the order of the array's dimensions.
    spec : Spec

    Returns
    -------
    str or None
        To be put behind the name of an image: ``has 6 axes (t, c, u, z, y, x)``.
    """
    names = ", ".join(axis.name for axis in axes)
    if not axes:
        return "has no axes"
    if len({axis.name for axis in axes}) != len(axes):
        return f"has several axes of one name ({names})"
    if spec.free_axes:
        return None
    if not 2 <= len(axes) <= 5:
        return f"has {len(axes)} {'axis' if len(axes) == 1 else 'axes'} ({names})"
    types = [written_type(axis, spec) for axis in axes]
    return _why_types_are_not_held(types, names, spec)


def _why_types_are_not_held(types: Sequence[str | None], names: str, spec: Spec) -> str | None:
    # "array" (since 0.6) stands for space. What vectors are made of may be listed last.
    space = ("space", "array") if spec.graph else ("space",)
    ranks = [0 if kind == "time" else 2 if kind in space else 1 for kind in types]
    times, others, spaces = (ranks.count(rank) for rank in range(3))
    if spaces < 2 or (spaces > 3 and types.count("array") != len(types)):
        return f"has {spaces} {'axis' if spaces == 1 else 'axes'} of space ({names})"
    if times > 1:
        return f"has {times} axes of time ({names})"
    if others > 1:
        return f"has {others} axes that are neither of space nor of time ({names})"
    ordered = [rank for rank, kind in zip(ranks, types, strict=True) if kind not in _COMPONENTS]
    if ordered != sorted(ordered):
        return f"has axes in the order {names}"
    return None


def rule_of_axes(spec: Spec) -> str:
    """What a version holds, in one sentence."""
    if spec.free_axes:
        return f"OME-Zarr {spec.version} wants at least one axis, each with a name of its own."
    return (
        f"OME-Zarr {spec.version} wants 2 to 5 axes: at most one of time, then at most one of "
        "channels (or of another type), then 2 or 3 of space, each with a name of its own."
    )
