"""Formats and sizes of pictures, as Pillow made them."""

from __future__ import annotations

import pytest

from napari_ome_zip.thumbnails.picture_facts import PictureFacts, picture_facts
from pictures import encoded


@pytest.mark.parametrize("size", [(1, 1), (256, 192), (300, 4000), (5000, 3)])
@pytest.mark.parametrize(
    ("kind", "media_type", "options"),
    [
        ("PNG", "image/png", {}),
        ("JPEG", "image/jpeg", {}),
        ("JPEG", "image/jpeg", {"progressive": True, "comment": b"\xff\xc0 no frame" * 40}),
        ("GIF", "image/gif", {}),
        ("WEBP", "image/webp", {}),
        ("WEBP", "image/webp", {"lossless": True}),
        ("WEBP", "image/webp", {"exif": b"Exif\0\0" + b"x" * 20}),
    ],
)
def test_sizes_are_those_that_pillow_wrote(
    kind: str, media_type: str, options: dict[str, object], size: tuple[int, int]
) -> None:
    picture = encoded(*size, kind, **options)
    assert picture_facts(picture) == PictureFacts(media_type, *size)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_of_a_picture_cut_anywhere_nothing_else_is_said(kind: str) -> None:
    picture = encoded(70, 50, kind)
    whole = picture_facts(picture)
    for end in range(len(picture)):
        assert picture_facts(picture[:end]) in (None, whole)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 40,
        b"\x89PNG\r\n\x1a\n" + b"\0\0\0\x0dIHDR" + b"\0" * 13,
        b"\xff\xd8\xff" + b"\xff" * 100,
        b"\xff\xd8\xff\xe0\x00\x00" * 100,
        b"RIFF\0\0\0\0WEBPVP9 " + b"\0" * 40,
    ],
)
def test_what_is_no_picture_has_no_size(data: bytes) -> None:
    assert picture_facts(data) is None
