"""What can come of a question to a name server: every outcome is told apart."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator

import dns.message
import dns.rrset
import pytest

from remediate.model.chance import Chance
from remediate.probes.dial import Dial
from remediate.probes.dns import Question, ask, bogus, with_expectation
from remediate.probes.seen import DnsSeen
from tests.probes.name_servers import (
    Reply,
    Said,
    Speaks,
    by_question,
    closed_port,
    name_servers,
    says,
    silence,
)

IP = "8.8.8.8"
HOST = "staging.netrasystems.ai."
ZONE = "netrasystems.ai."
A = f"{HOST} 300 IN A 203.0.113.10"
SOA = f"{ZONE} 200 IN SOA ns1.example. hostmaster.example. 1 21600 3600 259200 300"
NS = f"{ZONE} 3600 IN NS ns1.example."
BRIEF = 0.4  # seconds, for what never answers


def asked(
    reply: Reply | Speaks, rrtype: str = "A", *, deadline: float = 5.0, host: str = "127.0.0.1"
) -> DnsSeen:
    with name_servers({IP: reply}, host) as dial:
        (seen,) = ask(dial, [Question(HOST, rrtype, IP, IP)], deadline=deadline)
    return seen


def asked_with_authority(reply: Reply, zone: str = ZONE, rrtype: str = "A") -> DnsSeen:
    question = Question(HOST, rrtype, "ns1.example.", IP, recursive=False, zone=zone)
    with name_servers({IP: reply}) as dial:
        (seen,) = ask(dial, [question])
    return seen


def cut_short(query: dns.message.Message) -> Said:
    return says(flags="QR RA TC")(query)


def half(query: dns.message.Message) -> Said:
    whole = says(A)(query)
    assert isinstance(whole, bytes)
    return whole[:-7]


def to_another_question(query: dns.message.Message) -> Said:
    query.question[0].name = dns.name.from_text("other.example.")
    return says("other.example. 300 IN A 192.0.2.66")(query)


OUTCOMES: dict[str, tuple[Reply | Speaks, str, str]] = {
    "an answer": (says(A), "ok", f"{IP}: {HOST} A 203.0.113.10"),
    "no such data": (says(authority=[SOA]), "nodata", f"{IP}: {HOST} has no A record"),
    "no such data, and no SOA": (says(), "nodata", f"{IP}: {HOST} has no A record"),
    "no such name": (
        says(authority=[SOA], rcode="NXDOMAIN"),
        "nxdomain",
        f"{IP}: {HOST} does not exist",
    ),
    "failure": (says(rcode="SERVFAIL"), "servfail", f"{IP}: answers SERVFAIL for {HOST} A"),
    "refusal": (says(rcode="REFUSED"), "refused", f"{IP}: answers REFUSED for {HOST} A"),
    "another code": (says(rcode="NOTIMP"), "servfail", f"{IP}: answers NOTIMP for {HOST} A"),
    "silence": (silence, "timeout", f"{IP}: {IP} does not answer on port 53"),
    "cut short, and TCP hangs up": (
        Speaks(cut_short),
        "truncated",
        f"{IP}: the answer is cut short, and over TCP: it hangs up",
    ),
    "cut short, and TCP tells": (
        Speaks(cut_short, says(A)),
        "ok",
        f"{IP}: {HOST} A 203.0.113.10",
    ),
    "half an answer": (half, "malformed", f"{IP}: the answer makes no sense: "),
    "an answer to another question": (
        to_another_question,
        "malformed",
        f"{IP}: what it sends is no answer to that",
    ),
    "its question back": (
        lambda query: query.to_wire(),
        "malformed",
        f"{IP}: what it sends is no answer to that",
    ),
    "nonsense": (lambda _: b"nonsense", "timeout", f"{IP}: {IP} does not answer on port 53"),
    "a referral, as who does not resolve": (
        says(authority=[NS], flags="QR"),
        "lame",
        f"{IP}: sends on to other name servers for {HOST}, as who does not resolve",
    ),
}


@pytest.mark.parametrize(("reply", "outcome", "message"), OUTCOMES.values(), ids=OUTCOMES)
def test_every_outcome_is_told_apart(reply: Reply | Speaks, outcome: str, message: str) -> None:
    seen = asked(reply, deadline=BRIEF if outcome in {"timeout", "malformed"} else 5.0)
    assert seen.outcome == outcome
    assert seen.message.startswith(message)


def test_a_closed_port_is_unreachable_and_not_refused() -> None:
    dial = Dial(lambda: {f"{IP}:53": f"127.0.0.1:{closed_port()}"})
    (seen,) = ask(dial, [Question(HOST, "A", IP, IP)])
    assert seen.outcome == "unreachable"
    assert seen.message == f"{IP}: {IP} is not reached on port 53: it refuses connections"


def test_an_answer_has_its_values_its_ttl_and_who_gave_it() -> None:
    seen = asked(says(A, f"{HOST} 100 IN A 192.0.2.9", flags="QR AA RA AD"))
    assert seen.values == ("192.0.2.9", "203.0.113.10")
    assert (seen.ttl, seen.negative_ttl, seen.soa) == (100, None, "")
    assert seen.authoritative
    assert seen.authenticated
    assert (seen.server, seen.address, seen.name, seen.rrtype) == (IP, IP, HOST, "A")
    assert seen.seconds > 0


@pytest.mark.parametrize("rcode", ["NOERROR", "NXDOMAIN"])
def test_that_there_is_none_is_kept_as_long_as_the_soa_says(rcode: str) -> None:
    """By the lesser of its own TTL, which counts down in a cache, and its minimum: RFC 2308."""
    seen = asked(says(authority=[SOA], rcode=rcode))
    assert (seen.negative_ttl, seen.soa, seen.ttl) == (200, ZONE, None)
    long = asked(says(authority=[SOA.replace(" 200 ", " 9000 ")], rcode=rcode))
    assert long.negative_ttl == 300


@pytest.mark.parametrize("rcode", ["SERVFAIL", "REFUSED"])
def test_a_failure_that_does_not_repeat_the_question_is_one(rcode: str) -> None:
    def bare(query: dns.message.Message) -> Said:
        answer = dns.message.make_response(query)
        answer.question.clear()
        answer.set_rcode(dns.rcode.from_text(rcode))
        return answer.to_wire()

    assert asked(bare).outcome == rcode.lower()


def test_whoever_does_not_know_the_id_is_not_heard() -> None:
    def spoofed(query: dns.message.Message) -> Iterator[bytes]:
        answer = says(f"{HOST} 300 IN A 192.0.2.66")(query)
        honest = says(A)(query)
        assert isinstance(answer, bytes)
        assert isinstance(honest, bytes)
        for offset in (1, 2, 255, 32768):
            number = (int.from_bytes(answer[:2], "big") + offset) % 65536
            yield number.to_bytes(2, "big") + answer[2:]
        yield honest

    assert asked(spoofed).values == ("203.0.113.10",)


def test_whoever_is_somebody_else_is_not_heard() -> None:
    """Even who knows the port and the id: the kernel lets the asked server's datagrams in alone."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger,
    ):
        server.bind(("127.0.0.1", 0))

        def serve() -> None:
            wire, sender = server.recvfrom(4096)
            query = dns.message.from_wire(wire)
            forged, honest = (
                says(f"{HOST} 300 IN A {it}")(query) for it in ("192.0.2.66", "8.8.4.4")
            )
            assert isinstance(forged, bytes)
            assert isinstance(honest, bytes)
            stranger.sendto(forged, sender)
            server.sendto(honest, sender)

        thread = threading.Thread(target=serve)
        thread.start()
        dial = Dial(lambda: {f"{IP}:53": f"127.0.0.1:{server.getsockname()[1]}"})
        (seen,) = ask(dial, [Question(HOST, "A", IP, IP)])
        thread.join()
    assert seen.values == ("8.8.4.4",)


def test_ids_are_chance_and_come_back_when_seeded() -> None:
    ids: list[int] = []

    def noting(query: dns.message.Message) -> Said:
        ids.append(query.id)
        return says()(query)

    for seed in (1, 1, 2):
        with name_servers({IP: noting}) as dial:
            ask(dial, [Question(HOST, "A", IP, IP)] * 20, chance=Chance(seed))
    one, again, other = set(ids[:20]), set(ids[20:40]), set(ids[40:])
    assert one == again
    assert one != other
    assert len(one) == 20


def test_who_asked_once_in_vain_asks_again() -> None:
    """With the same id: an answer to the first is as good."""
    heard: list[int] = []

    def second_time(query: dns.message.Message) -> Said:
        heard.append(query.id)
        return None if len(heard) == 1 else says(A)(query)

    assert asked(second_time, deadline=1.0).outcome == "ok"
    assert heard[0] == heard[1]


def test_one_silent_server_holds_nobody_else_up() -> None:
    with name_servers({IP: says(A), "1.1.1.1": silence}) as dial:
        questions = [Question(HOST, "A", it, it) for it in ("1.1.1.1", IP) for _ in range(40)]
        seen = ask(dial, questions, deadline=BRIEF * 2, limit=8)
    assert {it.outcome for it in seen if it.server == IP} == {"ok"}
    assert {it.outcome for it in seen if it.server == "1.1.1.1"} == {"timeout"}
    assert seen[39].message == (
        "1.1.1.1: 1.1.1.1 does not answer on port 53: time was up before it was asked"
    )


def test_no_more_are_under_way_than_may_be() -> None:
    """Two servers share four: two each, and two more when those have been given up."""
    heard: set[str] = set()

    def noting(query: dns.message.Message) -> Said:
        heard.add(query.question[0].name.to_text())
        return None

    with name_servers({IP: noting, "1.1.1.1": silence}) as dial:
        questions = [
            Question(f"{number}.example.", "A", it, it)
            for it in (IP, "1.1.1.1")
            for number in range(20)
        ]
        ask(dial, questions, deadline=BRIEF, limit=4)
    assert 0 < len(heard) <= 4


def test_more_servers_than_may_be_asked_at_a_time_all_have_their_turn() -> None:
    servers = {f"9.9.9.{number}": says(A) for number in range(1, 12)}
    with name_servers(servers) as dial:
        seen = ask(dial, [Question(HOST, "A", it, it) for it in servers for _ in range(3)], limit=4)
    assert {it.outcome for it in seen} == {"ok"}
    assert [it.server for it in seen[::3]] == list(servers)


def test_who_leaves_off_at_an_alias_is_asked_again() -> None:
    reply = by_question(
        {
            (HOST, "A"): says(f"{HOST} 60 IN CNAME one.example."),
            ("one.example.", "A"): says("one.example. 30 IN CNAME two.example."),
        },
        says("two.example. 90 IN A 192.0.2.7"),
    )
    seen = asked(reply)
    assert (seen.outcome, seen.values) == ("ok", ("192.0.2.7",))
    assert (seen.aliases, seen.alias_ttls) == (("one.example.", "two.example."), (60, 30))
    assert seen.message == f"{IP}: {HOST} A 192.0.2.7"


def test_who_leads_round_for_ever_is_left() -> None:
    reply = by_question(
        {(HOST, "A"): says(f"{HOST} 60 IN CNAME one.example.")},
        says(f"one.example. 60 IN CNAME {HOST}"),
    )
    seen = asked(reply)
    assert seen.outcome == "malformed"
    assert seen.message == f"{IP}: the aliases of {HOST} lead to no end"


def test_of_an_alias_it_is_the_target_that_has_no_answer() -> None:
    reply = says(f"{HOST} 60 IN CNAME ghs.example.", authority=[SOA])
    seen = asked(reply)
    assert (seen.outcome, seen.aliases) == ("nodata", ("ghs.example.",))
    assert seen.alias_ttls == (60,)
    assert seen.message == f"{IP}: {HOST} is an alias of ghs.example., which has no A record"


LAME: dict[str, Reply] = {
    "it answers without authority": says(A, flags="QR RA"),
    "it sends up to the root": says(authority=[". 3600 IN NS a.root-servers.net."], flags="QR"),
    "it sends up to the zone above": says(authority=["ai. 3600 IN NS ns1.nic.ai."], flags="QR"),
    "it sends on to the zone itself": says(authority=[NS], flags="QR"),
    "it answers nothing": says(flags="QR"),
    "it denies without authority": says(authority=[SOA], rcode="NXDOMAIN", flags="QR RA"),
}


@pytest.mark.parametrize("reply", LAME.values(), ids=LAME)
def test_a_delegated_server_that_does_not_serve_the_zone_is_lame(reply: Reply) -> None:
    seen = asked_with_authority(reply)
    assert seen.outcome == "lame"
    assert ZONE in seen.message or HOST in seen.message


SERVES: dict[str, tuple[Reply, str]] = {
    "an answer": (says(A, flags="QR AA"), "ok"),
    "no such data": (says(authority=[SOA], flags="QR AA"), "nodata"),
    "no such name": (says(authority=[SOA], rcode="NXDOMAIN", flags="QR AA"), "nxdomain"),
    "a refusal stays one": (says(rcode="REFUSED", flags="QR"), "refused"),
    "an alias that leads out of the zone": (
        says(f"{HOST} 60 IN CNAME ghs.example.", flags="QR AA"),
        "ok",
    ),
}


@pytest.mark.parametrize(("reply", "outcome"), SERVES.values(), ids=SERVES)
def test_a_delegated_server_that_serves_it_says_what_there_is(reply: Reply, outcome: str) -> None:
    assert asked_with_authority(reply).outcome == outcome


def test_a_parent_sends_on() -> None:
    reply = says(
        authority=[NS, f"{ZONE} 1800 IN NS ns2.netrasystems.ai."],
        additional=[
            "ns2.netrasystems.ai. 3600 IN A 198.51.100.2",
            "ns2.netrasystems.ai. 3600 IN AAAA 2001:db8::2",
            "elsewhere.example. 3600 IN A 192.0.2.66",
        ],
        flags="QR",
    )
    seen = asked_with_authority(reply, zone="ai.")
    assert (seen.outcome, seen.values) == ("ok", ())
    assert seen.referral == ("ns1.example.", "ns2.netrasystems.ai.")
    assert seen.glue == (
        ("ns2.netrasystems.ai.", "198.51.100.2"),
        ("ns2.netrasystems.ai.", "2001:db8::2"),
    )
    assert seen.ttl == 1800


def test_no_name_server_is_asked_to_recurse_and_every_resolver_is() -> None:
    heard: list[str] = []

    def noting(query: dns.message.Message) -> Said:
        heard.append(dns.flags.to_text(query.flags))
        return says()(query)

    with name_servers({IP: noting}) as dial:
        for question in (
            Question(HOST, "A", IP, IP),
            Question(HOST, "A", IP, IP, checked=False),
            Question(HOST, "A", IP, IP, recursive=False),
        ):
            ask(dial, [question])
    assert heard == ["RD AD", "RD CD", "AD"]


def test_another_answer_than_expected_is_a_wrong_one() -> None:
    seen = asked(says(A))
    assert with_expectation(seen, ["203.0.113.10"]).outcome == "ok"
    wrong = with_expectation(seen, ["203.0.113.99"])
    assert wrong.outcome == "wrong_answer"
    assert wrong.message == f"{IP}: {HOST} A 203.0.113.10, not 203.0.113.99"
    assert with_expectation(seen, ["203.0.113.10", "203.0.113.11"]).outcome == "wrong_answer"
    assert with_expectation(seen, []).outcome == "wrong_answer"
    missing = asked(says(authority=[SOA]))
    assert with_expectation(missing, ["203.0.113.10"]).outcome == "nodata"


def test_an_ipv6_address_is_expected_in_any_spelling() -> None:
    seen = asked(says(f"{HOST} 60 IN AAAA 2001:db8::1"), "AAAA")
    assert with_expectation(seen, ["2001:DB8:0:0::1"]).outcome == "ok"


def test_who_fails_only_while_it_checks_signatures_has_found_them_wrong() -> None:
    def validating(query: dns.message.Message) -> Said:
        unchecked = query.flags & dns.flags.CD
        return says(A)(query) if unchecked else says(rcode="SERVFAIL")(query)

    with name_servers({IP: validating}) as dial:
        checked, unchecked = ask(
            dial, [Question(HOST, "A", IP, IP), Question(HOST, "A", IP, IP, checked=False)]
        )
    assert (checked.checked, unchecked.checked) == (True, False)
    found = bogus(checked, unchecked)
    assert (found.outcome, found.values) == ("bogus", ())
    assert "without checking signatures (CD)" in found.message
    assert bogus(checked, checked) == checked
    assert bogus(unchecked, unchecked) == unchecked


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as loopback:
            loopback.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
@pytest.mark.parametrize("reply", [says(A), Speaks(cut_short, says(A))])
def test_a_server_is_asked_over_ipv6_by_datagram_and_stream(reply: Reply | Speaks) -> None:
    address = "2001:4860:4860::8888"
    with name_servers({address: reply}, "::1") as dial:
        (seen,) = ask(dial, [Question(HOST, "A", address, address)])
    assert (seen.outcome, seen.values) == ("ok", ("203.0.113.10",))


@pytest.mark.skipif(shutil.which("dig") is None, reason="dig is not installed")
def test_a_dead_server_passes_where_lines_of_dig_are_counted_and_fails_here() -> None:
    """`[ $(dig +short NAME | wc -l) -gt 0 ]`: dig tells on standard output that nobody answers."""
    port = closed_port()
    script = f"dig +short +tries=1 +time=1 -p {port} @127.0.0.1 {HOST} | wc -l"
    lines = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert int(lines.stdout) > 0
    dial = Dial(lambda: {f"{IP}:53": f"127.0.0.1:{port}"})
    (seen,) = ask(dial, [Question(HOST, "A", IP, IP)])
    assert (seen.outcome, seen.values) == ("unreachable", ())


def test_a_server_without_an_address_is_not_reached() -> None:
    (seen,) = ask(Dial(dict), [Question(HOST, "A", "ns1.example.", "")])
    assert seen.outcome == "unreachable"
    assert seen.message == "ns1.example.: ns1.example. has no address"
