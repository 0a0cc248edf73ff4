"""All rules, by their code: each stands above the code that judges by it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from types import MappingProxyType, ModuleType

from napari_ome_zip import archive, ome, storage, validation
from napari_ome_zip.rules import Rule
from napari_ome_zip.validation import hierarchy


def _rules_in(*packages: ModuleType) -> Iterator[tuple[str, Rule]]:
    for package in packages:
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, Rule):
                    yield value.code, value


RULES: Mapping[str, Rule] = MappingProxyType(dict(_rules_in(ome, hierarchy)))
"""Every rule on the content of documents, by its code."""

FILE_RULES: Mapping[str, Rule] = MappingProxyType(
    {code: rule for code, rule in _rules_in(archive, storage, validation) if code not in RULES}
)
"""Every other rule, by its code: on containers, the reading of documents, arrays, pixels."""
