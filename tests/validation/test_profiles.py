"""Profiles: what a report is for decides how severely a broken rule is judged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from broken_files import BROKEN, Broken, array, entries, entry, root, write
from file_rules import FILE_RULES
from napari_ome_zip import save_image, unpack, validate
from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.rules import Effect, Rule, Severity
from napari_ome_zip.validation import PROFILES, RULES, Profile
from napari_ome_zip.validation.profiles import profile_of
from zipbuilder import DEFLATE

ALL_RULES = {**RULES, **FILE_RULES}
FAST = PROFILES["fast-to-read"]


def codes(path: Path, profile: str) -> dict[str, str]:
    return {i.code: i.severity.value for i in validate(path, profile=profile).issues}


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_every_code_that_a_profile_names_is_that_of_a_rule(profile: Profile) -> None:
    assert {*profile.by_code} <= {*ALL_RULES}


@pytest.mark.parametrize("rule", ALL_RULES.values(), ids=lambda rule: rule.code)
def test_a_must_is_an_error_by_every_profile(rule: Rule) -> None:
    judged = {profile.severity(rule.code, rule.severity) for profile in PROFILES.values()}
    assert rule.severity is not Severity.ERROR or judged == {Severity.ERROR}


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_every_code_that_a_profile_names_is_explained_in_the_documentation(
    profile: Profile,
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")
    told = {code: severity for code, severity in profile.by_code.items() if severity is not None}
    assert [code for code in told if f"`{code}`" not in page] == []


def test_by_default_the_specification_is_judged_as_it_stands() -> None:
    rfc9 = PROFILES["rfc9"]
    judged = {code: rfc9.severity(code, rule.severity) for code, rule in ALL_RULES.items()}
    kept = {code for code, severity in judged.items() if severity is ALL_RULES[code].severity}
    assert all(judged[code] is None for code in judged.keys() - kept)
    assert {ALL_RULES[code].severity for code in judged.keys() - kept} == {Severity.INFO}


def test_what_slows_reading_down_is_told_by_the_profile_that_is_for_it() -> None:
    slow = {code for code, rule in ALL_RULES.items() if rule.effect is Effect.SLOW}
    told = {code for code in slow if FAST.severity(code, ALL_RULES[code].severity)}
    assert told == slow
    others = [rule for code, rule in ALL_RULES.items() if code not in slow]
    judged = {FAST.severity(rule.code, rule.severity) for rule in others}
    assert judged == {Severity.ERROR, None}


def test_a_profile_that_there_is_not_is_refused_with_those_there_are(tmp_path: Path) -> None:
    path = write(tmp_path, entries())
    for attempt in (lambda: validate(path, profile="lenient"), lambda: profile_of("lenient")):
        with pytest.raises(OmeZipError, match=r"'lenient'.*rfc9, strict, fast-to-read") as refused:
            attempt()
        assert isinstance(refused.value, ValueError)


# What RFC-9's third review wants to be a MUST NOT ("The following ZIP features MUST NOT be used"),
# as far as the RFC leaves it open.
_FORBIDDEN = ("zip-compression", "extra-fields", "comment-foreign", "prefix-bytes")


@pytest.mark.parametrize(
    "broken", [each for each in BROKEN if each.code in _FORBIDDEN], ids=lambda broken: broken.code
)
def test_what_reviewers_want_to_forbid_is_an_error_of_the_strict(
    broken: Broken, tmp_path: Path
) -> None:
    assert codes(broken.make(tmp_path), "strict")[broken.code] == "error"


def test_an_archive_of_ours_meets_every_profile(tmp_path: Path) -> None:
    keywords = {
        "name": "cells",
        "scale": (0.5, 0.5),
        "units": ("micrometer", "micrometer"),
        "axis_labels": ("y", "x"),
    }
    pixels = np.arange(3000 * 2000, dtype=np.uint16).reshape(3000, 2000)
    path = save_image([(pixels, keywords, "image")], tmp_path / "cells.ozx")
    assert {name: validate(path, profile=name).issues for name in PROFILES} == dict.fromkeys(
        PROFILES, ()
    )


def test_our_own_ending_is_welcome_and_yet_no_exception_of_the_strict(tmp_path: Path) -> None:
    path = write(tmp_path, entries(), name="cells.ome.zip")
    found = {name: codes(path, name) for name in PROFILES}
    assert found == {
        "rfc9": {"name-ome-zip": "info"},
        "strict": {"name-ome-zip": "error"},
        "fast-to-read": {},
    }
    assert validate(path).verdict.startswith("Valid OME-Zarr 0.5: 1 for information")


def test_a_verdict_says_by_which_profile_it_is(tmp_path: Path) -> None:
    listed = entries()
    listed[2].method = DEFLATE
    path = write(tmp_path, listed)
    said = {name: validate(path, profile=name).verdict.partition(" OME")[0] for name in PROFILES}
    assert said == {
        "rfc9": "Valid",
        "strict": "Not strictly valid",
        "fast-to-read": "Not fast-to-read",
    }


def test_small_chunks_are_no_matter_where_there_are_few(tmp_path: Path) -> None:
    assert codes(_image(tmp_path, (640, 640), (64, 64)), "fast-to-read") == {
        "arrays-unsharded": "warning"
    }


def test_of_a_stack_the_planes_count_not_their_number(tmp_path: Path) -> None:
    document = root()
    image = document["attributes"]["ome"]["multiscales"][0]
    image["axes"].insert(0, {"name": "t", "type": "time", "unit": "second"})
    image["datasets"][0]["coordinateTransformations"][0]["scale"].insert(0, 1)
    level = array((1, 512, 512), shape=[500, 512, 512], dimension_names=["t", "y", "x"])
    path = write(tmp_path, [entry("zarr.json", document), entry("0/zarr.json", level)])
    assert "levels-missing" not in codes(path, "fast-to-read")


def test_a_folder_is_judged_by_its_images_alone(tmp_path: Path) -> None:
    path = _image(tmp_path, (4097, 4096), (512, 512))
    folder = unpack(path, tmp_path / "cells.zarr")
    assert codes(folder, "fast-to-read") == {"levels-missing": "error"}


def _image(folder: Path, shape: tuple[int, ...], chunks: tuple[int, ...]) -> Path:
    """An image of one level, of which no chunk is stored."""
    level = array(chunks, shape=list(shape))
    return write(folder, [entry("zarr.json", root()), entry("0/zarr.json", level)])
