"""What hangs on what: the tree of staging, and the odd ways that traffic can go."""

from __future__ import annotations

from typing import Any

import pytest

from remediate.model.errors import InvalidInput
from remediate.model.ref import Ref, parse_ref, record_ref
from remediate.pipeline.graph import Graph, graph, impact
from tests.pipeline.documents import address, health_check, http_proxy, rule, sets, url_map, zone
from tests.workbench import Workbench, document


def drawn(workbench: Workbench, *documents: dict[str, Any]) -> Graph:
    workbench.write(*documents)
    return graph(workbench.load())


def hanging(of: Graph, ref: str) -> set[str]:
    return set(map(str, impact(of, parse_ref(ref)).hanging))


def hosts(of: Graph, ref: str) -> tuple[str, ...]:
    return impact(of, parse_ref(ref)).hosts


@pytest.fixture
def staging(workbench: Workbench) -> Graph:
    workbench.copy_staging()
    return graph(workbench.load())


EDGE = [address(), url_map(), http_proxy(), rule()]


def test_traffic_goes_from_the_record_to_the_endpoint_group(staging: Graph) -> None:
    record = record_ref("netrasystems-staging", "staging.netrasystems.ai.", "A")
    way = [
        *("Address/staging-lb", "ForwardingRule/staging-https"),
        *("TargetHttpsProxy/staging-https-proxy", "UrlMap/staging-url-map"),
        "BackendService/staging-backend-service",
        "NetworkEndpointGroup/us-central1/staging-backend-neg",
    ]
    at = record
    for following in map(parse_ref, way):
        assert following in staging.onward[at]
        at = following


def test_what_is_behind_an_address_does_not_hang_on_it_but_the_rules_do(staging: Graph) -> None:
    assert hanging(staging, "Address/staging-lb") == {
        "DnsZone/netrasystems-staging/api-staging.netrasystems.ai./A",
        "DnsZone/netrasystems-staging/staging.netrasystems.ai./A",
        "ForwardingRule/staging-http",
        "ForwardingRule/staging-https",
    }


def test_a_rule_beside_another_on_one_address_does_not_hang_on_it(staging: Graph) -> None:
    assert "ForwardingRule/staging-http" not in hanging(staging, "ForwardingRule/staging-https")
    assert "Address/staging-lb" in hanging(staging, "ForwardingRule/staging-https")


def test_a_host_that_the_url_map_sends_elsewhere_does_not_hang_on_a_backend(
    staging: Graph,
) -> None:
    assert hosts(staging, "HealthCheck/staging-stream-health") == ("api-staging.netrasystems.ai",)
    both = ("api-staging.netrasystems.ai", "staging.netrasystems.ai")
    assert hosts(staging, "BackendService/staging-backend-service") == both


def test_an_address_written_out_leads_to_the_one_that_is_declared(workbench: Workbench) -> None:
    fixed = document("Address", "edge", {"address": "203.0.113.9"})
    written = zone({"www": sets("A", "203.0.113.9"), "mail": sets("A", "198.51.100.1")})
    found = drawn(workbench, fixed, url_map(), http_proxy(), rule(), written)
    assert hosts(found, "UrlMap/main") == ("www.example.com",)
    assert found.elsewhere == {Ref("DnsZone", "example"): 1}


def test_a_cname_is_followed_and_a_ring_of_them_ends(workbench: Workbench) -> None:
    records = {
        "www": sets("A", "${Address/edge.address}"),
        "blog": sets("CNAME", "www.example.com."),
        "a": sets("CNAME", "b.example.com."),
        "b": sets("CNAME", "a.example.com."),
    }
    found = drawn(workbench, *EDGE, zone(records))
    assert hosts(found, "UrlMap/main") == ("blog.example.com", "www.example.com")
    assert hanging(found, "DnsZone/example/a.example.com./CNAME") == {
        "DnsZone/example/b.example.com./CNAME"
    }


def test_the_records_of_a_zone_hang_on_the_zone(workbench: Workbench) -> None:
    found = drawn(workbench, *EDGE, zone({"www": sets("A", "${Address/edge.address}")}))
    assert hanging(found, "DnsZone/example") == {"DnsZone/example/www.example.com./A"}


def test_what_is_only_ordered_carries_no_traffic(workbench: Workbench) -> None:
    later = health_check(lifecycle={"dependsOn": ["UrlMap/main"]})
    found = drawn(workbench, *EDGE, later)
    assert hanging(found, "UrlMap/main") >= {"HealthCheck/alive"}
    assert found.onward[Ref("HealthCheck", "alive")] == ()


def test_a_part_of_a_graph_has_no_loose_ends(staging: Graph) -> None:
    found = impact(staging, Ref("SslPolicy", "staging-tls"))
    part = staging.only({found.ref, *found.hanging})
    ends = {to for edges in (part.needs, part.onward) for ways in edges.values() for to in ways}
    assert ends <= set(part.nodes)


def test_what_is_not_declared_is_refused_with_what_was_meant(staging: Graph) -> None:
    with pytest.raises(InvalidInput, match="did you mean `Address/staging-lb`"):
        impact(staging, Ref("Address", "stagin-lb"))


def test_the_order_of_the_files_does_not_show(workbench: Workbench) -> None:
    assert drawn(workbench, *EDGE) == drawn(workbench, *reversed(EDGE))


def test_a_routing_policy_leads_to_all_that_it_may_answer_and_needs_its_health_check(
    workbench: Workbench,
) -> None:
    items = [
        {"weight": 1, "rrdatas": ["${Address/edge.address}"]},
        {"weight": 1, "healthCheckedTargets": {"externalEndpoints": ["192.0.2.1"]}},
    ]
    policy = {"healthCheck": "alive", "wrr": {"items": items}}
    records = {
        "www": {"A": {"ttl": 60, "routingPolicy": policy}},
        "web": {
            "CNAME": {
                "ttl": 60,
                "routingPolicy": {
                    "geo": {"items": [{"location": "us-east1", "rrdatas": ["www.example.com."]}]}
                },
            }
        },
    }
    found = drawn(workbench, zone(records), address(), health_check("alive"))
    www = record_ref("example", "www.example.com.", "A")
    web = record_ref("example", "web.example.com.", "CNAME")
    assert found.onward[www] == (Ref("Address", "edge"),)
    assert Ref("HealthCheck", "alive") in found.needs[www]
    assert found.onward[web] == (www,)
    assert {str(web), str(www)} <= hanging(found, "HealthCheck/alive")
    assert hosts(found, "Address/edge") == ("web.example.com", "www.example.com")
