"""Plans as people see them, word for word."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediate.model.plan import (
    Action,
    Cause,
    Difference,
    FieldChange,
    Objection,
    Plan,
    Risk,
    Undo,
)
from remediate.model.ref import Ref, parse_ref, record_ref
from remediate.pipeline.apply import Outcome
from remediate.report.human import outcome_text, plan_text
from tests.report import plans

ANSI = re.compile(r"\x1b\[[0-9;]*m")

INCIDENT = """\
Plan for staging (project netra-staging): to make live as the YAML says
+ create, ~ change

+   DnsZone/netrasystems-staging/api-staging.netrasystems.ai./A
      203.0.113.10, ttl 300
+   DnsZone/netrasystems-staging/staging.netrasystems.ai./A
      203.0.113.10, ttl 300

Certificate rotation on TargetHttpsProxy/staging-https-proxy
+   SslCertificate/staging-ssl-cert
      type MANAGED,
      managed.domains [staging.netrasystems.ai, api-staging.netrasystems.ai]
~   TargetHttpsProxy/staging-https-proxy
      1. check that api-staging.netrasystems.ai, staging.netrasystems.ai lead
         here alone, and that CAA permits Google
      2. attach staging-ssl-cert beside staging-ssl-cert-old
      3. wait until staging-ssl-cert is ready (Google says: up to 60 min); the
         old serves until then
      4. leave it 30 min to reach every front end of Google's
      5. put staging-ssl-cert first
      6. see staging-ssl-cert in a handshake at every address, for each of its
         domains
      7. detach staging-ssl-cert-old; it is kept for a rollback
      if it fails on the way: the new one is detached, and the old serves as
      before

Changes  2 to create, 1 certificate to rotate
Risk     medium at most: create
         DnsZone/netrasystems-staging/api-staging.netrasystems.ai./A
Undo     exact, for every step
Time     about 6 s of changes, and up to 90 min until staging-ssl-cert is ready
DNS      NXDOMAIN may be cached up to 300 s, by resolvers that were just told so
         (its zone's SOA)
Digest   DIGEST

Next: remediate apply -e staging
"""

MOTLEY = """\
Plan for staging (project netra-staging): to make live as the YAML says
+ create, ~ change, - delete, -/+ delete and create again, +/- create anew
beside the old, (-) set aside, (+) keep what was set aside

+   Address/web
      addressType EXTERNAL, ipVersion IPV4
~   BackendService/web  [drift]
      /customRequestHeaders:
         - "X-One: 1"
         + "X-Three: 3"
         + "X-Four: a much longer value"
           (1 more as they are)
      /healthChecks: old -> new
      /timeoutSec: 30 -> 3600
~   DnsZone/netrasystems-staging/_spf.netrasystems.ai./TXT  [conflict]
      /rrdatas: "v=spf1 include:_spf.google.com ~all" -> "v=spf1 -all"
      /ttl: 3600 -> 300
-/+ ForwardingRule/web-https
      deleted and created again under the same name: a gap of about 23 s
      /portRange: 443-443 -> 8443-8443
+/- NetworkEndpointGroup/us-central1/web  (live: web-0a1b2c3d)
      a new one beside web, which `remediate gc` deletes after 7 days
      /cloudRun/service: old -> new
+   DnsZone/netrasystems-staging/new.netrasystems.ai./A
      (known after apply), ttl 300
(+) UrlMap/web
      ours again; `remediate gc` leaves it
-   DnsZone/netrasystems-staging/*.old.netrasystems.ai./CNAME
      web.example., ttl 300
(-) HealthCheck/old
      deleted by `remediate gc` after 7 days

3 objections, 1 in the way
! denied: protected: ForwardingRule/web-https is protected from being replaced
      at desired/staging/front.yaml:7:1
      to go on: --allow protected:ForwardingRule/web-https=REASON
  acknowledged: dns-wildcard: *.old.netrasystems.ai. CNAME answers for every
      name below it
      because: the old site is gone
  warning: too-many-deletes: 1 of 3 record sets would go (33 %)

1 note
  * nothing was applied from here yet

Changes  2 to create, 2 to update, 2 to replace, 1 to delete, 1 to set aside, 1
         to keep; 1 by drift (live moved since the last apply), 1 in conflict
         (the YAML and live both moved)
"""


def test_the_incident_reads_as_two_records_and_one_rotation() -> None:
    plan = plans.incident()
    text = plan_text(plan, next_command="remediate apply -e staging")
    assert text == INCIDENT.replace("DIGEST", plan.digest)


def test_every_action_cause_guard_and_note_has_its_line() -> None:
    text = plan_text(plans.motley(), next_command="remediate apply")
    assert text.startswith(MOTLEY)
    assert text.endswith(
        "Next: acknowledge each objection above with its --allow, or change the YAML.\n"
    )


def test_an_empty_plan_is_one_line() -> None:
    text = plan_text(plans.empty(), next_command="remediate apply")
    assert text == "Nothing to do: live is as the YAML says (staging, 1 resource compared).\n"


def test_an_empty_plan_that_a_guard_objects_to_is_not_called_done() -> None:
    refused = Objection("replace", "deny", parse_ref("Address/web"), "it never is replaced")
    text = plan_text(replace(plans.empty(), objections=[refused]))
    assert "Nothing to do" not in text
    assert "--allow replace:Address/web=REASON" in text


def test_a_rollback_names_its_snapshot() -> None:
    plan = plans.planned([plans.address_record("staging")], desired_digest="snapshot:01ABC")
    assert "to make live as snapshot 01ABC holds it" in plan_text(plan, width=120)


def test_a_rotation_that_was_interrupted_goes_on_without_attaching() -> None:
    certificate, proxy = plans.rotation()
    assert proxy.after is not None
    assert proxy.before is not None
    both = [*proxy.before["sslCertificates"], *proxy.after["sslCertificates"]]
    change = FieldChange("/sslCertificates", both, proxy.after["sslCertificates"])
    half = replace(proxy, before={**proxy.before, "sslCertificates": both}, changes=(change,))
    text = plan_text(plans.planned([certificate, half]))
    assert "attach" not in text
    assert "1. wait until staging-ssl-cert is ready" in text
    assert "3. put staging-ssl-cert first" in text
    assert "5. detach staging-ssl-cert-old; it is kept for a rollback" in text


def test_a_certificate_on_two_proxies_is_created_once_and_rotated_on_both() -> None:
    certificate, proxy = plans.rotation()
    second = replace(proxy, ref=proxy.ref.named("second"), live=proxy.live.named("second"))
    text = plan_text(plans.planned([certificate, proxy, second]))
    assert text.count("Certificate rotation on") == 2
    assert text.count("+   SslCertificate/staging-ssl-cert") == 1
    assert "Changes  1 certificate to rotate" in text


def test_a_certificate_of_ones_own_is_ready_at_once() -> None:
    _certificate, proxy = plans.rotation()
    own = plans.created(parse_ref("SslCertificate/staging-ssl-cert"), type="SELF_MANAGED")
    text = plan_text(plans.planned([own, proxy]))
    assert "60 min" not in text
    assert "rotat" not in text


def test_an_old_certificate_that_is_deleted_is_not_called_kept() -> None:
    certificate, proxy = plans.rotation()
    old = plans.deleted(parse_ref("SslCertificate/staging-ssl-cert-old"), type="SELF_MANAGED")
    text = plan_text(plans.planned([certificate, proxy, old]))
    assert "detach staging-ssl-cert-old\n" in text


def test_a_private_key_is_never_shown() -> None:
    ref = parse_ref("SslCertificate/own")
    body = {"type": "SELF_MANAGED", "selfManaged": {"certificate": "c", "privateKey": "hush"}}
    created = plans.created(ref, **body)
    changed = Difference(
        ref, Action.UPDATE, ref, body, body, (FieldChange("/selfManaged/privateKey", "hush", "sh"),)
    )
    text = plan_text(plans.planned([created])) + plan_text(
        replace(plans.empty(), differences=[changed])
    )
    assert "hush" not in text


@pytest.mark.parametrize("plan", [plans.incident(), plans.motley(), plans.empty()])
@pytest.mark.parametrize("width", [60, 80, 132])
def test_no_line_is_longer_than_the_width_but_for_names(plan: Plan, width: int) -> None:
    text = plan_text(plan, width=width, next_command="remediate apply " + "x " * 60)
    for line in text.split("\n"):
        longest = max(map(len, line.split()), default=0)
        assert len(line) <= width or longest > width - 12, line


@pytest.mark.parametrize("plan", [plans.incident(), plans.motley(), plans.empty()])
def test_colour_adds_escape_sequences_and_nothing_else(plan: Plan) -> None:
    plain, coloured = plan_text(plan), plan_text(plan, colour=True)
    assert "\x1b" not in plain
    assert ANSI.sub("", coloured) == plain


anything = st.text(st.characters(exclude_categories=[]), max_size=200)


@settings(deadline=None)
@given(anything, anything, st.integers(40, 120))
def test_no_control_character_of_anybody_reaches_a_terminal(
    name: str, value: str, width: int
) -> None:
    ref = Ref("UrlMap", name.replace("/", "") or "x")
    differences = [
        plans.updated(ref, {"description": value, name: [value]}, {"description": name}),
        plans.created(record_ref("zone", "a.example.", "TXT"), rrdatas=[value], ttl=1),
    ]
    objection = Objection("protected", "deny", ref, value)
    made = Plan(name, value, differences, [], [objection], [value, name], "sha256:")
    text = plan_text(made, width=width)
    assert all(character == "\n" or character.isprintable() for character in text)


def test_a_long_list_is_told_by_its_first_items() -> None:
    ref = record_ref("zone", "many.example.", "A")
    before = plans.records("many.example.", "A", 300, *(f"10.0.0.{n}" for n in range(50)))
    after = plans.records("many.example.", "A", 300, *(f"10.0.1.{n}" for n in range(50)))
    text = plan_text(plans.planned([plans.updated(ref, before, after)]))
    assert text.count("10.0.0.") == 12
    assert "- … and 38 more" in text


def test_long_texts_are_cut_around_what_differs_in_them() -> None:
    same = "x" * 300
    ref = parse_ref("UrlMap/web")
    change = plans.updated(ref, {"description": same + "old"}, {"description": same + "new"})
    text = plan_text(plans.planned([change]))
    assert "xold" in text
    assert "xnew" in text
    assert max(map(len, text.split("\n"))) <= 80


def test_a_caused_change_says_who_moved() -> None:
    drifted = replace(plans.address_record("staging"), cause=Cause.DRIFT)
    assert "/A  [drift]" in plan_text(plans.planned([drifted]))


def test_an_outcome_gives_the_way_back() -> None:
    assert outcome_text(Outcome("01RUN", "01SNAP", 5), plans.incident()) == (
        "Applied: 2 created, 1 certificate rotated (5 steps, run 01RUN).\n"
        "To take it back:\n"
        "  remediate rollback --snapshot 01SNAP\n"
    )
    assert outcome_text(
        Outcome("01RUN", "01SNAP", 5), plans.incident(), verb="rollback"
    ).startswith("Rolled back: 2 created")
    assert outcome_text(None, plans.empty()) == plan_text(plans.empty())


def test_an_empty_rollback_with_something_to_note_does_not_claim_the_snapshot() -> None:
    back = replace(plans.empty(), desired_digest="snapshot:01ABC", written={})
    assert plan_text(back) == "Nothing to do: live is as snapshot 01ABC holds it (staging).\n"
    assert plan_text(replace(back, notes=["SqlInstance/db keeps its disk"], stays=True)) == (
        "Nothing to do: what is not as snapshot 01ABC holds it stays, see the notes\n(staging).\n\n"
        "1 note\n  * SqlInstance/db keeps its disk\n"
    )


@pytest.mark.parametrize(
    ("desired", "other"),
    [
        ("sha256:0", "change the YAML"),
        ("snapshot:01ABC", "roll back to another snapshot"),
        ("gc:0s", "leave those out with --exclude"),
    ],
)
def test_what_to_do_about_objections_is_what_the_command_can_do(desired: str, other: str) -> None:
    refused = Objection("protected", "deny", parse_ref("Address/web"), "it is protected")
    plan = replace(plans.incident(), desired_digest=desired, objections=[refused])
    words = "acknowledge each objection above with its --allow, or"
    assert " ".join(plan_text(plan).split()).endswith(f"Next: {words} {other}.")
    final = replace(plan, objections=[refused, replace(refused, final=True)])
    said = f"Next: {other}, since not every objection above has an --allow."
    assert " ".join(plan_text(final).split()).endswith(said)


def test_each_verdict_but_exact_is_told_of_its_riskiest_step() -> None:
    (first, *_), *_rest = plans.incident().waves
    gone = replace(first, undo=Undo.NEVER, undo_why="it is gone")
    kept = replace(first, undo=Undo.APPROXIMATE, undo_why="it is lower", risk=Risk.LOW)
    worst = replace(first, undo=Undo.APPROXIMATE, undo_why="its data goes", risk=Risk.CRITICAL)
    text = " ".join(plan_text(replace(plans.incident(), waves=[[gone, kept, worst]])).split())
    assert "Undo never for some of it; create" in text
    assert "it is gone approximate for some of it; create" in text
    assert "its data goes" in text
    assert "it is lower" not in text


def test_a_way_back_that_takes_words_says_so_even_where_it_is_exact() -> None:
    (first, *_), *_rest = plans.incident().waves
    asking = replace(first, undo_allow=("protected:Address/web", "delete:SqlInstance/db"))
    text = " ".join(plan_text(replace(plans.incident(), waves=[[asking]])).split())
    assert "Undo exact, for every step" in text
    assert "takes --allow protected (1) and --allow delete (1)" in text
