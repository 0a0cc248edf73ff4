"""Rules on the metadata of one group: where they lie, their version, what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from napari_ome_zip.ome.parse import ParsedGroup, parse_group
from napari_ome_zip.ome.version_reader import CONTENT
from napari_ome_zip.ome.versions import Spec
from napari_ome_zip.rules import MUST, SHOULD
from napari_ome_zip.validation.documents.drafts import released_form
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.rule import Place


@dataclass(frozen=True, slots=True)
class Metadata:
    """The OME-Zarr metadata of one group, and where they lie."""

    parsed: ParsedGroup
    content: Mapping[str, object]
    """The value of ``ome``, or the whole attributes where the version has no such key."""
    place: Place
    stated: object
    """The version as written, None where it is not."""
    draft: bool = False
    """Whether they were written for a development version, and brought into today's layout."""

    @property
    def spec(self) -> Spec:
        """The version they are judged by."""
        return self.place.spec


def has_metadata(attributes: Mapping[str, object]) -> bool:
    """Whether attributes hold any OME-Zarr metadata."""
    return "ome" in attributes or any(key in attributes for key in CONTENT)


def has_content(content: Mapping[str, object]) -> bool:
    """Whether the metadata describe anything."""
    return any(key in content for key in CONTENT)


def read_metadata(
    attributes: Mapping[str, object],
    *,
    path: str,
    zarr_format: int | None,
    version: str | None,
) -> Metadata:
    """Find the OME-Zarr metadata in attributes, and judge them object by object."""
    parsed = parse_group(
        attributes, path=path, zarr_format=zarr_format, assumed=version, judging=True
    )
    document = parsed.namespace.at.document
    place = Place(parsed.namespace.at.location, document.spec)
    content = parsed.namespace.keys
    content = released_form(content) if document.is_draft else content
    return Metadata(parsed, content, place, parsed.namespace.stated, document.is_draft)


def check_form(metadata: Metadata, *, alone: bool = False) -> Iterator[Issue]:
    """Check each object in the metadata by itself.

    Parameters
    ----------
    metadata
        The metadata of one group.
    alone
        Whether the rest of the hierarchy is not known: how the parts of a document fit together
        is a warning then.
    """
    for departure in metadata.parsed.departures.all():
        issue = Issue.of(departure)
        yield as_warning(issue) if alone and departure.rule.is_agreement else issue


def as_warning(issue: Issue) -> Issue:
    """Return an issue that is a warning at most."""
    return replace(issue, severity=SHOULD) if issue.severity is MUST else issue
