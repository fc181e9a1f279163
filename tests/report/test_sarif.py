"""SARIF: valid by the standard's own schema, at the line of YAML, with paths from the repository.

`standards/sarif-2.1.0-rtm.5.json` is the schema of SARIF 2.1.0 as SchemaStore publishes it, but
for its spacing: from the npm package `@microsoft/jest-sarif` 1.0.0-beta.0 (MIT).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from remediate.model.errors import Fault, InvalidInput, Place, Stale
from remediate.model.plan import Objection, Plan
from remediate.model.rules import FINAL, OF_A_PLAN, OF_A_RUN, OF_THE_HOUR
from remediate.report.machine import json_text
from remediate.report.result import Result
from remediate.report.rule_help import HELP
from remediate.report.sarif import sarif
from tests.report import plans

SCHEMA = json.loads((Path(__file__).parent / "standards" / "sarif-2.1.0-rtm.5.json").read_text())
STANDARD = jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
FAULTS = InvalidInput(faults=[Fault(Place("desired/s/a b.yaml", 3, 2), "no TTL", "seconds")])
RESULTS = [
    Result("plan", "staging", plans.motley()),
    Result("plan", "staging", plans.empty()),
    Result("validate", "s", error=FAULTS, root="infra"),
    Result("apply", "staging", plans.incident(), error=Stale("somebody moved it")),
    Result("validate", "s", headline="s is valid"),
]


def drawn(result: Result) -> Any:
    return json.loads(json_text(sarif(result)))


@pytest.mark.parametrize("result", RESULTS)
def test_it_is_valid_by_the_schema_of_the_standard(result: Result) -> None:
    STANDARD.check_schema(SCHEMA)
    STANDARD.validate(drawn(result))


def test_the_schema_refuses_what_is_no_sarif() -> None:
    wrong = drawn(RESULTS[0])
    wrong["runs"][0]["results"][0]["level"] = "deny"
    with pytest.raises(jsonschema.ValidationError):
        STANDARD.validate(wrong)


def test_a_fault_is_at_its_line_in_the_repository() -> None:
    [found] = drawn(RESULTS[2])["runs"][0]["results"]
    assert found["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "infra/desired/s/a%20b.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 3, "startColumn": 2},
    }
    assert (found["ruleId"], found["level"]) == ("invalid-input", "error")
    assert found["message"]["text"] == "no TTL\nseconds"


def test_guards_are_results_and_what_was_acknowledged_is_suppressed() -> None:
    run = drawn(RESULTS[0])["runs"][0]
    levels = {each["ruleId"]: each["level"] for each in run["results"]}
    assert levels == {"protected": "error", "dns-wildcard": "error", "too-many-deletes": "warning"}
    [kept] = [each for each in run["results"] if "suppressions" in each]
    assert kept["suppressions"] == [{"kind": "external", "justification": "the old site is gone"}]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert all(rules[each["ruleIndex"]] == each["ruleId"] for each in run["results"])


def test_every_rule_has_a_sentence_of_help_and_no_other() -> None:
    assert {*HELP} == OF_A_PLAN | FINAL | OF_A_RUN | OF_THE_HOUR | {
        "invalid-input",
        "drift",
        "check",
    }


@examples(max_examples=40)
@given(st.text(), st.text())
def test_any_text_is_valid_sarif(one: str, other: str) -> None:
    said = [
        Objection("protected", "deny", None, one, place=Place(other, 1, 1)),
        Objection("delete", "approve", None, other, allowed=one),
    ]
    STANDARD.validate(drawn(Result("plan", "s", Plan("s", "p", [], [], said, [], ""))))
