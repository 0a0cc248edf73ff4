"""What commands answer as JSON, against its schema in the documentation."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import napari_ome_zip
from broken_files import BROKEN, entries, write
from documented_files import write_documented_files
from labeled_tables import FEATURES, NGIO, about, labeled, put_anndata
from napari_ome_zip.cli.main import main
from napari_ome_zip.rules import Effect, Severity
from napari_ome_zip.validation import PROFILES
from shared_material import corpus_params

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "answers.schema.json").read_text(encoding="utf-8")
)


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema, without room for members that it does not describe."""
    changed = copy.deepcopy(schema)
    _close(changed)
    return changed


def _close(value: Any) -> None:
    if isinstance(value, dict):
        if "properties" in value:
            value["additionalProperties"] = False
        for inner in value.values():
            _close(inner)


ANSWERS = Draft202012Validator(closed(SCHEMA))


def answers(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    said = capsys.readouterr().out
    assert said.isascii()
    whole = json.loads(said)
    assert [error.message for error in ANSWERS.iter_errors(whole)] == []
    files: list[dict[str, Any]] = whole["files"]
    return files


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_knows_every_severity_effect_and_profile() -> None:
    issue, report = SCHEMA["$defs"]["issue"], SCHEMA["$defs"]["report"]
    assert issue["properties"]["severity"]["enum"] == [*Severity]
    assert issue["properties"]["effect"]["enum"] == [*Effect]
    assert report["properties"]["profile"]["enum"] == [*PROFILES]


def test_every_file_has_an_answer_in_the_order_in_which_it_was_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = write(tmp_path, entries()), tmp_path / "bad.ozx"
    bad.write_bytes(b"")
    assert main(["validate", "--json", str(good), str(bad.with_name("none")), str(bad)]) == 2
    first, second, third = answers(capsys)
    assert (first["valid"], first["kind"], first["issues"]) == (True, "archive", [])
    assert second["failure"]["code"] == "not-found"
    assert "no such file" in second["failure"]["message"]
    assert (third["valid"], third["issues"][0]["code"]) == (False, "file-empty")


def test_every_broken_rule_fits_the_schema(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = []
    for number, broken in enumerate(BROKEN):
        folder = tmp_path / str(number)
        folder.mkdir()
        files.append(str(broken.make(folder)))
    main(["validate", "--json", "--profile", "strict", *files])
    assert len(answers(capsys)) == len(files)


@pytest.mark.parametrize("case", corpus_params())
def test_reports_on_public_samples_fit_the_schema(
    case: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["validate", "--json", "--verbose", str(case["file"])])
    assert len(answers(capsys)) == 1


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("http://127.0.0.1:9/cells.ozx?token=secret", "http://127.0.0.1:9/cells.ozx#"),
        ("gopher://me:secret@host/cells.ozx", "gopher://…"),
    ],
)
def test_a_link_that_leads_nowhere_is_a_failure_without_its_secrets(
    link: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", "--json", link]) == 2
    (only,) = answers(capsys)
    assert only["path"].startswith(shown)
    assert "link" in only["failure"]["code"]
    assert "secret" not in json.dumps(only)


def test_the_answer_names_the_program_and_its_version(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["validate", "--json", str(write(tmp_path, entries()))])
    said = json.loads(capsys.readouterr().out)["program"]
    assert said == f"napari-ome-zip {napari_ome_zip.__version__}"


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
@pytest.mark.parametrize("command", ["validate", "info"])
def test_no_letter_is_lost_on_the_way_whatever_the_encoding(
    command: str, encoding: str, tmp_path: Path
) -> None:
    path = labeled("细胞").archive(tmp_path / "μm – 細胞.ozx")
    done = subprocess.run(
        [sys.executable, "-m", "napari_ome_zip", command, "--json", str(path)],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert done.stdout.isascii()
    (only,) = json.loads(done.stdout)["files"]
    assert only["path"] == str(path)


@pytest.mark.parametrize(("encoding", "shown"), [("ascii", rb"um - \u7d30"), ("cp1252", b"\xb5m")])
def test_text_says_letters_that_a_terminal_has_not_in_another_way(
    encoding: str, shown: bytes, tmp_path: Path
) -> None:
    path = write(tmp_path, entries(), name="µm – 細.ozx")
    done = subprocess.run(
        [sys.executable, "-m", "napari_ome_zip", "validate", str(path)],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert shown in done.stdout


def test_info_fits_the_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    builder = labeled("cells")
    put_anndata(builder, "tables/cells", NGIO | about("cells") | {"backend": "anndata"}, FEATURES)
    path = builder.archive(tmp_path / "cells.ozx")
    assert main(["info", "--json", str(path)]) == 0
    (only,) = answers(capsys)
    assert [table["rows"] for table in only["tables"]] == [5]


@pytest.mark.parametrize("name", ["cells.ozx", "cells.zarr", "plate.ozx", "spots.ozx"])
def test_info_of_files_of_every_kind_fits_the_schema(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_documented_files(tmp_path)
    assert main(["info", "--json", str(tmp_path / name)]) == 0
    assert len(answers(capsys)) == 1
