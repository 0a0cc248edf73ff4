"""Writes metadata documents: the way back from `json_document`."""

from __future__ import annotations

import json
from typing import Any

MAX_INDENTED = 2**16
"""Characters of a document that is written with a line for each value."""


def to_json(document: Any) -> bytes:
    """A document as bytes: the same for the same content, and readable where anyone would read it.

    NaN and infinity, which JSON does not have, come from attributes of other programs alone (zarr
    writes and reads them so): what a file said, it says again. Only without indentation does
    Python's library use its fast encoder.
    """
    compact = json.dumps(document, ensure_ascii=False)
    indent = 1 if len(compact) <= MAX_INDENTED else None
    text = compact if indent is None else json.dumps(document, indent=indent, ensure_ascii=False)
    try:
        return text.encode()
    except UnicodeEncodeError:  # half of a character, which JSON can only hold escaped
        return json.dumps(document, indent=indent).encode()
