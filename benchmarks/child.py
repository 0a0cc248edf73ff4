"""One contender at its work, in a process of its own: prints a line of JSON for each sample."""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

REPEATS = 7
SECONDS = 2.0
"""After so long no repetition of a piece of work is begun."""


@dataclass(frozen=True)
class Sample:
    """One measurement."""

    work: str
    value: float
    right: bool
    """Whether the pixels were those that were made."""
    unit: str = "ms"
    contender: str = ""
    """Whose it is, where a process measures several."""
    failed: str = ""
    """Why there is no more of that contender."""


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds that ``work`` takes, and what it returns."""
    start = time.perf_counter()
    done = work()
    return 1000 * (time.perf_counter() - start), done


def append_encoded(path: Path, codec: Any, blocks: Iterable[Any]) -> None:
    """Encode blocks on all cores, append them to a file, and wait until the disk has them."""
    with path.open("ab") as file, ThreadPoolExecutor(os.cpu_count()) as pool:
        for encoded in pool.map(codec.encode, blocks):
            file.write(encoded)
        file.flush()
        os.fsync(file.fileno())


def sampled(
    name: str,
    work: Callable[[], Any],
    check: Callable[[Any], bool] = lambda _: True,
    repeats: int = REPEATS,
    before: Callable[[], None] = lambda: None,
) -> Iterator[Sample]:
    """Samples of ``work``, warm: the first call counts only where it takes too long.

    What ``before`` does is not measured.
    """
    before()
    value, done = timed(work)
    right = check(done)
    del done
    if value > 1000 * SECONDS or not right:
        yield Sample(name, value, right)
        return
    begun = time.perf_counter()
    for _ in range(repeats):
        before()
        value, done = timed(work)
        yield Sample(name, value, check(done))
        del done
        if time.perf_counter() - begun > SECONDS:
            return


def reset_peak() -> None:
    """Forget the peak so far, where the system can (Linux)."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5")


def peak_above(base: float) -> float:
    """Megabytes of the peak of resident memory above ``base``."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6 - base
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6 - base


def main() -> None:
    suite, case, contenders, rounds = sys.argv[1:]
    warnings.simplefilter("ignore")
    module = importlib.import_module(suite)
    if hasattr(module, "together"):
        samples = module.together(case, json.loads(contenders), int(rounds))
    else:
        samples = module.measure(case, *json.loads(contenders))
    for sample in samples:
        print(json.dumps(asdict(sample)), flush=True)


if __name__ == "__main__":
    main()
