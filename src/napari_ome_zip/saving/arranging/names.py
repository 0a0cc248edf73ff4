"""Names of groups that are written."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Sequence

from napari_ome_zip.image.composite import PlacedLabels, PlacedPart
from napari_ome_zip.image.napari_group import GROUP
from napari_ome_zip.saving.original.origin import Origin

_RESERVED = frozenset({"ome", "labels", "zarr.json", "c", GROUP})


def safe_names(names: Sequence[str], there: Collection[str] = ()) -> list[str]:
    """Names for groups: distinct whatever their case, and harmless as parts of a path.

    Parameters
    ----------
    names : sequence of str
    there : collection of str
        Names that are taken already.
    """
    result: list[str] = []
    taken = {name.casefold() for name in there}
    for name in names:
        # Characters that no file system or URL takes amiss; letters of any language stay.
        clean = re.sub(r"[^\w .+()-]", "_", name).strip(" .") or "image"
        clean = clean if not clean.startswith("__") else clean.lstrip("_") or "image"
        candidate, number = clean, 2
        while candidate.casefold() in taken or candidate.casefold() in _RESERVED:
            candidate, number = f"{clean} {number}", number + 1
        taken.add(candidate.casefold())
        result.append(candidate)
    return result


def image_paths(parts: Sequence[PlacedPart], origin: Origin | None, *, numbered: bool) -> list[str]:
    """A path for each image: the one that it has in the file, else a number or its name."""
    paths: list[str | None] = []
    for part in parts:
        path = origin.path_of(part) if origin is not None else None
        paths.append(path if path and path not in paths else None)
    taken = {path.split("/")[0] for path in paths if path}
    if origin is not None:
        taken |= origin.names_at_root
    new = [part for part, path in zip(parts, paths, strict=True) if path is None]
    free = (str(n) for n in itertools.count() if str(n) not in taken)
    names = iter(
        list(itertools.islice(free, len(new)))
        if numbered
        else safe_names([part.name for part in new], taken)
    )
    return [path or next(names) for path in paths]


def label_names(
    labels: Sequence[PlacedLabels], folder: str, old: str | None, origin: Origin | None
) -> list[str]:
    """Names of label images: those that they have in the file, else their own, made distinct.

    Parameters
    ----------
    labels : sequence of PlacedLabels
        Those of one image.
    folder : str
        Path of the group that will hold them.
    old : str or None
        Path of the group that holds labels of the image in the file.
    origin : Origin or None
        The file.
    """
    if origin is None:
        return safe_names([label.name for label in labels])
    have = [origin.path_of(label) for label in labels]
    names = [
        path.removeprefix(f"{old}/") if path and old and path.startswith(f"{old}/") else None
        for path in have
    ]
    taken = {name for name in names if name}
    taken |= origin.names_in(folder) | (origin.names_in(old) if old else set())
    new = [label.name for label, name in zip(labels, names, strict=True) if name is None]
    fresh = iter(safe_names(new, taken))
    return [name or next(fresh) for name in names]
