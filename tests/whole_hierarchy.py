"""A hierarchy that takes down what it is made of, and the truth about the archive made of it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from zarr.codecs import GzipCodec

from hierarchy_builder import HierarchyBuilder, axes_of, placement

type Place = tuple[tuple[float, ...], tuple[float, ...]]

DOCUMENTS = ("zarr.json", ".zgroup", ".zattrs", ".zarray")


@dataclass(frozen=True)
class Truth:
    """What an archive holds, by how it was made."""

    path: Path
    version: str
    """Version of OME-Zarr that the documents declare."""
    entries: Mapping[str, bytes]
    """Content of every entry by name, in the order of the file."""
    arrays: Mapping[str, np.ndarray]
    """Pixels of every array that can be decoded, by its path; of tables and other groups too."""
    places: Mapping[str, Place]
    """Scale and translation from the indices of a level to the world, by the level's path."""
    images: tuple[str, ...]
    """Groups of the images that are not label images (``""`` is the root)."""
    labels: tuple[str, ...]
    """Groups of the label images that can be read."""
    unreadable: tuple[str, ...]
    """Groups of listed images whose codec nobody knows."""
    owners: Mapping[str, str]
    """The image, label image or unreadable image that an entry belongs to, by the entry's name."""
    listing: frozenset[str]
    """Documents that belong to no image and lead to them: of plates, series and ``labels``."""

    @property
    def foreign(self) -> frozenset[str]:
        """Entries that OME-Zarr does not know: tables, OME-XML, crates, pictures, other groups."""
        return frozenset(self.entries) - set(self.owners) - self.listing

    def entries_of(self, group: str) -> dict[str, bytes]:
        """Return the entries of one image: its documents, and its levels with their chunks."""
        return {name: self.entries[name] for name, owner in self.owners.items() if owner == group}

    def attributes(self, group: str) -> dict[str, Any]:
        """Return the attributes of a group, as they were written."""
        prefix = f"{group}/" if group else ""
        if f"{prefix}.zattrs" in self.entries:
            return dict(json.loads(self.entries[f"{prefix}.zattrs"]))
        return dict(json.loads(self.entries[f"{prefix}zarr.json"])["attributes"])


class WholeHierarchy(HierarchyBuilder):
    """A hierarchy that takes down what it is made of."""

    def __init__(self, version: str = "0.5") -> None:
        super().__init__(zarr_format=2 if version == "0.4" else 3)
        self.version = version
        self.arrays: dict[str, np.ndarray] = {}
        self.places: dict[str, Place] = {}
        self.levels: dict[str, list[str]] = {}
        self.listing: set[str] = set()
        self.unreadable: list[str] = []

    def array(self, path: str, pixels: np.ndarray, **options: Any) -> WholeHierarchy:
        super().array(path, pixels, **options)
        self.arrays[path] = pixels
        return self

    def declared(self) -> dict[str, str]:
        """Return what says the version in the documents of a group."""
        return {} if self.version == "0.4" else {"version": self.version}

    def group(self, path: str = "", /, **ome: Any) -> WholeHierarchy:
        super().group(path, **ome)
        return self

    def lists(self, path: str, **ome: Any) -> None:
        """Add a group that leads to images and is none."""
        self.group(path, **self.declared(), **ome)
        self.listing |= {name for name in self.entries if name.rpartition("/")[0] == path}

    def pyramid(
        self,
        path: str,
        axes: str,
        levels: Sequence[tuple[np.ndarray, Place, Mapping[str, Any]]],
        then: Place | None = None,
        **ome: Any,
    ) -> None:
        """Add an image: pixels, place and options of each level, and a place after all of them."""
        datasets, prefix = [], f"{path}/" if path else ""
        for number, (_, place, _) in enumerate(levels):
            datasets.append(
                {
                    "path": f"s{number}",
                    "coordinateTransformations": self._steps(f"s{number}", place),
                    "acme:sum": f"crc32c-{number:08x}",
                }
            )
        entry = {"name": path or "whole", "datasets": datasets, "acme:id": 2**60 + 1}
        if self.version == "0.6":
            entry["coordinateSystems"] = [{"name": "physical", "axes": axes_of(axes)}]
        else:
            entry["axes"] = axes_of(axes)
            if self.version == "0.4":
                entry["version"] = "0.4"
        if then is not None:
            entry["coordinateTransformations"] = placement(*then)
        self.group(path, **self.declared(), multiscales=[entry], **ome)
        for number, (pixels, place, options) in enumerate(levels):
            named = {} if self.version == "0.4" else {"dimension_names": tuple(axes)}
            self.array(f"{prefix}s{number}", pixels, **named, **options)
            self.places[f"{prefix}s{number}"] = place if then is None else after(place, then)
        self.levels[path] = [f"{prefix}s{number}" for number in range(len(levels))]

    def _steps(self, path: str, place: Place) -> list[dict[str, Any]]:
        steps = placement(*place)
        if self.version != "0.6":
            return steps
        ends = {"input": {"path": path}, "output": {"name": "physical"}}
        return [{"type": "sequence", "transformations": steps, **ends}]

    def label_image(self, path: str, axes: str, values: np.ndarray, place: Place) -> None:
        """Add a label image of one level, with all that ``image-label`` may say and more."""
        source = {"image": "../../", "acme:source": "traced by hand"}
        about = {
            "colors": [
                {"label-value": 1, "rgba": [255, 0, 0, 255], "acme:since": 3},
                {"label-value": 2, "rgba": [0, 128, 255, 64]},
            ],
            "properties": [
                {"label-value": 1, "cell type": "α", "area (µm²)": 0.1 + 0.2},
                {"label-value": 2, "cell type": "β", "parents": [1, None]},
            ],
            "source": source,
            "acme:method": {"name": "watershed", "seeds": 12},
        }
        options = {"chunks": (1,) * (values.ndim - 2) + (13, 7), "compressors": self._gzip()}
        about |= {"version": self.version} if self.version == "0.4" else {}
        self.pyramid(path, axes, [(values, place, options)], **{"image-label": about})

    def _gzip(self) -> Any:
        if self.version == "0.4":
            from numcodecs import GZip

            return GZip(level=2)
        return GzipCodec(level=2)

    def convention(self, group: str, **attributes: Any) -> None:
        """Add attributes of other conventions to a group, whose document then looks otherwise."""
        prefix = f"{group}/" if group else ""
        name = f"{prefix}.zattrs" if self.version == "0.4" else f"{prefix}zarr.json"
        document = json.loads(self.entries.get(name, b"{}"))
        (document if self.version == "0.4" else document["attributes"]).update(attributes)
        self.put(name, json.dumps(document, sort_keys=True, separators=(",", ": ")).encode())

    def unknown_codec(self, group: str) -> None:
        """Give the levels of an image a codec that no library has."""
        for level in self.levels[group]:
            self.edit(
                f"{level}/zarr.json",
                codecs=[
                    {"name": "bytes", "configuration": {"endian": "little"}},
                    {"name": "acme.wavelet", "configuration": {"order": 3}},
                ],
            )
            del self.arrays[level], self.places[level]
        self.unreadable.append(group)

    def truth(self, path: Path) -> Truth:
        """Write the archive and return what is in it."""
        entries = _ordered(self.entries)
        _write(path, entries, self.version)
        owners = {
            name: group
            for name in entries
            for group in self.levels
            if _is_document_of(group, name)
            or any(name.startswith(f"{level}/") for level in self.levels[group])
        }
        whole = [group for group in self.levels if group not in self.unreadable]
        for array in self.arrays.values():
            array.flags.writeable = False
        return Truth(
            path=path,
            version=self.version,
            entries=MappingProxyType(entries),
            arrays=MappingProxyType(self.arrays),
            places=MappingProxyType(self.places),
            images=tuple(group for group in whole if "labels/" not in group),
            labels=tuple(group for group in whole if "labels/" in group),
            unreadable=tuple(self.unreadable),
            owners=MappingProxyType(owners),
            listing=frozenset(self.listing - set(owners)),
        )


def after(one: Place, then: Place) -> Place:
    """Return one place, then another."""
    scale = [a * b for a, b in zip(one[0], then[0], strict=True)]
    shift = [a * b + c for a, b, c in zip(one[1], then[0], then[1], strict=True)]
    return tuple(scale), tuple(shift)


def _is_document_of(group: str, name: str) -> bool:
    folder, _, last = name.rpartition("/")
    return folder == group and last in DOCUMENTS


def _ordered(entries: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the entries with the documents first, breadth first."""
    order = sorted(
        entries,
        key=lambda name: (name.rpartition("/")[2] not in DOCUMENTS, name.count("/"), name),
    )
    return {name: entries[name] for name in order}


def _write(path: Path, entries: Mapping[str, bytes], version: str) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
        if version != "0.4":
            ome = {"version": version, "zipFile": {"centralDirectory": {"jsonFirst": True}}}
            archive.comment = json.dumps({"ome": ome}).encode()
