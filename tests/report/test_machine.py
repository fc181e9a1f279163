"""Plans for machines: after terraform's form, valid by our schema, and readable again."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediate.model.errors import Fault, InvalidInput, Place, Stale
from remediate.model.plan import Action, Cause, Difference, Plan
from remediate.model.ref import parse_ref
from remediate.model.values import Unknown
from remediate.pipeline.apply import Outcome
from remediate.report.human import plan_text
from remediate.report.machine import error_json, json_text, outcome_json, plan_json
from remediate.report.readback import read_plan
from tests.report import plans

SCHEMAS = Path(__file__).parents[2] / "docs/reference/schemas"
PLANS = [plans.incident(), plans.motley(), plans.empty()]


def schema(name: str) -> Any:
    return json.loads((SCHEMAS / f"{name}.schema.json").read_text())


def change(plan: Plan, address: str) -> Any:
    found = [c for c in changes(plan) if c["address"] == address]
    assert len(found) == 1
    return found[0]


def changes(plan: Plan) -> Any:
    return plan_json(plan)["resource_changes"]


@pytest.mark.parametrize("plan", PLANS)
def test_every_plan_is_valid_by_the_published_schema(plan: Plan) -> None:
    document = json.loads(json_text(plan_json(plan)))
    jsonschema.Draft202012Validator.check_schema(schema("plan"))
    jsonschema.validate(document, schema("plan"))


@pytest.mark.parametrize("plan", PLANS)
def test_the_schema_knows_every_member_of_ours(plan: Plan) -> None:
    ours = plan_json(plan)["remediate"]
    assert isinstance(ours, dict)
    assert set(ours) == set(schema("plan")["properties"]["remediate"]["properties"])


def test_changes_are_sorted_and_named_as_terraform_names_them() -> None:
    found = changes(plans.incident())
    assert [(c["address"], c["type"], c["name"], c["change"]["actions"]) for c in found] == [
        (
            "DnsZone/netrasystems-staging/api-staging.netrasystems.ai./A",
            "DnsRecordSet",
            "api-staging.netrasystems.ai.",
            ["create"],
        ),
        (
            "DnsZone/netrasystems-staging/staging.netrasystems.ai./A",
            "DnsRecordSet",
            "staging.netrasystems.ai.",
            ["create"],
        ),
        ("SslCertificate/staging-ssl-cert", "SslCertificate", "staging-ssl-cert", ["create"]),
        (
            "TargetHttpsProxy/staging-https-proxy",
            "TargetHttpsProxy",
            "staging-https-proxy",
            ["update"],
        ),
    ]


def test_a_replacement_says_in_which_order() -> None:
    plan = plans.motley()
    recreated = change(plan, "ForwardingRule/web-https")["change"]
    beside = change(plan, "NetworkEndpointGroup/us-central1/web")["change"]
    assert recreated["actions"] == ["delete", "create"]
    assert beside["actions"] == ["create", "delete"]
    assert beside["before"]["cloudRun"] == {"service": "old"}
    assert beside["after"]["cloudRun"] == {"service": "new"}


def test_what_is_known_after_apply_is_null_and_marked_in_its_place() -> None:
    found = change(plans.motley(), "DnsZone/netrasystems-staging/new.netrasystems.ai./A")["change"]
    assert found["before"] is None
    assert found["after"]["rrdatas"] == [None]
    assert found["after_unknown"] == {"rrdatas": [True]}


def test_what_goes_has_no_after() -> None:
    gone = change(plans.motley(), "DnsZone/netrasystems-staging/*.old.netrasystems.ai./CNAME")
    assert gone["change"]["after"] is None
    assert gone["change"]["after_unknown"] == {}


def test_secrets_are_masked_and_marked() -> None:
    body = {"type": "SELF_MANAGED", "selfManaged": {"certificate": "c", "privateKey": "hush"}}
    plan = plans.planned([plans.created(parse_ref("SslCertificate/own"), **body)])
    assert "hush" not in json_text(plan_json(plan))
    found = change(plan, "SslCertificate/own")["change"]
    assert found["after_sensitive"] == {"selfManaged": {"privateKey": True}}


def test_our_part_tells_cause_risk_undo_and_what_to_type() -> None:
    ours: Any = plan_json(plans.motley())["remediate"]
    causes = {c["address"]: c["cause"] for c in ours["changes"]}
    assert causes["BackendService/web"] == "drift"
    assert causes["DnsZone/netrasystems-staging/_spf.netrasystems.ai./TXT"] == "conflict"
    guards = {guard["rule"]: guard for guard in ours["guards"]}
    assert guards["protected"]["allow"] == "--allow protected:ForwardingRule/web-https=REASON"
    assert guards["protected"]["place"] == {
        "file": "desired/staging/front.yaml",
        "line": 7,
        "column": 1,
    }
    assert guards["dns-wildcard"]["allowed"] == "the old site is gone"
    assert guards["dns-wildcard"]["allow"].startswith("--allow 'dns-wildcard:DnsZone/")
    for step in ours["steps"]:
        assert step["undo"] in {"exact", "approximate", "never"}
        assert step["undo_why"]


def test_a_denied_plan_is_not_applyable() -> None:
    assert plan_json(plans.motley())["applyable"] is False
    assert plan_json(plans.incident())["applyable"] is True
    assert plan_json(plans.empty())["applyable"] is False


def test_a_rotation_is_counted_besides_its_parts() -> None:
    ours: Any = plan_json(plans.incident())["remediate"]
    assert ours["summary"] == {
        "create": 3,
        "update": 1,
        "replace": 0,
        "delete": 0,
        "set_aside": 0,
        "keep": 0,
        "rotate": 1,
        "estimate_s": pytest.approx(6.0),
        "wait_s": 5400,
        "then_wait_s": 0,
        "kept_s": 0,
        "gates": [],
        "gates_s": 0.0,
    }


QUERIES = {
    "addresses that something deletes": (
        '[.resource_changes[] | select(.change.actions | index("delete")) | .address]',
        [
            "DnsZone/netrasystems-staging/*.old.netrasystems.ai./CNAME",
            "ForwardingRule/web-https",
            "HealthCheck/old",
            "NetworkEndpointGroup/us-central1/web",
        ],
    ),
    "how many of each type": (
        '[.resource_changes[] | select(.change.actions != ["no-op"])] | group_by(.type) | length',
        6,
    ),
    "values before and after": (
        (
            '[.resource_changes[] | select(.type == "BackendService") '
            "| .change.before.timeoutSec, .change.after.timeoutSec]"
        ),
        [30, 3600],
    ),
    "guards in the way": (
        '[.remediate.guards[] | select(.level == "deny" and .allowed == null) | .rule]',
        ["protected"],
    ),
}


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
@pytest.mark.parametrize(("query", "answer"), QUERIES.values(), ids=QUERIES.keys())
def test_queries_written_for_terraform_work(query: str, answer: object) -> None:
    text = json_text(plan_json(plans.motley()))
    told = subprocess.run(["jq", query], input=text, capture_output=True, text=True, check=True)
    assert json.loads(told.stdout) == answer


@pytest.mark.parametrize("plan", PLANS)
def test_a_plan_reads_the_same_from_its_json(plan: Plan) -> None:
    document = json.loads(json_text(plan_json(plan)))
    assert plan_text(read_plan(document)) == plan_text(plan)
    assert plan_json(read_plan(document)) == document


bodies = st.dictionaries(
    st.text(max_size=5),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=5)
        | st.just(Unknown(parse_ref("Address/a"), "address")),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        ),
        max_leaves=5,
    ),
    max_size=4,
)


@settings(deadline=None)
@given(bodies, st.sampled_from(Cause))
def test_any_body_with_anything_unknown_survives_the_way(
    body: dict[str, Any], cause: Cause
) -> None:
    ref = parse_ref("UrlMap/web")
    made = replace(plans.created(ref, **{**body, "x": 1}), cause=cause)
    plan = replace(plans.empty(), differences=[made])
    document = json.loads(json_text(plan_json(plan)))
    jsonschema.validate(document, schema("plan"))
    assert plan_text(read_plan(document)) == plan_text(plan)


@pytest.mark.parametrize(
    "document",
    [
        {"format_version": "1.0"},
        {"format_version": "1.0", "resource_changes": [], "remediate": {}},
        {"format_version": "1.0", "resource_changes": 3, "remediate": 4},
        {"format_version": "2.0", "resource_changes": [], "remediate": {}},
        {},
    ],
)
def test_what_is_no_plan_is_refused(document: Any) -> None:
    with pytest.raises(InvalidInput):
        read_plan(document)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if not isinstance(value, dict | list):
        return [at]
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return [at, *(place for key, item in items for place in places(item, (*at, key)))]


DOCUMENTS = [json.loads(json_text(plan_json(plan))) for plan in PLANS]


@settings(deadline=None)
@given(
    st.sampled_from([(i, at) for i, d in enumerate(DOCUMENTS) for at in places(d)[1:]]),
    st.sampled_from([None, 7, -1, "x", "", "Kind/x", "DnsZone/x", True, [], ["x"], {}, {"x": 1}]),
)
def test_a_plan_file_that_was_tampered_with_is_drawn_or_refused(
    place: tuple[int, tuple[Any, ...]], value: Any
) -> None:
    document = copy.deepcopy(DOCUMENTS[place[0]])
    *way, last = place[1]
    holder = document
    for key in way:
        holder = holder[key]
    holder[last] = value
    with suppress(InvalidInput):
        assert plan_text(read_plan(document))


def test_json_for_a_terminal_is_ascii() -> None:
    plan = plans.planned([plans.created(parse_ref("UrlMap/web"), description="\x1b[31m\u202e")])
    assert json_text(plan_json(plan)).replace("\n", "").isprintable()


def test_equal_plans_have_equal_json_whatever_the_order_of_differences() -> None:
    plan = plans.incident()
    turned: list[Difference] = [*reversed(plan.differences)]
    assert plan_json(replace(plan, differences=turned)) == plan_json(plan)


def test_an_outcome_names_run_and_snapshot() -> None:
    told = outcome_json(Outcome("01RUN", "01SNAP", 6), plans.incident())
    assert (told["run"], told["snapshot"]) == ("01RUN", "01SNAP")
    assert (told["steps_done"], told["steps_total"]) == (6, 6)
    nothing = outcome_json(None, plans.empty(), verb="rollback")
    jsonschema.validate(told, schema("outcome"))
    jsonschema.validate(nothing, schema("outcome"))
    assert (nothing["verb"], nothing["run"]) == ("rollback", None)


ERRORS = [
    InvalidInput(faults=[Fault(Place("a.yaml", 3, 7), "wrong", "right"), Fault(None, "empty")]),
    Stale("live has moved"),
]


@pytest.mark.parametrize("error", ERRORS)
def test_errors_are_valid_by_their_schema(error: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(schema("error"))
    jsonschema.validate(error_json(error), schema("error"))


def test_an_error_tells_type_advice_code_and_every_fault() -> None:
    told: Any = error_json(ERRORS[0])["error"]
    assert (told["type"], told["exit_code"]) == ("InvalidInput", 9)
    assert told["faults"][0] == {
        "file": "a.yaml",
        "line": 3,
        "column": 7,
        "message": "wrong",
        "hint": "right",
    }


def test_no_action_is_missing_in_the_schema() -> None:
    assert schema("plan")["$defs"]["verb"]["enum"] == [action.value for action in Action]
