"""All rules that are not on the content of documents: containers, reading, pixels, thumbnails."""

from __future__ import annotations

from napari_ome_zip import archive, pixels, storage, thumbnails, validation
from napari_ome_zip.validation.registry import RULES, rules_in

FILE_RULES = {
    code: rule
    for code, rule in rules_in(archive, storage, pixels, thumbnails, validation)
    if code not in RULES
}
"""By their code."""
