"""The load balancer, judged: rules, proxies and backend services."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from remediate.diagnosis.edge import Edge, listens
from remediate.diagnosis.layers import identity
from remediate.diagnosis.looks import Look, Works, by_ip
from remediate.diagnosis.node import API, NOBODY, PROBE, Ailment, Judged, Remedy
from remediate.diagnosis.traffic import POLICIES, look_at_service
from remediate.kinds.bodies.links import project_relative
from remediate.kinds.registry import kind
from remediate.model.json import Body
from remediate.model.observation import Live, Unreadable
from remediate.model.plan import Action
from remediate.model.ref import Ref

EXACT = "exact: `remediate rollback --snapshot latest`"
SPREADS = 60  # seconds until all front ends have a change: a guess to be on the safe side
_NO_TLS = ("timeout", "refused", "unreachable")


def judge_balancer(edge: Edge) -> Iterator[Judged]:
    for ref in edge.of_kind("ForwardingRule"):
        yield _rule(edge, ref)
    for name in ("TargetHttpsProxy", "TargetHttpProxy"):
        for ref in edge.of_kind(name):
            yield _proxy(edge, ref)
    for ref in edge.of_kind("BackendService"):
        yield _service(edge, ref)


def begin(edge: Edge, layer: str, ref: Ref, requires: tuple[str, ...] = ()) -> Judged:
    """A node, with what is to be said where it is not there or cannot be read."""
    node = Judged(layer, ref, requires)
    if why := edge.blind(ref):
        node.blind.append(why)
    elif edge.is_absent(ref):
        remedy = applied(ref, "make it again as the YAML says", Action.CREATE)
        node.ailments.append(Ailment(f"{ref} does not exist", remedy, API))
    return node


def applied(ref: Ref, text: str, action: Action = Action.UPDATE) -> Remedy:
    """What `apply` does about one resource, and how long that takes Google."""
    seconds = int(kind(ref.kind).seconds.get(action, 0)) + SPREADS
    return Remedy("apply", text, (str(ref),), seconds=seconds, at_most=True, undo=EXACT)


def differs(node: Judged, told: str, remedy: Remedy, works: Works) -> None:
    """A difference from the YAML is an ailment unless what passes over it is seen to work."""
    if works:
        node.facts.append(f"{told}; it works all the same")
        return
    node.ailments.append(Ailment(told, remedy, API | (PROBE if works is False else NOBODY)))


# Rules, proxies


def _rule(edge: Edge, ref: Ref) -> Judged:
    wanted = edge.wanted(ref)
    under = tuple(identity("lb.address", at) for at in edge.reserved_for(ref))
    node = begin(edge, "lb.forwarding_rule", ref, under)
    node.ailments[:] = [_after(one, "lb.address") for one in node.ailments]
    body = edge.live(ref)
    if body is None:
        return node
    works = _reached(edge, ref)
    fix = applied(ref, "have the rule as the YAML says")
    target = edge.ref(body.get("target"))
    meant = edge.ref(wanted.get("target"))
    if meant and target != meant:
        differs(node, f"{ref} leads to {target or 'nothing'}, not to {meant}", fix, works)
    at, address = wanted.get("IPAddress"), body.get("IPAddress")
    if isinstance(at, str) and at != address:
        differs(node, f"{ref} is at {address}, not at {at}", _made_anew(ref), works)
    port = str(wanted.get("portRange") or "").partition("-")[0]
    if port.isdigit() and not listens(body, int(port)):
        differs(node, f"{ref} listens at {_ports(body)}, not {port}", _made_anew(ref), works)
    if not node.ailments and (silent := _silent(edge, ref)):
        remedy = Remedy("none", "look again from elsewhere: Google says that it is in order")
        node.ailments.append(
            Ailment(silent, remedy, PROBE, frozenset({"lb.address"}), contradicted=True)
        )
    node.facts.append(f"{address} port {_ports(body)} to {target}")
    return node


def _made_anew(ref: Ref) -> Remedy:
    """Where a rule listens cannot change: it is replaced, and for that a plan wants a reason."""
    allowed = f"rule-replaced:{ref}=it listens where nobody comes"
    return replace(
        applied(ref, "replace the rule by what the YAML says", Action.REPLACE),
        words=("apply", "--target", str(ref), "--allow", allowed),
        takes="the rule is gone for some seconds",
    )


def _ports(rule: Body) -> str:
    """`443`, or `8080-8090`."""
    first, _, last = str(rule.get("portRange") or "no port").partition("-")
    return first if last in ("", first) else f"{first}-{last}"


def _after(ailment: Ailment, *because: str) -> Ailment:
    return Ailment(
        ailment.evidence, ailment.remedy, ailment.sources, frozenset(because), ailment.waits
    )


def _reached(edge: Edge, rule: Ref) -> Works:
    """Whether clients of the hosts behind a rule get what they came for."""
    works = [by_ip(seen).works for seen in edge.seen_at(rule)]
    return None if not works or None in works else all(works)


def _silent(edge: Edge, rule: Ref) -> str:
    """What is seen where nobody listens."""
    told = [seen.tls for seen in edge.seen_at(rule) if seen.tls]
    if told and all(tls.outcome in _NO_TLS for tls in told):
        return told[0].message
    return ""


def _proxy(edge: Edge, ref: Ref) -> Judged:
    node = begin(edge, "lb.target_proxy", ref)
    body = edge.live(ref)
    if body is None:
        return node
    wanted = edge.wanted(ref)
    hosts = [way.host for way in edge.ways.values() if way.proxy == ref]
    works = Look.of([edge.look(host) for host in hosts]).works if hosts else None
    live, meant = (edge.ref(each.get("urlMap")) for each in (body, wanted))
    if meant and live != meant:
        fix = applied(ref, "have the proxy as the YAML says")
        differs(node, f"{ref} uses {live or 'no URL map'}, not {meant}", fix, works)
    if told := _turns_away(edge, wanted, body):
        policy = edge.ref(wanted.get("sslPolicy"))
        is_own = policy is not None and policy == edge.ref(body.get("sslPolicy"))
        fix = applied(policy if is_own and policy else ref, "let those clients in as the YAML does")
        differs(node, told, fix, None)
    of_map = str(body.get("certificateMap") or "")
    if of_map and not wanted.get("certificateMap"):
        name = of_map.rpartition("/")[2]
        told = f"{ref} has the certificate map {name}, so its own certificates are not heeded"
        line = (
            f"gcloud compute target-https-proxies update {ref.name} --global "
            f"--clear-certificate-map --project={edge.project}"
        )
        text = "take the map off the proxy, or add entries for the hosts"
        undo = f"exact: set the certificate map {name} again"
        remedy = Remedy("propose", text, program=line, seconds=SPREADS, at_most=True, undo=undo)
        differs(node, told, remedy, _trusted(edge, hosts))
    node.facts.append(f"it uses {live}")
    return node


def _turns_away(edge: Edge, wanted: Body, live: Body) -> str:
    """Which clients a proxy's SSL policy no longer speaks with; we ourselves know every version."""
    at, meant = (edge.ref(each.get("sslPolicy")) for each in (live, wanted))
    body = edge.live(at) if at else None
    allowed: Any = edge.wanted(meant) if meant in edge.declared and meant else {}
    least, asked = (
        str((each or {}).get("minTlsVersion") or _VERSIONS[0]) for each in (allowed, body)
    )
    if asked not in _VERSIONS[1:] or (least in _VERSIONS and asked <= least):
        return ""
    return f"{at} asks for {_spoken(asked)}, not for {_spoken(least)}: older clients are refused"


_VERSIONS = ("TLS_1_0", "TLS_1_1", "TLS_1_2", "TLS_1_3")


def _spoken(version: str) -> str:
    return version.replace("_", " ", 1).replace("_", ".")


def _trusted(edge: Edge, hosts: list[str]) -> Works:
    seen = [edge.signs.hosts.get(host) for host in hosts]
    told = [one.tls.outcome == "ok" for one in seen if one and one.tls]
    return all(told) if told else None


# Backend services


def _service(edge: Edge, ref: Ref) -> Judged:
    node = begin(edge, "lb.backend_service", ref)
    live = edge.live(ref)
    if live is None:
        return node
    wanted = edge.wanted(ref)
    look = look_at_service(edge, ref)
    fix = applied(ref, "have the backend service as the YAML says")
    _lets_in(edge, node, live, wanted, look)
    there = _groups(edge, live)
    for told in (_without(edge, ref, wanted, live), _checked_by(edge, ref, wanted, live)):
        if told:
            differs(node, told, fix, look.works)
    held = [p.held for p in edge.signs.paths if p.held and p.service in (ref, edge.live_ref(ref))]
    lasts = all(seen.outcome == "ok" for seen in held) if held else None
    if (limit := wanted.get("timeoutSec")) and int(str(live.get("timeoutSec") or 30)) < int(limit):
        told = f"{ref} ends requests after {live.get('timeoutSec')} s, not {limit} s"
        differs(node, told, fix, lasts)
    if wanted.get("protocol") and live.get("protocol") != wanted["protocol"]:
        told = f"{ref} speaks {live.get('protocol')}, not {wanted['protocol']}"
        differs(node, told, fix, look.works)
    node.facts.append(f"{len(there)} backend{'s' if len(there) != 1 else ''}")
    return node


def _without(edge: Edge, ref: Ref, wanted: Body, live: Body) -> str:
    """Which backend a service lacks, or has and sends nothing to."""
    meant, there = (_groups(edge, body) for body in (wanted, live))
    if gone := [group for group in meant if group not in there]:
        group = edge.ref(gone[0])
        return f"{ref} lacks its backend {group or gone[0].rpartition('/')[2]}"
    if idle := _idle(wanted, live):
        return f"{ref} sends nothing to its backend {idle}: capacityScaler 0"
    return ""


def _checked_by(edge: Edge, ref: Ref, wanted: Body, live: Body) -> str:
    """By which other health check a service is checked than by its own."""
    bodies: tuple[Any, Any] = (wanted, live)
    meant, there = ([edge.ref(link) for link in b.get("healthChecks") or ()] for b in bodies)
    gone = [check for check in meant if check not in there]
    by = there[0] if there else "nothing"
    return f"{ref} is checked by {by}, not by {gone[0]}" if gone else ""


def _idle(wanted: Body, live: Body) -> str:
    """A backend that takes no requests, though it is to take some."""
    scaled: Any = [body.get("backends") or () for body in (wanted, live)]
    meant, found = ({one.get("capacityScaler") for one in each} for each in scaled)
    shut = [one for one in scaled[1] if one.get("capacityScaler") == 0]
    is_meant = 0 in meant or found != {0}
    return "" if is_meant else str(shut[0].get("group")).rpartition("/")[2]


def _groups(edge: Edge, body: Body) -> list[str]:
    backends: Any = body.get("backends") or ()
    links = (backend.get("group") for backend in backends)
    return [project_relative(str(link), edge.project) for link in links if isinstance(link, str)]


def _lets_in(edge: Edge, node: Judged, live: Body, wanted: Body, look: Look) -> None:
    """Policies and logins that stand before a service, and that nobody declared."""
    name = node.resource.name if isinstance(node.resource, Ref) else ""
    line = f"gcloud compute backend-services update {name} --global --project={edge.project}"
    for at, flag in POLICIES.items():
        policy = str(live.get(at) or "")
        if policy and not wanted.get(at):
            short = policy.rpartition("/")[2]
            told = f"{node.resource} has the security policy {short}{_denies(edge, policy)}"
            remedy = _security(f"{line} {flag}=", "take the policy off")
            differs(node, told, remedy, look.works)
    if _is_on(live) and not _is_on(wanted):
        told = f"{node.resource} has IAP enabled: clients without a browser cannot log in"
        differs(node, told, _security(f"{line} --iap=disabled", "switch IAP off"), look.works)


def _is_on(body: Body) -> bool:
    iap: Any = body.get("iap") or {}
    return bool(iap.get("enabled"))


def _denies(edge: Edge, policy: str) -> str:
    seen = edge.google.policies.get(policy)
    if seen is None or isinstance(seen, Unreadable):
        return ", which cannot be read"
    rules: Any = seen.body.get("rules") or () if isinstance(seen, Live) else ()
    denying = [rule for rule in rules if str(rule.get("action")).startswith("deny")]
    several = f"{len(denying)} rules that deny" if len(denying) > 1 else "a rule that denies"
    return f", which has {several}" if denying else ""


def _security(line: str, text: str) -> Remedy:
    undo = "exact: set it again as it was"
    text = f"{text}; it is somebody's measure of security: a person approves"
    return Remedy(
        "propose", text, program=line, seconds=SPREADS, at_most=True, undo=undo, takes=_SECURITY
    )


_SECURITY = "it changes who may come in"
