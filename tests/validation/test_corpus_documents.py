"""Documents of the corpus: what opens silently breaks no MUST, but for the cases named here."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from napari_ome_zip.validation import Severity, check_hierarchy_documents
from shared_material import corpus_params

_DOCUMENTS = ("zarr.json", ".zgroup", ".zarray", ".zattrs")
_NGIO = {"ome-key-missing", "dimension-names-missing"}
_SPATIALDATA = {"transformation-kind", "omero-color-missing", "omero-window-missing"}

# A reader opens these silently, as it should; each breaks a MUST of its version all the same.
BREAKS_A_MUST: Mapping[str, set[str]] = {
    # Labels with fewer levels than their image.
    "labels/nested_path_original_0": {"label-level-count"},
    "labels/yaozarrs_fewer_levels_than_image": {"label-level-count"},
    # A translation without a scale for all levels.
    "meta/multiscale_level_translation": {"transformation-scale-count"},
    # 0.5 arrays that do not name their dimensions.
    "meta/no_dimension_names": {"dimension-names-missing"},
    "meta/virtual_huge_array": {"dimension-names-missing"},
    "omero/no_window": {"omero-window-missing"},
    # Labels listed outside "ome".
    **{f"public/ngio_v05_{a}": _NGIO for a in ("cyx", "czyx", "tcyx", "tyx", "yx", "zyx")},
    "public/zarrjava_v05": _NGIO | {"omero-window-missing", "label-level-count"},
    # An axis of channels, and both ways of one pair.
    "orientation/invalid_channel_and_antonyms": {
        "orientation-not-spatial",
        "orientation-repeated",
    },
    # References as an older draft has them.
    "rfc8/public_basic_collection": {"node-older-form"},
    # A translation from three axes to two.
    "public/rfc5_SCAPE": {"transformation-dimensions"},
    # Transformations of SpatialData's own in a 0.5 image.
    "spatialdata/v08_single_image_element": _SPATIALDATA
    | {"transformation-scale-count", "wrong-type"},
    "spatialdata/v08_single_image_two_targets": _SPATIALDATA,
}
# What the reader warns of, and what the documents alone show of it.
WARNED_OF: Mapping[str, str] = {
    "bf2raw/series_lists_missing_group": "series-not-found",
    "meta/axes_duplicate_names": "axis-name-duplicate",
    "meta/channel_last_yxc": "axis-order",
    "meta/level1_missing": "dataset-not-found",
    "meta/level_ndim_differs": "dataset-dimensions",
    "meta/missing_transforms": "transformations-missing",
    "meta/six_dims": "axis-count",
    "meta/translation_before_scale": "transformation-order",
    "meta/version_future_1_0": "version-unknown",
    "meta/version_number": "version-not-text",
    "omero/no_color": "omero-color-missing",
    "omero/too_few_channels": "omero-channel-count",
    "omero/too_many_channels": "omero-channel-count",
    "omero/window_degenerate": "omero-window-order",
    "plates/challenge_resave_no_row_groups": "plate-row-not-group",
    "plates/listed_well_missing": "plate-well-not-found",
    "scenes/affine_wrong_shape": "transformation-dimensions",
    "scenes/unknown_transform_type": "transformation-kind-unknown",
    "spatialdata/v03_single_image_affine": "transformation-kind",
}


def read_documents(file: Path) -> dict[str, dict[str, Any]]:
    """Read all documents of an archive by standard means."""
    found: dict[str, dict[str, Any]] = {}
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            path, _, name = info.filename.rpartition("/")
            if name not in _DOCUMENTS:
                continue
            document = json.loads(archive.read(info))
            if name == "zarr.json":
                found[path] = document  # Zarr v3 wins where there are both.
            elif "zarr_format" not in found.setdefault(path, {}):
                found[path][name] = document
    return found


def _params(keep: Callable[[dict[str, Any]], bool]) -> list[Any]:
    return [p for p in corpus_params() if p.values[0] is None or keep(p.values[0])]


@pytest.mark.parametrize("case", _params(lambda case: case["expected"]["outcome"] == "open"))
def test_what_opens_silently_breaks_no_must(case: dict[str, Any]) -> None:
    issues = check_hierarchy_documents(read_documents(case["file"]))
    errors = {issue.code for issue in issues if issue.severity is Severity.ERROR}
    assert errors == BREAKS_A_MUST.get(case["id"], set())


@pytest.mark.parametrize("case", _params(lambda case: case["id"] in WARNED_OF))
def test_what_the_reader_warns_of_has_an_issue(case: dict[str, Any]) -> None:
    issues = check_hierarchy_documents(read_documents(case["file"]))
    assert WARNED_OF[case["id"]] in {issue.code for issue in issues}
