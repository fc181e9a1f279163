"""A certificate rotates while clients are served: at no moment without one that is active."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from remediate.model.condition import Await
from remediate.model.errors import CheckFailed, PlanRefused
from remediate.model.json import Body
from remediate.model.plan import Cause, Step
from remediate.model.progress import StepBegun, StepDone
from remediate.model.ref import Ref
from remediate.pipeline.guard import denied
from remediate.probes.dial import dial_for
from remediate.probes.seen import TlsSeen
from remediate.probes.tls import shake_hands
from remediate.report.human import plan_text
from tests.pipeline.documents import address, https_proxy, managed, rule, sets, url_map, zone
from tests.workbench import Workbench

PROXY = Ref("TargetHttpsProxy", "secure")
OLD = Ref("SslCertificate", "one")
TO_EDGE = sets("A", "${Address/edge.address}")
FRONT = [address(), url_map(), rule("TargetHttpsProxy/secure", "443")]


def edge(*hosts: str, records: Mapping[str, Any] | None = None, **lifecycle: Any) -> list[Any]:
    """A proxy whose one certificate is for these hosts of example.com, all of which lead to it."""
    names = zone({**dict.fromkeys(hosts, TO_EDGE), **(records or {})})
    domains = [f"{host}.example.com" for host in hosts]
    return [*FRONT, https_proxy("one"), managed(*domains, name="one", **lifecycle), names]


@pytest.fixture
def standing(workbench: Workbench) -> Workbench:
    """One host, served."""
    workbench.write(*edge("www"))
    workbench.apply()
    workbench.google.clock.sleep(3600)
    return workbench


def held(workbench: Workbench) -> list[str]:
    body = workbench.live(PROXY) or {}
    return [str(link).rpartition("/")[2] for link in body["sslCertificates"]]  # type: ignore[union-attr] # a list


def certificates(workbench: Workbench) -> list[str]:
    listed = workbench.google.compute.list("global", "sslCertificates")
    return sorted(str(body["name"]) for body in listed)


def steps_of(steps: list[Step]) -> list[tuple[str, str, list[str]]]:
    """(verb, kind, what is awaited) of every step that rotates."""
    return [
        (
            step.verb.value,
            step.live.kind,
            ["ready"] * bool(step.ready) + [each.what.value for each in step.awaits],
        )
        for step in steps
        if step.live.kind in {"SslCertificate", "TargetHttpsProxy"}
    ]


def seen(workbench: Workbench, address: str, host: str) -> TlsSeen:
    google = workbench.google
    assert google.sandbox
    now, roots = google.clock.now(), [google.sandbox.ca()]
    return shake_hands(dial_for(google), address, host, now=now, roots=roots)


class Witness:
    """A client that looks at the front door after every call, and takes down what it was shown."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.lists: list[list[str]] = []
        self.refused: list[str] = []

    def on(self, event: object) -> None:
        if isinstance(event, StepBegun | StepDone):
            self.lists.append(held(self.workbench))
            shown = seen(self.workbench, self.address, "www.example.com")
            if shown.outcome != "ok":
                self.refused.append(shown.message)

    @property
    def address(self) -> str:
        return str((self.workbench.live("Address/edge") or {})["address"])


def test_a_rotation_is_planned_as_steps_that_can_be_seen(standing: Workbench) -> None:
    standing.write(*edge("www", "api"))
    made = standing.plan()
    assert steps_of(made.steps) == [
        ("create", "SslCertificate", ["issuable"]),
        ("update", "TargetHttpsProxy", []),
        ("update", "TargetHttpsProxy", ["ready", "soak"]),
        ("update", "TargetHttpsProxy", ["served"]),
    ]
    soak = next(c for step in made.steps for c in step.awaits if c.what is Await.SOAK)
    assert soak.seconds == 1800


def test_clients_are_served_all_the_while(standing: Workbench) -> None:
    standing.write(*edge("www", "api"))
    witness = Witness(standing)
    standing.apply(watchers=[witness])
    (new,) = held(standing)
    lists = [
        each for at, each in enumerate(witness.lists) if each != witness.lists[at - 1] or not at
    ]
    assert lists == [["one"], ["one", new], [new, "one"], [new]]
    assert witness.refused == []
    for host in ("www.example.com", "api.example.com"):
        assert seen(standing, witness.address, host).outcome == "ok"
    assert standing.live(OLD) is not None  # kept for the retention
    assert standing.plan().is_empty


def test_a_rollback_attaches_the_old_one_again_at_once(standing: Workbench) -> None:
    before = standing.state()
    standing.write(*edge("www", "api"))
    standing.apply()
    made = standing.plan_back()
    assert [step.awaits for step in made.steps if step.live == PROXY] == [()]
    clock = standing.google.clock
    began = clock.monotonic()
    standing.roll_back()
    assert clock.monotonic() - began < 60
    assert held(standing) == ["one"]
    kinds = ("addresses", "forwardingRules", "targetHttpsProxies", "sslCertificates")
    assert {k: v for k, v in before.items() if k in kinds} == {
        k: v for k, v in standing.state().items() if k in kinds
    }


def stopped_after(workbench: Workbench, count: int) -> None:
    """Apply, and die when so many steps are done."""

    class Killed(BaseException):
        pass

    class Killer:
        done = 0

        def on(self, event: object) -> None:
            self.done += isinstance(event, StepDone)
            if self.done == count:
                raise Killed

    with pytest.raises(Killed):
        workbench.apply(watchers=[Killer()])


@pytest.mark.parametrize("count", range(1, 5))
def test_killed_after_any_step_the_next_apply_finishes_it(standing: Workbench, count: int) -> None:
    standing.write(*edge("www", "api"))
    stopped_after(standing, count)
    witness = Witness(standing)
    standing.apply(watchers=[witness])
    assert witness.refused == []
    assert held(standing) != ["one"]
    assert len(held(standing)) == 1
    assert standing.plan().is_empty


def test_a_name_that_leads_elsewhere_too_is_found_out_before_anything_is_made(
    standing: Workbench,
) -> None:
    stray = {"api": {**TO_EDGE, "AAAA": {"ttl": 300, "values": ["2001:db8::7"]}}}
    standing.write(*edge("www", "api", records=stray))
    with pytest.raises(
        CheckFailed, match=r"api\.example\.com\.? AAAA 2001:db8::7 .it should lead to"
    ):
        standing.apply()
    assert certificates(standing) == ["one"]


CAA = "dns-caa=Google is asked at its own peril"


def test_caa_that_forbids_google_is_found_out_before_anything_is_made(
    standing: Workbench,
) -> None:
    forbidding = {"@": {"CAA": {"ttl": 300, "values": ['0 issue "other.example"']}}}
    standing.write(*edge("www", "api", records=forbidding))
    with pytest.raises(PlanRefused, match="dns-caa: CAA at example"):
        standing.apply()
    with pytest.raises(CheckFailed, match=r"(?s)would not issue it.*CAA"):
        standing.apply(allow=[CAA])
    assert certificates(standing) == ["one"]


def test_who_knows_better_goes_on(standing: Workbench) -> None:
    forbidding = {"@": {"CAA": {"ttl": 300, "values": ['0 issue "other.example"']}}}
    standing.write(*edge("www", "api", records=forbidding))
    with pytest.raises(CheckFailed, match="is not ready after 60 minutes"):
        standing.apply(allow=[CAA, "certificate-precheck=the resolver here is stale"])
    assert held(standing) == ["one"]  # attached, waited for, and taken out again


def test_a_deadline_detaches_the_new_and_leaves_the_old(standing: Workbench) -> None:
    documents = edge("www", "api", wait={"timeout": "10m"})  # the sandbox takes longer than that
    standing.write(*documents)
    with pytest.raises(CheckFailed, match=r"(?s)not ready after 1\d minutes.*the old serves"):
        standing.apply()
    assert held(standing) == ["one"]
    standing.write(*edge("www", "api"))
    standing.apply()  # with more time the same certificate is attached again
    assert len(held(standing)) == 1
    assert held(standing) != ["one"]


def failed(standing: Workbench) -> str:
    """A rotation that was given up: the name of the new certificate, which is detached again."""
    standing.write(*edge("www", "api", wait={"timeout": "10m"}))
    with pytest.raises(CheckFailed, match="the old serves"):
        standing.apply()
    (new,) = (name for name in certificates(standing) if name != OLD.name)
    return new


def test_what_was_put_back_is_remembered_so_and_is_nobodys_change(standing: Workbench) -> None:
    failed(standing)
    (difference,) = standing.plan().differences
    assert (difference.ref, difference.cause) == (PROXY, Cause.PENDING)
    standing.write(*edge("www"))
    assert standing.plan().is_empty


def test_after_a_failure_each_certificate_is_told_by_its_own_name(standing: Workbench) -> None:
    new = failed(standing)
    waits, moves = standing.plan().notes
    assert waits.startswith(f"SslCertificate/{new} is not ready: PROVISIONING")
    assert moves == (
        f"{OLD} will be {new} in place of one, which stays, for a rollback; "
        "`remediate gc` may delete it 7 days after the next apply"
    )
    standing.write(*edge("www"))
    *_names, stands = standing.plan().notes
    assert stands.startswith(f"{OLD} is one in place of {new}, which stays")


def test_the_retention_of_the_old_begins_when_it_serves_no_more(standing: Workbench) -> None:
    failed(standing)
    standing.advance(8 * 86_400)
    standing.write(*edge("www", "api"))
    standing.apply()
    assert standing.gc().is_empty
    standing.advance(8 * 86_400)
    assert [step.live for step in standing.gc().steps] == [OLD]


def test_what_somebody_else_uses_still_is_not_promised_to_go(standing: Workbench) -> None:
    ours = standing.live(PROXY) or {}
    theirs: Body = {"name": "theirs", **{key: ours[key] for key in ("urlMap", "sslCertificates")}}
    proxies = "compute/v1/projects/netra-staging/global/targetHttpsProxies"
    standing.send("POST", proxies, theirs)
    standing.write(*edge("www", "api"))
    assert f"{OLD} stays, since TargetHttpsProxy/theirs uses it" in standing.apply().notes


def test_a_certificate_that_was_never_declared_is_not_ours_and_stays(workbench: Workbench) -> None:
    workbench.copy_staging()
    workbench.reset("dns-outage")
    made = workbench.plan()
    assert [str(ref) for ref in made.foreign] == ["SslCertificate/staging-ssl-cert-old"]
    text = " ".join(plan_text(made).split())
    assert "detach staging-ssl-cert-old; it is not ours, and stays for good" in text
    workbench.apply()
    workbench.gc(retention=0)
    assert workbench.live("SslCertificate/staging-ssl-cert-old") is not None


def test_after_a_permanent_failure_the_old_stays_and_the_next_apply_issues_another(
    standing: Workbench,
) -> None:
    standing.write(*edge("www", "api"))
    standing.fault("doomed-certificate", match="POST */sslCertificates")
    with pytest.raises(CheckFailed, match=r"(?s)will not become ready.*PERMANENTLY"):
        standing.apply()
    assert held(standing) == ["one"]
    standing.clear_faults()
    made = standing.plan()
    (new,) = (step.live.name for step in made.steps if step.method == "insert")
    assert re.fullmatch(r"one-[0-9a-f]{8}-2", new)
    standing.apply()
    assert held(standing) == [new]
    assert standing.plan().is_empty


def test_a_certificate_that_has_nothing_to_do_with_it_holds_no_rotation_back(
    standing: Workbench,
) -> None:
    """Another on the same proxy, whose one name leads nowhere any more."""
    other = managed("gone.example.com", name="other")
    front = [*FRONT, https_proxy("one", "other"), other]
    led = dict.fromkeys(("www", "gone"), TO_EDGE)
    standing.write(*front, managed("www.example.com", name="one"), zone(led))
    standing.apply()
    led = dict.fromkeys(("www", "api"), TO_EDGE)
    both = managed("www.example.com", "api.example.com", name="one")
    standing.write(*front, both, zone({**led, "gone": sets("A", "192.0.2.1")}))
    standing.apply()
    assert held(standing)[1:] == ["other"]
    assert standing.plan().is_empty


def test_fifteen_certificates_leave_no_room_for_another(workbench: Workbench) -> None:
    names = [f"c{number}" for number in range(15)]
    certificates = [managed(f"{name}.example.com", name=name) for name in names]
    records = zone(dict.fromkeys(names, TO_EDGE))
    workbench.write(*FRONT, https_proxy(*names), *certificates, records)
    workbench.apply()
    certificates[3] = managed("c3.example.com", "also.example.com", name="c3")
    records = zone(dict.fromkeys((*names, "also"), TO_EDGE))
    workbench.write(*FRONT, https_proxy(*names), *certificates, records)
    (objection,) = denied(workbench.plan().objections)
    assert objection.rule == "certificate-limit"
    assert "would hold 16 certificates and can hold 15" in objection.message


def rules(workbench: Workbench) -> set[str]:
    return {objection.rule for objection in denied(workbench.plan().objections)}


def test_the_list_is_never_replaced_at_once(standing: Workbench) -> None:
    """The incident plan's own way: create, then update the proxy with the new one alone."""
    standing.write(*edge("www", "api", replace="recreate"))
    (objection,) = denied(standing.plan().objections)
    assert objection.rule == "certificate-swap"
    assert "www.example.com would be served by SslCertificate/one-" in objection.message
    assert "no valid certificate meanwhile" in objection.message
    with pytest.raises(PlanRefused, match="certificate-swap"):
        standing.apply()
    assert held(standing) == ["one"]


def two(first: Any, **other: Any) -> list[Any]:
    """Two certificates on one proxy, each for a host of its own."""
    second = managed("api.example.com", name="two", **other)
    records = zone(dict.fromkeys(("www", "api", "blog"), TO_EDGE))
    return [*FRONT, https_proxy("one", "two"), first, second, records]


@pytest.fixture
def paired(workbench: Workbench) -> Workbench:
    workbench.write(*two(managed("www.example.com", name="one")))
    workbench.apply()
    workbench.google.clock.sleep(3600)
    return workbench


def test_nor_beside_another_that_is_for_other_hosts(paired: Workbench) -> None:
    new = managed("www.example.com", "blog.example.com", name="one", replace="recreate")
    paired.write(*two(new))
    assert rules(paired) == {"certificate-swap"}


def test_only_what_takes_over_is_waited_for(paired: Workbench) -> None:
    paired.write(*two(managed("www.example.com", "blog.example.com", name="one")))
    made = paired.plan()
    awaited = {each.ref for step in made.steps for each in step.awaits}
    assert [str(ref).partition("-")[0] for ref in awaited] == ["SslCertificate/one"]
    witness = Witness(paired)
    paired.apply(watchers=[witness])
    assert witness.refused == []
    assert held(paired)[1] == "two"


def test_what_could_not_be_renewed_serves_until_the_new_one_is_seen(paired: Workbench) -> None:
    """And is where it was when the new one fails for good."""
    clock = paired.google.clock
    new = managed("www.example.com", name="one")
    paired.write(*two(new)[:-1], zone({"api": TO_EDGE}))
    paired.apply(prune=True, allow=["dns-last-address=a test", "too-many-deletes=a test"])
    clock.sleep(65 * 86_400)
    status = paired.live(OLD)["managed"]["status"]  # type: ignore[index,call-overload] # a body
    assert status == "RENEWAL_FAILED"
    paired.write(*two(new))
    paired.fault("doomed-certificate", match="POST */sslCertificates")
    witness = Witness(paired)
    with pytest.raises(CheckFailed, match="will not become ready"):
        paired.apply(watchers=[witness])
    assert held(paired) == ["one", "two"]
    paired.clear_faults()
    paired.apply(watchers=[witness])
    assert witness.refused == []
    assert paired.plan().is_empty


def test_a_certificate_and_its_proxy_are_not_replaced_in_one_go(standing: Workbench) -> None:
    documents = edge("www", "api")
    documents[3] = https_proxy("one", description="another")  # a new proxy beside the old
    standing.write(*documents)
    assert rules(standing) == {"certificate-swap"}


def test_a_host_that_is_served_is_not_left_without_any(paired: Workbench) -> None:
    every = two(managed("www.example.com", name="one"))
    without = [https_proxy("one") if o["kind"] == "TargetHttpsProxy" else o for o in every]
    paired.write(*without)
    (objection,) = denied(paired.plan().objections)
    assert objection.rule == "certificate-uncovered"
    assert "no certificate would be for api.example.com" in objection.message


def test_a_soak_is_not_shortened_by_the_age_of_a_certificate(standing: Workbench) -> None:
    """It may have become ready just now, however long ago it was made."""
    standing.write(*edge("www", "api"))
    standing.apply(targets=("SslCertificate/*", "DnsZone/*"))
    standing.google.clock.sleep(2 * 86_400)
    began = standing.google.clock.monotonic()
    standing.apply()
    assert standing.google.clock.monotonic() - began > 1800 + 1200


def test_an_interrupted_rotation_goes_back_too_when_the_new_one_is_not_seen(
    standing: Workbench,
) -> None:
    standing.write(*edge("www", "api"))
    stopped_after(standing, len(standing.plan().steps) - 1)
    (_new, old) = held(standing)
    assert old == "one"
    made = standing.plan()
    (last,) = (step for step in made.steps if step.live == PROXY)
    assert last.instead is not None
    assert [str(x).rpartition("/")[2] for x in (last.instead.after or {})["sslCertificates"]] == [
        "one"
    ]


def test_the_outage_of_the_incident_ends_with_both_names_served(workbench: Workbench) -> None:
    workbench.copy_staging()
    workbench.reset("dns-outage")
    workbench.apply()
    for host in hosts(workbench):
        assert seen(workbench, "203.0.113.10", host).outcome == "ok"
    assert workbench.plan().is_empty


def hosts(workbench: Workbench) -> Iterator[str]:
    for ref, resource in workbench.load().resources.items():
        if ref.kind == "SslCertificate":
            yield from resource.spec["managed"]["domains"]  # type: ignore[index,call-overload,misc] # a body
