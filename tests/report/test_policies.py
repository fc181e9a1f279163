"""Policies that people have for `terraform show -json`, asked of our plans as they stand.

Each is an idiom of the documentation that it names, once for jq and once as Python reads the same
JSON, so that it is held where there is no jq.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from remediate.report.machine import json_text, plan_json
from tests.report import plans

PLAN = json.loads(json_text(plan_json(plans.motley())))
MAIL, ADDRESS = "_spf.netrasystems.ai.", "new.netrasystems.ai."
RULE = "ForwardingRule/web-https"


class Policy(NamedTuple):
    jq: str
    python: Callable[[Any], Any]
    answer: Any


def changes(plan: Any) -> list[Any]:
    found: list[Any] = plan["resource_changes"]
    return found


def acting(plan: Any, action: str) -> list[Any]:
    return [each for each in changes(plan) if action in each["change"]["actions"]]


POLICIES = {
    # openpolicyagent.org, "Terraform": num_creates, num_deletes, num_modifies
    "OPA counts what is created": Policy(
        '[.resource_changes[] | select(.change.actions[] == "create")] | length',
        lambda plan: len(acting(plan, "create")),
        4,
    ),
    "OPA counts what is deleted": Policy(
        '[.resource_changes[] | select(.change.actions[] == "delete")] | length',
        lambda plan: len(acting(plan, "delete")),
        4,
    ),
    "OPA counts what is modified": Policy(
        '[.resource_changes[] | select(.change.actions[] == "update")] | length',
        lambda plan: len(acting(plan, "update")),
        2,
    ),
    "OPA forbids to touch a type": Policy(
        'any(.resource_changes[]; .type == "SqlInstance")',
        lambda plan: any(each["type"] == "SqlInstance" for each in changes(plan)),
        False,
    ),
    # developer.hashicorp.com, "JSON Output Format": the two orders of a replacement
    "what is destroyed before it is created": Policy(
        '[.resource_changes[] | select(.change.actions == ["delete", "create"]) | .address]',
        lambda plan: [
            each["address"]
            for each in changes(plan)
            if each["change"]["actions"] == ["delete", "create"]
        ],
        [RULE],
    ),
    "what is created before it is destroyed": Policy(
        '[.resource_changes[] | select(.change.actions == ["create", "delete"]) | .name]',
        lambda plan: [
            each["name"]
            for each in changes(plan)
            if each["change"]["actions"] == ["create", "delete"]
        ],
        ["web"],
    ),
    # Sentinel, tfplan/v2: managed, and created or updated
    "Sentinel looks at what is managed and written": Policy(
        '[.resource_changes[] | select(.mode == "managed" and '
        '(.change.actions | inside(["create", "update"])))] | length',
        lambda plan: sum(
            each["mode"] == "managed" and {*each["change"]["actions"]} <= {"create", "update"}
            for each in changes(plan)
        ),
        4,
    ),
    "Sentinel asks whether anything is to be done": Policy(
        'any(.resource_changes[]; .change.actions != ["no-op"])',
        lambda plan: any(each["change"]["actions"] != ["no-op"] for each in changes(plan)),
        True,
    ),
    # conftest, examples/hcl and plan policies: values before and after
    "conftest limits a value that will be": Policy(
        '[.resource_changes[] | select(.type == "DnsRecordSet" and .change.after != null '
        "and .change.after.ttl < 600)] | length",
        lambda plan: sum(
            each["type"] == "DnsRecordSet"
            and each["change"]["after"] is not None
            and each["change"]["after"]["ttl"] < 600
            for each in changes(plan)
        ),
        2,
    ),
    "conftest sees a field change": Policy(
        "[.resource_changes[] | select(.change.before != null and .change.after != null and "
        ".change.before.ttl != .change.after.ttl) | .name]",
        lambda plan: [
            each["name"]
            for each in changes(plan)
            if each["change"]["before"] is not None
            and each["change"]["after"] is not None
            and each["change"]["before"].get("ttl") != each["change"]["after"].get("ttl")
        ],
        [MAIL],
    ),
    "what is known only after apply": Policy(
        "[.resource_changes[] | select(.change.after_unknown != {}) | .name]",
        lambda plan: [each["name"] for each in changes(plan) if each["change"]["after_unknown"]],
        [ADDRESS],
    ),
    "names keep to a convention": Policy(
        '[.resource_changes[] | select(.type != "DnsRecordSet") | .name '
        '| select(test("^[a-z0-9-]+$") | not)]',
        lambda plan: [
            each["name"]
            for each in changes(plan)
            if each["type"] != "DnsRecordSet" and not re.fullmatch(r"[a-z0-9-]+", each["name"])
        ],
        [],
    ),
    # the one-liner of pull requests everywhere
    "how many of each action": Policy(
        '[.resource_changes[].change.actions | join("+")] | group_by(.) '
        "| map({key: .[0], value: length}) | from_entries",
        lambda plan: dict(Counter("+".join(each["change"]["actions"]) for each in changes(plan))),
        {
            "create": 2,
            "create+delete": 1,
            "delete": 2,
            "delete+create": 1,
            "no-op": 1,
            "update": 2,
        },
    ),
    "an address is of a kind": Policy(
        '[.resource_changes[].address | select(startswith("ForwardingRule/"))]',
        lambda plan: [
            each["address"]
            for each in changes(plan)
            if each["address"].startswith("ForwardingRule/")
        ],
        [RULE],
    ),
    "the format is one that the policy knows": Policy(
        '.format_version | startswith("1.")',
        lambda plan: plan["format_version"].startswith("1."),
        True,
    ),
}


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES.keys())
def test_a_policy_written_for_terraform_answers(policy: Policy) -> None:
    assert policy.python(PLAN) == policy.answer


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES.keys())
def test_and_the_same_in_jq(policy: Policy) -> None:
    told = subprocess.run(
        ["jq", policy.jq], input=json.dumps(PLAN), capture_output=True, text=True, check=True
    )
    assert json.loads(told.stdout) == policy.answer
