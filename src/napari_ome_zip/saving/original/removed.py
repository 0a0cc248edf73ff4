"""Parts of the file that layers came from that no layer stands for."""

from __future__ import annotations

from napari_ome_zip.findings import Finding
from napari_ome_zip.image.composite import CompositeImage, PlacedPart
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.saving.original.carrying import ROOT
from napari_ome_zip.saving.original.merging import LABELS
from napari_ome_zip.saving.original.stored import stored_multiscale


def removed(image: CompositeImage, opened: Opened) -> tuple[str, ...]:
    """Paths of the groups that were shown on opening and that no part stands for."""
    there = {path for part in image.parts if part.kept for path in part_paths(part)}
    return tuple(path for path in opened.images if path in opened.shown and path not in there)


def part_paths(part: PlacedPart) -> tuple[str, ...]:
    """Paths of the groups that a part consists of."""
    return tuple(field.path for field in part.fields) or (part.path,)


MAX_NAMED = 5


def gone(opened: Opened, path: str) -> Finding:
    """The loss of a group that was shown on opening and is not saved."""
    return Finding(
        "image-removed",
        path,
        f"'{path}' of {opened.store.name} is not among the layers: the saved file is without it"
        f"{_with_others(opened, path)}.",
    )


def _with_others(opened: Opened, path: str) -> str:
    """Names of other content in the folder of an image."""
    if not path:
        return ""
    stored = stored_multiscale(opened, path)
    own = {level.path for level in stored.levels} if stored else set()
    own |= {f"{path}/{LABELS}", f"{path}/{ROOT}"}
    others = [f"{path}/{name}" for name in opened.store.child_names(path)]
    others = [other for other in others if other not in own]
    return f", and without {', '.join(others[:MAX_NAMED])}" if others else ""
