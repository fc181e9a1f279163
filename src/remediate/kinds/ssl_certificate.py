"""SSL certificates of Compute Engine, Google-managed and self-managed. None of it ever changes.

Facts: the discovery document's `SslCertificate` and `SslCertificateManagedSslCertificate`;
https://cloud.google.com/load-balancing/docs/ssl-certificates/troubleshooting for the states.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from remediate.kinds.facts import Readiness, Removal, Replacement, Scope, Verdict
from remediate.kinds.fields.domains import is_domain, once, plain_domain
from remediate.kinds.fields.issuance import advice
from remediate.kinds.fields.pem import chain_faults, key_faults, leaf_digest
from remediate.kinds.fields.rules import Fault, at_most, exactly_one, spelled, values
from remediate.kinds.fields.spec import Spec, Text, Word
from remediate.kinds.kind import Kind
from remediate.model.json import Body
from remediate.model.plan import Action, Risk, Undo

DOMAIN_LIMIT = 100
SOAK = 1800.0  # seconds: ACTIVE, it may take half an hour until every front end serves it
# After RENEWAL_FAILED only a new one helps, though this one serves until it expires.
_FINAL = frozenset({"PROVISIONING_FAILED_PERMANENTLY", "RENEWAL_FAILED"})


class SslCertificateManagedSslCertificate(Spec):
    domains: list[Text]


class SslCertificateSelfManagedSslCertificate(Spec):
    certificate: Text | None = None
    privateKey: Text | None = None


class SslCertificate(Spec):
    certificate: Text | None = None
    description: Text | None = None
    managed: SslCertificateManagedSslCertificate | None = None
    privateKey: Text | None = None
    selfManaged: SslCertificateSelfManagedSslCertificate | None = None
    type: Annotated[Literal["MANAGED", "SELF_MANAGED", "TYPE_UNSPECIFIED"], Word] | None = None


def check(spec: Mapping[str, object]) -> list[Fault]:
    if spec.get("type") == "MANAGED":
        return [*_managed(spec)]
    return [*_self_managed(spec)]


def check_scope(spec: Mapping[str, object], scope: Scope) -> list[Fault]:
    """Compute's managed certificates are global alone.

    Source: https://cloud.google.com/load-balancing/docs/ssl-certificates, "Certificate types".
    """
    if spec.get("type") != "MANAGED" or scope is Scope.GLOBAL:
        return []
    return [("/type", "a MANAGED certificate is global; a region takes a managed `Certificate`")]


def _managed(spec: Mapping[str, Any]) -> Iterator[Fault]:
    for name in ("certificate", "privateKey", "selfManaged"):
        if spec.get(name) is not None:
            yield f"/{name}", f"a MANAGED certificate has no {name}; Google issues it"
    if not (spec.get("managed") or {}).get("domains"):
        yield "/managed", "a MANAGED certificate needs managed.domains"
        return
    yield from at_most(spec, "/managed/domains", DOMAIN_LIMIT, "domains in a managed certificate")
    wildcards = {at for at, name in values(spec, "/managed/domains/*") if name.startswith("*.")}
    for at in sorted(wildcards):
        yield at, "Compute's managed certificates take no wildcards; Certificate Manager's do"
    for fault in spelled(spec, "/managed/domains/*", is_domain, "a domain name"):
        if fault[0] not in wildcards:
            yield fault
    yield from once(spec, "/managed/domains/*")


def _self_managed(spec: Mapping[str, Any]) -> Iterator[Fault]:
    if spec.get("managed") is not None:
        yield "/managed", "managed.domains go with type MANAGED"
    inner = spec.get("selfManaged") or {}
    if "certificate" not in inner or "certificate" not in spec:
        given = {**spec, "selfManaged.certificate": inner.get("certificate")}
        yield from exactly_one(given, ("certificate", "selfManaged.certificate"))
    for pattern in ("/certificate", "/selfManaged/certificate"):
        yield from chain_faults(spec, pattern)
    for pattern in ("/privateKey", "/selfManaged/privateKey"):
        yield from key_faults(spec, pattern)


def ready(body: Body) -> Readiness:
    """A managed certificate is ready when ACTIVE; one of our own at once.

    The state counts the domains that are not ACTIVE yet, and names those that failed, by Google's
    word for why.
    """
    managed = body.get("managed")
    if not isinstance(managed, dict):
        return Readiness(ready=True, state="")
    status = str(managed.get("status") or "PROVISIONING")
    domains = managed.get("domainStatus")
    waiting: dict[str, list[str]] = defaultdict(list)
    for name, word in sorted(domains.items()) if isinstance(domains, dict) else ():
        if word != "ACTIVE":
            waiting[str(word)].append(name)
    return Readiness(
        ready=status == "ACTIVE",
        state=_state(status, waiting),
        failed=status in _FINAL,
        serves=bool(body.get("expireTime")),
        advice=advice(waiting),
    )


def _state(status: str, waiting: Mapping[str, list[str]]) -> str:
    told = [
        f"{word} of {', '.join(names) if word.startswith('FAILED') else _counted(names)}"
        for word, names in waiting.items()
    ]
    if [*waiting] == [status]:
        return told[0]
    return f"{status} ({'; '.join(told)})" if told else status


def _counted(names: list[str]) -> str:
    return f"{len(names)} domain{'s' if len(names) > 1 else ''}"


def again(body: Body) -> Body:
    """Google fills in the certificate that it has issued; nobody may send it one."""
    if body.get("type") != "MANAGED":
        return body
    return {name: value for name, value in body.items() if name != "certificate"}


def lost(body: Body) -> str:
    if body.get("type") == "MANAGED":
        return ""
    return "its private key is never given back"


KIND = Kind(
    name="SslCertificate",
    collection="sslCertificates",
    schema="SslCertificate",
    spec=SslCertificate,
    scopes=frozenset({Scope.GLOBAL, Scope.REGION}),
    server_set=frozenset(
        {
            *("/kind", "/id", "/name", "/selfLink", "/creationTimestamp", "/region"),
            *("/expireTime", "/subjectAlternativeNames"),
            *("/managed/status", "/managed/domainStatus"),
        }
    ),
    immutable=frozenset(f"/{name}" for name in SslCertificate.__annotations__),
    replacement=Replacement.BESIDE,
    write_only=frozenset({"/privateKey", "/selfManaged/privateKey"}),
    unordered=frozenset({"/managed/domains"}),
    normalise={
        "/managed/domains/*": plain_domain,
        "/certificate": leaf_digest,
        "/selfManaged/certificate": leaf_digest,
    },
    updates=(),
    outputs=frozenset({"selfLink", "id", "expireTime"}),
    base_risk=Risk.LOW,
    removal=Removal.LATER,
    undo={
        Action.CREATE: Verdict(Undo.EXACT, "it is detached and deleted again"),
        Action.REPLACE: Verdict(Undo.EXACT, "the old certificate stays and is attached again"),
        Action.DELETE: Verdict(
            Undo.APPROXIMATE, "a managed one is issued anew, in 60 to 90 minutes"
        ),
    },
    ready=ready,
    soak=SOAK,
    lost=lost,
    again=again,
    check=check,
    check_scope=check_scope,
)
