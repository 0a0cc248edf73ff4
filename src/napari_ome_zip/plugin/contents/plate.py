"""The wells of a plate as a grid: which there are, and what was imaged in each; no Qt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from string import ascii_uppercase

from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.image.composite import Field
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.ome import Plate
from napari_ome_zip.plugin.contents.shown import ShownPart


@dataclass(frozen=True)
class Well:
    """A well with its fields of view, those of every acquisition."""

    plate: str
    """Path of the plate's group."""
    name: str
    """Row and column, such as ``A1``."""
    row: int
    column: int
    fields: tuple[tuple[ShownPart, Field], ...]
    """Each with the image that shows it, alone or with others."""


class Content(StrEnum):
    """What there is at a place of a plate."""

    IMAGED = "imaged"
    EMPTY = "no image"
    """Listed by the plate, but there is no image of it that could be shown."""
    UNLISTED = "not in the file"


@dataclass(frozen=True)
class Cell:
    """A place of a plate."""

    name: str
    content: Content
    fields: int = 0
    """Number of fields of view."""

    @property
    def summary(self) -> str:
        """What there is, in a few words."""
        if self.content is not Content.IMAGED:
            return f"{self.name}: {self.content}"
        return f"{self.name}: {count(self.fields, 'field of view', 'fields of view')}"


@dataclass(frozen=True)
class PlateGrid:
    """All places of a plate."""

    path: str
    name: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: dict[tuple[int, int], Cell]
    """By row and column; those that are not in the file are left out."""

    def cell(self, row: int, column: int) -> Cell:
        """What there is at a row and a column."""
        known = self.cells.get((row, column))
        return known or Cell(f"{self.rows[row]}{self.columns[column]}", Content.UNLISTED)

    @property
    def summary(self) -> str:
        """Its name, and how many of its wells were imaged."""
        imaged = sum(cell.content is Content.IMAGED for cell in self.cells.values())
        empty = len(self.cells) - imaged
        text = f"{self.name}: {count(imaged, 'well', 'wells')}"
        return f"{text}, {empty:,} more without an image" if empty else text

    @property
    def most_fields(self) -> int:
        """The largest number of fields of view of a well."""
        return max((cell.fields for cell in self.cells.values()), default=0)


def wells_of(shown: Iterable[ShownPart]) -> list[Well]:
    """The wells of all plates by plate, row and column; their label images are left out."""
    found: dict[tuple[str, int, int], list[tuple[ShownPart, Field]]] = {}
    names: dict[tuple[str, int, int], str] = {}
    for part, field in _fields_in_wells(shown):
        position = field.position
        if position is not None and position.well is not None:
            key = position.plate, position.row, position.column
            found.setdefault(key, []).append((part, field))
            names[key] = position.well
    return [
        Well(plate, names[plate, row, column], row, column, tuple(fields))
        for (plate, row, column), fields in sorted(found.items(), key=lambda item: item[0])
    ]


def _fields_in_wells(shown: Iterable[ShownPart]) -> Iterator[tuple[ShownPart, Field]]:
    for part in shown:
        if part.is_image and part.part.position is not None:
            for field in part.fields:
                yield part, field


def plate_grids(wells: Sequence[Well], opened: Opened | None) -> list[PlateGrid]:
    """A grid for each plate, with the wells that its document lists and that have no image."""
    plates: dict[str, list[Well]] = {}
    for well in wells:
        plates.setdefault(well.plate, []).append(well)
    return [_grid(path, imaged, _document(opened, path)) for path, imaged in plates.items()]


def _grid(path: str, imaged: Sequence[Well], plate: Plate) -> PlateGrid:
    cells: dict[tuple[int, int], Cell] = {}
    for listed in plate.wells:
        name = listed.path.strip("/").replace("/", "")
        cells[listed.row_index, listed.column_index] = Cell(name, Content.EMPTY)
    for well in imaged:
        paths = {field.path for _, field in well.fields}
        cells[well.row, well.column] = Cell(well.name, Content.IMAGED, len(paths))
    row_count = max(row for row, _ in cells) + 1
    column_count = max(column for _, column in cells) + 1
    rows = [*plate.rows, *(row_name(n) for n in range(len(plate.rows), row_count))]
    columns = [*plate.columns, *(str(n + 1) for n in range(len(plate.columns), column_count))]
    return PlateGrid(path, plate.name or "plate", tuple(rows), tuple(columns), cells)


def _document(opened: Opened | None, path: str) -> Plate:
    """The plate's document, as far as it can be read."""
    if opened is None:
        return Plate()
    try:
        group = opened.group(path)
        return (group and group.plate) or opened.plates.get(path) or Plate()
    except (OmeZipError, OSError):
        return Plate()


def row_name(index: int) -> str:
    """Name of a row that the file does not name: ``A`` to ``Z``, then ``AA``, as on plates."""
    first, last = divmod(index, len(ascii_uppercase))
    return (row_name(first - 1) if first else "") + ascii_uppercase[last]


def count(number: int, one: str, several: str) -> str:
    """A number with the noun in the right form."""
    return f"{number:,} {one if number == 1 else several}"
