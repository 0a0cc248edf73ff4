"""Limits that a process sets on itself before it looks at a file that nobody chose to open.

They hold whatever the file makes of the program, or of the libraries that decode it: the system
ends a process that goes beyond them, without a word.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

MEMORY_BYTES = 448 << 20
"""What a process may write to in memory: with the libraries that it loads, less than 500 MB."""

WRITTEN_BYTES = 16 << 20
"""Size of a file that it writes."""

SECONDS_IN_ALL = 60
"""By the clock, such as for a file on a server that does not answer; a busy computer takes many."""

_STACK_BYTES = 1 << 20
_NICE = 10
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLOSC_NTHREADS")


def limit_process() -> None:
    """Limit memory, the size of files, time by the clock, and threads; no file keeps a core.

    To be called before numpy is imported, whose threads would count. Windows has no such limits.
    """
    for variable in _THREADS:
        os.environ[variable] = "1"
    # Of a machine with many cores the stacks of its threads would take all of the memory.
    threading.stack_size(_STACK_BYTES)
    if sys.platform == "win32":
        return
    import resource  # which Windows has not

    os.nice(_NICE)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, WRITTEN_BYTES)
    # Not the addresses: libraries reserve much that they never use.
    _limit(resource.RLIMIT_DATA, MEMORY_BYTES)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(SECONDS_IN_ALL)


def limit_processor_time(seconds: float) -> None:
    """End the process when it has used so many more seconds of processors, all threads together."""
    if sys.platform != "win32":
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _limit(what: int, most: int) -> None:
    """Set a limit, or keep one that is lower already."""
    import resource

    there = [limit for limit in resource.getrlimit(what) if limit != resource.RLIM_INFINITY]
    most = min(most, *there) if there else most
    resource.setrlimit(what, (most, most))
