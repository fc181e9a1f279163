"""How values read: short, and never the same on both sides of an arrow."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.model.plan import FieldChange
from remediate.model.ref import parse_ref
from remediate.model.values import Unknown
from remediate.report.text import command, cut, duration, first_difference, safe
from remediate.report.wording import change_for_eyes, in_words, main_fields, shown
from tests.report.plans import COMPUTE, PROJECT

OURS = COMPUTE + "global/sslCertificates/web"
MAP = parse_ref("UrlMap/web")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just(OURS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)

WORDS = {
    "a link to ours is its Ref": (OURS, "SslCertificate/web"),
    "a link to somebody else's keeps its way": (
        COMPUTE + "zones/us-central1-a/instanceGroups/them",
        "zones/us-central1-a/instanceGroups/them",
    ),
    "another project's link names the project": (
        "https://www.googleapis.com/compute/v1/projects/other/global/networks/n",
        "projects/other/global/networks/n",
    ),
    "text with spaces is quoted": ("a b", '"a b"'),
    "empty text is quoted": ("", '""'),
    "numbers and booleans are JSON's": ([1, 2.5, True], "[1, 2.5, true]"),
    "one item needs no brackets": (["a"], "a"),
    "what Google will choose is said so": (
        Unknown(parse_ref("Address/a"), "address"),
        "(known after apply)",
    ),
    "a PEM is told by its length": ("-----BEGIN CERTIFICATE-----\nabc", "(PEM, 31 characters)"),
}


@pytest.mark.parametrize(("value", "words"), WORDS.values(), ids=WORDS.keys())
def test_a_value_reads_as_people_say_it(value: Any, words: str) -> None:
    assert in_words(value, PROJECT) == words


def test_links_of_one_kind_are_told_by_name_alone() -> None:
    change = FieldChange("/service", OURS, OURS + "-2")
    assert (shown(MAP, change, PROJECT).before, shown(MAP, change, PROJECT).after) == (
        "web",
        "web-2",
    )


def test_links_of_two_kinds_keep_their_kinds() -> None:
    other = COMPUTE + "global/urlMaps/web"
    told = shown(MAP, FieldChange("/service", OURS, other), PROJECT)
    assert (told.before, told.after) == ("SslCertificate/web", "UrlMap/web")


@given(json_values, json_values)
def test_different_values_never_read_the_same(old: Any, new: Any) -> None:
    told = shown(MAP, FieldChange("/description", old, new), PROJECT)
    if repr(old) != repr(new):
        assert told.before != told.after


@given(json_values)
def test_a_value_is_one_printable_line(value: Any) -> None:
    assert in_words(value, PROJECT).isprintable()


@given(st.text(), st.integers(3, 50), st.integers(0, 60))
def test_a_cut_text_fits_and_shows_where_it_was_cut(text: str, room: int, start: int) -> None:
    shorter = cut(text, room, start)
    assert len(shorter) <= room or shorter == text
    assert shorter == text or "…" in shorter


@given(st.text("ab", max_size=300), st.text("ab", max_size=300), st.integers(20, 80))
def test_what_differs_stays_in_sight(one: str, other: str, room: int) -> None:
    at = first_difference(one, other)
    if one != other:
        assert cut(one, room, at) != cut(other, room, at)


@given(st.text(st.characters(exclude_categories=[])))
def test_safe_text_is_printable_and_printable_text_is_untouched(text: str) -> None:
    assert safe(text).isprintable()
    assert safe(text) == text or not text.isprintable()


def test_escapes_are_spelled_out() -> None:
    assert safe("a\x1b[31m\u202eb\n") == "a\\x1b[31m\\u202eb\\n"


def test_fields_of_a_body_are_named_with_dots_and_server_fields_left_out() -> None:
    body = {"name": "c", "id": "7", "type": "MANAGED", "managed": {"domains": ["a.example"]}}
    told = main_fields(parse_ref("SslCertificate/c"), {**body, "privateKey": "hush"}, PROJECT)
    assert told == ["type MANAGED", "managed.domains a.example"]


def test_what_is_written_only_is_hidden_wherever_a_change_touches_it() -> None:
    ref = parse_ref("SslCertificate/c")
    whole = FieldChange("", None, {"selfManaged": {"privateKey": "hush", "certificate": "c"}})
    inner = FieldChange("/selfManaged/privateKey", None, "hush")
    assert change_for_eyes(ref, whole).after["selfManaged"]["privateKey"] == "(secret)"
    assert change_for_eyes(ref, inner) == FieldChange(inner.pointer, None, "(secret)")


def test_a_long_command_is_broken_where_a_shell_allows_it() -> None:
    lines = list(command("remediate apply --allow 'a b c=x y z' --yes --target x", 40))
    assert lines == ["  remediate apply \\", "    --allow 'a b c=x y z' --yes \\", "    --target x"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "no time"),
        (0.84, "0.8 s"),
        (4, "4 s"),
        (45.2, "45 s"),
        (1500, "25 min"),
        (9000, "2 h 30 min"),
    ],
)
def test_durations_read_as_people_say_them(seconds: float, words: str) -> None:
    assert duration(seconds) == words
