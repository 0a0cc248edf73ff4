"""Work over a file that is killed at each of its moments in turn, not at random ones."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

RUN = """
import os
import signal
import sys

path = sys.argv[1]
folder = os.path.dirname(path)

{setup}


def work_until(last):
    passed = iter(range(last))

    def moment(*_):
        if next(passed, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    def is_near(place):
        return isinstance(place, (str, os.PathLike)) and os.fspath(place).startswith(folder)

    sys.addaudithook(lambda _, about: moment() if any(map(is_near, about)) else None)
    work(moment)
    os._exit(0)


last = 0
while sys.stdin.readline():  # one line, one piece of work
    child = os.fork() or work_until(last)
    print("done" if os.waitpid(child, 0)[1] == 0 else "killed", flush=True)
    last += 1
"""


def ends_of_killed_work[T](setup: str, path: Path, found: Callable[[], T]) -> list[tuple[str, T]]:
    """Return how each piece of work ended, and what was found then in place of the file.

    ``setup`` defines ``work(moment)``, which writes to ``path`` and calls ``moment`` in between.
    The first is killed at its first moment, each next one a moment later, until one is done. A
    moment is also whatever is done with the folder or a file in it: open, rename, remove. Each
    piece of work meets the file as it was before the first.
    """
    old = path.read_bytes()
    ends: list[tuple[str, T]] = []
    command = [sys.executable, "-c", RUN.format(setup=setup), str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        while not ends or ends[-1][0] == "killed":
            path.write_bytes(old)
            process.stdin.write("\n")
            process.stdin.flush()
            ends.append((process.stdout.readline().strip(), found()))
        process.stdin.close()
    return ends
