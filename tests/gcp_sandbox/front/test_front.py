"""What a client outside meets at port 443 of a load balancer."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from gcp_sandbox.authority import Authority
from gcp_sandbox.chance import Chance
from gcp_sandbox.clock import Clock
from gcp_sandbox.issuance import DAY, ISSUE_AFTER, MINUTE, SERVED_AFTER
from gcp_sandbox.sandbox import Sandbox
from gcp_sandbox.world import World
from tests.gcp_sandbox.client import PROJECT, Client, connect
from tests.gcp_sandbox.front.handshake import dialled, met, shown

DOMAIN = "staging.netrasystems.ai"
API = f"api-{DOMAIN}"
OLD = "staging-ssl-cert"
RULE = "global/forwardingRules/staging-https"
PARENT = f"/v1/projects/{PROJECT}/locations/global"
PROXY = "global/targetHttpsProxies/staging-https-proxy"


def own(*domains: str, days: int = 30) -> dict[str, str]:
    """A certificate of the customer's, with its key."""
    now = datetime.now(UTC)
    issued = Authority(World(Clock(), Chance())).issue(domains, now, now + timedelta(days=days))
    return {"certificate": issued.chain, "privateKey": issued.key}


def bring(client: Client, name: str, *domains: str, days: int = 30) -> x509.Certificate:
    """Make a self-managed certificate; its leaf."""
    body = own(*domains, days=days)
    client.done("POST", "global/sslCertificates", {"name": name, **body})
    return x509.load_pem_x509_certificate(body["certificate"].encode())


def attach(client: Client, *names: str) -> None:
    links = [f"global/sslCertificates/{name}" for name in names]
    path = "targetHttpsProxies/staging-https-proxy/setSslCertificates"
    client.done("POST", path, {"sslCertificates": links})


def told(client: Client, name: str = OLD) -> x509.Certificate:
    """The leaf that the API shows."""
    text: str = client.get(f"global/sslCertificates/{name}")["certificate"]
    return x509.load_pem_x509_certificate(text.encode())


def renew(client: Client) -> None:
    """A new managed certificate beside the old one."""
    body = {"name": "new", "managed": {"domains": [DOMAIN, API]}}
    client.done("POST", "global/sslCertificates", body)
    attach(client, OLD, "new")


def test_the_certificate_that_the_api_shows_is_the_one_that_is_served(staging: Client) -> None:
    for host in (DOMAIN, API, DOMAIN.upper()):
        assert shown(staging, host) == told(staging)


def test_the_first_certificate_is_for_who_names_no_host_or_an_unknown_one(staging: Client) -> None:
    bring(staging, "other", "other.example.com", days=900)
    attach(staging, OLD, "other")
    assert shown(staging, None) == told(staging)
    assert shown(staging, "nobody.example.com") == told(staging)
    assert shown(staging, "other.example.com") == told(staging, "other")
    attach(staging, "other", OLD)
    assert shown(staging, None) == told(staging, "other")
    assert shown(staging, DOMAIN) == told(staging)


def test_a_wildcard_stands_for_one_label_and_yields_to_the_name_itself(staging: Client) -> None:
    wild = bring(staging, "wild", "*.example.com", days=900)
    exact = bring(staging, "exact", "www.example.com", days=1)
    attach(staging, OLD, "wild", "exact")
    assert shown(staging, "x.example.com") == wild
    assert shown(staging, "www.example.com") == exact
    for uncovered in ("y.x.example.com", "example.com"):
        assert shown(staging, uncovered) == told(staging)


def test_a_new_certificate_is_never_served_before_it_has_got_around(staging: Client) -> None:
    old = shown(staging, DOMAIN)
    renew(staging)
    assert shown(staging, DOMAIN) == old
    staging.advance(ISSUE_AFTER + MINUTE)
    assert staging.get("global/sslCertificates/new")["managed"]["status"] == "ACTIVE"
    assert shown(staging, DOMAIN) == old
    staging.advance(SERVED_AFTER - 2 * MINUTE)
    assert shown(staging, DOMAIN) == old
    staging.advance(2 * MINUTE)
    new = shown(staging, DOMAIN)
    assert new == told(staging, "new")
    assert new.serial_number != old.serial_number


def test_the_newer_one_wins_wherever_it_stands_and_however_long_the_other_lasts(
    staging: Client,
) -> None:
    long_lived = bring(staging, "long", DOMAIN, API, days=3650)
    renew(staging)
    attach(staging, "long", "new")
    assert shown(staging, DOMAIN) == long_lived
    staging.advance(ISSUE_AFTER + SERVED_AFTER + MINUTE)
    for order in (("long", "new"), ("new", "long")):
        attach(staging, *order)
        assert shown(staging, DOMAIN) == told(staging, "new")


def test_what_is_active_is_served_again_at_once_when_it_is_attached_again(staging: Client) -> None:
    old = told(staging)
    renew(staging)
    staging.advance(ISSUE_AFTER + SERVED_AFTER + MINUTE)
    attach(staging, "new")
    assert shown(staging, DOMAIN) == told(staging, "new")
    attach(staging, OLD)
    assert shown(staging, DOMAIN) == old


def test_replacing_the_list_at_once_is_an_outage(staging: Client) -> None:
    staging.done(
        "POST", "global/sslCertificates", {"name": "new", "managed": {"domains": [DOMAIN]}}
    )
    attach(staging, "new")
    with pytest.raises(OSError, match=r"(?i)ssl|reset|eof"):
        shown(staging, DOMAIN)
    staging.advance(ISSUE_AFTER + MINUTE)
    with pytest.raises(OSError, match=r"(?i)ssl|reset|eof"):
        shown(staging, DOMAIN)
    staging.advance(SERVED_AFTER)
    assert shown(staging, DOMAIN) == told(staging, "new")


def test_a_renewal_takes_over_without_a_gap(staging: Client) -> None:
    first = told(staging)
    staging.advance(40 * DAY - MINUTE)
    assert shown(staging, DOMAIN) == first
    staging.advance(2 * MINUTE)
    assert told(staging) != first
    assert shown(staging, DOMAIN) == first
    staging.advance(SERVED_AFTER)
    assert shown(staging, DOMAIN) == told(staging)


def test_the_expired_one_of_the_incident_is_what_everybody_is_shown(client: Client) -> None:
    client.post("/_sandbox/scenario/dns-outage")
    leaf = shown(client, API)
    assert leaf == told(client, "staging-ssl-cert-old")
    assert leaf.not_valid_after_utc.timestamp() < client.get("/_sandbox/clock")["time"]


def test_addresses_are_dialled_only_where_a_rule_on_443_leads_to_https(staging: Client) -> None:
    def addresses() -> set[str]:
        return {at for at in staging.get("/_sandbox/dial") if at.endswith(":443")}

    assert addresses() == {"203.0.113.10:443"}
    rule = staging.get(RULE)
    staging.done("DELETE", RULE)
    assert addresses() == set()
    body = {name: rule[name] for name in ("name", "target", "IPAddress", "loadBalancingScheme")}
    staging.done("POST", "global/forwardingRules", {**body, "portRange": "8443"})
    assert addresses() == set()
    staging.done("DELETE", RULE)
    staging.done("POST", "global/forwardingRules", {**body, "portRange": "443"})
    assert addresses() == {"203.0.113.10:443"}
    assert shown(staging, DOMAIN) == told(staging)


def test_an_ipv6_address_stands_in_brackets(staging: Client) -> None:
    staging.done("POST", "global/addresses", {"name": "six", "ipVersion": "IPV6"})
    body = {"name": "six", "portRange": "443", "IPAddress": "global/addresses/six"}
    more = {"target": PROXY, "loadBalancingScheme": "EXTERNAL_MANAGED"}
    staging.done("POST", "global/forwardingRules", body | more)
    six = staging.get("global/addresses/six")["address"]
    assert shown(staging, DOMAIN, f"[{six}]:443") == told(staging)


def test_who_kept_an_address_after_its_rule_went_meets_nobody(staging: Client) -> None:
    at = dialled(staging)
    staging.done("DELETE", RULE)
    with pytest.raises(OSError, match=r"(?i)ssl|reset|eof|refused"):
        met(at, DOMAIN)


def test_a_client_that_verifies_is_content() -> None:
    with Sandbox("staging") as running:  # whose clock nobody has moved
        client = connect(running)
        context = ssl.create_default_context(cadata=client.get("/_sandbox/info")["ca"])
        with (
            socket.create_connection(dialled(client), timeout=30) as plain,
            context.wrap_socket(plain, server_hostname=DOMAIN) as secured,
        ):
            secured.sendall(f"GET /health HTTP/1.1\r\nHost: {DOMAIN}\r\n\r\n".encode())
            assert secured.recv(1024).startswith(b"HTTP/1.1 200 ")
        client.close()


def entry(client: Client, name: str, certificate: str, **selector: str) -> None:
    body = {"certificates": [f"{PARENT[4:]}/certificates/{certificate}"], **selector}
    path = f"{PARENT}/certificateMaps/m/certificateMapEntries"
    client.post(path, body, certificateMapEntryId=name)


def kept(client: Client, name: str, *domains: str) -> x509.Certificate:
    """A self-managed certificate of Certificate Manager's; its leaf."""
    pair = own(*domains)
    body = {"pemCertificate": pair["certificate"], "pemPrivateKey": pair["privateKey"]}
    client.post(f"{PARENT}/certificates", {"selfManaged": body}, certificateId=name)
    return x509.load_pem_x509_certificate(pair["certificate"].encode())


def test_a_certificate_map_goes_by_host_name_then_wildcard_then_primary(staging: Client) -> None:
    before = shown(staging, DOMAIN)
    exact, wild, primary = (
        kept(staging, "exact", DOMAIN),
        kept(staging, "wild", "*.netrasystems.ai"),
        kept(staging, "primary", "other.example.com"),
    )
    staging.post(f"{PARENT}/certificateMaps", {}, certificateMapId="m")
    entry(staging, "exact", "exact", hostname=DOMAIN)
    entry(staging, "wild", "wild", hostname="*.netrasystems.ai")
    staging.advance(5 * MINUTE)
    link = f"//certificatemanager.googleapis.com{PARENT[3:]}/certificateMaps/m"
    proxy = "targetHttpsProxies/staging-https-proxy/setCertificateMap"
    staging.done("POST", f"global/{proxy}", {"certificateMap": link})
    assert shown(staging, DOMAIN) == exact
    assert shown(staging, API) == wild
    with pytest.raises(OSError, match=r"(?i)ssl|reset|eof"):
        shown(staging, "nobody.example.com")
    entry(staging, "primary", "primary", matcher="PRIMARY")
    staging.advance(5 * MINUTE)
    assert shown(staging, "nobody.example.com") == primary
    assert shown(staging, None) == primary
    staging.done("POST", f"global/{proxy}", {"certificateMap": ""})
    assert shown(staging, DOMAIN) == before


def test_an_entry_that_changes_shows_the_former_until_the_new_has_got_around(
    staging: Client,
) -> None:
    former, newer = kept(staging, "former", DOMAIN), kept(staging, "newer", DOMAIN)
    staging.post(f"{PARENT}/certificateMaps", {}, certificateMapId="m")
    entry(staging, "e", "former", hostname=DOMAIN)
    staging.advance(5 * MINUTE)
    link = f"//certificatemanager.googleapis.com{PARENT[3:]}/certificateMaps/m"
    staging.done("POST", f"{PROXY}/setCertificateMap", {"certificateMap": link})
    where = f"{PARENT}/certificateMaps/m/certificateMapEntries/e"
    body = {"certificates": [f"{PARENT[4:]}/certificates/newer"]}
    staging.call("PATCH", where, body, updateMask="certificates")
    assert staging.get(where)["state"] == "PENDING"
    assert shown(staging, DOMAIN) == former
    staging.advance(5 * MINUTE)
    assert staging.get(where)["state"] == "ACTIVE"
    assert shown(staging, DOMAIN) == newer


def test_certificate_managers_own_stand_in_a_proxys_list_too(staging: Client) -> None:
    leaf = kept(staging, "c", DOMAIN)
    link = f"//certificatemanager.googleapis.com{PARENT[3:]}/certificates/c"
    staging.done(
        "POST",
        "targetHttpsProxies/staging-https-proxy/setSslCertificates",
        {"sslCertificates": [link]},
    )
    assert shown(staging, DOMAIN) == leaf


def test_what_was_served_is_served_again_after_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with Sandbox("staging", state=state, operation_time=0) as first:
        client = connect(first)
        seen = shown(client, DOMAIN)
        client.close()
    with Sandbox("staging", state=state, operation_time=0) as second:
        client = connect(second)
        assert shown(client, DOMAIN) == seen
        client.close()


def test_nothing_listens_for_a_load_balancer_until_somebody_asks_where(tmp_path: Path) -> None:
    with Sandbox("staging", state=tmp_path / "state.json") as running:
        assert running._outside.front._listeners == {}
