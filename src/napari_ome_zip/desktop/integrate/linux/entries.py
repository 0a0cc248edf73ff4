"""The files that a freedesktop.org desktop reads: type, application, previews, icons."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from napari_ome_zip.desktop.icons import archive_svg
from napari_ome_zip.desktop.integrate.environment import OPENER, PREVIEWER, Environment
from napari_ome_zip.desktop.integrate.linux.places import Places
from napari_ome_zip.desktop.integrate.owned_files import OwnedFile
from napari_ome_zip.names import MIME_TYPE

DESKTOP_ID = "napari-ome-zip.desktop"
"""What lists of applications call ours."""

ALIASES = ("application/x-ozx", "application/x-ome-zarr+zip")
"""Other names of the type that are in use."""

TYPE_ICON = MIME_TYPE.replace("/", "-")
"""Name of the icon of archives, as the Shared MIME-info Specification derives it."""

_APPLICATION_ICON = "napari-ome-zip"
_SHELL = "/bin/sh"
_BY_US = "Written by 'ome-zip integrate', which also removes it."
_PLAIN = re.compile(r"[A-Za-z0-9_./+,:=@-]+")
"""What no reader of an entry takes for anything but a letter."""


def owned_files(places: Places, environment: Environment) -> tuple[OwnedFile, ...]:
    """Return all files that are written, as they should be."""
    icon = archive_svg()
    scalable = places.icons / "scalable"
    files = (
        (places.opener, "what a double click starts", launcher(environment)),
        (places.previewer, "what makes a preview", previewing_launcher(environment)),
        (places.mime / "packages" / "napari-ome-zip.xml", "the type of archives", mime_package()),
        (
            places.applications / DESKTOP_ID,
            "the application that opens them",
            desktop_entry(places.opener, environment),
        ),
        (
            places.data / "thumbnailers" / "napari-ome-zip.thumbnailer",
            "the program for previews",
            thumbnailer_entry(places.previewer, environment),
        ),
        (scalable / "mimetypes" / f"{TYPE_ICON}.svg", "the icon of archives", icon),
        (scalable / "apps" / f"{_APPLICATION_ICON}.svg", "the icon of the application", icon),
    )
    return tuple(OwnedFile(path, what, content) for path, what, content in files)


def mime_package() -> bytes:
    """Return the type of archives (Shared MIME-info Specification 0.21).

    It has no magic number, which would be that of every ZIP file, and names match in any case.
    The longer of two patterns wins: ``*.ome.zip`` before ``*.zip``.
    """
    aliases = "".join(f'    <alias type="{alias}"/>\n' for alias in ALIASES)
    return f"""\
<?xml version="1.0" encoding="UTF-8"?>
<!-- {_BY_US} -->
<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">
  <mime-type type="{MIME_TYPE}">
    <comment>OME-Zarr archive</comment>
    <sub-class-of type="application/zip"/>
{aliases}    <icon name="{TYPE_ICON}"/>
    <generic-icon name="{TYPE_ICON}"/>
    <glob pattern="*.ozx"/>
    <glob pattern="*.ome.zip"/>
  </mime-type>
</mime-info>
""".encode()


def desktop_entry(opener: Path, environment: Environment) -> bytes:
    """Return the application (Desktop Entry Specification 1.5), which no menu lists.

    Desktops leave it out once the interpreter is gone (``TryExec``).
    """
    return _entry(
        "Desktop Entry",
        ("Type", "Application"),
        ("Name", "napari (OME-Zarr)"),
        ("Comment", "Opens OME-Zarr archives in napari"),
        ("Exec", command(opener, "%F")),
        ("TryExec", _escaped(str(environment.interpreter))),
        ("Icon", _APPLICATION_ICON),
        ("Terminal", "false"),
        ("NoDisplay", "true"),
        ("StartupWMClass", "napari"),
        ("MimeType", f"{MIME_TYPE};"),
    )


def thumbnailer_entry(previewer: Path, environment: Environment) -> bytes:
    """Return what makes previews, as all file managers of these desktops read it."""
    return _entry(
        "Thumbnailer Entry",
        ("Exec", command(previewer, "%i %o %s")),
        ("TryExec", _escaped(str(environment.interpreter))),
        ("MimeType", f"{MIME_TYPE};"),
    )


def launcher(environment: Environment) -> bytes:
    """Return a script of the shell that starts the interpreter with files to open.

    Entries name it instead of the interpreter: readers differ in what they make of quotes.
    """
    return _script(_started(environment, OPENER, '"$@"'))


def previewing_launcher(environment: Environment) -> bytes:
    """Return the same for previews, which are asked for by file, picture and size.

    PCManFM 1.3 puts the path of the picture into the command without quotes: where the home folder
    has a space in its name, it comes in parts, the first of which may be a file of someone else.
    """
    return _script(
        "file=$1 picture=$2",
        'while [ "$#" -gt 3 ]; do picture="$picture $3"; shift; done',
        _started(environment, PREVIEWER, '"$file" "$picture" "$3"'),
    )


def command(script: Path, fields: str) -> str:
    r"""Return the value of ``Exec`` that runs a script of the shell, whatever its path holds.

    The shell is named, not the script: so it also runs where home folders hold no programs
    (``noexec``), and GLib looks for a program whose name holds no ``%``.

    Examples
    --------
    >>> command(Path("/home/ada/.local/share/napari-ome-zip/open"), "%F")
    '/bin/sh /home/ada/.local/share/napari-ome-zip/open %F'
    >>> command(Path('/home/a "b" 100%/open'), "%F")
    '/bin/sh "/home/a \\\\"b\\\\" 100%%/open" %F'
    """
    path = str(script)
    if not _PLAIN.fullmatch(path):
        # "Quoting must be done by enclosing the argument between double quotes and escaping the
        # double quote character, backtick, dollar sign and backslash by a preceding backslash."
        quoted = re.sub(r'["`$\\]', lambda found: f"\\{found[0]}", path).replace("%", "%%")
        path = _escaped(f'"{quoted}"')
    return f"{_SHELL} {path} {fields}"


def _started(environment: Environment, arguments: Sequence[str], handed_on: str) -> str:
    return f"exec {shlex.join([str(environment.interpreter), *arguments])} {handed_on}"


def _script(*lines: str) -> bytes:
    return os.fsencode("\n".join([f"#!{_SHELL}", f"# {_BY_US}", *lines]) + "\n")


def _entry(heading: str, *values: tuple[str, str]) -> bytes:
    lines = [f"# {_BY_US}", f"[{heading}]", *(f"{key}={value}" for key, value in values)]
    return os.fsencode("\n".join(lines) + "\n")


def _escaped(value: str) -> str:
    """A value of type string, in which a backslash begins an escape."""
    return (
        value.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    )
