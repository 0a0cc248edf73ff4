"""The recipe for conda states what pyproject.toml states."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from project_copy import PROJECT, settings

CALLED_BY_CONDA = {"dask": "dask-core"}
"""What has another name there: without its extras, dask is dask-core."""


@pytest.fixture(scope="module")
def recipe() -> dict[str, Any]:
    return yaml.safe_load((PROJECT / "recipe" / "recipe.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return settings()["project"]


def lowest(requirements: list[str]) -> dict[str, str]:
    """Return the lowest version of each package that is required, by its name in conda."""
    found = {}
    for requirement in requirements:
        name, version = re.fullmatch(r"([\w-]+)(?:\[\w+\])? ?>=(\S+)", requirement).groups()
        found[CALLED_BY_CONDA.get(name, name)] = version
    return found


def test_it_requires_what_the_core_requires(
    recipe: dict[str, Any], project: dict[str, Any]
) -> None:
    python, *run = recipe["requirements"]["run"]
    assert python == "python >=${{ python_min }}"
    assert f">={recipe['context']['python_min']}" == project["requires-python"]
    assert lowest(run) == lowest(project["dependencies"])


def test_it_limits_what_the_plugin_tables_and_clouds_need(
    recipe: dict[str, Any], project: dict[str, Any]
) -> None:
    extras = project["optional-dependencies"]
    wanted = lowest([*extras["napari"], *extras["tables"], *extras["cloud"]])
    assert lowest(recipe["requirements"]["run_constraints"]) == wanted


def test_it_builds_with_what_the_project_builds_with(recipe: dict[str, Any]) -> None:
    python, pip, *tools = recipe["requirements"]["host"]
    assert (python, pip) == ("python ${{ python_min }}.*", "pip")
    assert lowest(tools) == lowest(settings()["build-system"]["requires"])


def test_it_offers_the_same_commands(recipe: dict[str, Any], project: dict[str, Any]) -> None:
    commands = [f"{name} = {function}" for name, function in project["scripts"].items()]
    assert recipe["build"]["python"]["entry_points"] == commands


def test_it_describes_the_project_in_the_same_words(
    recipe: dict[str, Any], project: dict[str, Any]
) -> None:
    assert recipe["package"]["name"] == project["name"]
    assert recipe["about"]["summary"] == project["description"]
    assert recipe["about"]["license"] == project["license"]


def test_it_is_for_the_next_release(recipe: dict[str, Any]) -> None:
    fallback = settings()["tool"]["setuptools_scm"]["fallback_version"]
    assert recipe["context"]["version"] == fallback.removesuffix(".dev0")
