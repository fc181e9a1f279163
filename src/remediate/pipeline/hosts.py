"""Which host names lead to a resource, and which of them a URL map or a certificate is for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from remediate.model.ref import Ref

Fields: TypeAlias = Mapping[str, Any]
"""The body of a resource, Google's or as it is written."""

NAMING = frozenset({"A", "AAAA", "ALIAS", "CNAME"})
"""The types of record sets that lead requests for their owner name somewhere."""
FORWARDING = frozenset({"ALIAS", "CNAME"})

_ANY = "*."


def names_a_host(fqdn: str, rrtype: str) -> bool:
    """Whether requests can be made to the owner; underscored names are no hosts (RFC 8552)."""
    return rrtype in NAMING and not fqdn.startswith("_") and "._" not in fqdn


@dataclass(slots=True)
class Choice:
    """A URL map's host rules: patterns, and what each leads to."""

    default: set[Ref] = field(default_factory=set)
    rules: dict[str, set[Ref]] = field(default_factory=dict)

    def targets(self, host: str) -> set[Ref]:
        if host in self.rules:
            return self.rules[host]
        found = [rule for rule in self.rules if "*" in rule and fnmatchcase(host, rule)]
        return self.rules[max(found, key=len)] if found else self.default


def choice(url_map: Fields, ways: Collection[tuple[str, Ref]]) -> Choice:
    """From the body of a URL map, and all that it links to by JSON pointer."""
    of_matcher: dict[str, set[Ref]] = {}
    for number, matcher in enumerate(_objects(url_map.get("pathMatchers"))):
        below = f"/pathMatchers/{number}/"
        of_matcher[str(matcher.get("name"))] = {to for at, to in ways if at.startswith(below)}
    found = Choice({to for at, to in ways if not at.startswith(("/pathMatchers/", "/tests/"))})
    for rule in _objects(url_map.get("hostRules")):
        for host in rule.get("hosts") or ():
            found.rules[str(host).lower()] = of_matcher.get(str(rule.get("pathMatcher")), set())
    return found


def domains(ref: Ref, body: Fields) -> tuple[str, ...]:
    """The domains that a certificate is for; () where it may be for any, as far as can be told."""
    match ref.kind:
        case "SslCertificate" | "Certificate":
            managed = body.get("managed")
            listed = managed.get("domains") if isinstance(managed, Mapping) else None
            listed = listed or body.get("subjectAlternativeNames") or body.get("sanDnsnames")
        case "CertificateMapEntry":
            listed = [body["hostname"]] if body.get("hostname") else None
        case "DnsAuthorization":
            domain = body.get("domain")
            listed = [domain, f"{_ANY}{domain}"] if domain else None
        case _:
            listed = None
    texts = listed if isinstance(listed, list | tuple) else ()
    return tuple(str(text).lower().removesuffix(".") for text in texts)


def is_for(host: str, listed: Collection[str]) -> bool:
    """Whether a certificate of these domains may be shown for a host; `*` stands for one label.

    The host may be a wildcard record's, which answers for every name below it.
    """
    if not listed or host in listed or f"{_ANY}{host.partition('.')[2]}" in listed:
        return True
    return host.startswith(_ANY) and any(each.endswith(host[1:]) for each in listed)


def _objects(value: object) -> list[Fields]:
    listed = value if isinstance(value, list | tuple) else ()
    return [each for each in listed if isinstance(each, Mapping)]
