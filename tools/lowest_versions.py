"""Print the lowest versions that pyproject.toml states, as constraints for pip.

The core's dependencies are listed, and those of the extra ``test`` with all that it includes.
What is listed without a lowest version is left to pip.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)(\[(?P<extras>[^]]*)\])?(>=(?P<lowest>[\w.]+))?")


def constraints(requirements: list[str]) -> Iterator[str]:
    """Each of ``requirements`` that states a lowest version, as ``name==version``."""
    for requirement in requirements:
        found = REQUIREMENT.fullmatch(requirement)
        if found is None:
            raise SystemExit(f"{requirement!r} in pyproject.toml is not of the form name>=version.")
        if found["name"] == PROJECT["name"]:
            for extra in found["extras"].split(","):
                yield from constraints(PROJECT["optional-dependencies"][extra])
        elif found["lowest"]:
            yield f"{found['name']}=={found['lowest']}"


if __name__ == "__main__":
    print(*constraints([*PROJECT["dependencies"], f"{PROJECT['name']}[test]"]), sep="\n")
