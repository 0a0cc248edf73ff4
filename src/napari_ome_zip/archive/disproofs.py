"""What a whole directory says otherwise than the parts of it that were believed before it came."""

from __future__ import annotations

from collections.abc import Mapping

from napari_ome_zip.archive import rules
from napari_ome_zip.archive.entry import ArchiveEntry
from napari_ome_zip.archive.entry_table import EntryTable
from napari_ome_zip.findings import Finding, listed


def disproofs(
    table: EntryTable, leading: EntryTable, given: Mapping[str, ArchiveEntry]
) -> tuple[Finding, ...]:
    """Return what was answered wrongly.

    Parameters
    ----------
    table : EntryTable
        All entries.
    leading : EntryTable
        The documents that were taken for all.
    given : mapping of str to ArchiveEntry
        Other entries that were found, by name.
    """
    late = [name for name in table.documents if name not in leading.rows]
    before = {name: leading.entry(row, name) for name, row in leading.rows.items()} | {**given}
    changed = [name for name, entry in before.items() if table.find(name) != entry]
    found = []
    if late:
        text = (
            "The archive's comment says that zarr.json come first, but it holds "
            f"{listed(late, 2)} as well; what they describe is not shown. Open the link again."
        )
        found.append(Finding.of(rules.JSON_FIRST, late[0], text))
    if changed:
        text = (
            f"Entries with the same name: {listed(changed, 1)}. The last one counts, and an "
            "earlier one was shown. Open the link again."
        )
        found.append(Finding.of(rules.REPEATED, changed[0], text))
    return tuple(found)
