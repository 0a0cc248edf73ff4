"""Ranges of one file behind a link, kept on disk for another day.

`cache_folder` describes the folder, `segments` the files.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import threading
import time
import weakref
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from napari_ome_zip.files.byte_file import Range
from napari_ome_zip.files.disk_cache.cache_folder import (
    DATA,
    INDEX,
    VERSION_NAME,
    cache_folder,
    complain,
    count_written,
    link_cache_size,
    segment_bytes,
)
from napari_ome_zip.files.disk_cache.segments import (
    LONGEST_RECORD,
    Record,
    append,
    create,
    read,
    records_of,
)
from napari_ome_zip.files.links import Link
from napari_ome_zip.files.remote_object import Validator

_USED_EVERY = 60  # seconds between two notes that a segment was used


class LinkCache:
    """What is kept of one link, in a folder that a digest of it names.

    Parameters
    ----------
    link : Link
        Links that differ in anything, a query or a password, have nothing in common here.
    """

    def __init__(self, link: Link) -> None:
        self.folder = cache_folder() / _digest(link.url)

    def known(self) -> Validator | None:
        """Return the version of which something is kept; None where nothing is."""
        known = _version_in(self.folder)
        has_something = known is not None and known.is_lasting and any(self._segments(known))
        return known if has_something else None

    def of(self, version: Validator) -> RangeCache:
        """Return what is kept of a version, and let go of all other versions."""
        kept = {*self._segments(version)}
        for path in _files(self.folder, f"*{INDEX}"):
            if path.with_suffix("") not in kept:
                for ending in (INDEX, DATA):
                    with suppress(OSError):
                        path.with_suffix(ending).unlink()
        return RangeCache(self.folder, version, sorted(kept))

    def _segments(self, version: Validator) -> Iterator[Path]:
        for path in _files(self.folder, f"{_digest(version.text)}-*{INDEX}"):
            yield path.with_suffix("")


def link_cache(link: Link) -> LinkCache | None:
    """Return what is kept of a link; None where nothing is to be kept."""
    return LinkCache(link) if link_cache_size() else None


class RangeCache:
    """Ranges of one version of a file that are kept on disk, for any number of threads.

    What cannot be read or written is as if it were not kept.

    Parameters
    ----------
    folder : pathlib.Path
        That of the link; it need not be there.
    version : Validator
        Which version of the file.
    segments : list of pathlib.Path
        What is there of it, without endings.
    """

    def __init__(self, folder: Path, version: Validator, segments: list[Path]) -> None:
        self._folder, self.version = folder, version
        self._records: list[Record] = []
        self._used: dict[Path, float] = {}
        self._begin()
        for segment in segments:
            self._records.extend(records_of(segment, version.size))
        self._sort()
        _caches.add(self)

    def _sort(self) -> None:
        self._records.sort()
        self._starts = [record.start for record in self._records]

    def _begin(self) -> None:
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._segment: Path | None = None

    def begin_anew(self) -> None:
        """Begin a segment of its own in a forked process, where nobody holds the locks."""
        self._sort()  # a thread of the parent may have been putting one into its place
        self._begin()

    def holes(self, start: int, stop: int) -> list[Range]:
        """Return the parts of a range that are not kept."""
        holes = []
        with self._lock:
            for record in self._overlapping(start, stop):
                if start < record.start:
                    holes.append((start, record.start))
                start = max(start, record.stop)
        if start < stop:
            holes.append((start, stop))
        return holes

    def load(self, start: int, stop: int) -> list[tuple[int, bytes]]:
        """Return what is kept of a range, and around it: positions and bytes."""
        with self._lock:
            records = self._overlapping(start, stop)
        loaded = []
        for record in records:
            if record.stop > start:  # else another one had the same bytes
                data = read(record)
                if data is None:
                    self._forget(record)
                else:
                    self._note_use(record.segment)
                    loaded.append((record.start, data))
                    start = record.stop
        return loaded

    def put(self, start: int, data: bytes | memoryview) -> None:
        """Keep bytes."""
        self.put_all([(start, memoryview(data))])

    def put_all(self, found: Sequence[tuple[int, memoryview]]) -> None:
        """Keep bytes, each run with its position in the file; they do not overlap."""
        parts = [
            (at, data[at - start : min(at + LONGEST_RECORD, last) - start])
            for start, data in found
            for first, last in self.holes(start, start + len(data))
            for at in range(first, last, LONGEST_RECORD)
        ]
        if not parts or not link_cache_size():
            return
        try:
            with self._writing:
                try:
                    self._append(parts)
                except FileNotFoundError:  # another process removed the folder meanwhile
                    self._append(parts)
        except OSError as error:
            complain(error)

    def _overlapping(self, start: int, stop: int) -> list[Record]:
        first = bisect_left(self._starts, start - LONGEST_RECORD)
        last = bisect_left(self._starts, stop, lo=first)
        return [record for record in self._records[first:last] if record.stop > start]

    def _forget(self, record: Record) -> None:
        with self._lock, suppress(ValueError):
            at = self._records.index(record, bisect_left(self._starts, record.start))
            del self._records[at], self._starts[at]

    def _append(self, parts: list[tuple[int, memoryview]]) -> None:
        segment = self._segment_to_write()
        try:
            records = append(segment, parts)
        except OSError:
            self._segment = None
            raise
        with self._lock:
            for record in records:
                place = bisect_left(self._records, record)
                self._records.insert(place, record)
                self._starts.insert(place, record.start)
        count_written(sum(len(part) for _, part in parts), current=segment)

    def _segment_to_write(self) -> Path:
        """Return the segment of this process, a new one where it is full or gone."""
        segment = self._segment
        if segment is not None:
            with suppress(OSError):
                if segment.with_suffix(DATA).stat().st_size < segment_bytes():
                    return segment
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.parent.chmod(0o700)
        self._write_version()
        segment = self._folder / f"{_digest(self.version.text)}-{secrets.token_hex(8)}"
        create(segment)
        self._segment = segment
        return segment

    def _write_version(self) -> None:
        if _version_in(self._folder) == self.version:
            return
        target = self._folder / VERSION_NAME
        part = target.with_name(f"{secrets.token_hex(8)}.part")
        part.write_text(json.dumps(asdict(self.version)), encoding="utf-8")
        part.replace(target)

    def _note_use(self, segment: Path) -> None:
        now = time.monotonic()
        if now - self._used.get(segment, -_USED_EVERY) >= _USED_EVERY:
            self._used[segment] = now
            with suppress(OSError):
                os.utime(segment.with_suffix(INDEX))


def _version_in(folder: Path) -> Validator | None:
    try:
        found = json.loads((folder / VERSION_NAME).read_bytes())
        return Validator(int(found["size"]), str(found["etag"]), str(found["modified"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _files(folder: Path, pattern: str) -> list[Path]:
    try:
        return list(folder.glob(pattern))
    except OSError:
        return []


_caches: weakref.WeakSet[RangeCache] = weakref.WeakSet()


def _after_fork() -> None:
    for cache in list(_caches):
        cache.begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
