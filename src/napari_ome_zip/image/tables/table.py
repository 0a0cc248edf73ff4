"""One table of a hierarchy: what its document says of it, and its rows when they are asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from napari_ome_zip.errors import TableError
from napari_ome_zip.image.tables.backends import AT_ONCE, BACKENDS, Bounds, TableSize
from napari_ome_zip.image.tables.column_names import distinct
from napari_ome_zip.image.tables.label_values import with_numbers
from napari_ome_zip.storage.hierarchy import Hierarchy

if TYPE_CHECKING:
    import pandas as pd


class TableForm(StrEnum):
    """How programs write tables; each is told by its document."""

    NGIO = "ngio"
    FRACTAL = "fractal"
    SPATIALDATA = "SpatialData"
    ANNDATA = "AnnData"


class TableKind(StrEnum):
    """What rows are about."""

    FEATURES = "features"
    """Each about one object of a label image."""
    REGIONS = "regions"
    """Each about a box in an image."""
    OTHER = "other"


_KINDS = {
    "feature_table": TableKind.FEATURES,
    "roi_table": TableKind.REGIONS,
    "masking_roi_table": TableKind.REGIONS,
}


@dataclass(frozen=True, eq=False)
class Table:
    """A table beside images; its rows stay where they are until `read` is called.

    Examples
    --------
    >>> from napari_ome_zip import open_image
    >>> for table in open_image("cells.ozx").tables:
    ...     print(table.name, table.type, table.labels)
    measured feature_table ('labels/nuclei',)
    >>> float(table.read().loc[1, "mean GFP"])
    900.0
    """

    hierarchy: Hierarchy = field(repr=False)
    """Where it lies."""
    path: str
    """Group path."""
    image: str
    """Path of the group whose ``tables/`` holds it: an image, a plate, or the root."""
    form: TableForm
    type: str | None
    """What its document calls it, such as ``"feature_table"``."""
    backend: str | None
    """What its rows are stored as, a key of `BACKENDS`; None where that is not known."""
    row_key: str | None = None
    """Name of the column that tells rows apart: the label value, of a table of features."""
    labels: tuple[str, ...] = ()
    """Paths of the label images that its rows are about."""
    region_key: str | None = None
    """Name of the column that says which of several label images a row is about, by name."""
    absent: tuple[str, ...] = ()
    """Label images that its document names and that are not there, as it names them."""
    problem: str = ""
    """Why its rows are not read, as a sentence; empty where they are."""

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]

    @property
    def kind(self) -> TableKind:
        """What its rows are about; tables of the forms that name no type are of features."""
        if self.form in (TableForm.SPATIALDATA, TableForm.ANNDATA):
            return TableKind.FEATURES
        return _KINDS.get(self.type or "", TableKind.OTHER)

    @cached_property
    def size(self) -> TableSize:
        """Rows and columns, as far as documents say."""
        backend = BACKENDS.get(self.backend or "")
        return TableSize() if backend is None else backend.size(self.hierarchy, self.path)

    def read(
        self,
        bounds: Bounds = Bounds(),  # noqa: B008  it is frozen
        *,
        measured: bool = True,
    ) -> pd.DataFrame:
        """All rows, one for each object, region or whatever they are about.

        Parameters
        ----------
        bounds : Bounds
            What is refused because it is too large.
        measured : bool
            Whether to read measurements, too, where they are stored apart (``X`` of AnnData).

        Returns
        -------
        pandas.DataFrame
            The index is the column that tells rows apart, where there is one: numbers of labels.

        Raises
        ------
        TableError
            If it cannot be read, or a library for it is not installed; the message says which.
        """
        backend = BACKENDS.get(self.backend or "")
        if backend is None or self.problem:
            raise TableError(self.problem or f"Table '{self.path}' is stored in an unknown way.")
        read = backend.read if measured else backend.read_described or backend.read
        frame = read(self.hierarchy, self.path, bounds)
        frame = frame.set_axis(distinct(frame.columns), axis=1)
        if self.row_key is not None and self.row_key in frame.columns:
            frame = frame.set_index(self.row_key)
        return (
            with_numbers(frame) if self._is_by_label and frame.index.name == self.row_key else frame
        )

    @property
    def _is_by_label(self) -> bool:
        """Whether rows are called by labels."""
        return self.kind is TableKind.FEATURES or self.type == "masking_roi_table"

    @property
    def was_read(self) -> bool:
        """Whether it was tried to read it while the file was opened."""
        return "at_once" in vars(self)

    @property
    def failure(self) -> TableError | None:
        """Why it was not read while the file was opened; None where it was not tried."""
        return self.at_once if self.was_read and isinstance(self.at_once, TableError) else None

    @cached_property
    def at_once(self) -> pd.DataFrame | TableError:
        """Its rows, or why they are not read while a file is opened; looked at once, and kept."""
        try:
            return self.read(AT_ONCE, measured=not self.is_wide)
        except TableError as error:
            return error

    @property
    def is_wide(self) -> bool:
        """Whether it has more measurements than can be features: it is used without them."""
        backend = BACKENDS.get(self.backend or "")
        is_apart = backend is not None and backend.read_described is not None
        return is_apart and (self.size.columns or 0) > AT_ONCE.columns
