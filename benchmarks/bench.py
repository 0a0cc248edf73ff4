"""Ours beside its peers and the floor, in one run: prints tables, and writes docs/benchmarks.md.

Each contender works in a process of its own, the contenders of one table one after the other,
several rounds: what disturbs the machine disturbs all. One that fails is told and left out.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from data import ARCHIVES, PLATE, archive, levels
from report import Table, write

HERE = Path(__file__).resolve().parent
SUITES = ("images", "plate", "window", "saving", "keeping", "checking", "importing")
ROUNDS = 3
SECONDS = 120


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suite", choices=SUITES, action="append", help="measure these alone")
    parser.add_argument("--case", action="append", help="such as an archive's letter")
    parser.add_argument("--contender", action="append", help="these alone, beside ours")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="processes for each contender")
    parser.add_argument("--docs", action="store_true", help="write the page and the picture")
    chosen = parser.parse_args()
    prepare()
    tables = []
    for suite in chosen.suite or SUITES:
        module = importlib.import_module(suite)
        for case, caption in module.CASES.items():
            if chosen.case and case not in chosen.case:
                continue
            contenders = [
                name
                for name in module.CONTENDERS[case]
                if not chosen.contender or name in ("ours", *chosen.contender)
            ]
            rounds = max(chosen.rounds, getattr(module, "PROCESSES", 0))
            table = measured(suite, case, caption, contenders, rounds)
            print(f"\n{table.text()}\n", flush=True)
            tables.append(table)
    if chosen.docs:
        write(tables, HERE.parent / "docs")


def prepare() -> None:
    """Make the data that is not there yet: no contender waits for it."""
    levels()
    for name in (*ARCHIVES, PLATE):
        archive(name)


def measured(suite: str, case: str, caption: str, contenders: list[str], rounds: int) -> Table:
    """All samples of one table."""
    table = Table(suite, case, caption)
    for number in range(rounds):
        for contender in contenders:
            if contender in table.failed or (number and contender in table.slow):
                continue
            begun = time.monotonic()
            run(table, contender)
            if time.monotonic() - begun > SECONDS / 4:
                table.slow.add(contender)
    return table


def run(table: Table, contender: str) -> None:
    """One process; what it measured before it failed counts."""
    command = [sys.executable, str(HERE / "child.py"), table.suite, table.case, contender]
    environment = {**os.environ, "NAPARI_CONFIG": ""}  # nobody's own settings
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=SECONDS, env=environment, check=False
        )
    except subprocess.TimeoutExpired as stopped:
        output = (stopped.stdout or b"").decode()
        table.failed[contender] = f"not done after {SECONDS} s"
    else:
        output = done.stdout
        if done.returncode:
            told = [line for line in done.stderr.splitlines() if line.strip()] or ["no message"]
            table.failed[contender] = told[-1].strip()
    for line in output.splitlines():
        sample = _sample(line)
        if sample is not None:
            table.add(contender, **sample)


def _sample(line: str) -> dict[str, Any] | None:
    """What a line of output tells; contenders print lines of their own."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "work" in found else None


if __name__ == "__main__":
    main()
