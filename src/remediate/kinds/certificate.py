"""Certificates of Certificate Manager: issued by Google for domains, or brought along.

Facts: the discovery document's `Certificate`, `ManagedCertificate` and `SelfManagedCertificate`;
https://cloud.google.com/certificate-manager/docs/domain-authorization for who proves what.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from remediate.gcp.api import Api
from remediate.kinds.facts import (
    Compare,
    Linked,
    Readiness,
    Removal,
    Replacement,
    Scope,
    Update,
    Verdict,
)
from remediate.kinds.fields.domains import is_host, once, plain_domain
from remediate.kinds.fields.issuance import advice
from remediate.kinds.fields.labels import label_faults, with_whole_labels
from remediate.kinds.fields.pem import chain_faults, key_faults, leaf_digest
from remediate.kinds.fields.rules import Fault, at_most, exactly_one, not_together, spelled, values
from remediate.kinds.fields.spec import Spec, Text, Word
from remediate.kinds.kind import Kind
from remediate.model.json import Body, Json
from remediate.model.plan import Action, FieldChange, Risk, Undo
from remediate.model.values import Template

DOMAIN_LIMIT = 100
TAGS = "tags are bound once and never read back; Resource Manager binds them at any time"
KEY = "its private key is never given back"
_OF_A_WORKLOAD = "it is the identity of a workload in a trust domain, not of a host name"


class ManagedCertificate(Spec):
    dnsAuthorizations: list[Text] | None = None
    domains: list[Text] | None = None
    issuanceConfig: Text | None = None


class SelfManagedCertificate(Spec):
    pemCertificate: Text | None = None
    pemPrivateKey: Text | None = None


class Certificate(Spec):
    description: Text | None = None
    labels: dict[str, Text] | None = None
    managed: ManagedCertificate | None = None
    scope: (
        Annotated[Literal["DEFAULT", "EDGE_CACHE", "ALL_REGIONS", "CLIENT_AUTH"], Word] | None
    ) = None
    selfManaged: SelfManagedCertificate | None = None


def check(spec: Mapping[str, object]) -> list[Fault]:
    return [
        *exactly_one(spec, ("managed", "selfManaged")),
        *_managed(spec),
        *_self_managed(spec),
        *label_faults(spec),
    ]


def _managed(spec: Mapping[str, Any]) -> Iterator[Fault]:
    managed = spec.get("managed")
    if managed is None:
        return
    if not managed.get("domains"):
        yield "/managed", "a managed certificate needs domains"
    yield from at_most(spec, "/managed/domains", DOMAIN_LIMIT, "domains in a managed certificate")
    yield from spelled(spec, "/managed/domains/*", is_host, "a domain name")
    yield from once(spec, "/managed/domains/*")
    yield from not_together(managed, ("dnsAuthorizations", "issuanceConfig"), "/managed")
    if managed.get("dnsAuthorizations") or managed.get("issuanceConfig"):
        return
    for at, name in values(spec, "/managed/domains/*"):
        if name.startswith("*."):
            yield at, "a wildcard needs dnsAuthorizations: no load balancer can prove it"


def _self_managed(spec: Mapping[str, Any]) -> Iterator[Fault]:
    own = spec.get("selfManaged")
    if own is None:
        return
    if "pemCertificate" not in own:
        yield "/selfManaged", "a self-managed certificate needs its pemCertificate"
    yield from chain_faults(spec, "/selfManaged/pemCertificate")
    yield from key_faults(spec, "/selfManaged/pemPrivateKey")


def check_links(spec: Mapping[str, Any], linked: Linked) -> list[Fault]:
    """Each domain is authorized; somebody else's authorization may be for any of them."""
    held = (spec.get("managed") or {}).get("dnsAuthorizations") or ()
    domains = [each["domain"] for _ref, each in linked.values() if "domain" in each]
    if not held or len(domains) < len(held) or any(isinstance(d, Template) for d in domains):
        return []
    known = {plain_domain(domain) for domain in domains}
    return [
        (at, f"none of its dnsAuthorizations is for {name}")
        for at, name in values(spec, "/managed/domains/*")
        if name.lower().removeprefix("*.") not in known
    ]


def without_usual_scope(value: Json) -> Json:
    """Google leaves DEFAULT out of its answers."""
    return None if value == "DEFAULT" else value


def as_written(body: Body) -> Body:
    """What was brought along is answered elsewhere than it is written, and never with its key."""
    if {"managed", "managedIdentity"} & body.keys() or "pemCertificate" not in body:
        return body
    return {**body, "selfManaged": {"pemCertificate": body["pemCertificate"]}}


def ready(body: Body) -> Readiness:
    """A managed certificate is ready when ACTIVE; one of our own at once.

    Google gives up for good at FAILED. The state tells the reason, and of every domain that is not
    authorized what the last attempt came to.
    """
    managed = body.get("managed")
    if not isinstance(managed, dict):
        return Readiness(ready=True, state="")
    state = str(managed.get("state") or "PROVISIONING")
    issue = managed.get("provisioningIssue")
    reason = issue.get("reason") if isinstance(issue, dict) else None
    attempts = managed.get("authorizationAttemptInfo")
    attempts = attempts if isinstance(attempts, list) else []
    laggards = [*_laggards(attempts)]
    told = f"{state}: {reason}" if reason else state
    told += f" ({', '.join(laggards)})" if laggards else ""
    failures = {str(each.get("failureReason")) for each in attempts if isinstance(each, dict)}
    advised = advice(sorted(failures))
    return Readiness(state == "ACTIVE", told, failed=state == "FAILED", advice=advised)


def _laggards(attempts: list[Json]) -> Iterator[str]:
    for attempt in attempts:
        if isinstance(attempt, dict) and attempt.get("state") != "AUTHORIZED":
            words = (attempt.get(name) for name in ("domain", "state", "failureReason"))
            yield " ".join(str(word) for word in words if word)


def ready_alone(body: Mapping[str, Any]) -> bool:
    """Only who proves its domains by a load balancer has to be shown by one before it is issued."""
    managed = body.get("managed") or {}
    return bool(managed.get("dnsAuthorizations") or managed.get("issuanceConfig"))


def one_way(change: FieldChange) -> str:
    """A certificate stays what it was made as; only what was brought along can be exchanged."""
    if change.pointer == "/selfManaged" and (change.before is None or change.after is None):
        return "a managed certificate never becomes a self-managed one, nor the other way"
    return ""


def verdict(changes: Sequence[FieldChange]) -> Verdict | None:
    if not any(change.pointer.startswith("/selfManaged") for change in changes):
        return None
    return Verdict(Undo.APPROXIMATE, f"it shows the new one until the old is written again: {KEY}")


def lost(body: Body) -> str:
    return "" if body.get("managed") else KEY


KIND = Kind(
    name="Certificate",
    collection="certificates",
    schema="Certificate",
    spec=Certificate,
    api=Api.CERTIFICATE_MANAGER,
    scopes=frozenset({Scope.GLOBAL, Scope.REGION}),
    links={
        "/managed/dnsAuthorizations/*": ("DnsAuthorization",),
        "/managed/issuanceConfig": ("certificateIssuanceConfigs",),
    },
    server_set=frozenset(
        {
            *("/name", "/createTime", "/updateTime", "/expireTime", "/pemCertificate"),
            *("/sanDnsnames", "/usedBy"),
            *("/managed/state", "/managed/provisioningIssue", "/managed/authorizationAttemptInfo"),
        }
    ),
    unsupported={"/tags": TAGS, "/managedIdentity": _OF_A_WORKLOAD},
    immutable=frozenset({"/managed", "/scope"}),
    replacement=Replacement.BESIDE,
    one_way=one_way,
    write_only=frozenset({"/selfManaged/pemPrivateKey"}),
    unordered=frozenset({"/managed/domains", "/managed/dnsAuthorizations"}),
    normalise={
        "/managed/domains/*": plain_domain,
        "/selfManaged/pemCertificate": leaf_digest,
        "/scope": without_usual_scope,
    },
    defaults={"/description": ""},
    updates=(Update("patch", compare=Compare.NOTHING, sends=with_whole_labels),),
    outputs=frozenset({"name", "expireTime"}),
    base_risk=Risk.LOW,
    removal=Removal.LATER,
    undo={
        Action.CREATE: Verdict(Undo.EXACT, "it is detached and deleted again"),
        Action.UPDATE: Verdict(Undo.EXACT, "the old values are patched back"),
        Action.REPLACE: Verdict(Undo.EXACT, "the old certificate stays and is attached again"),
        Action.DELETE: Verdict(
            Undo.APPROXIMATE, "a managed one is issued anew, soon where DNS still authorizes it"
        ),
    },
    # Recorded operations took 0.2 to 0.4 s.
    seconds=dict.fromkeys((Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE), 0.4),
    ready=ready,
    ready_alone=ready_alone,
    as_written=as_written,
    verdict=verdict,
    irrecoverable={"/selfManaged": KEY},
    lost=lost,
    check=check,
    check_links=check_links,
)
