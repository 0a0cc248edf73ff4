"""Reads the attributes of a group, of any version and however damaged, into the one model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from napari_ome_zip.findings import Finding
from napari_ome_zip.ome.at import TOO_DEEP, At, Departures, Document
from napari_ome_zip.ome.bioformats2raw import parse_layout
from napari_ome_zip.ome.collections.multiscales import read_image
from napari_ome_zip.ome.collections.node import MULTISCALE, SINGLESCALE, Node
from napari_ome_zip.ome.collections.reader import is_node, read_node
from napari_ome_zip.ome.frozen_json import FrozenMapping, TooDeepError
from napari_ome_zip.ome.group import DISPLAY_KEY, OmeGroup
from napari_ome_zip.ome.images.image_label import parse_image_label
from napari_ome_zip.ome.images.multiscale import Multiscale
from napari_ome_zip.ome.images.multiscale_reader import parse_multiscales
from napari_ome_zip.ome.images.omero import parse_omero
from napari_ome_zip.ome.json_values import described
from napari_ome_zip.ome.path_list import parse_labels, parse_series
from napari_ome_zip.ome.plates.plate import parse_plate
from napari_ome_zip.ome.plates.well import parse_well
from napari_ome_zip.ome.scene import parse_scene
from napari_ome_zip.ome.stated_version import SECTION
from napari_ome_zip.ome.version_reader import Namespace, is_draft_scene, read_namespace
from napari_ome_zip.ome.versions import Spec
from napari_ome_zip.rules import INFO, MUST, Effect, Rule

CONTENT_MISSING = Rule(
    "ome-content-missing",
    MUST,
    SECTION,
    "The metadata describe an image, labels, a plate, a well, a scene or a series.",
    "Check that this is the right file, and that the program that wrote it had finished.",
    effect=Effect.NOT_SHOWN,
)
DISPLAY_ILLEGAL = Rule(
    "display-illegal",
    INFO,
    "attributes of other programs",
    f"The attribute {DISPLAY_KEY}, in which this program keeps what napari shows, is an object.",
    "Save the file again from napari.",
    effect=Effect.COLORS,
)


@dataclass(frozen=True)
class ParsedGroup:
    """A group's document, and how it departs from the specification."""

    group: OmeGroup
    namespace: Namespace = field(repr=False, compare=False)
    departures: Departures = field(repr=False, compare=False)
    inlined: tuple[Multiscale, ...] = field(default=(), repr=False, compare=False)
    """Images that its node holds; empty unless judging."""

    @property
    def at(self) -> At:
        """The place of its metadata as a whole."""
        return self.namespace.at

    @property
    def spec(self) -> Spec:
        """The version that it is judged by."""
        return self.namespace.at.spec

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was repaired in order to read it: one finding per kind of repair and object."""
        return self.departures.findings()


def parse_group(
    attributes: Mapping[str, Any],
    *,
    path: str,
    zarr_format: int | None,
    assumed: str | None = None,
    judging: bool = False,
    entry: str | None = None,
) -> ParsedGroup:
    """Read the document of one group.

    Parameters
    ----------
    attributes : mapping
        The ``attributes`` object of ``zarr.json``, or all of ``.zattrs``. Any JSON value is taken;
        none raises an error.
    path : str
        The group's path in the hierarchy, empty for the root.
    zarr_format : int, optional
        2 or 3; None where it is unknown.
    assumed : str, optional
        Version of OME-Zarr to judge by where the document states none.
    judging : bool
        Whether departures about which nothing is done are reported as well.
    entry : str, optional
        Name of the file in the folder ``path``, where it is none that Zarr knows.

    Returns
    -------
    ParsedGroup
        The group and how it departs from the specification. A document without OME-Zarr metadata
        gives an empty group, and no finding.
    """
    departures = Departures(judging=judging)
    root = At(Document(path), departures)
    document: Any = attributes  # any JSON may stand where the attributes should be
    if not isinstance(document, Mapping):
        if document is not None:
            root.wrong_type(document, "an object", SECTION, "ignored")
        document = {}
    found = read_namespace(
        document, departures, path=path, zarr_format=zarr_format, assumed=assumed, entry=entry
    )
    at = At(found.at.document, departures)
    beside = At(replace(found.at.document, namespace=""), departures)
    has_metadata = found.has_content or "version" in found.keys
    group = OmeGroup(
        path=path,
        version=found.version if has_metadata else None,
        zarr_format=zarr_format or found.at.spec.zarr_format,
        display=_display(document.get(DISPLAY_KEY), beside.key(DISPLAY_KEY)),
        **_objects(found.keys, at, found),
    )
    return ParsedGroup(group, found, departures, _inlined(group, found.version, judging=judging))


_PARTS: Mapping[str, tuple[str, Callable[[Any, At], object]]] = {
    "omero": ("omero", parse_omero),
    "image-label": ("image_label", parse_image_label),
    "plate": ("plate", parse_plate),
    "scene": ("scene", parse_scene),
    "well": ("well", parse_well),
    "series": ("series", parse_series),
    "bioformats2raw.layout": ("bioformats2raw_layout", parse_layout),
}
"""Name in the model and reader of each object that is read by itself, by its key."""


def _objects(ome: Mapping[str, Any], at: At, version: Namespace) -> dict[str, Any]:
    """Read each object that is there."""
    read: dict[str, Any] = {}
    if "multiscales" in ome:
        read["multiscales"] = parse_multiscales(
            ome["multiscales"], version.read_as, at.key("multiscales")
        )
    for key, (name, parse) in _PARTS.items():
        if key in ome:
            read[name] = parse(ome[key], at.key(key))
    if is_draft_scene(ome):
        read["scene"] = parse_scene(ome, at)
    # Until 0.4 the attributes are shared with other programs, which have used the key "labels".
    if "labels" in ome and ("multiscales" not in ome or version.read_as.namespaced):
        read["labels"] = parse_labels(ome["labels"], at.key("labels"))
    if is_node(ome):
        read |= _of_node(ome, at, version)
    return read


def _of_node(ome: Mapping[str, Any], at: At, version: Namespace) -> dict[str, Any]:
    """Read a node, and the image that it is where it lists levels."""
    node = read_node(ome, at)
    read: dict[str, Any] = {"node": node}
    shared = node.systems_by_id()
    if node.kind == MULTISCALE and node.nodes is not None:
        image = read_image(node, node.attributes, version.version, shared)
        labels = node.attributes.labels
        read["multiscales"] = (image.multiscale,)
        read["omero"] = node.attributes.omero
        read["image_label"] = None if labels is None else labels.label
    return read


def _inlined(group: OmeGroup, version: str, *, judging: bool) -> tuple[Multiscale, ...]:
    """Read, and judge, the images that a collection holds."""
    if not judging or group.node is None:
        return ()
    shared = group.node.systems_by_id()
    return tuple(
        read_image(inner, inner.attributes, version, shared).multiscale
        for inner in _images_in(group.node)
    )


def _images_in(root: Node) -> Iterator[Node]:
    """Yield the images that a collection lists with their levels, and its single levels."""
    for node in root.walk():
        for inner in node.nodes or () if node.kind != MULTISCALE else ():
            if inner.kind == SINGLESCALE or (inner.kind == MULTISCALE and inner.nodes is not None):
                yield inner


def _display(value: Any, at: At) -> FrozenMapping | None:
    if isinstance(value, Mapping):
        try:
            return FrozenMapping(value)
        except TooDeepError as problem:
            found = f"The attribute {DISPLAY_KEY} is {problem}"
            at.report(TOO_DEEP, found, "left out", section=DISPLAY_ILLEGAL.section)
    elif value is not None:
        found = f"The attribute {DISPLAY_KEY} is {described(value)}, not an object"
        at.report(DISPLAY_ILLEGAL, found, "ignored")
    return None
