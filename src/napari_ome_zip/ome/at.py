"""The place of a reader in a document, where it reports departures from the specification.

Every reader of this floor takes ``(value, at)``, a JSON value and its place, and judges while it
reads. A rule is defined above the reader of the object that it is about:

>>> from napari_ome_zip.ome.at import At, Departures, Document
>>> from napari_ome_zip.rules import MUST, Effect, Rule
>>> COLOR_INVALID = Rule(
...     "channel-color-invalid",  # the code: never changed once it is released
...     MUST,
...     "omero metadata",  # the section of the specification
...     "The color of a channel is a string of six hexadecimal digits.",
...     'Write six hexadecimal digits, for instance "00FF00" for green.',
...     effect=Effect.COLORS,  # what it means for a person who looks at the image
... )
>>> def parse_color(value: object, at: At) -> str | None:
...     if not isinstance(value, str):
...         at.wrong_type(value, "a string", "omero metadata", "a default color is used")
...         return None
...     if value.startswith("#"):  # what was meant is clear: a judgment, without a repair
...         at.report(COLOR_INVALID, f"Channel color is {value}, with a number sign")
...     elif len(value) != 6:
...         at.report(COLOR_INVALID, f"Channel color is {value}", "a default color is used")
...         return None
...     return value.removeprefix("#").upper()

A departure about which something was done is a `Finding` for the caller who opens the file:

>>> departures = Departures()
>>> at = At(Document("cells"), departures).down("omero", "channels", 0).owned().key("color")
>>> parse_color("green", at), parse_color("#00ff00", at)
(None, '00FF00')
>>> print(*[f"{found.where}: {found.message}" for found in departures.findings()])
cells: omero.channels[0].color: Channel color is green; a default color is used.

One about which nothing was done is a judgment. Only a report asks for these, by
``Departures(judging=True)``; a reader that only opens drops them. Judging that takes time asks
`At.judging` first.

To complete a rule: ``tests/validation/test_rules.py`` gets a change that breaks it and nothing
else, and the code of a repair gets a line in `findings.HEADLINES` or `findings.UNSEEN`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from napari_ome_zip.findings import Finding
from napari_ome_zip.ome.json_values import described
from napari_ome_zip.ome.versions import SPECS, Spec
from napari_ome_zip.rules import INFO, MUST, Effect, Location, Rule

WRONG_TYPE = Rule(
    "wrong-type",
    MUST,
    "",
    "A field holds the kind of JSON value that the specification gives it.",
    "Write the kind of value that is expected, or have the program that wrote the file "
    "write it again.",
    effect=Effect.DIFFERENT,
)
TOO_DEEP = Rule(
    "metadata-too-deep",
    INFO,
    "",
    "Objects are nested no deeper than programs can follow.",
    "Nothing, as long as your programs read it; write the metadata with fewer levels of nesting.",
    effect=Effect.DETAIL,
)


@dataclass(frozen=True, slots=True)
class Departure:
    """One thing in a document that breaks a rule."""

    rule: Rule
    at: At
    found: str
    """What was found and what was expected, without a full stop; the point comes first."""
    done: str = ""
    """What the reader did about it, such as "a default color is used"; empty for nothing."""
    section: str = ""
    """Section of the specification, where the rule leaves it to the place."""
    harmless: bool = False
    """Whether the image is shown as it was meant in spite of it."""

    def finding(self, group: str) -> Finding:
        """Return the departure as a finding for the caller who opens the file.

        Parameters
        ----------
        group
            Path of the group.
        """
        message = f"{self.found}; {self.done}."
        return Finding(self.rule.code, self.at.within(group), message, self.harmless)


_Kind = tuple[str, tuple[str | int, ...], str]


class Departures:
    """Collects what readers report about the document of one group.

    Parameters
    ----------
    judging : bool
        Whether departures about which nothing was done are kept as well.
    """

    def __init__(self, *, judging: bool = False) -> None:
        self.judging = judging
        self._all: list[Departure] = []
        self._first: dict[_Kind, Departure] = {}
        self._more: dict[_Kind, int] = {}
        self._codes: dict[tuple[str | int, ...], set[str]] = {}
        self._indexed = 0
        self._places: dict[int, tuple[object, At]] = {}
        self._entries: dict[int, tuple[object, At, Sequence[int]]] = {}

    def add(self, departure: Departure) -> None:
        """Keep a departure."""
        if self.judging:
            self._all.append(departure)
        if departure.done:
            # The same repair in one object is reported once, and counted.
            kind = (departure.rule.code, departure.at.owner, departure.at.field)
            self._more[kind] = self._more.get(kind, -1) + 1
            self._first.setdefault(kind, departure)

    def all(self) -> tuple[Departure, ...]:
        """Return everything reported, in the order of the document; empty unless judging."""
        return tuple(self._all)

    def has(self, rule: Rule, at: At) -> bool:
        """Whether a rule was reported as broken at a place, or further down."""
        return rule.code in self.codes_below(at)

    def codes_below(self, at: At) -> frozenset[str]:
        """Return codes of the errors reported at a place and further down; empty unless judging.

        What was repaired has been reported: comparing it with others would report it again.
        """
        for departure in self._all[self._indexed :]:
            if departure.rule.severity is MUST:
                for end in range(len(departure.at.parts) + 1):
                    self._codes.setdefault(departure.at.parts[:end], set()).add(departure.rule.code)
        self._indexed = len(self._all)
        return frozenset(self._codes.get(at.parts, ()))

    def findings(self, group: str | None = None) -> tuple[Finding, ...]:
        """Return the departures about which something was done, in order of first occurrence.

        Parameters
        ----------
        group
            Path of another group that has an equal document; by default that of the group itself.
        """
        found = []
        for kind, first in self._first.items():
            finding = first.finding(first.at.document.group if group is None else group)
            if more := self._more[kind]:
                message = f"{finding.message[:-1]} (and {more} more alike)."
                finding = replace(finding, message=message)
            found.append(finding)
        return tuple(found)

    def mark(self, part: object, at: At) -> None:
        """Remember where a part of the model was read."""
        self._places[id(part)] = (part, at)

    def mark_entries(self, entries: tuple[str, ...], at: At, positions: Sequence[int]) -> None:
        """Remember where the entries of a list of strings were read.

        Parameters
        ----------
        entries
            The list as the model has it.
        at
            Where the list was read.
        positions
            Of each entry, in the list as it is written; empty where no list is written.
        """
        self._entries[id(entries)] = (entries, at, positions)

    def place_of_entry(self, entries: tuple[str, ...], number: int) -> At | None:
        """Return where an entry of a list of strings was read, None where it was not marked."""
        if id(entries) not in self._entries:
            return None
        _, at, positions = self._entries[id(entries)]
        return at.item(positions[number]) if positions else at

    def place_of(self, part: object) -> At | None:
        """Return where a part of the model was read, None where it was not marked."""
        found = self._places.get(id(part))
        return found[1] if found else None


@dataclass(frozen=True, slots=True)
class Document:
    """The document that is read: its group, its file, and the version that it is judged by."""

    group: str
    """Path of the group in the hierarchy, empty for the root."""
    entry: str = "zarr.json"
    """Name of the file that holds the document."""
    namespace: str = ""
    """``ome`` where the metadata lie inside this key, empty where they lie at the top."""
    spec: Spec = SPECS["0.5"]
    """The version that the document is judged by."""
    is_early_06: bool = False
    """Whether it was written for a development version of 0.6, laid out unlike the released one."""


@dataclass(slots=True, eq=False)  # not frozen: dozens are made for each image that is opened
class At:
    """A place in the document of one group.

    Examples
    --------
    >>> from napari_ome_zip.ome.at import At, Departures, Document
    >>> at = At(Document("cells"), Departures()).key("multiscales").item(0)
    >>> str(at), str(at.location)
    ('cells: multiscales[0]', 'cells/zarr.json: multiscales[0]')
    """

    document: Document
    departures: Departures
    parts: tuple[str | int, ...] = ()
    """Names of fields and positions in lists, from the outside in."""
    owner: tuple[str | int, ...] = ()
    """Parts of the object that the place belongs to: one repair is reported once per object."""
    is_regulated: bool = True
    """Whether the version regulates what stands here; else only repairs are reported."""

    def key(self, name: str) -> At:
        """Return the place of a member of this object."""
        return At(
            self.document, self.departures, (*self.parts, name), self.owner, self.is_regulated
        )

    def item(self, index: int) -> At:
        """Return the place of an entry of this list."""
        return At(
            self.document, self.departures, (*self.parts, index), self.owner, self.is_regulated
        )

    def down(self, *parts: str | int) -> At:
        """Return the place of a part further down."""
        return At(
            self.document, self.departures, (*self.parts, *parts), self.owner, self.is_regulated
        )

    def owned(self) -> At:
        """Return this place as the object that repairs further down are counted for."""
        return At(self.document, self.departures, self.parts, self.parts, self.is_regulated)

    def regulated(self, is_regulated: bool) -> At:
        """Return this place as one that the version regulates, or does not.

        Where it does not, departures about which nothing is done are dropped.
        """
        return At(self.document, self.departures, self.parts, self.owner, is_regulated)

    @property
    def spec(self) -> Spec:
        """The version of the specification that this document is judged by."""
        return self.document.spec

    @property
    def judging(self) -> bool:
        """Whether departures about which nothing is done are kept."""
        return self.is_regulated and self.departures.judging

    @property
    def field(self) -> str:
        """Name of the field that the place is, or that is the list it lies in."""
        return next((part for part in reversed(self.parts) if isinstance(part, str)), "")

    @property
    def location(self) -> Location:
        """The place as a report gives it."""
        document = self.document
        entry = f"{document.group}/{document.entry}" if document.group else document.entry
        return Location(entry, document.namespace).at(*self.parts)

    def report(
        self,
        rule: Rule,
        found: str,
        done: str = "",
        *,
        section: str = "",
        harmless: bool = False,
    ) -> None:
        """Report that a rule is broken here.

        Parameters
        ----------
        rule
            The rule that is broken.
        found
            What was found and what was expected, without a full stop.
        done
            What the reader does about it, continuing the sentence after a semicolon; empty where
            it does nothing, and the departure is a judgment only.
        section
            Section of the specification, where the rule leaves it to the place.
        harmless
            Whether the image is shown as it was meant in spite of it.
        """
        if done or self.judging:
            self.departures.add(Departure(rule, self, found, done, section, harmless))

    def wrong_type(
        self,
        value: object,
        expected: str,
        section: str,
        done: str = "",
        *,
        harmless: bool = False,
    ) -> None:
        """Report that a value is of the wrong kind.

        Parameters
        ----------
        value
            The JSON value.
        expected
            The kind expected, with its article: ``"a list"``.
        section
            Section of the specification that says so.
        done, harmless
            As for `report`.
        """
        if done or self.judging:
            what = described(value)
            found = f"{what[:1].upper()}{what[1:]} where {expected} is expected"
            self.report(WRONG_TYPE, found, done, section=section, harmless=harmless)

    def mark[Part](self, part: Part) -> Part:
        """Remember, where judging, that a part of the model was read here; return the part."""
        if self.departures.judging:
            self.departures.mark(part, self.regulated(True))
        return part

    def mark_entries(self, entries: tuple[str, ...], positions: Sequence[int]) -> tuple[str, ...]:
        """Remember, where judging, that entries of a list of strings were read here; return them.

        Equal strings may be one object, which `mark` would take for one place.
        """
        if self.departures.judging:
            self.departures.mark_entries(entries, self, positions)
        return entries

    def within(self, group: str) -> str:
        """Return the place as a finding gives it, in the document of a group of any path."""
        steps = Location().at(*self.parts).json_path
        return ": ".join(part for part in (group, steps) if part)

    def __str__(self) -> str:
        return self.within(self.document.group)
