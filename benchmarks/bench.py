"""Ours beside its peers and the floor, in one run: prints tables, and writes docs/benchmarks.md.

Each contender works in a process of its own, the contenders of one table one after the other,
several rounds: what disturbs the machine disturbs all. Where pieces of work take milliseconds, one
process has all contenders instead, in turn. One that fails is told and left out.
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

from report import recorded, write
from table import Table, matrix

HERE = Path(__file__).resolve().parent
DOCS = HERE.parent / "docs"
SUITES = (
    "views", "peaks", "images", "opening", "plate", "window", "importing",
    "saving", "keeping", "checking", "remote",
)  # fmt: skip
ROUNDS = 3
SECONDS = 60
SECONDS_TOGETHER = 600


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suite", choices=SUITES, action="append", help="measure these alone")
    parser.add_argument("--case", action="append", help="such as an archive's letter")
    parser.add_argument("--contender", action="append", help="these alone, beside ours")
    parser.add_argument("--rounds", type=int, help="how often each contender is measured")
    parser.add_argument("--quick", action="store_true", help="five minutes, for every change")
    parser.add_argument(
        "--docs", action="store_true", help="put what is measured into the page and the picture"
    )
    chosen = parser.parse_args()
    tables = []
    for suite, case in chosen_cases(chosen):
        module = importlib.import_module(suite)
        prepare(module, case)
        begun = time.monotonic()
        table = measured(suite, case, contenders(module, case, chosen), rounds(module, chosen))
        print(f"\n{table.text()}\n({time.monotonic() - begun:.0f} s)\n", flush=True)
        tables.append(table)
        if chosen.docs:
            write([table], DOCS, all_cases())
    print(matrix([table for table in tables if table.suite == "views"]))
    known = {table.key for table in tables if table.suite == "views"}
    if chosen.quick and (before := [table for table in recorded(DOCS) if table.key in known]):
        print(f"\nThe same as recorded in docs/benchmarks.json\n\n{matrix(before)}")


def all_cases() -> list[tuple[str, str]]:
    """Every table, in the order of the page."""
    return [(suite, case) for suite in SUITES for case in importlib.import_module(suite).CONTENDERS]


def chosen_cases(chosen: argparse.Namespace) -> list[tuple[str, str]]:
    """Suites and cases that are measured."""
    return [
        (suite, case)
        for suite, case in all_cases()
        if suite in (chosen.suite or SUITES)
        and case in (chosen.case or [case])
        and (not chosen.quick or case in getattr(importlib.import_module(suite), "QUICK", ()))
    ]


def contenders(module: Any, case: str, chosen: argparse.Namespace) -> list[str]:
    """Those that are measured, ours first."""
    names = chosen.contender
    if chosen.quick and not names:
        names = getattr(module, "QUICK_CONTENDERS", None)
    return [name for name in module.CONTENDERS[case] if not names or name in ("ours", *names)]


def rounds(module: Any, chosen: argparse.Namespace) -> int:
    """How often."""
    if chosen.rounds:
        return int(chosen.rounds)
    usual = getattr(module, "ROUNDS", ROUNDS)
    return min(usual, ROUNDS) if chosen.quick else usual


def prepare(module: Any, case: str) -> None:
    """Make the data that is not there yet: no contender waits for it."""
    if hasattr(module, "prepare"):
        module.prepare(case)


def measured(suite: str, case: str, names: list[str], number: int) -> Table:
    """All samples of one table."""
    module = importlib.import_module(suite)
    table = Table(suite, case, module.CASES[case])
    if hasattr(module, "together"):
        run(table, names, number, SECONDS_TOGETHER)
        return table
    for done in range(number):
        for name in names:
            if name in table.failed or (done and name in table.slow):
                continue
            begun = time.monotonic()
            run(table, [name], number, getattr(module, "PROCESS_SECONDS", SECONDS))
            if time.monotonic() - begun > SECONDS / 3:
                table.slow.add(name)
    return table


def run(table: Table, names: list[str], number: int, seconds: int) -> None:
    """One process; what it measured before it failed counts."""
    arguments = [table.suite, table.case, json.dumps(names), str(number)]
    command = [sys.executable, str(HERE / "child.py"), *arguments]
    environment = {**os.environ, "NAPARI_CONFIG": ""}  # nobody's own settings
    who = ", ".join(names)
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=seconds, env=environment, check=False
        )
    except subprocess.TimeoutExpired as stopped:
        output = (stopped.stdout or b"").decode()
        table.failed[who] = f"not done after {seconds} s"
    else:
        output = done.stdout
        if done.returncode:
            told = [line for line in done.stderr.splitlines() if line.strip()] or ["no message"]
            table.failed[who] = told[-1].strip()
    for line in output.splitlines():
        sample = _sample(line)
        if sample is not None:
            table.add(**{**sample, "contender": sample["contender"] or who})


def _sample(line: str) -> dict[str, Any] | None:
    """What a line of output tells; contenders print lines of their own."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "work" in found else None


if __name__ == "__main__":
    main()
