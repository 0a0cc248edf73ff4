"""Pages of the documentation: their blocks of code, headings and links, as markdown-it has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", ".napari-hub/*.md", "docs/*.md", "examples/*.md")
    for path in ROOT.glob(pattern)
)
"""Every page, as its path from the root of the project."""

NO_CODE = ("", "text", "mermaid")
PYTHON = ("python", "pycon")
SHELL = ("sh", "console")
_NOT_RUN = re.compile(r"<!--\s*not run:\s*(?P<reason>.*?)\s*-->", re.DOTALL)
_EXIT = re.compile(r"<!--\s*exit\s+(?P<status>\d+)\s*-->")
_ATTRIBUTE = re.compile(r"""\b(?:href|src)\s*=\s*["']([^"']*)["']""")
_ANCHOR = re.compile(r"""\b(?:id|name)\s*=\s*["']([^"']*)["']""")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: str
    line: int
    """Of the page, on which its first line stands."""
    language: str
    code: str
    comment: str = ""
    """The HTML comment directly before it."""

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return f"{self.page}:{self.line}"

    @property
    def why_not_run(self) -> str | None:
        """The reason that its comment gives for not running it."""
        found = _NOT_RUN.fullmatch(self.comment)
        return found and found["reason"]

    @property
    def exit_status(self) -> int:
        """With what its commands end, as its comment says; else 0."""
        found = _EXIT.fullmatch(self.comment)
        return int(found["status"]) if found else 0


@dataclass(frozen=True)
class Page:
    """A page of Markdown."""

    name: str

    @property
    def path(self) -> Path:
        """Its file."""
        return ROOT / self.name

    @cached_property
    def _tokens(self) -> list[Token]:
        parser = MarkdownIt("commonmark").enable("table")
        return parser.parse(self.path.read_text(encoding="utf-8"))

    @property
    def blocks(self) -> Iterator[Block]:
        """Its fenced blocks, from the first to the last."""
        before: Token | None = None
        for token in self._tokens:
            if token.type == "fence" and token.map is not None:
                comment = before.content.strip() if before and before.type == "html_block" else ""
                language = (token.info.split() or [""])[0]
                yield Block(self.name, token.map[0] + 2, language, token.content, comment)
            before = token

    @property
    def anchors(self) -> set[str]:
        """What links may lead to within it, as hosts of Markdown name headings."""
        found: set[str] = set()
        for opening, inline in zip(self._tokens, self._tokens[1:], strict=False):
            if opening.type == "heading_open":
                slug = _slug(inline)
                again = (f"{slug}-{number}" for number in range(1, 100))
                found.add(slug if slug not in found else next(a for a in again if a not in found))
        return found.union(*(_ANCHOR.findall(html) for html in self._html()))

    @property
    def links(self) -> Iterator[str]:
        """Where its links and images lead, those in HTML included."""
        for token in self._inline():
            for name in ("href", "src"):
                if (target := token.attrGet(name)) is not None:
                    yield str(target)
        for html in self._html():
            yield from _ATTRIBUTE.findall(html)

    def _inline(self) -> Iterator[Token]:
        for token in self._tokens:
            yield from token.children or ()

    def _html(self) -> Iterator[str]:
        for token in (*self._tokens, *self._inline()):
            if token.type in ("html_block", "html_inline"):
                yield token.content


def _slug(heading: Token) -> str:
    words = "".join(
        token.content for token in heading.children or () if token.type in ("text", "code_inline")
    )
    return re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")
