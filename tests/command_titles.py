"""What napari's palette calls the commands of the plugin."""

from __future__ import annotations

from importlib.resources import files

from npe2 import PluginManifest

MANIFEST = PluginManifest.from_file(str(files("napari_ome_zip") / "napari.yaml"))


def palette_titles() -> dict[str, str]:
    """Return what the palette says, by identifier: names of widgets and samples, else titles."""
    offered = MANIFEST.contributions
    widgets = {widget.command: widget.display_name for widget in offered.widgets}
    samples = {sample.command: sample.display_name for sample in offered.sample_data}
    titles = {command.id: command.title for command in offered.commands}
    return titles | widgets | samples


TITLES = palette_titles()
