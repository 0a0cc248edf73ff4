"""Reports names that other systems cannot hold, or hold only one of."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from napari_ome_zip.archive import rules
from napari_ome_zip.findings import Finding, listed
from napari_ome_zip.names import unportable_part

_SHOWN = 3


def name_findings(names: Sequence[str]) -> tuple[Finding, ...]:
    """Return findings on files that would be lost where an archive of them is unpacked.

    Parameters
    ----------
    names : sequence of str
        Names of entries.
    """
    folders = [*_folders(names)]
    everything = [*dict.fromkeys((*names, *folders))]
    return (
        *_impossible(everything),
        *_twins(everything),
        *_files_and_folders(names, folders),
    )


def _folders(names: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        folder = name.rpartition("/")[0]
        while folder and folder not in seen:
            seen.add(folder)
            yield folder
            folder = folder.rpartition("/")[0]


def _impossible(names: Iterable[str]) -> Iterator[Finding]:
    bad = [name for name in names if unportable_part(name.rpartition("/")[2])]
    if bad:
        yield Finding(
            "names-not-portable",
            bad[0],
            f"Windows cannot hold {listed(bad, _SHOWN)}: such names are reserved there, end in a "
            "dot or a space, or hold a character that it does not allow. Rename them if the "
            "archive is to be unpacked there; it opens all the same.",
        )


def _twins(names: Iterable[str]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    twins = [name for name in names if first.setdefault(_folded(name), name) != name]
    if twins:
        pairs = [f"{first[_folded(name)]!r} and {name!r}" for name in twins]
        yield Finding.of(
            rules.CASE_COLLIDING,
            twins[0],
            f"One name on Windows or macOS: {listed(pairs, _SHOWN, str)}, where upper and "
            "lower case, or two spellings of an accent, are the same. Only one of each can be "
            "unpacked there; rename the other.",
        )


def _files_and_folders(names: Sequence[str], folders: Iterable[str]) -> Iterator[Finding]:
    files = set(names)
    both = [folder for folder in folders if folder in files]
    if both:
        yield Finding.of(
            rules.NAMES_COLLIDE,
            both[0],
            f"Both a file and a folder: {listed(both, _SHOWN)}. An archive can hold that, a disk "
            "cannot: the copy cannot be unpacked.",
        )


def _folded(name: str) -> str:
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
