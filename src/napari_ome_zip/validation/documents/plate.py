"""Rules on plates: rows, columns, wells, acquisitions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from napari_ome_zip.ome.json_values import described as describe
from napari_ome_zip.ome.json_values import is_integer, is_list, is_name, is_object, objects, quoted
from napari_ome_zip.rules import MUST, SHOULD, Rule
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.rule import Place

SECTION = "plate metadata"
_ALPHANUMERIC = re.compile(r"[A-Za-z0-9]+")

ROWS_MISSING = Rule(
    "plate-rows-missing",
    MUST,
    SECTION,
    "A plate lists its rows.",
    'List all rows of the physical plate, for instance {"name": "A"}.',
)
COLUMNS_MISSING = Rule(
    "plate-columns-missing",
    MUST,
    SECTION,
    "A plate lists its columns.",
    'List all columns of the physical plate, for instance {"name": "1"}.',
)
WELLS_MISSING = Rule(
    "plate-wells-missing",
    MUST,
    SECTION,
    "A plate lists its wells.",
    "List every well that holds images, with path, rowIndex and columnIndex.",
)
NAME_MISSING = Rule(
    "plate-name-missing",
    SHOULD,
    SECTION,
    "A plate has a name.",
    'Add the "name" of the plate.',
)
FIELD_COUNT_MISSING = Rule(
    "plate-field-count-missing",
    SHOULD,
    SECTION,
    "A plate says how many fields of view its wells have at most.",
    'Add "field_count".',
)
COUNT_INVALID = Rule(
    "plate-count-invalid",
    MUST,
    SECTION,
    "A maximal number of fields of view is a whole number above zero.",
    "Write the number of fields of view, or leave it out.",
)
LINE_NAME_MISSING = Rule(
    "plate-line-name-missing",
    MUST,
    SECTION,
    "Every row and column has a name.",
    'Name the rows and columns, for instance "A" and "1".',
)
LINE_NAME_INVALID = Rule(
    "plate-line-name-invalid",
    MUST,
    SECTION,
    "Names of rows and columns consist of letters and digits only.",
    'Use letters and digits only, for instance "A" or "01".',
)
LINE_NAME_DUPLICATE = Rule(
    "plate-line-name-duplicate",
    MUST,
    SECTION,
    "No two rows share a name, nor do two columns.",
    "Give each row and each column a name of its own.",
)
LINE_NAME_CASE = Rule(
    "plate-line-name-case",
    SHOULD,
    SECTION,
    "Names of rows and columns differ by more than upper and lower case.",
    "Rename one of them: Windows and macOS do not tell such names apart.",
)
WELL_PATH_MISSING = Rule(
    "plate-well-path-missing",
    MUST,
    SECTION,
    "Every well has a path.",
    'Add the path: name of the row, slash, name of the column, for instance "A/1".',
)
WELL_PATH_INVALID = Rule(
    "plate-well-path-invalid",
    MUST,
    SECTION,
    "The path of a well is the name of its row, a slash, and the name of its column.",
    'Write the path as row/column, for instance "A/1", with nothing before or after.',
)
WELL_INDEX_MISSING = Rule(
    "plate-well-index-missing",
    MUST,
    SECTION,
    "Every well says in which row and column it lies, counting from 0.",
    'Add "rowIndex" and "columnIndex", counting from 0.',
)
WELL_DUPLICATE = Rule(
    "plate-well-duplicate",
    MUST,
    SECTION,
    "Every well is listed once.",
    "Remove the repeated entries.",
)
ACQUISITION_ID = Rule(
    "acquisition-id-invalid",
    MUST,
    SECTION,
    "Every acquisition has an id: a whole number from 0.",
    "Number the acquisitions by whole numbers from 0.",
)
ACQUISITION_DUPLICATE = Rule(
    "acquisition-id-duplicate",
    MUST,
    SECTION,
    "No two acquisitions share an id.",
    "Give each acquisition a number of its own.",
)
ACQUISITION_TIME = Rule(
    "acquisition-time-invalid",
    MUST,
    SECTION,
    "Start and end of an acquisition are whole numbers: seconds since 1970.",
    "Write the time as a Unix time stamp, for instance 1343731272.",
)
ACQUISITION_NAME_MISSING = Rule(
    "acquisition-name-missing",
    SHOULD,
    SECTION,
    "An acquisition has a name.",
    'Add the "name" of the acquisition.',
)
ACQUISITION_COUNT_MISSING = Rule(
    "acquisition-field-count-missing",
    SHOULD,
    SECTION,
    "An acquisition says how many fields of view it has at most.",
    'Add "maximumfieldcount".',
)


def check_plate(raw: object, at: Place) -> Iterator[Issue]:
    """Check the value of ``plate``."""
    if not is_object(raw):
        yield at.wrong_type(raw, "an object", SECTION)
        return
    for field, missing in (
        ("rows", ROWS_MISSING),
        ("columns", COLUMNS_MISSING),
        ("wells", WELLS_MISSING),
    ):
        if not (is_list(raw.get(field)) and raw[field]):
            found = describe(raw[field]) if field in raw else "nothing"
            yield at.issue(missing, f"Plate without {field}: found {found}")
    yield from _check_lines(raw.get("rows"), at.at("rows"), "row")
    yield from _check_lines(raw.get("columns"), at.at("columns"), "column")
    yield from _check_wells(raw.get("wells"), at.at("wells"))
    if "acquisitions" in raw:
        yield from _check_acquisitions(raw["acquisitions"], at.at("acquisitions"))
    yield from _check_text(raw, "name", at, NAME_MISSING, "Plate without a name")
    if not at.spec.details:
        return
    if "field_count" not in raw:
        message = "Plate does not say how many fields of view a well has (field_count)"
        yield at.issue(FIELD_COUNT_MISSING, message)
    yield from _check_positive(raw, "field_count", at)


def _check_text(
    raw: Mapping[str, object], field: str, at: Place, missing: Rule, message: str
) -> Iterator[Issue]:
    if field not in raw:
        yield at.issue(missing, message)
    elif not isinstance(raw[field], str):
        yield at.at(field).wrong_type(raw[field], "a text", SECTION)


def _check_positive(raw: Mapping[str, object], field: str, at: Place) -> Iterator[Issue]:
    if field in raw:
        value = raw[field]
        if not (is_integer(value) and value > 0):
            message = f"Number of fields is {describe(value)}: expected a whole number above 0"
            yield at.at(field).issue(COUNT_INVALID, message)


def _check_lines(raw: object, at: Place, line: str) -> Iterator[Issue]:
    """Check rows or columns."""
    names: list[str] = []
    for i, item in enumerate(raw if is_list(raw) else ()):
        name = item.get("name") if is_object(item) else None
        if not is_name(name):
            yield at.at(i).issue(LINE_NAME_MISSING, f"A {line} of the plate has no name")
            continue
        names.append(name)
        if at.spec.details and not _ALPHANUMERIC.fullmatch(name):
            message = f"Name of {line} {quoted(name)} has other characters than letters and digits"
            yield at.at(i, "name").issue(LINE_NAME_INVALID, message)
    for name, count in Counter(names).items():
        if count > 1:
            message = f"{count} {line}s are called {quoted(name)}"
            yield at.issue(LINE_NAME_DUPLICATE, message)
    folded = Counter(name.casefold() for name in set(names))
    for name, count in folded.items():
        if count > 1:
            same = quoted(sorted(n for n in set(names) if n.casefold() == name))
            yield at.issue(LINE_NAME_CASE, f"Names of {line}s differ in case only: {same}")


def _check_wells(raw: object, at: Place) -> Iterator[Issue]:
    for i, well in enumerate(raw if is_list(raw) else ()):
        if not is_object(well):
            yield at.at(i).wrong_type(well, "a well object", SECTION)
            continue
        path = well.get("path")
        if not is_name(path):
            yield at.at(i).issue(WELL_PATH_MISSING, "Well without a path")
        elif at.spec.details:
            parts = path.split("/")
            if len(parts) != 2 or not all(_ALPHANUMERIC.fullmatch(part) for part in parts):
                message = f"Path of a well is {quoted(path)}: expected row/column"
                yield at.at(i, "path").issue(WELL_PATH_INVALID, message)
        if at.spec.details:
            for field in ("rowIndex", "columnIndex"):
                index = well.get(field)
                if not (is_integer(index) and index >= 0):
                    found = describe(index) if field in well else "nothing"
                    message = f"Well without {field}: found {found}, expected a number from 0"
                    yield at.at(i).issue(WELL_INDEX_MISSING, message)
    paths = Counter(well["path"] for well in objects(raw) if is_name(well.get("path")))
    for path, count in paths.items():
        if count > 1:
            yield at.issue(WELL_DUPLICATE, f"Well {quoted(path)} is listed {count} times")


def _check_acquisitions(raw: object, at: Place) -> Iterator[Issue]:
    if not is_list(raw):
        yield at.wrong_type(raw, "a list of acquisitions", SECTION)
        return
    for i, acquisition in enumerate(raw):
        if is_object(acquisition):
            yield from _check_acquisition(acquisition, at.at(i))
        else:
            yield at.at(i).wrong_type(acquisition, "an acquisition object", SECTION)
    ids = Counter(a["id"] for a in objects(raw) if is_integer(a.get("id")))
    for number, count in ids.items():
        if count > 1:
            yield at.issue(ACQUISITION_DUPLICATE, f"{count} acquisitions have the id {number}")


def _check_acquisition(raw: Mapping[str, object], at: Place) -> Iterator[Issue]:
    number = raw.get("id")
    legal = is_integer(number) and number >= 0 if at.spec.details else number is not None
    if not legal:
        found = describe(number) if "id" in raw else "none"
        message = f"Acquisition without a usable id: found {found}, expected a number from 0"
        yield at.issue(ACQUISITION_ID, message)
    missing = "Acquisition without a name"
    yield from _check_text(raw, "name", at, ACQUISITION_NAME_MISSING, missing)
    if "maximumfieldcount" not in raw:
        message = "Acquisition does not say how many fields of view it has (maximumfieldcount)"
        yield at.issue(ACQUISITION_COUNT_MISSING, message)
    if not at.spec.details:
        return
    yield from _check_positive(raw, "maximumfieldcount", at)
    if "description" in raw and not isinstance(raw["description"], str):
        yield at.at("description").wrong_type(raw["description"], "a text", SECTION)
    for field in ("starttime", "endtime"):
        if field in raw:
            time = raw[field]
            if not (is_integer(time) and time >= 0):
                message = f"Time of the acquisition is {describe(time)}: expected whole seconds"
                yield at.at(field).issue(ACQUISITION_TIME, message)
