"""Snapshots as people and machines see them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema

from remediate.model.json import Body
from remediate.model.ref import Ref, parse_ref, record_ref
from remediate.report.snapshots import (
    diff_json,
    diff_text,
    differences,
    list_json,
    list_text,
    show_json,
    show_text,
)
from remediate.stores.snapshots import Snapshot
from tests.report import plans

PROXY = parse_ref("TargetHttpsProxy/web")
KEY = parse_ref("SslCertificate/own")
RECORD = record_ref("zone", "a.example.", "A")


def snapshot(identifier: str, resources: dict[Ref, Body | None]) -> Snapshot:
    return Snapshot(
        identifier,
        "staging",
        "netra-staging",
        "01JDBRUN000000000000000001",
        "2026-11-23T11:18:34Z",
        "before apply",
        resources,
    )


def proxy(*certificates: str) -> Body:
    links: Any = [plans.link(f"global/sslCertificates/{name}") for name in certificates]
    return {"name": "web", "sslCertificates": links, "fingerprint": certificates[0], "id": "9"}


BEFORE = snapshot("01JDBSNAP00000000000000001", {PROXY: proxy("old"), RECORD: None})
AFTER = snapshot(
    "01JDBSNAP00000000000000002",
    {PROXY: proxy("new"), RECORD: plans.records("a.example.", "A", 300, "203.0.113.10")},
)


def test_the_list_tells_id_time_environment_count_reason_and_run() -> None:
    assert list_text([AFTER, BEFORE]) == (
        "01JDBSNAP00000000000000002  2026-11-23T11:18:34Z  staging  google  2 resources\n"
        "    before apply (run 01JDBRUN000000000000000001)\n"
        "01JDBSNAP00000000000000001  2026-11-23T11:18:34Z  staging  google  2 resources\n"
        "    before apply (run 01JDBRUN000000000000000001)\n"
    )
    listed: Any = list_json([AFTER])["snapshots"]
    assert listed[0]["id"] == "01JDBSNAP00000000000000002"
    assert listed[0]["resources"] == 2


def test_an_empty_list_says_so() -> None:
    assert list_text([]) == "No snapshot has been taken here yet; every apply takes one.\n"


def test_a_snapshot_tells_what_was_there_what_was_not_and_the_way_back() -> None:
    assert show_text(BEFORE) == (
        "Snapshot 01JDBSNAP00000000000000001 of staging (project netra-staging, Google)\n"
        "2026-11-23T11:18:34Z, before apply, run 01JDBRUN000000000000000001\n"
        "\n"
        "    TargetHttpsProxy/web\n"
        "      sslCertificates SslCertificate/old\n"
        "\n"
        "Not there then; a rollback deletes what its run has created of these:\n"
        "    DnsZone/zone/a.example./A\n"
        "\n"
        "To go back to it:\n"
        "  remediate rollback --snapshot 01JDBSNAP00000000000000001\n"
    )


def test_the_json_of_a_snapshot_is_valid_by_its_schema() -> None:
    schema = Path(__file__).parents[2] / "docs/reference/schemas/snapshot.schema.json"
    jsonschema.validate(show_json(BEFORE), json.loads(schema.read_text()))


def test_a_difference_is_told_by_its_changed_fields() -> None:
    changes = differences(BEFORE, AFTER)
    assert changes
    assert diff_text(changes) == (
        "From 01JDBSNAP00000000000000001 to 01JDBSNAP00000000000000002:\n"
        "\n"
        "+   DnsZone/zone/a.example./A\n"
        "      203.0.113.10, ttl 300\n"
        "~   TargetHttpsProxy/web\n"
        "      /sslCertificates: old -> new\n"
        "\n"
        "2 of 2 resources differ\n"
    )
    told: Any = diff_json(changes)["resource_changes"]
    assert [change["change"]["actions"] for change in told] == [["create"], ["update"]]


def test_what_the_server_sets_is_no_difference() -> None:
    body = proxy("old") | {"fingerprint": "moved", "id": "10"}
    changes = differences(BEFORE, snapshot("LIVE", {PROXY: body, RECORD: None}))
    assert not changes
    assert diff_text(changes) == "01JDBSNAP00000000000000001 and LIVE agree in 2 resources\n"


def test_a_field_that_was_added_is_a_difference_both_ways() -> None:
    more = snapshot("MORE", {PROXY: proxy("old") | {"description": "x"}, RECORD: None})
    assert "/description: (not set) -> x" in diff_text(differences(BEFORE, more))
    assert "/description: x -> (not set)" in diff_text(differences(more, BEFORE))


def test_what_only_one_of_them_holds_is_named_and_no_difference() -> None:
    changes = differences(BEFORE, snapshot("FEWER", {PROXY: proxy("old")}))
    assert not changes
    assert "only 01JDBSNAP00000000000000001 holds DnsZone/zone/a.example./A" in diff_text(changes)


def test_a_changed_record_set_is_told_by_its_values() -> None:
    one = snapshot("ONE", {RECORD: plans.records("a.example.", "A", 300, "10.0.0.1")})
    two = snapshot("TWO", {RECORD: plans.records("a.example.", "A", 60, "10.0.0.2")})
    text = diff_text(differences(one, two))
    assert "/ttl: 300 -> 60" in text
    assert "/rrdatas: 10.0.0.1 -> 10.0.0.2" in text


def test_what_is_written_only_is_masked_everywhere() -> None:
    body: Body = {"name": "own", "type": "SELF_MANAGED", "privateKey": "hush"}
    held = snapshot("HELD", {KEY: body})
    gone = snapshot("GONE", {KEY: None})
    told = f"{show_text(held)}{show_json(held)}{diff_text(differences(gone, held))}"
    assert "hush" not in told + str(diff_json(differences(gone, held)))
