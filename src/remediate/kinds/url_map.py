"""URL maps: which backend service answers which host and path.

Facts: the discovery document's `UrlMap` and its descriptions. The `tests` are run by Google, which
refuses an update that breaks one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from remediate.kinds.facts import Removal, Replacement, Scope, Verdict
from remediate.kinds.fields.rules import (
    Fault,
    at_most,
    distinct,
    exactly_one,
    looks_like,
    not_together,
    spelled,
    values,
    within,
)
from remediate.kinds.fields.spec import Bool, Int, Int64, Spec, Text
from remediate.kinds.forwarding_rule import MetadataFilter
from remediate.kinds.kind import Kind
from remediate.kinds.url_map_actions import (
    CustomErrorResponsePolicy,
    HttpHeaderAction,
    HttpRedirectAction,
    HttpRouteAction,
    action_faults,
    error_policy_faults,
    redirect_faults,
)
from remediate.model.plan import Action, Undo

SERVICE = ("BackendService", "backendBuckets")


class HostRule(Spec):
    description: Text | None = None
    hosts: list[Text]
    pathMatcher: Text


class PathRule(Spec):
    customErrorResponsePolicy: CustomErrorResponsePolicy | None = None
    paths: list[Text]
    routeAction: HttpRouteAction | None = None
    service: Text | None = None
    urlRedirect: HttpRedirectAction | None = None


class Int64RangeMatch(Spec):
    rangeEnd: Int64 | None = None
    rangeStart: Int64 | None = None


class HttpHeaderMatch(Spec):
    exactMatch: Text | None = None
    headerName: Text | None = None
    invertMatch: Bool | None = None
    prefixMatch: Text | None = None
    presentMatch: Bool | None = None
    rangeMatch: Int64RangeMatch | None = None
    regexMatch: Text | None = None
    suffixMatch: Text | None = None


class HttpQueryParameterMatch(Spec):
    exactMatch: Text | None = None
    name: Text | None = None
    presentMatch: Bool | None = None
    regexMatch: Text | None = None


class HttpRouteRuleMatch(Spec):
    fullPathMatch: Text | None = None
    headerMatches: list[HttpHeaderMatch] | None = None
    ignoreCase: Bool | None = None
    metadataFilters: list[MetadataFilter] | None = None
    pathTemplateMatch: Text | None = None
    prefixMatch: Text | None = None
    queryParameterMatches: list[HttpQueryParameterMatch] | None = None
    regexMatch: Text | None = None


class HttpRouteRule(Spec):
    customErrorResponsePolicy: CustomErrorResponsePolicy | None = None
    description: Text | None = None
    headerAction: HttpHeaderAction | None = None
    matchRules: list[HttpRouteRuleMatch] | None = None
    priority: Int | None = None
    routeAction: HttpRouteAction | None = None
    service: Text | None = None
    urlRedirect: HttpRedirectAction | None = None


class PathMatcher(Spec):
    defaultCustomErrorResponsePolicy: CustomErrorResponsePolicy | None = None
    defaultRouteAction: HttpRouteAction | None = None
    defaultService: Text | None = None
    defaultUrlRedirect: HttpRedirectAction | None = None
    description: Text | None = None
    headerAction: HttpHeaderAction | None = None
    name: Text
    pathRules: list[PathRule] | None = None
    routeRules: list[HttpRouteRule] | None = None


class UrlMapTestHeader(Spec):
    name: Text | None = None
    value: Text | None = None


class UrlMapTest(Spec):
    description: Text | None = None
    expectedOutputUrl: Text | None = None
    expectedRedirectResponseCode: Int | None = None
    headers: list[UrlMapTestHeader] | None = None
    host: Text | None = None
    path: Text | None = None
    service: Text | None = None


class UrlMap(Spec):
    defaultCustomErrorResponsePolicy: CustomErrorResponsePolicy | None = None
    defaultRouteAction: HttpRouteAction | None = None
    defaultService: Text | None = None
    defaultUrlRedirect: HttpRedirectAction | None = None
    description: Text | None = None
    headerAction: HttpHeaderAction | None = None
    hostRules: list[HostRule] | None = None
    pathMatchers: list[PathMatcher] | None = None
    tests: list[UrlMapTest] | None = None


# Where a route ends: (the holder's pattern, its service, its redirect, its action).
_ENDS = (
    ("", "defaultService", "defaultUrlRedirect", "defaultRouteAction"),
    ("/pathMatchers/*", "defaultService", "defaultUrlRedirect", "defaultRouteAction"),
    ("/pathMatchers/*/pathRules/*", "service", "urlRedirect", "routeAction"),
    ("/pathMatchers/*/routeRules/*", "service", "urlRedirect", "routeAction"),
)
_ERROR_POLICIES = (
    "/defaultCustomErrorResponsePolicy",
    "/pathMatchers/*/defaultCustomErrorResponsePolicy",
    "/pathMatchers/*/pathRules/*/customErrorResponsePolicy",
    "/pathMatchers/*/routeRules/*/customErrorResponsePolicy",
)


def _links() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {"/tests/*/service": SERVICE}
    for holder, service, _redirect, action in _ENDS:
        found[f"{holder}/{service}"] = SERVICE
        found[f"{holder}/{action}/weightedBackendServices/*/backendService"] = SERVICE
        found[f"{holder}/{action}/requestMirrorPolicy/backendService"] = SERVICE
    found.update((f"{policy}/errorService", ("backendBuckets",)) for policy in _ERROR_POLICIES)
    return found


def _headers() -> frozenset[str]:
    """Where headers are added or asked for: people put keys in them."""
    rules = "/pathMatchers/*/routeRules/*"
    holders = ["", "/pathMatchers/*", rules]
    holders += [f"{holder}/{action}/weightedBackendServices/*" for holder, _, _, action in _ENDS]
    sides = ("requestHeadersToAdd", "responseHeadersToAdd")
    added = {f"{holder}/headerAction/{side}/*" for holder in holders for side in sides}
    return frozenset(added | {f"{rules}/matchRules/*/headerMatches/*", "/tests/*/headers/*"})


def _keys() -> dict[str, tuple[str, ...]]:
    """By what Google tells the items of each list apart."""
    found: dict[str, tuple[str, ...]] = {
        "/hostRules": ("hosts",),
        "/pathMatchers": ("name",),
        "/pathMatchers/*/pathRules": ("paths",),
        "/pathMatchers/*/routeRules": ("priority",),
        "/tests": ("host", "path", "headers"),
    }
    for holder, _service, _redirect, action in _ENDS:
        found[f"{holder}/{action}/weightedBackendServices"] = ("backendService",)
        found[f"{holder}/{action}/cachePolicy/negativeCachingPolicy"] = ("code",)
    found.update(
        (f"{policy}/errorResponseRules", ("matchResponseCodes",)) for policy in _ERROR_POLICIES
    )
    return found


def check(spec: Mapping[str, object]) -> list[Fault]:
    return [
        *_ends(spec),
        *_names(spec),
        *_paths(spec),
        *_route_rules(spec),
        *(fault for policy in _ERROR_POLICIES for fault in error_policy_faults(spec, policy)),
        *_tests(spec),
    ]


def _ends(spec: Mapping[str, object]) -> Iterator[Fault]:
    for pattern, service, redirect, action in _ENDS:
        for at, holder in values(spec, pattern):
            weighted = (holder.get(action) or {}).get("weightedBackendServices")
            split = f"{action}/weightedBackendServices"
            given = {service: holder.get(service), redirect: holder.get(redirect), split: weighted}
            for place, message in exactly_one(given, (service, redirect, split)):
                yield at + place.replace("~1", "/"), message
        yield from action_faults(spec, f"{pattern}/{action}")
        yield from redirect_faults(spec, f"{pattern}/{redirect}")


def _names(spec: Mapping[str, object]) -> Iterator[Fault]:
    yield from distinct(spec, "/pathMatchers/*/name", "path matcher")
    yield from distinct(spec, "/hostRules/*/hosts/*", "host")
    hosts = "a host, or `*` alone or before `.` or `-`"
    yield from spelled(spec, "/hostRules/*/hosts/*", _HOST, hosts)
    names = sorted(name for _, name in values(spec, "/pathMatchers/*/name"))
    for at, name in values(spec, "/hostRules/*/pathMatcher"):
        if name not in names:
            meant = f"there is {', '.join(names)}" if names else "there are no pathMatchers"
            yield at, f"no path matcher is called {name!r}; {meant}"


_HOST = looks_like(r"\*|(\*[-.])?[A-Za-z0-9][-A-Za-z0-9.]*(:[0-9]{1,5})?")
_PATH = looks_like(r"/[^*?#]*\*?")


def _paths(spec: Mapping[str, object]) -> Iterator[Fault]:
    for at, holder in values(spec, "/pathMatchers/*"):
        yield from not_together(holder, ("pathRules", "routeRules"), at)
        for place, path in values(holder, "/pathRules/*/paths/*"):
            if not _PATH(path) or ("*" in path and not path.endswith("/*")):
                yield (
                    at + place,
                    f"{path!r} is not a path from `/` on, with `*` only after a last `/`",
                )
        for place, message in distinct(holder, "/pathRules/*/paths/*", "path"):
            yield at + place, message


def _route_rules(spec: Mapping[str, object]) -> Iterator[Fault]:
    rules = "/pathMatchers/*/routeRules/*"
    yield from within(spec, f"{rules}/priority", 0, 2**31 - 1, "a priority")
    for at, holder in values(spec, "/pathMatchers/*"):
        for place, message in distinct(holder, "/routeRules/*/priority", "priority"):
            yield at + place, message
    paths = ("prefixMatch", "fullPathMatch", "regexMatch", "pathTemplateMatch")
    for at, match in values(spec, f"{rules}/matchRules/*"):
        yield from not_together(match, paths, at)
    ways = ("exactMatch", "prefixMatch", "suffixMatch", "regexMatch", "presentMatch", "rangeMatch")
    for at, match in values(spec, f"{rules}/matchRules/*/headerMatches/*"):
        yield from exactly_one(match, ways, at)
    for at, match in values(spec, f"{rules}/matchRules/*/queryParameterMatches/*"):
        yield from exactly_one(match, ("exactMatch", "presentMatch", "regexMatch"), at)


def _tests(spec: Mapping[str, object]) -> Iterator[Fault]:
    yield from at_most(spec, "/tests", 100, "tests")
    for at, test in values(spec, "/tests/*"):
        yield from not_together(test, ("service", "expectedRedirectResponseCode"), at)


KIND = Kind(
    name="UrlMap",
    collection="urlMaps",
    schema="UrlMap",
    spec=UrlMap,
    scopes=frozenset({Scope.GLOBAL, Scope.REGION}),
    rehearsal="validate",
    links=_links(),
    server_set=frozenset(
        {
            *("/kind", "/id", "/name", "/selfLink", "/creationTimestamp", "/region"),
            *("/fingerprint", "/status"),
        }
    ),
    replacement=Replacement.RECREATE,
    telling=_headers(),
    keyed=_keys(),
    # The most specific host wins, path matchers are found by name, and each test stands for itself.
    # Path rules and route rules keep their order: it is what people read priority from.
    unordered=frozenset(
        {
            *("/hostRules", "/hostRules/*/hosts", "/pathMatchers", "/tests"),
            "/pathMatchers/*/pathRules/*/paths",
        }
    ),
    # One end excludes the others, so an end that is no longer written has to go; so does what
    # changes where a redirect leads.
    defaults={
        "/description": "",
        **{f"{at}/{name}": None for at, *names in _ENDS for name in names},
        **{
            f"{at}/{redirect}/{name}": None
            for at, _service, redirect, _action in _ENDS
            for name in ("hostRedirect", "pathRedirect", "prefixRedirect")
        },
        **{f"/pathMatchers/*/{rules}": None for rules in ("pathRules", "routeRules")},
        "/defaultCustomErrorResponsePolicy": None,
        "/headerAction": None,
        "/hostRules": [],
        "/pathMatchers": [],
        "/tests": [],
    },
    outputs=frozenset({"selfLink", "id"}),
    removal=Removal.LATER,
    undo={
        Action.CREATE: Verdict(Undo.EXACT, "it is deleted again"),
        Action.UPDATE: Verdict(Undo.EXACT, "the old map is patched back while its backends exist"),
        Action.REPLACE: Verdict(Undo.EXACT, "replaced once more with the old map"),
        Action.DELETE: Verdict(Undo.EXACT, "it is inserted again as it was"),
    },
    # Recorded operations take 0.6 s.
    seconds=dict.fromkeys((Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE), 0.6),
    check=check,
)
