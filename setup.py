"""What pyproject.toml cannot state: the README as a package index shows it.

There its pictures and links need whole addresses. They are made of ``Source`` in
``[project.urls]`` and the tag of the version that is built; without ``Source`` the README stays as
it is. All else is in pyproject.toml and setup.cfg.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from setuptools import Distribution, setup

README = Path(__file__).parent / "README.md"
WHOLE = r"(?![a-z]+:|#|/)"
"""Before what is no whole address, and leads out of the page."""


def with_whole_addresses(markdown: str, source: str, revision: str) -> str:
    """Return a text whose pictures and links lead into a repository, at a tag or branch of it."""
    pictures, files = (f"{source.rstrip('/')}/{kind}/{revision}/" for kind in ("raw", "blob"))
    markdown = re.sub(rf"(!\[[^]]*\]\(|<img[^>]* src=\"){WHOLE}", rf"\g<1>{pictures}", markdown)
    return re.sub(rf"(\]\(|<a[^>]* href=\"){WHOLE}", rf"\g<1>{files}", markdown)


class Package(Distribution):
    """The package, whose README is completed once its version and its addresses are known."""

    def parse_config_files(self, *args: Any, **kwargs: Any) -> None:
        """Complete the README with what pyproject.toml says."""
        super().parse_config_files(*args, **kwargs)
        source = (self.metadata.project_urls or {}).get("Source")
        version = self.metadata.version
        if source and version:
            revision = "HEAD" if ".dev" in version else f"v{version}"
            text = with_whole_addresses(README.read_text(encoding="utf-8"), source, revision)
            self.metadata.long_description = text


setup(
    distclass=Package,
    long_description=README.read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
)
