"""What single kinds do: addresses, rules, proxies, URL maps, backend services, policies."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from gcp_sandbox.compute.url_routing import route
from tests.gcp_sandbox.client import LINK, Client
from tests.gcp_sandbox.compute.bodies import CHAIN, build

DOCUMENTATION = [
    ipaddress.ip_network(text) for text in ("203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24")
]


def test_an_address_is_a_documentation_address_and_never_comes_back(client: Client) -> None:
    seen = set()
    for _ in range(3):
        client.done("POST", "global/addresses", {"name": "ip"})
        body = client.get("global/addresses/ip")
        assert any(ipaddress.ip_address(body["address"]) in net for net in DOCUMENTATION)
        assert body["address"] not in seen
        assert (body["addressType"], body["networkTier"]) == ("EXTERNAL", "PREMIUM")
        seen.add(body["address"])
        client.done("DELETE", "global/addresses/ip")
    client.done("POST", "global/addresses", {"name": "six", "ipVersion": "IPV6"})
    six = ipaddress.ip_address(client.get("global/addresses/six")["address"])
    assert six in ipaddress.ip_network("2001:db8::/32")


def test_an_address_can_be_chosen_unless_it_is_taken(client: Client) -> None:
    body = {"name": "ip", "address": "203.0.113.7"}
    client.done("POST", "global/addresses", body)
    assert client.get("global/addresses/ip")["address"] == "203.0.113.7"
    assert client.call("POST", "global/addresses", body | {"name": "two"}).reason == "invalid"
    nonsense = {"name": "two", "address": "203.0.113"}
    assert client.call("POST", "global/addresses", nonsense).reason == "invalid"


def test_a_rule_gets_its_address_whichever_way_it_is_named(client: Client) -> None:
    build(client)
    ip = client.get("global/addresses/ip")["address"]
    rule = client.get("global/forwardingRules/rule")
    assert (rule["IPAddress"], rule["portRange"], rule["IPProtocol"]) == (ip, "443-443", "TCP")
    second = {
        "name": "two",
        "portRange": "80-80",
        "target": "global/targetHttpProxies/http",
        "IPAddress": f"http://127.0.0.1:8080/projects/netra-staging/global/addresses/{'ip'}",
    }
    client.done("POST", "global/forwardingRules", second)
    third = second | {"name": "three", "IPAddress": ip, "portRange": "8080"}
    client.done("POST", "global/forwardingRules", third)
    rules = [f"{LINK}/global/forwardingRules/{name}" for name in ("rule", "three", "two")]
    assert client.get("global/addresses/ip")["users"] == rules


def test_two_rules_do_not_share_an_address_and_port(client: Client) -> None:
    build(client)
    rule = CHAIN["global/forwardingRules"] | {"name": "two"}
    for ports in ("443", "1-65535", "400-443"):
        answer = client.call("POST", "global/forwardingRules", rule | {"portRange": ports})
        assert answer.reason == "invalid"
        assert "would result in a conflict" in answer.message
    client.done("POST", "global/forwardingRules", rule | {"portRange": "444"})


def test_a_rule_without_an_address_gets_one_for_its_own_life(client: Client) -> None:
    build(client)
    body = dict(CHAIN["global/forwardingRules"])
    del body["IPAddress"]
    seen = set()
    for _ in range(2):
        client.done("POST", "global/forwardingRules", body | {"name": "ephemeral"})
        seen.add(client.get("global/forwardingRules/ephemeral")["IPAddress"])
        client.done("DELETE", "global/forwardingRules/ephemeral")
    assert len(seen) == 2


def test_an_ephemeral_address_can_be_promoted(client: Client) -> None:
    build(client)
    body = CHAIN["global/forwardingRules"] | {"name": "two", "IPAddress": ""}
    client.done("POST", "global/forwardingRules", body)
    ip = client.get("global/forwardingRules/two")["IPAddress"]
    client.done("POST", "global/addresses", {"name": "kept", "address": ip})
    assert client.get("global/addresses/kept")["status"] == "IN_USE"
    client.done("DELETE", "global/forwardingRules/two")
    client.done("DELETE", "global/addresses/kept")


@pytest.mark.parametrize("ports", ["0", "443-80", "65536", "http", "80-"])
def test_ports_that_are_none_are_refused(client: Client, ports: str) -> None:
    build(client)
    body = CHAIN["global/forwardingRules"] | {"name": "two", "portRange": ports}
    assert client.call("POST", "global/forwardingRules", body).reason == "invalid"


def test_a_rules_target_is_set_and_its_fingerprint_moves(client: Client) -> None:
    build(client)
    before = client.get("global/forwardingRules/rule")
    operation = client.done(
        "POST",
        "global/forwardingRules/rule/setTarget",
        {"target": "global/targetHttpProxies/http"},
    )
    assert operation["operationType"] == "SetTarget"
    after = client.get("global/forwardingRules/rule")
    assert after["target"] == f"{LINK}/global/targetHttpProxies/http"
    assert after["fingerprint"] != before["fingerprint"]


def certificates(client: Client, count: int) -> list[str]:
    for number in range(count):
        body = {"name": f"c{number}", "managed": {"domains": ["a.example"]}}
        client.done("POST", "global/sslCertificates", body)
    return [f"global/sslCertificates/c{number}" for number in range(count)]


def test_a_proxy_takes_fifteen_certificates_in_the_order_given(client: Client) -> None:
    build(client)
    links = certificates(client, 16)
    path = "targetHttpsProxies/https/setSslCertificates"
    answer = client.call("POST", path, {"sslCertificates": links})
    assert (answer.status, answer.reason) == (403, "limitExceeded")
    client.done("POST", path, {"sslCertificates": links[:0:-1]})
    stored = client.get("global/targetHttpsProxies/https")["sslCertificates"]
    assert stored == [f"{LINK}/{link}" for link in links[:0:-1]]
    assert client.call("POST", path, {"sslCertificates": []}).reason == "invalid"


def test_a_certificate_map_may_stand_for_certificates(client: Client) -> None:
    build(client)
    path = "global/targetHttpsProxies/https"
    for text in (
        "//certificatemanager.googleapis.com/projects/p/locations/global/certificateMaps/m",
        "http://127.0.0.1:8080/v1/projects/p/locations/global/certificateMaps/m",
    ):
        client.done("POST", f"{path}/setCertificateMap", {"certificateMap": text})
        assert client.get(path)["certificateMap"] == (
            "//certificatemanager.googleapis.com/projects/p/locations/global/certificateMaps/m"
        )
    client.done("POST", f"{path}/setCertificateMap", {"certificateMap": ""})
    assert "certificateMap" not in client.get(path)


def test_a_whole_proxy_may_be_sent_back_as_gcloud_does(client: Client) -> None:
    build(client)
    certificates(client, 1)
    whole = client.get("global/targetHttpsProxies/https")
    foreign = f"http://127.0.0.1:{client.port}/projects/netra-staging/global/sslCertificates/c0"
    client.done("PATCH", "global/targetHttpsProxies/https", whole | {"sslCertificates": [foreign]})
    after = client.get("global/targetHttpsProxies/https")
    assert after["sslCertificates"] == [f"{LINK}/global/sslCertificates/c0"]
    assert after["id"] == whole["id"]


URL_MAP: dict[str, Any] = {
    "defaultService": "d",
    "hostRules": [
        {"hosts": ["a.example", "*.b.example"], "pathMatcher": "m"},
        {"hosts": ["*"], "pathMatcher": "any"},
        {"hosts": ["r.example"], "pathMatcher": "routes"},
    ],
    "pathMatchers": [
        {
            "name": "m",
            "defaultService": "m",
            "pathRules": [
                {"paths": ["/x", "/x/*"], "service": "x"},
                {"paths": ["/x/deep/*"], "service": "deep"},
                {"paths": ["/go"], "urlRedirect": {"hostRedirect": "c.example"}},
            ],
        },
        {"name": "any", "defaultService": "any"},
        {
            "name": "routes",
            "defaultService": "r",
            "routeRules": [
                {"priority": 2, "matchRules": [{"prefixMatch": "/p"}], "service": "prefix"},
                {"priority": 1, "matchRules": [{"fullPathMatch": "/p/1"}], "service": "full"},
                {"priority": 3, "matchRules": [{"regexMatch": "/r[0-9]+"}], "service": "regex"},
                {
                    "priority": 4,
                    "matchRules": [{"pathTemplateMatch": "/t/{id}/**"}],
                    "service": "t",
                },
                {
                    "priority": 5,
                    "matchRules": [{"prefixMatch": "/W", "ignoreCase": True}],
                    "routeAction": {
                        "weightedBackendServices": [
                            {"backendService": "few", "weight": 1},
                            {"backendService": "most", "weight": 9},
                        ]
                    },
                },
            ],
        },
    ],
}


@pytest.mark.parametrize(
    ("host", "path", "service"),
    [
        ("a.example", "/", "m"),
        ("A.example:443", "/x", "x"),
        ("a.example", "/x/y", "x"),
        ("a.example", "/xy", "m"),
        ("a.example", "/x/deep/1", "deep"),
        ("z.b.example", "/x/", "x"),
        ("b.example", "/", "any"),
        ("other.example", "/x", "any"),
        ("r.example", "/p/1", "full"),
        ("r.example", "/p/2", "prefix"),
        ("r.example", "/r22", "regex"),
        ("r.example", "/r22x", "r"),
        ("r.example", "/t/7/a/b", "t"),
        ("r.example", "/w", "most"),
    ],
)
def test_a_request_goes_where_the_longest_pattern_leads(host: str, path: str, service: str) -> None:
    assert route(URL_MAP, host, path).service == service


def test_a_redirect_ends_the_way() -> None:
    assert route(URL_MAP, "a.example", "/go").redirect == {"hostRedirect": "c.example"}
    assert route({"defaultService": "d"}, "a.example", "/").service == "d"


SERVICE = "global/backendServices/bs"
BROKEN_MAPS: list[dict[str, Any]] = [
    {},
    {"defaultService": SERVICE, "defaultUrlRedirect": {"httpsRedirect": True}},
    {"defaultService": SERVICE, "hostRules": [{"hosts": ["a"], "pathMatcher": "none"}]},
    {"defaultService": SERVICE, "pathMatchers": [{"name": "m", "defaultService": SERVICE}]},
    {
        "defaultService": SERVICE,
        "hostRules": [
            {"hosts": ["a"], "pathMatcher": "m"},
            {"hosts": ["a"], "pathMatcher": "m"},
        ],
        "pathMatchers": [{"name": "m", "defaultService": SERVICE}],
    },
    {
        "defaultService": SERVICE,
        "hostRules": [{"hosts": ["a"], "pathMatcher": "m"}],
        "pathMatchers": [
            {
                "name": "m",
                "defaultService": SERVICE,
                "pathRules": [{"paths": ["x"], "service": SERVICE}],
            }
        ],
    },
    {
        "defaultService": SERVICE,
        "tests": [{"host": "a", "path": "/", "service": "global/backendServices/two"}],
    },
]


@pytest.mark.parametrize("body", BROKEN_MAPS)
def test_a_map_that_cannot_work_is_refused_and_validate_says_so_before(
    client: Client, body: dict[str, Any]
) -> None:
    build(client)
    client.done("POST", "global/backendServices", {"name": "two"})
    body = {"name": "broken", **body}
    assert client.call("POST", "global/urlMaps", body).status == 400
    validated = client.post("global/urlMaps/broken/validate", {"resource": body})["result"]
    assert not (validated["loadSucceeded"] and validated["testPassed"])
    assert client.call("GET", "global/urlMaps/broken").status == 404


def test_validate_tells_which_test_fails_and_writes_nothing(staging: Client) -> None:
    path = "global/urlMaps/staging-url-map"
    before = staging.get(path)
    good = staging.post(f"{path}/validate", {"resource": before})
    assert good == {"result": {"loadSucceeded": True, "testPassed": True}}
    changed = before | {"pathMatchers": [
        before["pathMatchers"][0], before["pathMatchers"][1] | {"pathRules": []}
    ]}  # fmt: skip
    bad = staging.post(f"{path}/validate", {"resource": changed})["result"]
    assert (bad["loadSucceeded"], bad["testPassed"]) == (True, False)
    assert bad["testFailures"] == [
        {
            "host": "api-staging.netrasystems.ai",
            "path": "/stream/live",
            "expectedService": f"{LINK}/global/backendServices/staging-stream-backend",
            "actualService": f"{LINK}/global/backendServices/staging-backend-service",
        }
    ]
    missing = before | {"defaultService": "global/backendServices/none"}
    told = staging.post(f"{path}/validate", {"resource": missing})["result"]
    assert told["loadSucceeded"] is False
    assert "was not found" in told["loadErrors"][0]
    assert staging.get(path) == before


def test_a_backend_service_keeps_a_secret_only_as_its_digest(client: Client) -> None:
    iap = {"enabled": True, "oauth2ClientId": "id", "oauth2ClientSecret": "s"}
    client.done("POST", "global/backendServices", {"name": "bs", "iap": iap})
    first = client.get("global/backendServices/bs")["iap"]
    assert "oauth2ClientSecret" not in first
    client.done("PATCH", "global/backendServices/bs", {"iap": {"oauth2ClientId": "other"}})
    second = client.get("global/backendServices/bs")["iap"]
    assert second == first | {"oauth2ClientId": "other"}


@pytest.mark.parametrize(
    "change", [{"timeoutSec": 60}, {"healthChecks": ["global/healthChecks/hc"]}]
)
def test_a_serverless_backend_service_has_no_timeout_and_no_health_check(
    client: Client, change: dict[str, Any]
) -> None:
    build(client)
    group = {"group": "regions/r1/networkEndpointGroups/neg"}
    body = {"name": "run", "backends": [group]}
    assert client.call("POST", "global/backendServices", body | change).reason == "invalid"
    client.done("POST", "global/backendServices", body)
    backend = client.get("global/backendServices/run")["backends"][0]
    assert (backend["balancingMode"], backend["capacityScaler"]) == ("UTILIZATION", 1.0)
    assert client.call("PATCH", "global/backendServices/run", change).reason == "invalid"


def test_health_is_nothing_for_serverless_and_the_scenarios_for_instances(staging: Client) -> None:
    def health(service: str, group: str) -> Any:
        return staging.post(f"global/backendServices/{service}/getHealth", {"group": group})

    serverless = "regions/us-central1/networkEndpointGroups/staging-backend-neg"
    empty = {"kind": "compute#backendServiceGroupHealth"}
    assert health("staging-backend-service", f"{LINK}/{serverless}") == empty
    instances = health(
        "staging-stream-backend", "zones/us-central1-a/instanceGroups/staging-stream"
    )
    assert [status["healthState"] for status in instances["healthStatus"]] == ["HEALTHY"] * 2
    other = staging.call(
        "POST", "global/backendServices/staging-stream-backend/getHealth", {"group": serverless}
    )
    assert other.reason == "invalid"


def test_a_load_balancing_scheme_changes_only_along_the_migration(client: Client) -> None:
    client.done("POST", "global/backendServices", {"name": "bs"})
    path = "global/backendServices/bs"
    client.done("PATCH", path, {"loadBalancingScheme": "EXTERNAL_MANAGED"})
    wrong = {"loadBalancingScheme": "INTERNAL_SELF_MANAGED"}
    assert client.call("PATCH", path, wrong).reason == "invalid"


@pytest.mark.parametrize(
    "body",
    [
        {"profile": "MODERN", "customFeatures": ["TLS_RSA_WITH_AES_128_CBC_SHA"]},
        {"profile": "CUSTOM"},
        {"profile": "CUSTOM", "customFeatures": ["ROT13"]},
        {"profile": "MODERN", "minTlsVersion": "TLS_1_3"},
        {"profile": "STRONG"},
    ],
)
def test_a_policy_that_contradicts_itself_is_refused(client: Client, body: dict[str, Any]) -> None:
    assert client.call("POST", "global/sslPolicies", {"name": "p", **body}).status == 400


def test_a_policys_features_follow_its_profile(client: Client) -> None:
    available = client.get("global/sslPolicies/listAvailableFeatures")["features"]
    client.done("POST", "global/sslPolicies", {"name": "p"})
    assert client.get("global/sslPolicies/p")["enabledFeatures"] == available
    custom = {"name": "c", "profile": "CUSTOM", "customFeatures": available[:2]}
    client.done("POST", "global/sslPolicies", custom)
    assert client.get("global/sslPolicies/c")["enabledFeatures"] == available[:2]


def test_a_batch_answers_every_part(client: Client) -> None:
    build(client)
    import http.client  # noqa: PLC0415 - only here

    parts = "".join(
        f"--x\r\nContent-Type: application/http\r\nContent-ID: <id+{number}>\r\n\r\n"
        f"GET /compute/v1/projects/netra-staging/global/{path} HTTP/1.1\r\n\r\n\r\n"
        for number, path in enumerate(["addresses/ip", "addresses/none"])
    )
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=10)
    headers = {"Content-Type": 'multipart/mixed; boundary="x"'}
    connection.request("POST", "/batch/compute/v1", f"{parts}--x--", headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert answer.headers["Content-Type"].startswith("multipart/mixed; boundary=")
    first, second = text.index("<response-id+0>"), text.index("<response-id+1>")
    assert first < text.index("HTTP/1.1 200 OK") < second < text.index("HTTP/1.1 404 Not Found")
