"""Maths of coordinate transformations: affine maps, vector fields, the graph of systems."""

from __future__ import annotations

from napari_ome_zip.geometry.affine import NEGLIGIBLE, Affine, strays
from napari_ome_zip.geometry.compile import LoadVectorField, VectorFieldSamples, compile_pair
from napari_ome_zip.geometry.directions import Directions
from napari_ome_zip.geometry.edge import DirectedEdge, Edge, SystemNode
from napari_ome_zip.geometry.graph import TransformGraph, choose_display
from napari_ome_zip.geometry.point_map import AnyMap, PointMap
from napari_ome_zip.geometry.scaling import scaling
from napari_ome_zip.geometry.vector_field import MAX_VECTOR_FIELD_BYTES, VectorField

__all__ = [
    "MAX_VECTOR_FIELD_BYTES",
    "NEGLIGIBLE",
    "Affine",
    "AnyMap",
    "DirectedEdge",
    "Directions",
    "Edge",
    "LoadVectorField",
    "PointMap",
    "SystemNode",
    "TransformGraph",
    "VectorField",
    "VectorFieldSamples",
    "choose_display",
    "compile_pair",
    "scaling",
    "strays",
]
