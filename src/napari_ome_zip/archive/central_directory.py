"""Parses the central directory of a ZIP archive into columns, with one row for each entry.

The records chain by their own lengths, so a plain reading is one Python loop over all of them.
Here all record signatures are found at once, the chain is checked on arrays, and the fields are
gathered column by column; only unusual directories are walked record by record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from napari_ome_zip.archive import rules
from napari_ome_zip.archive.entry import decoded_name
from napari_ome_zip.archive.layout import (
    CENTRAL_HEADER,
    CENTRAL_LENGTHS,
    CENTRAL_LENGTHS_AT,
    CENTRAL_SIGNATURE,
    DIGITAL_SIGNATURE,
    FULL_32,
    UTF8_FLAG,
    ZIP64_EXTRA_ID,
    zip64_values,
)
from napari_ome_zip.errors import ArchiveError
from napari_ome_zip.files.byte_file import Range

_SIZE = CENTRAL_HEADER.size

_RECORD = np.dtype(
    [
        ("signature", "<u4"),
        ("made_by", "<u2"),
        ("needed", "<u2"),
        ("flags", "<u2"),
        ("method", "<u2"),
        ("time", "<u2"),
        ("date", "<u2"),
        ("crc", "<u4"),
        ("compressed_size", "<u4"),
        ("size", "<u4"),
        ("name_length", "<u2"),
        ("extra_length", "<u2"),
        ("comment_length", "<u2"),
        ("disk", "<u2"),
        ("internal", "<u2"),
        ("external", "<u4"),
        ("offset", "<u4"),
    ]
)

_Bytes = NDArray[np.uint8]
_Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DirectoryColumns:
    """All records of a central directory, in its order."""

    names: list[str]
    """Names as written, decoded; nothing is normalized here."""
    offsets: NDArray[np.uint64]
    """Offset of each local header, as written."""
    compressed_sizes: NDArray[np.uint64]
    sizes: NDArray[np.uint64]
    crcs: NDArray[np.uint32]
    methods: NDArray[np.uint16]
    flags: NDArray[np.uint16]
    disks: NDArray[np.uint16]
    zip64_count: int
    """Number of records with a ZIP64 extra field that is needed."""

    def __len__(self) -> int:
        return len(self.names)


def parse_directory(raw: bytes) -> DirectoryColumns:
    """Parse the bytes of a central directory.

    Parameters
    ----------
    raw : bytes
        The directory from its first record to its end.

    Raises
    ------
    ArchiveError
        When the records do not chain to the end of the bytes.
    """
    octets = np.frombuffer(raw, np.uint8)
    starts, end = _record_starts(raw, octets)
    if starts.size:
        windows = sliding_window_view(octets, _SIZE)[starts]
        records = np.ascontiguousarray(windows).view(_RECORD).ravel()
    else:
        records = np.zeros(0, _RECORD)
    name_starts = starts + _SIZE
    name_ends = name_starts + records["name_length"]
    sizes, compressed, offsets, zip64_count = _wide_fields(raw, octets, records, name_ends)
    return DirectoryColumns(
        names=_names(raw[:end], records["flags"], name_starts, name_ends),
        offsets=offsets,
        compressed_sizes=compressed,
        sizes=sizes,
        crcs=records["crc"].copy(),
        methods=records["method"].copy(),
        flags=records["flags"].copy(),
        disks=records["disk"].copy(),
        zip64_count=zip64_count,
    )


def whole_records(raw: bytes) -> Range | None:
    """Return where the whole records of a part of a directory begin and end in it.

    The part may begin and end within a record. Its first signature is taken for the first record
    only if the lengths of the records lead from there to every other signature in the part, and to
    none that is not there: bytes of a name that look like a record are not taken for one, unless
    all of the part are.

    Returns
    -------
    tuple of int, int, or None
        Offset of the first record, and one past the last whole one; None where that is not certain.
    """
    octets = np.frombuffer(raw, np.uint8)
    found, ends = _signatures(raw, octets)
    if not found.size or not np.array_equal(found[1:], ends[:-1]):
        return None
    whole = ends[ends <= len(raw)]
    if not whole.size:
        return None
    # What follows the last one must not look like anything but the beginning of a record.
    following = raw[int(whole[-1]) : int(whole[-1]) + len(CENTRAL_SIGNATURE)]
    if not CENTRAL_SIGNATURE.startswith(following):
        return None
    return int(found[0]), int(whole[-1])


def leading_length(raw: bytes, wanted: bytes) -> int:
    """Return the size of the leading records whose names are ``wanted`` or end in ``/wanted``."""
    position = 0
    tail = b"/" + wanted
    while raw.startswith(CENTRAL_SIGNATURE, position) and position + _SIZE <= len(raw):
        name, extra, comment = CENTRAL_LENGTHS.unpack_from(raw, position + CENTRAL_LENGTHS_AT)
        name_start = position + _SIZE
        written = raw[name_start : name_start + name]
        if written != wanted and not written.endswith(tail):
            break
        following = name_start + name + extra + comment
        if following > len(raw):
            break
        position = following
    return position


def holds_telltale(raw: bytes, start: int) -> bool:
    """Whether the bytes from ``start`` hold the name of a document, or ``/../``.

    Either one after the leading documents makes a complete reading necessary: another document
    disproves "documents first", and ``/../`` leads out of the archive. All of them have a dot,
    which names of chunks seldom have; searching for dots is ten times as fast as for each name.
    """
    octets = np.frombuffer(raw, np.uint8)
    dots = np.flatnonzero(octets[start:-1] == ord(".")) + start
    following = octets[dots + 1]
    dots = dots[(following == ord("j")) | (following == ord("z")) | (following == ord("."))]
    return any(
        raw.startswith(b"zarr.json", dot - 4)
        or raw.startswith((b".zattrs", b".zgroup", b".zarray"), dot)
        or raw.startswith(b"/../", dot - 1)
        for dot in dots.tolist()
    )


def count_signatures(raw: bytes) -> int:
    """Return the number of occurrences of the signature of a record, at any offset."""
    wanted = int.from_bytes(CENTRAL_SIGNATURE, "little")
    aligned = (
        np.frombuffer(raw, "<u4", (len(raw) - first) // 4, first)
        for first in range(min(4, max(0, len(raw) - 3)))
    )
    return sum(int(np.count_nonzero(words == wanted)) for words in aligned)


def _record_starts(raw: bytes, octets: _Bytes) -> tuple[_Places, int]:
    """Return the start of each record, and the end of the last one."""
    found, ends = _signatures(raw, octets)
    if (
        found.size
        and found[0] == 0
        and np.array_equal(found[1:], ends[:-1])
        and ends[-1] == len(raw)
    ):
        return found, len(raw)
    return _walk(raw)


def _signatures(raw: bytes, octets: _Bytes) -> tuple[_Places, _Places]:
    """Return all places of a record's signature, and where records there would end."""
    found = np.flatnonzero(octets[: max(len(raw) - _SIZE + 1, 0)] == CENTRAL_SIGNATURE[0])
    for place in range(1, 4):
        found = found[octets[found + place] == CENTRAL_SIGNATURE[place]]
    spans = _SIZE + sum(
        octets[found + place].astype(np.int64) << shift
        for place, shift in ((28, 0), (29, 8), (30, 0), (31, 8), (32, 0), (33, 8))
    )
    return found, found + spans


def _walk(raw: bytes) -> tuple[_Places, int]:
    """Do the same record by record, for a directory with signatures in names, or damage."""
    starts: list[int] = []
    position = 0
    total = len(raw)
    while position < total and not raw.startswith(DIGITAL_SIGNATURE, position):
        if position + _SIZE > total or not raw.startswith(CENTRAL_SIGNATURE, position):
            raise _inconsistent(len(starts))
        name, extra, comment = CENTRAL_LENGTHS.unpack_from(raw, position + CENTRAL_LENGTHS_AT)
        starts.append(position)
        position += _SIZE + name + extra + comment
        if position > total:
            raise _inconsistent(len(starts))
    return np.array(starts, np.int64), position


def _inconsistent(good: int) -> ArchiveError:
    return ArchiveError(
        "The archive is incomplete or damaged: its central directory (the list of what it holds) "
        f"breaks off after {good:,} entries. Copy or download the file again.",
        code=rules.INCOMPLETE.code,
    )


def _wide_fields(
    raw: bytes, octets: _Bytes, records: NDArray[Any], extra_starts: _Places
) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64], int]:
    """Return sizes and offsets, from the ZIP64 extra field where the 32-bit fields are full.

    The field holds, in this order, only the values whose 32 bits are full::

        | id 1 | length | size (8)? | compressed size (8)? | offset (8)? |

    Writers put it before all other extra fields. Those rows are read at once, value by value: the
    position in a row advances if the row has the value.
    """
    columns = [records[name].astype(np.uint64) for name in ("size", "compressed_size", "offset")]
    needed = np.stack([column == FULL_32 for column in columns])
    rows = np.flatnonzero(needed.any(axis=0))
    if not rows.size:
        return columns[0], columns[1], columns[2], 0
    needed = needed[:, rows]
    starts = extra_starts[rows]
    counts = needed.sum(axis=0)
    inside = (starts + 4 + 8 * counts <= len(raw)) & (
        records["extra_length"][rows] >= 4 + 8 * counts
    )
    first = np.where(inside, starts, 0)
    ids = octets[first].astype(np.int64) | octets[first + 1].astype(np.int64) << 8
    lengths = octets[first + 2].astype(np.int64) | octets[first + 3].astype(np.int64) << 8
    usual = inside & (ids == ZIP64_EXTRA_ID) & (lengths >= 8 * counts)
    position = starts + 4
    eights = sliding_window_view(octets, 8) if len(raw) >= 8 else None
    for column, wanted in zip(columns, needed, strict=True):
        chosen = usual & wanted
        if eights is not None and chosen.any():
            values = np.ascontiguousarray(eights[position[chosen]]).view("<u8").ravel()
            column[rows[chosen]] = values
        position = position + 8 * wanted
    taken = int(usual.sum())
    for index in np.flatnonzero(~usual):
        row = int(rows[index])
        start = int(starts[index])
        extra = raw[start : start + int(records["extra_length"][row])]
        values_found = zip64_values(extra, int(counts[index]))
        if values_found is None:
            continue  # exactly 0xFFFFFFFF, or damaged: reading the entry decides
        taken += 1
        for column, wanted in zip(columns, needed[:, index], strict=True):
            if wanted:
                column[row] = values_found.pop(0)
    return columns[0], columns[1], columns[2], taken


def _names(raw: bytes, flags: NDArray[np.uint16], starts: _Places, ends: _Places) -> list[str]:
    decoded = raw.decode("latin-1")
    names = [decoded[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
    if not "".join(names).isascii():
        for row, name in enumerate(names):
            if not name.isascii():
                names[row] = decoded_name(name.encode("latin-1"), bool(flags[row] & UTF8_FLAG))
    return names
