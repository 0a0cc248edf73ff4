"""What is said of nodes that are not shown: one remark for each kind, which counts and names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from napari_ome_zip.findings import Finding, listed
from napari_ome_zip.image.collections.rules import (
    CIRCULAR,
    DRAFT,
    FOREIGN,
    NOT_FOUND,
    OUTSIDE,
    REPEATED,
)
from napari_ome_zip.image.found import Discovery
from napari_ome_zip.ome.at import TOO_DEEP
from napari_ome_zip.ome.collections.reader import CONTENT, KIND_UNKNOWN, MANY, MAX_NODES
from napari_ome_zip.ome.collections.references import OLDER_FORM, PATH_KIND
from napari_ome_zip.ome.json_values import shortened
from napari_ome_zip.ome.stated_version import DRAFT_NEWER, DRAFT_OLDER
from napari_ome_zip.rules import Rule

_MAX_NAMED = 3
_OF_DRAFTS = {DRAFT_OLDER.code, DRAFT_NEWER.code, OLDER_FORM.code}

_TEXTS: dict[Rule, tuple[str, str]] = {
    OUTSIDE: ("lies outside this archive and is", "lie outside this archive and are"),
    NOT_FOUND: ("leads to nothing that can be shown and is", "lead to nothing and are"),
    FOREIGN: ("is of a type of other programs and is", "are of types of other programs and are"),
    KIND_UNKNOWN: ("is of an unknown type and is", "are of unknown types and are"),
    CONTENT: ("has no nodes and no usable path and is", "have no nodes and no usable path and are"),
    TOO_DEEP: ("is nested too deeply and is", "are nested too deeply and are"),
    PATH_KIND: ("has a path of an unknown type and is", "have paths of unknown types and are"),
    CIRCULAR: ("leads back to where it lies and is", "lead back to where they lie and are"),
}


@dataclass
class Remarks:
    """Collects the names of nodes that are not shown."""

    names: dict[Rule, list[str]] = field(default_factory=dict)
    repeated: list[str] = field(default_factory=list)
    """Those that are shown already."""
    is_cut: bool = False
    """Whether there are more nodes than are looked at."""

    def add(self, rule: Rule, name: str | None) -> None:
        """Note a node, and which rule it breaks."""
        called = "one without a name" if name is None else repr(shortened(name))
        self.names.setdefault(rule, []).append(called)

    def report(self, discovery: Discovery, where: str) -> None:
        """Say what was noted; why nothing is shown, where nothing is.

        Parameters
        ----------
        discovery
            Where it is said.
        where
            Path of the document that the walk began with.
        """
        draft = "Collections (RFC-8) are a draft of OME-Zarr: other programs may not read this yet."
        said = [Finding.of(DRAFT, "", draft)]
        for rule, names in self.names.items():
            one, several = _TEXTS[rule]
            count = f"1 node {one}" if len(names) == 1 else f"{len(names):,} nodes {several}"
            text = f"{count} not opened: {listed(names, _MAX_NAMED, str)}."
            said.append(Finding.of(rule, where, text))
            discovery.problems.append(text)
        if self.repeated:
            again = listed(list(map(shortened, self.repeated)), _MAX_NAMED)
            text = f"Nodes that lead to what is shown already: {again}; it is shown once."
            said.append(Finding.of(REPEATED, where, text))
        if self.is_cut:
            text = f"There are more than {MAX_NODES:,} nodes in all; the others are not shown."
            said.append(Finding.of(MANY, where, text))
            discovery.problems.append(text)
        discovery.findings += [each for each in said if each not in discovery.findings]


def of_one_kind_once(findings: Sequence[Finding]) -> list[Finding]:
    """Return findings without those which say of another document that it is of the same draft."""
    said: set[tuple[str, str]] = set()
    kept = []
    for finding in findings:
        kind = finding.code, finding.message.partition(" (and ")[0].rstrip(".")
        if finding.code not in _OF_DRAFTS or kind not in said:
            kept.append(finding)
        said.add(kind)
    return kept
