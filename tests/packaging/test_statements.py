"""Files that state the same thing of the project agree."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any

import pytest
import yaml

from project_copy import PROJECT, settings

PYTHON = re.compile(r"Programming Language :: Python :: (3\.\d+)")


def read_yaml(name: str) -> Any:
    return yaml.safe_load((PROJECT / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return settings()["project"]


@pytest.fixture(scope="module")
def citation() -> dict[str, Any]:
    return read_yaml("CITATION.cff")


@pytest.fixture(scope="module")
def matrix() -> dict[str, list[str]]:
    """What the tests are run on in each combination."""
    workflow = read_yaml(".github/workflows/tests.yml")
    return workflow["jobs"]["tests"]["strategy"]["matrix"]


def test_the_citation_is_of_the_last_release(citation: dict[str, Any]) -> None:
    changes = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    version, date = re.search(r"^## (\d[\w.]*) \((\d{4}-\d\d-\d\d)\)$", changes, re.M).groups()
    assert (citation["version"], str(citation["date-released"])) == (version, date)


def test_the_citation_names_the_project_as_its_metadata_do(
    citation: dict[str, Any], project: dict[str, Any]
) -> None:
    assert citation["title"].startswith(project["name"])
    assert citation["license"] == project["license"]
    assert citation["authors"] == project["authors"]


def test_every_file_names_the_same_repository(
    citation: dict[str, Any], project: dict[str, Any]
) -> None:
    named = project.get("urls", {}).get("Source")
    assert citation.get("repository-code") == named
    assert read_yaml("recipe/recipe.yaml")["about"].get("repository") == named


def test_the_hub_shows_what_the_metadata_say(project: dict[str, Any]) -> None:
    hub = read_yaml(".napari-hub/config.yml")
    assert hub["summary"] == project["description"]
    assert hub["authors"] == project["authors"]


def test_every_version_of_python_that_is_claimed_is_tested(
    matrix: dict[str, list[str]], project: dict[str, Any]
) -> None:
    claimed = {found[1] for found in map(PYTHON.fullmatch, project["classifiers"]) if found}
    assert claimed <= set(matrix["python"])
    assert project["requires-python"] == f">={min(claimed)}"


def test_the_icon_of_the_manifest_is_installed_with_the_package() -> None:
    package, name = read_yaml("src/napari_ome_zip/napari.yaml")["icon"].split(":")
    assert files(package).joinpath(name).read_text(encoding="utf-8").startswith("<svg")
