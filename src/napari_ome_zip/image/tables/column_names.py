"""Names of columns, each once: files may give one name to several."""

from __future__ import annotations

from collections.abc import Collection, Iterable


def distinct(names: Iterable[object], taken: Collection[str] = ()) -> list[str]:
    """Names as texts, with a number behind those that are there already.

    >>> distinct(["area", "area", "label"], ["label"])
    ['area', 'area (2)', 'label (2)']

    Parameters
    ----------
    names : iterable
    taken : collection of str
        What others are called.
    """
    known, counts = set(taken), dict.fromkeys(taken, 1)
    found = []
    for written in map(str, names):
        name = written
        while name in known:
            counts[written] = counts.get(written, 1) + 1
            name = f"{written} ({counts[written]})"
        known.add(name)
        found.append(name)
    return found
