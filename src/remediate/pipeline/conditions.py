"""Hold a step back until what it waits for has come about, as Google says or a client sees."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from threading import Event

from remediate.gcp.api import Api
from remediate.gcp.google import Google
from remediate.kinds.bodies.calls import read
from remediate.kinds.bodies.links import scope_path
from remediate.kinds.facts import Readiness
from remediate.kinds.registry import kind
from remediate.model.clock import rest
from remediate.model.condition import Await, Condition
from remediate.model.errors import CheckFailed, Interrupted
from remediate.model.progress import Waiting, Watcher, tell
from remediate.model.ref import Ref
from remediate.pipeline.coverage import leads
from remediate.probes.caa import caa_permits
from remediate.probes.chain import serial_of
from remediate.probes.dial import dial_for
from remediate.probes.dns import ANSWERED, finding, resolve

READY_TIMEOUT = 3600.0  # seconds; Google's own word for a managed certificate
PROPAGATION = 900.0  # seconds until resolvers have a change of DNS: their negative caches included
SERVED_TIMEOUT = 1800.0  # seconds; as long again as a certificate may take to be served
_PAUSES = (2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
_RECORD_TYPES = ("A", "AAAA")


@dataclass(frozen=True, slots=True)
class Vigil:
    """Who waits, for how long, and what ends it."""

    google: Google
    watchers: Sequence[Watcher]
    timeouts: Mapping[Ref, float]  # lifecycle.wait, by live name, in seconds
    stopping: Event
    allowances: Mapping[str, str]

    def until(self, ref: Ref | str, look: Callable[[], str], timeout: float, late: str) -> None:
        """Until `look` finds nothing more that is missing; CheckFailed after `timeout` seconds.

        Raises Interrupted when no more is to be begun.
        """
        clock = self.google.clock
        began, looks = clock.monotonic(), 0
        while missing := look():
            waited = clock.monotonic() - began
            if waited >= timeout:
                raise CheckFailed(f"{late.format(minutes=round(waited / 60))}: {missing}")
            if self.stopping.is_set():
                raise Interrupted(f"interrupted while waiting for {ref}: {missing}")
            tell(self.watchers, Waiting(ref, missing, waited))
            rest(clock, _PAUSES[min(looks, len(_PAUSES) - 1)], self.stopping)
            looks += 1
        if looks or isinstance(ref, str):  # that checks hold is told, however soon
            tell(self.watchers, Waiting(ref, "", clock.monotonic() - began))

    def is_waived(self, rule: str, ref: Ref) -> bool:
        return f"{rule}:{ref}" in self.allowances or rule in self.allowances


def wait_until_ready(ref: Ref, vigil: Vigil) -> None:
    """Until Google says so; raises CheckFailed at the deadline, or when it never will."""
    stands: Readiness | None = None

    def look() -> str:
        nonlocal stands
        body = read(vigil.google, ref)
        if body is None:
            raise CheckFailed(f"{ref} is gone while its becoming ready was waited for")
        stands = kind(ref.kind).ready(body)
        if stands.failed:
            raise CheckFailed(f"{ref} will not become ready: {stands.state}")
        return "" if stands.ready else stands.state

    timeout = vigil.timeouts.get(ref, READY_TIMEOUT)
    try:
        vigil.until(ref, look, timeout, f"{ref} is not ready after {{minutes}} minutes")
    except CheckFailed as error:
        if stands and stands.advice:
            error.hint = stands.advice
        raise


def hold(condition: Condition, vigil: Vigil, *, dns_moved: bool) -> None:
    """Until the condition holds. `dns_moved`: this run has changed records, which takes its time.

    Raises CheckFailed when it does not in time, Interrupted when no more is to be begun.
    """
    match condition.what:
        case Await.ISSUABLE:
            _issuable(condition, vigil, PROPAGATION if dns_moved else 0.0)
        case Await.SOAK:
            _soak(condition, vigil)
        case Await.SERVED:
            _served(condition, vigil)


def _issuable(condition: Condition, vigil: Vigil, timeout: float) -> None:
    """Google validates where the domain leads; what leads elsewhere too is never issued."""
    if vigil.is_waived("certificate-precheck", condition.ref):
        return
    holder = condition.holder
    late = (
        f"{condition.ref} is not made for {holder}, since Google would not issue it "
        "(`--allow certificate-precheck=REASON` goes on all the same)"
    )

    def look() -> str:
        return "; ".join(_obstacles(condition, vigil.google))

    vigil.until(condition.ref, look, timeout, late)


def _obstacles(condition: Condition, google: Google) -> Iterator[str]:
    addresses = addresses_of(condition.holder, google)
    if not addresses:
        yield f"no forwarding rule on port 443 leads to {condition.holder}"
        return
    dial = dial_for(google)
    for domain in condition.domains:
        yield from _astray(google, domain, addresses)
        permission = caa_permits(dial, domain)
        if permission.permitted is not True:
            yield permission.message


def _astray(google: Google, domain: str, addresses: Sequence[str]) -> Iterator[str]:
    """What a domain leads to besides, or instead of, the load balancer.

    A resolver that could not be asked counts only where no other could.
    """
    for rrtype in _RECORD_TYPES:
        said = resolve(dial_for(google), domain, rrtype)
        heard = [seen for seen in said if seen.outcome in ANSWERED]
        told: dict[str, list[str]] = defaultdict(list)
        for seen in heard or said:
            strays = any(_plain(value) not in addresses for value in seen.values)
            if strays or (not seen.values and (rrtype == "A" or not heard)):
                told[finding(seen)].append(seen.server)
        for what, resolvers in told.items():
            wanted = f"it should lead to the load balancer's {', '.join(addresses)} alone"
            yield f"{', '.join(resolvers)}: {what}" + (f" ({wanted})" if heard else "")


def addresses_of(proxy: Ref, google: Google) -> tuple[str, ...]:
    """The IPs at whose port 443 clients meet a proxy, by the live forwarding rules."""
    rules = google.api(Api.COMPUTE).list(scope_path(proxy), "forwardingRules")
    found = {_plain(str(r["IPAddress"])) for r in rules if leads(r, proxy, google.project)}
    return tuple(sorted(found))


def _plain(address: str) -> str:
    try:
        return str(ip_address(address))
    except ValueError:
        return address


def _soak(condition: Condition, vigil: Vigil) -> None:
    """From being seen ready to being everywhere: when it became so before, nobody has told."""
    ref, clock = condition.ref, vigil.google.clock
    end = clock.monotonic() + condition.seconds

    def look() -> str:
        over = clock.monotonic() >= end
        return (
            "" if over else f"ready, and left {condition.seconds / 60:g} minutes to be everywhere"
        )

    vigil.until(ref, look, condition.seconds, f"{ref} has not soaked")


def _served(condition: Condition, vigil: Vigil) -> None:
    """Every address shows it to whoever asks for one of its domains."""
    ref, google = condition.ref, vigil.google
    if vigil.is_waived("certificate-unseen", ref):
        return
    body = read(google, ref) or {}
    serial = serial_of(str(body.get("certificate") or body.get("pemCertificate") or ""))
    late = (
        f"{ref} is ready, but not served after {{minutes}} minutes "
        "(`--allow certificate-unseen=REASON` goes on all the same)"
    )

    def look() -> str:
        return "; ".join(_unseen(condition, serial, google))

    vigil.until(ref, look, SERVED_TIMEOUT, late)


def _unseen(condition: Condition, serial: str | None, google: Google) -> Iterator[str]:
    from remediate.probes.tls import shake_hands_all

    addresses = addresses_of(condition.holder, google)
    if serial is None:
        yield f"Google does not tell the serial number of {condition.ref}"
    elif not addresses:
        yield f"no forwarding rule on port 443 leads to {condition.holder}"
    asked = [(each, domain) for each in addresses if serial for domain in condition.domains]
    roots = [google.sandbox.ca()] if google.sandbox else None
    for seen in shake_hands_all(dial_for(google), asked, now=google.clock.now(), roots=roots):
        if seen.serial != serial:
            yield seen.message
