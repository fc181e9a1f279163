"""JUnit: a case for each rule, valid XML whatever is said."""

from __future__ import annotations

from xml.etree.ElementTree import Element, fromstring

from hypothesis import given
from hypothesis import strategies as st

from remediate.model.errors import Fault, InvalidInput, Place
from remediate.model.plan import Objection, Plan
from remediate.report.junit import junit
from remediate.report.result import Result
from tests.report import plans


def suite(result: Result) -> Element:
    found = fromstring(junit(result)).find("testsuite")
    assert found is not None
    return found


def test_objections_are_failures_acknowledged_ones_skipped_and_warnings_pass() -> None:
    drawn = suite(Result("plan", "staging", plans.motley()))
    assert (drawn.get("failures"), drawn.get("skipped")) == ("1", "1")
    assert drawn.get("tests") == str(len(drawn))
    failed = next(case for case in drawn if case.find("failure") is not None)
    assert (failed.get("file"), failed.get("line")) == ("desired/staging/front.yaml", "7")
    failure = failed.find("failure")
    assert failure is not None
    assert "--allow protected:ForwardingRule/web-https=REASON" in str(failure.text)
    skipped = next(each for case in drawn if (each := case.find("skipped")) is not None)
    assert skipped.get("message") == "acknowledged: the old site is gone"


def test_every_rule_that_said_nothing_is_a_case_that_passes() -> None:
    drawn = suite(Result("plan", "staging", plans.incident()))
    assert (drawn.get("failures"), {case.get("name") for case in drawn} >= {"delete"}) == (
        "0",
        True,
    )


def test_faults_of_the_yaml_are_failures_by_their_place() -> None:
    faults = [Fault(Place("desired/s/a.yaml", 3, 2), "no TTL", "seconds")]
    drawn = suite(Result("validate", "s", error=InvalidInput(faults=faults), root="infra"))
    assert [case.get("file") for case in drawn] == ["infra/desired/s/a.yaml"]
    assert drawn.get("failures") == "1"


def test_what_is_valid_passes() -> None:
    drawn = suite(Result("validate", "s", headline="s is valid"))
    assert [(case.get("name"), len(case)) for case in drawn] == [("invalid-input", 0)]


@given(st.text(), st.text())
def test_any_text_is_valid_xml(one: str, other: str) -> None:
    said = [
        Objection("protected", "deny", None, one, place=Place(other, 1, 1)),
        Objection("delete", "deny", None, other, allowed=f"{one}."),
        Objection("ttl-too-long", "warn", None, one),
    ]
    plan = Plan(other, one, [], [], said, [], "")
    assert suite(Result("plan", one, plan)).get("failures") == "1"
