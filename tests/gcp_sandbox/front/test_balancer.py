"""Where a request at a load balancer's address goes."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import InvalidStatus, InvalidURI

from tests.gcp_sandbox.backends.road import SERVICES, road
from tests.gcp_sandbox.client import Client
from tests.gcp_sandbox.front.handshake import dialled
from tests.gcp_sandbox.front.visitor import (
    ADDRESS,
    API,
    WEB,
    connected,
    get,
    trusting,
    visit,
    websocket,
)

MAP = "global/urlMaps/staging-url-map"
BACKEND = "global/backendServices/staging-backend-service"
PLAIN = f"{ADDRESS}:80"
_REQUEST = b"GET /%b HTTP/1.1\r\n\r\n"
_HOST = b"GET / HTTP/1.1\r\nHost: %b\r\n\r\n"


def patched(client: Client, path: str, change: dict[str, Any]) -> None:
    change = {"fingerprint": client.get(path)["fingerprint"], **change}
    client.done("PATCH", path, change)


def test_the_application_answers_at_the_address(staging: Client) -> None:
    for host in (WEB, API):
        seen = get(staging, "/health", host)
        assert (seen.status, seen.json["status"]) == (200, "ok")
        assert seen.headers["via"] == "1.1 google"


def test_connections_are_kept(staging: Client) -> None:
    with visit(staging) as ask:
        assert [ask(path).status for path in ("/health", "/nothing", "/stream/health")] == [
            *(200, 404, 200)
        ]


def test_a_head_has_no_body_and_a_large_body_is_refused(staging: Client) -> None:
    with visit(staging) as ask:
        seen = ask("/health", "HEAD")
        assert (seen.status, seen.body) == (200, b"")
    with connected(staging) as raw:
        raw.sendall(f"HEAD /nothing HTTP/1.1\r\nHost: {API}\r\n\r\n".encode())
        assert b"".join(iter(lambda: raw.recv(1000), b"")).endswith(b"\r\n\r\n")
    with connected(staging) as raw:
        raw.sendall(
            f"POST /health HTTP/1.1\r\nHost: {API}\r\nContent-Length: 999999999\r\n\r\n".encode()
        )
        assert raw.recv(100).startswith(b"HTTP/1.1 413 ")


def test_what_is_no_http_is_a_bad_request(staging: Client) -> None:
    with connected(staging) as raw:
        raw.sendall(b"nonsense\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 400 ")


def test_plain_http_is_sent_on_to_https_with_the_port_as_google_writes_it(staging: Client) -> None:
    seen = get(staging, "/", WEB, PLAIN)
    assert seen.status == 301
    assert seen.headers["location"] == f"https://{WEB}:443/"
    assert get(staging, "/a?b=c", WEB, PLAIN).headers["location"] == f"https://{WEB}:443/a?b=c"


@pytest.mark.parametrize(
    ("redirect", "status", "location"),
    [
        ({"stripQuery": True}, 301, f"http://{WEB}/a/b"),
        ({"httpsRedirect": True, "redirectResponseCode": "FOUND"}, 302, f"https://{WEB}:443/a/b?q"),
        ({"hostRedirect": "x.example", "redirectResponseCode": "PERMANENT_REDIRECT"}, 308,
         "http://x.example/a/b?q"),
        ({"pathRedirect": "/new", "redirectResponseCode": "SEE_OTHER"}, 303, f"http://{WEB}/new?q"),
        ({"prefixRedirect": "/v2/", "redirectResponseCode": "TEMPORARY_REDIRECT"}, 307,
         f"http://{WEB}/v2/b?q"),
    ],
)  # fmt: skip
def test_redirects_follow_their_fields(
    staging: Client, redirect: dict[str, Any], status: int, location: str
) -> None:
    rule = {"paths": ["/a/*"], "urlRedirect": {"stripQuery": False, **redirect}}
    matcher = {"name": "m", "pathRules": [rule], "defaultUrlRedirect": {"httpsRedirect": True}}
    change = {"hostRules": [{"hosts": ["*"], "pathMatcher": "m"}], "pathMatchers": [matcher]}
    patched(staging, "global/urlMaps/staging-http-redirect", change)
    seen = get(staging, "/a/b?q", WEB, PLAIN)
    assert (seen.status, seen.headers["location"]) == (status, location)


def test_a_host_without_a_rule_goes_where_the_map_sends_the_rest(staging: Client) -> None:
    elsewhere = {"defaultUrlRedirect": {"hostRedirect": "elsewhere.example", "stripQuery": True}}
    staging.done("POST", "global/urlMaps", {"name": "other", **elsewhere})
    rules = [{"hosts": [API], "pathMatcher": "m"}]
    link = {"defaultService": BACKEND}
    patched(
        staging,
        "global/urlMaps/other",
        {"hostRules": rules, "pathMatchers": [{"name": "m", **link}]},
    )
    proxy = "targetHttpsProxies/staging-https-proxy/setUrlMap"
    staging.done("POST", proxy, {"urlMap": "global/urlMaps/other"})
    assert get(staging, host=API).status == 200
    assert get(staging, host=WEB).headers["location"] == "https://elsewhere.example/health"


def test_a_policy_that_denies_turns_visitors_away_and_detached_lets_them_in(
    staging: Client,
) -> None:
    rule = {
        "priority": 10,
        "action": "deny(403)",
        "match": {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["*"]}},
    }
    staging.done("POST", "global/securityPolicies", {"name": "deny-all-of-it", "rules": [rule]})
    setter = f"{BACKEND}/setSecurityPolicy"
    staging.done("POST", setter, {"securityPolicy": "global/securityPolicies/deny-all-of-it"})
    assert get(staging).status == 403
    with pytest.raises(InvalidStatus, match="403"):
        websocket(staging)
    assert get(staging, "/stream/health").status == 200
    preview = {"priority": 10, "preview": True}
    staging.done("POST", "global/securityPolicies/deny-all-of-it/patchRule?priority=10", preview)
    assert get(staging).status == 200
    staging.done("POST", setter, {"securityPolicy": ""})
    assert get(staging).status == 200


def test_who_is_unknown_is_sent_to_log_in_where_the_identity_aware_proxy_is_on(
    staging: Client,
) -> None:
    patched(staging, BACKEND, {"iap": {"enabled": True}})
    seen = get(staging)
    assert seen.status == 302
    assert seen.headers["location"].startswith("https://accounts.google.com/")
    with pytest.raises(InvalidURI, match=r"accounts\.google\.com"):  # where it was sent
        websocket(staging)
    patched(staging, BACKEND, {"iap": {"enabled": False}})
    assert get(staging).status == 200


def test_headers_of_the_backend_service_are_added(staging: Client) -> None:
    line = "Strict-Transport-Security: max-age=31536000"
    patched(staging, BACKEND, {"customResponseHeaders": [line]})
    assert get(staging).headers["strict-transport-security"] == "max-age=31536000"


def test_what_is_not_emulated_says_so(staging: Client) -> None:
    staging.done(
        "POST",
        "regions/us-central1/networkEndpointGroups",
        {
            "name": "function",
            "networkEndpointType": "SERVERLESS",
            "cloudFunction": {"function": "f"},
        },
    )
    group = {"group": "regions/us-central1/networkEndpointGroups/function"}
    patched(staging, BACKEND, {"backends": [group]})
    seen = get(staging)
    assert seen.status == 501
    assert b"networkEndpointGroups/function" in seen.body


def test_a_service_without_backends_has_nobody_to_ask(staging: Client) -> None:
    patched(staging, BACKEND, {"backends": []})
    assert get(staging).status == 503
    patched(staging, BACKEND, {"loadBalancingScheme": "EXTERNAL"})
    assert get(staging).status == 502


def test_what_the_api_took_and_nobody_can_carry_out_is_a_server_error(staging: Client) -> None:
    rule = {"priority": 1, "matchRules": [{"regexMatch": "("}], "service": BACKEND}
    matcher = {"name": "api", "routeRules": [rule], "defaultService": BACKEND}
    rules = [{"hosts": [API], "pathMatcher": "api"}]
    patched(staging, MAP, {"hostRules": rules, "pathMatchers": [matcher], "tests": []})
    assert get(staging).status == 502
    assert get(staging, host=WEB).status == 200


def test_the_policy_of_the_proxy_says_which_versions_of_tls_are_spoken(staging: Client) -> None:
    old = trusting()
    old.maximum_version = ssl.TLSVersion.TLSv1_2

    def shake_hands() -> str | None:
        with socket.create_connection(dialled(staging), timeout=30) as plain:
            return old.wrap_socket(plain, server_hostname=API).version()

    assert shake_hands() == "TLSv1.2"
    policy = "global/sslPolicies/staging-tls"
    patched(staging, policy, {"profile": "RESTRICTED", "minTlsVersion": "TLS_1_3"})
    with pytest.raises(OSError, match=r"(?i)version|eof|reset"):
        shake_hands()
    patched(staging, policy, {"profile": "MODERN", "minTlsVersion": "TLS_1_2"})
    assert shake_hands() == "TLSv1.2"


_OFTEN = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@_OFTEN
@given(junk=st.binary(min_size=1, max_size=200), form=st.sampled_from([b"%b", _REQUEST, _HOST]))
def test_whatever_is_sent_is_answered_or_hung_up_on(
    staging: Client, junk: bytes, form: bytes
) -> None:
    with connected(staging, at=PLAIN) as raw:
        raw.sendall(form % junk)
        raw.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):
            answer = raw.recv(10_000)
            assert not answer or answer.startswith(b"HTTP/1.1 ")
            assert not answer.startswith(b"HTTP/1.1 500 ")


def test_who_stays_connected_after_the_rule_went_is_cut_off(staging: Client) -> None:
    with visit(staging) as ask:
        assert ask("/health").status == 200
        staging.done("DELETE", "global/forwardingRules/staging-https")
        with pytest.raises((OSError, EOFError)):
            ask("/health")
    assert f"{ADDRESS}:443" not in staging.get("/_sandbox/dial")
    assert PLAIN in staging.get("/_sandbox/dial")


def test_an_ipv6_address_is_on_the_ipv6_loopback_where_there_is_one(staging: Client) -> None:
    staging.done("POST", "global/addresses", {"name": "six", "ipVersion": "IPV6"})
    body = {"name": "six", "portRange": "80", "IPAddress": "global/addresses/six"}
    more = {"loadBalancingScheme": "EXTERNAL_MANAGED"}
    target = {"target": "global/targetHttpProxies/staging-http-proxy"}
    staging.done("POST", "global/forwardingRules", body | more | target)
    six = staging.get("global/addresses/six")["address"]
    assert get(staging, "/", WEB, f"[{six}]:80").status == 301
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return
    assert dialled(staging, f"[{six}]:80")[0] == "::1"


def test_a_load_balancer_made_by_calls_alone_gets_the_same_application(client: Client) -> None:
    spot = road(client, {"image": "us-docker.pkg.dev/cloudrun/container/hello"})
    seen = get(client, "/health", "a.example", spot)
    assert (seen.status, seen.json["status"], seen.json["dependencies"]) == (200, "ok", {})
    client.post(f"{SERVICES}/web:setIamPolicy", {"policy": {"bindings": []}})
    assert get(client, "/health", "a.example", spot).status == 403


def test_what_a_fault_injection_policy_aborts_reaches_no_backend(staging: Client) -> None:
    policy = {"abort": {"httpStatus": 404, "percentage": 100.0}}
    patched(
        staging,
        MAP,
        {
            "hostRules": [{"hosts": [WEB], "pathMatcher": "web"}],
            "pathMatchers": [{"name": "web", "defaultService": BACKEND}],
            "tests": [],
            "defaultRouteAction": {"faultInjectionPolicy": policy},
        },
    )
    assert (get(staging, host=API).status, get(staging, host=WEB).status) == (404, 200)


def test_a_service_is_asked_for_the_path_that_a_rewrite_makes(staging: Client) -> None:
    """The prefix that the rule matched gives way; what stands behind it stays."""
    rewritten = {"urlRewrite": {"pathPrefixRewrite": "/"}}
    rules = [{"paths": ["/v1/*"], "service": BACKEND, "routeAction": rewritten}]
    matcher = {"name": "web", "defaultService": BACKEND, "pathRules": rules}
    patched(staging, MAP, {"pathMatchers": [matcher, {**matcher, "name": "api"}], "tests": []})
    seen = [get(staging, path, WEB).status for path in ("/v1/health", "/v1/nowhere", "/health")]
    assert seen == [200, 404, 200]
