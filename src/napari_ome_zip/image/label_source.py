"""Of what image labels are that lie in a file of their own."""

from __future__ import annotations

import posixpath

from napari_ome_zip.files import is_link


def seen_from(path: str, image: str, before: str = "") -> str | None:
    """The path of an image in another file, seen from a group instead of from another one.

    Parameters
    ----------
    path : str
        The group that it is seen from.
    image : str
        What ``image-label`` says: a path, relative to its group, or a link.
    before : str
        That group.

    Returns
    -------
    str or None
        None where it leads to something within this file.

    Examples
    --------
    >>> seen_from("2", "../cells.ome.zip"), seen_from("", "../../", "labels/nuclei")
    ('../../cells.ome.zip', None)
    """
    if is_link(image):
        return image
    from_root = posixpath.normpath(posixpath.join(before, image))
    steps_up = "../" * (path.count("/") + 1 if path else 0)
    return f"{steps_up}{from_root}" if from_root.startswith("../") else None
