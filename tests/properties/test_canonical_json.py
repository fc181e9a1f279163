"""Canonical JSON is RFC 8785's: its own examples, and what a reader of JSON makes of ours."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.model.json import canonical, digest

# RFC 8785, appendix B: IEEE 754 bits and the text.
NUMBERS = [
    ("0000000000000000", "0"),
    ("8000000000000000", "0"),
    ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"),
    ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("ffefffffffffffff", "-1.7976931348623157e+308"),
    ("4340000000000000", "9007199254740992"),
    ("c340000000000000", "-9007199254740992"),
    ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"),
    ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"),
    ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"),
    ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
    ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"),
    ("41b3de4355555554", "333333333.33333325"),
    ("41b3de4355555555", "333333333.3333333"),
    ("41b3de4355555556", "333333333.3333334"),
    ("41b3de4355555557", "333333333.33333343"),
    ("becbf647612f3696", "-0.0000033333333333333333"),
    ("43143ff3c1cb0959", "1424953923781206.2"),
]


@pytest.mark.parametrize(("bits", "text"), NUMBERS)
def test_numbers_are_written_as_the_rfc_shows(bits: str, text: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical(number).decode() == text


def test_an_object_is_written_as_the_rfc_shows() -> None:
    shown = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
        "literals": [None, True, False],
    }
    assert canonical(shown).decode() == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


def test_keys_are_in_the_order_of_their_utf_16_units() -> None:
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    shown = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    assert list(json.loads(canonical(dict.fromkeys(keys, 0)))) == shown


def test_text_is_utf_8_with_the_fewest_escapes() -> None:
    """RFC 8785, section 3.2.2.2: short forms first, others below U+0020 in lower case."""
    text = '\x00\x07\x08\x09\x0a\x0c\x0d\x1f"\\/\x7f\u2028\u20ac\U0001f600'
    told = r'"\u0000\u0007\b\t\n\f\r\u001f\"\\/' + '\x7f\u2028\u20ac\U0001f600"'
    assert canonical(text) == told.encode()


@pytest.mark.parametrize("half", ["\ud800", "a\udfff", "\udc00\ud800"])
def test_half_a_character_is_refused(half: str) -> None:
    for value in (half, {half: 1}):
        with pytest.raises(UnicodeEncodeError):
            canonical(value)


@pytest.mark.parametrize("number", [0, 1, -1, 2**53, -(2**53)])
def test_a_whole_number_is_the_same_with_and_without_a_point(number: int) -> None:
    assert canonical(number) == canonical(float(number)) == str(number).encode()


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_json_has_no_number_for_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="JSON has no number"):
        canonical(number)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(-(2**53), 2**53)
    # A lone surrogate has no UTF-8.
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=20,
)


@given(values)
def test_what_is_written_reads_as_what_it_was(value: object) -> None:
    assert json.loads(canonical(value)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_reads_as_what_it_was(number: float) -> None:
    assert float(canonical(number)) == number


@given(values)
def test_to_write_what_was_read_changes_nothing(value: object) -> None:
    text = canonical(value)
    assert canonical(json.loads(text)) == text


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), st.integers()), st.randoms())
def test_the_order_of_members_makes_no_other_digest(
    members: dict[str, int], chance: object
) -> None:
    shuffled = [*members.items()]
    chance.shuffle(shuffled)  # type: ignore[attr-defined] # hypothesis's own Random
    assert digest(members) == digest(dict(shuffled))
