"""The shared material beside the project: where it lies, and the cases of its corpus."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"
CORPUS = SHARED / "corpus"
CONFORMANCE = SHARED / "conformance"

# The corpus was made when this draft was unknown, and expects a warning of it.
KNOWN_SINCE = frozenset({"versions/v09dev1_ngffzarr"})


@cache
def corpus_cases(*groups: str) -> tuple[dict[str, Any], ...]:
    """Return the corpus' cases, each with its file's absolute path added as ``file``.

    With ``groups``, only the cases of these groups. Empty where the corpus is absent.
    """
    manifest = CORPUS / "manifest.json"
    if not manifest.is_file():
        return ()
    cases = json.loads(manifest.read_text(encoding="utf-8"))["cases"]
    return tuple(
        _as_known(case) | {"file": CORPUS / case["path"]}
        for case in cases
        if not groups or case["group"] in groups
    )


def _as_known(case: dict[str, Any]) -> dict[str, Any]:
    if case["id"] not in KNOWN_SINCE:
        return case
    return case | {"expected": case["expected"] | {"outcome": "open", "message": None}}


def corpus_params(*groups: str) -> list[Any]:
    """Return the cases as parameters of a test, or one that is skipped with the reason."""
    cases = corpus_cases(*groups)
    if not cases:
        reason = f"the corpus is not there: {CORPUS}"
        return [pytest.param(None, id="no-corpus", marks=pytest.mark.skip(reason=reason))]
    return [pytest.param(case, id=case["id"]) for case in cases]
