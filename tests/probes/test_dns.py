"""What resolvers say of names."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from remediate.probes import dns as probe
from remediate.probes.dial import Dial
from remediate.probes.dns import RESOLVERS, Answers, resolve
from tests.gcp_sandbox.client import Client
from tests.probes.records import record

HOST = "staging.netrasystems.ai."
WWW = "www.staging.netrasystems.ai."


def test_every_resolver_answers_for_itself_in_order(dial: Dial) -> None:
    answers = resolve(dial, HOST, "A")
    assert [answer.resolver for answer in answers] == list(RESOLVERS)
    for answer in answers:
        assert (answer.name, answer.rrtype, answer.status) == (HOST, "A", "found")
        assert answer.values == ("203.0.113.10",)
        assert answer.aliases == ()
        assert answer.ttl == 300
    assert answers[0].message == f"8.8.8.8: {HOST} A 203.0.113.10"


@pytest.mark.parametrize("name", ["Staging.NetraSystems.ai", HOST.upper()])
def test_a_name_is_known_in_every_spelling(dial: Dial, name: str) -> None:
    (answer,) = resolve(dial, name, "A", ["8.8.8.8"])
    assert (answer.name, answer.status) == (HOST, "found")


def test_several_values_are_sorted(dial: Dial, outside: Client) -> None:
    record(outside, WWW, "AAAA", "2001:db8::2", "2001:db8::1")
    (answer,) = resolve(dial, WWW, "AAAA", ["1.1.1.1"])
    assert answer.values == ("2001:db8::1", "2001:db8::2")


def test_aliases_are_followed_and_told(dial: Dial, outside: Client) -> None:
    record(outside, WWW, "CNAME", "web.staging.netrasystems.ai.", ttl=60)
    record(outside, "web.staging.netrasystems.ai.", "CNAME", HOST)
    (answer,) = resolve(dial, WWW, "A", ["9.9.9.9"])
    assert answer.values == ("203.0.113.10",)
    assert answer.aliases == ("web.staging.netrasystems.ai.", HOST)
    assert answer.ttl == 60


def test_of_an_alias_it_is_the_target_that_has_no_answer(dial: Dial, outside: Client) -> None:
    record(outside, WWW, "CNAME", "ghs.googlehosted.com.")
    record(outside, "web.staging.netrasystems.ai.", "CNAME", "none.staging.netrasystems.ai.")
    found = [resolve(dial, name, "A")[0].finding for name in (WWW, "web.staging.netrasystems.ai.")]
    assert found[0].startswith(f"{WWW} is an alias of ghs.googlehosted.com., which ")
    assert found[1] == (
        "web.staging.netrasystems.ai. is an alias of none.staging.netrasystems.ai., "
        "which does not exist"
    )


def test_no_such_name_and_no_such_data_differ(dial: Dial, outside: Client) -> None:
    record(outside, WWW, "CNAME", HOST)
    assert resolve(dial, HOST, "AAAA")[0].status == "no-data"
    assert resolve(dial, WWW, "AAAA")[0].status == "no-data"
    nowhere = resolve(dial, "nowhere.netrasystems.ai.", "AAAA")[0]
    assert nowhere.status == "no-such-name"
    assert nowhere.message == "8.8.8.8: nowhere.netrasystems.ai. does not exist"
    record(outside, WWW, "CNAME", "nowhere.netrasystems.ai.")
    gone = resolve(dial, WWW, "A")[0]
    assert (gone.status, gone.aliases) == ("no-such-name", ("nowhere.netrasystems.ai.",))


def test_a_circle_of_aliases_is_a_failure(dial: Dial, outside: Client) -> None:
    record(outside, WWW, "CNAME", "web.staging.netrasystems.ai.")
    record(outside, "web.staging.netrasystems.ai.", "CNAME", WWW)
    (answer,) = resolve(dial, WWW, "A", ["8.8.8.8"])
    assert answer.status == "failed"
    assert "SERVFAIL" in answer.message


def test_an_answer_too_long_for_a_datagram_comes_by_tcp(dial: Dial, outside: Client) -> None:
    values = [f"2001:db8::{number:x}" for number in range(1, 60)]
    record(outside, WWW, "AAAA", *values)
    (answer,) = resolve(dial, WWW, "AAAA", ["8.8.8.8"])
    assert set(answer.values) == set(values)


def test_a_resolver_that_is_not_there_is_never_dialled(dial: Dial) -> None:
    (answer,) = resolve(dial, HOST, "A", ["8.8.4.8"])
    assert answer.status == "failed"
    assert answer.message == "8.8.4.8: 8.8.4.8 does not answer on port 53"


def test_a_private_resolver_is_never_asked(world: Dial) -> None:
    (answer,) = resolve(world, HOST, "A", ["127.0.0.1"])
    assert (answer.status, answer.values) == ("failed", ())
    assert "no public address" in answer.why


@pytest.mark.parametrize("name", ["a..b", "." * 3, "x" * 64, "\ud800"])
def test_what_is_no_name_is_a_failure(dial: Dial, name: str) -> None:
    (answer,) = resolve(dial, name, "A", ["8.8.8.8"])
    assert answer.status == "failed"
    assert "no domain name" in answer.why


Reply = Callable[[dns.message.Message], bytes | None]


@contextmanager
def answering(reply: Reply) -> Iterator[Dial]:
    """8.8.8.8 is a server that says over UDP what a test wants; over TCP it hangs up."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server,
        socket.create_server(("127.0.0.1", 0)) as listening,
    ):
        port = listening.getsockname()[1]
        server.bind(("127.0.0.1", port))

        def serve() -> None:
            while (received := server.recvfrom(4096))[0]:
                wire = reply(dns.message.from_wire(received[0]))
                if wire is not None:
                    server.sendto(wire, received[1])

        def hang_up() -> None:
            while True:
                connection, _ = listening.accept()
                with connection:
                    if connection.recv(2) == b"\0\0":
                        return

        threads = [threading.Thread(target=serve), threading.Thread(target=hang_up)]
        for thread in threads:
            thread.start()
        yield Dial(lambda: {"8.8.8.8:53": f"127.0.0.1:{port}"})
        server.sendto(b"", ("127.0.0.1", port))
        with socket.create_connection(("127.0.0.1", port)) as last:
            last.sendall(b"\0\0")
        for thread in threads:
            thread.join()


def asked(dial: Dial) -> Answers:
    (answer,) = resolve(dial, HOST, "A", ["8.8.8.8"])
    return answer


def test_who_leaves_off_at_an_alias_is_asked_again() -> None:
    def reply(query: dns.message.Message) -> bytes:
        answer = dns.message.make_response(query)
        name = query.question[0].name.to_text()
        leads = {HOST: "one.example.", "one.example.": "two.example."}
        rrtype, data = ("CNAME", leads[name]) if name in leads else ("A", "192.0.2.7")
        answer.answer.append(dns.rrset.from_text(name, 60, "IN", rrtype, data))
        return answer.to_wire()

    with answering(reply) as dial:
        answer = asked(dial)
    assert (answer.status, answer.values) == ("found", ("192.0.2.7",))
    assert answer.aliases == ("one.example.", "two.example.")


def test_who_leads_round_for_ever_is_left() -> None:
    def reply(query: dns.message.Message) -> bytes:
        answer = dns.message.make_response(query)
        name = query.question[0].name.to_text()
        to = "one.example." if name == HOST else HOST
        answer.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", to))
        return answer.to_wire()

    with answering(reply) as dial:
        answer = asked(dial)
    assert answer.status == "failed"
    assert "lead to no end" in answer.why


def test_a_server_that_fails_is_a_failure() -> None:
    def reply(query: dns.message.Message) -> bytes:
        answer = dns.message.make_response(query)
        answer.set_rcode(dns.rcode.REFUSED)
        return answer.to_wire()

    with answering(reply) as dial:
        assert asked(dial).message == f"8.8.8.8: answers REFUSED for {HOST} A"


def test_who_truncates_and_then_hangs_up_is_a_failure() -> None:
    def reply(query: dns.message.Message) -> bytes:
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.TC
        return answer.to_wire()

    with answering(reply) as dial:
        assert asked(dial).status == "failed"


def test_who_never_answers_sensibly_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "_TIMEOUT", 0.02)
    for reply in (lambda _: None, lambda _: b"nonsense"):
        with answering(reply) as dial:
            answer = asked(dial)
        assert answer.status == "failed"
        assert answer.why == "8.8.8.8 does not answer on port 53"
