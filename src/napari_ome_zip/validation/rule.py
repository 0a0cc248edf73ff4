"""The place where a check stands when it judges by a rule."""

from __future__ import annotations

from dataclasses import dataclass

from napari_ome_zip.ome.at import WRONG_TYPE
from napari_ome_zip.ome.json_values import described as describe
from napari_ome_zip.ome.versions import Spec
from napari_ome_zip.rules import Location, Rule
from napari_ome_zip.validation.report import Issue


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a document, and the version of the specification it is judged by."""

    location: Location
    spec: Spec

    def at(self, *parts: str | int) -> Place:
        """Return the place of a part."""
        return Place(self.location.at(*parts), self.spec)

    def issue(self, rule: Rule, message: str, *, section: str = "") -> Issue:
        """Return the issue of having broken `rule` here."""
        return Issue(
            code=rule.code,
            severity=rule.severity,
            location=self.location,
            message=message,
            rule=f"OME-Zarr {self.spec.version}, {section or rule.section}",
            remedy=rule.remedy,
        )

    def wrong_type(self, found: object, expected: str, section: str) -> Issue:
        """Return the issue of a value of the wrong kind.

        Parameters
        ----------
        found
            The JSON value.
        expected
            The kind expected, with its article: ``"a list"``.
        section
            Section of the specification that says so.
        """
        message = f"{describe(found)[:1].upper()}{describe(found)[1:]} where {expected} is expected"
        return self.issue(WRONG_TYPE, message, section=section)
