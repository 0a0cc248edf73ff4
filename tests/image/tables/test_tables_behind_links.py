"""A table behind a link costs no request until its rows are read, and few then."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hierarchy_builder import HierarchyBuilder
from labeled_tables import NGIO, about, put_anndata
from napari_ome_zip import open_image
from napari_ome_zip.files import Link
from range_server import RangeServer

ROWS = 20_000


@pytest.fixture
def content(tmp_path: Path) -> bytes:
    """An archive whose table lies neither at its beginning nor at its end."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 2**16, (512, 512), dtype=np.uint16)
    builder = HierarchyBuilder().image(pixels, "yx").labels("cells")
    builder.image(np.zeros((512, 512), np.uint8), "yx", "labels/cells")
    rows = pd.DataFrame(
        {"n": range(ROWS), "kind": pd.Categorical(random.choice([*"abc"], ROWS))},
        pd.Index([str(label) for label in range(ROWS)], name="label"),
    )
    said = NGIO | about("cells") | {"backend": "anndata"}
    measured = random.random((ROWS, 3))
    put_anndata(builder, "tables/t", said, rows, measured, [*"pqr"], sharded=True)
    builder.put("z", random.bytes(1 << 20))
    return builder.archive(tmp_path / "a.ozx").read_bytes()


def test_it_is_recognized_by_what_opening_fetches_anyway(content: bytes) -> None:
    with RangeServer({"a.ozx": content}) as server:
        (table,) = open_image(Link(server.url("a.ozx"))).tables
        before = len(server.requests)
        assert str(table.size) == f"{ROWS:,} rows and 5 columns"
        assert len(server.requests) == before
        rows = table.read()
        assert rows["n"].tolist() == list(range(ROWS))
        assert len(server.requests) - before <= 8
