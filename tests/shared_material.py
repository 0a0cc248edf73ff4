"""The shared material beside the project: where it lies, and the cases of its two corpora."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"
CORPUS = SHARED / "corpus"
NEXT = SHARED / "next"
"""Archives of drafts, and of what travels beside images; manifest and script are alike."""
CONFORMANCE = SHARED / "conformance"

# The corpus was made when this draft was unknown, and expects a warning of it.
KNOWN_SINCE = frozenset({"versions/v09dev1_ngffzarr"})

# Of a draft that is only read, with axes that no released version holds: whoever saves it is asked.
ASKED_FOR_A_DRAFT = frozenset({"axes/xcy_version_0.5+rfc3"})


@cache
def corpus_cases(*groups: str) -> tuple[dict[str, Any], ...]:
    """Return the cases of both corpora, each with its file's absolute path added as ``file``.

    With ``groups``, only the cases of these groups. Empty where the corpora are absent.
    """
    return tuple(
        case
        for folder in (CORPUS, NEXT)
        for case in cases_in(folder)
        if not groups or case["group"] in groups
    )


@cache
def cases_in(folder: Path) -> tuple[dict[str, Any], ...]:
    """Return the cases of one corpus; none where it is absent."""
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        return ()
    cases = json.loads(manifest.read_text(encoding="utf-8"))["cases"]
    return tuple(_as_known(case) | {"file": folder / case["path"]} for case in cases)


def _as_known(case: dict[str, Any]) -> dict[str, Any]:
    if case["id"] not in KNOWN_SINCE:
        return case
    return case | {"expected": case["expected"] | {"outcome": "open", "message": None}}


def corpus_params(*groups: str) -> list[Any]:
    """Return the cases as parameters of a test, or one that is skipped with the reason."""
    return _as_params(corpus_cases(*groups), CORPUS)


def params_in(
    folder: Path, wanted: Callable[[dict[str, Any]], bool] = lambda case: True
) -> list[Any]:
    """Return cases of one corpus as parameters of a test, or one that is skipped."""
    return _as_params(list(filter(wanted, cases_in(folder))), folder)


def next_params(key: str) -> list[Any]:
    """Return the cases of `NEXT` with a key, as parameters of a test, or one that is skipped."""
    return params_in(NEXT, lambda case: key in case)


def _as_params(cases: Sequence[dict[str, Any]], folder: Path) -> list[Any]:
    if not cases:
        reason = f"the corpus is not there: {folder}"
        return [pytest.param(None, id="no-corpus", marks=pytest.mark.skip(reason=reason))]
    return [pytest.param(case, id=case["id"]) for case in cases]
