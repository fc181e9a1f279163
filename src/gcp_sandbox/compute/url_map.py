"""URL maps: checked before they are stored, tests and all."""

from __future__ import annotations

from collections.abc import Iterator

from gcp_sandbox.compute import refusals
from gcp_sandbox.compute.checking import resolve_links
from gcp_sandbox.compute.kind import Draft, Kind, Link
from gcp_sandbox.compute.links import Place, parse
from gcp_sandbox.compute.section import Compute
from gcp_sandbox.compute.url_routing import route
from gcp_sandbox.errors import GoogleError
from gcp_sandbox.request import Body, Json

_MOST_TESTS = 100


def _prepare(draft: Draft) -> None:
    body = draft.body
    for error in _errors(body):
        raise error
    for failure in failed_tests(body):
        raise GoogleError(
            400,
            "invalid",
            "Invalid value for field 'resource.tests': ''. Test failure: Expect URL "
            f"'{failure['host']}{failure['path']}' to map to service "
            f"'{failure['expectedService']}', but actually mapped to "
            f"'{failure['actualService']}'.",
        )


def _errors(body: Body) -> Iterator[GoogleError]:
    """Everything that keeps the map from being loaded."""
    yield from _default_errors(body, "resource")
    matchers = body.get("pathMatchers") or []
    names = [matcher.get("name") for matcher in matchers]
    for number, matcher in enumerate(matchers):
        where = f"resource.pathMatchers[{number}]"
        if not matcher.get("name"):
            yield refusals.required(f"{where}.name")
        elif names.count(matcher["name"]) > 1:
            yield refusals.invalid(f"{where}.name", matcher["name"], "Duplicate path matcher.")
        if matcher.get("pathRules") and matcher.get("routeRules"):
            yield refusals.invalid(where, names[number], "Only one of pathRules and routeRules.")
        yield from _default_errors(matcher, where)
        yield from _path_errors(matcher, where)
    yield from _host_errors(body, names)
    if len(body.get("tests") or []) > _MOST_TESTS:
        yield refusals.invalid("resource.tests", "", f"At most {_MOST_TESTS} tests.")


def _default_errors(body: Body, where: str) -> Iterator[GoogleError]:
    action = body.get("defaultRouteAction") or {}
    ways = [
        bool(body.get("defaultService")),
        bool(body.get("defaultUrlRedirect")),
        bool(action.get("weightedBackendServices")),
    ]
    if sum(ways) != 1:
        yield refusals.invalid(
            f"{where}.defaultService",
            body.get("defaultService", ""),
            "Exactly one of defaultService, defaultUrlRedirect and weighted backend services "
            "must be specified.",
        )


def _path_errors(matcher: Body, where: str) -> Iterator[GoogleError]:
    seen: set[str] = set()
    for number, rule in enumerate(matcher.get("pathRules") or []):
        at = f"{where}.pathRules[{number}].paths"
        if not rule.get("paths"):
            yield refusals.required(at)
        for path in rule.get("paths") or []:
            if not path.startswith("/") or "*" in path.removesuffix("/*"):
                yield refusals.invalid(
                    at, path, "Must start with / and may have * only at its end, after a /."
                )
            if path in seen:
                yield refusals.invalid(at, path, "Duplicate path.")
            seen.add(path)


def _host_errors(body: Body, matchers: list[str | None]) -> Iterator[GoogleError]:
    seen: set[str] = set()
    used: set[str | None] = set()
    for number, rule in enumerate(body.get("hostRules") or []):
        where = f"resource.hostRules[{number}]"
        used.add(rule.get("pathMatcher"))
        if rule.get("pathMatcher") not in matchers:
            yield refusals.invalid(
                f"{where}.pathMatcher",
                rule.get("pathMatcher", ""),
                "Must refer to a path matcher that exists.",
            )
        for host in rule.get("hosts") or []:
            if host in seen:
                yield refusals.invalid(f"{where}.hosts", host, "Duplicate host.")
            seen.add(host)
    for name in matchers:
        if name is not None and name not in used:
            yield refusals.invalid(
                "resource.pathMatchers", name, "Path matcher is not used by any host rule."
            )


def failed_tests(body: Body) -> Iterator[Body]:
    """`tests[]` that do not come out, in the shape of `TestFailure`."""
    for test in body.get("tests") or []:
        host, path = test.get("host", ""), test.get("path", "/")
        actual = route(body, host, path.partition("?")[0])
        if test.get("service") is not None and actual.service != test["service"]:
            yield {
                "host": host,
                "path": path,
                "expectedService": test["service"],
                "actualService": actual.service or "",
            }
        elif "expectedRedirectResponseCode" in test and actual.redirect is None:
            yield {
                "host": host,
                "path": path,
                "expectedService": "",
                "actualService": actual.service or "",
                "expectedRedirectResponseCode": test["expectedRedirectResponseCode"],
            }


def validate(compute: Compute, place: Place, resource: Json) -> Body:
    """`urlMaps.validate`: the same checks, and nothing is written."""
    body: Body = resource if isinstance(resource, dict) else {}
    draft = Draft(compute, place, body)
    errors = []
    try:
        resolve_links(URL_MAPS, draft)
    except GoogleError as refused:
        errors.append(refused.message)
    errors += [error.message for error in _errors(body)]
    if errors:
        return {"result": {"loadSucceeded": False, "loadErrors": errors, "testPassed": False}}
    failures = list(failed_tests(body))
    result: Body = {"loadSucceeded": True, "testPassed": not failures}
    if failures:
        result["testFailures"] = failures
    return {"result": result}


def _view(compute: Compute, place: Place, body: Body) -> Body:
    rules = 0
    for user in compute.users_of(place.path):
        rules += len(compute.users_of(user)) if parse(user, "") else 0
    return body | {"status": {"quotaUsage": {"forwardingRules": rules, "units": str(_units(body))}}}


def _units(body: Body) -> int:
    """Weights that fit the one recorded map; Google does not publish them."""
    matchers = body.get("pathMatchers") or []
    hosts = sum(len(rule.get("hosts") or []) for rule in body.get("hostRules") or [])
    rules = sum(
        len(matcher.get(name) or []) for matcher in matchers for name in ("pathRules", "routeRules")
    )
    policies = sum("defaultCustomErrorResponsePolicy" in part for part in (body, *matchers))
    return 1 + 10 * (hosts + len(matchers) + rules) + 20 * policies


_SERVICES = ("backendServices", "backendBuckets")

URL_MAPS = Kind(
    collection="urlMaps",
    singular="urlMap",
    noun="url_map",
    resources={"global": "urlMaps", "regions": "regionUrlMaps"},
    methods=frozenset({"insert", "get", "list", "delete", "patch", "update"}),
    texts=("name", "description", "defaultService"),
    objects=(
        "defaultCustomErrorResponsePolicy",
        "defaultRouteAction",
        "defaultUrlRedirect",
        "headerAction",
    ),
    lists=("hostRules", "pathMatchers", "tests"),
    served=frozenset({"status"}),
    links=tuple(
        Link(f"**.{name}", _SERVICES)
        for name in ("defaultService", "service", "backendService", "errorService")
    ),
    has_fingerprint=True,
    on_patch="required",
    on_update="required",
    prepare=_prepare,
    view=_view,
    aggregated_word="urlMapsAggregatedList",
    seconds={"insert": 0.6, "update": 0.6, "patch": 0.6, "delete": 0.6},
)
