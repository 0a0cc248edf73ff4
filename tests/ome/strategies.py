"""Hypothesis strategies: models that a version can hold, JSON of any kind, damaged documents."""

from __future__ import annotations

import copy
import string
from typing import Any

from hypothesis import strategies as st

from napari_ome_zip.ome import (
    Acquisition,
    AffineTransformation,
    Axis,
    Bijection,
    ByDimension,
    ByDimensionItem,
    Coordinates,
    CoordinateSystem,
    Dataset,
    Displacements,
    FrozenMapping,
    Identity,
    ImageLabel,
    LabelColor,
    LabelProperties,
    MapAxis,
    Multiscale,
    OmeGroup,
    Omero,
    OmeroChannel,
    Plate,
    PlateWell,
    ProjectAxis,
    Rotation,
    Scale,
    Scene,
    SequenceTransformation,
    SystemRef,
    Transformation,
    Translation,
    Well,
    WellImage,
    Window,
)
from napari_ome_zip.ome.orientation import Orientation
from napari_ome_zip.ome.versions import SPECS

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)
amounts = st.floats(-1e6, 1e6, allow_nan=False)
plain_json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | amounts,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
words = st.text(string.ascii_letters + string.digits + "_µ ", min_size=1, max_size=10)
optional_words = st.none() | words
frozen_objects = st.dictionaries(
    words.filter(lambda key: key != "label-value"), plain_json_values, max_size=3
).map(FrozenMapping)
factors = st.floats(1e-6, 1e6, allow_nan=False)
whole = st.integers(-(2**63), 2**64 - 1)


@st.composite
def axes_of_images(draw: st.DrawFn) -> tuple[Axis, ...]:
    """Draw axes as 0.5 wants them: time, channel or custom, two or three of space."""
    front = draw(
        st.sampled_from(
            [(), ("t",), ("c",), ("t", "c"), ("angle",), ("t", "lambda"), ("t", "untyped")]
        )
    )
    types = {"t": "time", "c": "channel", "angle": "angle", "lambda": "wavelength"}
    axes = [Axis(name, types.get(name), draw(optional_words)) for name in front]
    # The schema of 0.5 counts an axis without a type as one of space, of which it allows three.
    deep = [] if "untyped" in front else [("z", "y", "x")]
    space = draw(st.sampled_from([("y", "x"), *deep, ("x", "y")]))
    return (*axes, *(Axis(name, "space", draw(optional_words)) for name in space))


pairs_of_ends = st.permutations(
    [("left", "right"), ("anterior", "posterior"), ("superficial", "deep"), ("apex", "base")]
)


@st.composite
def any_axes(draw: st.DrawFn) -> tuple[Axis, ...]:
    """Draw axes as 0.9.dev1 wants them: any, some of space with where they lead in a body."""
    names = draw(st.lists(words, min_size=1, max_size=7, unique=True))
    ends = iter(draw(pairs_of_ends))
    axes = []
    for name in names:
        kind = draw(st.sampled_from(["space", "time", "channel", "lifetime", None]))
        pair = next(ends, None) if kind == "space" and draw(st.booleans()) else None
        way = None if pair is None else "-to-".join(draw(st.permutations(pair)))
        orientation = None if way is None else Orientation(way)
        axes.append(Axis(name, kind, draw(optional_words), orientation=orientation))
    return tuple(axes)


def axes_of(version: str) -> st.SearchStrategy[tuple[Axis, ...]]:
    """Draw axes that the version holds."""
    return any_axes() if SPECS[version].free_axes else axes_of_images()


@st.composite
def level_transformations(draw: st.DrawFn, ndim: int, ref: dict[str, Any]) -> Transformation:
    """Draw what a level may have: a scale, or a scale and a translation."""
    scale = Scale(tuple(draw(st.lists(factors, min_size=ndim, max_size=ndim))))
    if draw(st.booleans()):
        return Scale(scale.scale, **ref)
    offsets = tuple(draw(st.lists(amounts, min_size=ndim, max_size=ndim)))
    return SequenceTransformation((scale, Translation(offsets)), **ref)


@st.composite
def multiscales(draw: st.DrawFn, version: str) -> Multiscale:
    """Draw an image that the version holds completely."""
    axes = draw(axes_of(version))
    is_graph = SPECS[version].graph
    name = draw(words) if is_graph else "physical"
    systems = [CoordinateSystem(name, axes)]
    extra: tuple[Transformation, ...] = ()
    if is_graph and draw(st.booleans()):
        systems.insert(0, CoordinateSystem(f"{name} 2", draw(axes_of(version))))
        to_other = {"input": SystemRef(name=name), "output": SystemRef(name=f"{name} 2")}
        extra = (draw(transformations(**to_other)),)
    paths = draw(st.lists(words, min_size=1, max_size=3))
    output = SystemRef(name=name)
    datasets = tuple(
        Dataset(
            path,
            draw(
                level_transformations(len(axes), {"input": SystemRef(path=path), "output": output})
            ),
        )
        for path in paths
    )
    return Multiscale(
        name=draw(optional_words),
        version=version,
        coordinate_systems=tuple(systems),
        datasets=datasets,
        transformations=extra,
        type=draw(optional_words),
        metadata=draw(st.none() | frozen_objects),
    )


def _rows(rows: int, columns: int) -> st.SearchStrategy[tuple[tuple[float, ...], ...]]:
    return st.tuples(*[st.tuples(*[amounts] * columns)] * rows)


def transformations(depth: int = 2, **labels: Any) -> st.SearchStrategy[Transformation]:
    """Draw a transformation of any kind that 0.6 can hold, two axes in and out where it counts."""
    kinds: list[st.SearchStrategy[Transformation]] = [
        st.just(Identity(**labels)),
        st.permutations(range(3)).map(lambda order: MapAxis(tuple(order), **labels)),
        st.just(ProjectAxis((0,), (), **labels)) | st.just(ProjectAxis((), (1,), **labels)),
        st.tuples(factors, factors).map(lambda scale: Scale(scale, **labels)),
        st.tuples(amounts, amounts).map(lambda offset: Translation(offset, **labels)),
        _rows(2, 3).map(lambda rows: AffineTransformation(rows, **labels)),
        words.map(lambda path: AffineTransformation(None, path, **labels)),
        _rows(2, 2).map(lambda rows: Rotation(rows, **labels)),
        words.map(lambda path: Rotation(path=path, **labels)),
        words.map(lambda path: Displacements(path, "linear", **labels)),
        words.map(lambda path: Coordinates(path, **labels)),
    ]
    if depth:
        inner = transformations(depth - 1)
        kinds += [
            st.lists(inner, max_size=3).map(
                lambda parts: SequenceTransformation(tuple(parts), **labels)
            ),
            st.tuples(inner, inner).map(lambda both: Bijection(*both, **labels)),
            st.lists(
                inner.map(lambda part: ByDimensionItem(part, (0,), (1, 0))), min_size=1, max_size=2
            ).map(lambda items: ByDimension(tuple(items), **labels)),
        ]
    return st.one_of(kinds)


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Draw a scene with at least one transformation."""
    refs = st.builds(SystemRef, optional_words, words)
    names = draw(st.lists(words, max_size=2, unique=True))
    drawn = [
        draw(transformations(input=draw(refs), output=draw(refs), name=draw(optional_words)))
        for _ in range(draw(st.integers(1, 3)))
    ]
    systems = tuple(CoordinateSystem(name, draw(axes_of_images())) for name in names)
    return Scene(systems, tuple(drawn))


windows = st.builds(Window, amounts, amounts, amounts, amounts)
colors = st.text("0123456789ABCDEF", min_size=6, max_size=6)
channels = st.builds(
    OmeroChannel,
    optional_words,
    colors,
    st.none() | st.booleans(),
    st.none() | windows,
    st.none() | st.booleans(),
)
omeros = st.builds(
    Omero,
    st.lists(channels, max_size=4).map(tuple),
    st.sampled_from([None, "color", "greyscale"]),
    st.none() | st.integers(0, 99),
    st.none() | st.integers(0, 99),
)
rgbas = st.tuples(*[st.integers(0, 255)] * 4)
label_colors = st.lists(
    st.builds(LabelColor, whole, st.none() | rgbas), max_size=4, unique_by=lambda each: each.value
)
label_properties = st.lists(
    st.builds(LabelProperties, whole, frozen_objects), max_size=4, unique_by=lambda each: each.value
)
image_labels = st.builds(
    ImageLabel,
    label_colors.map(tuple),
    label_properties.map(tuple),
    st.sampled_from([None, "../../", "../../../"]),
)
path_names = st.text(string.ascii_letters + string.digits, min_size=1, max_size=3)
acquisitions = st.builds(
    Acquisition,
    st.integers(0, 9),
    optional_words,
    optional_words,
    st.none() | st.integers(1, 9),
    st.none() | st.integers(0, 2**31),
    st.none() | st.integers(0, 2**31),
)
wells = st.lists(
    st.builds(WellImage, path_names, st.none() | st.integers(0, 9)),
    min_size=1,
    max_size=4,
    unique_by=lambda image: image.path,
).map(lambda images: Well(tuple(images)))


@st.composite
def plates(draw: st.DrawFn) -> Plate:
    """Draw a plate whose wells lie on it."""
    rows = draw(st.lists(path_names, min_size=1, max_size=4, unique=True))
    columns = draw(st.lists(path_names, min_size=1, max_size=4, unique=True))
    places = st.tuples(st.integers(0, len(rows) - 1), st.integers(0, len(columns) - 1))
    return Plate(
        draw(optional_words),
        tuple(rows),
        tuple(columns),
        tuple(
            PlateWell(f"{rows[row]}/{columns[column]}", row, column)
            for row, column in draw(st.lists(places, min_size=1, max_size=5, unique=True))
        ),
        tuple(draw(st.lists(acquisitions, max_size=2))),
        draw(st.none() | st.integers(1, 9)),
    )


path_lists = st.none() | st.lists(words, max_size=3, unique=True).map(tuple)


@st.composite
def groups(draw: st.DrawFn, version: str) -> OmeGroup:
    """Draw a group that the version holds completely."""
    return OmeGroup(
        path=draw(st.sampled_from(["", "A/1/0", "labels/cells"])),
        version=version,
        multiscales=tuple(draw(st.lists(multiscales(version), max_size=2, unique=True))),
        omero=draw(st.none() | omeros),
        image_label=draw(st.none() | image_labels),
        labels=draw(path_lists),
        plate=draw(st.none() | plates()),
        well=draw(st.none() | wells),
        series=draw(path_lists),
        bioformats2raw_layout=draw(st.sampled_from([None, 3])),
        scene=draw(st.none() | scenes()) if SPECS[version].graph else None,
        display=draw(st.none() | frozen_objects),
    )


@st.composite
def damaged(draw: st.DrawFn, document: Any) -> Any:
    """Draw a copy of a document in which a few values are replaced, dropped or doubled."""
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        holders = list(_holders(document))
        if not holders:
            return draw(json_values)
        holder, key = draw(st.sampled_from(holders))
        match draw(st.sampled_from(["replace", "drop", "double"])):
            case "replace":
                holder[key] = draw(json_values)
            case "drop":
                del holder[key]
            case "double" if isinstance(holder, list):
                holder.append(copy.deepcopy(holder[key]))
            case _:
                holder[draw(st.text(max_size=6))] = holder[key]
    return document


def _holders(value: Any) -> Any:
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in list(items):
            yield value, key
            yield from _holders(item)
