"""What a plan says to type next where several things have to be acknowledged."""

from __future__ import annotations

import shlex

import pytest

from remediate.model.plan import Objection
from remediate.model.ref import parse_ref
from remediate.report.human import plan_text
from tests.report import plans

NEXT = "remediate apply --prune --sandbox http://127.0.0.1:8080"


def objected(count: int) -> str:
    refs = [parse_ref(f"Address/edge-{number}") for number in range(count)]
    objections = [Objection("delete", "deny", ref, f"deleting {ref} loses it") for ref in refs]
    difference = plans.address_record("staging")
    return plan_text(plans.planned([difference], objections), next_command=NEXT)


def test_many_acknowledgements_are_one_command_to_paste() -> None:
    said = objected(14).rpartition("Next: ")[2]
    assert said.startswith("acknowledge each objection above with its --allow, or change the YAML.")
    typed = said[said.index("  remediate apply") :]
    assert max(map(len, typed.splitlines())) <= 80
    words = shlex.split(typed.replace("\\\n", ""))
    assert words[:5] == shlex.split(NEXT)
    assert words[5:] == [
        word for number in range(14) for word in ("--allow", f"delete:Address/edge-{number}=REASON")
    ]


def test_one_that_nothing_acknowledges_makes_a_command_useless() -> None:
    final = Objection("replace", "deny", parse_ref("Address/web"), "never", final=True)
    refs = [parse_ref(f"Address/edge-{number}") for number in range(3)]
    objections = [Objection("delete", "deny", ref, "it is lost") for ref in refs]
    plan = plans.planned([plans.address_record("staging")], [*objections, final])
    assert "remediate apply" not in plan_text(plan, next_command=NEXT)


@pytest.mark.parametrize("count", [1, 2])
def test_two_are_typed_as_they_stand_beside_their_objections(count: int) -> None:
    assert "remediate apply" not in objected(count)
