"""A front door whose certificate is authorized by DNS and shown by a map, as documents."""

from __future__ import annotations

from typing import Any

from remediate.model.plan import Plan, Step
from remediate.model.progress import StepDone
from remediate.model.ref import Ref
from remediate.probes.dial import dial_for
from remediate.probes.tls import shake_hands
from tests.kinds.examples import examples
from tests.pipeline.documents import Document, address, rule, sets, url_map, zone
from tests.workbench import PROJECT, Workbench, document

DATA = "${DnsAuthorization/%s.dnsResourceRecord.data}"
LOCATION = f"v1/projects/{PROJECT}/locations/global"
ENTRY = "CertificateMapEntry/edge/a"
BROUGHT = next(one for one in examples("Certificate") if one.variant == "brought along")
EXCHANGED = BROUGHT.changed(BROUGHT.changes["it is exchanged"])["spec"]


def authorization(name: str = "a") -> Document:
    return document("DnsAuthorization", name, {"domain": f"{name}.example.com"})


def certificate(*names: str, **lifecycle: Any) -> Document:
    """For these hosts of example.com, authorized by DNS."""
    hosts = [f"{star}{name}.example.com" for name in names for star in ("", "*.")]
    spec = {"managed": {"domains": hosts, "dnsAuthorizations": [*names]}}
    return document("Certificate", "shown", spec, lifecycle)


def shown_by_balancer(*domains: str) -> Document:
    return document("Certificate", "shown", {"managed": {"domains": [*domains]}})


def entry(*certificates: str, **spec: Any) -> Document:
    body = {"hostname": "a.example.com", "certificates": [*certificates] or ["shown"], **spec}
    return document("CertificateMapEntry", "edge/a", body)


def proxy(**spec: Any) -> Document:
    return document("TargetHttpsProxy", "secure", {"urlMap": "main", **spec})


def records(*names: str) -> Document:
    """The hosts themselves, and what authorizes them."""
    proofs = {f"_acme-challenge.{name}": sets("CNAME", DATA % name) for name in names or ("a",)}
    hosts = {name: sets("A", "${Address/edge.address}") for name in names or ("a",)}
    return zone({**hosts, **proofs})


MAP = document("CertificateMap", "edge", {})
FRONT = (address(), url_map(), proxy(certificateMap="edge"), rule("TargetHttpsProxy/secure", "443"))


def chain(*names: str) -> list[Document]:
    """Everything from the authorizations to the front door."""
    names = names or ("a",)
    proofs = [authorization(name) for name in names]
    return [*FRONT, MAP, entry(), certificate(*names), *proofs, records(*names)]


def at(made: Plan, ref: str) -> Step:
    """The last step of a resource."""
    return [step for step in made.steps if str(step.ref) == ref][-1]


def wave(made: Plan, ref: str) -> int:
    return max(n for n, steps in enumerate(made.waves) if any(str(s.ref) == ref for s in steps))


def shown(workbench: Workbench) -> list[str]:
    body: Any = workbench.live(ENTRY)
    return sorted(link.rpartition("/")[2] for link in body["certificates"])


def state(workbench: Workbench, ref: str | Ref) -> Any:
    body: Any = workbench.live(ref)
    return body["managed"]["state"]


class Witness:
    """After every step: what is done, where the certificate stands, and what a client is shown."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.early: list[str] = []  # done before the certificate was ACTIVE
        self.refused: list[str] = []  # shown at the front door instead of it

    def on(self, event: object) -> None:
        if not isinstance(event, StepDone):
            return
        body: Any = self.workbench.live("Certificate/shown")
        if body is None or body["managed"]["state"] != "ACTIVE":
            self.early.append(str(event.step.ref))
        if self.workbench.live("ForwardingRule/port-443"):
            edge: Any = self.workbench.live("Address/edge")
            google, host = self.workbench.google, "a.example.com"
            seen = shake_hands(dial_for(google), edge["address"], host, now=google.clock.now())
            if not seen.serial or "name_mismatch" in seen.problems:
                self.refused.append(str(seen))
