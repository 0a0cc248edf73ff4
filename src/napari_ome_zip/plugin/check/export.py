"""A report as it leaves the window: with the program, its version and the time of the check."""

from __future__ import annotations

from datetime import datetime

from napari_ome_zip.validation.report import Report
from napari_ome_zip.version import program

_BUTTONS = (
    "Repacking and salvaging: in napari, File > IO Utilities > Check an archive has a button for "
    "each."
)


def export_report(report: Report, kind: str, checked: datetime) -> str:
    """Return a report for someone who does not see the window.

    Parameters
    ----------
    report : Report
    kind : {"text", "json"}
    checked : datetime
        When the check ended.
    """
    if kind == "json":
        return report.to_json(checked=checked.isoformat(timespec="seconds"))
    signature = f"Checked by {program()} on {checked:%Y-%m-%d at %H:%M}"
    remedies = " ".join(issue.remedy for issue in report.issues).lower()
    has_buttons = "repack it" in remedies or "salvage" in remedies
    end = f"\n{_BUTTONS}\n" if has_buttons else ""
    return f"{signature}\n\n{report.to_text()}{end}"
