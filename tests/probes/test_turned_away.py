"""An edge that turns clients away: an alert, a reset, nobody there and silence are told apart."""

from __future__ import annotations

import ssl
from datetime import datetime
from typing import Any

import pytest

from remediate.gcp.google import connect_sandbox
from remediate.probes.channel import bare_context
from remediate.probes.dial import Dial
from remediate.probes.seen import TlsSeen
from remediate.probes.tls import shake_hands
from tests.gcp_sandbox.client import PROJECT, Client
from tests.probes.edge import nobody

LB = "203.0.113.10"
API = "api-staging.netrasystems.ai"
NEW = {"name": "new", "managed": {"domains": [API]}}


@pytest.fixture
def bare(outside: Client) -> Client:
    """The load balancer has no certificate to show."""
    outside.done("POST", "global/sslCertificates", NEW)
    body = {"sslCertificates": ["global/sslCertificates/new"]}
    outside.done("POST", "targetHttpsProxies/staging-https-proxy/setSslCertificates", body)
    return outside


def now(client: Client) -> datetime:
    return connect_sandbox(f"http://127.0.0.1:{client.port}", PROJECT).clock.now()


def met(client: Client, dial: Dial, **edge: Any) -> TlsSeen:
    client.call("PATCH", "/_sandbox/internet", {"edges": {"*": edge}})
    return shake_hands(dial, LB, API, now=now(client), deadline=0.5 if "delay" in edge else 10)


@pytest.mark.parametrize(
    ("refusal", "outcome", "words"),
    [
        ("handshake_failure", "alert", "handshake failure"),
        ("unrecognized_name", "alert", "unrecognized name"),
        ("reset", "reset", "hangs up"),
    ],
)
def test_an_alert_and_a_reset_are_two_things(
    bare: Client, dial: Dial, refusal: str, outcome: str, words: str
) -> None:
    seen = met(bare, dial, refusal=refusal)
    assert (seen.outcome, seen.problems) == (outcome, (outcome,))
    assert words in seen.message


def test_nobody_there_is_refused_and_a_slow_one_is_late(bare: Client, dial: Dial) -> None:
    with nobody() as elsewhere:
        assert met(bare, elsewhere).outcome == "refused"
    assert met(bare, dial, delay=600).outcome == "timeout"


def test_a_version_that_we_do_not_speak_is_neither(outside: Client, dial: Dial) -> None:
    policy = "global/sslPolicies/staging-tls"
    mark = outside.get(policy)["fingerprint"]
    body = {"profile": "RESTRICTED", "minTlsVersion": "TLS_1_3", "fingerprint": mark}
    outside.done("PATCH", policy, body)
    context = bare_context()
    newest = context.maximum_version
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        assert met(outside, dial).outcome == "version"
    finally:
        context.maximum_version = newest
    assert met(outside, dial).version == "TLSv1.3"
