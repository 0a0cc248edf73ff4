"""Maths of coordinate transformations: affine maps, their compilation, the graph of systems."""

from __future__ import annotations

from napari_ome_zip.geometry.affine import Affine
from napari_ome_zip.geometry.compile import Directions, compile_affine, compile_pair
from napari_ome_zip.geometry.graph import Edge, Step, SystemNode, TransformGraph, choose_display

__all__ = [
    "Affine",
    "Directions",
    "Edge",
    "Step",
    "SystemNode",
    "TransformGraph",
    "choose_display",
    "compile_affine",
    "compile_pair",
]
