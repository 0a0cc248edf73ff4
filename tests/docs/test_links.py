"""Links of the documentation lead to something."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest

from markdown_pages import PAGES, ROOT, Page


@pytest.mark.parametrize("name", PAGES)
def test_relative_links_lead_to_files_and_headings(name: str) -> None:
    page = Page(name)
    assert [link for link in page.links if not _leads_somewhere(page, link)] == []


def _leads_somewhere(page: Page, link: str) -> bool:
    parts = urlsplit(link)
    if parts.scheme:
        return True
    target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    if not parts.fragment:
        return True
    return parts.fragment in Page(target.relative_to(ROOT).as_posix()).anchors
