"""The resolution levels of one multiscale: the usable ones, lazily, in the right order."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from napari_ome_zip.errors import MetadataError
from napari_ome_zip.findings import Finding, first_reasons
from napari_ome_zip.ome import Dataset, Multiscale
from napari_ome_zip.ome.images.level_reader import SECTION
from napari_ome_zip.ome.versions import SPECS
from napari_ome_zip.pixels.array_facts import NOT_READABLE
from napari_ome_zip.pixels.arrays import ChunkedArray
from napari_ome_zip.rules import MUST, SHOULD, Effect, Rule
from napari_ome_zip.storage.hierarchy import Hierarchy, join

NOT_FOUND = Rule(
    "dataset-not-found",
    MUST,
    SECTION,
    "Every resolution level that is listed exists.",
    "Correct the path, or write the missing array; readers use the levels that exist.",
    effect=Effect.NOT_SHOWN,
)
NOT_ARRAY = Rule(
    "dataset-not-array",
    MUST,
    SECTION,
    "The path of a resolution level leads to an array, not to a group.",
    "Give the path of the array itself.",
    effect=Effect.NOT_SHOWN,
)
DIMENSIONS = Rule(
    "dataset-dimensions",
    MUST,
    SECTION,
    "An array has as many dimensions as the image has axes.",
    "List one axis per dimension of the array, in its order.",
    effect=Effect.AXES,
)
DTYPE_UNTIL_05 = Rule(
    "dataset-dtype-unlike",
    SHOULD,
    SECTION,
    "All levels of an image should have the same data type (a MUST since 0.6).",
    "Compute the smaller levels again from the largest, keeping its data type.",
    effect=Effect.REFUSED,
)
DTYPE = Rule(
    "dataset-dtype-differs",
    MUST,
    SECTION,
    "All levels of an image have the same data type.",
    "Compute the smaller levels again from the largest, keeping its data type.",
    effect=Effect.REFUSED,
)
ORDER = Rule(
    "dataset-order",
    MUST,
    SECTION,
    "Resolution levels are listed from the largest to the smallest.",
    "List the levels in the order of their size, the largest first.",
    effect=Effect.SIZE,
)


@dataclass(frozen=True)
class Levels:
    """Levels that can be shown together: one dtype, one number of dimensions."""

    arrays: tuple[ChunkedArray, ...]
    """Largest first."""
    datasets: tuple[Dataset, ...]
    """The entry of each array."""


class _LevelError(MetadataError):
    """A level that cannot be used, and the name of its fault."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class _Candidate:
    dataset: Dataset
    array: ChunkedArray


def load_levels(
    hierarchy: Hierarchy, group: str, multiscale: Multiscale
) -> tuple[Levels, tuple[Finding, ...]]:
    """Open every dataset of ``multiscale`` that can be used; read no pixels.

    Raises
    ------
    MetadataError
        If no level is usable; the message says why of the first.

    Notes
    -----
    OME-Zarr, section "multiscales": `datasets` run from the largest to the smallest and all
    have the same data type and number of dimensions.
    """
    location = f"{group}: multiscales.datasets"
    candidates, problems, findings = [], [], []
    for dataset in multiscale.datasets:
        try:
            candidates.append(_Candidate(dataset, _open(hierarchy, group, dataset)))
        except MetadataError as error:
            problems.append(str(error))
            code = error.code if isinstance(error, _LevelError) else "level-unusable"
            findings.append(Finding(code, location, f"{error} The other levels are shown."))
    if not candidates:
        raise MetadataError(_none_usable(group, problems))
    usable, odd = _alike(candidates, multiscale)
    findings += [Finding(code, location, text) for code, text in odd]
    ordered = sorted(usable, key=lambda c: -math.prod(c.array.shape))
    if ordered != usable:
        text = "Resolution levels are not listed from large to small; they were put in order."
        findings.append(Finding.of(ORDER, location, text))
    arrays = tuple(candidate.array for candidate in ordered)
    return Levels(arrays, tuple(c.dataset for c in ordered)), tuple(findings)


def level_factors(full: Sequence[int], shape: Sequence[int]) -> tuple[float, ...]:
    """Pixels of level 0 that one of a level spans: a whole number wherever that explains it.

    Examples
    --------
    A half may be rounded up or down. A level of another ratio is what it is.

    >>> level_factors((101, 101, 100), (50, 51, 30))
    (2.0, 2.0, 3.3333333333333335)
    """
    factors = []
    for n, m in zip(full, shape, strict=True):
        ratio = n / m
        whole = round(ratio)
        fits = whole >= 1 and m in (n // whole, -(-n // whole))
        factors.append(float(whole) if fits else ratio)
    return tuple(factors)


def _open(hierarchy: Hierarchy, group: str, dataset: Dataset) -> ChunkedArray:
    path = join(group, dataset.path)
    node = None if path is None else hierarchy.node(path)
    if node is None:
        message = f"Resolution level '{dataset.path}' is missing."
        raise _LevelError(message, NOT_FOUND.code)
    if node.kind != "array":
        message = f"Resolution level '{dataset.path}' is a group, expected an array."
        raise _LevelError(message, NOT_ARRAY.code)
    try:
        array = ChunkedArray(hierarchy.store, node)
    except MetadataError as error:
        raise _LevelError(str(error), NOT_READABLE.code) from error
    if array.dtype.kind not in "biufc":
        raise MetadataError(
            f"Resolution level '{dataset.path}' holds {array.dtype}, expected numbers."
        )
    if array.ndim == 0:
        raise MetadataError(
            f"Resolution level '{dataset.path}' is a single number, "
            "an image needs at least one dimension."
        )
    if max(array.shape) > sys.maxsize:
        raise MetadataError(
            f"Resolution level '{dataset.path}' claims to be {max(array.shape):,} pixels long, "
            f"more than the {sys.maxsize:,} that can be counted here."
        )
    if math.prod(array.chunks) * array.dtype.itemsize > sys.maxsize:
        sides = " × ".join(f"{side:,}" for side in array.chunks)
        raise MetadataError(
            f"Resolution level '{dataset.path}' claims to have chunks of {sides} pixels: "
            "none can be held in memory."
        )
    if 0 in array.shape:
        raise MetadataError(
            f"Resolution level '{dataset.path}' is empty, its shape is {array.shape}."
        )
    return array


def _none_usable(group: str, problems: list[str]) -> str:
    where = f"Image '{group}'" if group else "The image"
    reason = first_reasons(problems) or "it lists no resolution level."
    return f"{where} cannot be shown: {reason}"


def _channel_axis(multiscale: Multiscale, ndim: int) -> int | None:
    """Position of the channel axis; without axes (0.1, 0.2) it is that before z, y, x."""
    if len(multiscale.axes) == ndim:
        roles = [axis.role for axis in multiscale.axes]
        return roles.index("channel") if "channel" in roles else None
    return ndim - 4 if ndim >= 4 else None


def _alike(
    candidates: list[_Candidate], multiscale: Multiscale
) -> tuple[list[_Candidate], list[tuple[str, str]]]:
    """Those like the first in dtype, dimensions and channels; of each other its fault."""
    # One data type for all levels is a MUST since 0.6.
    spec = SPECS.get(multiscale.version or "")
    strict = spec is not None and spec.graph
    unlike = DTYPE.code if strict else DTYPE_UNTIL_05.code
    first = candidates[0].array
    channel = _channel_axis(multiscale, first.ndim)
    usable, odd = [], []
    for candidate in candidates:
        array = candidate.array
        if array.ndim != first.ndim:
            text = (
                f"Resolution level '{candidate.dataset.path}' has {array.ndim} dimensions, "
                f"the first has {first.ndim}; it is not shown."
            )
            odd.append((DIMENSIONS.code, text))
        elif array.dtype != first.dtype:
            text = (
                f"Resolution level '{candidate.dataset.path}' holds {array.dtype}, "
                f"the first {first.dtype}; it is not shown."
            )
            odd.append((unlike, text))
        elif channel is not None and array.shape[channel] != first.shape[channel]:
            text = (
                f"Resolution level '{candidate.dataset.path}' has {array.shape[channel]} channels, "
                f"the first has {first.shape[channel]}; it is not shown."
            )
            odd.append(("level-channels-differ", text))
        else:
            usable.append(candidate)
    return usable, odd
