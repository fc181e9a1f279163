"""What an entry of a certificate map shows changes, and clients are served all the while."""

from __future__ import annotations

import re
from typing import Any

import pytest

from remediate.model.errors import CheckFailed, PartlyApplied
from remediate.model.json import Body
from remediate.model.plan import Action, Undo
from remediate.model.progress import StepDone, Waiting
from remediate.model.ref import parse_ref
from remediate.report.human import plan_text
from tests.pipeline.certificate_chain import (
    BROUGHT,
    DATA,
    ENTRY,
    EXCHANGED,
    FRONT,
    LOCATION,
    MAP,
    Witness,
    at,
    authorization,
    certificate,
    chain,
    entry,
    proxy,
    shown,
    shown_by_balancer,
    state,
    wave,
)
from tests.pipeline.documents import Document, managed, sets, zone
from tests.workbench import Workbench, document, told


def test_a_certificate_for_more_hosts_is_made_beside_and_shown_once_it_is_active(
    chained: Workbench,
) -> None:
    chained.write(*chain("a", "b"))
    made = chained.plan()
    (replacing,) = (d for d in made.differences if d.action is Action.REPLACE)
    assert str(replacing.ref) == "Certificate/shown"
    attach, detach = (step for step in made.steps if str(step.ref) == ENTRY)
    assert attach.ready == (replacing.live,)
    assert detach.ready == (replacing.live, parse_ref(ENTRY))
    assert wave(made, "Certificate/shown") < wave(made, ENTRY)
    proof = "DnsZone/example/_acme-challenge.b.example.com./CNAME"
    assert wave(made, proof) < wave(made, ENTRY)
    before, witness = chained.state(), Witness(chained)
    chained.carry_out([witness])
    assert witness.refused == []
    assert shown(chained) == [replacing.live.name]
    assert state(chained, replacing.live) == "ACTIVE"
    assert state(chained, "Certificate/shown") == "ACTIVE"  # it stays, for a rollback
    assert chained.plan().is_empty
    chained.roll_back()
    assert chained.state() == before


def test_who_proves_its_domains_by_the_load_balancer_is_shown_beside_the_old_until_it_is_ready(
    workbench: Workbench,
) -> None:
    hosts = {name: sets("A", "${Address/edge.address}") for name in "ab"}
    edge = [*FRONT, MAP, zone(hosts)]
    workbench.write(*edge, entry(), shown_by_balancer("a.example.com"))
    made = workbench.apply()
    assert {str(ref) for ref in made.settles} == {"Certificate/shown", ENTRY}
    assert state(workbench, "Certificate/shown") == "ACTIVE"
    workbench.write(*edge, entry(), shown_by_balancer("a.example.com", "b.example.com"))
    made = workbench.apply()
    attach, detach = (step for step in made.steps if str(step.ref) == ENTRY)
    new = next(d.live for d in made.differences if d.action is Action.REPLACE)
    assert len((attach.after or {})["certificates"]) == 2
    assert attach.ready == ()
    assert detach.ready == (new, parse_ref(ENTRY))
    assert shown(workbench) == [new.name]
    assert state(workbench, new) == "ACTIVE"
    assert workbench.plan().is_empty


def test_one_that_has_failed_for_good_is_made_again(workbench: Workbench) -> None:
    workbench.write(*chain())
    workbench.fault("doomed-certificate", match="POST */certificates*", times=1)
    with pytest.raises(CheckFailed, match="will not become ready: FAILED"):
        workbench.apply()
    made = workbench.plan()
    assert ("replace", "Certificate/shown") in told(made)
    workbench.apply()
    new = next(d.live for d in made.differences if str(d.ref) == "Certificate/shown")
    assert shown(workbench) == [new.name]
    assert state(workbench, new) == "ACTIVE"
    assert workbench.plan().is_empty


def test_a_proxy_moves_from_its_list_to_a_map_only_when_the_map_is_served(
    workbench: Workbench,
) -> None:
    classic = managed("a.example.com", name="classic")
    listed = proxy(sslCertificates=["classic"])
    front = [each for each in chain() if each["metadata"]["name"] != "secure"]
    workbench.write(*front, classic, listed)
    workbench.apply()
    mapped = proxy(sslCertificates=["classic"], certificateMap="edge")
    more = document(
        "CertificateMapEntry", "edge/rest", {"matcher": "PRIMARY", "certificates": ["shown"]}
    )
    workbench.write(*front, classic, mapped, more)
    made = workbench.apply()
    assert at(made, "TargetHttpsProxy/secure").ready == (
        parse_ref("CertificateMapEntry/edge/rest"),
    )
    body: Any = workbench.live("CertificateMapEntry/edge/rest")
    assert body["state"] == "ACTIVE"
    assert workbench.plan().is_empty


def test_in_a_list_it_is_rotated_as_any_other_wherever_its_names_lead(
    workbench: Workbench,
) -> None:
    front = [each for each in FRONT if each["metadata"]["name"] != "secure"]
    edge = [*front, proxy(sslCertificates=["Certificate/shown"])]
    proved = zone({f"_acme-challenge.{name}": sets("CNAME", DATA % name) for name in "ab"})
    proofs = [authorization("a"), authorization("b"), proved]
    workbench.write(*edge, *proofs, certificate("a"))
    workbench.apply()
    workbench.write(*edge, *proofs, certificate("a", "b"))
    made = workbench.apply()
    notes = [step.note for step in made.steps if step.ref.kind == "TargetHttpsProxy"]
    assert notes == [
        "attach beside the old, once the new is ready",
        "put the new first, once it is ready",
        "detach the old, once the new is served",
    ]
    assert workbench.plan().is_empty


def test_a_certificate_that_was_brought_along_is_exchanged_in_place(workbench: Workbench) -> None:
    own = document("Certificate", "shown", BROUGHT.spec)
    workbench.write(*FRONT, MAP, entry(), own)
    workbench.apply()
    workbench.write(*FRONT, MAP, entry(), document("Certificate", "shown", EXCHANGED))
    made = workbench.apply()
    (step,) = made.steps
    assert (step.verb, step.undo) == (Action.UPDATE, Undo.APPROXIMATE)
    assert "never given back" in step.undo_why
    assert workbench.plan().is_empty
    back = workbench.roll_back()
    assert back.is_empty
    assert any("private key is never given back" in note for note in back.notes)
    kept = "".join(path.read_text() for path in workbench.root.rglob(".remediate/**/*.json"))
    assert "BEGIN PRIVATE KEY" not in kept


class Meddler:
    """Somebody else, who edits the entry while its certificate is waited for."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.done = False

    def on(self, event: object) -> None:
        if isinstance(event, Waiting) and not self.done:
            self.done = True
            where = f"{LOCATION}/certificateMaps/edge/certificateMapEntries/a"
            theirs: Body = {"certificates": [f"{LOCATION.removeprefix('v1/')}/certificates/theirs"]}
            self.workbench.send("PATCH", f"{where}?updateMask=certificates", theirs)


def test_somebody_elses_edit_between_plan_and_write_is_never_overwritten(
    chained: Workbench,
) -> None:
    chained.send("POST", f"{LOCATION}/certificates?certificateId=theirs", BROUGHT.spec)
    chained.write(*chain("a", "b"))
    with pytest.raises(PartlyApplied, match="has changed since"):
        chained.carry_out([Meddler(chained)])
    assert shown(chained) == ["theirs"]


def test_where_there_is_no_room_beside_the_old_the_new_takes_its_place_once_it_is_active(
    workbench: Workbench,
) -> None:
    more = [document("Certificate", f"c{n}", certificate("a")["spec"]) for n in range(3)]
    full = entry("shown", "c0", "c1", "c2")
    rest = [one for one in chain() if one["metadata"]["name"] != "edge/a"]
    workbench.write(*rest, *more, full)
    workbench.apply()
    rest = [one for one in chain("a", "b") if one["metadata"]["name"] != "edge/a"]
    workbench.write(*rest, *more, full)
    made = workbench.apply()
    (step,) = (step for step in made.steps if str(step.ref) == ENTRY)
    assert len(step.ready) == 1
    assert len(shown(workbench)) == 4
    assert workbench.plan().is_empty


def test_the_last_entry_of_a_map_that_is_shown_goes_only_on_a_word(chained: Workbench) -> None:
    removable = {**entry(), "lifecycle": {"onRemove": "delete"}}
    rest = [one for one in chain() if one["metadata"]["name"] != "edge/a"]
    chained.write(*rest, removable)
    chained.apply()
    chained.write(*rest)
    found = chained.plan(prune=True).objections
    assert [(each.rule, str(each.ref)) for each in found] == [
        ("no-certificate", "CertificateMap/edge")
    ]
    chained.apply(prune=True, allow=["no-certificate=tried"])
    assert chained.live(ENTRY) is None


def moving(host: str) -> list[Document]:
    """The chain with one name for everything, and another host behind it."""
    proof = document("DnsAuthorization", "site", {"domain": f"{host}.example.com"})
    spec = {"managed": {"domains": [f"{host}.example.com"], "dnsAuthorizations": ["site"]}}
    shown_for = entry(hostname=f"{host}.example.com")
    names = {
        f"_acme-challenge.{host}": sets("CNAME", DATA % "site"),
        host: sets("A", "${Address/edge.address}"),
    }
    return [*FRONT, MAP, shown_for, document("Certificate", "shown", spec), proof, zone(names)]


def test_another_domain_moves_all_that_hangs_on_it_and_gc_takes_what_is_left(
    workbench: Workbench,
) -> None:
    workbench.write(*moving("a"))
    workbench.apply()
    before = workbench.state()
    workbench.write(*moving("b"))
    allow = ["dns-last-address=moved", "too-many-deletes=moved"]
    made = workbench.apply(allow=allow)
    replaced = {str(d.ref): d.live for d in made.differences if d.action is Action.REPLACE}
    assert replaced.keys() == {"Certificate/shown", "DnsAuthorization/site", ENTRY}
    assert shown(workbench) == [replaced["Certificate/shown"].name]
    assert workbench.plan().is_empty
    workbench.roll_back(allow=["irreversible=tried"])
    assert workbench.state() == before
    workbench.apply(allow=allow)
    workbench.advance(8 * 86_400)
    gone = {str(difference.live) for difference in workbench.gc().differences}
    assert gone == {"Certificate/shown", "DnsAuthorization/site"}
    assert workbench.plan().is_empty


def test_a_plan_tells_the_rotation_of_an_entry_as_one_story(chained: Workbench) -> None:
    chained.write(*chain("a", "b"))
    text = " ".join(plan_text(chained.plan()).split())
    new = "shown-[0-9a-f]{8}"
    assert re.search(
        rf"1\. wait until {new} is ready 2\. attach {new} beside shown "
        rf"3\. wait until every front end of Google's shows {new} 4\. detach shown",
        text,
    )
    assert "1 certificate to rotate" in text
    assert "_acme-challenge" not in text.partition("Hosts")[2]


class Killed(BaseException):
    pass


@pytest.mark.parametrize("count", range(1, 7))
def test_killed_after_any_step_of_an_entrys_rotation_the_next_apply_finishes_it(
    chained: Workbench, count: int
) -> None:
    done: list[str] = []

    class Killer(Witness):
        def on(self, event: object) -> None:
            super().on(event)
            if isinstance(event, StepDone):
                done.append(str(event.step.ref))
                if len(done) == count:
                    raise Killed

    chained.write(*chain("a", "b"))
    killer, witness = Killer(chained), Witness(chained)
    with pytest.raises(Killed):
        chained.carry_out([killer])
    chained.carry_out([witness])
    assert [*killer.refused, *witness.refused] == []
    assert len(shown(chained)) == 1
    assert shown(chained) != ["shown"]
    assert chained.plan().is_idle


def test_a_proxy_is_not_moved_to_a_map_whose_certificate_is_yet_to_be_issued(
    workbench: Workbench,
) -> None:
    edge = [*FRONT[:2], FRONT[3], MAP, zone({"a": sets("A", "${Address/edge.address}")})]
    workbench.write(
        *edge, proxy(certificateMap="edge"), entry(), shown_by_balancer("a.example.com")
    )
    workbench.apply()
    spec = {"managed": {"domains": ["a.example.com"]}}
    other = [
        document("CertificateMap", "other", {}),
        document("Certificate", "later", spec),
        document(
            "CertificateMapEntry",
            "other/a",
            {"hostname": "a.example.com", "certificates": ["later"]},
        ),
    ]
    first = [entry(), shown_by_balancer("a.example.com")]
    workbench.write(*edge, proxy(certificateMap="other"), *first, *other)
    found = {o.rule for o in workbench.plan().objections if o.level == "deny"}
    assert found == {"certificate-swap"}
