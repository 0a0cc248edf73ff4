"""The shape of what is answered as JSON, for programs: the same whatever is asked.

The schema is ``docs/answers.schema.json``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from napari_ome_zip.version import program

FORMAT = 1
"""Number of this shape. It changes when a program that reads it would be misled."""

type Answer = dict[str, Any]
"""What is answered about one file."""


def answers_json(files: Sequence[Answer], **more: str) -> str:
    r"""Return answers on files as JSON, in ASCII alone: nothing on the way can change a character.

    Parameters
    ----------
    files : sequence of dict
        What was found in each file, in the order they were named.
    **more : str
        What else is said of all of them, such as when they were checked.

    Examples
    --------
    >>> found = json.loads(answers_json([{"path": "µm.ozx"}]))
    >>> found["format"], found["files"]
    (1, [{'path': 'µm.ozx'}])
    >>> answers_json([{"path": "µm.ozx"}]).isascii()
    True
    """
    whole = {"format": FORMAT, "program": program(), **more, "files": list(files)}
    return json.dumps(whole, indent=2) + "\n"
