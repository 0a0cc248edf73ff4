"""The list of default applications, of which only what concerns us is changed.

Of several applications that are listed for a type, the first that is installed is used (MIME
Application Associations Specification 1.0). So ours is put before what was there, which thereby is
remembered, and takes over once ours is gone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_DEFAULTS = "[Default Applications]"
_REMOVED = "[Removed Associations]"
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


def is_default(text: str, mime_type: str, desktop_id: str) -> bool:
    """Whether an application comes first for a type."""
    values = [
        value
        for heading, line in _lines(text)
        if heading == _DEFAULTS and (value := _value(line, mime_type)) is not None
    ]
    return bool(values) and _ids(values[-1])[:1] == [desktop_id]


def with_default(text: str, mime_type: str, desktop_id: str) -> tuple[str, bool]:
    """Put an application before the others of a type.

    Parameters
    ----------
    text : str
        The list.
    mime_type : str
        The type.
    desktop_id : str
        Name of the application's desktop entry.

    Returns
    -------
    str
        The list, with all its other lines as they were.
    bool
        Whether the heading of default applications was added to it.

    Examples
    --------
    >>> with_default("[Default Applications]\\na/b=old.desktop\\n", "a/b", "new.desktop")
    ('[Default Applications]\\na/b=new.desktop;old.desktop\\n', False)
    """
    made, has_heading, has_line = [], False, False
    for heading, line in _lines(text):
        value = _value(line, mime_type) if heading in (_DEFAULTS, _REMOVED) else None
        if heading == _REMOVED and value is not None:
            line = _without(line, desktop_id)
        elif heading == _DEFAULTS and value is not None:
            has_line = True
            line = _first(_without(line, desktop_id) or line, desktop_id)
        has_heading = has_heading or line.strip() == _DEFAULTS
        made.append(line)
    if has_line:
        return "".join(made), False
    entry = f"{mime_type}={desktop_id}"
    if not has_heading:
        rest = "".join(made)
        return f"{_DEFAULTS}\n{entry}\n" + (f"\n{rest}" if rest else ""), True
    at = next(n for n, line in enumerate(made) if line.strip() == _DEFAULTS)
    end = _end(made[at]) or "\n"
    made[at] = made[at].rstrip("\r\n") + end
    made.insert(at + 1, entry + end)
    return "".join(made), False


def without_application(text: str, desktop_id: str, *, heading_added: bool = False) -> str:
    """Take an application out of a list, for every type, since it is installed no more.

    Parameters
    ----------
    text : str
        The list.
    desktop_id : str
        Name of the application's desktop entry.
    heading_added : bool
        Whether the first heading is `with_default`'s own; it goes if nobody else wrote below it.
    """
    text = "".join(_without(line, desktop_id) for _, line in _lines(text))
    if heading_added and text.startswith(f"{_DEFAULTS}\n"):
        rest = text.removeprefix(f"{_DEFAULTS}\n")
        if not rest.strip():
            return ""
        if rest.startswith("\n"):
            return rest.removeprefix("\n")
    return text


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Yield the heading that each line stands below, and the line with its end."""
    heading = ""
    for line in _LINE.findall(text):
        if line.lstrip().startswith("["):
            heading = line.strip()
        yield heading, line


def _value(line: str, key: str) -> str | None:
    """Return the value of a line that has a key."""
    name, equals, value = line.partition("=")
    return (
        value.strip()
        if equals and name.strip() == key and not line.lstrip().startswith("#")
        else None
    )


def _ids(value: str) -> list[str]:
    return [part.strip() for part in value.split(";") if part.strip()]


def _without(line: str, desktop_id: str) -> str:
    """Return a line without an application, or nothing if it named no other."""
    name, equals, value = line.partition("=")
    if not equals or line.lstrip().startswith(("#", "[")) or desktop_id not in _ids(value):
        return line
    others = value.lstrip(" \t")
    indent = value[: len(value) - len(others)]
    kept = ";".join(part for part in others.rstrip("\r\n").split(";") if part.strip() != desktop_id)
    return f"{name}={indent}{kept}{_end(line)}" if _ids(kept) else ""


def _first(line: str, desktop_id: str) -> str:
    """Return a line with an application before the others."""
    name, _, value = line.partition("=")
    others = value.lstrip(" \t")
    indent = value[: len(value) - len(others)]
    rest = f";{others}" if _ids(others) and _ids(others) != [desktop_id] else _end(line)
    return f"{name}={indent}{desktop_id}{rest}"


def _end(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]
