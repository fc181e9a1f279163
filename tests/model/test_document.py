from __future__ import annotations

import sys

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from remediate.model import document
from remediate.model.document import MOST_BYTES, Node, Reading, read
from remediate.model.position import Spot, locate
from remediate.model.values import Quoted
from remediate.model.yaml_events import YamlUnavailable


def of(text: str) -> Reading:
    return read(text.encode(), "a.yaml")


def body(text: str) -> dict[str, Node]:
    reading = of(text)
    assert not reading.faults
    return reading.documents[0].body


def places(text: str) -> list[str]:
    return [str(fault.place) for fault in of(text).faults]


@pytest.mark.parametrize("text", ["22:00", "1.10", "443", "no", "0x1F", "1e3", "2026-11-23", "<<"])
def test_a_plain_scalar_is_its_text(text: str) -> None:
    value = body(f"a: {text}")["a"]
    assert value == text
    assert type(value) is str


@pytest.mark.parametrize("text", ['"443"', "'443'", "|-\n  443", ">-\n  443"])
def test_a_quoted_or_block_scalar_is_text_for_good(text: str) -> None:
    value = body(f"a: {text}")["a"]
    assert value == "443"
    assert type(value) is Quoted


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_nothing_is_none(text: str) -> None:
    assert body(f"a: {text}")["a"] is None
    assert body(f"a: [{text or '~'}]")["a"] == [None]


def test_nothing_in_quotes_is_text() -> None:
    assert body("a: ''")["a"] == ""
    assert body("a: 'null'")["a"] == "null"


def test_a_key_may_be_called_null() -> None:
    assert body("null: a") == {"null": "a"}


def test_several_documents_have_their_number_and_their_place() -> None:
    found = of("# one\na: 1\n---\n---\n\nb: 2\n").documents
    assert [(str(each.place), each.number, each.body) for each in found] == [
        ("a.yaml:2:1", 0, {"a": "1"}),
        ("a.yaml:6:1", 2, {"b": "2"}),
    ]


def test_a_byte_order_mark_takes_no_column() -> None:
    assert body("\ufeffa: b") == {"a": "b"}
    assert places("\ufeff&x a: b") == ["a.yaml:1:1"]
    assert places("\ufeffa: \x07") == ["a.yaml:1:4"]


def test_columns_count_characters_and_not_bytes() -> None:
    assert places("é: ü\nö: [ä, *x]\n") == ["a.yaml:2:8"]


def test_what_stands_before_a_syntax_error_is_read() -> None:
    reading = of("a: 1\n---\nb: [\n")
    assert [each.body for each in reading.documents] == [{"a": "1"}]
    assert not reading.complete


def test_faults_that_do_not_end_the_file_come_all_at_once() -> None:
    text = "a: &x 1\na: 2\nb: *x\nc: !t 3\n? [d]\n: 4\n---\ne: *y\n"
    assert places(text) == [
        f"a.yaml:{place}" for place in ("1:4", "2:1", "3:4", "4:4", "5:3", "8:4")
    ]


def test_a_document_with_an_alias_is_not_whole() -> None:
    assert [each.whole for each in of("a: *x\n---\nb: 1\n").documents] == [False, True]


def test_the_first_of_two_equal_keys_counts() -> None:
    assert of("a: 1\na: {b: 2}\nc: 3\n").documents[0].body == {"a": "1", "c": "3"}


def test_scalars_with_expressions_are_remembered_with_their_place() -> None:
    found = of('a: {b: "${var.x}"}\nc: [d, $e, "f ${g}"]\n').documents[0]
    assert [(each.key, each.line, each.column) for each in found.written] == [
        ("b", 1, 8),
        (2, 2, 12),
    ]
    assert found.written[1].container is found.body["c"]


def test_a_file_beyond_the_limit_is_not_read() -> None:
    assert "64 MiB" in str(read(b"#" * (MOST_BYTES + 1), "a.yaml").faults[0])


@pytest.mark.parametrize(
    "text", ["[x, x, x, x, x, x]", "{a: , b: , c: }", "[[x, x, x], [x, x, x]]"]
)
def test_a_file_of_too_many_values_is_given_up(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MOST_NODES", 5)
    reading = of(text)
    assert "more than 5 values" in reading.faults[0].message
    assert not reading.complete


def test_a_flood_of_faults_is_given_up() -> None:
    assert len(of("[" + "*a, " * 10_000 + "]").faults) == 100


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_nesting_without_end_is_given_up(opening: str) -> None:
    assert "64 deep" in of("a:\n " + opening * 100_000).faults[0].message


@pytest.mark.parametrize(
    ("spot", "place"),
    [
        (Spot("/spec/a/1"), (4, 10)),
        (Spot("/spec/a", on_key=True), (4, 3)),
        (Spot("/spec/a"), (4, 6)),
        (Spot("/spec/a~1b/c"), (7, 9)),
        (Spot("/spec/nothing"), (4, 3)),
        (Spot("/spec/a/7/x"), (4, 6)),
        (Spot(""), (3, 1)),
    ],
)
def test_a_place_is_found_by_its_pointer(spot: Spot, place: tuple[int, int]) -> None:
    text = b"kind: x\n---\nspec:\n  a: [1, 2]\n  e: {f: [{g: h}]}\n  a/b:\n    c:  3\n"
    assert locate(text, {1: [spot]}) == {(1, spot): place}


def test_places_in_a_broken_file_are_found_as_far_as_it_goes() -> None:
    spot = Spot("/a")
    assert locate(b"a: 1\n---\nb: [\n", {0: [spot], 1: [spot]}) == {
        (0, spot): (1, 4),
        (1, spot): (3, 1),
    }


def test_lines_end_as_their_writer_likes() -> None:
    assert places("a: b\r\nc: *x\r\n") == ["a.yaml:2:4"]


def test_a_pyyaml_without_libyaml_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml._yaml", None)
    with pytest.raises(YamlUnavailable, match="without libyaml"):
        of("a: b")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    reading = read(data, "a.yaml")
    assert reading.complete or reading.faults
    locate(data, {0: [Spot("/a/0")], 1: [Spot("/b", on_key=True)]})


@given(st.text(alphabet="ab:-{}[]\"'&*!|>? \n\t#,%@~$0", max_size=60))
def test_any_text_of_yaml_is_read_or_refused(text: str) -> None:
    reading = of(text)
    assert reading.complete or reading.faults


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_NODES = st.recursive(
    _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(tree=st.dictionaries(_TEXTS, _NODES, max_size=5), flow=st.booleans())
def test_what_pyyaml_writes_is_what_we_read(tree: dict[str, Node], *, flow: bool) -> None:
    text = yaml.safe_dump(tree, default_flow_style=flow, allow_unicode=True, default_style='"')
    assert body(text) == tree
