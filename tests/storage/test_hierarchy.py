"""Documents of a hierarchy, by path."""

from __future__ import annotations

import json
import posixpath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hierarchy_builder import HierarchyBuilder, ramp
from napari_ome_zip.errors import MetadataError
from napari_ome_zip.storage import MappingStore
from napari_ome_zip.storage.hierarchy import MAX_DEPTH, Hierarchy, join, natural_key

GROUP = b'{"zarr_format": 3, "node_type": "group"}'


def hierarchy(entries: dict[str, bytes]) -> Hierarchy:
    return Hierarchy(MappingStore(entries))


segments = st.sampled_from(["a", "b", "..", ".", ""])
paths = st.lists(segments, max_size=5).map("/".join)


class TestJoin:
    @given(st.lists(st.sampled_from("ab"), max_size=3).map("/".join), paths)
    def test_it_agrees_with_an_independent_implementation(self, base: str, relative: str) -> None:
        found = join(base, relative)
        start = "/root" if relative.startswith("/") else f"/root/{base}"
        joined = posixpath.normpath(f"{start}/{relative}")
        if found is not None:
            assert posixpath.normpath(f"/root/{found}") == joined

    @pytest.mark.parametrize(
        ("base", "relative", "expected"),
        [
            ("a/labels/b", "../../", "a"),
            ("a", "..", ""),
            ("a", "../..", None),
            ("", "..", None),
            ("a", "../../a", None),
            ("a/b", "/c", "c"),
            ("A/1", "/0", "0"),
            ("A/1", "/", ""),
            ("A/1", "/..", None),
            ("A/1", "//0", "0"),
            ("A/1", "./0/", "A/1/0"),
            ("", "../b/../..", None),
            ("a", "./b//c/", "a/b/c"),
            ("", "", ""),
        ],
    )
    def test_examples(self, base: str, relative: str, expected: str | None) -> None:
        assert join(base, relative) == expected


class TestChildren:
    def test_they_are_whole_paths_in_natural_order(self) -> None:
        names = ["", "a", "a/10", "a/9", "a/9/labels", "a/b", "ab", "a/9/labels/x"]
        found = hierarchy({f"{n}/zarr.json".lstrip("/"): GROUP for n in names})
        assert found.child_groups("") == ("a", "ab")
        assert found.child_groups("a") == ("a/9", "a/10", "a/b")
        assert found.child_groups("a/9/labels") == ("a/9/labels/x",)
        assert found.child_groups("nowhere") == ()

    def test_a_folder_without_a_document_of_its_own_is_a_child(self) -> None:
        found = hierarchy({"zarr.json": GROUP, "a/b/zarr.json": GROUP})
        assert found.child_groups("") == ("a",)
        assert found.child_groups("a") == ("a/b",)

    def test_nesting_without_end_is_not_followed(self) -> None:
        deep = "/".join("a" * 5000)
        found = hierarchy({"zarr.json": GROUP, f"{deep}/zarr.json": GROUP})
        path, depth = "", 0
        while found.child_groups(path):
            (path,) = found.child_groups(path)
            depth += 1
        assert depth <= MAX_DEPTH

    @given(st.lists(st.integers(0, 10**6), unique=True))
    def test_numbers_sort_as_numbers(self, numbers: list[int]) -> None:
        names = sorted((str(number) for number in numbers), key=natural_key)
        assert names == [str(number) for number in sorted(numbers)]

    @given(st.lists(st.text(max_size=4)))
    def test_any_names_can_be_sorted(self, names: list[str]) -> None:
        assert len(sorted(names, key=natural_key)) == len(names)


class TestNodes:
    @pytest.mark.parametrize("zarr_format", [2, 3])
    def test_groups_and_arrays_are_told_apart(self, zarr_format: int) -> None:
        builder = HierarchyBuilder(zarr_format).group(multiscales=[]).array("0", ramp((2, 2)))
        found = hierarchy(builder.entries)
        root, array = found.node(""), found.node("0")
        assert root is not None
        assert array is not None
        assert (root.kind, root.zarr_format) == ("group", zarr_format)
        assert (array.kind, array.document["shape"]) == ("array", [2, 2])
        assert "multiscales" in str(dict(root.attributes))
        assert found.node("1") is None

    def test_where_both_formats_are_the_newer_one_counts(self) -> None:
        found = hierarchy({"zarr.json": GROUP, ".zgroup": b'{"zarr_format": 2}'}).node("")
        assert found is not None
        assert found.zarr_format == 3

    @pytest.mark.parametrize("attributes", [None, 5, "x", []])
    def test_attributes_that_are_no_object_are_none(self, attributes: Any) -> None:
        document = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
        found = hierarchy({"zarr.json": json.dumps(document).encode()}).node("")
        assert found is not None
        assert found.attributes == {}

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "not valid JSON"),
            (b"{", "not valid JSON"),
            (b"\xff\xfe", "not valid JSON"),
            (b"[" * 100_000, "not valid JSON"),
            (b"[]", "holds a JSON list"),
            (b"null", "holds a JSON NoneType"),
            (b"{}", "node_type is None"),
            (b'{"node_type": ["group"]}', "node_type is"),
        ],
    )
    def test_a_document_that_cannot_be_used_is_named(self, content: bytes, said: str) -> None:
        with pytest.raises(MetadataError, match=f"^a/zarr.json .*{said}"):
            hierarchy({"a/zarr.json": content}).node("a")


class TestConsolidated:
    def entries(self, **changes: Any) -> dict[str, bytes]:
        builder = HierarchyBuilder().group().array("0", ramp((2, 2)))
        copy = json.loads(builder.entries["0/zarr.json"]) | changes
        metadata = {"kind": "inline", "metadata": {"0": copy}}
        return builder.edit("zarr.json", consolidated_metadata=metadata).entries

    def test_a_copy_that_agrees_is_not_mentioned(self) -> None:
        assert not hierarchy(self.entries()).consolidated_findings()
        assert not hierarchy(self.entries(attributes={"old": 1})).consolidated_findings()

    def test_a_copy_that_differs_is_named(self) -> None:
        (finding,) = hierarchy(self.entries(shape=[9, 9])).consolidated_findings()
        assert "'0'" in finding.message

    @pytest.mark.parametrize("odd", [5, {}, {"metadata": 5}, {"metadata": {"0": 5}}, [1]])
    def test_odd_copies_do_no_harm(self, odd: Any) -> None:
        builder = HierarchyBuilder().group().array("0", ramp((2, 2)))
        builder.edit("zarr.json", consolidated_metadata=odd)
        assert len(hierarchy(builder.entries).consolidated_findings()) <= 1
