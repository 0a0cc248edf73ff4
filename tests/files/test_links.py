"""What a link names, however a person or another program writes it."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ome_zip import open_image
from napari_ome_zip.errors import ArchiveError, LinkError
from napari_ome_zip.files import Link, is_link, open_file
from napari_ome_zip.paths import source_path
from whole_archives import whole_archive


@pytest.mark.parametrize(
    ("given_as", "url"),
    [
        ("https://a.org/x.ozx", "https://a.org/x.ozx"),
        ("HTTPS://A.Org:443/x.ozx", "https://a.org/x.ozx"),
        ("http://a.org:80/x.ozx", "http://a.org/x.ozx"),
        ("http://a.org:8080/x.ozx", "http://a.org:8080/x.ozx"),
        ("http://[2001:DB8::1]:8080/x.ozx", "http://[2001:db8::1]:8080/x.ozx"),
        ("https://a.org", "https://a.org/"),
        # As a browser's line shows them, and copies them.
        ("https://a.org/My cells/µ.ozx", "https://a.org/My%20cells/%C2%B5.ozx"),
        ("https://a.org/My%20cells/%C2%B5.ozx", "https://a.org/My%20cells/%C2%B5.ozx"),
        ("https://a.org/100%.ozx", "https://a.org/100%25.ozx"),
        ("https://bücher.example/x.ozx", "https://xn--bcher-kva.example/x.ozx"),
        ("https://a.org/x.ozx?q=a b&c=[1]", "https://a.org/x.ozx?q=a%20b&c=[1]"),
        ("https://a.org/x.ozx#page", "https://a.org/x.ozx"),
        ("https://me:p@ss@a.org/x.ozx", "https://me:p@ss@a.org/x.ozx"),
        # Out of texts.
        (" https://a.org/x.ozx\n", "https://a.org/x.ozx"),
        ("<https://a.org/x.ozx>", "https://a.org/x.ozx"),
        ('"https://a.org/x.ozx"', "https://a.org/x.ozx"),
        ("https://a.org/very/lo\r\nng.ozx", "https://a.org/very/long.ozx"),
        # Other programs.
        ("https://a.org/x.ozx|zip:|zarr3:", "https://a.org/x.ozx"),
        ("https://a.org/x.ozx|zip:", "https://a.org/x.ozx"),
        ("https://a.org/x.ozx|zarr:", "https://a.org/x.ozx"),
        ("https://a.org/x.ozx?a=1|zip:/|zarr2:", "https://a.org/x.ozx?a=1"),
        ("https://a.org/x.ozx%7Czip:%7Czarr3:", "https://a.org/x.ozx"),
        ("zip://::https://a.org/x.ozx", "https://a.org/x.ozx"),
        ("https://a.org/a|b.ozx", "https://a.org/a%7Cb.ozx"),
        # Buckets: a key is no path of a URL.
        ("s3://bucket/a b/µ#1.ozx", "s3://bucket/a b/µ#1.ozx"),
        ("S3://bucket/x.ozx|zip:|zarr3:", "s3://bucket/x.ozx"),
        ("gs://bucket/a%20b.ozx", "gs://bucket/a%20b.ozx"),
        ("az://container/x.ozx", "az://container/x.ozx"),
    ],
)
def test_how_a_link_is_understood(given_as: str, url: str) -> None:
    link = Link(given_as)
    assert link.url == url
    assert Link(link.url) == link
    assert pickle.loads(pickle.dumps(link)) == link


@pytest.mark.parametrize(
    ("link", "says"),
    [
        ("", "not a link"),
        ("hello", "not a link"),
        ("C:\\data\\x.ozx", "not a link"),
        ("ftp://a.org/x.ozx", "begin with ftp://"),
        ("https:///x.ozx", "names no server"),
        ("https://:80/x.ozx", "names no server"),
        ("https://a.org:99999/x.ozx", "names no server"),
        ("https://a.org:port/x.ozx", "names no server"),
        ("https://[::1/x.ozx", "names no server"),
        ("https://a b.org/x.ozx", "names no server"),
        ("https://a..ö/x.ozx", "names no server"),
        ("https://a.org/x\x00.ozx", "control characters"),
        ("https://a.org/x.ozx|zip:inner/|zarr3:", "a part inside"),
        ("https://a.org/x.ozx|zip:|zarr3:0/", "a part inside"),
        ("zip://inner::https://a.org/x.ozx", "a part inside"),
        ("https://a.org/x.n5|n5:", "'n5'"),
        ("s3://bucket", "names no file in a bucket"),
        ("s3:///x.ozx", "names no file in a bucket"),
        ("s3://key:secret@bucket/x.ozx", "environment"),
        ("s3://bucket/x.ozx?versionId=1", "the file alone"),
    ],
)
def test_what_is_no_link_to_a_file(link: str, says: str) -> None:
    with pytest.raises(LinkError, match=says) as raised:
        Link(link)
    assert raised.value.code == "link-not-usable"
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("https://a.org/x.ozx", True),
        (" HTTP://a.org/x.ozx", True),
        ("s3://bucket/x.ozx", True),
        ("ftp://a.org/x.ozx", True),
        ("zip://::https://a.org/x.ozx", True),
        ("C:\\data\\x.ozx", False),
        ("C://data/x.ozx", False),
        ("/data/https:/x.ozx", False),
        ("x.ozx", False),
        ("file:///data/x.ozx", False),
        ("FILE:///data/x.ozx", False),
        (Path("x.ozx"), False),
        (None, False),
    ],
)
def test_links_and_paths_are_told_apart(place: object, expected: bool) -> None:
    assert is_link(place) is expected


@pytest.mark.parametrize(
    ("link", "name"),
    [
        ("https://a.org/My%20cells.ozx?download=1", "My cells.ozx"),
        ("https://a.org/x.ozx/", "x.ozx"),
        ("https://a.org/", "a.org"),
        ("s3://bucket/a/My%20cells.ozx", "My%20cells.ozx"),
    ],
)
def test_names_of_files(link: str, name: str) -> None:
    assert Link(link).name == name


def test_links_to_files_of_this_computer_are_paths(tmp_path: Path) -> None:
    path = tmp_path / "µ #1%.ome.zip"
    whole_archive(path)
    assert source_path(path.as_uri()) == path
    assert source_path(path.as_uri().replace("file://", "FILE://localhost")) == path
    assert open_image(path.as_uri()).images
    assert open_file(path.as_uri()).size == path.stat().st_size


def test_links_to_files_of_other_computers() -> None:
    with pytest.raises(ArchiveError, match="another computer, server"):
        source_path("file://server/share/x.ozx")


# Secrets

_SECRET = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zs"]), min_size=6)


@given(_SECRET.filter(lambda user: not set(user) & set("/?#")), _SECRET, _SECRET)
def test_secrets_are_shown_nowhere(user: str, password: str, query: str) -> None:
    texts = []
    secrets = [f"u{user}", f"p{password}", f"q{query}"]
    try:
        link = Link(f"https://u{user}:p{password}@a.org/x.ozx?sig=q{query}")
    except LinkError as error:
        texts = [str(error), repr(error)]
    else:
        texts = [str(link), repr(link), link.source, link.name, link.host, f"{link}", f"{[link]}"]
    assert not [secret for secret in secrets for text in texts if secret in text]


def test_links_that_differ_in_their_query_have_other_sources() -> None:
    one, other, public = (Link(f"https://a.org/get{end}") for end in ("?id=1", "?id=2", ""))
    assert len({one.source, other.source, public.source}) == 3
    assert str(one) == str(other) == str(public) == "https://a.org/get"
    assert Link(one.source) == public  # a source that is opened is the link without its query
    assert one.has_secrets
    assert not public.has_secrets
