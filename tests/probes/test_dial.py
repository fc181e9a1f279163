"""Which sockets probes may open."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.gcp.sandbox import Sandbox
from remediate.gcp.session import sandbox_session
from remediate.model.errors import InvalidInput
from remediate.probes.dial import Dial, Failure, lost
from tests.gcp.server import Say, Stub
from tests.gcp_sandbox.client import Client

MAP = {"203.0.113.10:443": "127.0.0.1:4000", "[2001:db8::1]:443": "127.0.0.1:4001"}


def test_with_a_sandbox_what_is_in_its_map_is_dialled_there(dial: Dial, outside: Client) -> None:
    host, _, port = outside.get("/_sandbox/dial")["203.0.113.10:443"].rpartition(":")
    assert dial.where("203.0.113.10", 443) == (host, int(port))


@pytest.mark.parametrize("address", ["203.0.113.99", "8.8.8.8", "127.0.0.1", "169.254.169.254"])
def test_with_a_sandbox_nothing_else_is(dial: Dial, address: str) -> None:
    failure = dial.where(address, 443)
    assert failure == Failure("timeout", f"{address} does not answer on port 443")


def test_a_sandboxs_map_is_read_as_it_is_now(dial: Dial, outside: Client) -> None:
    assert not isinstance(dial.where("203.0.113.10", 443), Failure)
    outside.done("DELETE", "global/forwardingRules/staging-https")
    assert isinstance(dial.where("203.0.113.10", 443), Failure)


@pytest.mark.parametrize("address", ["2001:db8::1", "2001:DB8:0:0::1"])
def test_an_ipv6_address_is_found_in_every_spelling(address: str) -> None:
    assert Dial(lambda: MAP).where(address, 443) == ("127.0.0.1", 4001)


def test_name_servers_of_a_sandbox_go_by_their_names(dial: Dial) -> None:
    assert not isinstance(dial.where("NS-CLOUD-A1.googledomains.com.", 53), Failure)


@pytest.mark.parametrize("address", ["8.8.8.8", "34.1.2.3", "2600:1901::1", "64:ff9b::808:808"])
def test_without_one_a_public_address_is_dialled_itself(world: Dial, address: str) -> None:
    assert world.where(address, 443) == (address, 443)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "203.0.113.10",
        "224.0.1.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fd20:ce::254",
        "ff0e::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::",
        "metadata.google.internal",
        "localhost",
        "2130706433",
        "0x7f.1",
        "127.1",
        "",
    ],
)
def test_without_one_nothing_that_is_not_public_is(world: Dial, address: str) -> None:
    failure = world.where(address, 443)
    assert isinstance(failure, Failure)
    assert failure.reason == "not-public"
    assert address in failure.message


@given(st.ip_addresses(network="10.0.0.0/8") | st.ip_addresses(network="127.0.0.0/8"))
def test_an_inner_address_stays_inner_however_it_is_wrapped(inner: object) -> None:
    for wrapped in (f"{inner}", f"::ffff:{inner}", f"64:ff9b::{inner}"):
        assert isinstance(Dial().where(wrapped, 443), Failure)


def test_what_a_socket_says_is_told_in_words() -> None:
    assert lost("192.0.2.1", 443, TimeoutError()).reason == "timeout"
    assert lost("192.0.2.1", 443, ConnectionRefusedError()).reason == "refused"
    unreachable = lost("192.0.2.1", 443, OSError(113, "No route to host"))
    assert unreachable.reason == "unreachable"
    assert str(unreachable) == "192.0.2.1 is not reached on port 443: No route to host"


def test_a_map_that_leads_out_of_this_machine_is_refused(stub: Stub) -> None:
    stub.says(Say(body={"8.8.8.8:53": "8.8.8.8:53"}))
    with pytest.raises(InvalidInput, match="not a sandbox"):
        Dial(Sandbox(sandbox_session(), stub.url).dial).where("8.8.8.8", 53)
