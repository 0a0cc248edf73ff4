"""Container rules: the corpus' independent verdicts, and what is no reason to complain."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from broken_files import entries, entry, write
from napari_ome_zip.errors import ArchiveError
from napari_ome_zip.rules import Severity
from napari_ome_zip.validation.container import refusal
from napari_ome_zip.validation.container_order import late_document
from napari_ome_zip.validation.validate import validate
from shared_material import CORPUS, NEXT, corpus_params, params_in
from zipbuilder import DATA_DESCRIPTOR, ome_comment

# What the corpus' independent parser says, in our codes: any of them says the same.
SAME = {
    "no-root-zarr.json": {
        "archive-empty",
        "archive-in-archive",
        "no-hierarchy",
        "root-in-folder",
        "root-missing",
        "root-zarr-v2",
        "several-hierarchies",
    },
    "root-not-ome-zarr": {"ome-content-missing"},
    "root-zarr.json-unreadable": {
        "document-damaged",
        "document-is-pointer",
        "encrypted-entries",
    },
    "jsonFirst-claim-false": {"json-first-untrue"},
    "multi-part": {"archive-split"},
    "empty-archive": {"archive-empty"},
    "encrypted": {"encrypted-entries"},
    "not-a-zip": {"not-a-zip"},
    "embedded-archive": {"archive-in-archive"},
    "by author": {"second-hierarchy"},
    "truncated": {"archive-incomplete"},
    "empty-file": {"file-empty"},
    "extension-not-ozx": {"name-not-ozx", "name-ome-zip"},
    "no-zip64": {"no-zip64"},
    "no-comment": {"comment-missing"},
    "root-not-first": {"root-not-first"},
    "json-not-first-breadth-first": {"documents-not-first"},
    "unsharded-arrays": {"arrays-unsharded"},
    "duplicate-entries": {"repeated-entries"},
    "zip-compression": {"zip-compression"},
    "comment-not-conforming": {"comment-not-json", "comment-without-version"},
    "comment-version-not-string": {"comment-without-version"},
}
_CODES = set().union(*SAME.values()) - {"ome-content-missing"}

# Where we judge otherwise, and why.
OTHERWISE = {
    # The signature of an end record in the comment leads that parser to an empty archive.
    "quirks/comment_contains_eocd_signature": {"comment-not-json"},
    # .OZX is .ozx: names of files are compared regardless of case.
    "quirks/uppercase_extension": set(),
    # One part of several cannot be judged further.
    "quirks/split_last_part_as_ozx": {"archive-split"},
    "ozx-tck/error-multipart": {"archive-split", "name-not-ozx"},
}


@pytest.mark.parametrize("case", params_in(CORPUS))
def test_the_verdict_on_the_container_is_that_of_the_corpus(case: dict[str, Any]) -> None:
    found = {issue.code for issue in validate(case["file"]).issues}
    if case["id"] in OTHERWISE:
        assert found & _CODES == OTHERWISE[case["id"]]
        return
    verdict = case["rfc9"]
    said = [*verdict["must_violations"], *verdict["should_violations"]]
    expected = [SAME[text.partition(":")[0].partition(" (")[0]] for text in said]
    assert all(found & codes for codes in expected)
    assert found & _CODES <= set().union(*expected)


@pytest.mark.parametrize("case", params_in(NEXT))
def test_the_verdict_on_containers_of_the_next_versions_is_as_they_were_made(
    case: dict[str, Any],
) -> None:
    found = {issue.code: issue for issue in validate(case["file"]).issues}
    verdict = case["rfc9"]
    errors = {code for code in found.keys() & _CODES if found[code].severity is Severity.ERROR}
    assert bool(errors) == (verdict["verdict"] == "error")
    assert all(errors & SAME[said] for said in verdict["must_violations"])
    # What made that verdict looked for ZIP64 in directories alone, and at neither names nor shards.
    assert verdict["should_violations"] in ([], ["no-zip64"])
    assert has_zip64(case["file"]) == ("no-zip64" not in found)
    assert bool(found.keys() & {"name-not-ozx", "name-ome-zip"}) == (case["file"].suffix != ".ozx")


def has_zip64(path: Path) -> bool:
    """Whether the first local header of an archive has a ZIP64 field (APPNOTE 4.5.3)."""
    with path.open("rb") as file:
        lengths = struct.unpack("<2H", file.read(30)[26:])
        return file.read(sum(lengths))[lengths[0] :].startswith(b"\x01\x00")


@pytest.mark.parametrize("case", params_in(CORPUS))
def test_unsharded_arrays_are_counted_as_in_the_corpus(case: dict[str, Any]) -> None:
    said = [s for s in case["rfc9"]["should_violations"] if s.startswith("unsharded-arrays:")]
    found = [i.count for i in validate(case["file"]).issues if i.code == "arrays-unsharded"]
    assert found == [int(text.partition(":")[2]) for text in said]


@pytest.mark.parametrize("case", corpus_params("ozx-tck"))
def test_the_compatibility_kit_gets_its_verdict(case: dict[str, Any]) -> None:
    report = validate(case["file"])
    rfc = [issue for issue in report.issues if issue.rule.startswith("RFC-9")]
    errors = {i.code for i in rfc if i.severity == "error"}
    assert bool(errors) == (case["rfc9"]["verdict"] == "error")


def codes(path: Path) -> set[str]:
    return {issue.code for issue in validate(path).issues}


def test_capital_letters_in_the_ending_are_no_other_name(tmp_path: Path) -> None:
    assert codes(write(tmp_path, entries(), name="CELLS.OZX")) == set()


@pytest.mark.parametrize("name", ["cells.ome.zip", "CELLS.OME.ZIP"])
def test_the_other_name_of_single_images_is_an_information(name: str, tmp_path: Path) -> None:
    (issue,) = validate(write(tmp_path, entries(), name=name)).issues
    assert (issue.code, issue.severity) == ("name-ome-zip", "info")


@pytest.mark.parametrize("name", ["cells.zip", "cells.ome.zarr.zip", "cells", "ome.zip"])
def test_any_other_name_is_a_warning(name: str, tmp_path: Path) -> None:
    (issue,) = validate(write(tmp_path, entries(), name=name)).issues
    assert (issue.code, issue.severity) == ("name-not-ozx", "warning")


def test_folders_and_data_descriptors_are_no_reason_to_complain(tmp_path: Path) -> None:
    streamed = entries()
    streamed[2].flags = DATA_DESCRIPTOR
    streamed[2].zip64_local = False
    path = write(tmp_path, [*streamed, entry("0/c/", b"")])
    assert codes(path) == set()


def test_zip64_in_local_headers_alone_counts(tmp_path: Path) -> None:
    listed = entries()
    for each in listed:
        each.zip64_central = False
    assert codes(write(tmp_path, listed, zip64_end=False)) == set()


def test_no_promise_of_order_is_no_reason_to_complain(tmp_path: Path) -> None:
    assert codes(write(tmp_path, entries(), comment=ome_comment("0.5"))) == set()


def test_many_equal_faults_are_one_issue_with_their_number(tmp_path: Path) -> None:
    junk = [entry(f"0/._{n}", b"!") for n in range(50)]
    (issue,) = validate(write(tmp_path, [*entries(), *junk])).issues
    assert (issue.code, issue.count) == ("junk-files", 50)
    assert [place.entry for place in issue.places] == [f"0/._{n}" for n in range(50)]


def test_a_refusal_of_a_new_kind_is_an_error_all_the_same() -> None:
    issue = refusal(ArchiveError("Odd."))
    assert (issue.code, issue.severity, issue.message) == ("archive-unusable", "error", "Odd.")


@pytest.mark.parametrize(
    ("names", "late"),
    [
        (["zarr.json", "a/zarr.json", "b/zarr.json", "a/0/zarr.json", "a/0/c/0"], None),
        (["zarr.json", "a/zarr.json", "a/0/zarr.json", "b/zarr.json"], "b/zarr.json"),
        (["zarr.json", "a/foozarr.json", "b/zarr.json"], "b/zarr.json"),
        (["zarr.json", "foozarr.json"], None),
        (["zarr.json", "0/zarr.json", "0/c/0", "._zarr.json", "__MACOSX/zarr.json"], None),
        ([], None),
    ],
)
def test_documents_come_first_and_breadth_first(names: list[str], late: str | None) -> None:
    assert late_document(names) == late
