"""What somebody moved is told, without a write of any kind; and taken over if that is meant."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from remediate.model.json import Body
from tests.cli.conftest import Desk
from tests.cli.typed import typed
from tests.get_only import get_only
from tests.workbench import PROJECT

ZONE = "DnsZone/netrasystems-staging"
API = f"{ZONE}/api-staging.netrasystems.ai./A"
ZONES = f"dns/v1/projects/{PROJECT}/managedZones/netrasystems-staging"
COMPUTE = f"compute/v1/projects/{PROJECT}/global"
STREAM = "BackendService/staging-stream-backend"


@pytest.fixture
def applied(desk: Desk) -> Desk:
    """All is as the YAML says, and was applied from here."""
    desk.bench.reset("staging")
    desk.bench.copy_staging()
    assert desk.type("apply").code == 0
    return desk


def move_a_record(desk: Desk, value: str = "192.0.2.7", ttl: int = 300) -> None:
    path = f"{ZONES}/rrsets/api-staging.netrasystems.ai./A"
    desk.bench.send("PATCH", path, {"ttl": ttl, "rrdatas": [value]})


def move_a_backend(desk: Desk, **fields: Any) -> None:
    path = f"{COMPUTE}/backendServices/staging-stream-backend"
    live = desk.bench.send("GET", path)
    desk.bench.send("PATCH", path, {**fields, "fingerprint": live["fingerprint"]})


def file(desk: Desk, name: str) -> Path:
    return desk.bench.root / "desired" / "staging" / name


def rewrite(desk: Desk, name: str, old: str, new: str) -> None:
    text = file(desk, name).read_text()
    assert old in text
    file(desk, name).write_text(text.replace(old, new))


def contents(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_server_that_refuses_all_but_get_is_enough(applied: Desk) -> None:
    move_a_record(applied)
    with get_only(applied.bench.url) as (url, refused):
        root = str(applied.bench.root)
        said = typed("-C", root, "--sandbox", url, "drift")
        taken = typed("-C", root, "--sandbox", url, "drift", "--accept", API)
    assert refused == []
    assert said.code == 2, said
    assert API in said.out
    assert taken.code == 0, taken


def test_nothing_is_written_to_the_store_nor_to_the_yaml(applied: Desk) -> None:
    move_a_record(applied)
    before = contents(applied.bench.root)
    assert applied.type("drift").code == 2
    assert contents(applied.bench.root) == before


def test_no_drift_is_code_0_and_so_is_what_is_pending(applied: Desk) -> None:
    assert applied.type("drift").code == 0
    rewrite(applied, "dns.yaml", "api-staging: {A: {ttl: 300", "api-staging: {A: {ttl: 60")
    said = applied.type("drift")
    assert said.code == 0, said
    assert f"Pending, for the YAML moved:\n  {API}" in said.out
    assert applied.type("drift", "--quiet").out == "staging: No drift (1 pending)\n"


def test_each_field_is_told_with_what_was_applied_what_is_live_and_what_is_desired(
    applied: Desk,
) -> None:
    move_a_backend(applied, timeoutSec=100)
    rewrite(applied, "dns.yaml", "api-staging: {A: {ttl: 300", "api-staging: {A: {ttl: 60")
    move_a_record(applied, ttl=30)
    said = applied.type("drift", "--json")
    assert said.code == 2
    told = json.loads(said.out)
    assert told["drifted"] is True
    names = ("address", "field", "cause", "applied", "live", "desired")
    assert [tuple(each[name] for name in names) for each in told["fields"]] == [
        (STREAM, "/timeoutSec", "drift", 3600, 100, 3600),
        (API, "/rrdatas", "drift", ["203.0.113.10"], ["192.0.2.7"], ["203.0.113.10"]),
        (API, "/ttl", "conflict", 300, 30, 60),
    ]
    lines = applied.type("drift").out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert "        applied  3600" in lines


def test_what_was_moved_beside_a_pending_change_of_the_same_resource_is_drift(
    applied: Desk,
) -> None:
    rewrite(applied, "backends.yaml", "timeoutSec: 3600", "timeoutSec: 30")
    move_a_backend(applied, description="by hand")
    told = json.loads(applied.type("drift", "--json").out)
    assert [(each["field"], each["cause"]) for each in told["fields"]] == [
        ("/description", "drift")
    ]
    assert told["pending"] == [STREAM]


def test_only_what_is_chosen_counts(applied: Desk) -> None:
    move_a_record(applied)
    assert applied.type("drift", "--target", "BackendService/*").code == 0
    assert applied.type("drift", "--exclude", f"{ZONE}*").code == 0
    assert applied.type("drift", "--target", "DnsZone/*").code == 2
    assert applied.type("drift", "--target", "Nobody/x").code == 9


def test_what_was_deleted_by_hand_is_drift(applied: Desk) -> None:
    applied.bench.send("DELETE", f"{ZONES}/rrsets/api-staging.netrasystems.ai./A")
    said = applied.type("drift", "--json")
    (field,) = json.loads(said.out)["fields"]
    assert (field["address"], field["live"], said.code) == (API, None, 2)


def test_what_has_left_the_yaml_is_pending_whatever_keeps_it(applied: Desk) -> None:
    rewrite(applied, "dns.yaml", "lifecycle: {protect: true}", "lifecycle: {onRemove: delete}")
    assert applied.type("apply").code == 0
    file(applied, "dns.yaml").unlink()  # others have record sets in the zone, so it cannot go
    said = applied.type("drift")
    assert said.code == 0, said


def test_what_gave_way_to_another_type_by_hand_is_drift(applied: Desk) -> None:
    name = "api-staging.netrasystems.ai."
    applied.bench.send("DELETE", f"{ZONES}/rrsets/{name}/A")
    body: Body = {"name": name, "type": "CNAME", "ttl": 60, "rrdatas": ["example.net."]}
    applied.bench.send("POST", f"{ZONES}/rrsets", body)
    said = applied.type("drift", "--json")
    assert said.code == 2, said
    told = [each["address"] for each in json.loads(said.out)["fields"]]
    assert told == [API, f"{ZONE}/{name}/CNAME"]
    assert changed(accept(applied, ZONE, API)) == [
        '-    api-staging: {A: {ttl: 300, values: ["${Address/staging-lb.address}"]}}',
        "+    api-staging: {CNAME: {ttl: 60, values: [example.net.]}}",
    ]


def test_without_a_ledger_drift_and_pending_cannot_be_told_apart(desk: Desk) -> None:
    said = desk.type("drift")
    assert said.code == 1
    assert "cannot be told" in said.out
    desk.bench.reset("staging")
    assert desk.type("drift").code == 0  # nothing differs, so nothing moved


def test_a_line_is_enough_for_cron(applied: Desk) -> None:
    move_a_record(applied)
    said = applied.type("drift", "--quiet")
    assert (said.code, said.err) == (2, "")
    assert said.out == f"staging: 1 resource was moved since applied: {API}\n"


def accept(desk: Desk, *refs: str) -> str:
    """The patch, once nothing differs any more."""
    words = [word for ref in refs for word in ("--accept", ref)]
    said = desk.type("drift", *words, "--yes")
    assert said.code == 0, said
    planned = desk.type("plan", "--detailed-exitcode")
    assert planned.code == 0, planned
    return said.out


def changed(patch: str) -> list[str]:
    return [line for line in patch.splitlines() if re.match(r"[+-](?![+-])", line)]


def test_a_record_is_taken_over_on_its_own_line(applied: Desk) -> None:
    move_a_record(applied, ttl=60)
    patch = accept(applied, API)
    assert changed(patch) == [
        '-    api-staging: {A: {ttl: 300, values: ["${Address/staging-lb.address}"]}}',
        '+    api-staging: {A: {ttl: 60, values: ["192.0.2.7"]}}',
    ]
    assert f"{ZONE}: /spec/records/api-staging/A/values/0 was" in " ".join(patch.split())
    assert not [*file(applied, "dns.yaml").parent.glob(".*")]


def test_an_expression_that_gives_what_is_live_stays(applied: Desk) -> None:
    path = f"{ZONES}/rrsets/api-staging.netrasystems.ai./A"
    applied.bench.send("PATCH", path, {"ttl": 60, "rrdatas": ["192.0.2.7", "203.0.113.10"]})
    assert changed(accept(applied, ZONE)) == [
        '-    api-staging: {A: {ttl: 300, values: ["${Address/staging-lb.address}"]}}',
        '+    api-staging: {A: {ttl: 60, values: ["${Address/staging-lb.address}", "192.0.2.7"]}}',
    ]


def test_a_record_that_was_deleted_leaves_the_yaml(applied: Desk) -> None:
    applied.bench.send("DELETE", f"{ZONES}/rrsets/api-staging.netrasystems.ai./A")
    assert changed(accept(applied, API)) == [
        '-    api-staging: {A: {ttl: 300, values: ["${Address/staging-lb.address}"]}}',
    ]


def test_what_is_gone_leaves_the_yaml_only_by_its_own_name_and_if_said(applied: Desk) -> None:
    applied.bench.send("DELETE", f"{ZONES}/rrsets/api-staging.netrasystems.ai./A")
    before = contents(applied.bench.root / "desired")
    for words in ((ZONE, "--yes"), (API,)):
        said = applied.type("drift", "--accept", *words)
        assert said.code == 9, said
        assert "gone live" in said.told
    assert contents(applied.bench.root / "desired") == before
    shown = applied.type("drift").out
    assert "--accept" not in shown
    assert "desired  {ttl: 300, rrdatas: " in shown


def test_a_record_that_came_into_an_exclusive_zone_is_written_there(applied: Desk) -> None:
    rewrite(applied, "dns.yaml", "recordOwnership: listed", "recordOwnership: exclusive")
    rewrite(applied, "dns.yaml", "lifecycle: {protect: true}", "lifecycle: {onRemove: delete}")
    assert applied.type("apply").code == 0
    body: Body = {
        "name": "extra.netrasystems.ai.",
        "type": "A",
        "ttl": 60,
        "rrdatas": ["203.0.113.10"],
    }
    applied.bench.send("POST", f"{ZONES}/rrsets", body)
    patch = accept(applied, f"{ZONE}/extra.netrasystems.ai./A")
    assert changed(patch) == [
        "+    extra: {A: {ttl: 60, values: ['${Address/staging-lb.address}']}}"
    ]


def test_fields_are_taken_over_where_they_stand_and_comments_stay(applied: Desk) -> None:
    move_a_backend(
        applied,
        timeoutSec=100,
        description="by hand",
        backends=[
            {
                "group": f"projects/{PROJECT}/zones/us-central1-a/instanceGroups/staging-stream",
                "balancingMode": "UTILIZATION",
                "maxUtilization": 0.5,
                "capacityScaler": 0.9,
            },
            {
                "group": f"projects/{PROJECT}/zones/us-central1-b/instanceGroups/another",
                "balancingMode": "RATE",
                "maxRate": 100,
            },
        ],
    )
    patch = accept(applied, STREAM)
    assert changed(patch) == [
        "-  timeoutSec: 3600",
        "+  timeoutSec: 100",
        *[line for line in changed(patch) if "backends" in line],
        "+  description: by hand",
    ]
    (line,) = [line for line in changed(patch) if line.startswith("+  backends")]
    assert line.endswith("   # not ours")
    assert "zones/us-central1-b/instanceGroups/another" in line
    assert "capacityScaler: 0.9" in line


def test_a_link_that_was_moved_is_written_by_name(applied: Desk) -> None:
    path = f"{COMPUTE}/urlMaps/staging-url-map"
    live = applied.bench.send("GET", path)
    stream = f"projects/{PROJECT}/global/backendServices/staging-stream-backend"
    body = {"defaultService": stream, "fingerprint": live["fingerprint"]}
    applied.bench.send("PATCH", path, body)
    assert changed(accept(applied, "UrlMap/staging-url-map")) == [
        "-  defaultService: staging-backend-service",
        "+  defaultService: staging-stream-backend",
    ]


def test_what_is_known_again_stays_as_it_is_written_beside_what_is_new(applied: Desk) -> None:
    path = f"{COMPUTE}/urlMaps/staging-url-map"
    live: Any = applied.bench.send("GET", path)
    rules = live["hostRules"]
    web = next(rule for rule in rules if rule["pathMatcher"] == "web")
    web["hosts"] = ["other.netrasystems.ai"]
    body = {"hostRules": rules, "tests": [], "fingerprint": live["fingerprint"]}
    applied.bench.send("PATCH", path, body)
    patch = accept(applied, "UrlMap/staging-url-map")
    assert changed(patch)[:2] == [
        '-  - {hosts: ["staging.${var.domain}"], pathMatcher: web}',
        "+  - {hosts: [other.netrasystems.ai], pathMatcher: web}",
    ]
    assert "+  tests: []" in changed(patch)


def test_what_is_not_moved_cannot_be_taken_over(applied: Desk) -> None:
    said = applied.type("drift", "--accept", API)
    assert said.code == 9
    assert "nothing was moved" in said.err
    move_a_record(applied)
    said = applied.type("drift", "--accept", f"{API}AA")
    assert said.code == 9
    assert API in said.err  # what was probably meant
    assert "no glob" in said.told


def test_what_others_need_is_not_taken_out_and_the_patch_is_shown(applied: Desk) -> None:
    path = f"{COMPUTE}/backendServices/staging-stream-backend"
    live = applied.bench.send("GET", path)
    fields: Body = {"healthChecks": [], "loadBalancingScheme": "EXTERNAL_MANAGED"}
    assert live["healthChecks"]
    before = contents(applied.bench.root / "desired")
    applied.bench.send("PATCH", path, {**fields, "fingerprint": live["fingerprint"]})
    applied.bench.send("DELETE", f"{COMPUTE}/healthChecks/staging-stream-health")
    said = applied.type("drift", "--accept", "HealthCheck/staging-stream-health", "--yes")
    assert said.code == 1, said
    assert "-kind: HealthCheck" in said.err
    assert contents(applied.bench.root / "desired") == before
    accept(applied, "HealthCheck/staging-stream-health", STREAM)


def test_a_pending_change_beside_it_stays_pending(applied: Desk) -> None:
    rewrite(applied, "backends.yaml", "timeoutSec: 3600", "timeoutSec: 30")
    move_a_backend(applied, description="by hand")
    said = applied.type("drift", "--accept", STREAM)
    assert said.code == 0, said
    assert changed(said.out) == ["+  description: by hand"]
    assert applied.type("drift", "--json").code == 0


def test_a_secret_is_refused_with_the_reason(applied: Desk) -> None:
    path = f"v2/projects/{PROJECT}/locations/us-central1/services/netra-backend"
    live: Any = applied.bench.send("GET", path)
    template = live["template"]
    containers = template["containers"]
    containers[0].setdefault("env", []).append({"name": "API_TOKEN", "value": "hunter2hunter2"})
    template.pop("revision", None)
    applied.bench.send("PATCH", f"{path}?updateMask=template", {"template": template})
    before = contents(applied.bench.root / "desired")
    shown = applied.type("drift")
    assert shown.code == 2
    said = applied.type("drift", "--accept", "RunService/us-central1/netra-backend")
    assert said.code == 1, said
    assert "secretKeyRef" in said.err
    assert "hunter2" not in shown.out + said.out + said.err
    assert contents(applied.bench.root / "desired") == before


def test_without_a_ledger_what_is_live_can_be_taken_over_all_the_same(applied: Desk) -> None:
    applied.bench.forget()
    move_a_record(applied)
    accept(applied, API)
