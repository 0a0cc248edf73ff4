"""Judges the version that a document states, or leaves out."""

from __future__ import annotations

from collections.abc import Sequence

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.json_values import described, quoted
from napari_ome_zip.ome.versions import (
    COLLECTIONS,
    DRAFTS,
    NEWEST,
    OLDER_COLLECTIONS,
    SPECS,
    AxesForm,
    Spec,
    is_prerelease,
    known_spec,
    nearest_spec,
    unknown_in_words,
)
from napari_ome_zip.rules import INFO, MUST, SHOULD, Effect, Rule

SECTION = "OME-Zarr metadata"

VERSION_MISSING = Rule(
    "version-missing",
    MUST,
    SECTION,
    "The metadata say which version of OME-Zarr they follow (since 0.5).",
    'Add "version": "0.5" (or the version that was written) inside "ome".',
    effect=Effect.REFUSED,
)
VERSION_UNSTATED = Rule(
    "version-unstated",
    SHOULD,
    SECTION,
    "Images, plates and wells (until 0.4), and lists of labels (0.5), say which version of "
    "OME-Zarr they follow.",
    'Add "version": the one that the other documents of the file give.',
    effect=Effect.REFUSED,
)
VERSION_TYPE = Rule(
    "version-not-text",
    MUST,
    SECTION,
    "The version is a string.",
    'Put the version in quotation marks: "0.5".',
    effect=Effect.REFUSED,
)
VERSION_UNKNOWN = Rule(
    "version-unknown",
    SHOULD,
    SECTION,
    f"The version is one that is known: {min(SPECS)} to {NEWEST}, or {', '.join(DRAFTS)}.",
    "If the file comes from a newer program, update this one: what that version alone asks for "
    "was not checked.",
    effect=Effect.REFUSED,
)
VERSION_PRERELEASE = Rule(
    "version-prerelease",
    INFO,
    SECTION,
    "The version is a released one.",
    "Nothing, as long as your programs read it; write the released version next time.",
    effect=Effect.REFUSED,
)
DRAFT_OLDER = Rule(
    "collections-draft-older",
    INFO,
    SECTION,
    f"Collections follow the newest draft that is known: {COLLECTIONS.version}.",
    "Nothing, as long as your programs read it; write it again with a newer program.",
    effect=Effect.REFUSED,
)
DRAFT_NEWER = Rule(
    "collections-draft-newer",
    SHOULD,
    SECTION,
    f"Collections follow a draft that is known: {COLLECTIONS.version} is the newest.",
    "If the file comes from a newer program, update this one: what that draft alone asks for was "
    "not checked.",
    effect=Effect.REFUSED,
)
COLLECTIONS_EARLY = Rule(
    "collections-version",
    MUST,
    SECTION,
    f"Nodes of collections are of a version that has them: {COLLECTIONS.version}.",
    f'Write "version": "{COLLECTIONS.version}" into documents of collections.',
    effect=Effect.REFUSED,
)
_STATES_VERSION = ("multiscales", "plate", "well")


def judge_version(written: str, at: At, spec: Spec) -> None:
    """Judge a version that is written.

    Parameters
    ----------
    written
        The version.
    at
        Its place.
    spec
        The version that the document is read as.
    """
    if not spec.is_known:
        newer = unknown_in_words(written)
        found = f"Written for {newer}" if newer else f"Version {quoted(written)} is not known"
        at.report(VERSION_UNKNOWN, found, "what is understood of it is shown")
    elif known_spec(written) is None:
        judged = f"judged as {at.spec.version}"
        at.report(VERSION_UNKNOWN, f"Version {quoted(written)} is not known: {judged}")
    elif is_prerelease(written):
        judged = f"judged as {at.spec.version}"
        at.report(VERSION_PRERELEASE, f"Version {written} is a development version: {judged}")
    elif spec.is_draft:
        found = f"OME-Zarr {written} is a draft, which may change: not every program reads it"
        at.report(VERSION_PRERELEASE, found)


def judge_draft_of_node(stated: object, at: At) -> None:
    """Judge the draft of RFC-8 that a node states.

    Parameters
    ----------
    stated
        Any JSON value, None where there is none.
    at
        Place of the node.
    """
    where = at.key("version")
    done = f"read as {COLLECTIONS.version}"
    if stated is None:
        at.report(VERSION_MISSING, "No version: which OME-Zarr is this?", done)
    elif not isinstance(stated, str):
        where.report(VERSION_TYPE, f"Version is not a string but {described(stated)}", done)
    elif stated in OLDER_COLLECTIONS:
        found = f"Version {stated} is an older draft of collections"
        where.report(DRAFT_OLDER, found, done, harmless=True)
    elif (known := nearest_spec(stated)) is None:
        found = f"Version {quoted(stated)}: written for a newer draft than this program knows"
        where.report(DRAFT_NEWER, found, "what is understood of it is shown")
    elif not known.collections:
        where.report(COLLECTIONS_EARLY, f"Version {stated} has no collections", done)


def judge_missing(content: Sequence[str], at: At, done: str = "") -> None:
    """Judge metadata that state no version.

    Parameters
    ----------
    content
        Keys of what the metadata describe.
    at
        Their place.
    done
        What the reader does about it; empty for nothing.
    """
    question = "No version: which OME-Zarr is this?"
    if at.document.namespace:
        if at.spec.axes is AxesForm.OBJECTS and list(content) == ["labels"]:
            # 0.5 does not demand of a labels group that it states the version.
            message = "The list of labels does not say which OME-Zarr this is"
            at.report(VERSION_UNSTATED, message, done)
        else:
            at.report(VERSION_MISSING, question, done)
    elif at.spec.stated_per_object and any(key in content for key in _STATES_VERSION):
        at.report(VERSION_UNSTATED, question, done)
