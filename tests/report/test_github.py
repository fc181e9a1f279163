"""What GitHub Actions is told, and what it is kept from taking for a command."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from remediate.model.errors import Fault, InvalidInput, Place
from remediate.model.plan import Objection, Plan
from remediate.report.github import annotated, inert, inert_json, outputs
from remediate.report.machine import json_text
from remediate.report.result import Result, summed
from tests.report import plans


def obeyed(text: str) -> list[str]:
    """The lines that the runner takes for commands (actions/runner, ActionCommand.cs)."""
    lines = text.replace("\r", "\n").split("\n")
    return [line for line in lines if line.lstrip().startswith("::") or "##[" in line]


def test_faults_are_annotations_at_their_line() -> None:
    fault = Fault(Place("desired/a,b:c.yaml", 3, 9), "100% wrong", "mend")
    [line] = annotated(Result("validate", "s", error=InvalidInput(faults=[fault]), root="infra"))
    assert line == (
        "::error file=infra/desired/a%2Cb%3Ac.yaml,line=3,col=9,title=remediate%3A invalid-input"
        "::100%25 wrong%0Amend"
    )


def test_levels_are_theirs_and_what_was_acknowledged_is_quiet() -> None:
    lines = [*annotated(Result("plan", "staging", plans.motley()))]
    assert [line.split(" ")[0] for line in lines] == ["::error", "::warning"]


def test_no_more_are_told_than_github_keeps() -> None:
    faults = [Fault(Place("a.yaml", n, 1), "wrong") for n in range(1, 99)]
    assert len([*annotated(Result("validate", "s", error=InvalidInput(faults=faults)))]) == 10


@given(st.text(), st.text(), st.text())
def test_one_remark_is_one_command_whatever_is_in_it(one: str, two: str, three: str) -> None:
    said = [Objection("protected", "deny", None, one, place=Place(two, 1, 1))]
    lines = [*annotated(Result("plan", three, Plan("s", "p", [], [], said, [], "")))]
    assert len(lines) == 1
    assert len(lines[0].splitlines()) == 1
    _, facts, _text = lines[0].split("::", 2)
    assert [fact.split("=")[0] for fact in facts.partition(" ")[2].split(",")] == [
        "file", "line", "col", "title"
    ]  # fmt: skip


HOSTILE = st.lists(st.sampled_from(["::", "##[", "add-mask::x", "\n", " ", "\r", "a", "\\"]))


@given(HOSTILE.map("".join))
def test_no_text_of_ours_is_obeyed(text: str) -> None:
    assert not obeyed(inert(text))
    document = {"text": text, "::": [text]}
    told = inert_json(json_text({"text": text, "::": [text]}))
    assert not obeyed(told)
    assert json.loads(told) == document


@given(st.lists(st.text(), min_size=1))
def test_a_value_ends_only_at_the_delimiter(values: list[str]) -> None:
    facts = [(f"name{at}", value) for at, value in enumerate(values)]
    told = outputs(facts, "end-0123")
    for name, value in facts:
        assert f"{name}<<end-0123\n{value}\nend-0123\n" in told


def test_the_next_step_may_ask_for_digest_and_changes() -> None:
    facts = dict(summed(Result("plan", "staging", plans.motley())))
    assert facts == {
        "environment": "staging",
        "digest": plans.motley().digest,
        "changes": "9",
        "has_changes": "true",
        "deletions": "2",
        "denied": "true",
    }
