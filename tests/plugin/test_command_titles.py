"""Every command of the plugin in the palette begins with a verb."""

from __future__ import annotations

import pytest

from command_titles import MANIFEST, TITLES

VERBS = {"Check", "Edit", "Open", "Read", "Save", "Show"}


@pytest.mark.parametrize("title", TITLES.values())
def test_a_command_begins_with_a_verb(title: str) -> None:
    assert title.split()[0] in VERBS


def test_titles_and_names_of_a_command_say_the_same() -> None:
    titles = {command.id: command.title for command in MANIFEST.contributions.commands}
    for widget in MANIFEST.contributions.widgets:
        assert titles[widget.command].split()[0] == widget.display_name.split()[0]
