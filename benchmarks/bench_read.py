"""Open an archive and read one plane of it: ours beside its peers, as ratios within one run."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from contenders import CONTENDERS
from data import FOLDER, LAYOUTS, archive, expected_plane, folder

HERE = Path(__file__).resolve().parent
SECONDS = 60
"""A contender that takes longer in one process is left out, and said."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="processes for each contender")
    parser.add_argument("--repeats", type=int, default=5, help="measurements in each process")
    parser.add_argument("--archive", choices=LAYOUTS, action="append")
    arguments = parser.parse_args()
    for name in arguments.archive or LAYOUTS:
        plane = FOLDER / "plane.npy"
        archive(name)
        if not plane.exists():
            np.save(plane, expected_plane())
        results = run(name, plane, arguments.rounds, arguments.repeats)
        print_table(name, results)


def run(name: str, plane: Path, rounds: int, repeats: int) -> dict[str, list[dict[str, float]]]:
    """Every contender in turn, in a new process each time; what fails is told and left out."""
    results: dict[str, list[dict[str, float]]] = defaultdict(list)
    failed: set[str] = set()
    for _ in range(rounds):
        for contender, (_, kind) in CONTENDERS.items():
            path = archive(name) if kind == "archive" else folder(name)
            command = [sys.executable, str(HERE / "contenders.py"), contender, path, plane, repeats]
            if contender in failed:
                continue
            try:
                done = subprocess.run(
                    [str(part) for part in command],
                    capture_output=True,
                    text=True,
                    check=True,
                    timeout=SECONDS,
                )
            except subprocess.SubprocessError as error:
                failed.add(contender)
                told = getattr(error, "stderr", None) or str(error)
                print(f"{contender} on {name} fails: {str(told).strip().splitlines()[-1]}")
                continue
            results[contender].append(json.loads(done.stdout.splitlines()[-1]))
    return results


def print_table(name: str, results: dict[str, list[dict[str, float]]]) -> None:
    medians = {
        contender: {
            work: statistics.median(result[work] for result in found) for work in ("open", "plane")
        }
        for contender, found in results.items()
    }
    base = medians["ours"]
    print(f"\n{name:18}{'open ms':>10}{'ratio':>8}{'plane ms':>10}{'ratio':>8}  pixels")
    for contender, times in medians.items():
        right = all(result["right"] for result in results[contender])
        print(
            f"{contender:18}{times['open']:10.1f}{times['open'] / base['open']:8.2f}"
            f"{times['plane']:10.1f}{times['plane'] / base['plane']:8.2f}"
            f"  {'right' if right else 'WRONG'}"
        )


if __name__ == "__main__":
    main()
