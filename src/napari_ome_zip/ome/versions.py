"""The versions of OME-Zarr, and all differences that checks depend on, in one table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Literal


class AxesForm(Enum):
    """How a version describes the dimensions of an image."""

    IMPLIED = "implied"
    """Not at all: they are always t, c, z, y, x."""
    NAMES = "names"
    """A list of names."""
    OBJECTS = "objects"
    """A list of objects with name, type and unit."""
    SYSTEMS = "systems"
    """Inside named coordinate systems."""


class DimensionNames(Enum):
    """What a version requires of the dimension names of Zarr arrays."""

    ABSENT = "absent"
    """Nothing: Zarr v2 has no dimension names."""
    REQUIRED = "required"
    """They are present, and equal the names of the axes."""
    ADVISED = "advised"
    """Nothing, but other readers of the arrays rely on them."""


@dataclass(frozen=True, slots=True)
class Spec:
    """The facts of one version that checks depend on."""

    version: str
    zarr_format: int
    axes: AxesForm
    dimension_names: DimensionNames = DimensionNames.ABSENT
    details: bool = True
    """Whether channels, plates and wells are regulated in detail (since 0.4)."""
    optional_display: bool = False
    """Whether display settings of a channel may leave out anything (since 0.9)."""
    stated_per_object: bool = True
    """Whether each object states the version, as opposed to once per document."""
    field_name: re.Pattern[str] = re.compile(r"[A-Za-z0-9]+")
    """Pattern of the path of a field of view in a well."""
    is_draft: bool = False
    """Whether it is not released: it is read, and written only where a person wants it."""
    free_axes: bool = False
    """Whether an image has any number of axes, of any type and in any order (RFC-3)."""
    orientations: bool = False
    """Whether axes may say which way they lead through a body (RFC-4)."""
    collections: bool = False
    """Whether a group's metadata may be one node of a collection (RFC-8)."""
    only_read: bool = False
    """Whether nothing is written in it, although its documents are those of Zarr v3."""
    is_known: bool = True
    """Whether this program knows the version; of another one it knows the layout at most."""

    @property
    def namespaced(self) -> bool:
        """Whether the metadata lie inside the key ``ome`` (since 0.5)."""
        return self.zarr_format == 3

    @property
    def graph(self) -> bool:
        """Whether coordinate systems and transformations form a graph (since 0.6)."""
        return self.axes is AxesForm.SYSTEMS

    @property
    def places_levels(self) -> bool:
        """Whether levels have transformations (since 0.4)."""
        return self.axes in (AxesForm.OBJECTS, AxesForm.SYSTEMS)

    @property
    def is_written(self) -> bool:
        """Whether a file of it stays of it when it is saved."""
        return self.namespaced and not self.only_read

    @property
    def document_name(self) -> str:
        """Name of the file that holds a group's metadata."""
        return "zarr.json" if self.zarr_format == 3 else ".zattrs"


_ZARR_NODE_NAME = re.compile(r"(?!\.+$)(?!__)[A-Za-z0-9_.-]+")


def _until_03(version: str, axes: AxesForm) -> Spec:
    return Spec(version, 2, axes, details=False)


def _as_06(version: str, *, is_draft: bool = False, collections: bool = False) -> Spec:
    return Spec(
        version,
        3,
        AxesForm.SYSTEMS,
        DimensionNames.ADVISED,
        stated_per_object=False,
        optional_display=is_draft,
        field_name=_ZARR_NODE_NAME,
        is_draft=is_draft,
        free_axes=is_draft,
        orientations=is_draft,
        collections=collections,
    )


SPECS: Mapping[str, Spec] = {
    spec.version: spec
    for spec in (
        _until_03("0.1", AxesForm.IMPLIED),
        _until_03("0.2", AxesForm.IMPLIED),
        _until_03("0.3", AxesForm.NAMES),
        Spec("0.4", 2, AxesForm.OBJECTS),
        Spec("0.5", 3, AxesForm.OBJECTS, DimensionNames.REQUIRED, stated_per_object=False),
        Spec(
            "0.5+rfc3",
            3,
            AxesForm.OBJECTS,
            DimensionNames.REQUIRED,
            stated_per_object=False,
            is_draft=True,
            free_axes=True,
            only_read=True,
        ),
        _as_06("0.6"),
        _as_06("0.9.dev1", is_draft=True),
        _as_06("0.9.dev3", is_draft=True, collections=True),
    )
}

NEWEST = max(version for version, spec in SPECS.items() if not spec.is_draft)
"""The newest released version."""

DRAFTS = tuple(version for version, spec in SPECS.items() if spec.is_draft)
"""The drafts that are known."""

type Version = Literal["0.5", "0.6", "0.9.dev1"]
"""A version that one may choose to write."""
RELEASED: tuple[Version, ...] = ("0.5", "0.6")
"""The released versions that are written, the one that most programs read first."""
DRAFT: Version = "0.9.dev1"
"""The draft that is written where a person wants it: it holds what no released version does."""
WRITTEN: tuple[Version, ...] = (*RELEASED, DRAFT)
COLLECTIONS = [spec for spec in SPECS.values() if spec.collections][-1]
"""The newest draft of collections: nodes of any version are read as this one."""
OLDER_COLLECTIONS = ("0.7dev0", "0.7", "0.8")
"""Versions that documents of older drafts of RFC-8 state."""

_LONGEST_FIRST = sorted(SPECS, key=len, reverse=True)
_READ_AS = re.compile(rf"({'|'.join(map(re.escape, _LONGEST_FIRST))})(?![0-9]).*", re.DOTALL)
# SpatialData wrote versions such as "0.4-dev-spatialdata" before 0.5.
_PRERELEASE = re.compile(r"(0\.\d)(\.?(dev|rc)\d*|-dev.*)")
_NUMBERED = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})*)([.+-]?[A-Za-z][A-Za-z0-9.+-]{0,20})?")


def known_spec(version: str) -> Spec | None:
    """Return the facts of a version; a pre-release is judged like its release.

    Returns
    -------
    Spec or None
        None where the version is not a known one nor a pre-release of one.
    """
    match = None if version in SPECS else _PRERELEASE.fullmatch(version)
    return SPECS.get(match[1] if match else version)


def nearest_spec(version: str) -> Spec | None:
    """Return the facts of the known version that a document is of, or of a dialect of.

    >>> [spec and spec.version for spec in map(nearest_spec, ("0.6rc0", "0.9.dev1", "7"))]
    ['0.6', '0.9.dev1', None]
    """
    match = _READ_AS.fullmatch(version.strip())
    return SPECS[match[1]] if match else None


def unknown_spec(version: str, layout: Spec) -> Spec:
    """Return what can be said of an unknown version: how it is laid out, and no limit at all.

    >>> unknown_spec("0.9.dev7", SPECS["0.6"]).free_axes
    True
    """
    return replace(
        layout,
        version=version if _NUMBERED.fullmatch(version) else "unknown",
        dimension_names=DimensionNames.ADVISED if layout.namespaced else DimensionNames.ABSENT,
        details=False,
        optional_display=True,
        is_draft=True,
        free_axes=True,
        orientations=True,
        collections=layout.namespaced,
        is_known=False,
    )


def unknown_in_words(version: str) -> str | None:
    """Return what an unknown version is, where that shows; None for what is no newer version.

    >>> print(unknown_in_words("0.9.dev7"))
    a newer draft of OME-Zarr, 0.9.dev7, which is not known (0.5+rfc3, 0.9.dev1 and 0.9.dev3 are)
    >>> print(unknown_in_words("1.0"))
    a newer OME-Zarr, 1.0, which is not known (0.1 to 0.6 are)
    """
    match = _NUMBERED.fullmatch(version)
    if match is None or _numbers(match[1]) <= _numbers(NEWEST):
        return None
    if match[2] is None:
        return f"a newer OME-Zarr, {version}, which is not known ({min(SPECS)} to {NEWEST} are)"
    drafts = f"{', '.join(DRAFTS[:-1])} and {DRAFTS[-1]}"
    return f"a newer draft of OME-Zarr, {version}, which is not known ({drafts} are)"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def is_early_06(version: str) -> bool:
    """Whether a version is a development version of 0.6, laid out unlike the released one."""
    return version.startswith("0.6") and "dev" in version and is_prerelease(version)


def is_prerelease(version: str) -> bool:
    """Whether a version is a development version or a release candidate of a released one."""
    return version not in SPECS and known_spec(version) is not None
