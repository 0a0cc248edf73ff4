"""Checks the header that lies before each entry against what the directory says of it."""

from __future__ import annotations

from collections.abc import Iterator

from napari_ome_zip.archive import rules
from napari_ome_zip.archive.layout import (
    LOCAL_HEADER,
    ZIP64_EXTRA_ID,
    extra_field_ids,
    local_lengths,
)
from napari_ome_zip.files import Range
from napari_ome_zip.validation.container_entries import Container
from napari_ome_zip.validation.report import Issue

# At most this many headers are read, evenly spread over the archive; behind a line each is a
# request by itself.
_READ, _READ_REMOTE = 512, 32
# Bytes read for extra fields: those of the usual programs take 32.
_EXTRA_ROOM = 64


def check_local_headers(container: Container) -> Iterator[Issue]:
    """Check whether entries begin where the directory says, under the same name, and bare."""
    missing: list[int] = []
    renamed: list[int] = []
    extra: list[int] = []
    kinds: set[int] = set()
    for row, header in _headers(container):
        lengths = local_lengths(header)
        if lengths is None:
            missing.append(row)
            continue
        name, end = container.columns.names[row], LOCAL_HEADER.size + lengths[0]
        if header[LOCAL_HEADER.size : end] not in (name.encode(), name.encode("cp437", "replace")):
            renamed.append(row)
        foreign = {*extra_field_ids(header[end : end + lengths[1]])} - {ZIP64_EXTRA_ID}
        if foreign:
            extra.append(row)
            kinds |= foreign
    if missing:
        message = "No entry begins where the directory says"
        yield container.name_issue(rules.LOCAL_MISSING, message, missing)
    if renamed:
        message = "The entry itself has another name than the directory gives it"
        yield container.name_issue(rules.LOCAL_NAME, message, renamed)
    if extra:
        shown = ", ".join(f"0x{kind:04x}" for kind in sorted(kinds))
        message = f"Extra fields beside that of ZIP64, such as times and owners: {shown}"
        yield container.name_issue(rules.EXTRA_FIELDS, message, extra)


def _headers(container: Container) -> Iterator[tuple[int, bytes]]:
    """Yield rows of the directory, and the bytes where their entries should begin."""
    columns, shift = container.columns, container.index.end.shift
    count = len(columns)
    most = _READ_REMOTE if container.file.bytes.is_remote else _READ
    places: dict[int, Range] = {}
    for row in range(0, count, max(1, count // most)):
        start = int(columns.offsets[row]) + shift
        if 0 <= start <= container.file.size - LOCAL_HEADER.size:
            room = 4 * len(columns.names[row]) + _EXTRA_ROOM
            places[row] = start, start + LOCAL_HEADER.size + room
    with container.file.bytes.expect(places.values()):
        for row, (start, stop) in places.items():
            yield row, container.file.read(start, stop - start)
