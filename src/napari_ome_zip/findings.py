"""Findings: records of what a reader tolerated, for callers to show or ignore."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from napari_ome_zip.rules import Rule

MAX_REASONS = 3
"""Maximum number of reasons in one message."""

MAX_HEADLINE = 45
"""Maximum number of characters of a notification that are visible at once."""

HEADLINES: Mapping[str, str] = MappingProxyType(
    {
        "array-not-readable": "A resolution level cannot be read",
        "axis-count": "More axes than other programs may show",
        "axis-name-duplicate": "Axes with the same name were renamed",
        "axis-name-missing": "An axis without a name was named",
        "axis-order": "Other programs may mix up its axes",
        "bijection-incomplete": "A transformation was not applied",
        "by-dimension-invalid": "A transformation was not applied",
        "channels-many": "Channels are along a slider, not layers",
        "collections-draft": "Written by a draft of OME-Zarr",
        "collections-draft-newer": "Written for a newer draft of OME-Zarr",
        "collections-version": "The version of OME-Zarr has no collections",
        "consolidated-metadata-stale": "Other programs may show an older state",
        "coordinate-system-axes-missing": "Axes are missing, and were guessed",
        "coordinate-system-name-duplicate": "Two coordinate systems have one name",
        "coordinate-system-unknown": "The place of a level was guessed",
        "dataset-dimensions": "Axes do not fit the pixels, and were guessed",
        "dataset-dtype-differs": "A level differs in type, and is not shown",
        "dataset-dtype-unlike": "A level is unlike the first, and not shown",
        "dataset-not-array": "A resolution level is missing",
        "dataset-not-found": "A resolution level is missing",
        "dataset-path-missing": "A resolution level is missing",
        "display-illegal": "How it was displayed in napari is lost",
        "field-incomplete": "Warped only in part: vectors are missing",
        "field-not-inverted": "Warped roughly: vectors are not invertible",
        "field-properties-left-out": "Properties of labels are not shown",
        "group-unusable": "Not everything is shown: a part is unusable",
        "image-unplaced": "An image is not where it belongs",
        "image-unusable": "Not everything is shown: an image is unusable",
        "json-first-untrue": "Other programs may miss a part of it",
        "label-attributes-value-missing": "Some details of labels are not usable",
        "label-color-duplicate": "Colors of labels are ambiguous",
        "label-dtype": "Labels are not stored as whole numbers",
        "label-not-found": "Labels are missing",
        "label-not-image": "Labels are missing",
        "label-properties-duplicate": "Properties of labels are ambiguous",
        "label-properties-many": "Not all properties of labels are kept",
        "label-rgba-invalid": "Colors of labels are not usable",
        "label-value-missing": "Some details of labels are not usable",
        "level-channels-differ": "A level has other channels, and is not shown",
        "level-output-differs": "The place of a level was guessed",
        "level-transformation-count": "The place of a level is ambiguous",
        "level-unusable": "A resolution level cannot be shown",
        "map-axis-invalid": "A transformation was not applied",
        "matrix-invalid": "A transformation was not applied",
        "metadata-too-deep": "Part of the metadata was left out",
        "multiscale-axes-missing": "Axes are missing, and were guessed",
        "multiscale-datasets-missing": "Nothing to show: no resolution levels",
        "multiscale-node-level": "A node of an image is not a resolution level",
        "multiscale-systems-missing": "Axes are missing, and were guessed",
        "multiscales-empty": "Nothing to show: no image in a group",
        "napari-layer-unusable": "A layer beside the images is not shown",
        "napari-settings-unusable": "A layer does not look as it was saved",
        "node-circular": "Not everything is shown: circular nodes",
        "node-content": "Not everything is shown: an empty node",
        "node-foreign": "Nodes of other programs are not shown",
        "node-id-duplicate": "Ambiguous: an id is there more than once",
        "node-not-found": "Not everything is shown: nodes are missing",
        "node-outside": "Not everything is shown: it lies elsewhere",
        "node-path-invalid": "Not everything is shown: an unusable path",
        "node-path-kind-unknown": "Nodes of unknown types are not shown",
        "node-plate-lines-missing": "The plate is incomplete: rows or columns",
        "node-reference-invalid": "A reference between nodes is not usable",
        "node-reference-unknown": "A reference between nodes leads nowhere",
        "node-type-missing": "A node does not say what it is",
        "node-type-undefined": "Nodes of unknown types are not shown",
        "node-well-incomplete": "The plate is incomplete: wells",
        "node-well-place-unknown": "The plate is incomplete: wells",
        "nodes-many": "Not everything is shown: too many nodes",
        "omero-channel-count": "Display settings do not fit the channels",
        "omero-color-invalid": "Channels have default colors",
        "omero-color-missing": "Channels have default colors",
        "omero-window-incomplete": "Contrast limits are incomplete",
        "omero-window-order": "Contrast limits leave no contrast",
        "orientation-incomplete": "Which way an axis leads is not known",
        "plate-columns-missing": "The plate is incomplete: columns",
        "plate-line-name-missing": "Rows or columns of the plate were named",
        "plate-row-not-group": "Other programs may not find its wells",
        "plate-rows-missing": "The plate is incomplete: rows",
        "plate-well-mismatch": "The plate is incomplete: rows or columns",
        "plate-well-not-found": "Wells of the plate are missing",
        "plate-well-path-missing": "Wells of the plate are missing",
        "plate-wells-missing": "Wells of the plate are missing",
        "project-axis-invalid": "A transformation was not applied",
        "repeated-entries": "Ambiguous: entries are there more than once",
        "rotation-not-square": "A transformation was not applied",
        "scale-zero": "The pixel size is not usable: 1 is used",
        "scene-image-not-found": "Not everything is shown: images are missing",
        "scene-transformations-missing": "The scene places nothing",
        "second-hierarchy": "Another image in the file is not shown",
        "sequence-empty": "A transformation was not applied",
        "series-not-consecutive": "Images of the series are missing",
        "series-not-found": "Images of the series are missing",
        "singlescale-path-unusable": "A resolution level is missing",
        "table-large": "A large table is not loaded yet",
        "table-library-missing": "Tables are not used: a library is missing",
        "table-region-not-found": "The labels of a table were not found",
        "table-rows-left-out": "Rows of a table are not used",
        "table-unreadable": "A table cannot be read",
        "table-wide": "A table is used without its measurements",
        "tables-many": "Not all tables are looked at",
        "tiles-rounded": "Tiles were moved to whole pixels",
        "transformation-dimensions": "A transformation was not applied",
        "transformation-kind": "A transformation was not applied",
        "transformation-kind-unknown": "A transformation was not applied",
        "transformation-length": "A transformation was not applied",
        "transformation-order": "The place of a level is ambiguous",
        "transformation-parameters": "A transformation is not usable",
        "transformation-reference-invalid": "A transformation was not applied",
        "transformation-reference-missing": "A transformation was not applied",
        "transformation-reference-surplus": "The place of a level was guessed",
        "transformation-scale-count": "The pixel size of a level was guessed",
        "transformation-translation-count": "The place of a level is ambiguous",
        "transformations-missing": "The pixel size of a level was guessed",
        "unsafe-entry-names": "Entries of unsafe names were ignored",
        "unusual-compression": "Other programs may not read it",
        "vector-field-path-missing": "A transformation was not applied",
        "version-not-text": "Other programs may not know its version",
        "version-unknown": "The version of OME-Zarr is not known",
        "well-field-not-found": "Fields of view are missing",
        "well-images-missing": "Fields of view are missing",
        "well-path-missing": "Fields of view are missing",
        "wrong-entry-count": "Parts of the archive may be missing",
        "wrong-type": "Part of the metadata was ignored",
    }
)
"""Headline for each code of a finding that changes what is seen, here or in other programs."""

UNSEEN = frozenset(
    {
        "acquisition-id-invalid",
        "acquisition-time-invalid",
        "backslash-names",
        "bioformats2raw-layout",
        "collections-draft-older",
        "coordinate-system-id-missing",
        "coordinate-system-name-missing",
        "dataset-order",
        "node-older-form",
        "node-repeated",
        "ome-key-missing",
        "plate-count-invalid",
        "root-in-folder",
        "trailing-bytes",
        "uncounted-prefix",
        "version-missing",
        "version-unstated",
    }
)
"""Codes of findings that change nothing of what is seen, here or in other programs: a check
reports them, a viewer does not."""

TOLD_LAST = frozenset({"collections-draft"})
"""Codes of findings that others come before: they lose and change nothing in what is shown here."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a file that departs from the specification and was tolerated.

    Examples
    --------
    >>> text = "Channel color is 'red', not six hex digits: a default color is used."
    >>> finding = Finding("omero-color-invalid", "zarr.json", text)
    >>> finding.is_seen
    True
    """

    code: str
    """Stable kebab-case name, such as ``omero-channel-count``; the same in a report."""
    where: str
    """Entry name, or group path and JSON location; empty for the archive as a whole."""
    message: str
    """One sentence: what was found, and what was done about it."""
    harmless: bool = False
    """Whether the image is shown as it was meant, where that does not follow from the code."""

    @classmethod
    def of(cls, rule: Rule, where: str, message: str) -> Finding:
        """What was found, and done, where a rule is broken."""
        return cls(rule.code, where, message)

    @property
    def is_seen(self) -> bool:
        """Whether it changes what is seen; true for codes in neither list."""
        return not self.harmless and self.code not in UNSEEN

    @property
    def with_headline(self) -> str:
        """The message with its headline in front."""
        headline = HEADLINES.get(self.code)
        return f"{headline}. {self.message}" if headline else self.message


def listed[T](items: Sequence[T], most: int, write: Callable[[T], str] = repr) -> str:
    """Return the first few items for a message, and the number of the others."""
    rest = len(items) - most
    shown = ", ".join(map(write, items[:most]))
    return f"{shown} and {rest:,} more" if rest > 0 else shown


def first_reasons(reasons: Iterable[str]) -> str:
    """Return the first few distinct sentences, and the number of the others."""
    distinct = list(dict.fromkeys(reasons))
    rest = len(distinct) - MAX_REASONS
    more = [f"And {rest} more like this."] if rest > 0 else []
    return " ".join([*distinct[:MAX_REASONS], *more])


def as_sentence(error: Exception) -> str:
    """Return the message of an error, or its type where it has none, with one period at the end."""
    message = str(error).strip() or type(error).__name__
    return message if message.endswith(".") else f"{message}."
