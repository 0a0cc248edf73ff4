"""What is opened at a link, and what is left to others."""

from __future__ import annotations

import pytest

from napari_ome_zip.errors import LinkError
from napari_ome_zip.storage import open_store
from range_server import RangeServer


@pytest.mark.parametrize("name", ["cells.zarr", "cells.ome.zarr", "Cells.OME.ZARR/"])
def test_a_folder_is_left_to_other_plugins_and_nothing_is_asked_for(name: str) -> None:
    with RangeServer({}) as server:
        with pytest.raises(LinkError, match=r"folder.*napari-ome-zarr") as caught:
            open_store(server.url(name))
        assert server.requests == []
    assert caught.value.code == "link-folder"
