"""What the world could see, and would see otherwise: http, the database, an address in use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any, TypeAlias

from remediate.kinds.bodies.links import ref_of
from remediate.kinds.registry import kind
from remediate.model.plan import Action, Objection
from remediate.model.ref import Ref
from remediate.pipeline.hosts import Fields
from remediate.pipeline.proposal import Proposal

RULE, PROXY, MAP, SQL = "ForwardingRule", "TargetHttpProxy", "UrlMap", "SqlInstance"
HTTP, HTTPS = 80, 443
Bodies: TypeAlias = Mapping[Ref, Fields]

# An authorised network with a prefix this short, or shorter, is a large part of the world.
_WIDE = {4: 16, 6: 48}
_ENCRYPTION = (
    "ALLOW_UNENCRYPTED_AND_ENCRYPTED",
    "ENCRYPTED_ONLY",
    "TRUSTED_CLIENT_CERTIFICATE_REQUIRED",
)


def redirect_removed(proposal: Proposal) -> Iterator[Objection]:
    """What came by http and was sent on to https would be answered in the clear, or not at all."""
    project, now, later = proposal.around.project, proposal.around.live, proposal.afterwards()
    changed = {each.live: each.ref for each in proposal.differences}
    for at, before, after in _doors(now, later, project):
        chain, places = _redirects(at, before, now, project)
        kept = _redirects(at, after, later, project)[1] if after is not None else frozenset()
        if kept is None or places is None or places <= kept:
            continue
        culprit = next((changed[each] for each in chain if each in changed), None)
        if culprit is not None:
            of = ", ".join(sorted(places - kept)) or "everything"
            message = f"{at} leads http to https now, and would not any more, for {of}"
            yield Objection("redirect-removed", "deny", culprit, message)


def _doors(now: Bodies, later: Bodies, project: str) -> Iterator[tuple[Ref, Fields, Fields | None]]:
    """Every way in on port 80, as it is and as it would be; proxies that no rule leads to too."""
    led_to = set()
    for at, body in now.items():
        if at.kind == RULE and _listens(body, HTTP):
            led_to.add(ref_of(str(body.get("target") or ""), project))
            then = later.get(at) or _same_address(body, later, HTTP)
            if then is not None or _same_address(body, later, HTTPS):  # else all of it goes
                yield at, body, then
    for at, body in now.items():
        if at.kind == PROXY and at not in led_to and at in later:
            yield at, body, later[at]


def _listens(rule: Fields, port: int) -> bool:
    first, _, last = str(rule.get("portRange") or "").partition("-")
    return first.isdigit() and int(first) <= port <= int(last or first)


def _same_address(rule: Fields, later: Bodies, port: int) -> Fields | None:
    """A rule on a port of the same address."""
    there = (each for at, each in later.items() if at.kind == RULE and _listens(each, port))
    return next((each for each in there if each.get("IPAddress") == rule.get("IPAddress")), None)


def _redirects(
    at: Ref, body: Fields, bodies: Bodies, project: str
) -> tuple[list[Ref], frozenset[str] | None]:
    """What is passed on the way, and where a URL map sends http on; None where it is not known."""
    chain = [at]
    for field in ("target", "urlMap"):
        if field == "target" and at.kind == PROXY:
            continue
        link = body.get(field)
        ref = ref_of(str(link), project) if link else None
        if ref is None or ref not in bodies or ref.kind not in {PROXY, MAP}:
            return chain, frozenset() if ref is not None and ref.kind not in {PROXY, MAP} else None
        chain.append(ref)
        body = bodies[ref]
    default = {"all other hosts"} if _to_https(body) else set()
    matchers = [each for each in body.get("pathMatchers") or () if isinstance(each, Mapping)]
    named = {f"path matcher {each.get('name')}" for each in matchers if _to_https(each)}
    return chain, frozenset(default | named)


def _to_https(holder: Fields) -> bool:
    redirect = holder.get("defaultUrlRedirect")
    return isinstance(redirect, Mapping) and redirect.get("httpsRedirect") is True


def sql_public(proposal: Proposal) -> Iterator[Objection]:
    """A database that more of the world could reach, or with less of a lock on the way."""
    for difference in proposal.differences:
        if difference.ref.kind != SQL or difference.after is None:
            continue
        before, after = (_connections(body) for body in (difference.before, difference.after))
        reasons = [*_opened(before, after, is_new=difference.before is None)]
        if reasons:
            message = f"{difference.ref} would be open to more: {'; '.join(reasons)}"
            yield Objection("sql-public", "deny", difference.ref, message)


def _connections(body: Mapping[str, object] | None) -> Mapping[str, Any]:
    settings = (body or {}).get("settings")
    found = settings.get("ipConfiguration") if isinstance(settings, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _opened(before: Fields, after: Fields, *, is_new: bool) -> Iterator[str]:
    if not is_new and after.get("ipv4Enabled") is True and before.get("ipv4Enabled") is not True:
        yield "a public IP address is switched on"
    known = {text for text, _ in _networks(before)}
    for text, wide in _networks(after):
        if wide and text not in known:
            yield f"{text} may connect"
    was, now = _lock(before), _lock(after)
    if not is_new and now < was:
        yield f"connections need no more than {_ENCRYPTION[now]}, and needed {_ENCRYPTION[was]}"


def _networks(connections: Fields) -> Iterator[tuple[str, bool]]:
    """Who may connect, and whether that is a large part of the world."""
    for entry in connections.get("authorizedNetworks") or ():
        text = str(entry.get("value") if isinstance(entry, Mapping) else entry)
        try:
            network = ip_network(text, strict=False)
        except ValueError:  # known after apply
            continue
        yield str(network), network.prefixlen <= _WIDE[network.version]


def _lock(connections: Fields) -> int:
    mode = connections.get("sslMode")
    if mode in _ENCRYPTION:
        return _ENCRYPTION.index(str(mode))
    return 2 if connections.get("requireSsl") is True else 0


def rule_replaced(proposal: Proposal) -> Iterator[Objection]:
    """Google takes no second rule beside the first, so nothing answers in between."""
    live = proposal.around.live
    for difference in proposal.differences:
        ref, before = difference.ref, difference.before or {}
        if ref.kind != RULE or difference.action is not Action.REPLACE:
            continue
        address = before.get("IPAddress")
        hosts = {host for step in proposal.steps if step.ref == ref for host in step.hosts}
        beside = {
            at.name
            for at, body in live.items()
            if at.kind == RULE and at != difference.live and body.get("IPAddress") == address
        }
        users = [*sorted(hosts), *sorted(f"the rule {name}" for name in beside)]
        if users:
            seconds = kind(RULE).seconds[Action.REPLACE]
            where = f"{address} port {before.get('portRange')}"
            message = (
                f"{ref} would be deleted and inserted: nothing answers at {where} for some "
                f"{seconds:.0f} s, and {', '.join(users)} uses that address"
            )
            yield Objection("rule-replaced", "deny", ref, message)
