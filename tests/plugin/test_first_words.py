"""What a notification is about stands in its first 45 characters, which are seen at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from broken_files import BROKEN, Broken, entries, write
from napari_ome_zip import open_image, to_layer_data
from napari_ome_zip.errors import OmeZipError, SaveCancelledError, SaveError
from napari_ome_zip.findings import HEADLINES, MAX_HEADLINE, UNSEEN, Finding
from napari_ome_zip.plugin.messages import not_saved
from napari_ome_zip.plugin.notices import explain
from napari_ome_zip.plugin.save.losses import Losses, result_text
from spoiling import damage

POINTS = {
    "archive-empty": "The archive is empty",
    "archive-incomplete": "The archive is incomplete",
    "archive-split": "The archive is split into several parts",
    "array-not-readable": "The image cannot be shown",
    "directory-too-large": "Damaged, or too large to be read",
    "document-damaged": "The image cannot be shown",
    "document-is-pointer": "The image cannot be shown",
    "document-not-json": "The image cannot be shown",
    "document-not-object": "The image cannot be shown",
    "document-too-large": "The image cannot be shown",
    "document-unreadable": "The image cannot be shown",
    "encrypted-entries": "The archive is encrypted",
    "file-empty": "The file is empty",
    "no-hierarchy": "No OME-Zarr in the archive",
    "not-a-zip": "Not a ZIP archive",
    "nothing-to-check": "Not a ZIP archive",
    "root-missing": "No zarr.json at the root of the archive",
    "several-hierarchies": "Several OME-Zarr images lie in the archive",
    "unknown-compression": "Packed in a way that cannot be read here",
}
"""What is said first of files that cannot be opened, by the rule that each breaks."""


def why_not(path: Path) -> str | None:
    """Return what a person is told of a file that cannot be opened, None for any other."""
    try:
        open_image(path)
    except (OmeZipError, OSError) as error:
        return explain(error, str(path))
    return None


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.code)
def test_of_a_file_that_cannot_be_opened_the_reason_comes_first(
    broken: Broken, tmp_path: Path
) -> None:
    told = why_not(broken.make(tmp_path))
    expected = POINTS.get(broken.code)
    assert (told is None) == (expected is None)
    if told is not None and expected is not None:
        assert told.startswith(expected)
        assert len(expected) <= MAX_HEADLINE


def test_a_file_that_is_gone_or_locked_is_told_of_without_numbers(tmp_path: Path) -> None:
    gone = why_not(tmp_path / "gone.ozx")
    assert gone is not None
    assert gone.startswith("There is no file gone.ozx")


@pytest.mark.parametrize("code", HEADLINES)
def test_a_repair_has_a_headline_that_is_seen(code: str) -> None:
    assert len(HEADLINES[code]) <= MAX_HEADLINE
    assert code not in UNSEEN
    assert Finding(code, "", "More.").with_headline == f"{HEADLINES[code]}. More."


def test_of_damage_it_is_told_which_chunk(tmp_path: Path) -> None:
    path = write(tmp_path, entries())
    damage(path, "0/c/0/0")
    image = open_image(path)
    told: list[str] = []
    image.opened.store.on_damage = told.append
    to_layer_data(image)[0][0].compute()
    assert told[0][:MAX_HEADLINE].startswith("Damaged chunk 0/c/0/0")


@pytest.mark.parametrize(
    ("error", "start"),
    [
        (SaveError("'a very long name of a layer' cannot be placed."), "Not saved: 'a very"),
        (SaveError("Not saved: the disk is full."), "Not saved: the disk"),
        (SaveError("Nothing to save: no layer can be saved."), "Nothing to save"),
        (SaveError("No such folder: /data."), "No such folder"),
        (SaveCancelledError("Cancelled: nothing was saved."), "Cancelled: nothing was saved."),
    ],
)
def test_that_nothing_was_saved_comes_before_the_reason(error: Exception, start: str) -> None:
    assert not_saved(error)[:MAX_HEADLINE].startswith(start)


@pytest.mark.parametrize(
    ("found", "start"),
    [
        (Losses((), ()), "Saved a.ozx"),
        (Losses((Finding("layer", "p", "Points 'p' are left out."),), ()), "Not saved: Points"),
    ],
)
def test_after_a_save_it_is_told_first_whether_all_of_it_was(found: Losses, start: str) -> None:
    assert result_text(found, Path("/data/a.ozx"), "a.ozx").startswith(start)
