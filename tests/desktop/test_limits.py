"""Limits of a process that makes previews, seen from within it."""

from __future__ import annotations

import subprocess
import sys

import pytest

resource = pytest.importorskip("resource", reason="Windows has no such limits")

SCRIPT = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, ({soft}, {hard}))
from napari_ome_zip.desktop.limits import limit_process
limit_process()
print(resource.getrlimit(resource.RLIMIT_FSIZE)[0])
"""


MIB = 1 << 20


@pytest.mark.parametrize(
    ("soft", "hard", "expected"),
    [(-1, -1, 16 * MIB), (MIB, -1, MIB), (2 * MIB, 2 * MIB, 2 * MIB), (MIB, 8 * MIB, MIB)],
)
def test_a_lower_limit_stays(soft: int, hard: int, expected: int) -> None:
    script = SCRIPT.format(soft=soft, hard=hard)
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert int(done.stdout) == expected
