"""Certificates of a proxy, and ways to have the right ones served again."""

from __future__ import annotations

from typing import Any

from remediate.diagnosis.balancer import SPREADS
from remediate.diagnosis.certificate_bodies import covers, expires
from remediate.diagnosis.edge import Edge
from remediate.diagnosis.node import Judged, Remedy
from remediate.kinds.ssl_certificate import SOAK
from remediate.model.json import Body
from remediate.model.ref import GLOBAL, Ref

ISSUE = 3600  # seconds that a first issue may take once names and load balancer are right
AGAIN = "exact: `remediate rollback --snapshot latest` while the old certificate exists"


def certificates_of(edge: Edge, body: Body) -> list[Ref]:
    links: Any = body.get("sslCertificates") or ()
    return [ref for link in links if (ref := edge.ref(link))]


def is_shown_by(edge: Edge, node: Judged) -> bool:
    """Whether a proxy shows its certificates all the same, whatever else is wrong with it."""
    body = edge.live(node.resource) if isinstance(node.resource, Ref) else None
    is_proxy = node.layer == "lb.target_proxy" and body is not None
    return is_proxy and not (body or {}).get("certificateMap")


def serves(edge: Edge, body: Body) -> bool:
    managed: Any = body.get("managed") or {}
    active = not managed or managed.get("status") in ("ACTIVE", "RENEWAL_FAILED")
    return active and not is_past(edge, body)


def is_past(edge: Edge, body: Body) -> bool:
    end = expires(body)
    return end is not None and end <= edge.signs.at


def anew(edge: Edge, node: Judged) -> Remedy:
    """Google never tries again: a new one beside it, under a name of its own."""
    proxies = [str(way.proxy) for way in edge.ways.values()]
    return Remedy(
        "apply",
        "make a certificate under a new name, attach it beside, wait until it is ACTIVE and served",
        tuple(dict.fromkeys([str(node.resource), *proxies])),
        seconds=ISSUE + int(SOAK),
        at_most=True,
        undo=AGAIN,
    )


def put_back(edge: Edge, proxy: Ref, refs: list[Ref]) -> Remedy:
    """Attach what served before beside what is attached, in one call, where that can serve yet.

    `apply` would not: it waits until every certificate that it attaches is ACTIVE.
    """
    old = " and ".join(map(str, refs))
    bodies = [edge.live(ref) for ref in refs]
    if not all(body is not None and serves(edge, body) for body in bodies):
        is_gone = any(_is_of_no_use(edge, ref) for ref in refs)
        text = f"attach {old} again, and wait until it is ACTIVE and served"
        if is_gone:
            text = f"make {old} anew, attach it beside, wait until it is ACTIVE and served"
        return Remedy(
            "apply" if is_gone else "rollback",
            text,
            tuple(map(str, (*refs, proxy))),
            seconds=ISSUE + int(SOAK),
            at_most=True,
            undo=AGAIN,
        )
    there = certificates_of(edge, edge.live(proxy) or {})
    names = ",".join(edge.live_ref(ref).name for ref in dict.fromkeys((*refs, *there)))
    before = ",".join(edge.live_ref(ref).name for ref in there)
    where = f"--region={proxy.location}" if proxy.location != GLOBAL else "--global"
    line = f"gcloud compute target-https-proxies update {proxy.name} {where}"
    back = f"--ssl-certificates={before}" if before else "--clear-ssl-certificates"
    return Remedy(
        "rollback",
        f"attach {old} again; take the other one off only when this is what is served",
        program=f"{line} --ssl-certificates={names} --project={edge.project}",
        seconds=SPREADS,
        at_most=True,
        undo=f"exact: the same command with {back}",
    )


def _is_of_no_use(edge: Edge, ref: Ref) -> bool:
    """Gone, or expired and nobody else's to renew."""
    body = edge.live(ref)
    is_over = body is not None and not body.get("managed") and is_past(edge, body)
    return edge.is_absent(ref) or is_over


def covering(edge: Edge, proxy: Ref, node: Judged, hosts: list[str]) -> Remedy:
    """For hosts that nothing attached is for: what is declared and left out, or a new one."""
    meant = certificates_of(edge, edge.wanted(proxy))
    there = certificates_of(edge, edge.live(proxy) or {})
    out = [ref for ref in meant if ref not in there]
    ready = [
        ref
        for ref in out
        if (body := edge.live(ref)) is not None
        and serves(edge, body)
        and any(covers(body, host) for host in hosts)
    ]
    return put_back(edge, proxy, ready or out) if out else anew(edge, node)
