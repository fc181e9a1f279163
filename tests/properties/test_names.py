"""Names of replacements: within Google's limits, never taken, and ours to tell from others'."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.kinds.bodies.names import is_ours, issue, replacement
from remediate.kinds.facts import RFC1035

NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
names = st.from_regex(r"\A[a-z]([-a-z0-9]{0,61}[a-z0-9])?\Z")
specs: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(["a", "b"]), st.text(max_size=5)
)


@given(names, specs, st.integers(0, 5))
def test_a_replacement_is_a_name_that_nobody_has_and_is_ours(
    base: str, spec: dict[str, Any], times: int
) -> None:
    taken: list[str] = []
    for number in range(times + 1):
        made = replacement(base, spec, taken)
        assert NAME.fullmatch(made)
        assert len(made) <= RFC1035.longest
        assert made not in taken
        assert is_ours(made, base)
        assert issue(made) == number + 1
        taken.append(made)


@given(names, specs)
def test_the_same_spec_gets_the_same_name_everywhere(base: str, spec: dict[str, Any]) -> None:
    assert replacement(base, spec, []) == replacement(base, dict(reversed(spec.items())), [])


@given(names.filter(lambda name: len(name) < 40), names.filter(lambda n: len(n) < 40), specs)
def test_the_replacement_of_another_is_never_ours(
    base: str, other: str, spec: dict[str, Any]
) -> None:
    made = replacement(other, spec, [])
    assert is_ours(made, base) is (base in {other, made})


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("web", True),
        ("web-0123abcd", True),
        ("web-0123abcd-2", True),
        ("web-0123abcd-12", True),
        ("web2", False),
        ("web-frontend", False),
        ("web-frontend-0123abcd", False),
        ("web-0123abc", False),
        ("web-0123abcde", False),
        ("web-0123ABCD", False),
        ("web-0123abcd-", False),
        ("web-0123abcd-x", False),
        ("my-web-0123abcd", False),
        ("0123abcd", False),
    ],
)
def test_only_the_plain_name_and_the_pattern_are_ours(name: str, *, ours: bool) -> None:
    assert is_ours(name, "web") is ours
