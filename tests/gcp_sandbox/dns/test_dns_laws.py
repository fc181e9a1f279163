from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gcp_sandbox.dns import names, rdata
from tests.gcp_sandbox.dns.conftest import CloudDns, rrset

APEX = "law.example."
_fresh = itertools.count()

labels = st.sampled_from(["a", "b", "c", "a.b", "c.a.b", "*", "*.a"])
owners = labels.map(lambda label: f"{label}.{APEX}")
targets = st.sampled_from(["a", "c.a.b", "elsewhere"]).map(lambda label: f"{label}.{APEX}")
addresses = st.lists(
    st.integers(1, 250).map("192.0.2.{}".format), min_size=1, max_size=3, unique=True
)
texts = st.lists(st.sampled_from(['"x"', '"y z"', "plain"]), min_size=1, max_size=2, unique=True)
one_set = st.one_of(
    st.builds(lambda n, d, t: rrset(n, "A", *d, ttl=t), owners, addresses, st.integers(0, 600)),
    st.builds(lambda n, d: rrset(n, "TXT", *d), owners, texts),
    st.builds(lambda n, t: rrset(n, "CNAME", t), owners, targets),
)


def identity(it: dict[str, Any]) -> tuple[str, str]:
    return it["name"], it["type"]


sets = st.lists(one_set, max_size=8, unique_by=identity)
quick = settings(max_examples=40, deadline=None)


def without_cname_conflicts(wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    aliases = {it["name"] for it in wanted if it["type"] == "CNAME"}
    return [it for it in wanted if it["type"] == "CNAME" or it["name"] not in aliases]


def new_zone(cloud: CloudDns, initial: list[dict[str, Any]]) -> str:
    """A zone of its own for every example, private so that there may be many of one name."""
    network = {"networkUrl": "projects/p/global/networks/n"}
    body = {
        "name": f"law{next(_fresh)}",
        "dnsName": APEX,
        "visibility": "private",
        "privateVisibilityConfig": {"networks": [network]},
    }
    assert cloud.call("POST", "/managedZones", body)[0] == 200
    zone = f"/managedZones/{body['name']}"
    if initial:
        cloud.add(zone, *without_cname_conflicts(initial))
    return zone


def without_soa(live: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [it for it in live if it["type"] != "SOA"]


@quick
@given(initial=sets, additions=sets, deletions=sets)
def test_a_change_is_all_or_nothing(
    running: CloudDns, initial: Any, additions: Any, deletions: Any
) -> None:
    zone = new_zone(running, initial)
    before = running.sets(zone)
    status, answer = running.change(zone, additions, deletions)
    after = running.sets(zone)
    if status != 200:
        assert after == before
        return
    gone = {identity(it) for it in answer["deletions"]}
    kept = [it for it in without_soa(before) if identity(it) not in gone]
    expected = sorted(kept + answer["additions"], key=identity)
    assert sorted(without_soa(after), key=identity) == expected


@quick
@given(initial=sets, additions=sets)
def test_a_change_and_its_inverse_restore_the_zone(
    running: CloudDns, initial: Any, additions: Any
) -> None:
    zone = new_zone(running, initial)
    before = running.sets(zone)
    live = {identity(it): it for it in before}
    wanted = without_cname_conflicts(additions)
    touched = {it["name"] for it in wanted}
    replaced = [it for key, it in live.items() if key[0] in touched]
    if not wanted:
        return
    status, made = running.change(zone, wanted, replaced)
    assert status == 200, made
    status, _ = running.change(zone, made["deletions"], made["additions"])
    assert status == 200
    assert without_soa(running.sets(zone)) == without_soa(before)


@quick
@given(initial=sets, size=st.integers(1, 12))
def test_paging_sees_each_set_once_in_the_one_order(
    running: CloudDns, initial: Any, size: int
) -> None:
    zone = new_zone(running, initial)
    whole = running.sets(zone)
    assert running.sets(zone, maxResults=size) == whole
    assert len({identity(it) for it in whole}) == len(whole)
    keys = [names.set_key(*identity(it)) for it in whole]
    assert keys == sorted(keys)
    assert whole[0]["name"] == APEX


@quick
@given(initial=sets)
def test_the_name_server_answers_what_the_api_holds(running: CloudDns, initial: Any) -> None:
    apex = f"n{next(_fresh)}.served.example."
    zone = running.zone(apex)
    moved = [
        {
            **it,
            "name": it["name"].replace(APEX, apex),
            "rrdatas": [text.replace(APEX, apex) for text in it["rrdatas"]],
        }
        for it in without_cname_conflicts(initial)
    ]
    if moved:
        running.add(zone, *moved)
    for live in running.sets(zone):
        message = running.ask(live["name"], live["type"])
        (answered,) = (it for it in message.answer if it.name.to_text() == live["name"])
        assert answered.ttl == live["ttl"]
        spelt = {rdata.canonical(live["type"], record.to_text()) for record in answered}
        assert spelt == set(live["rrdatas"])


@quick
@given(st.binary(max_size=255))
def test_any_bytes_survive_as_txt(data: bytes) -> None:
    escaped = "".join(f"\\{byte:03}" for byte in data)
    spelt = rdata.canonical("TXT", f'"{escaped}"')
    assert rdata.character_strings(spelt) == [data]
    assert rdata.canonical("TXT", spelt) == spelt


@pytest.mark.parametrize("rrtype", ["A", "AAAA", "MX", "SRV", "CAA", "TXT", "HTTPS", "CNAME", "DS"])
@quick
@given(text=st.text(max_size=40))
def test_no_text_breaks_the_codec(rrtype: str, text: str) -> None:
    try:
        spelt = rdata.canonical(rrtype, text)
    except ValueError:
        return
    assert rdata.canonical(rrtype, spelt) == spelt
