"""Rules on what the nodes of collections lead to."""

from __future__ import annotations

from napari_ome_zip.ome.collections.plates import SECTION as PLATES
from napari_ome_zip.ome.collections.reader import SECTION as NODES
from napari_ome_zip.ome.collections.references import PATHS, REFERENCES
from napari_ome_zip.rules import INFO, MUST, Effect, Rule

DRAFT = Rule(
    "collections-draft",
    INFO,
    "RFC-8",
    "Files are of a released version: collections of OME-Zarr are a draft.",
    "Nothing, as long as your programs read it; keep a copy as OME-Zarr 0.6 or earlier.",
    effect=Effect.REFUSED,
)
NOT_FOUND = Rule(
    "node-not-found",
    MUST,
    PATHS,
    "The path of a node leads to a document that describes the node.",
    "Correct the path, or add what is missing.",
    effect=Effect.NOT_SHOWN,
)
OUTSIDE = Rule(
    "node-outside",
    INFO,
    "RFC-8: Security",
    "All nodes of a collection lie in the file itself.",
    "Put the images into the file, or open them by themselves: nothing outside is opened unasked.",
    effect=Effect.NOT_SHOWN,
)
FOREIGN = Rule(
    "node-foreign",
    INFO,
    "RFC-8: Extensions",
    "All nodes of a collection are of types that RFC-8 defines.",
    "Open the file with the program that defines the others; they are kept when it is saved.",
    effect=Effect.NOT_SHOWN,
)
CIRCULAR = Rule(
    "node-circular",
    MUST,
    NODES,
    "No path leads from a node back to a document that it lies in.",
    "Remove the path, or let it lead to the document that is meant.",
    effect=Effect.NOT_SHOWN,
)
REPEATED = Rule(
    "node-repeated",
    INFO,
    NODES,
    "A document is a node of one collection.",
    "Nothing: it is shown once.",
    effect=Effect.NONE,
)
REFERENCE_UNKNOWN = Rule(
    "node-reference-unknown",
    MUST,
    REFERENCES,
    "What a reference gives the id of is there.",
    "Correct the id, or add the path of the document that has it.",
    effect=Effect.PLACE,
)
LINE_UNKNOWN = Rule(
    "node-well-place-unknown",
    MUST,
    PLATES,
    "Row, column and acquisition of a well are those of its plate.",
    "Correct the id, or list the row, column or acquisition in the plate.",
    effect=Effect.PLACE,
)
