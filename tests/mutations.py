"""Random changes of the documents, codecs and chunks of a hierarchy."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

odd_numbers = st.sampled_from(
    [0, 1, -1, 2, 7, 2**31, 2**63, 2**64, 10**30, -(10**9), 0.5, 1e300, 1e-300, float("nan")]
)
odd_texts = st.sampled_from(
    ["", ".", "..", "../..", "0", "1", "a", "b", "labels", "c", "t", "space", "time", "channel",
     "physical", "world", "scale", "affine", "displacements", "identity", "0.4", "0.6", "µm",
     "uint8", "float64", "bytes", "regular", "NaN", "A/1", "/", "FF0000", "x" * 200,
     "id", "raw", "nodes", "path", "collection", "multiscale", "singlescale", "zarr", "json",
     "./zarr.json", "https://example.com", "org:x"]
)  # fmt: skip
leaves = st.one_of(st.none(), st.booleans(), odd_numbers, odd_texts)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(odd_texts, inner, max_size=3)
    ),
    max_leaves=6,
)
types = st.sampled_from(
    ["bool", "int8", "uint16", "int64", "uint64", "float16", "float64", "complex64", "string",
     "bytes", "r24", "variable_length_bytes", "numpy.datetime64", "<u2", ">i4", "|b1", "|O", "<U3",
     "|S2", "|V3", "<M8[s]", "<f8", "float128", "int2"]
)  # fmt: skip

_SHARDING = {
    "name": "sharding_indexed",
    "configuration": {
        "chunk_shape": [1, 2],
        "codecs": [{"name": "bytes"}],
        "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
        "index_location": "start",
    },
}
_BLOSC = {"cname": "lz4", "clevel": 1, "shuffle": "shuffle", "typesize": 2, "blocksize": 0}
_CODECS: list[Any] = [
    {"name": "bytes", "configuration": {"endian": "little"}},
    {"name": "bytes", "configuration": {"endian": "big"}},
    {"name": "bytes"},
    "bytes",
    {"name": "transpose", "configuration": {"order": [1, 0]}},
    {"name": "transpose", "configuration": {"order": [0, 0]}},
    {"name": "gzip", "configuration": {"level": 1}},
    {"name": "zstd", "configuration": {"level": 1, "checksum": False}},
    {"name": "blosc", "configuration": _BLOSC},
    {"name": "blosc", "configuration": {**_BLOSC, "typesize": 300}},
    {"name": "crc32c"},
    {"name": "vlen-utf8"},
    {"name": "vlen-bytes"},
    {"name": "numcodecs.zlib", "configuration": {"level": 1}},
    {"name": "numcodecs.delta", "configuration": {"dtype": "<u2"}},
    {"name": "numcodecs.fixedscaleoffset", "configuration": {"offset": 1, "scale": 0}},
    {"name": "numcodecs.pcodec"},
    {"name": "acme", "configuration": {}},
    _SHARDING,
    {**_SHARDING, "configuration": {**_SHARDING["configuration"], "codecs": [_SHARDING]}},
    {"id": "zlib", "level": 1},
    {"id": "blosc", **_BLOSC},
    {"id": "delta", "dtype": "<u2"},
    {"id": "vlen-utf8"},
    {"id": "json2"},
    {"id": "acme"},
]
codecs = st.lists(st.sampled_from(_CODECS), max_size=3)

DEEP = 20


def is_json(name: str) -> bool:
    """Whether an entry is a document of Zarr."""
    return name.rpartition("/")[2] in ("zarr.json", ".zattrs", ".zarray", ".zgroup")


def again(value: Any) -> Any:
    """Return a copy of a JSON value, however deep."""
    return json.loads(json.dumps(value))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of everything in a JSON value that is not too deep to be looked for."""
    match value:
        case dict() if len(path) < DEEP:
            below = list(value.items())
        case list() if len(path) < DEEP:
            below = list(enumerate(value))
        case _:
            below = []
    return [path, *(p for key, item in below for p in places(item, (*path, key)))]


def parent_of(document: Any, path: tuple[Any, ...]) -> Any:
    """Return the object or list that holds what lies at a path."""
    for key in path[:-1]:
        document = document[key]
    return document


def nested(draw: st.DrawFn, value: Any) -> Any:
    """Return a value inside others of its kind."""
    key = draw(st.sampled_from(["transformations", "forward", "codecs", "a", None]))
    # Deeper than 800 objects and lists, Python's own library cannot write it.
    brackets = json.dumps(value).count("[") + json.dumps(value).count("{")
    for _ in range(draw(st.sampled_from([1, 20, 400] if brackets < 100 else [1]))):
        if key is None:
            value = [value]
        else:
            listed = value if key == "forward" else [value]
            value = {"type": "bijection" if key == "forward" else "sequence", key: listed}
    return value


def change_value(draw: st.DrawFn, document: Any) -> Any:
    """Return a document with one value replaced, removed, repeated or moved."""
    document = again(document)
    found = places(document)
    path = draw(st.sampled_from(found))
    if not path:
        return draw(values)
    parent = parent_of(document, path)
    action = draw(st.sampled_from(["replace", "remove", "repeat", "copy", "nest"]))
    if action == "nest":
        parent[path[-1]] = nested(draw, parent[path[-1]])
    elif action == "replace":
        parent[path[-1]] = draw(values)
    elif action == "remove":
        del parent[path[-1]]
    elif action == "repeat" and isinstance(parent, list):
        parent.extend([parent[path[-1]]] * draw(st.sampled_from([1, 3, 50, 2000])))
    else:
        other = draw(st.sampled_from(found))
        parent[path[-1]] = again(parent_of(document, other)[other[-1]]) if other else 0
    return document


def change_array(draw: st.DrawFn, document: Any) -> Any:
    """Return the document of an array that is cut, typed or encoded in another way."""
    if not isinstance(document, dict) or "shape" not in document:
        return change_value(draw, document)
    old = document.get("zarr_format") == 2
    sizes = st.lists(st.sampled_from([0, 1, 2, 3, 40, 10**6, 2**40, 2**62, 2**64]), max_size=6)
    cut = (
        sizes
        if old
        else st.fixed_dictionaries({"name": st.just("regular")}).flatmap(
            lambda grid: sizes.map(lambda n: {**grid, "configuration": {"chunk_shape": n}})
        )
    )
    key, drawn = draw(
        st.sampled_from(
            [
                ("filters" if old else "codecs", codecs),
                ("compressor" if old else "codecs", st.sampled_from(_CODECS) if old else codecs),
                ("dtype" if old else "data_type", types),
                ("shape", sizes),
                ("chunks" if old else "chunk_grid", cut),
                ("fill_value", values),
            ]
        )
    )
    return {**document, key: draw(drawn)}


def change_chunk(draw: st.DrawFn, content: bytes) -> bytes:
    """Return the bytes of a chunk with some of them changed, or the first ones alone."""
    action = draw(st.sampled_from(["cut", "claim", "set", "set"]))
    if not content or action == "cut":
        return content[: draw(st.integers(0, len(content)))]
    if action == "claim":  # as many as a number of four bytes can say
        return draw(st.sampled_from([b"", content[:4]])) + b"\xff\xff\xff\x7f" + content[8:]
    changed = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        first = min(len(content) - 1, 31)
        place = draw(st.integers(0, first) | st.integers(0, len(content) - 1))
        changed[place] = draw(st.sampled_from([0, 1, 127, 128, 255]))
    return bytes(changed)


@st.composite
def changed_documents(draw: st.DrawFn, entries: dict[str, bytes]) -> dict[str, bytes]:
    """Draw the entries of a hierarchy with up to three values of its documents changed."""
    documents = {name: json.loads(entries[name]) for name in entries if is_json(name)}
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(sorted(documents)))
        documents[name] = change_value(draw, documents[name])
    written = {name: json.dumps(document).encode() for name, document in documents.items()}
    return {**entries, **written}


@st.composite
def changes(draw: st.DrawFn, entries: dict[str, bytes]) -> dict[str, bytes]:
    """Draw one to three entries of a hierarchy as they were never written."""
    documents = sorted(name for name in entries if is_json(name))
    arrays = sorted(
        name for name in documents if name.endswith(".zarray") or b'"array"' in entries[name]
    )
    chunks = sorted(name for name in entries if not is_json(name) and name[-1].isdecimal())
    made: dict[str, bytes] = {}
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["value", "value", "array", "chunk"]))
        name = draw(st.sampled_from({"value": documents, "array": arrays, "chunk": chunks}[kind]))
        content = made.get(name, entries[name])
        if kind == "chunk":
            made[name] = change_chunk(draw, content)
        else:
            change = change_value if kind == "value" else change_array
            made[name] = json.dumps(change(draw, json.loads(content))).encode()
    return made
