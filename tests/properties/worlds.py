"""Small environments for laws: valid, different from one another, and small enough to read."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.kinds.records.zones import records
from tests.pipeline.documents import (
    OTHER_PEM,
    PEM,
    Document,
    address,
    http_proxy,
    https_proxy,
    rule,
    url_map,
)
from tests.workbench import document

# Of these each world has one, since Google gives none of them back as it was.
KEPT = ("Address", "SslCertificate", "DnsZone")
_texts = st.sampled_from(["", "one", "two"])
_labels = st.dictionaries(st.sampled_from(["team", "tier"]), st.sampled_from(["a", "b"]))


def _some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


@st.composite
def checks(draw: st.DrawFn) -> list[Document]:
    more = _some(
        checkIntervalSec=st.integers(5, 20),
        timeoutSec=st.integers(1, 5),
        unhealthyThreshold=st.integers(2, 4),
        description=_texts,
        logConfig=st.fixed_dictionaries({"enable": st.booleans()}),
    )
    http = _some(requestPath=st.sampled_from(["/", "/health"]), port=st.sampled_from([80, 8000]))
    tcp = _some(port=st.sampled_from([5432, 22]), proxyHeader=st.sampled_from(["NONE", "PROXY_V1"]))
    found = []
    for name in draw(st.lists(st.sampled_from(["alive", "ready"]), unique=True)):
        body = draw(more)
        if draw(st.booleans()):
            body |= {"type": "HTTP", "httpHealthCheck": {"port": 80, **draw(http)}}
        else:
            body |= {"type": "TCP", "tcpHealthCheck": {"port": 5432, **draw(tcp)}}
        found.append(document("HealthCheck", name, body))
    return found


_backends = st.sampled_from(["a", "b", "c"]).map(
    lambda zone: {
        "group": f"zones/us-central1-{zone}/instanceGroups/web",
        "balancingMode": "UTILIZATION",
        "maxUtilization": 0.8,
    }
)


@st.composite
def services(draw: st.DrawFn, watched_by: list[str]) -> Document:
    spec = draw(
        _some(
            timeoutSec=st.sampled_from([30, 60, 3600]),
            portName=st.sampled_from(["http", "web"]),
            description=_texts,
            customRequestHeaders=st.lists(st.sampled_from(["X-A: 1", "X-B: 2"]), unique=True),
            connectionDraining=st.fixed_dictionaries({"drainingTimeoutSec": st.integers(0, 60)}),
            logConfig=st.just({"enable": True, "sampleRate": 0.5}),
            enableCDN=st.booleans(),
        )
    )
    if watched_by:
        spec["healthChecks"] = draw(st.permutations(watched_by))[:1]
        spec["backends"] = draw(st.lists(_backends, max_size=2, unique_by=str))
    return document(
        "BackendService",
        "web",
        {"loadBalancingScheme": "EXTERNAL_MANAGED", "protocol": "HTTP", **spec},
    )


@st.composite
def maps(draw: st.DrawFn, *, served: bool) -> Document:
    if not served or draw(st.booleans()):
        return url_map(**draw(_some(description=_texts)))
    hosts = draw(
        st.lists(st.sampled_from(["a.example.com", "b.example.com", "*.example.org"]), unique=True)
    )
    paths = draw(st.lists(st.sampled_from(["/api", "/api/*", "/ws"]), unique=True))
    spec: dict[str, Any] = {"defaultService": "web"}
    if hosts:
        spec["hostRules"] = [{"hosts": hosts, "pathMatcher": "m"}]
        rules = [{"paths": paths, "service": "web"}] if paths else []
        spec["pathMatchers"] = [{"name": "m", "defaultService": "web", "pathRules": rules}]
    return document("UrlMap", "main", spec)


@st.composite
def proxies(draw: st.DrawFn) -> list[Document]:
    """Plain and encrypted, each with its rule or without."""
    found: list[Document] = []
    if draw(st.booleans()):
        found.append(http_proxy(**draw(_some(description=_texts, httpKeepAliveTimeoutSec=_idle))))
        if draw(st.booleans()):
            port = draw(st.sampled_from(["80", "80-80"]))
            more = draw(_some(labels=_labels, description=_texts))
            found.append({**rule(port="80", **more), "metadata": {"name": "plain"}})
            found[-1]["spec"]["portRange"] = port
    if draw(st.booleans()):
        more = draw(_some(quicOverride=st.sampled_from(["ENABLE", "NONE"]), description=_texts))
        found.append(https_proxy("brought", **more))
        if draw(st.booleans()):
            found.append(rule("TargetHttpsProxy/secure", "443"))
    return found


_idle = st.integers(5, 1200)
_policy = _some(
    minTlsVersion=st.sampled_from(["TLS_1_0", "TLS_1_2"]),
    profile=st.sampled_from(["COMPATIBLE", "MODERN"]),
)


@st.composite
def environments(draw: st.DrawFn) -> list[Document]:
    """Documents in which every link leads somewhere; removable, but for those of `KEPT`."""
    found = draw(checks())
    served = draw(st.booleans())
    if served:
        found.append(draw(services([one["metadata"]["name"] for one in found])))
    found.append(draw(maps(served=served)))
    found += draw(proxies())
    if draw(st.booleans()):
        found.append(document("SslPolicy", "tls", draw(_policy)))
    own = {**draw(st.sampled_from([PEM, OTHER_PEM])), **draw(_some(description=_texts))}
    found += [document("SslCertificate", "brought", own), draw(labelled_addresses)]
    found.append(draw(zones))
    return [{**one, "lifecycle": {"onRemove": "delete"}} for one in found]


labelled_addresses = _labels.map(
    lambda labels: {
        **address(),
        "spec": {**address()["spec"], **({"labels": labels} if labels else {})},
    }
)
_NAMED = {"dnsName": "example.com.", "visibility": "public"}
zones = records.map(
    lambda written: document(
        "DnsZone",
        "example",
        {**_NAMED, "recordOwnership": "exclusive", "records": written},
    )
)
