"""Features of labels and the tables that a file has them in: which of both is older when saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from napari_ome_zip.findings import Finding, listed
from napari_ome_zip.image.tables.table import TableKind
from napari_ome_zip.layers.joined_table import INDEX, JoinedTable
from napari_ome_zip.layers.understanding import UnderstoodLayer

TABLE_OLDER = "table-older"
TABLE_UNREAD = "table-not-read"

_MOST_NAMED = 5


def with_own_features(layer: UnderstoodLayer) -> UnderstoodLayer:
    """Labels whose features are all their own, for those that no table of the file is about."""
    if layer.opened is None or not layer.opened.tables:
        return layer
    return replace(layer, opened=replace(layer.opened, tables=()))


def unread_tables(layer: UnderstoodLayer) -> Iterator[Finding]:
    """Tables about labels whose columns are not among their features, and stay behind with them.

    They were too large to be read while the file was opened, or there was no library for them.

    Parameters
    ----------
    layer : UnderstoodLayer
        Labels that are saved without the tables of the file that they came from.
    """
    if layer.opened is None:
        return
    read = {joined.table.path for joined in layer.opened.tables}
    for table in layer.opened.opened.tables:
        is_about = table.kind is TableKind.FEATURES and layer.opened.part.path in table.labels
        if is_about and table.path not in read:
            text = (
                f"Table '{table.path}' was not read, so '{layer.name}' is saved without what it "
                "says. Load it in Contents first to save its columns as features."
            )
            yield Finding(TABLE_UNREAD, table.path, text)


def older_tables(layer: UnderstoodLayer) -> Iterator[Finding]:
    """Tables of a file whose columns were changed, or taken away, among the features of labels.

    What was changed is saved as properties of the labels, which any program reads. The table stays
    as it is: programs that made it may know more of it than its columns.

    Parameters
    ----------
    layer : UnderstoodLayer
        Labels that keep their place in the file that they came from.
    """
    for joined in () if layer.opened is None else layer.opened.tables:
        path = joined.table.path
        changed, removed = _differences(joined, layer)
        if changed:
            text = (
                f"Features of '{layer.name}' were changed ({_named(changed)}): they are saved with "
                f"the labels. Table '{path}' stays as it was, and is older now."
            )
            yield Finding(TABLE_OLDER, path, text)
        if removed:
            text = (
                f"Table '{path}' still has what was removed from the features of '{layer.name}' "
                f"({_named(removed)}): that is back when the file is opened."
            )
            yield Finding(TABLE_OLDER, path, text)


def _differences(joined: JoinedTable, layer: UnderstoodLayer) -> tuple[list[str], list[str]]:
    """What of a table is other now, and what is not there any more: columns, and rows."""
    features = layer.keywords.get("features")
    there = set() if features is None else {*map(str, features)}
    others = joined.changed(features)
    changed = [joined.columns[name] for name in others if name in there]
    removed = [joined.columns[name] for name in others if name not in there]
    if features is not None and INDEX in there:
        gone = ~np.isin(joined.rows.index.to_numpy(), np.asarray(features[INDEX]))
        removed += [f"{np.count_nonzero(gone):,} rows"] if gone.any() else []
    return changed, removed


def _named(what: list[str]) -> str:
    return listed(what, _MOST_NAMED, str)
