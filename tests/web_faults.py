"""What web servers do wrong, for `range_server.RangeServer`."""

from __future__ import annotations

import gzip
from dataclasses import replace

from range_server import Answer, Fault, Request

PAGE = b"<!DOCTYPE html><title>Log in</title>"


def first(count: int, fault: Fault) -> Fault:
    """Is at fault for so many requests, and right from then on."""
    left = [count]

    def faulty(request: Request, answer: Answer) -> Answer:
        if left[0] <= 0:
            return answer
        left[0] -= 1
        return fault(request, answer)

    return faulty


def where(name: str, fault: Fault) -> Fault:
    """Is at fault for requests of one file alone."""

    def faulty(request: Request, answer: Answer) -> Answer:
        return fault(request, answer) if request.target.startswith(f"/{name}") else answer

    return faulty


def suffixes(fault: Fault) -> Fault:
    """Is at fault where the last bytes of a file are asked for."""

    def faulty(request: Request, answer: Answer) -> Answer:
        is_suffix = request.headers.get("Range", "").startswith("bytes=-")
        return fault(request, answer) if is_suffix else answer

    return faulty


def whole(content: bytes, **headers: str) -> Fault:
    """Ignores ranges."""

    def faulty(request: Request, answer: Answer) -> Answer:
        return Answer(200, content, {"ETag": answer.headers.get("ETag", '"x"'), **headers})

    return faulty


def status(code: int, **headers: str) -> Fault:
    """Answers with a status and nothing else; ``_`` in names of headers stands for ``-``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def faulty(request: Request, answer: Answer) -> Answer:
        return Answer(code, b"" if code in (204, 304) else b"no", named)

    return faulty


def header(name: str, value: str | None) -> Fault:
    """Sends another header, or none."""

    def faulty(request: Request, answer: Answer) -> Answer:
        headers = {key: text for key, text in answer.headers.items() if key != name}
        return replace(answer, headers=headers if value is None else {**headers, name: value})

    return faulty


def dropped(request: Request, answer: Answer) -> Answer:
    """Closes the connection instead of answering."""
    return replace(answer, is_dropped=True)


def short(count: int) -> Fault:
    """Closes the connection after so many bytes of content."""

    def faulty(request: Request, answer: Answer) -> Answer:
        return replace(answer, sends=count)

    return faulty


def chunked(request: Request, answer: Answer) -> Answer:
    """Does not say how long an answer is."""
    return replace(answer, is_chunked=answer.status in (200, 206))


def redirect(to: str, code: int = 302) -> Fault:
    """Sends on to another link."""
    return status(code, Location=to)


def page(request: Request, answer: Answer) -> Answer:
    """Shows a page for logging in."""
    return Answer(200, PAGE, {"Content-Type": "text/html; charset=utf-8"})


def zipped(request: Request, answer: Answer) -> Answer:
    """Compresses what it sends."""
    return replace(
        answer,
        content=gzip.compress(answer.content),
        headers={**answer.headers, "Content-Encoding": "gzip"},
    )


def less(count: int) -> Fault:
    """Sends no more than so many bytes at once, and says so."""

    def faulty(request: Request, answer: Answer) -> Answer:
        if answer.range is None or len(answer.content) <= count:
            return answer
        start, size = answer.range[0], answer.headers["Content-Range"].partition("/")[2]
        named = f"bytes {start}-{start + count - 1}/{size}"
        return Answer(
            206,
            answer.content[:count],
            {**answer.headers, "Content-Range": named},
            (start, start + count),
        )

    return faulty


def both(*faults: Fault) -> Fault:
    """Is at fault in several ways at once."""

    def faulty(request: Request, answer: Answer) -> Answer:
        for fault in faults:
            answer = fault(request, answer)
        return answer

    return faulty
