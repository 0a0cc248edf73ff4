"""What ``ome-zip validate`` writes, how much of it, and by which profile it judges."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from broken_files import array, entries, entry, root, write
from napari_ome_zip.cli.main import main
from zipbuilder import DEFLATE, ome_comment


@pytest.fixture
def junky(tmp_path: Path) -> Path:
    """An archive of which one rule is broken in 30 places."""
    listed = [*entries(), *(entry(f"0/._{n}", b"!") for n in range(30))]
    return write(tmp_path, listed, name="junky.ozx")


@pytest.fixture
def nameless(tmp_path: Path) -> Path:
    """An archive of which one rule is broken by nine different things, each in a place."""
    document = root()
    image = document["attributes"]["ome"]["multiscales"][0]
    names = "abcdefghi"
    image["axes"] = [{"name": name, "type": "space"} for name in "yx"]
    document["attributes"]["ome"]["omero"] = {
        "channels": [
            {
                "label": n,
                "color": f"no color {n}",
                "active": True,
                "window": dict.fromkeys(("min", "max", "start", "end"), 0) | {"end": 1, "max": 1},
            }
            for n in names
        ]
    }
    return write(tmp_path, [entry("zarr.json", document), *entries()[1:]], name="nameless.ozx")


@pytest.fixture
def compressed(tmp_path: Path) -> Path:
    listed = entries()
    listed[2].method = DEFLATE
    return write(tmp_path, listed, name="compressed.ozx")


def test_what_breaks_one_rule_is_one_paragraph_with_one_remedy(
    nameless: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["validate", str(nameless)])
    text = capsys.readouterr().out
    assert text.count("omero-color-invalid") == 1
    paragraph = text[text.index("ERROR omero-color-invalid (9 times)") :].split("\n\n")[0]
    assert paragraph.count("remedy:") == 1
    assert paragraph.count("found:") == 5
    assert "and 4 more" in paragraph


def test_verbose_tells_every_message_and_every_place(
    nameless: Path, junky: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["validate", "--verbose", str(nameless), str(junky)])
    text = capsys.readouterr().out
    assert all(f"no color {n}" in text for n in "abcdefghi")
    assert all(f"0/._{n}" in text for n in range(30))
    assert " more" not in text


def test_without_it_the_first_places_are_told_and_the_others_counted(
    junky: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["validate", str(junky)])
    text = capsys.readouterr().out
    assert "0/._0; 0/._1; 0/._2; 0/._3; 0/._4; and 25 more" in text
    assert "0/._5" not in text


def test_quiet_is_one_line_for_each_file(
    junky: Path, compressed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", "--quiet", "--deep", str(junky), str(compressed)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{junky}: Valid OME-Zarr 0.5: 30 warnings",
        f"{compressed}: Valid OME-Zarr 0.5: 1 warning",
    ]


def test_json_tells_as_many_places_as_text(junky: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["validate", "--json", str(junky)])
    (few,) = json.loads(capsys.readouterr().out)["files"][0]["issues"]
    main(["validate", "--json", "--verbose", str(junky)])
    (all_of_them,) = json.loads(capsys.readouterr().out)["files"][0]["issues"]
    assert [few["count"], len(few["also"])] == [30, 4]
    assert [place["entry"] for place in all_of_them["also"]] == [f"0/._{n}" for n in range(1, 30)]


@pytest.mark.parametrize("options", [["--quiet", "--verbose"], ["--quiet", "--json"]])
def test_what_contradicts_itself_is_refused(
    options: list[str], junky: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = main(["validate", *options, str(junky)])
    except SystemExit as stopped:
        status = stopped.code  # type: ignore[assignment]
    said = capsys.readouterr()
    assert (status, said.out) == (2, "")
    assert all(option in said.err for option in options)


def test_a_profile_decides_what_is_an_error_and_so_the_exit_status(
    compressed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("rfc9", "strict", "fast-to-read")
    assert [main(["validate", "--profile", name, str(compressed)]) for name in asked] == [0, 1, 1]
    said = capsys.readouterr().out
    assert [said.count(f"{word} zip-compression") for word in ("WARNING", "ERROR")] == [1, 2]
    assert "Not strictly valid OME-Zarr 0.5: 1 error" in said


def test_strict_counts_warnings_of_any_profile_and_changes_no_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(write(tmp_path, entries(), comment=ome_comment("0.5")))
    fast = ["validate", "--profile", "fast-to-read", path]
    assert main(fast) == 0
    before = capsys.readouterr().out
    assert main([*fast, "--strict"]) == 1
    assert capsys.readouterr().out == before
    assert "Fast-to-read OME-Zarr 0.5: 1 warning" in before


def test_a_profile_that_there_is_not_is_refused_with_those_there_are(
    junky: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["validate", "--profile", "lenient", str(junky)])
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert all(name in said for name in ("lenient", "rfc9", "strict", "fast-to-read"))


def test_the_summary_speaks_as_the_profile_does(
    junky: Path, compressed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["validate", "--profile", "fast-to-read", str(junky), str(compressed)])
    last = capsys.readouterr().out.rstrip().rpartition("\n")[2]
    assert last == "2 files: 1 fast-to-read, 1 not fast-to-read"


def test_our_own_ending_is_greeted_without_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(write(tmp_path, entries(), name="cells.ome.zip"))
    assert main(["validate", "--strict", path]) == 0
    assert "Valid OME-Zarr 0.5: 1 for information" in capsys.readouterr().out


def test_a_thousand_faults_are_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    documents = [entry(f"{n}/zarr.json", array()) for n in range(1000)]
    main(["validate", str(write(tmp_path, [entry("zarr.json", root()), *documents]))])
    assert len(capsys.readouterr().out.splitlines()) < 60
