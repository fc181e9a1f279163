from __future__ import annotations

from typing import Any

import pytest

from remediate.kinds.bodies.compare import field_changes
from remediate.kinds.registry import kind
from tests.kinds.checking import faults

SPLIT = {"weightedBackendServices": [{"backendService": "b", "weight": 1}]}
REDIRECT = {"httpsRedirect": True}


def matcher(**fields: Any) -> dict[str, Any]:
    return {"defaultService": "b", "pathMatchers": [{"name": "m", "defaultService": "b", **fields}]}


def route(**fields: Any) -> dict[str, Any]:
    return matcher(routeRules=[{"priority": 1, "service": "b", **fields}])


def action(**fields: Any) -> dict[str, Any]:
    return {"defaultService": "b", "defaultRouteAction": fields}


HERE = "/pathMatchers/0"
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "nothing to serve": ({}, ""),
    "a service and a redirect": (
        {"defaultService": "b", "defaultUrlRedirect": REDIRECT},
        "/defaultUrlRedirect",
    ),
    "a service and a split": (
        {"defaultService": "b", "defaultRouteAction": SPLIT},
        "/defaultRouteAction/weightedBackendServices",
    ),
    "a path matcher with nothing to serve": (
        {"defaultService": "b", "pathMatchers": [{"name": "m"}]},
        HERE,
    ),
    "a path rule with nothing to serve": (
        matcher(pathRules=[{"paths": ["/a"]}]),
        f"{HERE}/pathRules/0",
    ),
    "two path matchers of one name": (
        {"defaultService": "b", "pathMatchers": [{"name": "m", "defaultService": "b"}] * 2},
        "/pathMatchers/1/name",
    ),
    "a path matcher that is not there": (
        {"defaultService": "b", "hostRules": [{"hosts": ["a.example.com"], "pathMatcher": "m"}]},
        "/hostRules/0/pathMatcher",
    ),
    "a host in two rules": (
        {
            **matcher(),
            "hostRules": [{"hosts": ["a.example.com"], "pathMatcher": "m"}] * 2,
        },
        "/hostRules/1/hosts/0",
    ),
    "a star in the middle of a host": (
        {**matcher(), "hostRules": [{"hosts": ["a.*.com"], "pathMatcher": "m"}]},
        "/hostRules/0/hosts/0",
    ),
    "a path without its slash": (
        matcher(pathRules=[{"paths": ["a"], "service": "b"}]),
        f"{HERE}/pathRules/0/paths/0",
    ),
    "a star in the middle of a path": (
        matcher(pathRules=[{"paths": ["/a*"], "service": "b"}]),
        f"{HERE}/pathRules/0/paths/0",
    ),
    "a query in a path": (
        matcher(pathRules=[{"paths": ["/a?b"], "service": "b"}]),
        f"{HERE}/pathRules/0/paths/0",
    ),
    "a path twice": (
        matcher(pathRules=[{"paths": ["/a"], "service": "b"}, {"paths": ["/a"], "service": "c"}]),
        f"{HERE}/pathRules/1/paths/0",
    ),
    "path rules and route rules": (
        matcher(
            pathRules=[{"paths": ["/a"], "service": "b"}],
            routeRules=[{"priority": 1, "service": "b"}],
        ),
        f"{HERE}/routeRules",
    ),
    "a priority twice": (
        matcher(routeRules=[{"priority": 1, "service": "b"}] * 2),
        f"{HERE}/routeRules/1/priority",
    ),
    "two ways to match a path": (
        route(matchRules=[{"prefixMatch": "/", "fullPathMatch": "/a"}]),
        f"{HERE}/routeRules/0/matchRules/0/fullPathMatch",
    ),
    "a header matched in no way": (
        route(matchRules=[{"prefixMatch": "/", "headerMatches": [{"headerName": "x"}]}]),
        f"{HERE}/routeRules/0/matchRules/0/headerMatches/0",
    ),
    "two ways to redirect": (
        {"defaultUrlRedirect": {"pathRedirect": "/a", "prefixRedirect": "/b"}},
        "/defaultUrlRedirect/prefixRedirect",
    ),
    "two ways to rewrite": (
        action(urlRewrite={"pathPrefixRewrite": "/a", "pathTemplateRewrite": "/b"}),
        "/defaultRouteAction/urlRewrite/pathTemplateRewrite",
    ),
    "a weight above a thousand": (
        {
            "defaultRouteAction": {
                "weightedBackendServices": [{"backendService": "b", "weight": 1001}]
            }
        },
        "/defaultRouteAction/weightedBackendServices/0/weight",
    ),
    "more than all requests": (
        action(faultInjectionPolicy={"abort": {"httpStatus": 503, "percentage": 101}}),
        "/defaultRouteAction/faultInjectionPolicy/abort/percentage",
    ),
    "a status that is none": (
        action(faultInjectionPolicy={"abort": {"httpStatus": 99}}),
        "/defaultRouteAction/faultInjectionPolicy/abort/httpStatus",
    ),
    "no retries": (
        action(retryPolicy={"numRetries": 0}),
        "/defaultRouteAction/retryPolicy/numRetries",
    ),
    "a negative time": (
        action(timeout={"seconds": -1}),
        "/defaultRouteAction/timeout/seconds",
    ),
    "an error code that is none": (
        {
            "defaultService": "b",
            "defaultCustomErrorResponsePolicy": {
                "errorService": "global/backendBuckets/e",
                "errorResponseRules": [{"matchResponseCodes": ["3xx"], "path": "/e.html"}],
            },
        },
        "/defaultCustomErrorResponsePolicy/errorResponseRules/0/matchResponseCodes/0",
    ),
    "a hundred and one tests": (
        {"defaultService": "b", "tests": [{"host": "h", "path": "/", "service": "b"}] * 101},
        "/tests",
    ),
    "a test for a service and a redirect": (
        {
            "defaultService": "b",
            "tests": [{"host": "h", "service": "b", "expectedRedirectResponseCode": 301}],
        },
        "/tests/0/expectedRedirectResponseCode",
    ),
}


@pytest.mark.parametrize(("spec", "at"), REFUSED.values(), ids=REFUSED)
def test_the_mistake_is_reported_at_its_field(spec: dict[str, Any], at: str) -> None:
    assert list(faults("UrlMap", spec)) == [at]


@pytest.mark.parametrize(
    "spec",
    [
        {"defaultService": "b"},
        {"defaultUrlRedirect": REDIRECT},
        {"defaultRouteAction": SPLIT},
        action(urlRewrite={"hostRewrite": "b.example.com"}),
        {
            **matcher(pathRules=[{"paths": ["/", "/*", "/a/*"], "service": "b"}]),
            "hostRules": [
                {"hosts": ["*", "*.example.com", "a.example.com:8080"], "pathMatcher": "m"}
            ],
        },
        route(
            matchRules=[
                {"prefixMatch": "/", "headerMatches": [{"headerName": "x", "presentMatch": True}]}
            ]
        ),
    ],
)
def test_what_google_takes_has_no_faults(spec: dict[str, Any]) -> None:
    assert faults("UrlMap", spec) == {}


def test_the_message_names_the_path_matchers_that_there_are() -> None:
    spec = {**matcher(), "hostRules": [{"hosts": ["a"], "pathMatcher": "n"}]}
    assert list(faults("UrlMap", spec).values()) == ["no path matcher is called 'n'; there is m"]


def test_hosts_and_paths_are_equal_in_any_order() -> None:
    def spec(*order: str) -> dict[str, Any]:
        rules = [{"paths": [f"/{name}" for name in order], "service": "b"}]
        hosts = [{"hosts": list(order), "pathMatcher": "m"}]
        return {**matcher(pathRules=rules), "hostRules": hosts}

    assert field_changes(kind("UrlMap"), spec("a", "b"), spec("b", "a"), project="p") == ()


def test_a_redirect_in_place_of_a_service_takes_the_service_away() -> None:
    changes = field_changes(
        kind("UrlMap"),
        {"defaultUrlRedirect": REDIRECT},
        {"defaultService": "projects/p/global/backendServices/b"},
        project="p",
        restore_defaults=True,
    )
    assert {change.pointer: change.after for change in changes} == {
        "/defaultUrlRedirect": REDIRECT,
        "/defaultService": None,
    }


def test_a_link_means_a_backend_service_wherever_a_route_ends() -> None:
    links = kind("UrlMap").links
    assert links["/pathMatchers/*/pathRules/*/service"] == ("BackendService", "backendBuckets")
    assert links["/tests/*/service"] == ("BackendService", "backendBuckets")
    assert sum("weightedBackendServices" in at for at in links) == 4


def test_what_somebody_put_into_a_matcher_beside_what_is_written_goes() -> None:
    """Matchers are known by their names, wherever they stand; so is the way of a redirect."""
    wanted = {
        "defaultUrlRedirect": REDIRECT,
        "pathMatchers": [{"name": name, "defaultService": "b"} for name in ("one", "other")],
    }
    live = {
        "defaultUrlRedirect": {**REDIRECT, "hostRedirect": "www.example.com"},
        "pathMatchers": [
            {
                "name": "other",
                "defaultService": "b",
                "defaultRouteAction": {"timeout": {"seconds": "5"}},
            },
            {"name": "one", "defaultUrlRedirect": REDIRECT},
        ],
    }
    changes = field_changes(kind("UrlMap"), wanted, live, project="p", restore_defaults=True)
    assert {change.pointer: change.after for change in changes} == {
        "/defaultUrlRedirect/hostRedirect": None,
        "/pathMatchers/0/defaultService": "b",
        "/pathMatchers/0/defaultUrlRedirect": None,
        "/pathMatchers/1/defaultRouteAction": None,
    }
