"""A link is the same in any spelling that Google takes."""

from __future__ import annotations

import pytest

from remediate.kinds.bodies.links import link, project_relative, ref_of
from remediate.kinds.registry import kind
from remediate.model.ref import Ref

PROJECT = "netra-staging"
MAP = Ref("UrlMap", "x")


@pytest.mark.parametrize(
    "spelling",
    [
        "https://www.googleapis.com/compute/v1/projects/netra-staging/global/urlMaps/x",
        "https://compute.googleapis.com/compute/beta/projects/netra-staging/global/urlMaps/x",
        "http://127.0.0.1:8080/projects/netra-staging/global/urlMaps/x",
        "//compute.googleapis.com/projects/netra-staging/global/urlMaps/x",
        "projects/netra-staging/global/urlMaps/x",
        "projects/104269951899/global/urlMaps/x",
        "/projects/netra-staging/global/urlMaps/x",
        "global/urlMaps/x",
    ],
)
def test_a_link_is_the_same_in_any_spelling(spelling: str) -> None:
    assert project_relative(spelling, PROJECT) == "projects/netra-staging/global/urlMaps/x"
    assert ref_of(spelling, PROJECT) == MAP


def test_a_link_to_another_project_keeps_it() -> None:
    other = "https://www.googleapis.com/compute/v1/projects/other/regions/r/addresses/a"
    assert project_relative(other, PROJECT) == "projects/other/regions/r/addresses/a"
    assert ref_of(other, PROJECT) is None


def test_a_link_that_we_write_is_googles_own() -> None:
    address = Ref("Address", "a", "r")
    written = link(kind("ForwardingRule"), PROJECT, address)
    assert written == (
        "https://www.googleapis.com/compute/v1/projects/netra-staging/regions/r/addresses/a"
    )
    assert ref_of(written, PROJECT) == address
