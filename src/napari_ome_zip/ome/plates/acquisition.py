"""Reads acquisitions: the runs of the microscope over a plate."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.json_values import described, found_in, integer, string
from napari_ome_zip.rules import MUST, SHOULD, Effect, Rule

SECTION = "plate metadata"

COUNT_INVALID = Rule(
    "plate-count-invalid",
    MUST,
    SECTION,
    "A maximum number of fields of view is an integer above zero.",
    "Write the number of fields of view, or leave it out.",
    effect=Effect.DETAIL,
)
ID_INVALID = Rule(
    "acquisition-id-invalid",
    MUST,
    SECTION,
    "Every acquisition has an id: an integer from 0.",
    "Number the acquisitions by integers from 0.",
    effect=Effect.NAMES,
)
ID_DUPLICATE = Rule(
    "acquisition-id-duplicate",
    MUST,
    SECTION,
    "No two acquisitions share an id.",
    "Give each acquisition a number of its own.",
    effect=Effect.NAMES,
)
TIME_INVALID = Rule(
    "acquisition-time-invalid",
    MUST,
    SECTION,
    "Start and end of an acquisition are integers: seconds since 1970.",
    "Write the time as a Unix time stamp, for instance 1343731272.",
    effect=Effect.DETAIL,
)
NAME_MISSING = Rule(
    "acquisition-name-missing",
    SHOULD,
    SECTION,
    "An acquisition has a name.",
    'Add the "name" of the acquisition.',
    effect=Effect.NAMES,
)
COUNT_MISSING = Rule(
    "acquisition-field-count-missing",
    SHOULD,
    SECTION,
    "An acquisition says how many fields of view it has at most.",
    'Add "maximumfieldcount".',
    effect=Effect.DETAIL,
)


@dataclass(frozen=True, slots=True)
class Acquisition:
    """One run of the microscope over the plate."""

    id: int
    name: str | None = None
    description: str | None = None
    maximum_field_count: int | None = None
    start_time: int | None = None
    """Seconds since the epoch."""
    end_time: int | None = None
    """Seconds since the epoch."""


def parse_acquisitions(value: Any, at: At) -> tuple[Acquisition, ...]:
    """Read the acquisitions of a plate; those without a usable id are left out."""
    if not isinstance(value, list | tuple):
        done = "ignored" if value is not None else ""
        at.wrong_type(value, "a list of acquisitions", SECTION, done)
        return ()
    read = (_acquisition(item, at.item(index)) for index, item in enumerate(value))
    acquisitions = tuple(acquisition for acquisition in read if acquisition is not None)
    if at.judging:
        for number, count in Counter(each.id for each in acquisitions).items():
            if count > 1:
                at.report(ID_DUPLICATE, f"{count} acquisitions have the id {number}")
    return acquisitions


def _acquisition(value: Any, at: At) -> Acquisition | None:
    if not isinstance(value, dict):
        at.wrong_type(value, "an acquisition object", SECTION, "left out")
        return None
    identifier = integer(value.get("id"))
    is_usable = identifier is not None and identifier >= 0
    if not is_usable:
        found = f"Acquisition without a usable id: found {found_in(value, 'id')}"
        at.report(ID_INVALID, f"{found}, not an integer from 0", "left out")
    if at.judging:
        _judge_strings(value, at)
    if identifier is None or not is_usable:
        return None
    return at.mark(
        Acquisition(
            identifier,
            string(value.get("name")),
            string(value.get("description")),
            parse_field_count(value, "maximumfieldcount", at),
            _time(value, "starttime", at),
            _time(value, "endtime", at),
        )
    )


def _judge_strings(value: dict[str, Any], at: At) -> None:
    if "name" not in value:
        at.report(NAME_MISSING, "Acquisition without a name")
    elif not isinstance(value["name"], str):
        at.key("name").wrong_type(value["name"], "a string", SECTION)
    if "maximumfieldcount" not in value:
        found = "Acquisition does not say how many fields of view it has (maximumfieldcount)"
        at.report(COUNT_MISSING, found)
    if at.spec.details and not isinstance(value.get("description", ""), str):
        at.key("description").wrong_type(value["description"], "a string", SECTION)


def parse_field_count(value: dict[str, Any], key: str, at: At) -> int | None:
    """Read the maximum number of fields of view of a plate or acquisition."""
    count = integer(value.get(key))
    if key not in value or (count is not None and count > 0):
        return count
    done = "ignored" if value[key] is not None else ""
    found = f"Number of fields of view is {described(value[key])}, not an integer above 0"
    at.key(key).regulated(at.spec.details).report(COUNT_INVALID, found, done)
    return None


def _time(value: dict[str, Any], key: str, at: At) -> int | None:
    time = integer(value.get(key))
    if key not in value or (time is not None and time >= 0):
        return time
    if at.spec.details:  # until 0.3 a time may be written in any way
        done = "ignored" if value[key] is not None else ""
        found = f"Time of the acquisition is {described(value[key])}, not an integer of seconds"
        at.key(key).report(TIME_INVALID, found, done)
    return None
