"""Lower the TTL first: who keeps an old answer for an hour is told so, and shown the way."""

from __future__ import annotations

from typing import Any

import pytest

from remediate.model.errors import PlanRefused
from remediate.model.plan import Cause, Plan
from remediate.model.ref import parse_ref
from remediate.report.human import outcome_text, plan_text
from remediate.report.machine import outcome_json, plan_json
from tests.workbench import Workbench, document, moved, told

AT = "DnsZone/example/www.example.com./A"


def zone(**sets: Any) -> dict[str, Any]:
    records = {
        name: {rrtype: {"ttl": ttl, "values": [value]}}
        for name, (rrtype, ttl, value) in sets.items()
    }
    spec = {"dnsName": "example.com.", "visibility": "public", "records": records}
    return document("DnsZone", "example", spec, {"onRemove": "delete"})


def said(plan: Plan) -> list[tuple[str, str]]:
    return [(o.rule, o.level) for o in plan.objections if o.rule == "ttl-too-long"]


def text(plan: Plan) -> str:
    return " ".join(plan_text(plan).split())


def set_up(workbench: Workbench, ttl: int = 3600) -> None:
    workbench.write(zone(www=("A", ttl, "192.0.2.1")))
    workbench.apply()
    workbench.write(zone(www=("A", ttl, "192.0.2.2")))


def test_an_old_answer_that_lasts_is_warned_of_and_no_more(workbench: Workbench) -> None:
    set_up(workbench)
    made = workbench.plan()
    assert said(made) == [("ttl-too-long", "warn")]
    (objection,) = made.objections
    assert "www.example.com. A will be answered as before for up to 3600 s" in objection.message
    assert "--lower-ttl" in plan_text(made)
    workbench.apply()
    assert workbench.plan().is_empty


@pytest.mark.parametrize(
    ("why", "before", "after"),
    [
        ("a short TTL", ("A", 300, "192.0.2.1"), ("A", 300, "192.0.2.2")),
        ("the TTL alone", ("A", 3600, "192.0.2.1"), ("A", 60, "192.0.2.1")),
    ],
)
def test_nothing_is_said_of(
    workbench: Workbench, why: str, before: tuple[str, int, str], after: tuple[str, int, str]
) -> None:
    workbench.write(zone(www=before))
    workbench.apply()
    workbench.write(zone(www=after))
    made = workbench.plan(lower_ttl=True)
    assert said(made) == [], why
    assert made.then_wait == 0
    assert made.differences[0].changes == workbench.plan().differences[0].changes


def test_with_the_option_the_ttl_alone_goes_down_and_the_change_follows(
    workbench: Workbench,
) -> None:
    set_up(workbench)
    before = workbench.state()
    reviewed = workbench.plan(lower_ttl=True)
    assert reviewed.digest != workbench.plan().digest
    made, outcome = workbench.carry_out(lower_ttl=True)
    assert made.digest == reviewed.digest
    assert [(c.pointer, c.before, c.after) for c in made.differences[0].changes] == [
        ("/ttl", 3600, 300)
    ]
    assert said(made) == []
    live: Any = workbench.live(AT)
    assert (live["ttl"], live["rrdatas"]) == (300, ["192.0.2.1"])
    following = workbench.plan()
    assert told(following) == [("update", AT)]
    assert following.differences[0].cause is Cause.PENDING
    # the words and the numbers
    assert "wait 3600 s after that, then apply again" in " ".join(plan_text(made).split())
    assert "Wait 3600 s (60 min), then apply again" in outcome_text(outcome, made)
    shown: Any = [plan_json(made)["remediate"], outcome_json(outcome, made)]
    assert [each["summary"]["then_wait_s"] for each in shown] == [3600, 3600]
    workbench.apply(lower_ttl=True)
    live = workbench.live(AT)
    assert (live["ttl"], live["rrdatas"]) == (3600, ["192.0.2.2"])
    assert workbench.plan().is_empty
    workbench.roll_back()
    workbench.roll_back(sorted(workbench.store.list("snapshots/"))[1].split("/")[1][:-5])
    assert moved(before, workbench.state()) == {}


def test_until_the_lowered_ttl_has_run_out_the_plan_says_how_many_seconds_are_left(
    workbench: Workbench,
) -> None:
    set_up(workbench)
    workbench.apply(lower_ttl=True)
    workbench.write(zone(www=("A", 300, "192.0.2.2")))
    workbench.advance(600)
    made = workbench.plan()
    assert said(made) == [("ttl-too-long", "warn")]
    seconds = made.kept
    assert 2900 < seconds <= 3000
    assert f"answered as before for up to {seconds} s, since its TTL was lowered" in text(made)
    assert "for up to 50 min (the TTL from before it was lowered)" in text(made)
    workbench.advance(seconds)
    after = workbench.plan()
    assert (after.kept, said(after), after.digest) == (0, [], made.digest)
    assert "for up to 5 min (the old TTL)" in text(after)
    workbench.apply()
    assert workbench.ledger.kept_until(parse_ref(AT)) is None


def test_a_ttl_that_is_lowered_by_hand_is_remembered_too_and_a_rollback_says_it(
    workbench: Workbench,
) -> None:
    workbench.write(zone(www=("A", 3600, "192.0.2.1")))
    workbench.apply()
    workbench.write(zone(www=("A", 60, "192.0.2.2")))
    workbench.apply()
    assert workbench.plan().is_empty
    workbench.apply()
    workbench.write(zone(www=("A", 60, "192.0.2.3")))
    assert said(workbench.plan()) == [("ttl-too-long", "warn")]
    assert workbench.plan_back().kept > 3500


@pytest.mark.parametrize(
    ("rrtype", "old", "new"),
    [
        ("MX", "1 a.example.net.", "1 b.example.net."),
        ("SRV", "1 1 443 a.example.net.", "1 1 443 b.example.net."),
        ("NS", "a.example.net.", "b.example.net."),
        ("TXT", '"one"', '"two"'),
    ],
)
def test_whatever_is_answered_otherwise_is_warned_of_and_a_text_is_never_held_back(
    workbench: Workbench, rrtype: str, old: str, new: str
) -> None:
    name = "_sip._tcp" if rrtype == "SRV" else "www"
    workbench.write(zone(**{name: (rrtype, 86400, old)}))
    workbench.apply()
    workbench.write(zone(**{name: (rrtype, 86400, new)}))
    (objection,) = (one for one in workbench.plan().objections if one.rule == "ttl-too-long")
    assert f"{name}.example.com. {rrtype} will be answered as before for up to 86400 s" in (
        objection.message
    )
    assert ("--lower-ttl" in objection.message) is (rrtype != "TXT")
    made = workbench.plan(lower_ttl=True)
    (change,) = made.differences[0].changes
    assert change.pointer == ("/rrdatas" if rrtype == "TXT" else "/ttl")
    assert made.then_wait == (0 if rrtype == "TXT" else 86400)


def test_another_type_at_a_name_waits_until_the_old_one_is_forgotten(
    workbench: Workbench,
) -> None:
    workbench.write(zone(www=("A", 3600, "192.0.2.1")))
    workbench.apply()
    workbench.write(zone(www=("CNAME", 300, "a.example.net.")))
    plain = workbench.plan()
    assert said(plain) == [("ttl-too-long", "warn")]
    assert {each for each, _ref in told(plain)} == {"create", "delete"}
    made = workbench.apply(lower_ttl=True)
    assert told(made) == [("update", AT)]
    assert made.then_wait == 3600
    live: Any = workbench.live(AT)
    assert (live["ttl"], live["rrdatas"]) == (300, ["192.0.2.1"])
    following = workbench.apply(lower_ttl=True)
    assert {each for each, _ref in told(following)} == {"create", "delete"}
    assert said(following) == [("ttl-too-long", "warn")]
    assert workbench.plan().is_empty


def test_an_answer_that_goes_is_lowered_first_and_goes_with_the_next(
    workbench: Workbench,
) -> None:
    others = {f"n{at}": ("A", 60, "192.0.2.9") for at in range(5)}
    workbench.write(zone(www=("A", 3600, "192.0.2.1"), **others))
    workbench.apply()
    workbench.write(zone(**others))
    allow = ["dns-last-address=it is meant"]
    assert said(workbench.plan(prune=True)) == [("ttl-too-long", "warn")]
    made = workbench.apply(prune=True, lower_ttl=True)
    assert [(action, made.then_wait) for action, _ref in told(made)] == [("update", 3600)]
    assert told(workbench.apply(prune=True, allow=allow)) == [("delete", AT)]
    assert workbench.plan(prune=True).is_empty


def test_what_has_nothing_to_wait_for_changes_at_once(workbench: Workbench) -> None:
    first = {"www": ("A", 3600, "192.0.2.1"), "api": ("A", 60, "192.0.2.1")}
    workbench.write(zone(**first), document("Address", "edge", {}))
    workbench.apply()
    second = {"www": ("A", 3600, "192.0.2.2"), "api": ("A", 60, "192.0.2.2")}
    workbench.write(zone(**second), document("Address", "other", {}))
    made = workbench.apply(lower_ttl=True)
    pointers = {d.ref.name: [c.pointer for c in d.changes] for d in made.differences}
    assert pointers == {
        "example/www.example.com./A": ["/ttl"],
        "example/api.example.com./A": ["/rrdatas"],
        "other": [""],
    }


def test_what_old_answers_may_point_to_stays_until_they_are_forgotten(
    workbench: Workbench,
) -> None:
    check = document(
        "HealthCheck", "old", {"type": "HTTP", "httpHealthCheck": {}}, {"onRemove": "delete"}
    )
    workbench.write(zone(www=("A", 3600, "192.0.2.1")), check)
    workbench.apply()
    workbench.write(zone(www=("A", 3600, "192.0.2.2")))
    allow = ["too-many-deletes=tried"]
    assert len(workbench.plan(prune=True, allow=allow).differences) == 2
    made = workbench.plan(prune=True, lower_ttl=True, allow=allow)
    assert told(made) == [("update", AT)]
    assert any("stays until then: 1 to be removed" in note for note in made.notes)
    workbench.apply(prune=True, lower_ttl=True, allow=allow)
    assert len(workbench.plan(prune=True, lower_ttl=True, allow=allow).differences) == 2


def test_a_whole_zone_is_one_sentence(workbench: Workbench) -> None:
    names = [f"n{at}" for at in range(5)]
    workbench.write(zone(**{name: ("A", 600 + len(name), "192.0.2.1") for name in names}))
    workbench.apply()
    workbench.write(zone(**dict.fromkeys(names, ("A", 600, "192.0.2.2"))))
    (objection,) = workbench.plan().objections
    assert "and 4 more of DnsZone/example" in objection.message
    made = workbench.plan(lower_ttl=True)
    assert made.then_wait == 602
    assert "n0.example.com. A, n1.example.com. A, n2.example.com. A and 2 more" in made.notes[-1]


def test_an_environment_may_make_it_a_refusal(workbench: Workbench) -> None:
    workbench.write(zone(www=("CNAME", 3600, "a.example.net.")))
    workbench.apply()
    changed = zone(www=("CNAME", 3600, "b.example.net."))
    workbench.write(changed, guards={"ttl-too-long": "deny"})
    with pytest.raises(PlanRefused, match="--lower-ttl"):
        workbench.apply()
    workbench.apply(allow=["ttl-too-long=nobody asks for it"])
    assert workbench.plan().is_empty
