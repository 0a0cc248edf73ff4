"""Small pictures that stand for an image in its own file: a convention of Zarr, not of OME-Zarr.

Reading one imports neither zarr nor arrays: file managers start a program for each preview.
"""

from __future__ import annotations
