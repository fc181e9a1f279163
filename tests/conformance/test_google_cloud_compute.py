"""Google's typed client over REST: every kind is made, read, listed, changed and removed.

Its operations would be polled at the public host whatever endpoint it is told, so the tests call
the `*_unary` methods and wait through an operations client of their own.
"""

from __future__ import annotations

from typing import Any

import google.api_core.exceptions
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import compute_v1

from gcp_sandbox.sandbox import Sandbox
from tests.conformance.conftest import PROJECT

REGION = "us-central1"
AT_PROJECT = {"project": PROJECT}
AT_REGION = {"project": PROJECT, "region": REGION}


class Compute:
    def __init__(self, url: str) -> None:
        self._url = url

    def __getattr__(self, name: str) -> Any:
        """`addresses` is an `AddressesClient`, and so on."""
        words = "".join(word.capitalize() for word in name.split("_"))
        client = getattr(compute_v1, f"{words}Client")(
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": self._url},
            transport="rest",
        )
        setattr(self, name, client)
        return client

    def done(self, operation: Any) -> Any:
        """Wait for an operation by its own scope; it must end without an error."""
        if operation.region:
            region = operation.region.rsplit("/", 1)[-1]
            scope = {"project": PROJECT, "region": region}
            ended = self.region_operations.wait(operation=operation.name, **scope)
        else:
            ended = self.global_operations.wait(project=PROJECT, operation=operation.name)
        assert ended.status == compute_v1.Operation.Status.DONE
        assert not ended.error.errors
        return ended


@pytest.fixture
def compute(sandbox: Sandbox) -> Compute:
    return Compute(sandbox.url)


def make(compute: Compute, kind: str, resource: Any, *, regional: bool = False) -> Any:
    """Insert by the kind's own client and read back."""
    client = getattr(compute, kind)
    scope = AT_REGION if regional else AT_PROJECT
    field = RESOURCE[kind]
    compute.done(client.insert_unary(**scope, **{f"{field}_resource": resource}))
    return client.get(**scope, **{field: resource.name})


RESOURCE = {
    "addresses": "address",
    "global_addresses": "address",
    "health_checks": "health_check",
    "region_health_checks": "health_check",
    "region_network_endpoint_groups": "network_endpoint_group",
    "backend_services": "backend_service",
    "region_backend_services": "backend_service",
    "url_maps": "url_map",
    "region_url_maps": "url_map",
    "ssl_certificates": "ssl_certificate",
    "ssl_policies": "ssl_policy",
    "region_ssl_policies": "ssl_policy",
    "target_https_proxies": "target_https_proxy",
    "target_http_proxies": "target_http_proxy",
    "region_target_http_proxies": "target_http_proxy",
    "forwarding_rules": "forwarding_rule",
    "global_forwarding_rules": "forwarding_rule",
}


@pytest.fixture
def edge(compute: Compute) -> dict[str, Any]:
    """A whole load balancer, each part as the server answers it."""
    made: dict[str, Any] = {}
    made["address"] = make(compute, "global_addresses", compute_v1.Address(name="ip"))
    made["neg"] = make(
        compute,
        "region_network_endpoint_groups",
        compute_v1.NetworkEndpointGroup(
            name="neg",
            network_endpoint_type="SERVERLESS",
            cloud_run=compute_v1.NetworkEndpointGroupCloudRun(service="web"),
        ),
        regional=True,
    )
    made["backend"] = make(
        compute,
        "backend_services",
        compute_v1.BackendService(
            name="backend",
            load_balancing_scheme="EXTERNAL_MANAGED",
            protocol="HTTPS",
            backends=[compute_v1.Backend(group=made["neg"].self_link)],
        ),
    )
    made["map"] = make(
        compute,
        "url_maps",
        compute_v1.UrlMap(name="map", default_service=made["backend"].self_link),
    )
    made["certificate"] = make(compute, "ssl_certificates", managed("cert", "www.example.com"))
    made["policy"] = make(
        compute, "ssl_policies", compute_v1.SslPolicy(name="tls", profile="MODERN")
    )
    made["proxy"] = make(
        compute,
        "target_https_proxies",
        compute_v1.TargetHttpsProxy(
            name="proxy",
            url_map=made["map"].self_link,
            ssl_certificates=[made["certificate"].self_link],
            ssl_policy=made["policy"].self_link,
        ),
    )
    made["rule"] = make(
        compute,
        "global_forwarding_rules",
        compute_v1.ForwardingRule(
            name="rule",
            load_balancing_scheme="EXTERNAL_MANAGED",
            I_p_address=made["address"].self_link,
            I_p_protocol="TCP",
            port_range="443",
            target=made["proxy"].self_link,
        ),
    )
    return made


def managed(name: str, *domains: str) -> compute_v1.SslCertificate:
    return compute_v1.SslCertificate(
        name=name,
        type_="MANAGED",
        managed=compute_v1.SslCertificateManagedSslCertificate(domains=list(domains)),
    )


def test_the_parts_of_an_edge_know_each_other(compute: Compute, edge: dict[str, Any]) -> None:
    assert edge["rule"].I_p_address == edge["address"].address
    assert edge["rule"].port_range == "443-443"
    assert edge["rule"].target == edge["proxy"].self_link
    assert edge["backend"].fingerprint
    assert edge["certificate"].managed.status == "PROVISIONING"
    address = compute.global_addresses.get(project=PROJECT, address="ip")
    assert address.status == "IN_USE"
    assert list(address.users) == [edge["rule"].self_link]


def test_every_collection_lists_what_was_made(compute: Compute, edge: dict[str, Any]) -> None:
    assert [it.name for it in compute.global_addresses.list(project=PROJECT)] == ["ip"]
    assert [it.name for it in compute.global_forwarding_rules.list(project=PROJECT)] == ["rule"]
    assert [it.name for it in compute.ssl_policies.list(project=PROJECT)] == ["tls"]
    negs = compute.region_network_endpoint_groups.list(project=PROJECT, region=REGION)
    assert [it.name for it in negs] == ["neg"]
    for collection, member in (
        ("backend_services", "backend_services"),
        ("url_maps", "url_maps"),
        ("ssl_certificates", "ssl_certificates"),
        ("target_https_proxies", "target_https_proxies"),
        ("forwarding_rules", "forwarding_rules"),
        ("addresses", "addresses"),
    ):
        scopes = dict(getattr(compute, collection).aggregated_list(project=PROJECT))
        assert len(getattr(scopes["global"], member)) == 1, collection
    assert edge


def test_an_edge_is_taken_down_only_from_the_front(compute: Compute, edge: dict[str, Any]) -> None:
    deletions: list[tuple[str, Any]] = [
        ("global_forwarding_rules", {"forwarding_rule": "rule"}),
        ("target_https_proxies", {"target_https_proxy": "proxy"}),
        ("url_maps", {"url_map": "map"}),
        ("backend_services", {"backend_service": "backend"}),
    ]
    for kind, which in deletions[1:]:
        with pytest.raises(google.api_core.exceptions.BadRequest, match="already being used by"):
            getattr(compute, kind).delete_unary(project=PROJECT, **which)
    for kind, which in deletions:
        client = getattr(compute, kind)
        compute.done(client.delete_unary(project=PROJECT, **which))
        with pytest.raises(google.api_core.exceptions.NotFound, match="was not found"):
            client.get(project=PROJECT, **which)
    for kind, which in (
        ("ssl_certificates", {"ssl_certificate": "cert"}),
        ("ssl_policies", {"ssl_policy": "tls"}),
        ("global_addresses", {"address": "ip"}),
    ):
        compute.done(getattr(compute, kind).delete_unary(project=PROJECT, **which))
    negs = compute.region_network_endpoint_groups
    compute.done(negs.delete_unary(**AT_REGION, network_endpoint_group=edge["neg"].name))


def test_a_stale_fingerprint_is_refused(compute: Compute, edge: dict[str, Any]) -> None:
    maps = compute.url_maps
    first = compute_v1.UrlMap(description="first", fingerprint=edge["map"].fingerprint)
    compute.done(maps.patch_unary(project=PROJECT, url_map="map", url_map_resource=first))
    live = maps.get(project=PROJECT, url_map="map")
    assert (live.description, live.default_service) == ("first", edge["backend"].self_link)
    assert live.fingerprint != edge["map"].fingerprint
    with pytest.raises(google.api_core.exceptions.PreconditionFailed):
        maps.patch_unary(project=PROJECT, url_map="map", url_map_resource=first)


def test_certificates_are_exchanged_by_patch_and_by_setter(
    compute: Compute, edge: dict[str, Any]
) -> None:
    other = make(compute, "ssl_certificates", managed("cert2", "www.example.com"))
    both = [edge["certificate"].self_link, other.self_link]
    proxies = compute.target_https_proxies
    patch = compute_v1.TargetHttpsProxy(
        ssl_certificates=both, fingerprint=edge["proxy"].fingerprint
    )
    compute.done(
        proxies.patch_unary(
            project=PROJECT, target_https_proxy="proxy", target_https_proxy_resource=patch
        )
    )
    live = proxies.get(project=PROJECT, target_https_proxy="proxy")
    assert list(live.ssl_certificates) == both
    body = compute_v1.TargetHttpsProxiesSetSslCertificatesRequest(ssl_certificates=both[1:])
    compute.done(
        proxies.set_ssl_certificates_unary(
            project=PROJECT,
            target_https_proxy="proxy",
            target_https_proxies_set_ssl_certificates_request_resource=body,
        )
    )
    live = proxies.get(project=PROJECT, target_https_proxy="proxy")
    assert list(live.ssl_certificates) == both[1:]


def test_the_setters_of_a_proxy_and_a_rule_move_their_links(
    compute: Compute, edge: dict[str, Any]
) -> None:
    redirect = compute_v1.UrlMap(
        name="redirect", default_url_redirect=compute_v1.HttpRedirectAction(https_redirect=True)
    )
    second = make(compute, "url_maps", redirect)
    proxy = make(
        compute,
        "target_http_proxies",
        compute_v1.TargetHttpProxy(name="plain", url_map=edge["map"].self_link),
    )
    compute.done(
        compute.target_http_proxies.set_url_map_unary(
            project=PROJECT,
            target_http_proxy=proxy.name,
            url_map_reference_resource=compute_v1.UrlMapReference(url_map=second.self_link),
        )
    )
    live = compute.target_http_proxies.get(project=PROJECT, target_http_proxy="plain")
    assert live.url_map == second.self_link
    other = make(
        compute,
        "target_https_proxies",
        compute_v1.TargetHttpsProxy(
            name="other",
            url_map=edge["map"].self_link,
            ssl_certificates=[edge["certificate"].self_link],
        ),
    )
    compute.done(
        compute.global_forwarding_rules.set_target_unary(
            project=PROJECT,
            forwarding_rule="rule",
            target_reference_resource=compute_v1.TargetReference(target=other.self_link),
        )
    )
    rule = compute.global_forwarding_rules.get(project=PROJECT, forwarding_rule="rule")
    assert rule.target == other.self_link


def test_labels_are_set_with_their_own_fingerprint(compute: Compute, edge: dict[str, Any]) -> None:
    request = compute_v1.GlobalSetLabelsRequest(
        labels={"env": "test"}, label_fingerprint=edge["address"].label_fingerprint
    )
    compute.done(
        compute.global_addresses.set_labels_unary(
            project=PROJECT, resource="ip", global_set_labels_request_resource=request
        )
    )
    live = compute.global_addresses.get(project=PROJECT, address="ip")
    assert dict(live.labels) == {"env": "test"}
    assert live.label_fingerprint != edge["address"].label_fingerprint
    with pytest.raises(google.api_core.exceptions.PreconditionFailed):
        compute.global_addresses.set_labels_unary(
            project=PROJECT, resource="ip", global_set_labels_request_resource=request
        )


def test_health_checks_are_replaced_and_patched(compute: Compute) -> None:
    for kind, regional in (("health_checks", False), ("region_health_checks", True)):
        check = compute_v1.HealthCheck(
            name="check",
            type_="HTTP",
            http_health_check=compute_v1.HTTPHealthCheck(port=8000, request_path="/health"),
        )
        made = make(compute, kind, check, regional=regional)
        assert (made.check_interval_sec, made.timeout_sec) == (5, 5)
        assert (made.healthy_threshold, made.unhealthy_threshold) == (2, 2)
        client = getattr(compute, kind)
        scope = AT_REGION if regional else AT_PROJECT
        patch = compute_v1.HealthCheck(check_interval_sec=20)
        compute.done(client.patch_unary(**scope, health_check="check", health_check_resource=patch))
        live = client.get(**scope, health_check="check")
        assert (live.check_interval_sec, live.http_health_check.request_path) == (20, "/health")
        compute.done(
            client.update_unary(**scope, health_check="check", health_check_resource=check)
        )
        assert client.get(**scope, health_check="check").check_interval_sec == 5


def test_ssl_policies_change_in_place(compute: Compute, edge: dict[str, Any]) -> None:
    patch = compute_v1.SslPolicy(min_tls_version="TLS_1_2", fingerprint=edge["policy"].fingerprint)
    compute.done(
        compute.ssl_policies.patch_unary(
            project=PROJECT, ssl_policy="tls", ssl_policy_resource=patch
        )
    )
    live = compute.ssl_policies.get(project=PROJECT, ssl_policy="tls")
    assert (live.profile, live.min_tls_version) == ("MODERN", "TLS_1_2")
    assert live.enabled_features


def test_a_url_map_is_validated_without_being_written(
    compute: Compute, edge: dict[str, Any]
) -> None:
    def validate(service: str) -> Any:
        wanted = compute_v1.UrlMap(
            name="map",
            default_service=edge["backend"].self_link,
            tests=[compute_v1.UrlMapTest(host="www.example.com", path="/", service=service)],
        )
        request = compute_v1.UrlMapsValidateRequest(resource=wanted)
        answer = compute.url_maps.validate(
            project=PROJECT, url_map="map", url_maps_validate_request_resource=request
        )
        return answer.result

    good = validate(edge["backend"].self_link)
    assert (good.load_succeeded, good.test_passed) == (True, True)
    bad = validate(edge["backend"].self_link.replace("backend", "absent"))
    assert not (bad.load_succeeded and bad.test_passed)
    assert not compute.url_maps.get(project=PROJECT, url_map="map").tests


def test_a_serverless_backend_has_no_health(compute: Compute, edge: dict[str, Any]) -> None:
    health = compute.backend_services.get_health(
        project=PROJECT,
        backend_service="backend",
        resource_group_reference_resource=compute_v1.ResourceGroupReference(
            group=edge["neg"].self_link
        ),
    )
    assert list(health.health_status) == []


def test_a_regional_address_has_its_region(compute: Compute) -> None:
    made = make(compute, "addresses", compute_v1.Address(name="here"), regional=True)
    assert made.region.endswith(f"/regions/{REGION}")
    assert made.status == "RESERVED"
    compute.done(compute.addresses.delete_unary(**AT_REGION, address="here"))


def test_the_same_request_id_acts_once(compute: Compute) -> None:
    request = compute_v1.InsertGlobalAddressRequest(
        project=PROJECT,
        address_resource=compute_v1.Address(name="once"),
        request_id="6c1ed1a5-8d6a-4f0c-9c1c-0a4a3b7a6d11",
    )
    first = compute.global_addresses.insert_unary(request)
    assert compute.global_addresses.insert_unary(request).name == first.name
    with pytest.raises(google.api_core.exceptions.Conflict, match="already exists"):
        compute.global_addresses.insert_unary(
            project=PROJECT, address_resource=compute_v1.Address(name="once")
        )


def test_lists_are_filtered_and_paged_by_the_server(compute: Compute) -> None:
    for number in range(5):
        make(compute, "global_addresses", compute_v1.Address(name=f"a{number}"))
    request = compute_v1.ListGlobalAddressesRequest(project=PROJECT, max_results=2)
    pages = list(compute.global_addresses.list(request).pages)
    assert [len(page.items) for page in pages] == [2, 2, 1]
    request = compute_v1.ListGlobalAddressesRequest(project=PROJECT, filter='name = "a3"')
    assert [it.name for it in compute.global_addresses.list(request)] == ["a3"]


def test_a_regional_edge_is_made_and_taken_down(compute: Compute) -> None:
    """`make` reads each part back, and a part refuses links that lead nowhere."""
    check = compute_v1.HealthCheck(name="check", type_="TCP", tcp_health_check={"port": 80})
    made = [make(compute, "region_health_checks", check, regional=True)]
    backend = compute_v1.BackendService(
        name="backend",
        load_balancing_scheme="EXTERNAL_MANAGED",
        protocol="HTTP",
        health_checks=[made[0].self_link],
    )
    made.append(make(compute, "region_backend_services", backend, regional=True))
    url_map = compute_v1.UrlMap(name="map", default_service=made[1].self_link)
    made.append(make(compute, "region_url_maps", url_map, regional=True))
    proxy = compute_v1.TargetHttpProxy(name="proxy", url_map=made[2].self_link)
    made.append(make(compute, "region_target_http_proxies", proxy, regional=True))
    address = make(compute, "addresses", compute_v1.Address(name="ip"), regional=True)
    rule = compute_v1.ForwardingRule(
        name="rule",
        load_balancing_scheme="EXTERNAL_MANAGED",
        I_p_address=address.self_link,
        port_range="80",
        target=made[3].self_link,
        network="global/networks/default",
    )
    made.append(make(compute, "forwarding_rules", rule, regional=True))
    assert all(f"/regions/{REGION}/" in it.self_link for it in made)
    assert made[4].I_p_address == address.address
    for kind, part in zip(REGIONAL[::-1], made[::-1], strict=True):
        which = {RESOURCE[kind]: part.name}
        client = getattr(compute, kind)
        compute.done(client.delete_unary(**AT_REGION, **which))
        assert list(client.list(**AT_REGION)) == []


REGIONAL = [
    "region_health_checks",
    "region_backend_services",
    "region_url_maps",
    "region_target_http_proxies",
    "forwarding_rules",
]


def test_regional_policies_have_fingerprints_too(compute: Compute) -> None:
    policy = compute_v1.SslPolicy(name="tls", profile="RESTRICTED")
    made = make(compute, "region_ssl_policies", policy, regional=True)
    patch = compute_v1.SslPolicy(profile="MODERN", fingerprint=made.fingerprint)
    policies, which = compute.region_ssl_policies, {"ssl_policy": "tls"}
    compute.done(policies.patch_unary(**AT_REGION, **which, ssl_policy_resource=patch))
    assert policies.get(**AT_REGION, **which).profile == "MODERN"
    with pytest.raises(google.api_core.exceptions.PreconditionFailed):
        policies.patch_unary(**AT_REGION, **which, ssl_policy_resource=patch)


def test_a_link_that_leads_nowhere_is_refused(compute: Compute) -> None:
    wanted = compute_v1.UrlMap(name="map", default_service="global/backendServices/absent")
    with pytest.raises(google.api_core.exceptions.ClientError, match="absent") as refused:
        compute.url_maps.insert_unary(project=PROJECT, url_map_resource=wanted)
    assert refused.value.code in {400, 404}
