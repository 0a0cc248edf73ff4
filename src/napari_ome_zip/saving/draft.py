"""What only a draft of OME-Zarr holds: it is written where a person wants it, never silently."""

from __future__ import annotations

from napari_ome_zip.errors import SaveError
from napari_ome_zip.ome.versions import DRAFT
from napari_ome_zip.saving.options import SaveOptions

FEW_READ_IT = "a draft of OME-Zarr that few programs read yet"


class DraftNeededError(SaveError):
    """No released version holds what is saved, and none was chosen.

    Parameters
    ----------
    reason : str
        What they do not hold; no period at its end.
    draft : SaveOptions
        Those that save it in a draft.
    released : SaveOptions or None
        Those that save it in a released version: as a series of images where ``split`` is chosen,
        else without where its axes lead in a body. None where neither is possible.
    """

    def __init__(self, reason: str, draft: SaveOptions, released: SaveOptions | None) -> None:
        self.reason, self.draft, self.released = reason, draft, released
        choices = [f"SaveOptions(version={DRAFT!r}), {FEW_READ_IT}"]
        if released is not None:
            choices.append(_in_words(released))
        super().__init__(f"{self.explanation} Choose {', or '.join(choices)}. Nothing was saved.")

    @property
    def explanation(self) -> str:
        """What no released version holds, in one sentence."""
        return f"{self.reason}, which no released version of OME-Zarr holds."

    def __reduce__(self) -> tuple[type[DraftNeededError], tuple[object, ...]]:
        # docstring inherited
        return type(self), (self.reason, self.draft, self.released)


def _in_words(released: SaveOptions) -> str:
    if released.split:
        return f"SaveOptions(version={released.version!r}, split=True), one image per channel"
    return f"SaveOptions(version={released.version!r}), which leaves that out"
