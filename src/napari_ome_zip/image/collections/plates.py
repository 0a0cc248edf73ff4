"""Plates, wells and acquisitions of collections: where fields of view lie on a plate."""

from __future__ import annotations

from dataclasses import replace

from napari_ome_zip.findings import Finding, listed
from napari_ome_zip.image.collections.documents import NodeDocument
from napari_ome_zip.image.collections.records import PlateAt, Records, Surroundings, WellAt
from napari_ome_zip.image.collections.rules import LINE_UNKNOWN
from napari_ome_zip.image.found import Discovery, FieldPosition
from napari_ome_zip.ome import Plate
from napari_ome_zip.ome.collections.node import Node, NodeAttributes
from napari_ome_zip.ome.json_values import shortened
from napari_ome_zip.ome.plates.plate import PlateWell

_MAX_NAMED = 3


class PlateWalk:
    """Keeps the plates that a walk enters.

    Parameters
    ----------
    discovery : Discovery
    records : Records
    """

    def __init__(self, discovery: Discovery, records: Records) -> None:
        self._discovery = discovery
        self._records = records
        self._unknown: list[str] = []
        self._plates: dict[str, PlateAt] = {}

    def around(
        self,
        node: Node,
        attributes: NodeAttributes,
        document: NodeDocument,
        name: str | None,
        around: Surroundings,
    ) -> Surroundings:
        """Return what surrounds the nodes of a collection."""
        if attributes.plate is not None:
            is_root = node is document.node
            wanted = path = document.base if is_root else f"{document.base}/{name}".strip("/")
            while path in self._plates:
                path = f"{wanted}_{len(self._plates) + 1}"
            plate = attributes.plate
            self._plates[path] = PlateAt(path, plate)
            around = replace(around, plate=self._plates[path], well=None)
            self._discovery.plates[path] = Plate(
                name,
                tuple(line.name for line in plate.rows),
                tuple(line.name for line in plate.columns),
            )
        if attributes.acquisition is not None:
            around = replace(around, acquisition=attributes.acquisition)
        if attributes.well is not None:
            around = self._in_well(attributes, document, name, around)
        return around

    def _in_well(
        self,
        attributes: NodeAttributes,
        document: NodeDocument,
        name: str | None,
        around: Surroundings,
    ) -> Surroundings:
        well, plate = attributes.well, around.plate
        if well is None:
            return around
        if plate is None:  # a well that was opened without its plate
            path = f"{document.base}/{name}".strip("/")
            return replace(around, plate=None, well=WellAt(0, 0, path))
        row, column = plate.rows.get(well.row.id), plate.columns.get(well.column.id)
        if row is None or column is None:
            self._unknown.append(name or f"{well.row.id}{well.column.id}")
            return replace(around, well=None)
        names = plate.plate.rows[row].name, plate.plate.columns[column].name
        plate.wells.append(PlateWell("/".join(names), row, column))
        return replace(around, well=WellAt(row, column, "".join(names)))

    def position(
        self, attributes: NodeAttributes, around: Surroundings, name: str | None
    ) -> FieldPosition | None:
        """Return where on a plate an image was taken; None outside of a well."""
        well, plate = around.well, around.plate
        if well is None:
            return None
        reference = attributes.acquisition or around.acquisition
        acquisition = None
        if reference is not None and plate is not None:
            acquisition = plate.acquisitions.get(reference.id)
            if acquisition is None:
                self._unknown.append(name or reference.id)
        path = (well.name or "") if plate is None else plate.path
        place = path, well.row, well.column, acquisition
        number = self._records.fields[place]
        if attributes.labels is None:
            self._records.fields[place] += 1
        called = None if plate is None else well.name
        return FieldPosition(
            path, well.row, well.column, number, acquisition, called, is_named=True
        )

    def finish(self) -> None:
        """List the wells of plates; say which of them name what is not on their plate."""
        for path, plate in self._plates.items():
            known = self._discovery.plates[path]
            self._discovery.plates[path] = replace(known, wells=tuple(plate.wells))
        if self._unknown:
            names = listed(list(dict.fromkeys(map(shortened, self._unknown))), _MAX_NAMED)
            text = (
                f"Rows, columns or acquisitions that the plate does not list, of {names}; what is "
                "in such a well is shown beside the plate."
            )
            self._discovery.findings.append(Finding.of(LINE_UNKNOWN, "", text))
