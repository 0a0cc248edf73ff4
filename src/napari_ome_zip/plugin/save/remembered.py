"""What is remembered of a save for the next one, in napari's preferences."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from napari.utils.history import get_save_history, update_save_history

from napari_ome_zip.ome.versions import DRAFT
from napari_ome_zip.plugin.preferences import saving
from napari_ome_zip.plugin.save.model import SaveChoices

_SAME_NAME = ("version", "thumbnail", "chunk", "shard", "codec", "level")


def remembered_choices() -> SaveChoices:
    """The choices that suit every image, as they were when something was saved last."""
    settings = saving()
    if settings is None:
        return SaveChoices()
    known = {name: getattr(settings, name) for name in _SAME_NAME}
    return replace(SaveChoices(), as_in_file=settings.as_usual, **known)


def remember(choices: SaveChoices, target: Path) -> None:
    """Remember choices, and the folder of a file that was saved: napari's own dialog begins there.

    Neither the number of levels nor a part is remembered, nor that a file became one of a draft:
    they suit one image.
    """
    update_save_history(str(target))
    settings = saving()
    if settings is None:
        return
    settings.as_usual = choices.as_in_file
    for name in _SAME_NAME:
        if name != "version" or choices.version != DRAFT:
            setattr(settings, name, getattr(choices, name))


def last_folder() -> Path:
    """The folder that something was saved in last, else that of the person."""
    return Path(get_save_history()[0])
