"""OME-Zarr hierarchies made with zarr-python alone, in memory or as real archives."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.buffer import default_buffer_prototype
from zarr.storage import MemoryStore

TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}


def ramp(shape: Sequence[int], dtype: Any = np.uint16) -> np.ndarray:
    """Pixels that all differ (as far as the data type has values)."""
    return np.arange(np.prod(shape)).astype(dtype).reshape(shape)


def axes_of(names: str, units: Mapping[str, str] | None = None) -> list[dict[str, str]]:
    """Return the ``axes`` of a multiscale of version 0.4 or later."""
    units = {"z": "micrometer", "y": "micrometer", "x": "micrometer"} if units is None else units
    return [
        {"name": name, "type": TYPES[name], **({"unit": units[name]} if name in units else {})}
        for name in names
    ]


def placement(scale: Sequence[float], translation: Sequence[float] | None = None) -> list[Any]:
    """Return the ``coordinateTransformations`` of a level."""
    steps: list[Any] = [{"type": "scale", "scale": list(scale)}]
    if translation is not None:
        steps.append({"type": "translation", "translation": list(translation)})
    return steps


def multiscale(
    axes: str | list[Any],
    levels: Sequence[tuple[str, list[Any] | None]],
    **others: Any,
) -> dict[str, Any]:
    """Return one entry of ``multiscales``; levels are paths with their transformations."""
    datasets = [
        {"path": path} if steps is None else {"path": path, "coordinateTransformations": steps}
        for path, steps in levels
    ]
    return {
        "axes": axes_of(axes) if isinstance(axes, str) else axes,
        "datasets": datasets,
        **others,
    }


def to_world(image: str, kind: str, **parameters: Any) -> dict[str, Any]:
    """Return a transformation of a scene from an image's system to the scene's."""
    source = {"path": image, "name": "physical"}
    return {"type": kind, "input": source, "output": {"name": "world"}, **parameters}


def resized(document: bytes, shape: tuple[int, ...], chunks: tuple[int, ...]) -> bytes:
    """Return the document of an array of another size, of which nothing is stored."""
    array = json.loads(document)
    array["shape"] = shape
    array["chunk_grid"]["configuration"]["chunk_shape"] = chunks
    return json.dumps(array).encode()


class HierarchyBuilder:
    """Groups and arrays of one hierarchy, written by zarr-python."""

    def __init__(self, zarr_format: int = 3) -> None:
        self._content: dict[str, Any] = {}
        self._store = MemoryStore(self._content)
        self._format = zarr_format

    def group(self, path: str = "", /, **ome: Any) -> HierarchyBuilder:
        """Add a group with OME-Zarr metadata: of 0.5 in Zarr v3, of 0.4 in Zarr v2."""
        if self._format == 3:
            attributes = {"ome": {"version": "0.5", **ome}} if ome else {}
        else:
            attributes = ome
        zarr.create_group(
            self._store,
            path=path,
            attributes=attributes,
            zarr_format=self._format,  # type: ignore[arg-type]
            overwrite=False,
        )
        return self

    def array(self, path: str, pixels: np.ndarray, **options: Any) -> HierarchyBuilder:
        """Add an array; of one chunk where no ``chunks`` are given."""
        options.setdefault("chunks", pixels.shape)
        array = zarr.create_array(
            self._store,
            name=path,
            shape=pixels.shape,
            dtype=pixels.dtype,
            zarr_format=self._format,  # type: ignore[arg-type]
            **options,
        )
        array[...] = pixels
        return self

    def sparse_array(
        self,
        path: str,
        shape: Sequence[int],
        dtype: Any,
        values: Mapping[tuple[int, ...], float],
        **options: Any,
    ) -> HierarchyBuilder:
        """Add an array of which only the chunks of some pixels are stored."""
        array = zarr.create_array(
            self._store,
            name=path,
            shape=shape,
            dtype=dtype,
            zarr_format=self._format,  # type: ignore[arg-type]
            **options,
        )
        for index, value in values.items():
            array[index] = value
        return self

    def image(
        self,
        pixels: np.ndarray | Sequence[np.ndarray],
        axes: str | list[Any],
        path: str = "",
        *,
        scale: Sequence[float] | None = None,
        translation: Sequence[float] | None = None,
        options: Mapping[str, Any] | None = None,
        name: str | None = None,
        **ome: Any,
    ) -> HierarchyBuilder:
        """Add an image with its levels ``0``, ``1``, …, each placed by the ratio of shapes."""
        levels = [pixels] if isinstance(pixels, np.ndarray) else list(pixels)
        scale = [1.0] * levels[0].ndim if scale is None else scale
        listed = []
        for number, level in enumerate(levels):
            ratio = np.array(levels[0].shape) / level.shape
            listed.append((str(number), placement((ratio * scale).tolist(), translation)))
        others = {} if name is None else {"name": name}
        self.group(path, multiscales=[multiscale(axes, listed, **others)], **ome)
        prefix = f"{path}/" if path else ""
        for number, level in enumerate(levels):
            self.array(f"{prefix}{number}", level, **(options or {}))
        return self

    def image_of_0_6(
        self,
        pixels: np.ndarray,
        axes: str | list[Any],
        path: str = "",
        *,
        level: Mapping[str, Any] | None = None,
        version: str = "0.6",
        **entry: Any,
    ) -> HierarchyBuilder:
        """Add an image since 0.6: one level, mapped by ``level`` to a system ``physical``."""
        listed = axes_of(axes) if isinstance(axes, str) else axes
        step = {"type": "identity"} if level is None else dict(level)
        step |= {"input": {"path": "0"}, "output": {"name": "physical"}}
        systems = [{"name": "physical", "axes": listed}]
        entry = {
            "coordinateSystems": systems,
            "datasets": [{"path": "0", "coordinateTransformations": [step]}],
            **entry,
        }
        self.group(path, version=version, multiscales=[entry])
        return self.array(f"{path}/0" if path else "0", pixels)

    def scene(self, axes: str | list[Any], *transformations: Mapping[str, Any]) -> HierarchyBuilder:
        """Make the root a scene with one system ``world``."""
        listed = axes_of(axes) if isinstance(axes, str) else axes
        document = {
            "coordinateSystems": [{"name": "world", "axes": listed}],
            "coordinateTransformations": [dict(step) for step in transformations],
        }
        return self.group(version="0.6", scene=document)

    def labels(self, *names: str, path: str = "") -> HierarchyBuilder:
        """Add the group that lists the label images of an image."""
        return self.group(f"{path}/labels" if path else "labels", labels=list(names))

    def put(self, name: str, content: bytes) -> HierarchyBuilder:
        """Add or replace an entry by its bytes."""
        self._content[name] = default_buffer_prototype().buffer.from_bytes(content)
        return self

    def edit(self, name: str, **changes: Any) -> HierarchyBuilder:
        """Change top-level keys of a JSON document; a value of None removes the key."""
        document = json.loads(self._content[name].to_bytes()) | changes
        kept = {key: value for key, value in document.items() if value is not None}
        return self.put(name, json.dumps(kept).encode())

    def attribute(self, path: str, name: str, value: Any) -> HierarchyBuilder:
        """Give a group of Zarr v3 one more attribute, beside that of OME-Zarr."""
        document = f"{path}/zarr.json" if path else "zarr.json"
        attributes = json.loads(self._content[document].to_bytes())["attributes"]
        return self.edit(document, attributes={**attributes, name: value})

    def remove(self, *names: str) -> HierarchyBuilder:
        """Take entries away, also whole folders (``0/c/``)."""
        for name in list(self._content):
            if any(name == n or (n.endswith("/") and name.startswith(n)) for n in names):
                del self._content[name]
        return self

    @property
    def entries(self) -> dict[str, bytes]:
        """Content of every entry by its name."""
        return {name: buffer.to_bytes() for name, buffer in self._content.items()}

    def archive(self, path: Path) -> Path:
        """Write all entries as a ZIP archive, stored, documents first; return its path."""
        return write_archive(path, self.entries)


def write_archive(path: Path, entries: Mapping[str, bytes]) -> Path:
    """Write entries by stdlib's zipfile, uncompressed, documents first; return the path.

    zarr writes chunks at the same time, in any order. Here they lie by name, so that which ones
    are neighbors is the same every time.
    """
    ordered = sorted(entries, key=lambda n: (not n.endswith("zarr.json"), n.count("/"), n))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in ordered:
            archive.writestr(name, entries[name])
        archive.comment = json.dumps({"ome": {"version": "0.5"}}).encode()
    return path
