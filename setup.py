"""What pyproject.toml cannot state: pages of the documentation that are built into the package.

On a package index the pictures and links of the README need whole addresses. They are made of
``Source`` in ``[project.urls]`` and the tag of the version that is built; without ``Source`` the
README stays as it is. The guide docs/in-napari.md is put beside the module that shows it. All else
is in pyproject.toml and setup.cfg.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
README = HERE / "README.md"
GUIDE = HERE / "docs" / "in-napari.md"
GUIDE_IN_PACKAGE = Path("napari_ome_zip", "plugin", "documentation", GUIDE.name)
WHOLE = r"(?![a-z]+:|#|/)"
"""Before what is no whole address, and leads out of the page."""


def with_whole_addresses(markdown: str, source: str, revision: str) -> str:
    """Return a text whose pictures and links lead into a repository, at a tag or branch of it."""
    pictures, files = (f"{source.rstrip('/')}/{kind}/{revision}/" for kind in ("raw", "blob"))
    markdown = re.sub(rf"(!\[[^]]*\]\(|<img[^>]* src=\"){WHOLE}", rf"\g<1>{pictures}", markdown)
    return re.sub(rf"(\]\(|<a[^>]* href=\"){WHOLE}", rf"\g<1>{files}", markdown)


class BuildWithGuide(build_py):
    """Builds the package with the guide; where it is editable, the plugin reads it in docs/."""

    def run(self) -> None:
        """Copy the guide after the modules."""
        super().run()
        if not self.editable_mode:
            self.copy_file(str(GUIDE), str(Path(self.build_lib) / GUIDE_IN_PACKAGE))


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
    cmdclass={"build_py": BuildWithGuide},
    long_description=README.read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
)
