"""Which groups are tables, and what their documents say: of four forms, none of them a standard.

    ngio       type, table_version, backend      region.path, index_key     Zarr v2 or v3
    fractal    type, fractal_table_version       region.path, instance_key  AnnData
    SpatialData  spatialdata-encoding-type       region, region_key, instance_key   AnnData
    AnnData    encoding-type: anndata            none; obs/label_id         AnnData

Sources: ngio, ``docs/table_specs``; fractal-tasks-core, "tables"; SpatialData, "design document";
comment 6 on RFC-9.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from napari_ome_zip.image.tables.backends import BACKENDS
from napari_ome_zip.image.tables.table import Table, TableForm
from napari_ome_zip.storage.hierarchy import Hierarchy, Node, join

_VERSION = "1"
"""Of the tables of ngio and fractal that are known."""


@dataclass(frozen=True)
class Place:
    """Where a table lies, and which label images its rows may be about."""

    image: str
    """Path of the group whose ``tables/`` holds it."""
    own_labels: tuple[str, ...]
    """Paths of the label images of that group."""
    all_labels: Collection[str | None]
    """Paths of all label images."""
    names_beside: Callable[[str], Collection[str]]
    """Names of what lies in a folder of that group."""


_SPATIALDATA = "spatialdata-encoding-type"
_LABEL_COLUMNS = ("label_id", "label")
"""Columns that name objects in tables whose documents do not say which one does."""


def recognized(hierarchy: Hierarchy, node: Node, place: Place) -> Table | None:
    """What the document of a group says of a table; None where it is none.

    Parameters
    ----------
    hierarchy : Hierarchy
    node : Node
        Of the group.
    place : Place
        Where it lies.
    """
    said = node.attributes
    is_anndata = said.get("encoding-type") == "anndata"
    named = _text(said.get("type"))
    if _SPATIALDATA in said:
        return _of_spatialdata(hierarchy, node, place)
    if "fractal_table_version" in said or (is_anndata and named and "backend" not in said):
        version = said.get("fractal_table_version", _VERSION)
        return _with_region(hierarchy, node, place, TableForm.FRACTAL, "anndata", version)
    if named and ("backend" in said or "table_version" in said):
        backend = _backend(said.get("backend"), is_anndata=is_anndata)
        version = said.get("table_version", _VERSION)
        return _with_region(hierarchy, node, place, TableForm.NGIO, backend, version)
    return _of_anndata(hierarchy, node, place) if is_anndata else None


def _backend(named: Any, *, is_anndata: bool) -> str | None:
    """What a table of ngio is stored as: ``anndata_v1``, ``experimental_csv_v1`` and the like."""
    if named is None:
        return "anndata" if is_anndata else None
    bare = str(named).removeprefix("experimental_").removesuffix("_v1")
    return bare if bare in BACKENDS else None


def _with_region(
    hierarchy: Hierarchy,
    node: Node,
    place: Place,
    form: TableForm,
    backend: str | None,
    version: Any,
) -> Table:
    said, problem = node.attributes, ""
    if str(version) != _VERSION:
        problem = (
            f"Table '{node.path}' is of version {str(version)!r:.20} of the tables of {form}, "
            "which is newer than this program. Update it."
        )
    elif backend is None:
        stored = str(said.get("backend"))
        problem = f"Table '{node.path}' is stored as {stored!r:.40}, which is not known."
    region = said.get("region")
    relative = _text(region.get("path")) if isinstance(region, Mapping) else None
    # Relative to the group of all tables, as both write it, or else to the table's own.
    bases = () if relative is None else (node.path.rpartition("/")[0], node.path)
    paths = [join(base, relative or "") for base in bases]
    there = [path for path in paths if path in place.all_labels]
    if relative is None and said.get("type") == "feature_table" and len(place.own_labels) == 1:
        there = [*place.own_labels]  # there are no others that it could be about
    return Table(
        hierarchy,
        node.path,
        place.image,
        form,
        _text(said.get("type")),
        backend,
        _text(said.get("instance_key")) or _text(said.get("index_key")) or _row_key(said),
        tuple(path for path in there[:1] if path is not None),
        absent=() if there or relative is None else (relative,),
        problem=problem,
    )


def _row_key(said: Mapping[str, Any]) -> str | None:
    """The column that names objects where a document says none."""
    return "label" if said.get("type") == "feature_table" else None


def _of_spatialdata(hierarchy: Hierarchy, node: Node, place: Place) -> Table:
    said, region = node.attributes, node.attributes.get("region")
    listed = region if isinstance(region, list) else [region]
    names = [name for name in listed if isinstance(name, str)]
    folder = f"{place.image}/labels" if place.image else "labels"
    paths = {name: join(folder, name) for name in names}
    there = tuple(path for path in paths.values() if path in place.all_labels)
    return Table(
        hierarchy,
        node.path,
        place.image,
        TableForm.SPATIALDATA,
        None,
        "anndata",
        _text(said.get("instance_key")),
        tuple(path for path in there if path is not None),
        _text(said.get("region_key")),
        # Regions may be shapes or points as well, which are no images.
        tuple(n for n, path in paths.items() if path not in there and not _is_shape(place, n)),
    )


def _is_shape(place: Place, name: str) -> bool:
    return any(name in place.names_beside(kind) for kind in ("shapes", "points"))


def _of_anndata(hierarchy: Hierarchy, node: Node, place: Place) -> Table:
    """A table that names no label image: it is about that of its image, if there is just one."""
    obs = hierarchy.node(f"{node.path}/obs")
    columns = None if obs is None else obs.attributes.get("column-order")
    listed = columns if isinstance(columns, list) else []
    key = next((name for name in _LABEL_COLUMNS if name in listed), None)
    labels = place.own_labels if key is not None and len(place.own_labels) == 1 else ()
    return Table(hierarchy, node.path, place.image, TableForm.ANNDATA, None, "anndata", key, labels)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
