"""The name that a form proposes for a file: beside the one that layers came from, and a new one."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from napari_ome_zip.files import is_link
from napari_ome_zip.layers.layer_data import note_of
from napari_ome_zip.names import (
    SAVED_SUFFIXES,
    complete_name,
    file_name,
    is_archive_name,
    plain_name,
    stem,
)
from napari_ome_zip.plugin.sample_data import is_sample

if TYPE_CHECKING:
    from napari.layers import Layer

EDITED, PART, LABELS, REGION = "edited", "part", "labels", "region"
"""What is put behind the name of a file whose layers are saved anew, in part, labels alone, or as
the region that is visible."""


def sources_of(layers: Iterable[Layer]) -> list[str]:
    """Files and links that layers came from, that of the lowest first; none that will be gone."""
    found = []
    for layer in layers:
        source = note_of(layer).get("source") or layer.source.path
        if source and (is_link(source) or (Path(source).exists() and not is_sample(source))):
            found.append(str(source))
    return list(dict.fromkeys(found))


def proposed_file(
    sources: Sequence[str], names: Sequence[str], folder: Path, word: str = ""
) -> Path:
    """Propose a file that does not exist yet.

    Parameters
    ----------
    sources : sequence of str
        Files and links that layers came from, that of the lowest layer first.
    names : sequence of str
        Names of the layers in the same order.
    folder : Path
        Where files were saved last: for layers that came from no file, from a link, or from a
        folder that cannot be written to.
    word : str
        What is put behind the name, where not everything is saved.
    """
    known = [Path(source).parent for source in sources if not is_link(source)]
    place = next((parent for parent in known if os.access(parent, os.W_OK)), folder)
    named = stem(sources[0]) if sources else (names[0] if names else "image")
    first = file_name(sources[0]) if sources else ""
    suffix = next((s for s in SAVED_SUFFIXES if first.endswith(s)), "")
    base = stem(plain_name(named))  # names of layers hold any character
    for ending in _endings(sources, word):
        path = complete_name(place / f"{base}{ending}", suffix or SAVED_SUFFIXES[0])
        if not path.exists():
            return path
    raise AssertionError("there is always another number")


def _endings(sources: Sequence[str], word: str) -> Iterator[str]:
    is_edited = bool(sources) and is_archive_name(sources[0]) and not is_link(sources[0])
    word = word or (EDITED if is_edited else "")
    word = f" {word}" if word else ""
    yield word
    for number in itertools.count(2):
        yield f"{word} {number}"


def replaceable_source(sources: Sequence[str]) -> Path | None:
    """The file that layers came from, where saving can replace it."""
    found = next((Path(each) for each in sources if is_archive_name(each)), None)
    if found is None or not found.is_file() or not os.access(found, os.W_OK):
        return None
    return found if found.name.lower().endswith(SAVED_SUFFIXES) else None
