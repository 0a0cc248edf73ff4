"""What can be asked of a desktop of any system: to be set up, undone, and what there is of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class State(Enum):
    """How one thing that is written stands."""

    ABSENT = "not there"
    CURRENT = "in place"
    OUTDATED = "not as it should be"
    """Ours, but of another environment or version; setting up again repairs it."""
    FOREIGN = "someone else's"
    """At our name, but not written by us, or changed since."""


class Did(Enum):
    """What became of one thing."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    LEFT = "left as it is"


@dataclass(frozen=True)
class Item:
    """One thing that is written for archives, and how it stands."""

    where: str
    """A path, or a key of the registry."""
    what: str
    """In a few words."""
    state: State


@dataclass(frozen=True)
class Change:
    """What was done with one thing."""

    where: str
    what: str
    did: Did


@dataclass(frozen=True)
class Status:
    """All that is written for archives, there or not."""

    items: tuple[Item, ...]
    interpreter: str
    """That opens archives now; empty where it is not known."""
    wanted: str
    """The interpreter that asks."""

    @property
    def is_complete(self) -> bool:
        """Whether everything is in place for the interpreter that asks."""
        return all(item.state is State.CURRENT for item in self.items)

    @property
    def is_absent(self) -> bool:
        """Whether nothing of ours is there."""
        return all(item.state in (State.ABSENT, State.FOREIGN) for item in self.items)

    @property
    def headline(self) -> str:
        """How it stands, and what to do, in a sentence."""
        if self.is_complete:
            return f"Set up: archives are opened by {self.wanted}."
        if self.is_absent:
            return "Not set up."
        if self.interpreter and self.interpreter != self.wanted:
            return (
                f"Set up for another environment: archives are opened by {self.interpreter}, not "
                f"by {self.wanted}. Setting up again changes that."
            )
        return "Set up in part. Setting up again repairs it."


@dataclass(frozen=True)
class Outcome:
    """What was done, and what was not."""

    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    """What could not be done, and how it can be."""


class Desktop(Protocol):
    """The desktop of the person who asks, and of no other."""

    @property
    def promise(self) -> str:
        """What setting up does, in a sentence or two."""

    @property
    def limits(self) -> Sequence[str]:
        """What it cannot do on this system, a sentence each."""

    def status(self) -> Status:
        """Return how everything stands; nothing is changed."""

    def set_up(self, *, replace: bool = False) -> Outcome:
        """Let archives be opened by double click. Doing it again repairs what is not as it should.

        Parameters
        ----------
        replace : bool
            Whether files of someone else at our names may be replaced.

        Raises
        ------
        IntegrationError
            Something of someone else is in the way, or something cannot be written.
        """

    def remove(self, *, replace: bool = False) -> Outcome:
        """Remove all that was written, and give back what was there before.

        Parameters
        ----------
        replace : bool
            Whether files that were changed since are removed, too.

        Raises
        ------
        IntegrationError
            Something cannot be removed.
        """
