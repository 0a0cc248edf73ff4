"""Images with labels and tables, the tables written by anndata, pandas and pyarrow themselves."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import anndata
import numpy as np
import pandas as pd
import pytest
import zarr
from zarr.storage import MemoryStore

from hierarchy_builder import HierarchyBuilder, ramp

LABELS = (1, 2, 5, 9, 12)
"""Values of the labels of `labeled`; each is a pixel of the first row."""

FEATURES = pd.DataFrame(
    {
        "area": [12.5, 30.0, 7.25, np.nan, 81.0],
        "spots": np.array([3, 0, 11, 2, 7]),
        "kind": pd.Categorical(["T", "B", "T", "NK", "B"]),
        "note": ["a", "b", "ü", "", "e"],
        "alive": [True, False, True, True, False],
    },
    index=pd.Index([str(label) for label in LABELS], name="label"),
)
"""Five rows, one for each of `LABELS`."""

NGIO = {"type": "feature_table", "table_version": "1", "instance_key": "label"}


def labeled(
    *names: str, zarr_format: int = 3, path: str = "", axes: str = "yx", **image: Any
) -> HierarchyBuilder:
    """An image with label images of some names (``cells`` where none are given)."""
    builder = HierarchyBuilder(zarr_format)
    folder = f"{path}/labels" if path else "labels"
    shape = [{"t": 2, "z": 3, "y": 4, "x": 16}[axis] for axis in axes]
    pixels = np.zeros(shape, np.uint32)
    pixels[..., 0, LABELS] = LABELS
    builder.image(ramp(shape), axes, path, **image)
    builder.labels(*(names or ("cells",)), path=path)
    for name in names or ("cells",):
        label = {"image-label": {"source": {"image": "../../"}}}
        builder.image(pixels, axes, f"{folder}/{name}", **{**image, **label})
    return builder


def about(*labels: str) -> dict[str, Any]:
    """The attribute that names the label image of a table of ngio."""
    return {"region": {"path": f"../labels/{labels[0]}"}}


def put_anndata(
    builder: HierarchyBuilder,
    path: str,
    attributes: Mapping[str, Any],
    obs: pd.DataFrame = FEATURES,
    X: Any = None,
    names: Sequence[str] = (),
    zarr_format: Literal[2, 3] = 3,
    *,
    sharded: bool = False,
) -> HierarchyBuilder:
    """Add a table that anndata writes."""
    content: dict[str, Any] = {}
    group = zarr.open_group(MemoryStore(content), zarr_format=zarr_format)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of anndata about the newest pandas, while it writes
        table = anndata.AnnData(X, obs.copy(), pd.DataFrame(index=pd.Index([*names], dtype=object)))
        with anndata.settings.override(
            allow_write_nullable_strings=True, **_sharding(sharded=sharded and zarr_format == 3)
        ):
            anndata.io.write_elem(group, "/", table)
    for name, buffer in content.items():
        builder.put(f"{path}/{name}", buffer.to_bytes())
    return describe(builder, path, attributes, zarr_format)


def _sharding(*, sharded: bool) -> dict[str, Any]:
    """Settings of anndata that put chunks into shards or not; its first versions never do."""
    name = "auto_shard_zarr_v3"
    if not hasattr(anndata.settings, name):
        if sharded:
            pytest.skip("this version of anndata writes no shards")
        return {}
    is_old = getattr(anndata.settings, "zarr_write_format", 3) == 2
    return {name: sharded, **({"zarr_write_format": 3} if sharded and is_old else {})}


def put_lists(
    builder: HierarchyBuilder, path: str, attributes: Mapping[str, Any], columns: Mapping[str, Any]
) -> HierarchyBuilder:
    """Add a table whose columns are lists of a document."""
    put_group(builder, f"{path}/table", dict(columns))
    return put_group(builder, path, {"backend": "json", **attributes})


def put_csv(
    builder: HierarchyBuilder, path: str, attributes: Mapping[str, Any], rows: pd.DataFrame
) -> HierarchyBuilder:
    """Add a table that pandas writes as text."""
    builder.put(f"{path}/table.csv", rows.to_csv().encode())
    return put_group(builder, path, {"backend": "csv", **attributes})


def put_parquet(
    builder: HierarchyBuilder, path: str, attributes: Mapping[str, Any], rows: pd.DataFrame
) -> HierarchyBuilder:
    """Add a table that pyarrow writes."""
    file = io.BytesIO()
    rows.to_parquet(file)
    builder.put(f"{path}/table.parquet", file.getvalue())
    return put_group(builder, path, {"backend": "parquet", **attributes})


def put_group(
    builder: HierarchyBuilder, path: str, attributes: Mapping[str, Any]
) -> HierarchyBuilder:
    """Add a group of Zarr v3 with some attributes."""
    document = {"zarr_format": 3, "node_type": "group", "attributes": dict(attributes)}
    return builder.put(f"{path}/zarr.json", json.dumps(document).encode())


def describe(
    builder: HierarchyBuilder, path: str, attributes: Mapping[str, Any], zarr_format: int = 3
) -> HierarchyBuilder:
    """Give a group that is there more attributes."""
    if zarr_format == 2:
        return builder.edit(f"{path}/.zattrs", **attributes)
    for name, value in attributes.items():
        builder.attribute(path, name, value)
    return builder
