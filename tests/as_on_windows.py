"""Runs Python code in a process that has only what Windows has, and replaces no open file.

It is run as a script by Linux: with the code as its argument, in the folder that the code works in.
What Windows does otherwise (paths, the encoding of terminals, processes) is not imitated.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

# What others than this project import beforehand, with all that they need of this system.
BEFORE = (
    "PIL.Image", "asyncio", "dask.array", "numcodecs", "pandas", "platformdirs", "shutil",
    "subprocess", "tempfile", "tqdm", "urllib3", "zarr",
)  # fmt: skip
MODULES = ("fcntl", "grp", "pwd", "resource", "termios")
OF_OS = (
    "O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "chown", "copy_file_range", "fchown",
    "fdatasync", "fork", "getegid", "geteuid", "getgid", "getgroups", "getloadavg", "getpgid",
    "getuid", "killpg", "lchown", "mkfifo", "nice", "posix_fadvise", "pread", "preadv", "pwrite",
    "pwritev", "readv", "register_at_fork", "sched_getaffinity", "sendfile", "setsid", "sysconf",
    "uname", "writev",
)  # fmt: skip
OF_SIGNAL = ("ITIMER_PROF", "SIGALRM", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGPROF", "alarm",
             "setitimer")  # fmt: skip
OF_SOCKET = ("AF_UNIX", "SO_PEERCRED")


def take_away() -> None:
    """Take away from Python what it has not on Windows."""
    for name in BEFORE:
        import_module(name)
    import zarr

    zarr.create_array(store={}, shape=(1,), dtype="u1")  # starts an event loop of this system
    for module, names in ((os, OF_OS), (signal, OF_SIGNAL), (socket, OF_SOCKET)):
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    for name in MODULES:
        sys.modules[name] = None  # type: ignore[assignment]
    sys.platform = "win32"
    for name, paths in (("rename", 2), ("replace", 2), ("unlink", 1), ("remove", 1)):
        setattr(os, name, _refusing(getattr(os, name), paths))


def is_open(path: str | os.PathLike[str]) -> bool:
    """Whether this process has a file open."""
    wanted = os.path.realpath(path)
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            if str(descriptor.readlink()) == wanted:
                return True
        except OSError:
            continue  # that of the listing itself
    return False


def _refusing(original: Callable[..., None], paths: int) -> Callable[..., None]:
    def call(*given: Any, **options: Any) -> None:
        for path in given[:paths]:
            if is_open(path):
                raise PermissionError(errno.EACCES, "It is used by another process", str(path))
        original(*given, **options)

    return call


if __name__ == "__main__":
    take_away()
    exec(sys.argv[1])
