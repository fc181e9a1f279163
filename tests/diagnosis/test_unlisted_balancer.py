"""Faults of the load balancer that nobody listed, each made by plain calls of Google's APIs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.diagnosis.breaking import (
    API,
    CLOCK,
    COMPUTE,
    RRSETS,
    WEB,
    Fault,
    Step,
    break_it,
    comes_out,
    fault,
    record,
)
from tests.diagnosis.conftest import Edge
from tests.diagnosis.expected import EXPECTED
from tests.probes.certificates import NOW, Shown, authority, leaf
from tests.workbench import PROJECT

APEX, WEB_HOST, API_HOST = "netrasystems.ai.", WEB[:-1], API[:-1]
PROXY, HTTP_PROXY = "targetHttpsProxies/staging-https-proxy", "targetHttpProxies/staging-http-proxy"
MAP, REDIRECT = "global/urlMaps/staging-url-map", "global/urlMaps/staging-http-redirect"
SERVED = "global/backendServices/staging-backend-service"
STREAM = "global/backendServices/staging-stream-backend"
CHECK, WALL = "global/healthChecks/staging-stream-health", "global/firewalls/allow-health-checks"
GROUPS = "zones/us-central1-a/instanceGroups"
ENDPOINTS = "regions/us-central1/networkEndpointGroups"
NEG = f"{ENDPOINTS}/staging-backend-neg"
OWN = "global/sslCertificates/staging-ssl-cert"
MANAGER = "/v1/projects/PROJECT/locations/global"
EVERYBODY = ("0.0.0.0/1", "128.0.0.0/1")
ALL = "http.by_ip http.by_name websocket"
AGES = timedelta(days=3650)


def patch(path: str, **fields: Any) -> Step:
    return Step(f"PATCH {COMPUTE}/{path}", fields)


def post(path: str, **fields: Any) -> Step:
    return Step(f"POST {COMPUTE}/{path}", fields)


def delete(path: str) -> Step:
    return Step(f"DELETE {COMPUTE}/{path}")


def wait(seconds: int) -> Step:
    return Step(CLOCK, {"seconds": seconds})


# Rules and proxies

NO_RULE, NO_PLAIN_RULE = (
    delete(f"global/forwardingRules/{name}") for name in ("staging-https", "staging-http")
)


def rule(port: str = "443", ip: str = "203.0.113.10", target: str = f"global/{PROXY}") -> Step:
    told = {"loadBalancingScheme": "EXTERNAL_MANAGED", "IPProtocol": "TCP"}
    told |= {"IPAddress": ip} if ip else {}
    return post(
        "global/forwardingRules", name="staging-https", portRange=port, target=target, **told
    )


def hold(*names: str) -> Step:
    """Have the proxy hold these certificates and no others."""
    links = [f"global/sslCertificates/{name}" for name in names]
    return post(f"{PROXY}/setSslCertificates", sslCertificates=links)


def managed(name: str, *hosts: str) -> Step:
    return post("global/sslCertificates", name=name, type="MANAGED", managed={"domains": [*hosts]})


def uploaded(name: str, shown: Shown) -> Step:
    pem = {"certificate": shown.chain, "privateKey": shown.key}
    return post("global/sslCertificates", name=name, type="SELF_MANAGED", selfManaged=pem)


EXPIRED = uploaded(
    "ours",
    leaf(
        authority("a stranger"), WEB_HOST, API_HOST, begins=NOW - AGES, ends=NOW - timedelta(days=9)
    ),
)


def issued(name: str, *hosts: str) -> tuple[Step, ...]:
    """A managed certificate that waits beside the declared one until it is ACTIVE."""
    return (managed(name, *hosts), hold("staging-ssl-cert", name), wait(7200))


def with_map(*hosts: str) -> tuple[Step, ...]:
    """A certificate map with an entry for each host, all of them with Google's certificate."""
    authorization = {"domain": "netrasystems.ai"}
    at = f"projects/{PROJECT}/locations/global"
    own = {
        "managed": {
            "domains": ["*.netrasystems.ai"],
            "dnsAuthorizations": [f"{at}/dnsAuthorizations/a"],
        }
    }
    entries = [
        Step(
            f"POST {MANAGER}/certificateMaps/m/certificateMapEntries?certificateMapEntryId=e{n}",
            {"hostname": host, "certificates": [f"{at}/certificates/c"]},
        )
        for n, host in enumerate(hosts)
    ]
    link = f"//certificatemanager.googleapis.com/{at}/certificateMaps/m"
    return (
        Step(f"POST {MANAGER}/dnsAuthorizations?dnsAuthorizationId=a", authorization),
        Step(f"POST {MANAGER}/certificates?certificateId=c", own),
        Step(f"POST {MANAGER}/certificateMaps?certificateMapId=m", {}),
        *entries,
        post(f"global/{PROXY}/setCertificateMap", certificateMap=link),
        wait(3600),
    )


# URL maps

WEB_PATHS = {"name": "web", "defaultService": SERVED}
STREAMS = {"paths": ["/stream", "/stream/*"], "service": STREAM}
API_PATHS = {"name": "api", "defaultService": SERVED, "pathRules": [STREAMS]}


def paths(api: Any = None, web: Any = None, **fields: Any) -> Step:
    return patch(MAP, pathMatchers=[web or WEB_PATHS, api or API_PATHS], tests=[], **fields)


def by_default(**action: Any) -> dict[str, Any]:
    """The paths of the API's host, as a route action has them."""
    shares = [{"backendService": SERVED, "weight": 100}]
    return {"name": "api", "defaultRouteAction": {"weightedBackendServices": shares, **action}}


def by_rules(prefix: str) -> dict[str, Any]:
    """The paths of the API's host, as route rules have them."""
    rule = {"priority": 1, "matchRules": [{"prefixMatch": prefix}], "service": STREAM}
    return {"name": "api", "defaultService": SERVED, "routeRules": [rule]}


SHARED = [{"backendService": service, "weight": 50} for service in (SERVED, STREAM)]


def hosts(web: list[str], api: list[str]) -> list[Any]:
    return [{"hosts": web, "pathMatcher": "web"}, {"hosts": api, "pathMatcher": "api"}]


# What is behind


def policy(action: str, service: str) -> tuple[Step, Step]:
    denied = {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": [*EVERYBODY]}}
    others = {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["*"]}}
    rules = [
        {"priority": 1, "action": action, "match": denied},
        {"priority": 2147483647, "action": "allow", "match": others},
    ]
    return (
        post("global/securityPolicies", name="ours", rules=rules),
        post(f"{service}/setSecurityPolicy", securityPolicy="global/securityPolicies/ours"),
    )


def endpoints(**told: Any) -> tuple[Step, ...]:
    """The declared endpoint group, made again with something else in it."""
    group = {"networkEndpointType": "SERVERLESS", "cloudRun": told}
    return (
        patch(SERVED, backends=[]),
        delete(NEG),
        post(ENDPOINTS, name="staging-backend-neg", **group),
        patch(SERVED, backends=[{"group": NEG}]),
    )


def wall(name: str, **fields: Any) -> Step:
    told = {"network": "global/networks/staging-vpc", "direction": "INGRESS", **fields}
    return post("global/firewalls", name=name, **told)


CHECKED = "lb.backend_health stream"
RULES = {
    "the rule is gone": fault(
        NO_RULE, roots="lb.forwarding_rule", explains=ALL, told="staging-https does not exist"
    ),
    "the rule listens at another port": fault(
        NO_RULE,
        rule("8443"),
        roots="lb.forwarding_rule",
        explains=ALL,
        told="listens at 8443, not 443",
    ),
    "the rule is at another number": fault(
        NO_RULE,
        rule(ip="203.0.113.77"),
        roots="lb.forwarding_rule",
        explains=ALL,
        told="is at 203.0.113.77, not at 203.0.113.10",
    ),
    "the rule is at whatever number was free": fault(
        NO_RULE, rule(ip=""), roots="lb.forwarding_rule", explains=ALL, told="not at 203.0.113.10"
    ),
    "the rule for TLS leads to a proxy without": fault(
        NO_RULE,
        rule(target=f"global/{HTTP_PROXY}"),
        roots="lb.forwarding_rule",
        explains=ALL,
        told="leads to TargetHttpProxy/staging-http-proxy",
    ),
    "the rule of port 80 is gone": fault(
        NO_PLAIN_RULE, roots="lb.forwarding_rule", told="staging-http does not exist"
    ),
    "the proxy is gone": fault(
        NO_RULE,
        delete(f"global/{PROXY}"),
        roots="lb.forwarding_rule lb.target_proxy",
        explains=ALL,
        told="TargetHttpsProxy/staging-https-proxy does not exist",
    ),
    "the proxy and its certificate are gone": fault(
        NO_RULE,
        delete(f"global/{PROXY}"),
        delete(OWN),
        roots="lb.forwarding_rule lb.target_proxy lb.certificate",
        explains=ALL,
        automatic="lb.certificate",
        told="SslCertificate/staging-ssl-cert does not exist",
    ),
    "another SSL policy speaks TLS 1.3 alone": fault(
        post("global/sslPolicies", name="strict", minTlsVersion="TLS_1_3", profile="RESTRICTED"),
        post(f"global/{PROXY}/setSslPolicy", sslPolicy="global/sslPolicies/strict"),
        roots="lb.target_proxy",
        told="SslPolicy/strict asks for TLS 1.3",
    ),
    "port 80 is served what port 443 is": fault(
        post(f"{HTTP_PROXY}/setUrlMap", urlMap=MAP),
        roots="lb.target_proxy",
        told="uses UrlMap/staging-url-map, not UrlMap/staging-http-redirect",
    ),
    "the proxy has the map of redirects": fault(
        post(f"{PROXY}/setUrlMap", urlMap=REDIRECT),
        roots="lb.target_proxy",
        explains=ALL,
        told="uses UrlMap/staging-http-redirect, not UrlMap/staging-url-map",
    ),
    "only TLS 1.3 is spoken": fault(
        patch("global/sslPolicies/staging-tls", minTlsVersion="TLS_1_3", profile="RESTRICTED"),
        roots="lb.target_proxy",
        told="asks for TLS 1.3, not for TLS 1.2: older clients are refused",
    ),
    "any TLS is spoken": fault(
        patch("global/sslPolicies/staging-tls", minTlsVersion="TLS_1_0", profile="COMPATIBLE")
    ),
    "QUIC is off": fault(post(f"global/{PROXY}/setQuicOverride", quicOverride="DISABLE")),
    "the SSL policy is off": fault(post(f"global/{PROXY}/setSslPolicy")),
    "the address is another number by now": fault(
        NO_RULE,
        NO_PLAIN_RULE,
        delete("global/addresses/staging-lb"),
        wait(60),
        post("global/addresses", name="staging-lb"),
        roots="lb.address",
        explains=f"lb.forwarding_rule dns.record {ALL}",
        told="while names lead to 203.0.113.10",
    ),
    "the address is given back": fault(
        NO_RULE,
        NO_PLAIN_RULE,
        delete("global/addresses/staging-lb"),
        roots="lb.address",
        explains=f"lb.forwarding_rule {ALL}",
        told="does not exist",
    ),
}
CERTIFICATES = {
    "what is attached is for one host": fault(
        *issued("narrow", WEB_HOST),
        hold("narrow"),
        wait(3600),
        roots="lb.certificate",
        explains="http.by_ip websocket",
        automatic="lb.certificate",
        told=f"is for {API_HOST}",
    ),
    "what is declared was made again for one host": fault(
        *issued("other", WEB_HOST, API_HOST),
        hold("other"),
        delete(OWN),
        managed("staging-ssl-cert", WEB_HOST),
        hold("other", "staging-ssl-cert"),
        wait(7200),
        hold("staging-ssl-cert"),
        wait(3600),
        roots="lb.certificate",
        explains="http.by_ip websocket",
        automatic="lb.certificate",
        told=f"is for {API_HOST}",
    ),
    "what is declared is gone, and another in its place": fault(
        managed("other", WEB_HOST),
        hold("other"),
        delete(OWN),
        roots="lb.certificate",
        explains=ALL,
        automatic="lb.certificate",
        told="attached instead of SslCertificate/staging-ssl-cert, which does not exist",
    ),
    "another that serves as well is in its place": fault(
        *issued("other", WEB_HOST, API_HOST), hold("other"), delete(OWN), wait(3600)
    ),
    "somebody else's certificate": fault(
        uploaded("theirs", leaf(authority("a stranger"), "shop.example.com", ends=NOW + AGES)),
        hold("theirs"),
        wait(3600),
        roots="lb.certificate",
        explains=ALL,
        automatic="lb.certificate",
        told=f"is for {WEB_HOST}, {API_HOST}",
    ),
    "one of one's own, signed by itself": fault(
        uploaded("ours", leaf(None, WEB_HOST, API_HOST, ends=NOW + AGES)),
        hold("ours"),
        wait(3600),
        roots="lb.certificate",
        explains=ALL,
        automatic="lb.certificate",
        told="attached instead of SslCertificate/staging-ssl-cert: 203.0.113.10 serves",
    ),
    "one of one's own, long expired": fault(
        uploaded(
            "ours",
            leaf(
                authority("a stranger"), WEB_HOST, API_HOST, ends=NOW - AGES / 9, begins=NOW - AGES
            ),
        ),
        hold("ours"),
        roots="lb.certificate",
        explains=f"{ALL} cert.expiry",
        automatic="lb.certificate",
        told="expired at",
    ),
    "an expired one beside what serves": fault(
        uploaded(
            "ours",
            leaf(
                authority("a stranger"), WEB_HOST, API_HOST, ends=NOW - AGES / 9, begins=NOW - AGES
            ),
        ),
        hold("ours", "staging-ssl-cert"),
    ),
    "a fresh one, for a name that leads nowhere": fault(
        Step(f"DELETE {RRSETS}/{API}/A"),
        managed("fresh", WEB_HOST, API_HOST),
        hold("fresh"),
        wait(3000),
        roots="dns.record lb.certificate",
        explains=f"{ALL} cert.renewal dns.resolution",
        automatic="dns.record lb.certificate",
        told="attached instead of SslCertificate/staging-ssl-cert",
    ),
    "made again while another authority alone may issue": fault(
        Step(
            f"PATCH {RRSETS}/netrasystems.ai./CAA",
            record("netrasystems.ai.", "CAA", '0 issue "sectigo.com"'),
        ),
        managed("other", "x.netrasystems.ai"),
        hold("other"),
        delete(OWN),
        managed("staging-ssl-cert", WEB_HOST, API_HOST),
        hold("staging-ssl-cert"),
        wait(3000),
        roots="dns.record",
        explains=f"lb.certificate {ALL} cert.renewal",
        automatic="dns.record",
        told="permits sectigo.com, not pki.goog",
    ),
    "a certificate map that has nothing to show": fault(
        *with_map(WEB_HOST),
        roots="lb.target_proxy",
        explains="http.by_ip websocket",
        told="has the certificate map m",
    ),
}
ROUTES = {
    "route rules in place of path rules send all to the instances": fault(
        paths(by_rules("/")),
        roots="lb.url_map",
        explains="websocket",
        told=f"{API_HOST}/ goes to staging-stream-backend, not to staging-backend-service",
    ),
    "route rules say what path rules said": fault(paths(by_rules("/stream"))),
    "a host is shared by two services": fault(
        paths({"name": "api", "defaultRouteAction": {"weightedBackendServices": SHARED}}),
        roots="lb.url_map",
        explains="stream",
        told=f"{API_HOST}/ goes to several services",
    ),
    "the map is gone": fault(
        post(f"{PROXY}/setUrlMap", urlMap=REDIRECT),
        delete(MAP),
        roots="lb.target_proxy lb.url_map",
        explains="http.by_ip websocket stream",
        told="UrlMap/staging-url-map does not exist",
    ),
    "the default service is another": fault(
        patch(MAP, defaultService=STREAM),
        roots="lb.url_map",
        told="what has no host rule goes to staging-stream-backend",
    ),
    "a host is written wrongly": fault(
        patch(MAP, hostRules=hosts([WEB_HOST], ["api-stagin.netrasystems.ai"]), tests=[]),
        roots="lb.url_map",
        explains="stream",
        told=f"no host rule for {API_HOST}",
    ),
    "a host goes the way of the other": fault(
        patch(
            MAP, hostRules=hosts([WEB_HOST, API_HOST], [])[:1], pathMatchers=[WEB_PATHS], tests=[]
        ),
        roots="lb.url_map",
        explains="stream",
        told="/stream goes to staging-backend-service, not to staging-stream-backend",
    ),
    "a host is sent to the instances": fault(
        paths({**API_PATHS, "defaultService": STREAM}),
        roots="lb.url_map",
        explains="websocket",
        told="goes to staging-stream-backend, not to staging-backend-service",
    ),
    "a path more leads elsewhere": fault(
        paths({**API_PATHS, "pathRules": [STREAMS, {"paths": ["/ws"], "service": STREAM}]}),
        roots="lb.url_map",
        explains="websocket",
        told=f"{API_HOST}/ws goes to staging-stream-backend",
    ),
    "a host is sent to another": fault(
        paths(
            {
                "name": "api",
                "defaultUrlRedirect": {"hostRedirect": "www.example.com", "stripQuery": False},
            }
        ),
        roots="lb.url_map",
        explains="http.by_ip websocket",
        told="goes to a redirect to www.example.com, not to staging-backend-service",
    ),
    "a host is sent to itself for ever": fault(
        paths({"name": "api", "defaultUrlRedirect": {"httpsRedirect": True, "stripQuery": False}}),
        roots="lb.url_map",
        explains="http.by_ip websocket",
        told="a redirect to HTTPS, not to staging-backend-service",
    ),
    "every request is aborted": fault(
        paths(by_default(faultInjectionPolicy={"abort": {"httpStatus": 503, "percentage": 100}})),
        roots="lb.url_map",
        explains="http.by_ip websocket stream",
        told="is treated otherwise than declared: faultInjectionPolicy",
    ),
    "paths are written anew": fault(
        paths(by_default(urlRewrite={"pathPrefixRewrite": "/nowhere/"})),
        roots="lb.url_map",
        explains="http.by_ip websocket stream",
        told="is treated otherwise than declared: urlRewrite",
    ),
    "headers are added": fault(
        patch(
            MAP,
            headerAction={"responseHeadersToAdd": [{"headerName": "x-by", "headerValue": "us"}]},
        )
    ),
    "port 80 answers by itself": fault(
        patch(REDIRECT, defaultUrlRedirect=None, defaultService=SERVED),
        roots="lb.url_map",
        told="goes to staging-backend-service",
    ),
    "port 80 sends elsewhere": fault(
        patch(REDIRECT, defaultUrlRedirect={"hostRedirect": "www.example.com"}),
        roots="lb.url_map",
        told="a redirect to www.example.com",
    ),
}
SERVICES = {
    "the service is gone": fault(
        paths({"name": "api", "defaultService": SERVED}),
        delete(STREAM),
        roots="lb.url_map lb.backend_service",
        explains="stream",
        told="BackendService/staging-stream-backend does not exist",
    ),
    "no backend": fault(
        patch(STREAM, backends=[]), roots="lb.backend_service", explains="stream", told="lacks"
    ),
    "a backend that takes nothing": fault(
        patch(STREAM, backends=[{"group": f"{GROUPS}/staging-stream", "capacityScaler": 0}]),
        roots="lb.backend_service",
        explains="stream",
        told="capacityScaler 0",
    ),
    "another group": fault(
        post(GROUPS, name="spare", network="global/networks/staging-vpc"),
        patch(STREAM, backends=[{"group": f"{GROUPS}/spare"}]),
        roots="lb.backend_service",
        explains="stream",
        told="lacks its backend staging-stream",
    ),
    "a stray group beside": fault(
        post(GROUPS, name="spare", network="global/networks/staging-vpc"),
        patch(STREAM, backends=[{"group": f"{GROUPS}/{n}"} for n in ("staging-stream", "spare")]),
    ),
    "requests are ended after three seconds": fault(
        patch(STREAM, timeoutSec=3),
        roots="lb.backend_service",
        explains="websocket.long",
        told="ends requests after 3 s, not 3600 s",
    ),
    "requests are ended after a minute": fault(
        patch(STREAM, timeoutSec=60),
        roots="lb.backend_service",
        told="ends requests after 60 s, not 3600 s",
    ),
    "it speaks TLS to who does not": fault(
        patch(STREAM, protocol="HTTPS"),
        roots="lb.backend_service",
        explains="stream",
        told="speaks HTTPS, not HTTP",
    ),
    "a policy denies": fault(
        *policy("deny(403)", SERVED),
        roots="lb.backend_service",
        explains="http.by_ip websocket",
        told="has the security policy ours",
    ),
    "a policy denies as if nothing were there": fault(
        *policy("deny(404)", SERVED),
        roots="lb.backend_service",
        explains="http.by_ip websocket",
        told="has the security policy ours",
    ),
    "a policy denies as if all were broken": fault(
        *policy("deny(502)", STREAM),
        roots="lb.backend_service",
        explains="stream",
        told="has the security policy ours",
    ),
    "one has to log in": fault(
        patch(STREAM, iap={"enabled": True}),
        roots="lb.backend_service",
        explains="stream",
        told="IAP enabled",
    ),
    "a policy at the edge denies": fault(
        patch(SERVED, enableCDN=True),
        policy("deny(403)", SERVED)[0],
        post(
            f"{SERVED}/setEdgeSecurityPolicy",
            securityPolicy="global/securityPolicies/ours",
        ),
        roots="lb.backend_service",
        explains="http.by_ip websocket",
        told="has the security policy ours",
    ),
    "a cache in front": fault(patch(SERVED, enableCDN=True)),
    "clients stay with one instance": fault(patch(STREAM, sessionAffinity="CLIENT_IP")),
    "the named port is gone": fault(
        post(f"{GROUPS}/staging-stream/setNamedPorts", namedPorts=[]),
        roots="lb.backend",
        explains="stream",
        told="has a port named stream",
    ),
    "another port is dialled": fault(
        patch(STREAM, portName="http"),
        roots="lb.backend",
        explains="stream",
        told="dials the port named http, not stream",
    ),
    "the endpoint group names nobody": fault(
        *endpoints(service="netra-backnd"),
        roots="lb.backend",
        explains="http.by_ip websocket",
        told="names netra-backnd, not netra-backend",
    ),
    "the endpoint group asks for a tag": fault(
        *endpoints(service="netra-backend", tag="canary"),
        roots="lb.backend",
        explains="http.by_ip websocket",
        told="with the tag canary",
    ),
    "the endpoint group is gone": fault(
        patch(SERVED, backends=[]),
        delete(NEG),
        roots="lb.backend lb.backend_service",
        explains="http.by_ip websocket",
        told="NetworkEndpointGroup/us-central1/staging-backend-neg does not exist",
    ),
    "the endpoint group of another region": fault(
        post(
            ENDPOINTS.replace("central1", "east1"),
            name="staging-backend-neg",
            networkEndpointType="SERVERLESS",
            cloudRun={"service": "netra-backend"},
        ),
        patch(SERVED, backends=[{"group": NEG.replace("central1", "east1")}]),
        roots="lb.backend_service",
        explains="http.by_ip websocket",
        told="lacks its backend",
    ),
}
HEALTH = {
    "it asks with TLS": fault(
        patch(CHECK, type="HTTPS", httpHealthCheck=None, httpsHealthCheck={"port": 8000}),
        roots="lb.health_check",
        explains=CHECKED,
        told="asks by HTTPS, not by HTTP",
    ),
    "it asks whether the port is open": fault(
        patch(CHECK, type="TCP", httpHealthCheck=None, tcpHealthCheck={"port": 8000})
    ),
    "it asks for another host": fault(
        patch(CHECK, httpHealthCheck={"port": 8000, "requestPath": "/health", "host": "x.example"})
    ),
    "another check asks for what is not there": fault(
        post("global/healthChecks", name="other", type="HTTP", httpHealthCheck={"port": 8000}),
        patch(STREAM, healthChecks=["global/healthChecks/other"]),
        roots="lb.backend_service",
        explains=CHECKED,
        told="is checked by HealthCheck/other, not by HealthCheck/staging-stream-health",
    ),
    "the check is gone, and another in its place": fault(
        post("global/healthChecks", name="other", type="HTTP", httpHealthCheck={"port": 8000}),
        patch(STREAM, healthChecks=["global/healthChecks/other"]),
        delete(CHECK),
        roots="lb.backend_service lb.health_check",
        explains=CHECKED,
        told="HealthCheck/staging-stream-health does not exist",
    ),
    "a firewall rule denies": fault(
        wall("shut", priority=10, denied=[{"IPProtocol": "all"}], sourceRanges=["0.0.0.0/0"]),
        roots="lb.health_check",
        explains=CHECKED,
        told="come to port 8000 of the backends: the rule shut denies it",
    ),
    "a firewall rule that comes too late denies": fault(
        wall("shut", priority=60000, denied=[{"IPProtocol": "all"}], sourceRanges=["0.0.0.0/0"])
    ),
    "the firewall rule is off": fault(
        patch(WALL, disabled=True), roots="lb.health_check", explains=CHECKED, told="no firewall"
    ),
    "the firewall rule is for half of the probers": fault(
        patch(WALL, sourceRanges=["35.191.0.0/16"]),
        roots="lb.health_check",
        explains=CHECKED,
        told="lets 130.211.0.0/22 come",
    ),
    "the firewall rule is for UDP": fault(
        patch(WALL, allowed=[{"IPProtocol": "udp"}]),
        roots="lb.health_check",
        explains=CHECKED,
        told="no firewall",
    ),
}
FAULTS = {**RULES, **CERTIFICATES, **ROUTES, **SERVICES, **HEALTH}


def broken(edge: Edge, one: Fault) -> Edge:
    """The edge after a fault, looked at with a clock that shows what it is there."""
    break_it(edge, one.steps)
    is_later = any(step.call == CLOCK for step in one.steps)
    return edge.again() if is_later else edge


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_nobody_listed_comes_out(edge: Edge, name: str) -> None:
    comes_out(broken(edge, FAULTS[name]).diagnose(), FAULTS[name])


CROSSED = [
    ("the rule is gone", "sql-suspended"),
    ("the address is another number by now", "run-invoker-missing"),
    ("the proxy has the map of redirects", "bs-healthcheck-firewalled"),
    ("what is attached is for one host", "dns-record-wrong-ip"),
    ("somebody else's certificate", "bs-armor-denies"),
    ("a path more leads elsewhere", "sql-auth-failed"),
    ("a host is sent to another", "cert-missing-intermediate"),
    ("a backend that takes nothing", "dns-delegation-lame"),
    ("the endpoint group asks for a tag", "urlmap-host-missing"),
    ("a policy denies", "run-deleted"),
    ("another check asks for what is not there", "vpc-connector-error"),
    ("a firewall rule denies", "dns-record-missing"),
]


@pytest.mark.parametrize(("name", "listed"), CROSSED)
def test_beside_a_listed_fault_both_come_out(edge: Edge, name: str, listed: str) -> None:
    one = FAULTS[name]
    later = broken(edge, one)
    assert edge.inject(listed)
    found = later.diagnose()
    assert {root.layer for root in found.roots} == one.roots | {EXPECTED[listed].layer}
    forbidden = one.roots - one.automatic | (
        set() if EXPECTED[listed].auto else {EXPECTED[listed].layer}
    )
    acting = {root.layer for root in found.roots if root.auto.allowed and root.fix.action != "wait"}
    assert not acting & forbidden
