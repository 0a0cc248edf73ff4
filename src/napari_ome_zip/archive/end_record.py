"""Reads the end of a ZIP archive, which locates its central directory: end record and ZIP64."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from napari_ome_zip.archive import rules
from napari_ome_zip.archive.layout import (
    CENTRAL_HEADER,
    CENTRAL_LENGTHS,
    CENTRAL_LENGTHS_AT,
    CENTRAL_SIGNATURE,
    DESCRIPTOR_SIGNATURE,
    DIGITAL_SIGNATURE,
    END,
    END_SIGNATURE,
    FULL_16,
    LOCAL_SIGNATURE,
    ZIP64_END,
    ZIP64_END_SIGNATURE,
    ZIP64_LOCATOR,
    ZIP64_LOCATOR_SIGNATURE,
    ReadAt,
)
from napari_ome_zip.archive.local_header import lies_in_an_entry
from napari_ome_zip.archive.recognize import not_a_zip
from napari_ome_zip.archive.rules import ZIP
from napari_ome_zip.errors import ArchiveError
from napari_ome_zip.rules import MUST, Effect, Rule
from napari_ome_zip.sizes import readable_size

MAX_DIRECTORY_BYTES = 1 << 29
"""Largest central directory that is read (512 MiB: about five million entries)."""

DIRECTORY_SIZE = Rule(
    "directory-too-large",
    MUST,
    ZIP,
    f"The list of what the archive holds takes no more than {readable_size(MAX_DIRECTORY_BYTES)}.",
    "Write the image again with sharding, which needs far fewer entries.",
    effect=Effect.CLOSED,
)

_WHAT_TO_DO = "Copy, upload or download it again; if that does not help, salvage what is left of it"

# A comment is at most 65,535 bytes; the wider window finds the record before padding.
_WINDOWS = (END.size + 65_535, 1 << 20)
_MAX_CANDIDATES = 4096


@dataclass(frozen=True, slots=True)
class EndRecord:
    """The fields of the end records, and what follows from them."""

    directory_start: int
    """Offset of the central directory in the file."""
    directory_size: int
    entry_count: int
    """Number of entries as claimed; the directory itself decides."""
    shift: int
    """Bytes before the archive that its offsets do not count."""
    comment: bytes
    is_zip64: bool
    trailing: int
    """Bytes after the comment."""
    trailing_is_padding: bool
    """Whether the bytes after the comment are all NUL."""


def read_end_record(read: ReadAt, size: int, label: str) -> EndRecord:
    """Find the end record of an archive.

    A comment may hold anything, even end records. The record is chosen whose comment ends where
    the file ends, and whose directory starts with a directory record; without such a one, the
    last one that is followed by padding or other bytes::

        prefix | entries | directory | ZIP64 end, locator | end | comment | trailing
                         ^                                 ^
                         directory_start                   one of the candidates

    Raises
    ------
    ArchiveError
        When the file is not a ZIP archive, is incomplete, or is one part of several.
    """
    if size == 0:
        raise ArchiveError(
            f"The file is empty (0 bytes): {label}. Copy, upload or download it again.",
            code=rules.FILE_EMPTY.code,
        )
    head = read(0, 1024)
    if head.startswith(DESCRIPTOR_SIGNATURE):
        raise _split(label)
    problem: ArchiveError | None = None
    for window in _WINDOWS:
        start = max(0, size - window)
        tail = read(start, size - start)
        try:
            record = _choose(read, start, tail, label)
        except ArchiveError as error:
            problem = problem or error
        else:
            if record is not None and _is_of_an_inner_archive(read, size, record, head):
                raise _without_end(label)
            if record is not None:
                return record
        if start == 0:
            break
    if problem is not None:
        raise problem
    if head.startswith(LOCAL_SIGNATURE):
        raise _without_end(label)
    raise not_a_zip(head, label)


def _is_of_an_inner_archive(read: ReadAt, size: int, record: EndRecord, head: bytes) -> bool:
    """Whether an end record is that of an inner archive, because this one was cut off."""
    if record.shift <= 0 or not head.startswith(LOCAL_SIGNATURE):
        return False
    return lies_in_an_entry(read, record.shift, size)


def _choose(read: ReadAt, start: int, tail: bytes, label: str) -> EndRecord | None:
    """Return the end record that fits best; None where there is none at all."""
    exact_empty: EndRecord | None = None
    loose: EndRecord | None = None
    problem: ArchiveError | None = None
    for position in _candidates(tail):
        try:
            record = _parse(read, start + position, tail[position:], label)
        except ArchiveError as error:
            problem = error
            continue
        if record.trailing == 0 and record.directory_size > 0:
            return record
        if record.trailing == 0:
            exact_empty = record
        elif record.directory_size > 0:
            loose = record
    if loose is not None or exact_empty is not None:
        return loose or exact_empty
    if problem is not None:
        raise problem
    return None


def _candidates(tail: bytes) -> Iterator[int]:
    """Return positions of end signatures in order; only the last ones where there are many."""
    places: list[int] = []
    position = tail.rfind(END_SIGNATURE)
    while position >= 0 and len(places) < _MAX_CANDIDATES:
        places.append(position)
        position = tail.rfind(END_SIGNATURE, 0, position)
    return reversed(places)


def _parse(read: ReadAt, place: int, data: bytes, label: str) -> EndRecord:
    if len(data) < END.size:
        raise _inconsistent(label)
    _, disk, first_disk, here, count, length, offset, comment_length = END.unpack_from(data)
    comment_end = END.size + comment_length
    if comment_end > len(data):
        raise _inconsistent(label)
    end = place
    wide = _parse_zip64(read, place, label)
    if wide is not None:
        end, disk, first_disk, here, count, length, offset = wide
    if disk not in (0, FULL_16) or first_disk not in (0, FULL_16):
        raise _split(label)
    directory_start = _locate(read, end, length, offset, label)
    rest = data[comment_end:]
    return EndRecord(
        directory_start=directory_start,
        directory_size=length,
        entry_count=max(count, here),
        shift=directory_start - offset,
        comment=data[END.size : comment_end],
        is_zip64=wide is not None,
        trailing=len(rest),
        trailing_is_padding=not rest.strip(b"\0"),
    )


def _parse_zip64(
    read: ReadAt, place: int, label: str
) -> tuple[int, int, int, int, int, int, int] | None:
    """Return the offset and the fields of the ZIP64 end record, None where there is none."""
    if place < ZIP64_LOCATOR.size:
        return None
    locator = read(place - ZIP64_LOCATOR.size, ZIP64_LOCATOR.size)
    if len(locator) < ZIP64_LOCATOR.size or not locator.startswith(ZIP64_LOCATOR_SIGNATURE):
        return None
    _, _, wanted, disks = ZIP64_LOCATOR.unpack(locator)
    # Bytes before the archive shift the record away from its stated place.
    for candidate in (wanted, place - ZIP64_LOCATOR.size - ZIP64_END.size):
        if not 0 <= candidate <= place - ZIP64_LOCATOR.size - ZIP64_END.size:
            continue
        record = read(candidate, ZIP64_END.size)
        if len(record) < ZIP64_END.size or not record.startswith(ZIP64_END_SIGNATURE):
            continue
        if disks > 1:
            raise _split(label)
        _, _, _, _, disk, first_disk, here, count, length, offset = ZIP64_END.unpack(record)
        return candidate, disk, first_disk, here, count, length, offset
    return None


def _locate(read: ReadAt, end: int, length: int, offset: int, label: str) -> int:
    """Return the actual start of the central directory: before its end, else as stated."""
    if length > MAX_DIRECTORY_BYTES and length <= end:
        raise ArchiveError(
            f"Damaged, or too large to be read: the archive's central directory claims "
            f"{readable_size(length)}, more than the {readable_size(MAX_DIRECTORY_BYTES)} that are "
            f"read. If it holds that many entries, use sharding to write fewer: {label}",
            code=DIRECTORY_SIZE.code,
        )
    if length == 0:
        return end
    for start in (end - length, offset):
        if 0 <= start <= end - length and _starts_with_record(read, start, length):
            return start
    raise _inconsistent(label)


def _starts_with_record(read: ReadAt, start: int, length: int) -> bool:
    record = read(start, CENTRAL_HEADER.size)
    if record.startswith(DIGITAL_SIGNATURE):
        return True
    if len(record) < CENTRAL_HEADER.size or not record.startswith(CENTRAL_SIGNATURE):
        return False
    name, extra, comment = CENTRAL_LENGTHS.unpack_from(record, CENTRAL_LENGTHS_AT)
    return bool(CENTRAL_HEADER.size + name + extra + comment <= length)


def _split(label: str) -> ArchiveError:
    return ArchiveError(
        "The archive is split into several parts, and this is one of them. "
        f"Join the parts into one file first (for example with 'zip -s 0'): {label}",
        code=rules.SPLIT.code,
    )


def _without_end(label: str) -> ArchiveError:
    return ArchiveError(
        "The archive is incomplete: its end is missing, as after an interrupted transfer or "
        f"when the program that wrote it stopped early. {_WHAT_TO_DO}: {label}",
        code=rules.INCOMPLETE.code,
    )


def _inconsistent(label: str) -> ArchiveError:
    return ArchiveError(
        "The archive is incomplete or damaged: its end does not lead to its central directory "
        f"(the list of what it holds). {_WHAT_TO_DO}: {label}",
        code=rules.INCOMPLETE.code,
    )
