"""Where a URL map sends a request: host rules, path rules, route rules.

https://cloud.google.com/load-balancing/docs/url-map-concepts: the longest host pattern wins, then
the longest path pattern, or the first route rule that matches.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from gcp_sandbox.request import Body, Json


@dataclass(frozen=True, slots=True)
class Route:
    """The end of the way: a service's link, or a redirect; both None where nothing is said.

    `prefix` is what the rule's pattern matched of the path, without its `*`. `abort` is how many
    of the requests end here: `{"httpStatus": 404, "percentage": 100}`. `rewrite` is what the
    service is asked for instead: `{"pathPrefixRewrite": "/v2/", "hostRewrite": "inside"}`.
    """

    service: str | None = None
    redirect: Body | None = None
    prefix: str = "/"
    abort: Body | None = None
    rewrite: Body | None = None

    def target(self, asked: str) -> str:
        """The request's target as the service gets it."""
        path = (self.rewrite or {}).get("pathPrefixRewrite")
        return asked if path is None else f"{path}{asked.removeprefix(self.prefix)}"


def route(url_map: Body, host: str, path: str) -> Route:
    """What happens to a request for `host` and `path` (which starts with `/`)."""
    matcher = _matcher_of(url_map, host.lower().partition(":")[0])
    if matcher is None:
        return _end(url_map, "defaultService", "defaultRouteAction", "defaultUrlRedirect")
    prefix, rule = _path_rule(matcher.get("pathRules") or [], path)
    if rule is not None:
        return replace(_end(rule, "service", "routeAction", "urlRedirect"), prefix=prefix)
    for route_rule in sorted(matcher.get("routeRules") or [], key=_priority):
        for match in route_rule.get("matchRules") or [{}]:
            if _matches(match, path):
                end = _end(route_rule, "service", "routeAction", "urlRedirect")
                return replace(end, prefix=match.get("prefixMatch", path))
    return _end(matcher, "defaultService", "defaultRouteAction", "defaultUrlRedirect")


def _matcher_of(url_map: Body, host: str) -> Body | None:
    best: tuple[int, str] | None = None
    for rule in url_map.get("hostRules") or []:
        for pattern in rule.get("hosts") or []:
            if _host_matches(pattern.lower(), host) and (best is None or len(pattern) > best[0]):
                best = (len(pattern), rule["pathMatcher"])
    if best is None:
        return None
    matchers = url_map.get("pathMatchers") or []
    return next((matcher for matcher in matchers if matcher.get("name") == best[1]), None)


def _host_matches(pattern: str, host: str) -> bool:
    pattern = pattern.partition(":")[0]
    if pattern.startswith("*"):
        return host.endswith(pattern[1:])
    return pattern == host


def _path_rule(rules: list[Body], path: str) -> tuple[str, Body | None]:
    """The rule with the longest pattern, and that without its `*`."""
    best: tuple[int, str, Body] | None = None
    for rule in rules:
        for pattern in rule.get("paths") or []:
            exact = pattern == path
            below = pattern.endswith("/*") and path.startswith(pattern[:-1])
            length = len(pattern) + exact
            if (exact or below) and (best is None or length > best[0]):
                best = (length, pattern.removesuffix("*"), rule)
    return best[1:] if best else ("", None)


def _priority(rule: Body) -> int:
    return int(rule.get("priority", 0))


def _matches(match: Body, path: str) -> bool:
    ignore_case = bool(match.get("ignoreCase"))
    wanted, seen = match, path
    if ignore_case:
        wanted = {name: _lower(value) for name, value in match.items()}
        seen = path.lower()
    if "fullPathMatch" in wanted:
        return bool(seen == wanted["fullPathMatch"])
    if "prefixMatch" in wanted:
        return seen.startswith(wanted["prefixMatch"])
    if "regexMatch" in wanted:
        return re.fullmatch(wanted["regexMatch"], seen) is not None
    if "pathTemplateMatch" in wanted:
        return re.fullmatch(_template(wanted["pathTemplateMatch"]), seen) is not None
    return True


def _lower(value: Json) -> Json:
    return value.lower() if isinstance(value, str) else value


def _template(pattern: str) -> str:
    """`/v1/{id}/*` and `**` as a regular expression."""
    pieces = re.split(r"(\*\*|\*|\{[^}]*\})", pattern)

    def translated(piece: str) -> str:
        if piece == "**" or piece.endswith("=**}"):
            return ".*"
        return "[^/]+" if piece == "*" or piece.startswith("{") else re.escape(piece)

    return "".join(translated(piece) for piece in pieces)


def _end(body: Body, service: str, action: str, redirect: str) -> Route:
    if body.get(redirect):
        return Route(redirect=body[redirect])
    said = body.get(action) or {}
    abort = (said.get("faultInjectionPolicy") or {}).get("abort")
    weighted = said.get("weightedBackendServices") or []
    link = body.get(service)
    if weighted and not link:
        heaviest = max(weighted, key=lambda choice: choice.get("weight", 0))
        link = heaviest.get("backendService")
    return Route(service=link, abort=abort, rewrite=said.get("urlRewrite"))
