"""A file in a bucket (S3, Google Cloud Storage, Azure), by obstore.

obstore is optional: compiled code that knows how each cloud signs requests. It is imported when the
first such link is opened.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from napari_ome_zip.errors import LinkError
from napari_ome_zip.files.buckets import errors as bucket_errors
from napari_ome_zip.files.buckets.errors import EmptyRange, Unchanged
from napari_ome_zip.files.buckets.reaching import buckets, find_region, store_errors
from napari_ome_zip.files.links import Link
from napari_ome_zip.files.meanwhile import Meanwhile
from napari_ome_zip.files.pieces import Pieces
from napari_ome_zip.files.remote_object import Heard, Opening, RemoteObject, Took, Validator
from napari_ome_zip.files.web.errors import Trouble, broken_off
from napari_ome_zip.files.web.line import PATIENCE, PIECE, Attempts

if TYPE_CHECKING:
    from obstore import GetOptions, GetResult, ObjectMeta

    from napari_ome_zip.files.buckets.reaching import Bucket

_AT_ONCE = 8 << 20

_process: int | None = None
"""Which process has the threads of obstore; one forked from it would wait for them forever."""


class BucketObject(RemoteObject):
    """A file in a bucket.

    Parameters
    ----------
    link : Link
        That begins with ``s3://``, ``gs://`` or ``az://``.
    """

    def __init__(self, link: Link) -> None:
        self.link = link
        self._make: Callable[[], Bucket] | None = None
        self._bucket: Bucket | None = None
        self._version: Validator | None = None

    def open(
        self,
        *,
        head: int,
        tail: int,
        known: Validator | None = None,
        heard: Heard | None = None,
    ) -> Opening:
        # docstring inherited
        opening = self._by_any_way(partial(self._open, head, tail, known, heard))
        self._version = opening.validator
        return opening

    def fetch(self, start: int, stop: int, took: Took) -> None:
        # docstring inherited
        if self._make is None or self._version is None:
            raise ValueError("The file was not opened.")
        try:
            self._receive(self._made(self._make), start, stop, took, self._version)
        except EmptyRange:
            raise bucket_errors.changed(self.link) from None

    def whole(self) -> tuple[int | None, Iterator[bytes]]:
        # docstring inherited
        size = self.open(head=1, tail=1).size
        return size, self._all_pieces(size)

    def _by_any_way[R](self, ask: Callable[[Bucket], R]) -> R:
        """Ask with credentials and without, and keep the way that is answered."""
        refused = bucket_errors.not_allowed(self.link)
        for make in buckets(self.link):
            try:
                return self._in_its_region(make, ask)
            except LinkError as error:
                if error.code != refused.code:
                    raise
                refused = error
        raise refused

    def _in_its_region[R](self, make: Callable[[], Bucket], ask: Callable[[Bucket], R]) -> R:
        self._bucket = None
        try:
            found = ask(self._made(make))
        except LinkError as error:
            if error.code != "link-region" or not find_region(self.link):
                raise
            self._bucket = None
            found = ask(self._made(make))
        self._make = make
        return found

    def _made(self, make: Callable[[], Bucket]) -> Bucket:
        if self._bucket is None:
            self._bucket = self._asked(make)
        return self._bucket

    def _open(
        self, head: int, tail: int, known: Validator | None, heard: Heard | None, bucket: Bucket
    ) -> Opening:
        if known is not None and known.size:
            opening = self._open_known(tail, known, heard, bucket)
            if opening is not None:
                return opening
        front = Meanwhile(partial(self._front, head, heard, bucket))
        end = Pieces(heard)
        version = None
        try:
            version = self._receive(bucket, None, tail, end.take)
        except (LinkError, EmptyRange):
            end.data.clear()
        first, data = front.result()
        if version is None and first.size > len(data):
            self._last(first, tail, end.take, bucket)
        elif version is None:
            end.data.append(data[-tail:])
        elif not version.is_same_version(first):
            raise bucket_errors.changed(self.link)
        return Opening(first, head=data, tail=end.joined)

    def _last(self, version: Validator, tail: int, took: Took, bucket: Bucket) -> None:
        """Ask for the end by position: Azure answers no ranges from the end."""
        try:
            self._receive(bucket, max(0, version.size - tail), version.size, took, version)
        except EmptyRange:
            raise bucket_errors.changed(self.link) from None

    def _open_known(
        self, tail: int, known: Validator, heard: Heard | None, bucket: Bucket
    ) -> Opening | None:
        start = max(0, known.size - tail)
        end = Pieces(heard)
        try:
            there = self._receive(bucket, start, known.size, end.take, unless=known.etag)
        except Unchanged:
            return Opening(known, is_unchanged=True)
        except EmptyRange:
            return None
        if not there.is_same_version(known):
            return None
        return Opening(there, tail=end.joined, is_unchanged=True)

    def _front(self, head: int, heard: Heard | None, bucket: Bucket) -> tuple[Validator, bytes]:
        front = Pieces(heard)
        try:
            there = self._receive(bucket, 0, head, front.take)
        except EmptyRange:
            # No store has a range of an empty file.
            import obstore

            meta = self._asked(partial(obstore.head, bucket, self.link.key))
            if meta["size"]:
                raise bucket_errors.odd(self.link) from None
            there = _version(meta)
        return there, front.joined

    def _receive(
        self,
        bucket: Bucket,
        start: int | None,
        stop: int,
        took: Took,
        version: Validator | None = None,
        unless: str = "",
    ) -> Validator:
        """Hand over a range, as `napari_ome_zip.files.web.transfer.receive` does."""
        attempts = Attempts(self.link, stop - (start or 0), PATIENCE)
        while True:
            result = self._get(bucket, start, stop, unless)
            there = _version(result.meta)
            if version is not None and not there.is_same_version(version):
                raise bucket_errors.changed(self.link)
            first, end = result.range
            if start is None:
                start, stop = first, end
            if first != start or end > stop:
                raise bucket_errors.odd(self.link)
            version, stop = there, min(stop, there.size)
            for piece in self._stream(result):
                took(piece)
                start += len(piece)
            if start == stop:
                return there
            attempts.wait(Trouble(broken_off(self.link)))

    def _get(self, bucket: Bucket, start: int | None, stop: int, unless: str) -> GetResult:
        import obstore

        options: GetOptions = {"range": {"suffix": stop} if start is None else (start, stop)}
        if unless:
            options["if_none_match"] = unless
        return self._asked(partial(obstore.get, bucket, self.link.key, options=options))

    def _stream(self, result: GetResult) -> Iterator[bytes]:
        """Yield an answer in pieces; it ends early where the connection does."""
        pieces = iter(result.stream(min_chunk_size=PIECE))
        while True:
            try:
                piece = bytes(next(pieces))
            except StopIteration:
                return
            except store_errors():
                return
            yield piece

    def _all_pieces(self, size: int) -> Iterator[bytes]:
        for start in range(0, size, _AT_ONCE):
            pieces = Pieces(None)
            self.fetch(start, min(start + _AT_ONCE, size), pieces.take)
            yield pieces.joined

    def _asked[R](self, call: Callable[[], R]) -> R:
        """Return what a call of obstore does; its errors, which hold addresses, are left behind."""
        global _process
        _process = _process or os.getpid()
        if _process != os.getpid():
            raise bucket_errors.forked(self.link)
        try:
            return call()
        except store_errors() as error:
            problem = bucket_errors.of_store(error, self.link)
        raise problem


def _version(meta: ObjectMeta) -> Validator:
    return Validator(meta["size"], meta["e_tag"] or "", meta["last_modified"].isoformat())
