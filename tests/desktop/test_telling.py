"""A person without a terminal is told something, by what each system has for that.

On macOS and Windows nothing of it was run: what is asked of them is looked at.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from napari_ome_zip.desktop import telling

MESSAGE = 'There is no "such" file: /a\\b & c.ozx'


@pytest.mark.skipif(sys.platform == "win32", reason="a program is a script of the shell")
def test_macos_is_given_the_message_as_an_argument_of_a_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, said = tmp_path / "osascript", tmp_path / "said"
    program.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" > '{said}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(telling, "sys", SimpleNamespace(platform="darwin"))
    assert telling.tell(MESSAGE)
    *script, _, text = said.read_text().splitlines()
    assert text == MESSAGE
    assert script[1::2] == [
        "on run texts",
        "display notification (item 2 of texts) with title (item 1 of texts)",
        "end run",
    ]


def test_windows_shows_a_box_but_for_what_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = []

    def message_box(owner: object, text: str, title: str, flags: int) -> int:
        shown.append((owner, text))
        return 1  # IDOK

    user32 = {"user32": SimpleNamespace(MessageBoxW=message_box)}
    monkeypatch.setattr(telling, "sys", SimpleNamespace(platform="win32"))
    monkeypatch.setattr(telling, "ctypes", SimpleNamespace(WinDLL=user32.__getitem__))
    assert not telling.tell("napari is starting", passing=True)
    assert telling.tell(MESSAGE)
    assert shown == [(None, MESSAGE)]
