"""Every process finds the same tests under the same names, which running them in parallel needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent
AT_ANOTHER_TIME = """
import sys
import time

import pytest

now = time.time
time.time = lambda: now() + float(sys.argv[1])
arguments = [sys.argv[2], "--collect-only", "--quiet", "-p", "no:cacheprovider", "-p", "no:xdist"]
sys.exit(pytest.main(arguments))
"""


def test_names_depend_neither_on_the_clock_nor_on_the_order_of_sets() -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", AT_ANOTHER_TIME, shift, str(TESTS)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
            cwd=TESTS.parent,
        )
        for shift, seed in (("0", "1"), ("1000000", "2"))
    ]
    first, second = (
        [line for line in process.communicate(timeout=200)[0].splitlines() if "::" in line]
        for process in processes
    )
    assert len(first) > 1000
    assert first == second
