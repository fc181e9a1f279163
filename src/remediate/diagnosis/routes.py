"""Where a URL map sends a host and a path, judged from its body alone.

Of Google's rules (https://cloud.google.com/load-balancing/docs/url-map-concepts): the host rule
whose host matches exactly, else the longest wildcard, else `*`; in its matcher the longest path
that matches, or the first route rule; else the matcher's default, else the map's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from remediate.kinds.bodies.links import project_relative
from remediate.model.json import canonical

Fields: TypeAlias = Mapping[str, Any]
_WAYS = ("service", "urlRedirect", "routeAction")
_DEFAULTS = ("defaultService", "defaultUrlRedirect", "defaultRouteAction")
_WEIGHTED = "weightedBackendServices"
_REDIRECTS = {
    *("hostRedirect", "httpsRedirect", "pathRedirect", "prefixRedirect", "redirectResponseCode"),
    "stripQuery",
}
_UNSAID = (None, "", False, "MOVED_PERMANENTLY_DEFAULT")


def hosts_of(url_map: Fields) -> list[str]:
    """The hosts that a map has rules for, without patterns, in order."""
    listed = (str(host) for rule in url_map.get("hostRules") or () for host in rule["hosts"])
    return [host for host in dict.fromkeys(listed) if "*" not in host]


def paths_of(url_map: Fields, host: str) -> list[str]:
    """One path for every rule that a host has, and `/`."""
    matcher = _matcher(url_map, host) or {}
    rules = [path for rule in matcher.get("pathRules") or () for path in rule["paths"]]
    rules += [match[by] for _, match in _matches_of(matcher) for by in _PLAIN if match.get(by)]
    return [*dict.fromkeys(["/", *(str(path).replace("*", "-") for path in rules)])]


def route(url_map: Fields, host: str, path: str, project: str) -> str:
    """The link of a service as `projects/…`, or how it answers itself; empty for no way at all."""
    matcher = _matcher(url_map, host)
    holders: list[Fields] = [url_map] if matcher is None else [matcher, url_map]
    rule = _rule(matcher or {}, path)
    if rule is not None and (said := _said(rule, _WAYS, project)):
        return said
    for holder in holders:
        if holder is matcher and not _is_plain(holder):
            return canonical(holder["routeRules"]).decode()
        if said := _said(holder, _DEFAULTS, project):
            return said
    return ""


def action(url_map: Fields, host: str, path: str) -> Fields:
    """What else a map does with a request: faults, rewrites, retries; whom it is sent to aside."""
    matcher = _matcher(url_map, host) or {}
    rule = _rule(matcher, path) or {}
    found = rule.get("routeAction") or matcher.get("defaultRouteAction")
    found = found or ({} if matcher else url_map.get("defaultRouteAction"))
    return {name: value for name, value in (found or {}).items() if name != _WEIGHTED}


def treats_alike(one: Fields, other: Fields, host: str, path: str, project: str) -> bool:
    """Whether two maps do the same with a request."""
    ways = [route(each, host, path, project) for each in (one, other)]
    done = [canonical(dict(action(each, host, path))) for each in (one, other)]
    return ways[0] == ways[1] and done[0] == done[1]


def has_rule(url_map: Fields, host: str) -> bool:
    """Whether a host rule names the host, or a pattern that it matches."""
    return _matcher(url_map, host) is not None


def _matcher(url_map: Fields, host: str) -> Fields | None:
    rules = {str(one): rule for rule in url_map.get("hostRules") or () for one in rule["hosts"]}
    patterns = sorted((p for p in rules if _matches(p, host)), key=len, reverse=True)
    if not patterns:
        return None
    name = rules[host if host in rules else patterns[0]].get("pathMatcher")
    matchers: Iterator[Fields] = (one for one in url_map.get("pathMatchers") or ())
    return next((one for one in matchers if one.get("name") == name), {})


def _matches(pattern: str, host: str) -> bool:
    return pattern == host or (pattern.startswith("*") and host.endswith(pattern[1:]))


def _rule(matcher: Fields, path: str) -> Fields | None:
    found: list[tuple[int, Fields]] = [
        (len(pattern), rule)
        for rule in matcher.get("pathRules") or ()
        for pattern in map(str, rule["paths"])
        if pattern == path or (pattern.endswith("/*") and path.startswith(pattern[:-1]))
    ]
    if found:
        return max(found, key=lambda one: one[0])[1]
    return _route_rule(matcher, path) if _is_plain(matcher) else None


_PLAIN = ("fullPathMatch", "prefixMatch")


def _matches_of(matcher: Fields) -> list[tuple[Fields, Fields]]:
    """Route rules in their order, each beside one of its matches."""
    rules = sorted(matcher.get("routeRules") or (), key=lambda rule: int(rule.get("priority") or 0))
    return [(rule, match) for rule in rules for match in rule.get("matchRules") or [{}]]


def _is_plain(matcher: Fields) -> bool:
    """Whether route rules go by nothing but the path, as it is written."""
    return all(match.keys() <= {*_PLAIN} for _, match in _matches_of(matcher))


def _route_rule(matcher: Fields, path: str) -> Fields | None:
    for rule, match in _matches_of(matcher):
        whole = match.get("fullPathMatch")
        if path == whole or (not whole and path.startswith(str(match.get("prefixMatch") or "/"))):
            return rule
    return None


def _besides_actions(value: Fields) -> dict[str, Any]:
    """A redirect, or the services that share; empty for a route action that names none."""
    if value.keys() & _REDIRECTS:
        return {name: said for name, said in value.items() if said not in _UNSAID}
    return {name: said for name, said in value.items() if name == _WEIGHTED and said}


def _said(holder: Fields, names: tuple[str, ...], project: str) -> str:
    for name in names:
        value = holder.get(name)
        if isinstance(value, str) and value:
            return project_relative(value, project)
        if isinstance(value, Mapping) and (of := value.get(_WEIGHTED)) and len(of) == 1:
            return project_relative(str(of[0].get("backendService")), project)
        if isinstance(value, Mapping) and (rest := _besides_actions(value)):
            return canonical(rest).decode()
    return ""
