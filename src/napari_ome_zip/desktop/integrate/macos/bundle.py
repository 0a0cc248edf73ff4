"""What the application bundle is made of, as data."""

from __future__ import annotations

import shlex
from typing import Any

from napari_ome_zip.desktop.integrate.environment import OPENER, Environment
from napari_ome_zip.names import MIME_TYPE

BUNDLE_NAME = "napari OME-Zarr.app"
IDENTIFIER = "org.napari-ome-zip.opener"
TYPE_IDENTIFIER = "org.napari-ome-zip.archive"
"""The uniform type identifier (UTI) of archives, which this bundle declares."""

LAUNCHER = "open"
ICON = "archive"
"""Names of files among the bundle's resources, the second without its ending."""

_INTERPRETER = "NapariOmeZipInterpreter"
_FOLDER_MADE = "NapariOmeZipFolderMade"

SCRIPT = f"""\
on open theFiles
    set theArguments to ""
    repeat with theFile in theFiles
        set thePath to POSIX path of (contents of theFile)
        set theArguments to theArguments & space & quoted form of thePath
    end repeat
    set theLauncher to POSIX path of (path to me) & "Contents/Resources/{LAUNCHER}"
    do shell script "/bin/sh " & quoted form of theLauncher & theArguments & " >/dev/null 2>&1 &"
end open

on run
    display dialog "Double click an archive (.ozx) to open it in napari." buttons {{"OK"}}
end run
"""
"""AppleScript: Finder hands files over as an event, which no program of a shell would see."""


def launcher(environment: Environment) -> bytes:
    """Return the script of the shell that starts the interpreter."""
    words = shlex.join([str(environment.interpreter), *OPENER])
    return f'#!/bin/sh\nexec {words} "$@"\n'.encode()


def info(environment: Environment, *, folder_made: bool) -> dict[str, Any]:
    """Return what the bundle says of itself (Information Property List).

    Parameters
    ----------
    environment : Environment
        What opens archives.
    folder_made : bool
        Whether the folder of the bundle was made for it, and goes with it.
    """
    return {
        "CFBundleIdentifier": IDENTIFIER,
        "CFBundleName": "napari OME-Zarr",
        "CFBundleIconFile": ICON,
        "CFBundleDocumentTypes": [
            _document(TYPE_IDENTIFIER, "OME-Zarr archive", "Owner", CFBundleTypeIconFile=ICON),
            # Names that end in .ome.zip are of this type. "Open With" offers it, nothing more.
            _document("public.zip-archive", "ZIP archive", "Alternate"),
        ],
        "UTExportedTypeDeclarations": [
            {
                "UTTypeIdentifier": TYPE_IDENTIFIER,
                "UTTypeDescription": "OME-Zarr archive",
                "UTTypeConformsTo": ["public.zip-archive", "public.data"],
                "UTTypeIconFile": ICON,
                "UTTypeTagSpecification": {
                    "public.filename-extension": ["ozx"],
                    "public.mime-type": [MIME_TYPE],
                },
            }
        ],
        _INTERPRETER: str(environment.interpreter),
        _FOLDER_MADE: folder_made,
    }


def is_ours(found: dict[str, Any]) -> bool:
    """Whether a bundle that says this of itself was made by us."""
    return found.get("CFBundleIdentifier") == IDENTIFIER


def interpreter_of(found: dict[str, Any]) -> str:
    """Return the interpreter that a bundle of ours starts."""
    return str(found.get(_INTERPRETER, ""))


def folder_was_made(found: dict[str, Any]) -> bool:
    """Whether the folder of a bundle of ours was made for it."""
    return found.get(_FOLDER_MADE) is True


def _document(identifier: str, name: str, rank: str, **more: str) -> dict[str, Any]:
    return {
        "CFBundleTypeName": name,
        "CFBundleTypeRole": "Viewer",
        "LSHandlerRank": rank,
        "LSItemContentTypes": [identifier],
        **more,
    }
