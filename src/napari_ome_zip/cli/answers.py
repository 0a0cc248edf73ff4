"""What commands answer as JSON, to be read by other programs: one shape for all of them."""

from __future__ import annotations

from collections.abc import Sequence

from napari_ome_zip.answers import Answer, answers_json
from napari_ome_zip.cli.terminal import reason, write
from napari_ome_zip.errors import LinkError, OmeZipError
from napari_ome_zip.files import shown_place


def failure(place: str, error: OmeZipError | OSError) -> Answer:
    """Return the answer on a file that a command could do nothing with."""
    code = getattr(error, "code", None) or _code(error)
    return {"path": _shown(place), "failure": {"code": code, "message": reason(error)}}


def _shown(place: str) -> str:
    try:
        return shown_place(place)
    except LinkError:
        # Of what is no link it is not known which part of it is secret.
        return f"{place.partition('://')[0].strip()}://…"


def _code(error: OmeZipError | OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "not-found"
    return "system-error" if not isinstance(error, OmeZipError) else "unusable"


def write_answers(answers: Sequence[Answer]) -> None:
    """Write what was found in each file, in the order they were named."""
    write(answers_json(answers))
