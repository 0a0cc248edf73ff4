"""Chooses how a link is asked."""

from __future__ import annotations

from napari_ome_zip.files.links import Link
from napari_ome_zip.files.remote_object import RemoteObject


def remote_object(link: Link) -> RemoteObject:
    """Return the file that a link names, without asking for anything yet."""
    if link.is_bucket:
        from napari_ome_zip.files.buckets.bucket_object import BucketObject

        return BucketObject(link)
    from napari_ome_zip.files.web.web_object import WebObject

    return WebObject(link)
