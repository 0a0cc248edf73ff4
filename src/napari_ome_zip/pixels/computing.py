"""Pixels that someone else's graph computes; what goes wrong there names its layer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from napari_ome_zip.errors import OmeZipError, SaveError

_MAX_REASON = 300


@contextmanager
def layer_errors(title: str, what: str) -> Iterator[None]:
    """Within this block: what others' data raise is a `SaveError` that names their layer.

    Parameters
    ----------
    title : str
        Name of the layer.
    what : str
        What was being done: "its pixels cannot be computed".
    """
    try:
        yield
    except OmeZipError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:_MAX_REASON]
        raise SaveError(
            f"'{title}' cannot be saved: {what} ({type(error).__name__}: {reason}). Nothing was "
            "saved; an earlier file is untouched. Correct this layer, or save without it.",
            error.errno if isinstance(error, OSError) else None,
        ) from error


def computed(block: da.Array, title: str) -> npt.NDArray[Any]:
    """Pixels of one block, in this thread: the blocks themselves are what runs in parallel.

    Without dask's callbacks: napari's cache is one, and hands out blocks as they were shown.

    Raises
    ------
    SaveError
        If they cannot be computed, or are not of the shape that was said.
    """
    with layer_errors(title, "its pixels cannot be computed"):
        pixels = np.asarray(block.compute(scheduler="synchronous", callbacks=()))
    if pixels.shape != block.shape:
        raise SaveError(
            f"'{title}' cannot be saved: a block of it says that its shape is {block.shape}, but "
            f"it is {pixels.shape}. Nothing was saved; an earlier file is untouched. Correct this "
            "layer, or save without it."
        )
    return pixels
