"""Collects all rules by their code; each is defined above the code that judges by it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from types import MappingProxyType, ModuleType

from napari_ome_zip import archive, image, ome, pixels, storage
from napari_ome_zip.rules import Rule
from napari_ome_zip.validation import hierarchy


def rules_in(*packages: ModuleType) -> Iterator[tuple[str, Rule]]:
    """Yield the rules in the modules of some packages, with their codes."""
    for package in packages:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, Rule):
                    yield value.code, value


_ON_FILES = dict(rules_in(archive, storage, pixels))

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        code: rule
        for code, rule in rules_in(ome, image, hierarchy)
        if code not in _ON_FILES  # only imported there
    }
)
"""Every rule on the content of documents, by its code."""
