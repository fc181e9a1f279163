"""What is edited reads back as what was meant, and all else stands there as it stood."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from remediate.model.document import Node, read
from remediate.model.yaml_edit import GONE, KEPT, Edit, Items, Members, edited

FILE = """\
# Where clients find us.
kind: DnsZone   # a zone
metadata: {name: zone}
spec:
  dnsName: example.com.
  # the names
  records:
    www: {A: {ttl: 300, values: ["192.0.2.1"]}}   # the shop
    api:
      A: {ttl: 300, values: [192.0.2.2, 192.0.2.3]}
      TXT:
        ttl: 60
        values:
        - "one"
        # the second
        - "two"  # indeed
---
kind: Address
spec:
    description: 'as it "was"'
    networkTier: PREMIUM
"""


def at(*names: str, to: Edit) -> Members:
    """An edit of one place."""
    for name in reversed(names):
        to = Members({name: to})
    assert isinstance(to, Members)
    return to


def after(edit: Edit, number: int = 0, text: str = FILE) -> str:
    return edited(text.encode(), {number: edit}).decode()


def lines(text: str) -> list[str]:
    return text.split("\n")


def moved(edit: Edit, number: int = 0) -> tuple[list[str], list[str]]:
    """The lines that went and those that came."""
    was, now = lines(FILE), lines(after(edit, number))
    return [each for each in was if each not in now], [each for each in now if each not in was]


RECORDS = ("spec", "records")


@pytest.mark.parametrize(
    ("edit", "went", "came"),
    [
        (
            at(*RECORDS, "www", "A", to=Members({"ttl": 60})),
            ['    www: {A: {ttl: 300, values: ["192.0.2.1"]}}   # the shop'],
            ['    www: {A: {ttl: 60, values: ["192.0.2.1"]}}   # the shop'],
        ),
        (
            at(*RECORDS, "api", "TXT", "values", to=Items(((0, KEPT), (1, "three")))),
            ['        - "two"  # indeed'],
            ['        - "three"  # indeed'],
        ),
        (
            at(*RECORDS, "api", "TXT", "values", to=Items(((None, "zero"), (0, KEPT), (1, KEPT)))),
            [],
            ['        - "zero"'],
        ),
        (
            at(*RECORDS, "api", "TXT", "values", to=Items(((1, KEPT),))),
            ['        - "one"'],
            [],
        ),
        (
            at(*RECORDS, "api", to=Members({"TXT": GONE})),
            [
                *("      TXT:", "        ttl: 60", "        values:", '        - "one"'),
                *("        # the second", '        - "two"  # indeed'),
            ],
            [],
        ),
        (
            at(*RECORDS, "www", to=Members({"AAAA": {"ttl": 5, "values": ["2001:db8::1"]}})),
            ['    www: {A: {ttl: 300, values: ["192.0.2.1"]}}   # the shop'],
            [
                (
                    """    www: {A: {ttl: 300, values: ["192.0.2.1"]}, """
                    """AAAA: {ttl: 5, values: ['2001:db8::1']}}   # the shop"""
                )
            ],
        ),
        (
            at(*RECORDS, to=Members({"new": {"A": {"ttl": 5, "values": ["192.0.2.9"]}}})),
            [],
            ["    new:", "      A:", "        ttl: 5", "        values: [192.0.2.9]"],
        ),
        (
            at(
                *RECORDS,
                "api",
                "A",
                "values",
                to=Items(((0, KEPT), (1, KEPT), (None, "192.0.2.4"))),
            ),
            ["      A: {ttl: 300, values: [192.0.2.2, 192.0.2.3]}"],
            ["      A: {ttl: 300, values: [192.0.2.2, 192.0.2.3, 192.0.2.4]}"],
        ),
    ],
)
def test_only_the_lines_that_are_meant_change(edit: Edit, went: list[str], came: list[str]) -> None:
    assert moved(edit) == (went, came)


def test_a_value_keeps_its_quotes() -> None:
    edit = at("spec", to=Members({"description": "it's \\ new", "networkTier": "STANDARD"}))
    assert lines(after(edit, 1))[-4:-1] == [
        "spec:",
        "    description: 'it''s \\ new'",
        "    networkTier: STANDARD",
    ]


def test_a_name_that_goes_leaves_its_neighbours_and_their_comments() -> None:
    text = after(at(*RECORDS, to=Members({"api": GONE})))
    assert text == FILE[: FILE.index("    api:")] + FILE[FILE.index("---") :]
    empty = after(at("spec", to=Members({"records": Members({"api": GONE, "www": GONE})})))
    assert "  records: {}\n---\n" in empty


def test_a_document_goes_and_another_comes() -> None:
    assert edited(FILE.encode(), {1: GONE}).decode() == FILE[: FILE.index("---")]
    assert edited(FILE.encode(), {0: GONE}).decode() == FILE[FILE.index("kind: Address") :]
    marked = f"---\n{FILE}".encode()
    assert edited(marked, {1: GONE}) == marked[: marked.rindex(b"---")]
    assert edited(FILE.encode(), {}, "kind: New\n").decode() == f"{FILE}---\nkind: New\n"


def test_the_ends_of_lines_and_the_byte_order_mark_stay() -> None:
    windows = ("\ufeff" + FILE.replace("\n", "\r\n")).encode()
    edit = at(*RECORDS, to=Members({"a": {"A": {"ttl": 5, "values": ["192.0.2.9"]}}}))
    made = edited(windows, {0: edit})
    assert made.decode() == ("\ufeff" + after(edit)).replace("\n", "\r\n")


def test_text_of_several_lines_stays_a_block() -> None:
    text = "a:\n  cert: |  # PEM\n    one\n    two\n\n  b: 1\n"
    made = after(at("a", to=Members({"cert": "three\nfour\n"})), text=text)
    assert read(made.encode(), "f").documents[0].body == {"a": {"cert": "three\nfour\n", "b": "1"}}
    assert made.endswith("\n    three\n    four\n\n  b: 1\n")


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="not there"):
        after(at(*RECORDS, "nobody", to=KEPT))


texts = st.sampled_from(
    ["a", "b c", "no", "~", "", "1.10", "x: y", "# z", "[", "it's", '"', "é", "${a}"]
)
keys = st.sampled_from(["a", "b", "c d", "@", "*", "e", "1"])
trees = st.recursive(
    texts,
    lambda below: st.dictionaries(keys, below, max_size=4) | st.lists(below, max_size=4),
    max_leaves=12,
)
roots = st.dictionaries(keys, trees, min_size=1, max_size=4)


def towards(draw: Any, old: Any, new: Any) -> Edit:
    """One of the ways to get from one value to another."""
    if old == new and draw(st.booleans()):
        return KEPT
    if isinstance(old, dict) and isinstance(new, dict):
        same = {k: towards(draw, old[k], v) if k in old else v for k, v in new.items()}
        return Members(same | {k: GONE for k in old if k not in new})
    if isinstance(old, list) and isinstance(new, list):
        taken: set[int] = set()
        each: list[tuple[int | None, Edit]] = []
        for item in new:
            free = [at for at in range(len(old)) if at not in taken]
            where = draw(st.sampled_from([None, *free]))
            if where is not None:
                taken.add(where)
            each.append((where, item if where is None else towards(draw, old[where], item)))
        return Items(tuple(each))
    return new


def as_read(node: Node) -> Any:
    """Nothing, which `~` may stand for, is what an empty text is to our texts here."""
    if isinstance(node, dict):
        return {key: as_read(item) for key, item in node.items()}
    if isinstance(node, list):
        return [as_read(item) for item in node]
    return str(node)


@given(st.data(), roots, roots, st.sampled_from(["brackets", "mixed", "blocks", "remarked"]))
def test_whatever_is_edited_reads_back_as_meant(
    data: Any, old: dict[str, Any], new: dict[str, Any], style: str
) -> None:
    flow = {"brackets": True, "mixed": None}.get(style, False)
    text = yaml.safe_dump(old, default_flow_style=flow, allow_unicode=True, sort_keys=False)
    if style == "remarked":
        text = "".join(f"{line}  # beside\n# above\n" for line in text.splitlines())
    beginning = read(text.encode(), "f")
    assert not beginning.faults
    edit = towards(data.draw, old, new)
    made = edited(text.encode(), {0: edit})
    reading = read(made, "f")
    assert not reading.faults, made.decode()
    body = reading.documents[0].body if reading.documents else {}
    assert as_read(body) == new, made.decode()
