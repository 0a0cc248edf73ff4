"""Documents as they lie in files: the specification's own, and those of the corpus' archives."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from shared_material import CONFORMANCE

ATTRIBUTES = CONFORMANCE / "attributes"


def conformance_params(pattern: str) -> list[Any]:
    """Return the specification's documents as parameters of a test, or one that is skipped."""
    found = sorted(ATTRIBUTES.glob(pattern))
    if not found:
        reason = f"the conformance documents are not there: {ATTRIBUTES}"
        return [pytest.param(None, id="no-documents", marks=pytest.mark.skip(reason=reason))]
    return [pytest.param(path, id=str(path.relative_to(ATTRIBUTES))) for path in found]


class Document(NamedTuple):
    """The attributes of one group of an archive."""

    path: str
    zarr_format: int
    attributes: Any


def documents_of(archive: Path) -> list[Document]:
    """Return the attributes of an archive's groups, as far as zipfile can read it."""
    try:
        with zipfile.ZipFile(archive) as opened:
            last = {info.filename: info for info in opened.infolist()}
            texts = {
                name: opened.read(info)
                for name, info in last.items()
                if name.rpartition("/")[2] in (".zattrs", "zarr.json")
            }
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError):
        return []
    found = []
    for name, text in texts.items():
        folder, _, kind = name.rpartition("/")
        try:
            content = json.loads(text.decode("utf-8-sig"))
        except ValueError:
            continue
        if kind == ".zattrs":
            found.append(Document(folder, 2, content))
        elif isinstance(content, dict) and content.get("node_type") == "group":
            found.append(Document(folder, 3, content.get("attributes")))
    return found
