"""Which sockets probes may open."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.gcp.sandbox import Sandbox
from remediate.gcp.session import sandbox_session
from remediate.model.addresses import parse, why_not_public
from remediate.model.errors import InvalidInput
from remediate.probes.dial import Dial, Failure, lost
from remediate.probes.dns import resolve
from tests.gcp.server import Say, Stub
from tests.gcp_sandbox.client import Client
from tests.probes.name_servers import Said, name_servers, says

MAP = {
    "203.0.113.10:443": "127.0.0.1:4000",
    "[2001:db8::1]:443": "[::1]:4001",
    "10.20.0.3:5432": "127.0.0.1:4002",
    "169.254.169.254:80": "127.0.0.1:4003",
    "127.0.0.1:80": "127.0.0.1:4004",
}


def test_with_a_sandbox_what_is_in_its_map_is_dialled_there(dial: Dial, outside: Client) -> None:
    host, _, port = outside.get("/_sandbox/dial")["203.0.113.10:443"].rpartition(":")
    assert dial.where("203.0.113.10", 443) == (host, int(port))


@pytest.mark.parametrize("address", ["203.0.113.99", "8.8.8.8", "2600:1901::1"])
def test_with_a_sandbox_no_other_public_address_is(dial: Dial, address: str) -> None:
    failure = dial.where(address, 443)
    assert failure == Failure("timeout", f"{address} does not answer on port 443")


def test_a_sandboxs_map_is_read_as_it_is_now(dial: Dial, outside: Client) -> None:
    assert not isinstance(dial.where("203.0.113.10", 443), Failure)
    outside.done("DELETE", "global/forwardingRules/staging-https")
    assert isinstance(dial.where("203.0.113.10", 443), Failure)


def test_in_a_round_it_stays_as_it_was_read(dial: Dial, outside: Client) -> None:
    pinned = dial.for_a_round()
    outside.done("DELETE", "global/forwardingRules/staging-https")
    assert not isinstance(pinned.where("203.0.113.10", 443), Failure)
    assert isinstance(dial.for_a_round().where("203.0.113.10", 443), Failure)


@pytest.mark.parametrize("address", ["2001:db8::1", "2001:DB8:0:0::1"])
def test_an_ipv6_address_is_found_in_every_spelling(address: str) -> None:
    assert Dial(lambda: MAP).where(address, 443) == ("::1", 4001)


@pytest.mark.parametrize("address", ["8.8.8.8", "34.1.2.3", "2600:1901::1", "64:ff9b::808:808"])
def test_without_one_a_public_address_is_dialled_itself(world: Dial, address: str) -> None:
    assert world.where(address, 443) == (address, 443)


# Each leads to this machine, its network or its metadata server, for somebody who reads it
# generously: inet_aton, a browser, a resolver, or a network that translates addresses.
SPELLINGS = [
    "127.0.0.1",
    "127.9.9.9",
    "127.1",
    "127.0.1",
    "2130706433",
    "017700000001",
    "0x7f000001",
    "0x7f.1",
    "0x7f.0x0.0x0.0x1",
    "0177.0.0.1",
    "0177.0.0.01",
    "127.0.0.1.",
    " 127.0.0.1",
    "127.0.0.1 ",
    "127.0.0.1\n",
    "127.0.0.1\x00.example.com",
    "127.0.0.1:53",
    "１２７.0.0.1",  # noqa: RUF001 - that is the point
    "127。0。0。1",
    "①②⑦.⓪.⓪.①",
    "١٢٧.0.0.1",
    "0",
    "0.0.0.0",
    "localhost",
    "metadata.google.internal",
    "metadata.google.internal.",
    "metadata",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0xA9.0xFE.0xA9.0xFE",
    "0251.0376.0251.0376",
    "025177524776",
    "169.254.43518",
    "169.16689662",
    "::1",
    "[::1]",
    "0:0:0:0:0:0:0:1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:169.254.169.254",
    "0:0:0:0:0:ffff:a9fe:a9fe",
    "::ffff:0:169.254.169.254",
    "::127.0.0.1",
    "::a9fe:a9fe",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::a9fe:a9fe",
    "2002:a9fe:a9fe::",
    "2002:7f00:1::1",
    "2001:0:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2600:1901::5efe:169.254.169.254",
    "2600:1901::200:5efe:10.0.0.1",
    "fd00:ec2::254",
    "FD20:CE::254",
    "fe80::1",
    "fe80::1%eth0",
    "fe80::a9fe:a9fe%25eth0",
    "2600:1901::1%lo",
    "fec0::1",
    "fc00::1",
    "ff02::1",
    "100::1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "10.0.0.1",
    "010.0.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "192.168.257",
    "100.64.0.1",
    "198.18.0.1",
    "224.0.1.1",
    "255.255.255.255",
    "240.0.0.1",
    "",
]


@pytest.mark.parametrize("address", SPELLINGS)
def test_what_is_not_public_is_refused_in_every_spelling(address: str) -> None:
    """With a sandbox as well, and even where that has such an address in its map."""
    for dial in (Dial(), Dial(lambda: MAP)):
        for port in (53, 80, 443):
            failure = dial.where(address, port)
            assert isinstance(failure, Failure)
            assert failure.reason == "not-public"
            assert address in failure.message or repr(address) in failure.message


@pytest.mark.parametrize("address", ["203.0.113.10", "192.0.2.1", "198.51.100.1", "2001:db8::1"])
def test_documentation_addresses_are_for_a_sandbox_alone(address: str) -> None:
    failure = Dial().where(address, 443)
    assert isinstance(failure, Failure)
    assert failure.message == (
        f"{address} is no public address but for documentation; it is never probed"
    )
    inside = Dial(lambda: MAP).where(address, 443)
    assert not isinstance(inside, Failure) or inside.reason == "timeout"


def test_a_private_address_is_dialled_by_who_was_allowed_to() -> None:
    assert Dial(allow=["10.20.0.0/16"]).where("10.20.0.3", 5432) == ("10.20.0.3", 5432)
    assert Dial(lambda: MAP, ["10.20.0.3"]).where("10.20.0.3", 5432) == ("127.0.0.1", 4002)
    assert Dial(lambda: MAP, ["10.20.0.3"]).for_a_round().where("10.20.0.3", 5432) == (
        "127.0.0.1",
        4002,
    )
    assert isinstance(Dial(allow=["10.20.0.0/16"]).where("10.21.0.3", 5432), Failure)


def test_what_is_allowed_but_in_no_map_is_silent_in_a_sandbox() -> None:
    failure = Dial(lambda: MAP, ["10.0.0.0/8"]).where("10.9.9.9", 5432)
    assert failure == Failure("timeout", "10.9.9.9 does not answer on port 5432")


@pytest.mark.parametrize("allowed", ["169.254.0.0/16", "0.0.0.0/0"])
def test_no_network_lets_a_metadata_server_pass_that_is_not_named_itself(allowed: str) -> None:
    assert isinstance(Dial(allow=[allowed]).where("169.254.169.254", 80), Failure)
    named = Dial(allow=["169.254.169.254"])
    assert named.where("169.254.169.254", 80) == ("169.254.169.254", 80)


@pytest.mark.parametrize("allowed", ["somewhere", "10.0.0.1/8", "10"])
def test_what_is_allowed_has_to_be_a_network(allowed: str) -> None:
    with pytest.raises(ValueError, match=r"network|host bits"):
        Dial(allow=[allowed])


def test_a_name_that_leads_inside_the_second_time_is_refused_then() -> None:
    """What was judged is what is dialled: nobody looks the name up once more in between."""
    answers = iter(["8.8.4.4", "169.254.169.254", "127.0.0.1"])

    def rebinding(query: dns.message.Message) -> Said:
        return says(f"rebind.example. 0 IN A {next(answers)}")(query)

    dialled = []
    with name_servers({"8.8.8.8": rebinding}) as dial:
        for _ in range(3):
            (seen,) = resolve(dial, "rebind.example.", "A", ["8.8.8.8"])
            dialled.append(Dial().where(seen.values[0], 443))
    assert dialled[0] == ("8.8.4.4", 443)
    assert [it.reason for it in dialled[1:] if isinstance(it, Failure)] == ["not-public"] * 2


@given(
    st.ip_addresses(network="10.0.0.0/8")
    | st.ip_addresses(network="127.0.0.0/8")
    | st.ip_addresses(network="169.254.0.0/16")
)
def test_an_inner_address_stays_inner_however_it_is_wrapped(inner: IPv4Address) -> None:
    hexed = f"{int(inner) >> 16:x}:{int(inner) & 0xFFFF:x}"
    for wrapped in (
        f"{inner}",
        f"::ffff:{inner}",
        f"::{inner}",
        f"64:ff9b::{inner}",
        f"2002:{hexed}::1",
        f"2600:1901::5efe:{inner}",
    ):
        assert isinstance(Dial().where(wrapped, 443), Failure)


@given(st.ip_addresses())
def test_what_passes_is_dialled_as_it_was_judged(address: IPv4Address | IPv6Address) -> None:
    found = Dial().where(str(address), 443)
    if not isinstance(found, Failure):
        assert ip_address(found[0]) == address


@given(st.ip_addresses(v=4))
def test_nothing_passes_that_the_standard_library_holds_for_inner(address: IPv4Address) -> None:
    if not address.is_global or address.is_multicast:
        assert why_not_public(address)


@given(st.text(max_size=20))
def test_no_text_is_an_address_but_an_address(text: str) -> None:
    found = parse(text)
    if found is not None:
        assert text.isascii()
        assert ip_address(text) == found


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


@pytest.mark.parametrize("metadata", ["169.254.169.254", "fd00:ec2::254", "fd20:ce::254"])
def test_private_networks_lead_to_no_metadata_server(metadata: str) -> None:
    dial = Dial(dict, allow=["10.0.0.0/8", "fc00::/7"])
    found = dial.where(metadata, 80)
    assert isinstance(found, Failure)
    assert found.reason == "not-public"
