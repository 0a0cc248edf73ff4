"""Links to files of this computer as desktops write them, which previews are found by."""

from __future__ import annotations

import os
from urllib.parse import quote

_UNQUOTED = "/!$&'()*+,=:@-._~"
"""What GLib leaves as it is; `pathlib` quotes more, and the digest of a link would be another."""


def file_uri(path: str | os.PathLike[str]) -> str:
    """Return the ``file:`` link of an absolute path, letter for letter as file managers have it.

    Examples
    --------
    >>> file_uri("/data/my cells (1).ozx")
    'file:///data/my%20cells%20(1).ozx'
    """
    return "file://" + quote(os.fsencode(path), safe=_UNQUOTED)
