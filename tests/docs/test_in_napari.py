"""docs/in-napari.md names the commands, preferences, and fields that there are in napari."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from npe2 import PluginManifest

PAGE = (Path(__file__).parents[2] / "docs" / "in-napari.md").read_text("utf-8")
CONTRIBUTIONS = PluginManifest.from_file(str(files("napari_ome_zip") / "napari.yaml")).contributions
EMPHASIZED = {
    words
    for text in re.findall(r"\*([^*\n]+)\*", PAGE.replace("**", ""))
    for words in text.split(" > ")
}
ROW = re.compile(r"^\| \*(.+?)\* \| (.*?) \| ", re.MULTILINE)
SHOWN = {True: "on", False: "off"}


def preferences() -> list[tuple[str, Any]]:
    """Titles of all preferences, with their defaults."""
    return [
        (field.title, field.default)
        for section in CONTRIBUTIONS.configurations.values()
        for field in section.properties.values()
    ]


def rows_of_preferences() -> dict[str, str]:
    """Defaults that the page states, by the titles of preferences."""
    return dict(ROW.findall(PAGE.partition("## Preferences")[2]))


@pytest.mark.parametrize(("title", "default"), preferences())
def test_a_preference_is_listed_with_its_default(title: str, default: Any) -> None:
    shown = SHOWN[default] if isinstance(default, bool) else str(default)
    assert rows_of_preferences()[title] == (shown or "none")


def test_no_other_preference_is_listed() -> None:
    assert set(rows_of_preferences()) == {title for title, _ in preferences()}


def test_every_command_of_the_menus_is_named() -> None:
    titles = {command.id: command.title for command in CONTRIBUTIONS.commands}
    in_menus = {item.command for items in CONTRIBUTIONS.menus.values() for item in items}
    in_help = "napari-ome-zip.documentation"
    assert {titles[each] for each in in_menus - {in_help}} <= EMPHASIZED
