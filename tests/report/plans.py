"""Plans to draw: the incident of staging, and one that holds everything else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from remediate.model.errors import Place
from remediate.model.plan import Action, Cause, Difference, FieldChange, Objection, Plan
from remediate.model.ref import Ref, parse_ref, record_ref
from remediate.model.values import Unknown
from remediate.pipeline.plan import plan_digest
from remediate.pipeline.surroundings import Surroundings
from remediate.pipeline.waves import waves

PROJECT = "netra-staging"
COMPUTE = f"https://www.googleapis.com/compute/v1/projects/{PROJECT}/"
ZONE = "netrasystems-staging"
DIGEST = "sha256:" + "5" * 64


def link(path: str) -> str:
    return COMPUTE + path


RULE = Ref("ForwardingRule", "staging-https")
FRONT = {
    "IPAddress": "203.0.113.10",
    "portRange": "443-443",
    "target": link("global/targetHttpsProxies/staging-https-proxy"),
}


def planned(
    differences: Sequence[Difference],
    objections: Sequence[Objection] = (),
    notes: Sequence[str] = (),
    *,
    desired_digest: str = DIGEST,
) -> Plan:
    live = {d.live: d.before for d in differences if d.before is not None} | {RULE: FRONT}
    wanted = {d.live: d.after for d in differences if d.after is not None}
    made = Plan(
        "staging",
        PROJECT,
        differences,
        waves(differences, Surroundings(PROJECT, live, wanted=wanted)),
        objections,
        notes,
        desired_digest,
        negative_ttls={parse_ref("DnsZone/netrasystems-staging"): 300},
    )
    return replace(made, digest=plan_digest(made))


def created(ref: Ref, /, **body: Any) -> Difference:
    whole = body if ref.is_record_set else {"name": ref.name, **body}
    return Difference(ref, Action.CREATE, ref, None, whole, (FieldChange("", None, whole),))


def updated(
    ref: Ref, before: dict[str, Any], after: dict[str, Any], cause: Cause = Cause.PENDING
) -> Difference:
    changes = tuple(
        FieldChange(f"/{name}", before.get(name), after.get(name))
        for name in sorted(before | after)
        if before.get(name) != after.get(name)
    )
    return Difference(ref, Action.UPDATE, ref, before, after, changes, cause)


def deleted(ref: Ref, **body: Any) -> Difference:
    whole = body if ref.is_record_set else {"name": ref.name, **body}
    return Difference(ref, Action.DELETE, ref, whole, None, (FieldChange("", whole, None),))


def set_aside(ref: Ref, **body: Any) -> Difference:
    return replace(deleted(ref, **body), action=Action.SET_ASIDE)


def kept(ref: Ref, **body: Any) -> Difference:
    whole = {"name": ref.name, **body}
    return Difference(ref, Action.KEEP, ref, whole, whole)


def records(fqdn: str, rrtype: str, ttl: int, *rrdatas: Any) -> dict[str, Any]:
    return {"name": fqdn, "type": rrtype, "ttl": ttl, "rrdatas": list(rrdatas)}


def address_record(name: str) -> Difference:
    fqdn = f"{name}.netrasystems.ai."
    ref = record_ref(ZONE, fqdn, "A")
    return created(ref, **records(fqdn, "A", 300, "203.0.113.10"))


def rotation() -> list[Difference]:
    certificate = parse_ref("SslCertificate/staging-ssl-cert")
    proxy = parse_ref("TargetHttpsProxy/staging-https-proxy")
    before = {
        "name": "staging-https-proxy",
        "urlMap": link("global/urlMaps/staging-url-map"),
        "sslCertificates": [link("global/sslCertificates/staging-ssl-cert-old")],
        "fingerprint": "abc=",
    }
    after = {**before, "sslCertificates": [link("global/sslCertificates/staging-ssl-cert")]}
    domains = ["staging.netrasystems.ai", "api-staging.netrasystems.ai"]
    return [
        created(certificate, type="MANAGED", managed={"domains": domains}),
        updated(proxy, before, after),
    ]


def incident() -> Plan:
    """Both address records gone, and an expired certificate alone on the proxy."""
    names = [address_record("api-staging"), address_record("staging")]
    return planned([*names, *rotation()])


def empty() -> Plan:
    made = planned([])
    ref = parse_ref("Address/staging-lb")
    return replace(made, written={ref: (ref, {})})


def motley() -> Plan:
    """One of everything that a plan can hold."""
    backend = parse_ref("BackendService/web")
    group = parse_ref("NetworkEndpointGroup/us-central1/web")
    rule = parse_ref("ForwardingRule/web-https")
    address = parse_ref("Address/web")
    txt, wild = "_spf.netrasystems.ai.", "*.old.netrasystems.ai."
    recreated = Difference(
        rule,
        Action.REPLACE,
        rule,
        {"name": "web-https", "portRange": "443-443", "IPAddress": "203.0.113.9"},
        {"name": "web-https", "portRange": "8443-8443", "IPAddress": "203.0.113.9"},
        (FieldChange("/portRange", "443-443", "8443-8443"),),
        replaces=rule,
    )
    beside = Difference(
        group,
        Action.REPLACE,
        group.named("web-0a1b2c3d"),
        {"name": "web", "cloudRun": {"service": "old"}},
        {"name": "web-0a1b2c3d", "cloudRun": {"service": "new"}},
        (FieldChange("/cloudRun/service", "old", "new"),),
        replaces=group,
    )
    differences = [
        created(address, addressType="EXTERNAL", ipVersion="IPV4"),
        created(
            record_ref(ZONE, "new.netrasystems.ai.", "A"),
            **records("new.netrasystems.ai.", "A", 300, Unknown(address, "address")),
        ),
        updated(
            backend,
            {
                "name": "web",
                "timeoutSec": 30,
                "customRequestHeaders": ["X-One: 1", "X-Two: 2"],
                "healthChecks": [link("global/healthChecks/old")],
            },
            {
                "name": "web",
                "timeoutSec": 3600,
                "customRequestHeaders": ["X-Two: 2", "X-Three: 3", "X-Four: a much longer value"],
                "healthChecks": [link("global/healthChecks/new")],
            },
            Cause.DRIFT,
        ),
        updated(
            record_ref(ZONE, txt, "TXT"),
            records(txt, "TXT", 3600, '"v=spf1 include:_spf.google.com ~all"'),
            records(txt, "TXT", 300, '"v=spf1 -all"'),
            Cause.CONFLICT,
        ),
        recreated,
        beside,
        deleted(record_ref(ZONE, wild, "CNAME"), **records(wild, "CNAME", 300, "web.example.")),
        set_aside(parse_ref("HealthCheck/old"), type="HTTP"),
        kept(parse_ref("UrlMap/web"), defaultService=link("global/backendServices/web")),
    ]
    objections = [
        Objection(
            "protected",
            "deny",
            rule,
            "ForwardingRule/web-https is protected from being replaced",
            place=Place("desired/staging/front.yaml", 7, 1),
        ),
        Objection(
            "dns-wildcard",
            "deny",
            record_ref(ZONE, wild, "CNAME"),
            "*.old.netrasystems.ai. CNAME answers for every name below it",
            allowed="the old site is gone",
        ),
        Objection("too-many-deletes", "warn", None, "1 of 3 record sets would go (33 %)"),
    ]
    return planned(differences, objections, ["nothing was applied from here yet"])
