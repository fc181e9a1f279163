"""Certificates: Google's behave by themselves, on the sandbox's clock."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gcp_sandbox.authority import Authority
from gcp_sandbox.chance import Chance
from gcp_sandbox.clock import Clock, parse_rfc3339
from gcp_sandbox.issuance import DAY, MINUTE
from gcp_sandbox.world import World
from tests.gcp_sandbox.client import LINK, PROJECT, Client

DOMAIN = "staging.netrasystems.ai"
API = f"api-{DOMAIN}"
RRSETS = f"/dns/v1/projects/{PROJECT}/managedZones/netrasystems-staging/rrsets"
CERT = "global/sslCertificates/new"
PROXY = "global/targetHttpsProxies/staging-https-proxy"


def managed(client: Client, name: str = "new") -> dict[str, Any]:
    return dict(client.get(f"global/sslCertificates/{name}")["managed"])


def attach(client: Client, *names: str) -> None:
    links = [f"global/sslCertificates/{name}" for name in names]
    client.done("POST", f"targetHttpsProxies/{PROXY[26:]}/setSslCertificates", {
        "sslCertificates": links
    })  # fmt: skip


def insert(client: Client, *domains: str) -> None:
    body = {"name": "new", "type": "MANAGED", "managed": {"domains": list(domains)}}
    client.done("POST", "global/sslCertificates", body)


def record(client: Client, name: str, rrtype: str, *rrdatas: str) -> None:
    client.call("DELETE", f"{RRSETS}/{name}./{rrtype}")
    if rrdatas:
        body = {"name": f"{name}.", "type": rrtype, "ttl": 300, "rrdatas": rrdatas}
        client.post(RRSETS, body)


def test_a_certificate_becomes_active_once_attached_where_its_domains_lead(
    staging: Client,
) -> None:
    insert(staging, DOMAIN, API)
    assert managed(staging) == {
        "domains": [DOMAIN, API],
        "status": "PROVISIONING",
        "domainStatus": {DOMAIN: "PROVISIONING", API: "PROVISIONING"},
    }
    assert "certificate" not in staging.get(CERT)
    attach(staging, "staging-ssl-cert", "new")
    staging.advance(19 * MINUTE)
    assert managed(staging)["status"] == "PROVISIONING"
    staging.advance(2 * MINUTE)
    assert managed(staging)["status"] == "ACTIVE"
    assert managed(staging)["domainStatus"] == {DOMAIN: "ACTIVE", API: "ACTIVE"}


def test_an_active_certificate_is_a_real_one_of_the_sandboxs_authority(staging: Client) -> None:
    body = staging.get("global/sslCertificates/staging-ssl-cert")
    leaf, root = x509.load_pem_x509_certificates(body["certificate"].encode())
    leaf.verify_directly_issued_by(root)
    ca = staging.get("/_sandbox/info")["ca"]
    assert root == x509.load_pem_x509_certificate(ca.encode())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == body["subjectAlternativeNames"]
    expires = parse_rfc3339(body["expireTime"])
    assert abs(expires - leaf.not_valid_after_utc) < timedelta(seconds=1)
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == timedelta(days=90)
    assert staging.get("global/sslCertificates/staging-ssl-cert") == body
    ssl.create_default_context(cadata=ca)


def test_detached_or_without_a_rule_on_443_nothing_is_issued(staging: Client) -> None:
    insert(staging, DOMAIN)
    staging.advance(2 * 60 * MINUTE)
    assert managed(staging)["domainStatus"] == {DOMAIN: "FAILED_NOT_VISIBLE"}
    assert managed(staging)["status"] == "PROVISIONING"
    rule = staging.get("global/forwardingRules/staging-https")
    staging.done("DELETE", "global/forwardingRules/staging-https")
    attach(staging, "new")
    staging.advance(2 * 60 * MINUTE)
    assert managed(staging)["status"] == "PROVISIONING"
    body = {name: rule[name] for name in ("name", "target", "IPAddress", "loadBalancingScheme")}
    staging.done("POST", "global/forwardingRules", body | {"portRange": "8443"})
    staging.advance(2 * 60 * MINUTE)
    assert managed(staging)["status"] == "PROVISIONING"
    staging.done("DELETE", "global/forwardingRules/staging-https")
    staging.done("POST", "global/forwardingRules", body | {"portRange": "443"})
    staging.advance(21 * MINUTE)
    assert managed(staging)["status"] == "ACTIVE"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ([(API, "A", ())], "FAILED_NOT_VISIBLE"),
        ([(API, "A", ("203.0.113.99",))], "FAILED_NOT_VISIBLE"),
        ([(API, "A", ("203.0.113.10", "203.0.113.99"))], "FAILED_NOT_VISIBLE"),
        ([(API, "AAAA", ("2001:db8::1",))], "FAILED_NOT_VISIBLE"),
        ([(API, "CAA", ('0 issue "ca.example"',))], "FAILED_CAA_FORBIDDEN"),
        ([(API, "CAA", ('0 issue ";"',))], "FAILED_CAA_FORBIDDEN"),
        ([(API, "CAA", ('0 issue "letsencrypt.org"',))], "ACTIVE"),
        ([(API, "CAA", ('0 iodef "mailto:x@example.com"',))], "ACTIVE"),
        ([(API, "A", ()), (API, "CNAME", (f"{DOMAIN}.",))], "ACTIVE"),
    ],
)
def test_one_domain_that_fails_keeps_the_whole_certificate_waiting(
    staging: Client, changes: list[tuple[str, str, tuple[str, ...]]], status: str
) -> None:
    insert(staging, DOMAIN, API)
    for name, rrtype, rrdatas in changes:
        record(staging, name, rrtype, *rrdatas)
    attach(staging, "new")
    staging.advance(61 * MINUTE)
    assert managed(staging)["domainStatus"][API] == status
    good = status == "ACTIVE"
    assert managed(staging)["status"] == ("ACTIVE" if good else "PROVISIONING")
    assert managed(staging)["domainStatus"][DOMAIN] == ("ACTIVE" if good else "PROVISIONING")


def test_the_wait_begins_when_the_last_condition_is_met(staging: Client) -> None:
    insert(staging, DOMAIN)
    attach(staging, "new")
    staging.advance(15 * MINUTE)
    record(staging, DOMAIN, "A", "203.0.113.99")
    staging.advance(60 * MINUTE)
    record(staging, DOMAIN, "A", "203.0.113.10")
    staging.advance(19 * MINUTE)
    assert managed(staging)["status"] == "PROVISIONING"
    staging.advance(2 * MINUTE)
    assert managed(staging)["status"] == "ACTIVE"


def test_a_proxy_with_a_certificate_map_ignores_its_certificates(staging: Client) -> None:
    insert(staging, DOMAIN)
    attach(staging, "new")
    maps = "//certificatemanager.googleapis.com/projects/p/locations/global/certificateMaps/m"
    staging.done("POST", f"{PROXY}/setCertificateMap", {"certificateMap": maps})
    staging.advance(61 * MINUTE)
    assert managed(staging)["status"] == "PROVISIONING"
    staging.done("POST", f"{PROXY}/setCertificateMap", {"certificateMap": ""})
    staging.advance(21 * MINUTE)
    assert managed(staging)["status"] == "ACTIVE"


def test_an_ipv6_address_is_known_in_every_spelling(staging: Client) -> None:
    staging.done("POST", "global/addresses", {"name": "six", "ipVersion": "IPV6"})
    rule = {
        "name": "six",
        "portRange": "443",
        "IPAddress": "global/addresses/six",
        "target": PROXY,
        "loadBalancingScheme": "EXTERNAL_MANAGED",
    }
    staging.done("POST", "global/forwardingRules", rule)
    six = staging.get("global/addresses/six")["address"]
    record(staging, DOMAIN, "AAAA", six.upper().replace("::", ":0:0:0:0"))
    insert(staging, DOMAIN)
    attach(staging, "new")
    staging.advance(21 * MINUTE)
    assert managed(staging)["status"] == "ACTIVE"


def test_a_certificate_is_renewed_thirty_days_before_its_end(staging: Client) -> None:
    first = staging.get("global/sslCertificates/staging-ssl-cert")
    staging.advance(41 * DAY)
    second = staging.get("global/sslCertificates/staging-ssl-cert")
    assert second["managed"]["status"] == "ACTIVE"
    assert second["certificate"] != first["certificate"]
    gained = parse_rfc3339(second["expireTime"]) - parse_rfc3339(first["expireTime"])
    assert gained == timedelta(days=60)


def test_where_the_domains_no_longer_lead_there_renewal_fails(staging: Client) -> None:
    record(staging, API, "A")
    first = staging.get("global/sslCertificates/staging-ssl-cert")
    staging.advance(39 * DAY)
    assert managed(staging, "staging-ssl-cert")["status"] == "ACTIVE"
    staging.advance(2 * DAY)
    after = staging.get("global/sslCertificates/staging-ssl-cert")
    assert after["managed"]["status"] == "RENEWAL_FAILED"
    assert after["managed"]["domainStatus"] == {DOMAIN: "ACTIVE", API: "FAILED_NOT_VISIBLE"}
    assert after["expireTime"] == first["expireTime"]
    record(staging, API, "A", "203.0.113.10")
    staging.advance(21 * MINUTE)
    assert managed(staging, "staging-ssl-cert")["status"] == "ACTIVE"


def test_a_doomed_certificate_fails_for_good(staging: Client) -> None:
    staging.post("/_sandbox/faults/doomed-certificate", {"match": "POST */sslCertificates"})
    insert(staging, DOMAIN)
    attach(staging, "new")
    staging.advance(DAY)
    assert managed(staging)["status"] == "PROVISIONING_FAILED_PERMANENTLY"


@pytest.mark.parametrize(
    "domains", [[], ["*.example.com"], ["no_good.example"], ["single"], ["a.example"] * 101, [5]]
)
def test_domains_that_cannot_be_certified_are_refused(client: Client, domains: Any) -> None:
    body = {"name": "new", "type": "MANAGED", "managed": {"domains": domains}}
    assert client.call("POST", "global/sslCertificates", body).status == 400


@pytest.fixture(scope="module")
def own() -> dict[str, str]:
    """A certificate of the customer's, with its key."""
    world = World(Clock(), Chance())
    now = datetime.now(UTC)
    issued = Authority(world).issue([DOMAIN], now, now + timedelta(days=30))
    return {"certificate": issued.chain, "privateKey": issued.key}


def test_a_self_managed_certificate_is_read_and_its_key_kept(
    client: Client, own: dict[str, str]
) -> None:
    client.done("POST", "global/sslCertificates", {"name": "new", **own})
    body = client.get(CERT)
    assert body["type"] == "SELF_MANAGED"
    assert body["certificate"] == own["certificate"]
    assert body["selfManaged"] == {"certificate": own["certificate"]}
    assert body["subjectAlternativeNames"] == [DOMAIN]
    assert "privateKey" not in body
    client.done("POST", "regions/r1/sslCertificates", {"name": "new", "selfManaged": own})
    assert client.get("regions/r1/sslCertificates/new")["region"] == f"{LINK}/regions/r1"


def test_a_self_managed_certificate_that_is_broken_is_refused(
    client: Client, own: dict[str, str]
) -> None:
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    for change, reason in [
        ({"certificate": "-----BEGIN CERTIFICATE-----"}, "sslCertificateCouldNotParseCert"),
        ({"certificate": own["certificate"] * 3}, "sslCertificateChainTooLong"),
        ({"privateKey": "x"}, "sslCertificateCouldNotParseKey"),
        ({"privateKey": other.decode()}, "sslCertificateBadKeyPair"),
        ({"privateKey": None}, "required"),
        ({"certificate": None}, "required"),
    ]:
        body = {"name": "new", **own, **change}
        answer = client.call("POST", "global/sslCertificates", body)
        assert (answer.status, answer.reason) == (400, reason)


def test_regional_certificates_are_never_managed(client: Client) -> None:
    body = {"name": "new", "managed": {"domains": [DOMAIN]}}
    assert client.call("POST", "regions/r1/sslCertificates", body).status == 400
