"""Draw every archive of some folders into one picture, with its name, for docs/images.

    python tools/contact_sheet.py docs/images/contact-sheet.jpg ../shared/corpus ../shared/next

Of what is refused the sheet shows the reason. Many archives of the corpus hold documents alone, or
arrays of which nothing is stored: their pictures are black, and it says so.
"""

from __future__ import annotations

import argparse
import math
import textwrap
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from napari_ome_zip import CompositeImage, open_image, render, to_layer_data
from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.storage import open_store

EDGE, GAP, LINE = 92, 8, 12
"""Of a picture, between two of them, and of a line of text, in pixels."""
COLUMNS = 18
SUFFIXES = (".ozx", ".zip")
BACKGROUND, TEXT, FAINT, REFUSED = (58, 60, 78), (235, 235, 240), (160, 162, 178), (255, 190, 170)
_MANY = 2**26


def main() -> None:
    """Write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("sheet", type=Path, help="the picture to write")
    parser.add_argument("folders", type=Path, nargs="+", help="folders of archives")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    files = [path for folder in options.folders for path in archives(folder)]
    cell = (EDGE + GAP, EDGE + 2 * LINE + GAP)
    rows = math.ceil(len(files) / COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * cell[0] + GAP, rows * cell[1] + GAP), BACKGROUND)
    for number, path in enumerate(files):
        row, column = divmod(number, COLUMNS)
        draw_cell(sheet, (GAP + column * cell[0], GAP + row * cell[1]), path)
    sheet.save(options.sheet, quality=48, optimize=True)
    print(f"{len(files)} archives in {options.sheet}: {options.sheet.stat().st_size >> 10} KiB")


def archives(folder: Path) -> Iterator[Path]:
    """Archives in a folder and below, by name."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in SUFFIXES:
            yield path


def draw_cell(sheet: Image.Image, place: tuple[int, int], path: Path) -> None:
    """Draw an archive with its name; or why it is refused."""
    x, y = place
    pen = ImageDraw.Draw(sheet)
    small, usual = ImageFont.load_default(size=9), ImageFont.load_default(size=10)
    damage: list[str] = []
    try:
        store = open_store(path)
        store.on_damage = damage.append
        image = open_image(store)
        picture = Image.fromarray(render(image, EDGE))
    except OmeZipError as error:
        print(f"refused: {path.parent.name}/{path.name}: {error}")
        reason = "\n".join(textwrap.wrap(str(error), 19)[:7])
        pen.multiline_text((x, y), reason, fill=REFUSED, font=small, spacing=2)
        remark = "refused"
    else:
        sheet.paste(picture, (x, y), picture)
        remark = remark_on(image, picture, damage)
    name = path.name.removesuffix(path.suffix).removesuffix(".zarr").removesuffix(".ome")
    while usual.getlength(name) > EDGE:
        name = name[:-1]
    pen.text((x, y + EDGE + 2), name, fill=TEXT, font=usual)
    pen.text((x, y + EDGE + LINE + 2), remark, fill=FAINT, font=small)


def remark_on(image: CompositeImage, picture: Image.Image, damage: list[str]) -> str:
    """What explains a picture that is black."""
    if damage:
        return "damaged"
    if np.asarray(picture)[..., :3].any():
        return ""
    layers = [data for data, _, kind in to_layer_data(image) if kind in ("image", "labels")]
    levels = [data[-1] if isinstance(data, list) else data for data in layers]
    small = [level for level in levels if level.size < _MANY]
    return "all pixels are 0" if not any(np.asarray(level).any() for level in small) else "black"


if __name__ == "__main__":
    main()
