"""Maths of coordinate transformations: affine maps, vector fields, the graph of systems."""

from __future__ import annotations

from napari_ome_zip.geometry.affine import NEGLIGIBLE, Affine, strays
from napari_ome_zip.geometry.compile import (
    Directions,
    FieldSamples,
    LoadField,
    compile_affine,
    compile_pair,
)
from napari_ome_zip.geometry.graph import Edge, Step, SystemNode, TransformGraph, choose_display
from napari_ome_zip.geometry.point_map import AnyMap, PointMap
from napari_ome_zip.geometry.vector_field import MAX_FIELD_BYTES, VectorField

__all__ = [
    "MAX_FIELD_BYTES",
    "NEGLIGIBLE",
    "Affine",
    "AnyMap",
    "Directions",
    "Edge",
    "FieldSamples",
    "LoadField",
    "PointMap",
    "Step",
    "SystemNode",
    "TransformGraph",
    "VectorField",
    "choose_display",
    "compile_affine",
    "compile_pair",
    "strays",
]
