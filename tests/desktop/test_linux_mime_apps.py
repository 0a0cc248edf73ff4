"""The list of default applications gets our line, and is given back as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ome_zip.desktop.integrate.linux.mime_apps import (
    is_default,
    with_default,
    without_application,
)

TYPE, OURS = "a/b", "ours.desktop"


def set_up(text: str) -> str:
    return with_default(text, TYPE, OURS)[0]


def undone(text: str) -> str:
    changed, heading_added = with_default(text, TYPE, OURS)
    return without_application(changed, OURS, heading_added=heading_added)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "[Default Applications]\na/b=ours.desktop\n"),
        (
            "[Added Associations]\na/b=x.desktop;\n",
            "[Default Applications]\na/b=ours.desktop\n\n[Added Associations]\na/b=x.desktop;\n",
        ),
        (
            "[Default Applications]\nc/d=x.desktop\n",
            "[Default Applications]\na/b=ours.desktop\nc/d=x.desktop\n",
        ),
        (
            "[Default Applications]\na/b=x.desktop;y.desktop;\n",
            "[Default Applications]\na/b=ours.desktop;x.desktop;y.desktop;\n",
        ),
        (
            "[Default Applications]\na/b=x.desktop;ours.desktop\n",
            "[Default Applications]\na/b=ours.desktop;x.desktop\n",
        ),
        (
            "[Default Applications]\r\na/b = x.desktop\r\n",
            "[Default Applications]\r\na/b = ours.desktop;x.desktop\r\n",
        ),
        (
            "  [Default Applications]\n  a/b=x.desktop\n",
            "  [Default Applications]\n  a/b=ours.desktop;x.desktop\n",
        ),
        (
            "[Removed Associations]\na/b=ours.desktop;\n",
            "[Default Applications]\na/b=ours.desktop\n\n[Removed Associations]\n",
        ),
    ],
)
def test_ours_comes_first_and_the_rest_stays(before: str, after: str) -> None:
    assert set_up(before) == after
    assert is_default(after, TYPE, OURS)
    assert set_up(after) == after


@pytest.mark.parametrize(
    "text",
    [
        "[Added Associations]\na/b=ours.desktop\n",
        "[Default Applications]\na/b=x.desktop;ours.desktop\n",
        "[Default Applications]\n#a/b=ours.desktop\n",
        "[Default Applications]\na/bc=ours.desktop\n",
        "",
    ],
)
def test_what_is_not_the_default_is_not_taken_for_it(text: str) -> None:
    assert not is_default(text, TYPE, OURS)


def test_a_choice_that_a_person_made_since_stays() -> None:
    chosen = (
        "[Default Applications]\na/b=x.desktop\n\n"
        "[Added Associations]\na/b=x.desktop;ours.desktop;\nc/d=ours.desktop;\n"
    )
    assert without_application(chosen, OURS, heading_added=True) == (
        "[Default Applications]\na/b=x.desktop\n\n[Added Associations]\na/b=x.desktop;\n"
    )


def test_a_heading_below_which_others_wrote_stays() -> None:
    changed = set_up("[X]\n").replace("a/b=ours.desktop\n", "a/b=ours.desktop\nc/d=x.desktop\n")
    assert without_application(changed, OURS, heading_added=True) == (
        "[Default Applications]\nc/d=x.desktop\n\n[X]\n"
    )


HEADINGS = ["[Default Applications]", "[Added Associations]", "[X]", "# a comment", ""]
LINES = st.one_of(
    st.sampled_from(HEADINGS),
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(["a/b", "c/d", "e/f"]),
        st.sampled_from(["=", " = "]),
        st.lists(st.sampled_from(["x.desktop", "y.desktop"]), min_size=1).map(";".join),
        st.sampled_from(["", ";"]),
    ),
)


@given(
    st.sampled_from(["[X]", "[Default Applications]"]),
    st.lists(LINES),
    st.sampled_from(["\n", "\r\n"]),
)
def test_any_list_is_given_back_as_it_was(first: str, lines: list[str], end: str) -> None:
    # Nothing but comments stands above the first heading of such a file.
    text = "".join(line + end for line in ["# mine", first, *lines])
    assert is_default(set_up(text), TYPE, OURS)
    assert undone(text) == text


def test_a_list_whose_last_line_does_not_end_keeps_it() -> None:
    for text in ("[Default Applications]\nc/d=x.desktop", "[X]\nk=v"):
        assert undone(text) == text
