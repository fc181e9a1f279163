"""Somebody else edits between our plan and our write, or just after it: theirs stands, and is told.

They are a user like us, with YAML and a store of their own, in the same project. The moments:
before our fresh read; between that and our write, where Google itself compares (a fingerprint, an
etag, a settings version, an exact record set, a name that is taken); and right after the write
where it does not, which the read back tells.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gcp_sandbox.sandbox import Sandbox
from remediate.gcp.google import Google, connect_sandbox
from remediate.gcp.operations import Operation
from remediate.kinds.bodies.links import scope_path
from remediate.kinds.facts import Compare, Removal
from remediate.kinds.registry import NAMES, kind
from remediate.model.chance import Chance
from remediate.model.errors import PartlyApplied, RemediateError, Stale
from remediate.model.json import Body
from remediate.model.progress import Event, StepBegun
from remediate.model.ref import Ref
from tests.kinds.contract.test_contract import DELETE, EXAMPLES, ref_of
from tests.kinds.examples import Example, examples
from tests.pipeline.somebody import just_before_our_write
from tests.workbench import PROJECT, Workbench, moved

Document = dict[str, Any]
ID = "00000000-0000-4000-8000-000000000001"  # of a request of theirs
MEANT = [
    *(word for word in DELETE if not word.startswith("delete")),
    *{f"delete:{ref_of(example)}=tried" for example in EXAMPLES},  # each by its name
    "record-conflict=tried",
]


@dataclass(frozen=True)
class Edit:
    """Two changes of the same fields of an example, ours and theirs, by one call of its API."""

    name: str
    variant: str
    method: str
    ours: dict[str, Any]
    theirs: dict[str, Any]
    beside: list[Document] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.name}, {self.variant}, {self.method}"

    @property
    def example(self) -> Example:
        return next(one for one in examples(self.name) if one.variant == self.variant)

    @property
    def is_compared(self) -> bool:
        """Whether Google compares before it writes."""
        able = [how for how in kind(self.name).updates if self.example.scope in how.scopes]
        return any(h.compare is not Compare.NOTHING for h in able if h.method == self.method)


def third(of: str, location: str | None = None) -> Document:
    """One more to link to: a copy of what the example needs already."""
    (needed, *_) = (one for one in _needed(of, location) if one["kind"] == of)
    return {**needed, "metadata": {**needed["metadata"], "name": "third"}}


def _needed(of: str, location: str | None) -> list[Document]:
    users = ("ForwardingRule", "TargetHttpProxy", "BackendService")
    every = [doc for name in users for example in examples(name) for doc in example.requires]
    return [
        doc for doc in every if doc["metadata"].get("location") == location and doc["kind"] == of
    ]


def described(name: str, variant: str) -> Edit:
    return Edit(name, variant, "patch", {"description": "ours"}, {"description": "theirs"})


def labelled(name: str, variant: str) -> Edit:
    ours, theirs = ({"labels": {"team": team}} for team in ("ours", "theirs"))
    return Edit(name, variant, "setLabels", ours, theirs)


MAPS = ({"urlMap": "elsewhere"}, {"urlMap": "third"})
POLICIES = [f"global/securityPolicies/{name}" for name in ("ours", "theirs")]
EDITS = [
    labelled("Address", "global"),
    Edit("BackendService", "global", "patch", {"timeoutSec": 61}, {"timeoutSec": 62}),
    *(
        Edit("BackendService", "global", f"set{name[:1].upper()}{name[1:]}", {name: o}, {name: t})
        for name in ("securityPolicy", "edgeSecurityPolicy")
        for o, t in [POLICIES]
    ),
    described("Certificate", "authorized by its load balancer"),
    described("CertificateMap", "global"),
    Edit(
        "CertificateMapEntry",
        "for a host name",
        "patch",
        {"certificates": ["new"]},
        {"certificates": ["old", "new"]},
    ),
    described("DnsAuthorization", "regional"),
    described("DnsZone", "public"),
    Edit(
        "DnsZone",
        "public",
        "changes.create",
        {"records": {"mail": {"A": {"ttl": 60, "values": ["192.0.2.26"]}}}},
        {"records": {"mail": {"A": {"ttl": 60, "values": ["192.0.2.27"]}}}},
    ),
    Edit(
        "ForwardingRule",
        "global",
        "setTarget",
        {"target": "TargetHttpProxy/plain2"},
        {"target": "TargetHttpProxy/third"},
        [third("TargetHttpProxy")],
    ),
    labelled("ForwardingRule", "global"),
    Edit(
        "ForwardingRule",
        "regional, passthrough from outside",
        "patch",
        {"sourceIpRanges": ["198.51.100.0/24"]},
        {"sourceIpRanges": ["192.0.2.7"]},
    ),
    Edit("HealthCheck", "global", "patch", {"checkIntervalSec": 20}, {"checkIntervalSec": 40}),
    Edit(
        "RunService",
        "a service behind a load balancer",
        "patch",
        {"template": {"timeout": "60s"}},
        {"template": {"timeout": "90s"}},
    ),
    Edit(
        "SqlInstance",
        "PostgreSQL",
        "patch",
        {"settings": {"databaseFlags": [{"name": "max_connections", "value": "300"}]}},
        {"settings": {"databaseFlags": [{"name": "max_connections", "value": "400"}]}},
    ),
    Edit(
        "SslPolicy",
        "global",
        "patch",
        {"minTlsVersion": "TLS_1_2"},
        {"minTlsVersion": "TLS_1_0"},
    ),
    Edit("TargetHttpProxy", "global", "patch", *MAPS, [third("UrlMap")]),
    Edit("TargetHttpProxy", "regional", "setUrlMap", *MAPS, [third("UrlMap", "us-central1")]),
    Edit(
        "TargetHttpsProxy",
        "global",
        "patch",
        {"quicOverride": "ENABLE"},
        {"quicOverride": "DISABLE"},
    ),
    described("UrlMap", "global"),
    Edit("VpcConnector", "instances in a range", "patch", {"maxInstances": 7}, {"maxInstances": 8}),
]
COMPARED = [edit for edit in EDITS if edit.is_compared or edit.method == "changes.create"]
BLIND = [edit for edit in EDITS if edit not in COMPARED]


@dataclass
class Two:
    """Us and somebody else in one project."""

    us: Workbench
    them: Workbench
    state: Any = None  # what theirs has come to

    def stand(self, example: Example, *beside: Document) -> None:
        """The example is live, and ours."""
        self.write(self.us, example, example.first, *beside)
        self.us.apply(allow=MEANT)

    def write(self, who: Workbench, example: Example, *documents: Document) -> None:
        kept = {"onRemove": "delete"}
        every = (*example.requires, *documents)
        who.write(*({**one, "lifecycle": {**one.get("lifecycle", {}), **kept}} for one in every))

    def theirs(self, example: Example, *documents: Document) -> Callable[[], None]:
        """They write this and apply it, once; what it comes to is kept."""

        def act() -> None:
            if self.state is None:
                self.write(self.them, example, *documents)
                self.them.apply(allow=MEANT)
                self.state = self.us.state()

        return act


@pytest.fixture
def two(running_sandbox: Sandbox, quick_folder: Path) -> Two:
    url = running_sandbox.url
    us, them = (Workbench(url, quick_folder / who) for who in ("us", "them"))
    them.google = connect_sandbox(url, PROJECT, chance=Chance(8))  # with request ids of their own
    return Two(us, them)


@dataclass(frozen=True)
class BeforeOurRead:
    """Watches for the moment at which a step begins."""

    act: Callable[[], None]

    def on(self, event: Event) -> None:
        if isinstance(event, StepBegun):
            self.act()


def just_after_our_write(patch: pytest.MonkeyPatch, two: Two, act: Callable[[], None]) -> None:
    wait, ours = Google.wait, two.us.google.chance

    def late(google: Google, operation: Operation, timeout: float | None = None) -> Body:
        done = wait(google, operation, timeout)
        if google.chance is ours:
            act()
        return done

    patch.setattr(Google, "wait", late)


def insist_that_theirs_stands(two: Two, error: RemediateError, ref: Ref) -> None:
    assert two.state is not None
    assert moved(two.state, two.us.state()) == {}
    assert str(ref) in str(error)
    assert error.exit_code == 5


def test_every_call_of_every_kind_is_tried_here() -> None:
    facts = {name: kind(name) for name in NAMES}
    calls_of = {(name, how.method) for name in NAMES for how in facts[name].updates}
    tried = {(edit.name, edit.method) for edit in EDITS}
    assert tried == calls_of | {("DnsZone", "changes.create")}


def at_odds(two: Two, edit: Edit) -> Callable[[], None]:
    """Our change is written and yet to be applied; theirs is what this does."""
    example = edit.example
    two.stand(example, *edit.beside)
    two.write(two.us, example, example.changed(edit.ours), *edit.beside)
    return two.theirs(example, example.changed(edit.theirs), *edit.beside)


@pytest.mark.parametrize("edit", EDITS, ids=str)
def test_their_change_before_our_read_stands(two: Two, edit: Edit) -> None:
    act = at_odds(two, edit)
    with pytest.raises(Stale) as stale:
        two.us.carry_out([BeforeOurRead(act)], allow=MEANT)
    insist_that_theirs_stands(two, stale.value, ref_of(edit.example))


@pytest.mark.parametrize("edit", COMPARED, ids=str)
def test_their_change_just_before_our_write_stands_where_google_compares(
    two: Two, edit: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    act = at_odds(two, edit)
    just_before_our_write(monkeypatch, act)
    with pytest.raises(Stale) as stale:
        two.us.apply(allow=MEANT)
    insist_that_theirs_stands(two, stale.value, ref_of(edit.example))


@pytest.mark.parametrize("edit", COMPARED, ids=str)
def test_their_change_just_before_a_rollback_writes_stands_where_google_compares(
    two: Two, edit: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    act = at_odds(two, edit)
    two.us.apply(allow=MEANT)
    just_before_our_write(monkeypatch, act)
    with pytest.raises(Stale) as stale:
        two.us.roll_back(allow=MEANT)
    insist_that_theirs_stands(two, stale.value, ref_of(edit.example))


@pytest.mark.parametrize("edit", BLIND, ids=str)
def test_their_change_just_after_our_write_is_told_where_google_does_not_compare(
    two: Two, edit: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    act = at_odds(two, edit)
    just_after_our_write(monkeypatch, two, act)
    with pytest.raises(Stale, match="by somebody else just after") as stale:
        two.us.apply(allow=MEANT)
    insist_that_theirs_stands(two, stale.value, ref_of(edit.example))


def another(example: Example) -> Document:
    """The example as somebody else would have it."""
    patches = [*example.changes.values(), *example.replacements.values()]
    return example.changed(next(iter(patches)))


def prepared(two: Two, example: Example) -> Callable[[], None]:
    """All but the example is there; we are to create it, and so are they."""
    two.write(two.us, example)
    two.us.apply(allow=MEANT)
    two.write(two.us, example, example.first)
    return two.theirs(example, another(example))


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_what_they_create_before_our_read_is_theirs(two: Two, example: Example) -> None:
    act = prepared(two, example)
    with pytest.raises(Stale) as stale:
        two.us.carry_out([BeforeOurRead(act)], allow=MEANT)
    insist_that_theirs_stands(two, stale.value, ref_of(example))


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_what_they_create_just_before_our_write_is_theirs(
    two: Two, example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    just_before_our_write(monkeypatch, prepared(two, example))
    with pytest.raises(Stale) as stale:
        two.us.apply(allow=MEANT)
    insist_that_theirs_stands(two, stale.value, ref_of(example))


def remade(two: Two, example: Example) -> Callable[[], None]:
    """They make another of it: in place where it has changes, else under the name of the old."""
    act = two.theirs(example, another(example))

    def delete_and_act() -> None:
        if two.state is None and not example.changes:
            ref, facts, google = ref_of(example), example.facts, two.them.google
            api = google.api(facts.api)
            google.wait(
                api.call("delete", scope_path(ref), facts.collection, ref.name, request_id=ID)
            )
        act()

    return delete_and_act


def is_unguarded(name: str) -> bool:
    return all(how.compare is Compare.NOTHING for how in kind(name).updates)


@pytest.mark.parametrize("edit", [edit for edit in BLIND if is_unguarded(edit.name)], ids=str)
def test_what_they_change_of_a_new_one_before_we_read_it_back_is_told(
    two: Two, edit: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = edit.example
    prepared(two, example)
    two.write(two.us, example, example.changed(edit.ours))
    act = two.theirs(example, example.changed(edit.theirs))
    just_after_our_write(monkeypatch, two, act)
    with pytest.raises(Stale, match="by somebody else just after insert") as stale:
        two.us.apply(allow=MEANT)
    insist_that_theirs_stands(two, stale.value, ref_of(example))


@pytest.mark.parametrize("example", [one for one in EXAMPLES if not one.facts.updates], ids=str)
def test_what_they_put_in_the_place_of_a_new_one_before_we_read_it_back_is_told(
    two: Two, example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared(two, example)
    just_after_our_write(monkeypatch, two, remade(two, example))
    with pytest.raises(Stale, match="by somebody else just after insert") as stale:
        two.us.apply(allow=MEANT)
    insist_that_theirs_stands(two, stale.value, ref_of(example))


@pytest.mark.parametrize("example", [one for one in EXAMPLES if one.name != "DnsZone"], ids=str)
def test_what_they_made_another_of_is_not_deleted(two: Two, example: Example) -> None:
    two.stand(example)
    two.write(two.us, example)
    is_set_aside = example.facts.removal is Removal.LATER
    if is_set_aside:
        two.us.apply(prune=True, allow=MEANT)
    us, watchers = two.us, [BeforeOurRead(remade(two, example))]
    end = partial(us.gc, retention=0) if is_set_aside else partial(us.carry_out, prune=True)
    with pytest.raises(Stale) as stale:
        end(watchers=watchers, allow=MEANT)
    insist_that_theirs_stands(two, stale.value, ref_of(example))


def test_a_zone_that_they_changed_is_not_deleted_though_our_records_are(two: Two) -> None:
    example = next(one for one in examples("DnsZone") if one.variant == "private")
    two.stand(example)
    two.write(two.us, example)
    act = two.theirs(example, example.changed({"description": "theirs"}))
    with pytest.raises(PartlyApplied, match="DnsZone/inner has changed since"):
        two.us.carry_out([BeforeOurRead(act)], prune=True, allow=MEANT)
    live = two.us.live("DnsZone/inner")
    assert live is not None
    assert live["description"] == "theirs"


@pytest.mark.parametrize("example", [one for one in EXAMPLES if one.facts.delete_compares], ids=str)
def test_what_they_changed_just_before_our_deletion_is_not_deleted_where_google_compares(
    two: Two, example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.stand(example)
    two.write(two.us, example)
    just_before_our_write(monkeypatch, two.theirs(example, another(example)))
    with pytest.raises(Stale) as stale:
        two.us.apply(prune=True, allow=MEANT)
    insist_that_theirs_stands(two, stale.value, ref_of(example))


def test_a_record_set_that_they_changed_just_before_our_deletion_is_not_deleted(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit = next(one for one in EDITS if one.method == "changes.create")
    two.stand(edit.example)
    two.write(two.us, edit.example, edit.example.changed({"records": {"mail": None}}))
    theirs = two.theirs(edit.example, edit.example.changed(edit.theirs))
    just_before_our_write(monkeypatch, theirs)
    with pytest.raises(Stale, match=r"DnsZone/public/mail.example.com./A was changed") as stale:
        two.us.apply(prune=True, allow=MEANT)
    insist_that_theirs_stands(two, stale.value, ref_of(edit.example))
