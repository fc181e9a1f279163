"""What a handshake shows, and what is wrong with it."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta

import pytest

from gcp_sandbox.authority import Authority
from gcp_sandbox.chance import Chance
from gcp_sandbox.clock import Clock
from gcp_sandbox.issuance import ISSUE_AFTER, MINUTE, SERVED_AFTER
from gcp_sandbox.sandbox import Sandbox
from gcp_sandbox.world import World
from remediate.gcp.google import Google, connect_sandbox
from remediate.kinds.fields.pem import leaf_digest
from remediate.probes.chain import covers, serial_of
from remediate.probes.dial import Dial
from remediate.probes.seen import TlsOutcome, TlsSeen
from remediate.probes.tls import shake_hands, shake_hands_all
from tests.gcp_sandbox.client import PROJECT, Client
from tests.probes import edge
from tests.probes.certificates import DAY, NOW, Shown, authority, intermediate, leaf
from tests.probes.edge import LB, LB6, hang_up, listening, nobody, reset, secured, wait_for_end

HOST = "staging.netrasystems.ai"
API = "api-staging.netrasystems.ai"
ROOT = authority("a known root")
STRANGER = authority("an unknown root")
BETWEEN = intermediate("an intermediate", ROOT)


@pytest.fixture
def google(running_sandbox: Sandbox, outside: Client) -> Google:  # noqa: ARG001 - reset first
    return connect_sandbox(running_sandbox.url, PROJECT)


@pytest.fixture
def ask(google: Google, dial: Dial) -> Asking:
    return Asking(google, dial)


class Asking:
    """At the sandbox's load balancer, by its clock, trusting its root."""

    def __init__(self, google: Google, dial: Dial) -> None:
        assert google.sandbox
        self.google, self.dial, self.roots = google, dial, [google.sandbox.ca()]

    def __call__(self, host: str = HOST, now: datetime | None = None) -> TlsSeen:
        now = now or self.google.clock.now()
        return shake_hands(self.dial, LB, host, now=now, roots=self.roots)


def attach(client: Client, *names: str) -> None:
    links = [f"global/sslCertificates/{name}" for name in names]
    path = "targetHttpsProxies/staging-https-proxy/setSslCertificates"
    client.done("POST", path, {"sslCertificates": links})


def pem(client: Client, name: str) -> str:
    return str(client.get(f"global/sslCertificates/{name}")["certificate"])


def test_the_leaf_is_the_one_that_google_shows(ask: Asking, outside: Client) -> None:
    found, told = ask(), pem(outside, "staging-ssl-cert")
    assert (found.outcome, found.problems) == ("ok", ())
    assert found.serial == serial_of(told)
    assert found.sha256 == leaf_digest(told)
    assert found.names == (HOST, API)
    assert found.not_after
    assert found.not_before
    assert found.not_after - found.not_before == timedelta(days=90)
    assert (found.address, found.port, found.host) == (LB, 443, HOST)
    assert len(found.chain) == 2
    assert found.serial in found.message
    assert found.version == "TLSv1.3"
    assert found.connect > 0
    assert found.handshake > 0


def test_a_rotation_is_seen_from_outside(ask: Asking, outside: Client) -> None:
    old = ask()
    body = {"name": "new", "managed": {"domains": [HOST, API]}}
    outside.done("POST", "global/sslCertificates", body)
    attach(outside, "staging-ssl-cert", "new")
    outside.advance(ISSUE_AFTER + MINUTE)
    assert ask().serial == old.serial
    outside.advance(SERVED_AFTER)
    new = ask()
    assert new.serial == serial_of(pem(outside, "new")) != old.serial
    attach(outside, "new")
    for host in (HOST, API, ""):
        assert ask(host).serial == new.serial


def test_the_outage_of_the_incident_is_seen(ask: Asking, outside: Client) -> None:
    outside.post("/_sandbox/scenario/dns-outage")
    found = ask()
    assert found.outcome == "expired"
    assert found.not_after
    assert f"it ended on {found.not_after:%Y-%m-%d}" in found.message
    assert ask(API).problems == ("expired", "name_mismatch")
    assert f"it is for {HOST}" in ask(API).message


def test_the_root_of_a_sandbox_is_trusted_nowhere_else(ask: Asking) -> None:
    seen = shake_hands(ask.dial, LB, HOST, now=ask.google.clock.now())
    assert seen.outcome == "untrusted"


def test_a_load_balancer_without_a_certificate_hangs_up(ask: Asking, outside: Client) -> None:
    body = {"name": "new", "managed": {"domains": [HOST]}}
    outside.done("POST", "global/sslCertificates", body)
    attach(outside, "new")
    seen = ask()
    assert seen.outcome in {"reset", "alert"}
    assert seen.message.startswith(f"no handshake with {LB} for {HOST}")
    assert not seen.serial


def test_an_address_without_a_load_balancer_does_not_answer(dial: Dial) -> None:
    seen = shake_hands(dial, "203.0.113.99", HOST, now=NOW)
    assert (seen.outcome, seen.message) == ("timeout", "203.0.113.99 does not answer on port 443")


def test_what_is_not_public_is_not_asked(world: Dial) -> None:
    seen = shake_hands(world, "10.0.0.1", HOST, now=NOW)
    assert (seen.outcome, seen.problems) == ("not_public", ("not_public",))


@pytest.mark.parametrize("name", ["a..b", "x" * 64, "bad\0name", "\ud800"])
def test_what_is_no_host_name_is_malformed(dial: Dial, name: str) -> None:
    assert shake_hands(dial, LB, name, now=NOW).outcome == "malformed"


def test_a_final_dot_is_not_sent(ask: Asking) -> None:
    assert ask(f"{HOST}.").host == HOST


def test_names_never_speak_to_a_terminal(ask: Asking, outside: Client) -> None:
    now = datetime.now(UTC)
    names = [HOST, "\x1b[31mred.example"]
    issued = Authority(World(Clock(), Chance())).issue(names, now, now + timedelta(days=30))
    body = {"name": "odd", "certificate": issued.chain, "privateKey": issued.key}
    outside.done("POST", "global/sslCertificates", body)
    attach(outside, "odd")
    assert ask().names == (HOST, "?[31mred.example")


@pytest.mark.parametrize(
    ("host", "covered"),
    [
        ("www.example.com", True),
        ("WWW.Example.com.", True),
        ("x.wild.example.com", True),
        ("y.x.wild.example.com", False),
        ("wild.example.com", False),
        ("example.com", False),
    ],
)
def test_names_cover_hosts_as_browsers_see_it(host: str, *, covered: bool) -> None:
    assert covers(("www.example.com", "*.Wild.example.com"), host) is covered


def test_text_that_is_no_certificate_has_no_serial() -> None:
    assert serial_of("") is None
    assert serial_of("-----BEGIN CERTIFICATE-----") is None


def seen_of(shown: Shown, host: str = HOST, **settings: ssl.TLSVersion) -> TlsSeen:
    with listening(secured(shown, wait_for_end, **settings)) as dial:
        return shake_hands(dial, LB, host, now=NOW, roots=[ROOT.pem])


GOOD = leaf(BETWEEN, HOST, "*.example.com", LB, above=(BETWEEN,))
OVER = {"begins": NOW - 90 * DAY, "ends": NOW - DAY}
SHOWN: dict[str, tuple[Shown, tuple[TlsOutcome, ...], str]] = {
    "a complete chain is good": (GOOD, (), "certificate"),
    "the root may be shown as well": (leaf(ROOT, HOST, above=(ROOT,)), (), "certificate"),
    "a root may have signed it itself": (leaf(ROOT, HOST), (), "certificate"),
    "one that is over": (
        leaf(BETWEEN, HOST, above=(BETWEEN,), **OVER),
        ("expired",),
        "it ended on 2026-11-22",
    ),
    "one that has not begun": (
        leaf(BETWEEN, HOST, above=(BETWEEN,), begins=NOW + DAY),
        ("not_yet_valid",),
        "it begins on 2026-11-24",
    ),
    "one for somebody else": (
        leaf(BETWEEN, API, above=(BETWEEN,)),
        ("name_mismatch",),
        f"it is for {API}",
    ),
    "one for nobody": (leaf(ROOT), ("name_mismatch",), "it is for nobody"),
    "one whose issuer is not shown": (
        leaf(BETWEEN, HOST),
        ("missing_intermediate",),
        "its issuer an intermediate is neither shown nor a known root",
    ),
    "one that is shown with the wrong issuer": (
        leaf(BETWEEN, HOST, above=(intermediate("another", ROOT),)),
        ("missing_intermediate",),
        "neither shown nor a known root",
    ),
    "one that is shown with a former issuer of the same name": (
        leaf(BETWEEN, HOST, above=(intermediate("an intermediate", STRANGER),)),
        ("missing_intermediate",),
        "neither shown nor a known root",
    ),
    "one signed by itself": (leaf(None, HOST), ("self_signed",), "nobody but itself"),
    "a chain to an unknown root": (
        leaf(STRANGER, HOST, above=(STRANGER,)),
        ("untrusted",),
        "its chain leads to an unknown root, who is no known root",
    ),
    "a chain to an unknown root that is left out": (
        leaf(intermediate("theirs", STRANGER), HOST, above=(intermediate("theirs", STRANGER),)),
        ("untrusted",),
        "its chain leads to an unknown root",
    ),
    "one that is over, by an unknown root": (
        leaf(STRANGER, HOST, above=(STRANGER,), **OVER),
        ("expired", "untrusted"),
        "it ended on 2026-11-22; its chain leads to an unknown root",
    ),
    "one that is over, for somebody else, without its issuer": (
        leaf(BETWEEN, API, **OVER),
        ("expired", "name_mismatch", "missing_intermediate"),
        "it ended on 2026-11-22; it is for",
    ),
    "one that is over and signed by itself": (
        leaf(None, HOST, **OVER),
        ("expired", "self_signed"),
        "it ended on 2026-11-22",
    ),
    "one below an intermediate that is over": (
        leaf(
            intermediate("an old one", ROOT, NOW - DAY),
            HOST,
            above=(intermediate("an old one", ROOT, NOW - DAY),),
        ),
        ("expired",),
        "the certificate of an old one above it ended on 2026-11-22",
    ),
    "one below somebody who may not sign": (
        leaf(
            intermediate("unfit", ROOT, may_sign=False),
            HOST,
            above=(intermediate("unfit", ROOT, may_sign=False),),
        ),
        ("untrusted",),
        "it is refused",
    ),
}


@pytest.mark.parametrize("shown", SHOWN)
def test_what_is_wrong_with_a_certificate_is_told_apart(shown: str) -> None:
    certificate, problems, words = SHOWN[shown]
    seen = seen_of(certificate)
    assert seen.problems == problems
    assert seen.outcome == (problems[0] if problems else "ok")
    assert words in seen.message
    assert seen.serial
    assert seen.not_after


@pytest.mark.parametrize("host", ["", "x.example.com", LB])
def test_wildcards_addresses_and_no_name_at_all_are_good_as_well(host: str) -> None:
    assert seen_of(GOOD, host).problems == ()


def test_an_address_that_is_not_named_is_a_mismatch() -> None:
    assert seen_of(leaf(ROOT, HOST), LB).problems == ("name_mismatch",)


def test_a_certificate_of_its_own_that_is_a_known_root_is_trusted() -> None:
    own = leaf(None, HOST)
    with listening(secured(own, wait_for_end)) as dial:
        seen = shake_hands(dial, LB, HOST, now=NOW, roots=[ROOT.pem, own.chain])
    assert seen.outcome == "ok"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_a_version_that_clients_refuse_is_told_with_what_else_is_wrong() -> None:
    over = leaf(ROOT, HOST, **OVER)
    seen = seen_of(
        over,
        minimum_version=ssl.TLSVersion.MINIMUM_SUPPORTED,
        maximum_version=ssl.TLSVersion.TLSv1_1,
    )
    assert seen.version == "TLSv1.1"
    assert seen.problems == ("expired", "version")
    assert "it speaks TLSv1.1, which clients refuse" in seen.message


def talk_http(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def refuse_the_name(connection: socket.socket) -> None:
    made = edge.context(GOOD)
    made.sni_callback = lambda *_: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    with_alert = edge.with_context(made, wait_for_end)
    with_alert(connection)


def refuse_the_version(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"\x15\x03\x01\x00\x02\x02\x46")


def hang_up_once_greeted(connection: socket.socket) -> None:
    connection.recv(4096)


@pytest.mark.parametrize(
    ("meet", "outcome"),
    [
        (hang_up, "reset"),
        (hang_up_once_greeted, "reset"),
        (reset, "reset"),
        (talk_http, "malformed"),
        (refuse_the_name, "alert"),
        (refuse_the_version, "version"),
    ],
)
def test_what_goes_wrong_in_a_handshake_is_told_apart(meet: edge.Meet, outcome: str) -> None:
    with listening(meet) as dial:
        seen = shake_hands(dial, LB, HOST, now=NOW)
    assert (seen.outcome, seen.problems) == (outcome, (outcome,))
    if meet is not reset:  # which may come before there is a handshake to begin
        assert seen.message.startswith(f"no handshake with {LB} for {HOST}: ")
    assert LB in seen.message
    assert "127.0.0.1" not in seen.message


def test_a_refused_connection_is_told_as_such() -> None:
    with nobody() as dial:
        seen = shake_hands(dial, LB, HOST, now=NOW)
    assert (seen.outcome, seen.message) == ("refused", f"{LB} refuses connections on port 443")


def test_who_listens_and_says_nothing_is_given_up() -> None:
    with listening(wait_for_end) as dial:
        seen = shake_hands(dial, LB, HOST, now=NOW, deadline=0.05)
    assert seen.outcome == "timeout"
    assert "it does not answer in time" in seen.message


def test_many_are_asked_in_their_order() -> None:
    with listening(secured(GOOD, wait_for_end)) as dial:
        hosts = [(LB, f"{n}.example.com") for n in range(20)] + [("203.0.113.99", HOST)]
        seen = shake_hands_all(dial, hosts, now=NOW, roots=[ROOT.pem], limit=4)
    assert [(each.address, each.host) for each in seen] == hosts
    assert [each.outcome for each in seen] == ["ok"] * 20 + ["timeout"]


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_an_ipv6_address_is_asked_alike() -> None:
    with listening(secured(GOOD, wait_for_end), address=LB6) as dial:
        seen = shake_hands(dial, LB6, HOST, now=NOW, roots=[ROOT.pem])
    assert (seen.outcome, seen.address) == ("ok", LB6)
