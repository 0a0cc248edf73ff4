"""What is published holds all that it has to, and nothing else."""

from __future__ import annotations

import configparser
import re
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from email.message import EmailMessage, Message
from email.parser import Parser
from email.policy import default
from pathlib import Path
from zipfile import ZipFile

import pytest

from project_copy import PROJECT, built, cloned_to, commit, settings, tag, tracked_files

PACKAGE = "src/napari_ome_zip/"
GUIDE = "plugin/documentation/in-napari.md"
SMALLEST = (
    *("LICENSE", "docs/in-napari.md", "pyproject.toml", "setup.cfg", "setup.py"),
    *(f"{PACKAGE}{name}__init__.py" for name in ("", "plugin/", "plugin/documentation/")),
)
SOURCE = "https://example.org/someone/project"


@dataclass(frozen=True)
class Published:
    """A source distribution and the wheel that was built of it."""

    source: Path
    wheel: Path

    def names_in_source(self) -> set[str]:
        with tarfile.open(self.source) as archive:
            return {
                member.name.split("/", 1)[1] for member in archive.getmembers() if member.isfile()
            }

    def names_in_wheel(self) -> set[str]:
        with ZipFile(self.wheel) as archive:
            return set(archive.namelist())

    def read_of_wheel(self, ending: str) -> str:
        with ZipFile(self.wheel) as archive:
            (name,) = (name for name in archive.namelist() if name.endswith(f".dist-info/{ending}"))
            return archive.read(name).decode()

    def metadata(self) -> Message:
        return Parser(EmailMessage, policy=default).parsestr(self.read_of_wheel("METADATA"))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    project = cloned_to(tmp_path_factory.mktemp("project"))
    state_address(project, "")
    return Published(*built(project, tmp_path_factory.mktemp("built")))


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """A release of a project that has an address, and little else."""
    project = cloned_to(tmp_path_factory.mktemp("project"), *SMALLEST)
    state_address(project, f'[project.urls]\nSource = "{SOURCE}"\n')
    (project / "README.md").write_text(
        "![A plate](docs/images/plate.png) and [how](docs/format.md) <img src='x'>\n"
        '<img width="100" src="docs/images/drop.gif"> [![Small](a.png)](docs/large.png)\n'
        "[elsewhere](https://napari.org) [below](#below) ![far](https://example.com/a.png)\n",
        encoding="utf-8",
    )
    commit(project)
    tag(project, "v7.1.2")
    return Published(*built(project, tmp_path_factory.mktemp("built")))


def state_address(project: Path, table: str) -> None:
    """Put a table of addresses in the place of the one that is there, if any."""
    path = project / "pyproject.toml"
    text = re.sub(r"^\[project\.urls\]\n([^\[].*\n|\n)*", "", path.read_text("utf-8"), flags=re.M)
    path.write_text(f"{text}\n{table}", encoding="utf-8")


def test_source_distribution_has_every_file_of_the_project(published: Published) -> None:
    assert tracked_files() - published.names_in_source() == set()


def test_source_distribution_has_besides_only_what_building_writes(published: Published) -> None:
    more = published.names_in_source() - tracked_files()
    assert {name for name in more if ".egg-info/" not in name} == {"PKG-INFO", "setup.cfg"} & more


def test_wheel_has_the_package_with_its_guide_and_nothing_else(published: Published) -> None:
    package = {name.removeprefix("src/") for name in tracked_files() if name.startswith(PACKAGE)}
    assert "napari_ome_zip/napari.yaml" in package
    names = {name for name in published.names_in_wheel() if ".dist-info/" not in name}
    assert names == {*package, f"napari_ome_zip/{GUIDE}"}


def test_wheel_runs_on_every_system(published: Published) -> None:
    assert published.wheel.name.endswith("-py3-none-any.whl")


def test_wheel_offers_the_command_and_the_manifest(published: Published) -> None:
    entry_points = configparser.ConfigParser()
    entry_points.read_string(published.read_of_wheel("entry_points.txt"))
    assert {section: dict(entry_points[section]) for section in entry_points.sections()} == {
        "console_scripts": {"ome-zip": "napari_ome_zip.cli.main:main"},
        "napari.manifest": {"napari-ome-zip": "napari_ome_zip:napari.yaml"},
    }


def test_metadata_says_what_an_index_shows(published: Published) -> None:
    metadata = published.metadata()
    assert metadata["Name"] == "napari-ome-zip"
    assert metadata["License-Expression"] == "BSD-3-Clause"
    assert metadata["Requires-Python"] == ">=3.12"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert "Framework :: napari" in metadata.get_all("Classifier", [])


def test_core_requires_no_napari(published: Published) -> None:
    required = [
        line for line in published.metadata().get_all("Requires-Dist", []) if "extra ==" not in line
    ]
    assert sorted(required) == sorted(settings()["project"]["dependencies"])
    assert not [line for line in required if line.startswith(("napari", "npe2", "qtpy"))]


@pytest.mark.parametrize("command", ["twine check --strict", "check_wheel_contents"])
def test_other_tools_find_nothing_wrong(published: Published, command: str) -> None:
    module, *arguments = command.split()
    pytest.importorskip(module, reason=f"{module} is not installed")
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments, published.wheel],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_readme_stays_as_it_is_without_an_address(published: Published) -> None:
    description = published.metadata().get_payload()
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert description.strip() == readme.strip()


def test_readme_of_a_release_leads_to_the_files_of_its_tag(release: Published) -> None:
    files, pictures = f"{SOURCE}/blob/v7.1.2", f"{SOURCE}/raw/v7.1.2"
    assert release.metadata()["Version"] == "7.1.2"
    assert release.metadata().get_payload().strip().splitlines() == [
        f"![A plate]({pictures}/docs/images/plate.png) and [how]({files}/docs/format.md) "
        "<img src='x'>",
        f'<img width="100" src="{pictures}/docs/images/drop.gif"> '
        f"[![Small]({pictures}/a.png)]({files}/docs/large.png)",
        "[elsewhere](https://napari.org) [below](#below) ![far](https://example.com/a.png)",
    ]
