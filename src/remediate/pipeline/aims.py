"""What of an environment a client outside can see: hosts, and what is worth asking them for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

from remediate.kinds.bodies.links import ref_of
from remediate.model.ref import Ref
from remediate.model.resource import Desired, Zone
from remediate.model.values import Template
from remediate.pipeline.hosts import domains, names_a_host

PLAIN_PATH = "/"
MOST_NAMES = 50
"""Names of a zone that are looked at where neither URL map nor certificate nor check has any."""


@dataclass(frozen=True, slots=True)
class Aim:
    """A host: the zone that its name is in, if that is declared; paths to GET, and WebSockets."""

    host: str
    zone: Ref | None
    paths: tuple[str, ...]
    sockets: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.host}."


def aims(desired: Desired) -> tuple[Aim, ...]:
    """Every host of the environment, by name."""
    paths, sockets = _asked(desired, "http"), _asked(desired, "websocket")
    hosts = {*paths, *sockets, *_hosts(desired)} or {*_names(desired)}
    return tuple(
        Aim(host, _zone_of(host, desired), paths.get(host, (PLAIN_PATH,)), sockets.get(host, ()))
        for host in sorted(hosts)
    )


def _asked(desired: Desired, probe: str) -> dict[str, tuple[str, ...]]:
    """By host, the paths that the checks ask for over TLS."""
    found: dict[str, dict[str, None]] = {}
    for check in desired.checks:
        asked = check.asks
        for url in asked.get("urls") or [asked.get("url")]:
            if check.probe == probe and isinstance(url, str) and not isinstance(url, Template):
                split = urlsplit(url)
                if split.scheme in {"https", "wss"} and split.hostname:
                    found.setdefault(split.hostname, {})[split.path or PLAIN_PATH] = None
    return {host: tuple(paths) for host, paths in found.items()}


def _hosts(desired: Desired) -> Iterator[str]:
    for ref, resource in desired.resources.items():
        if ref.kind == "UrlMap":
            rules: Any = resource.spec.get("hostRules") or ()
            yield from (h for rule in rules for h in rule.get("hosts") or () if "*" not in h)
        yield from (name for name in domains(ref, resource.spec) if "*" not in name)


def _names(desired: Desired) -> list[str]:
    zones = (each for each in desired.resources.values() if isinstance(each, Zone))
    named = (key[0] for zone in zones for key in zone.records if names_a_host(*key))
    return [name.removesuffix(".") for name in named if "*" not in name][:MOST_NAMES]


def _zone_of(host: str, desired: Desired) -> Ref | None:
    """The public zone with the longest name that the host is in."""
    zones = [each for each in desired.resources.values() if isinstance(each, Zone)]
    around = [zone for zone in zones if f".{host}.".endswith(f".{zone.dns_name}")]
    return max(around, key=lambda zone: len(zone.dns_name)).ref if around else None


@dataclass(frozen=True, slots=True)
class Branch:
    """A path rule that sends a host's requests to a backend service of its own.

    `paths` are those that checks ask for, `exact` what the rule itself names without a wildcard.
    """

    service: Ref
    paths: tuple[str, ...]
    exact: tuple[str, ...]


def branches(desired: Desired, aim: Aim) -> Iterator[Branch]:
    """As the YAML routes it, whatever is live."""
    for ref, resource in desired.resources.items():
        if ref.kind != "UrlMap":
            continue
        rules: Any = resource.spec.get("hostRules") or ()
        listed: Any = resource.spec.get("pathMatchers") or ()
        matchers = {one["name"]: one for one in listed}
        chosen = [rule["pathMatcher"] for rule in rules if aim.host in rule.get("hosts", ())]
        for matcher in (matchers.get(name, {}) for name in chosen):
            for rule in matcher.get("pathRules") or ():
                target = _service(str(rule.get("service") or ""), desired)
                if target is not None and rule.get("service") != matcher.get("defaultService"):
                    yield _branch(target, [*rule.get("paths", ())], aim)


def _branch(service: Ref, patterns: list[str], aim: Aim) -> Branch:
    asked = [path for path in aim.paths if any(fnmatchcase(path, each) for each in patterns)]
    return Branch(service, tuple(asked), tuple(each for each in patterns if "*" not in each))


def _service(link: str, desired: Desired) -> Ref | None:
    found = ref_of(link, desired.environment.project) if "/" in link else None
    named = found or Ref("BackendService", link.rpartition("/")[2])
    return named if named in desired.resources else None
