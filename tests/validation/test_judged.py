"""Documents by path: Zarr v2 and v3 alike, relative paths, what an array says of itself."""

from __future__ import annotations

import pytest

from napari_ome_zip.validation import JudgedHierarchy
from validation_documents import array, image, labelled


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6"])
def test_zarr_v2_and_v3_say_the_same(version: str) -> None:
    judged = JudgedHierarchy.of(labelled(version))
    assert judged.version == version
    assert judged.is_image("")
    assert judged.is_image("labels/nuclei")
    assert judged.is_group("labels")
    assert not judged.is_image("labels")
    facts = judged.array("labels/nuclei/0")
    assert facts is not None
    assert facts.data_type == {True: "uint16", False: "u2"}[version >= "0.5"]
    assert facts.is_integer


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_floats_are_no_integers(version: str) -> None:
    facts = JudgedHierarchy.of({"0": array(version, [2, 2], "yx", "float32")}).array("0")
    assert facts is not None
    assert not facts.is_integer


def test_folders_without_a_document_exist() -> None:
    judged = JudgedHierarchy.of(image("0.5", at="A/1/0"))
    assert {"", "A", "A/1", "A/1/0", "A/1/0/0"} <= judged.folders
    assert not judged.is_group("A")
    assert not judged.is_group(None)


def test_parents_come_before_children() -> None:
    paths = [*JudgedHierarchy.of(dict(reversed(labelled("0.5").items()))).groups]
    assert paths.index("") < paths.index("labels") < paths.index("labels/nuclei")


def test_a_group_that_states_no_version_is_judged_like_its_hierarchy() -> None:
    judged = JudgedHierarchy.of(labelled("0.1"))
    assert judged.groups["labels"].spec.version == "0.1"
