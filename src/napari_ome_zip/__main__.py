"""``python -m napari_ome_zip`` is the command ``ome-zip``."""

from __future__ import annotations

import sys

from napari_ome_zip.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
