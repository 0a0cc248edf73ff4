"""All rules on files, by their code: containers, the reading of documents, arrays, pixels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType, ModuleType

from napari_ome_zip.rules import Rule
from napari_ome_zip.validation import arrays, container_rules, folder, pixels, reading, validate

_MODULES: tuple[ModuleType, ...] = (
    container_rules,
    reading,
    validate,
    folder,
    arrays,
    pixels,
)


def _collect() -> Iterator[tuple[str, Rule]]:
    for module in _MODULES:
        for value in vars(module).values():
            if isinstance(value, Rule):
                yield value.code, value


FILE_RULES: Mapping[str, Rule] = MappingProxyType(dict(_collect()))
"""Every rule that is no rule on the content of a document, by its code."""
