"""Arrange images anew: one image, a series or a scene; documents, arrays, and their places."""

from __future__ import annotations

import json

from napari_ome_zip.image.composite import PlacedLabels, PlacedPart
from napari_ome_zip.image.label_source import seen_from
from napari_ome_zip.ome import (
    CoordinateSystem,
    Dataset,
    Multiscale,
    OmeGroup,
    Scene,
    Transformation,
    to_attributes,
)
from napari_ome_zip.ome.versions import SPECS, DimensionNames
from napari_ome_zip.pixels.reduction import Kind
from napari_ome_zip.saving.arranging.descriptions import (
    INTRINSIC,
    WORLD,
    downsampling,
    level_dataset,
    part_group,
    placed_dataset,
    to_world_transformation,
)
from napari_ome_zip.saving.arranging.labels_alone import image_elsewhere
from napari_ome_zip.saving.arranging.levels import (
    can_store,
    counterpart,
    free_name,
    is_of_file,
    level_count,
    level_name,
    level_sequence,
    place_beside,
)
from napari_ome_zip.saving.arranging.names import image_paths, label_names
from napari_ome_zip.saving.arranging.ome_xml import METADATA_XML, ome_xml
from napari_ome_zip.saving.arranging.placement import Placed
from napari_ome_zip.saving.encoding.array_plan import ArrayPlan
from napari_ome_zip.saving.encoding.arrays import ArrayLayout, array_document, layout
from napari_ome_zip.saving.options import SaveOptions
from napari_ome_zip.saving.original.merging import OME
from napari_ome_zip.saving.original.origin import Origin
from napari_ome_zip.saving.original.stored import StoredLevel, StoredMultiscale
from napari_ome_zip.saving.planned import Layout
from napari_ome_zip.storage.json_writing import to_json


class FreshHierarchy:
    """Collects documents and arrays of images that are arranged anew.

    Parameters
    ----------
    options : SaveOptions
    version : str
        One of Zarr v3.
    origin : Origin, optional
        The file that parts come from. Their levels are taken over where nothing changed, and
        what is not understood in their documents stays.
    """

    def __init__(self, options: SaveOptions, version: str, origin: Origin | None = None) -> None:
        self.options = options
        self.version, self.spec = version, SPECS[version]
        self.origin = origin
        self.documents: dict[str, bytes] = {}
        self.arrays: list[ArrayPlan] = []
        self.went: dict[str, str] = {}
        """Paths of parts by those that they have in the file."""
        self.extras: dict[str, bytes] = {}
        """Entries that are not Zarr documents, by name."""

    def add_all(
        self,
        families: list[tuple[PlacedPart, list[PlacedLabels]]],
        placed: dict[int, Placed],
        world: CoordinateSystem,
        *,
        affine: bool,
    ) -> Layout:
        """One image, a series or a scene, whichever holds the images as they lie."""
        first = families[0][0]
        is_one_of_several = self.origin is not None and bool(self.origin.path_of(first))
        if len(families) == 1 and not affine and not is_one_of_several:
            self.add_family("", families[0], placed)
            return "image"
        if not self.spec.graph:
            self.add_series(families, placed)
            return "series"
        self.add_scene(families, placed, world)
        return "scene"

    def add_family(
        self,
        path: str,
        family: tuple[PlacedPart, list[PlacedLabels]],
        placed: dict[int, Placed],
    ) -> dict[int, str]:
        """An image with its labels below it; returns the path of each part by its id."""
        part, labels = family
        # Labels MUST have as many levels as their image (0.5, "labels" metadata).
        count = max(level_count(placed[id(each)], self.options) for each in (part, *labels))
        stored = self._stored(part)
        if self.options.levels is None and stored is not None:
            count = len(stored.levels)
        self.add_part(path, placed[id(part)], count, alone=isinstance(part, PlacedLabels))
        paths = {id(part): path}
        folder, old = _join(path, "labels"), self._old_labels(part)
        hidden = self.origin.hidden_labels(old) if self.origin is not None and old else []
        if self.origin is not None and old is not None and old != folder:
            self.origin.moves[old] = folder  # with the labels that could not be shown
        if labels or hidden:
            names = label_names(labels, folder, old, self.origin)
            group = OmeGroup(version=self.version, labels=(*names, *hidden))
            self.add_group(folder, group, old=old)
            for name, label in zip(names, labels, strict=True):
                paths[id(label)] = _join(folder, name)
                self.add_part(paths[id(label)], placed[id(label)], count)
        return paths

    def add_series(
        self,
        families: list[tuple[PlacedPart, list[PlacedLabels]]],
        placed: dict[int, Placed],
    ) -> None:
        """Several images, as bioformats2raw arranges them: numbered groups and their list."""
        names = image_paths([part for part, _ in families], self.origin, numbered=True)
        self.add_group("", OmeGroup(version=self.version, bioformats2raw_layout=3), old="")
        self.add_group("OME", OmeGroup(version=self.version, series=tuple(names)), old="OME")
        for name, family in zip(names, families, strict=True):
            self.add_family(name, family, placed)
        images = [placed[id(part)] for part, _ in families]
        self.extras[METADATA_XML] = ome_xml(list(zip(names, images, strict=True)))

    def add_scene(
        self,
        families: list[tuple[PlacedPart, list[PlacedLabels]]],
        placed: dict[int, Placed],
        world: CoordinateSystem,
    ) -> None:
        """Several images in one coordinate system of their own (0.6, section "scene")."""
        names = image_paths([part for part, _ in families], self.origin, numbered=False)
        transformations: list[Transformation] = []
        paths: list[tuple[PlacedPart, str]] = []
        for name, family in zip(names, families, strict=True):
            found = self.add_family(name, family, placed)
            paths += [(part, found[id(part)]) for part in (family[0], *family[1])]
        for part, path in paths:
            transformations.append(to_world_transformation(placed[id(part)], path, world))
        system = CoordinateSystem(WORLD, world.axes)
        scene = Scene((system,), tuple(transformations))
        self.add_group("", OmeGroup(version=self.version, scene=scene), old="")

    def add_group(self, path: str, group: OmeGroup, *, old: str | None = None) -> None:
        """The document of a group; ``old`` is the group of the file whose place it takes."""
        attributes = to_attributes(group, self.version)
        document = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
        if self.origin is not None and old is not None:
            document = self.origin.merged(old, document)
        elif self.origin is not None and not path:
            document = self.origin.at_root(document)
        self.documents[_join(path, "zarr.json")] = to_json(document)

    def add_part(self, path: str, placed: Placed, count: int, *, alone: bool = False) -> None:
        """The group of one multiscale, and its arrays: one for each level.

        Labels that stand alone lie below no image.
        """
        part = placed.part
        old = self.origin.path_of(part) if self.origin is not None else None
        if old is not None:
            self.went[old] = path
        stored = self._stored(part)
        wanted = self.options.levels
        if stored is not None and (wanted is None or wanted <= len(stored.levels)):
            datasets = self._take_over(path, placed, stored, wanted)
            kind, details = stored.model.type, stored.model.metadata
        else:
            found = None
            if self.origin is not None:
                found = self.origin.stored(part)
                self.origin.replace_levels(part)
            datasets = self.add_arrays(path, placed, count, found)
            kind, details = downsampling(part, len(datasets))
        multiscale = Multiscale(
            name=part.name,
            coordinate_systems=(CoordinateSystem(INTRINSIC, part.axes),),
            datasets=tuple(datasets),
            type=kind,
            metadata=details,
        )
        source = image_elsewhere(part, path) if self.origin is None and alone else None
        self.add_group(path, part_group(part, multiscale, self.version, source), old=old)
        if self.origin is not None and (alone or (old is not None and old != path)):
            self._point_to_image(path, old or path, below=not alone)

    def _point_to_image(self, path: str, old: str, *, below: bool) -> None:
        """Let labels that moved name the image that they lie below now, or that of another file."""
        name = _join(path, "zarr.json")
        document = json.loads(self.documents[name])
        source = document["attributes"][OME].get("image-label", {}).get("source")
        if isinstance(source, dict) and "image" in source:
            if below:
                source["image"] = "../../"
            elif (image := seen_from(path, source["image"], old)) is not None:
                source["image"] = image
            else:
                del source["image"]
            self.documents[name] = to_json(document)

    def _stored(self, part: PlacedPart) -> StoredMultiscale | None:
        """Levels of a part that can be taken over as they are stored."""
        if self.origin is None or not self.options.as_in_file:
            return None
        return self.origin.unchanged(part)

    def _take_over(
        self, path: str, placed: Placed, stored: StoredMultiscale, wanted: int | None
    ) -> list[Dataset]:
        """Levels as they are stored, each where it lies beside the first one."""
        datasets = []
        first = stored.levels[0]
        for number, level in enumerate(stored.levels[:wanted]):
            name = level_name(level, stored.path, number)
            if self.origin is not None:
                self.origin.moves[level.path] = _join(path, name)
            self._name_dimensions(_join(path, name), placed.part, level)
            datasets.append(placed_dataset(name, *place_beside(level, first, placed)))
        if self.origin is not None:
            self.origin.moves |= {level.path: None for level in stored.levels[len(datasets) :]}
        return datasets

    def _name_dimensions(self, path: str, part: PlacedPart, level: StoredLevel) -> None:
        """Name the dimensions of an array that is taken over, where the version wants that."""
        names = [axis.name for axis in part.axes]
        found = dict(level.array.document)
        required = self.spec.dimension_names is DimensionNames.REQUIRED
        if required and found.get("dimension_names") != names:
            self.documents[_join(path, "zarr.json")] = to_json({**found, "dimension_names": names})

    def add_arrays(
        self, path: str, placed: Placed, count: int, stored: StoredMultiscale | None = None
    ) -> list[Dataset]:
        """Arrays that are encoded, one a level; ``stored`` are those whose places they take."""
        part = placed.part
        types = tuple(axis.role for axis in part.axes)
        names = [axis.name for axis in part.axes]
        dtype = part.levels[0].dtype
        kind: Kind = "mode" if isinstance(part, PlacedLabels) else "mean"
        datasets = []
        previous: str | None = None
        for number, (shape, factors, step) in enumerate(
            level_sequence(placed, count, exactly=self.options.levels is None)
        ):
            before = counterpart(stored, number)
            name = str(number) if stored is None else free_name(stored, number)
            array_path = _join(path, name)
            if before is not None and self.options.as_in_file and can_store(before, shape, dtype):
                arrangement = ArrayLayout.of(before.array)
                document = to_json(dict(before.array.document))
            else:
                arrangement = layout(shape, types, dtype.itemsize, self.options)
                noted = {} if before is None else before.array.attributes
                document = array_document(shape, dtype, arrangement, names, self.options, noted)
            source = part.levels[number] if number < len(part.levels) else None
            self.arrays.append(
                ArrayPlan(
                    array_path,
                    shape,
                    dtype,
                    arrangement,
                    source,
                    made_from=previous,
                    step=step,
                    kind=kind,
                    title=part.name,
                )
            )
            self.documents[_join(array_path, "zarr.json")] = document
            if stored is not None and before is not None and is_of_file(part, before, shape):
                place = place_beside(before, stored.levels[0], placed)
                datasets.append(placed_dataset(name, *place))
            else:
                datasets.append(level_dataset(name, placed, factors))
            previous = array_path
        return datasets

    def _old_labels(self, part: PlacedPart) -> str | None:
        path = self.origin.path_of(part) if self.origin is not None else None
        return None if path is None else _join(path, "labels")


def _join(*parts: str) -> str:
    return "/".join(part for part in parts if part)
