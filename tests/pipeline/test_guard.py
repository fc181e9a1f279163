"""Every objection to a plan, in the sentence that people read, and how it is answered."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from remediate.kinds.records.verdict import RecordsVerdict
from remediate.model.errors import InvalidInput, Place, PlanRefused
from remediate.model.plan import Action, Difference, Objection, Plan
from remediate.model.ref import Ref, record_ref
from remediate.model.resource import Desired, Environment, Lifecycle
from remediate.model.rules import FINAL, OF_A_PLAN, OF_A_RUN
from remediate.pipeline.guard import (
    GUARDS,
    no_certificate,
    parse_allowances,
    too_many_deletes,
)
from remediate.pipeline.proposal import Proposal
from tests.pipeline.documents import (
    PLAIN_EDGE,
    Document,
    address,
    certificate,
    health_check,
    http_proxy,
    https_proxy,
    rule,
    sets,
    url_map,
    zone,
)
from tests.workbench import PROJECT, Workbench, moved, told

DELETE: dict[str, Any] = {"onRemove": "delete"}
PROTECT: dict[str, Any] = {"onRemove": "delete", "protect": True}
A = sets("A", "192.0.2.1")


def said(made: Plan) -> list[tuple[str, str]]:
    return [(objection.rule, objection.message) for objection in made.objections]


def after(workbench: Workbench, first: Iterable[Document], then: Iterable[Document]) -> Plan:
    """The plan with --prune that takes the first documents to the others."""
    workbench.write(*first)
    workbench.apply()
    workbench.write(*then)
    return workbench.plan(prune=True)


def names(count: int) -> dict[str, Any]:
    return {f"n{number}": sets("TXT", f"text {number}") for number in range(count)}


def never_replaced(ref: str, pointer: str, why: str = "It is never replaced either") -> str:
    return (
        f"{ref} stays as it is: {pointer} cannot change in place. {why}: declare another one "
        "under its own name, and move to it"
    )


WORLDS: dict[str, tuple[list[Document], list[Document], list[tuple[str, str]]]] = {
    "a third of a zone": (
        [zone(names(10))],
        [zone(names(6))],
        [("too-many-deletes", "4 of 10 record sets of DnsZone/example would go (40 %)")],
    ),
    "two of three sets of a small zone": (
        [zone(names(3))],
        [zone(names(1))],
        [("too-many-deletes", "2 of 3 record sets of DnsZone/example would go (67 %)")],
    ),
    "the only set of a zone": (
        [zone(names(1))],
        [zone({})],
        [("too-many-deletes", "1 of 1 record sets of DnsZone/example would go (100 %)")],
    ),
    "one set of three": ([zone(names(3))], [zone(names(2))], []),
    "half of the resources": (
        [health_check(f"h{n}", DELETE) for n in range(4)],
        [health_check(f"h{n}", DELETE) for n in range(2)],
        [("too-many-deletes", "2 of 4 resources would go (50 %)")],
    ),
    "something protected": (
        [url_map("main", PROTECT), health_check()],
        [health_check()],
        [
            (
                "protected",
                (
                    "UrlMap/main is protected from being set aside; `remediate gc` asks once more, "
                    "before it deletes it"
                ),
            )
        ],
    ),
    "something protected is replaced": (
        [certificate(protect=True)],
        [certificate(spec={**certificate()["spec"], "description": "new"}, protect=True)],
        [("protected", "SslCertificate/brought is protected from being replaced")],
    ),
    "a change in something protected": (
        [health_check(lifecycle=PROTECT)],
        [health_check(lifecycle=PROTECT, checkIntervalSec=20)],
        [],
    ),
    "an address": (
        [address(**DELETE), health_check()],
        [health_check()],
        [("delete", "deleting Address/edge loses its address for good")],
    ),
    "a zone": (
        [zone({}), health_check()],
        [health_check()],
        [("delete", "deleting DnsZone/example loses its name servers for good")],
    ),
    "a certificate whose key nobody gives back, until `gc` deletes it": (
        [certificate(**DELETE), health_check()],
        [health_check()],
        [],
    ),
    "something at the apex": (
        [zone({**names(5), "@": sets("MX", "10 mail.example.net.")})],
        [zone(names(5))],
        [
            ("dns-apex", "example.com. MX is at the apex of the zone"),
            ("dns-mail", "example.com. would have no MX any more, and mail for it nowhere to go"),
        ],
    ),
    "a wildcard": (
        [zone({**names(5), "*": sets("TXT", "x")})],
        [zone(names(5))],
        [("dns-wildcard", "*.example.com. TXT answers for every name below it")],
    ),
    "the last address of a name": (
        [zone({**names(5), "www": A})],
        [zone(names(5))],
        [("dns-last-address", "www.example.com. A is the name's last address")],
    ),
    "one of two addresses of a name": (
        [zone({**names(5), "www": {**A, **sets("AAAA", "2001:db8::1")}})],
        [zone({**names(5), "www": A})],
        [],
    ),
    "everything": (
        [health_check(lifecycle=DELETE)],
        [],
        [
            ("too-many-deletes", ""),
            (
                "empty-environment",
                "the YAML declares nothing, but 1 resource was applied from it",
            ),
        ],
    ),
    "a field of an address": (
        [address()],
        [{**address(), "spec": {"addressType": "EXTERNAL", "ipVersion": "IPV6"}}],
        [
            (
                "replace",
                never_replaced("Address/edge", "/ipVersion"),
            )
        ],
    ),
    "a field of what says that it is not to be replaced": (
        [*PLAIN_EDGE],
        [*PLAIN_EDGE[:-1], rule(lifecycle={"replace": "refuse"}, description="new")],
        [
            (
                "replace",
                never_replaced(
                    "ForwardingRule/port-80",
                    "/description",
                    "Its lifecycle says `replace: refuse`",
                ),
            )
        ],
    ),
}


@pytest.mark.parametrize("world", WORLDS)
def test_what_goes_is_objected_to_in_a_sentence(workbench: Workbench, world: str) -> None:
    first, then, expected = WORLDS[world]
    made = after(workbench, first, then)
    if world == "everything":
        expected = [each for each in expected if each[1]]
    assert said(made) == expected
    assert {objection.level for objection in made.objections} <= {"deny"}
    before = workbench.state()
    if expected:
        with pytest.raises(PlanRefused):
            workbench.apply(prune=True)
        assert moved(before, workbench.state()) == {}
    else:
        workbench.apply(prune=True)


def test_a_proxy_is_not_left_without_a_certificate(workbench: Workbench) -> None:
    workbench.write(url_map(), certificate(), https_proxy("brought"))
    workbench.apply()
    workbench.write(url_map(), certificate(), https_proxy("brought", quicOverride="ENABLE"))
    (step,) = workbench.plan().steps
    assert step.after is not None
    bare = replace(step, fields=("sslCertificates",), after={**step.after, "sslCertificates": []})
    (objection,) = no_certificate(Proposal(workbench.load(), [], [bare]))
    assert objection.message == "TargetHttpsProxy/secure would be left with no certificate"
    mapped = replace(bare, after={"sslCertificates": [], "certificateMap": "//…/m"})
    assert [*no_certificate(Proposal(workbench.load(), [], [mapped]))] == []
    workbench.write(url_map(), certificate(), https_proxy())
    with pytest.raises(InvalidInput, match="sslCertificates or a certificateMap is needed"):
        workbench.plan()


def test_a_certificate_map_is_as_good_as_a_certificate(workbench: Workbench) -> None:
    chosen = "//certificatemanager.googleapis.com/projects/p/locations/global/certificateMaps/m"
    first = [url_map(), certificate(), https_proxy("brought")]
    then = [url_map(), certificate(), https_proxy(certificateMap=chosen)]
    assert said(after(workbench, first, then)) == []


def test_however_large_a_zone_is_more_than_a_hundred_deletions_are_too_many() -> None:
    at = Ref("DnsZone", "example")
    place = Place("x.yaml", 1, 1)
    about = Environment("e", "p", "r", {}, Lifecycle(), 1, "", {}, place)
    gone = [record_ref("example", f"n{n}.example.com.", "A") for n in range(101)]
    differences = [Difference(ref, Action.DELETE, ref, {}, None) for ref in gone]
    verdict = RecordsVerdict(at, live=100_002)
    proposal = Proposal(Desired(about, {}, ""), differences, [], records={"example": verdict})
    (objection,) = too_many_deletes(proposal)
    assert objection.message == "101 of 100000 record sets of DnsZone/example would go (0 %)"
    fewer = Proposal(Desired(about, {}, ""), differences[1:], [], records={"example": verdict})
    assert [*too_many_deletes(fewer)] == []


ANSWERS = {
    "the rule": ["protected=agreed"],
    "the rule for this one": ["protected:HealthCheck/alive=agreed"],
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_objection_is_answered_for_one_run(workbench: Workbench, answer: str) -> None:
    first = [{**health_check(), "lifecycle": PROTECT}, address(), url_map()]
    unanswered = after(workbench, first, first[1:])
    made = workbench.plan(prune=True, allow=ANSWERS[answer])
    assert [objection.allowed for objection in made.objections] == ["agreed"]
    assert made.digest != unanswered.digest
    assert told(workbench.apply(prune=True, allow=ANSWERS[answer])) == [
        ("set-aside", "HealthCheck/alive")
    ]


def test_an_answer_for_another_resource_is_none(workbench: Workbench) -> None:
    first = [address(**DELETE), health_check(), url_map()]
    after(workbench, first, first[1:])
    with pytest.raises(PlanRefused, match="deleting Address/edge"):
        workbench.apply(prune=True, allow=["delete:Address/other=agreed"])


def test_every_objection_says_what_to_type() -> None:
    objection = Objection("delete", "deny", Ref("Address", "edge"), "…")
    assert objection.allow == "--allow delete:Address/edge=REASON"
    assert Objection("empty-environment", "deny", None, "…").allow == (
        "--allow empty-environment=REASON"
    )


@pytest.mark.parametrize("ref", ["resource", "record set"])
def test_a_document_may_answer_for_good(workbench: Workbench, ref: str) -> None:
    allow = {"allow": {"protected": "its owner agreed", "dns-last-address": "it moved away"}}
    if ref == "resource":
        lifecycle: dict[str, Any] = {"protect": True, **allow}
        spec = {**certificate()["spec"], "description": "new"}
        first = [certificate(protect=True)]
        then = [certificate(spec=spec, **lifecycle)]
    else:
        lifecycle = {**DELETE, **allow}
        first = [zone({**names(5), "www": A})]
        then = [zone(names(5), lifecycle=lifecycle)]
    made = after(workbench, first, then)
    assert [bool(objection.allowed) for objection in made.objections] == [True]
    workbench.apply(prune=True)
    assert workbench.plan(prune=True).is_empty


def test_an_environment_may_only_warn(workbench: Workbench) -> None:
    first = [zone({**names(5), "*": sets("TXT", "x")})]
    workbench.write(*first)
    workbench.apply()
    workbench.write(zone(names(5)), guards={"dns-wildcard": "warn"})
    made = workbench.apply(prune=True)
    assert [objection.level for objection in made.objections] == ["warn"]


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("delte=x", "no guard is called 'delte'; did you mean `delete`?"),
        *((f"{rule}=x", f"nothing acknowledges {rule}") for rule in sorted(FINAL)),
        ("protected", "say why, as in --allow protected='agreed in review'"),
        ("protected= ", "say why"),
        ("delete:Address/edge=", "say why, as in --allow delete:Address/edge="),
    ],
)
def test_an_allowance_names_a_guard_and_a_reason(word: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        parse_allowances([word])


@pytest.mark.parametrize("rule", ["delete", "zone-replace"])
@pytest.mark.parametrize("word", ["{}=agreed", "{}:=agreed"])
def test_no_allowance_is_for_all_that_cannot_be_had_back(rule: str, word: str) -> None:
    with pytest.raises(InvalidInput, match=f"name it: --allow {rule}:[A-Za-z]+/NAME=REASON"):
        parse_allowances([word.format(rule)])


def test_every_guard_has_a_rule_that_can_be_allowed() -> None:
    assert GUARDS.keys() <= OF_A_PLAN | FINAL
    names = [f"{name}:DnsZone/example" for name in OF_A_PLAN | OF_A_RUN]
    assert parse_allowances([f"{name}=x" for name in names]) == dict.fromkeys(names, "x")


def test_what_is_acknowledged_and_not_objected_to_is_told(workbench: Workbench) -> None:
    workbench.write(address(**PROTECT))
    workbench.apply()
    workbench.write()
    slip, others = "protected:Address/egde", ["delete:Address/edge", "empty-environment"]
    made = workbench.plan(prune=True, allow=[f"{key}=agreed" for key in (slip, *others)])
    (note,) = [note for note in made.notes if note.startswith("--allow")]
    assert note == (
        f"--allow {slip} acknowledges nothing: no guard says that of this plan; "
        "did you mean protected:Address/edge?"
    )


def test_so_it_is_where_something_is_deleted_for_good_or_goes_back(workbench: Workbench) -> None:
    workbench.write(address())
    workbench.apply()
    note = "--allow protected:Address/nope acknowledges nothing: no guard says that of this plan"
    word = "protected:Address/nope=agreed"
    assert note in workbench.plan_gc(retention=0, allow=[word]).notes
    assert note in workbench.plan_back(allow=[word]).notes


class TestAnotherProject:
    def test_what_was_applied_to_one_project_is_not_made_anew_in_another(
        self, workbench: Workbench
    ) -> None:
        workbench.write(*PLAIN_EDGE)
        workbench.apply()
        workbench.move_to("netra-stagin")
        assert ("other-project", OTHER_PROJECT) in said(workbench.plan())
        with pytest.raises(PlanRefused, match="other-project"):
            workbench.apply()
        with pytest.raises(PlanRefused, match="other-project"):
            workbench.gc(retention=0)

    def test_it_may_be_meant_and_is_then_remembered(self, workbench: Workbench) -> None:
        workbench.write(*PLAIN_EDGE)
        workbench.apply()
        workbench.move_to("netra-stagin")
        workbench.apply(allow=["other-project=we move"])
        made = workbench.plan()
        assert (made.objections, told(made)) == ([], [])

    def test_a_ledger_that_does_not_know_its_project_takes_the_one_at_work(
        self, workbench: Workbench
    ) -> None:
        workbench.write(*PLAIN_EDGE)
        workbench.apply()
        path = workbench.root / ".remediate" / "ledger" / "staging.json"
        stored = json.loads(path.read_text())
        assert stored.pop("project") == PROJECT
        path.write_text(json.dumps(stored))
        assert not workbench.plan().objections
        workbench.apply()
        assert json.loads(path.read_text())["project"] == PROJECT


OTHER_PROJECT = (
    "staging was applied to netra-staging, and the YAML says netra-stagin: mend its `project`, or "
    "give the other project an environment of its own, in its own folder"
)


@pytest.mark.parametrize(("visibility", "warned"), [("public", True), ("private", False)])
def test_a_second_public_zone_for_a_name_is_warned_of(
    workbench: Workbench, visibility: str, *, warned: bool
) -> None:
    workbench.write(zone({"www": A}, visibility=visibility))
    workbench.apply()
    slip = zone({"www": A}, visibility=visibility)
    slip["metadata"]["name"] = "exmaple"
    workbench.write(slip)
    made = workbench.plan()
    second = (
        "example.com. is served by example already; the new zone has other name servers, and "
        "nobody asks it until the registrar does"
    )
    found = [(o.rule, o.level, o.message) for o in made.objections]
    assert (("dns-second-zone", "warn", second) in found) == warned


def test_everything_that_is_wrong_is_said_at_once(workbench: Workbench) -> None:
    records = {"@": A, "*": A, "www": A}
    first = [address(**PROTECT), url_map(lifecycle=DELETE), http_proxy(lifecycle=DELETE)]
    made = after(workbench, [*first, zone(records)], [zone({})])
    assert {objection.rule for objection in made.objections} == {
        *("too-many-deletes", "protected", "delete"),
        *("dns-apex", "dns-wildcard", "dns-last-address"),
    }
    assert len(told(made)) == 6
