"""Which groups of a hierarchy are parts of the composite image."""

from __future__ import annotations

from collections.abc import Iterable

from napari_ome_zip.archive import rules
from napari_ome_zip.errors import MetadataError
from napari_ome_zip.findings import Finding, first_reasons
from napari_ome_zip.image.collections import walk_collection
from napari_ome_zip.image.found import Discovery, FieldPosition, Found
from napari_ome_zip.image.napari_group import GROUP, is_napari_group
from napari_ome_zip.image.reference_rules import (
    FIELD_NOT_FOUND,
    IMAGE_NOT_FOUND,
    LABEL_NOT_FOUND,
    LABEL_NOT_IMAGE,
    ROW_NOT_GROUP,
    SERIES_NOT_FOUND,
    SERIES_NUMBERS,
    WELL_NOT_FOUND,
)
from napari_ome_zip.ome import OmeGroup, Plate, Scene, SystemRef, Well, parse_group
from napari_ome_zip.ome.transformations import transformation as tf
from napari_ome_zip.storage.hierarchy import Hierarchy, join, natural_key


def discover(hierarchy: Hierarchy) -> Discovery:
    """Find every image, label image and scene, from documents alone.

    A group says by its metadata what it is. Where it says nothing (the root of a scene, of a
    SpatialData object, of a plain collection) its child groups are looked at: everything in
    the archive belongs to the one composite (RFC-9).

    Raises
    ------
    MetadataError
        If the root's document is unusable or nothing in the hierarchy is an image.
    """
    discovery = Discovery(hierarchy)
    _walk(discovery, "")
    if not discovery.found:
        raise MetadataError(_nothing_found(discovery))
    _refuse_lost_root(discovery)
    _look_beside(discovery)
    return discovery


def _refuse_lost_root(discovery: Discovery) -> None:
    """Refuse labels without their image where another root document would have shown it."""
    stubs = [f for f in discovery.hierarchy.store.findings if f.code == rules.REPEATED.code]
    lost = all(found.kind == "labels" for found in discovery.found)
    if lost and any(finding.where in ("zarr.json", ".zattrs") for finding in stubs):
        raise MetadataError(
            "No image to show: the root's document is there more than once with different "
            "content, and the last one describes no image. Make the archive again."
        )


def _look_beside(discovery: Discovery) -> None:
    """Say which other images lie beside a root that is an image itself.

    RFC-9 wants exactly one hierarchy, and a group that is an image holds labels, not images.
    """
    reached = [found.group.path for found in discovery.found]
    if "" not in reached:
        return
    for child in discovery.hierarchy.child_groups(""):
        if any(path == child or path.startswith(f"{child}/") for path in reached):
            continue
        try:
            node = discovery.hierarchy.node(child)
        except MetadataError:
            continue  # not part of the image, so nothing that must be readable
        if node is None or node.kind != "group":
            continue
        group = parse_group(node.attributes, path=child, zarr_format=node.zarr_format).group
        if group.multiscales or group.plate or group.node:
            text = f"More than one image hierarchy: '{child}' beside the root is not shown."
            discovery.findings.append(Finding.of(rules.SECOND, child, text))


def _walk(discovery: Discovery, path: str, name: str | None = None) -> None:
    if path in discovery.walked:
        return
    discovery.walked.add(path)
    group = discovery.group(path)
    if group is None:
        return
    if group.node is not None:
        walk_collection(discovery, group, _walk_released)
        return
    is_collection = group.plate is not None or group.well is not None
    if group.plate is not None:
        _walk_plate(discovery, group, group.plate)
    elif group.well is not None:
        _walk_well(discovery, group, group.well, FieldPosition(path, 0, 0, 0, None), name)
    # A group may be an image besides, such as an overview of its plate.
    if group.multiscales:
        _add(discovery, group, name=name)
    elif group.bioformats2raw_layout is not None and not is_collection:
        _walk_series(discovery, group)
    elif not is_collection:
        _walk_children(discovery, group)


def _walk_released(
    discovery: Discovery, group: OmeGroup, name: str | None, position: FieldPosition | None
) -> None:
    """What a node of a collection leads to in a group of a released version."""
    if group.multiscales:
        _add(discovery, group, name=name, position=position, is_named=True)
    else:
        discovery.walked.discard(group.path)
        _walk(discovery, group.path, name)


def _walk_children(discovery: Discovery, group: OmeGroup) -> None:
    """A group that is not an image itself: a scene, or a folder of images."""
    listed: list[str] = []
    if group.scene is not None:
        listed = _add_scene(discovery, group.path, group.scene)
    discovery.vector_fields.update(_vector_field_paths(group))
    # Labels come with their image, even where a scene places them by themselves.
    listed.sort(key=lambda path: "labels" in path.split("/"))
    children = dict.fromkeys((*listed, *discovery.hierarchy.child_groups(group.path)))
    for child in children:
        if child in discovery.vector_fields:
            continue
        try:
            if not _is_for_napari(discovery, child):
                _walk(discovery, child)
        except MetadataError as error:
            discovery.skip(child, error)
    if group.path == "" and not discovery.found and not discovery.problems:
        discovery.problems.extend(_why_no_image(discovery, group))


def _is_for_napari(discovery: Discovery, path: str) -> bool:
    """Whether a group holds layers that are no images."""
    if path != GROUP:
        return False
    node = discovery.hierarchy.node(path)
    return node is not None and is_napari_group(node)


def _add_scene(discovery: Discovery, path: str, scene: Scene) -> list[str]:
    """Keep a scene; the paths of the images that it names; missing ones are reported."""
    discovery.scenes.append((path, scene))
    found, missing = [], []
    for relative in dict.fromkeys(r.path for r in _references(scene.transformations) if r.path):
        there = join(path, relative)
        group = discovery.usable_group(there)
        if there is not None:
            found.append(there)
        if group is None or not (group.multiscales or group.scene or group.node):
            missing.append(relative)
    if missing:
        names = ", ".join(f"'{name}'" for name in missing[:3])
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        text = (
            f"The scene places images that are missing or cannot be used: {names}{more}; "
            "the rest is shown."
        )
        discovery.findings.append(Finding.of(IMAGE_NOT_FOUND, path, text))
        discovery.problems.append(f"The scene names {names}{more}: missing, or not an image.")
    return found


def _why_no_image(discovery: Discovery, group: OmeGroup) -> Iterable[str]:
    node = discovery.hierarchy.node("")
    attributes = node.attributes if node else {}
    inner = attributes.get("ome")
    source = inner if isinstance(inner, dict) else attributes
    if source.get("multiscales") == []:
        yield "'multiscales' is empty, expected at least one image."
    elif "multiscales" in source:
        yield "'multiscales' does not describe an image."


def _walk_plate(discovery: Discovery, group: OmeGroup, plate: Plate) -> None:
    missing = []
    bare_rows = {}
    discovery.plates[group.path] = plate
    if not plate.wells:
        discovery.problems.append("The plate lists no well.")
    for well in plate.wells:
        path = join(group.path, well.path)
        well_group = discovery.usable_group(path)
        if path is None or well_group is None or well_group.well is None:
            missing.append(well.path)
            continue
        row = path.rpartition("/")[0]
        if row != group.path and discovery.hierarchy.node(row) is None:
            bare_rows[row] = well.path.rpartition("/")[0]
        called = well.path.strip("/").replace("/", "")
        position = FieldPosition(group.path, well.row_index, well.column_index, 0, None, called)
        _walk_well(discovery, well_group, well_group.well, position, well.path)
    if missing:
        count = len(plate.wells)
        discovery.report_missing(WELL_NOT_FOUND.code, "well", missing, group.path, count)
    if bare_rows:
        names = ", ".join(f"'{name}'" for name in bare_rows.values())
        text = f"Plate rows without metadata of their own: {names}; their wells are shown."
        discovery.findings.append(Finding.of(ROW_NOT_GROUP, group.path, text))


def _walk_well(
    discovery: Discovery,
    group: OmeGroup,
    well: Well,
    position: FieldPosition,
    name: str | None,
) -> None:
    missing = []
    counts: dict[int | None, int] = {}
    for image in well.images:
        path = join(group.path, image.path)
        field_group = discovery.usable_group(path)
        if field_group is None or not field_group.multiscales:
            missing.append(image.path)
            continue
        number = counts.get(image.acquisition, 0)
        counts[image.acquisition] = number + 1
        place = FieldPosition(
            position.plate, position.row, position.column, number, image.acquisition, position.well
        )
        label = f"{name} {image.path}" if name else image.path
        _add(discovery, field_group, name=label, position=place)
    if missing:
        count, kind = len(well.images), "field of view"
        discovery.report_missing(FIELD_NOT_FOUND.code, kind, missing, group.path, count)


def _walk_series(discovery: Discovery, group: OmeGroup) -> None:
    """The images of a ``bioformats2raw.layout`` collection."""
    ome_path = f"{group.path}/OME" if group.path else "OME"
    ome = discovery.usable_group(ome_path)
    if ome is not None and ome.series:
        names, code = tuple(dict.fromkeys(ome.series)), SERIES_NOT_FOUND.code
    else:
        code = SERIES_NUMBERS.code  # an image of the row 0, 1, 2, … is not there
        children = discovery.hierarchy.child_groups(group.path)
        names = tuple(
            sorted(
                (n for c in children if (n := c.rpartition("/")[2]).isdecimal()), key=natural_key
            )
        )
    missing = []
    for name in names:
        path = join(group.path, name)
        series = discovery.usable_group(path)
        if series is None or not series.multiscales:
            missing.append(name)
        else:
            _add(discovery, series, name=name)
    if missing:
        discovery.report_missing(code, "series", missing, group.path, len(names))


def _add(
    discovery: Discovery,
    group: OmeGroup,
    *,
    name: str | None = None,
    position: FieldPosition | None = None,
    is_named: bool = False,
) -> None:
    """Add a group with ``multiscales``, and the label images below it."""
    parent = group.path.rpartition("/")[0]
    is_label = group.image_label is not None or parent.rpartition("/")[2] == "labels"
    if is_label:
        discovery.found.append(Found(group, "labels", name, is_named=is_named))
        return
    if group.scene is not None:
        _add_scene(discovery, group.path, group.scene)
    discovery.found.append(Found(group, "image", name, position=position, is_named=is_named))
    for label in _labels(discovery, group.path):
        discovery.walked.add(label.path)
        discovery.found.append(Found(label, "labels", image=group.path, position=position))


def _labels(discovery: Discovery, image: str) -> list[OmeGroup]:
    """Label groups below an image: those listed, then those that are there unlisted."""
    folder = f"{image}/labels" if image else "labels"
    container = discovery.usable_group(folder)
    listed = (container.labels or ()) if container is not None else ()
    groups: dict[str, OmeGroup] = {}
    missing, absent = [], False
    for name in listed:
        path = join(folder, name)
        below = path is not None and path.startswith(f"{folder}/")
        group = discovery.usable_group(path) if below else None
        if group is None or not group.multiscales:
            missing.append(name)
            absent = absent or group is None
        else:
            groups[group.path] = group
    if missing:
        code = LABEL_NOT_FOUND.code if absent else LABEL_NOT_IMAGE.code
        discovery.report_missing(code, "label image", missing, folder, len(listed))
    known = {*groups, *(join(folder, name) for name in missing)}
    for child in discovery.hierarchy.child_groups(folder):
        if child in known or any((path or "").startswith(f"{child}/") for path in known):
            continue
        group = discovery.usable_group(child)
        if group is not None and group.multiscales:
            groups[group.path] = group
    return list(groups.values())


def _references(transformations: Iterable[tf.Transformation]) -> Iterable[SystemRef]:
    for transformation in transformations:
        for reference in (transformation.input, transformation.output):
            if reference is not None:
                yield reference


def _vector_field_paths(group: OmeGroup) -> Iterable[str]:
    """Where the transformations of a scene or of images keep their vector fields."""
    scene = group.scene.transformations if group.scene is not None else ()
    images = (t for multiscale in group.multiscales for t in multiscale.transformations)
    transformations = (*scene, *images)
    for leaf in (part for t in transformations for part in t.walk()):
        if isinstance(leaf, tf.Displacements | tf.Coordinates) and leaf.path:
            path = join(group.path, leaf.path)
            if path is not None:
                yield path


def _nothing_found(discovery: Discovery) -> str:
    if discovery.problems:
        return f"No image to show: {first_reasons(discovery.problems)}"
    if discovery.hierarchy.node("") is None:
        return "No OME-Zarr image: there is no zarr.json at the root."
    return (
        "No OME-Zarr image: this is a Zarr hierarchy whose documents hold no OME-Zarr metadata "
        "(no 'multiscales', 'plate' or series)."
    )
