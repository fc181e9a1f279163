"""What is seen against what is expected: which is a pass, which a failure, which is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from remediate.model.check import Check, ProbeName
from remediate.model.errors import Place
from remediate.model.finding import Verdict
from remediate.pipeline.judging_dns import Delegated, Heard, judge_delegation, judge_names
from remediate.pipeline.judging_edge import (
    judge_command,
    judge_http,
    judge_postgresql,
    judge_tls,
    judge_websocket,
)
from remediate.probes.seen import (
    CommandSeen,
    DnsOutcome,
    DnsSeen,
    HttpSeen,
    PostgresSeen,
    TlsSeen,
    WebSocketSeen,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)
NAME = "www.example.com."
PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN


def check(probe: ProbeName, **expects: Any) -> Check:
    return Check("it", probe, {}, expects, (), (), "critical", Place("a.yaml", 1, 1))


def answer(
    outcome: DnsOutcome = "ok", *values: str, server: str = "8.8.8.8", **more: Any
) -> DnsSeen:
    said = f"{server}: {outcome}"
    return DnsSeen(server, server, NAME, "A", outcome, said, tuple(values), **more)


def heard(*answers: DnsSeen, vantage: str = "8.8.8.8", **more: Any) -> Heard:
    return Heard(NAME, "A", vantage, answers, **more)


@pytest.mark.parametrize(
    ("why", "expects", "seen", "verdict"),
    [
        ("the values", {"values": ["192.0.2.1"]}, [answer("ok", "192.0.2.1")], PASS),
        ("others", {"values": ["192.0.2.1"]}, [answer("ok", "192.0.2.2")], FAIL),
        ("one too many", {"values": ["192.0.2.1"]}, [answer("ok", "192.0.2.1", "192.0.2.2")], FAIL),
        ("anything", {}, [answer("ok", "192.0.2.1")], PASS),
        ("no name", {"values": ["192.0.2.1"]}, [answer("nxdomain")], FAIL),
        ("none, as it should be", {"values": []}, [answer("nodata")], PASS),
        ("some, though there should be none", {"values": []}, [answer("ok", "192.0.2.1")], FAIL),
        ("silence", {}, [answer("timeout")], UNKNOWN),
        ("silence of none", {"values": []}, [answer("timeout")], UNKNOWN),
        ("a fault of the server", {}, [answer("servfail")], FAIL),
        ("a refusal", {}, [answer("refused")], FAIL),
        ("a lame server", {}, [answer("ok", "192.0.2.1"), answer("lame")], FAIL),
        ("one silent of two", {}, [answer("ok", "192.0.2.1"), answer("timeout")], FAIL),
        ("an answer cut off", {}, [answer("truncated")], UNKNOWN),
    ],
)
def test_names(why: str, expects: Mapping[str, Any], seen: list[DnsSeen], verdict: Verdict) -> None:
    (found,) = judge_names(check("dns", **expects), [heard(*seen)])
    assert found.verdict is verdict, why


def test_what_a_cache_keeps_is_told_in_seconds() -> None:
    (found,) = judge_names(check("dns"), [heard(answer("nxdomain", negative_ttl=271))])
    assert found.message.endswith("what is cached there goes within 271 s")
    (found,) = judge_names(check("dns"), [heard(answer("nxdomain", authoritative=True))])
    assert "cached" not in found.message


def test_servers_that_say_the_same_are_told_in_one_sentence() -> None:
    seen = [answer("nxdomain", server=f"ns{number}.example.") for number in range(3)]
    (found,) = judge_names(check("dns"), [heard(*seen, vantage="authoritative")])
    assert found.message == "ns0.example., ns1.example., ns2.example.: nxdomain"


@pytest.mark.parametrize(
    ("other", "verdict"),
    [
        (answer("ok", "192.0.2.1"), PASS),
        (answer("ok", "192.0.2.2"), FAIL),
        (answer("nxdomain"), FAIL),
        (answer("timeout"), UNKNOWN),
    ],
)
def test_the_same_everywhere(other: DnsSeen, verdict: Verdict) -> None:
    both = [heard(answer("ok", "192.0.2.1")), heard(other, vantage="1.1.1.1")]
    *_, found = judge_names(check("dns", sameEverywhere=True), both)
    assert found.target == f"{NAME} A everywhere"
    assert found.verdict is verdict


def test_where_nobody_could_be_asked_it_is_a_failure_only_if_that_is_one() -> None:
    nobody = heard(vantage="authoritative", why="delegated to nobody")
    assert next(judge_names(check("dns"), [nobody])).verdict is UNKNOWN
    assert next(judge_names(check("dns"), [replace(nobody, is_wrong=True)])).verdict is FAIL


def delegated(**more: Any) -> Delegated:
    servers = ("a.example.", "b.example.")
    well = Delegated(
        "DnsZone/zone",
        "example.com.",
        frozenset(servers),
        "",
        (answer("ok", server="parent", referral=servers),),
        tuple(answer("ok", server=each, authoritative=True) for each in servers),
        (answer("ok"),),
        (answer("ok", checked=False),),
    )
    return replace(well, **more)


@pytest.mark.parametrize(
    ("why", "seen", "verdicts"),
    [
        ("all is well", delegated(), [PASS, PASS, PASS]),
        ("another shard", delegated(name_servers=frozenset({"c.example."})), [FAIL, PASS, PASS]),
        ("a zone that cannot be read", delegated(name_servers=None), [UNKNOWN, PASS, PASS]),
        ("a parent that is silent", delegated(parents=(answer("timeout"),)), [UNKNOWN, PASS, PASS]),
        ("nobody is delegated to", delegated(parents=(answer("nxdomain"),)), [FAIL, PASS, PASS]),
        ("a lame server", delegated(servers=(answer("lame"),)), [PASS, FAIL, PASS]),
        ("servers that are silent", delegated(servers=(answer("timeout"),)), [PASS, UNKNOWN, PASS]),
        ("a DS of other keys", delegated(checked=(answer("servfail"),)), [PASS, PASS, FAIL]),
    ],
)
def test_delegations(why: str, seen: Delegated, verdicts: list[Verdict]) -> None:
    found = [one.verdict for one in judge_delegation(check("delegation"), seen)]
    assert found == verdicts, why


LEAF = TlsSeen("192.0.2.1", 443, "www.example.com", "ok", "well", version="TLSv1.3")
BAD = replace(LEAF, outcome="untrusted", problems=("untrusted",), message="nobody trusts it")
HTTP = HttpSeen(
    "https://www.example.com/", "192.0.2.1", "ok", "well", 200, {}, b"all is well", LEAF
)


@pytest.mark.parametrize(
    ("why", "expects", "seen", "verdict"),
    [
        ("a status", {}, HTTP, PASS),
        ("another status", {}, replace(HTTP, status=503), FAIL),
        ("one that is expected", {"status": [301, 503]}, replace(HTTP, status=503), PASS),
        ("a certificate that nobody trusts", {}, replace(HTTP, tls=BAD), FAIL),
        ("slowness", {"latency": 1.0}, replace(HTTP, connect=0.4, handshake=0.4, total=0.4), FAIL),
        ("the body", {"body": "is w.ll"}, HTTP, PASS),
        ("another body", {"body": "broken"}, HTTP, FAIL),
        ("no HSTS", {"hsts": 60.0}, HTTP, FAIL),
        (
            "HSTS",
            {"hsts": 60.0},
            replace(HTTP, headers={"strict-transport-security": "includeSubDomains; Max-Age=60"}),
            PASS,
        ),
        ("a redirect elsewhere", {"location": "https://a/"}, HTTP, FAIL),
        ("a reset", {}, replace(HTTP, outcome="reset", status=None), FAIL),
        ("silence", {}, replace(HTTP, outcome="timeout", status=None), FAIL),
        ("no way there", {}, replace(HTTP, outcome="unreachable", status=None), UNKNOWN),
    ],
)
def test_http(why: str, expects: Mapping[str, Any], seen: HttpSeen, verdict: Verdict) -> None:
    assert judge_http(check("http", **expects), seen).verdict is verdict, why


SOON = replace(LEAF, not_after=NOW + timedelta(days=20))


@pytest.mark.parametrize(
    ("why", "expects", "seen", "verdict"),
    [
        ("all is well", {}, SOON, PASS),
        ("it ends too soon", {"expiresAfter": 21 * 86_400.0}, SOON, FAIL),
        ("an old version", {"minVersion": "TLS_1_3"}, replace(LEAF, version="TLSv1.2"), FAIL),
        ("nobody trusts it", {}, BAD, FAIL),
        ("nobody has to", {"chain": "any"}, BAD, PASS),
        (
            "it has ended, whoever trusts it",
            {"chain": "any"},
            replace(BAD, problems=("untrusted", "expired")),
            FAIL,
        ),
        (
            "another host's",
            {},
            replace(LEAF, outcome="name_mismatch", problems=("name_mismatch",)),
            FAIL,
        ),
        (
            "any host's will do",
            {"covers": "any"},
            replace(LEAF, outcome="name_mismatch", problems=("name_mismatch",)),
            PASS,
        ),
        ("a reset, whatever is waived", {"chain": "any"}, replace(LEAF, outcome="reset"), FAIL),
        ("no way there", {}, replace(LEAF, outcome="not_public"), UNKNOWN),
    ],
)
def test_certificates(
    why: str, expects: Mapping[str, Any], seen: TlsSeen, verdict: Verdict
) -> None:
    assert judge_tls(check("tls", **expects), seen, NOW).verdict is verdict, why


SOCKET = WebSocketSeen("wss://www.example.com/ws", "192.0.2.1", "ok", "it echoes", 101)


@pytest.mark.parametrize(
    ("why", "expects", "seen", "verdict"),
    [
        ("an echo", {"echo": True}, SOCKET, PASS),
        ("no echo", {"echo": True}, replace(SOCKET, outcome="no_echo"), FAIL),
        ("no echo, and none is wanted", {}, replace(SOCKET, outcome="no_echo"), PASS),
        ("an answer of /health", {}, replace(SOCKET, outcome="not_upgraded", status=200), FAIL),
        ("1011", {}, replace(SOCKET, outcome="closed", close_code=1011), FAIL),
        (
            "1013, as told",
            {"closeCode": 1013},
            replace(SOCKET, outcome="closed", close_code=1013),
            PASS,
        ),
        ("open, and not as told", {"closeCode": 1013}, SOCKET, FAIL),
        ("refused, as told", {"upgraded": False}, replace(SOCKET, outcome="not_upgraded"), PASS),
        ("let in, though it should not be", {"upgraded": False}, SOCKET, FAIL),
        ("a certificate that nobody trusts", {}, replace(SOCKET, tls=BAD), FAIL),
    ],
)
def test_websockets(
    why: str, expects: Mapping[str, Any], seen: WebSocketSeen, verdict: Verdict
) -> None:
    assert judge_websocket(check("websocket", **expects), seen).verdict is verdict, why


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        ("ok", PASS),
        ("error", FAIL),
        ("refused", FAIL),
        ("timeout", UNKNOWN),
        ("not_public", UNKNOWN),
    ],
)
def test_databases_that_nobody_answers_for_may_only_be_out_of_reach(
    outcome: Any, verdict: Verdict
) -> None:
    seen = PostgresSeen("10.20.0.3", 5432, outcome, "said")
    assert judge_postgresql(check("postgresql"), seen).verdict is verdict


def test_a_command_is_told_by_the_last_thing_that_it_said() -> None:
    seen = CommandSeen(("sh", "-c", "x"), 2, "ended", "first\nlast words\n\n", 0.1)
    found = judge_command(check("command"), seen)
    assert (found.verdict, found.message) == (FAIL, "`sh -c x` ends with 2, not 0: last words")
    stopped = replace(seen, exit=None, message="stopped after 300 s", output="")
    assert judge_command(check("command"), stopped).message == "stopped after 300 s"


def test_a_long_last_line_is_told_from_its_beginning_and_colours_are_not() -> None:
    last = "\x1b[31mAssertionError\x1b[0m: " + "x" * 300
    seen = CommandSeen(("sh", "-c", "x"), 1, "ended", f"first\n{last}\n", 0.1)
    said = judge_command(check("command"), seen).message
    assert said.startswith("`sh -c x` ends with 1, not 0: AssertionError: xxx")
    assert said.endswith("xxx...")


def test_one_certificate_is_one_cause_whatever_met_it() -> None:
    shown = replace(
        BAD, problems=("expired",), outcome="expired", serial="01AB", not_after=NOW, message="ended"
    )
    http = judge_http(check("http"), replace(HTTP, tls=shown))
    tls = judge_tls(check("tls"), shown, NOW)
    socket = judge_websocket(check("websocket"), replace(SOCKET, tls=shown))
    assert http.cause == tls.cause == socket.cause
    assert http.cause.startswith(
        "192.0.2.1 shows a certificate that has expired (serial 01AB, valid until "
    )


def test_of_a_url_that_visitors_are_sent_to_the_parameters_are_in_the_facts_alone() -> None:
    to = "https://accounts.example/auth?client_id=1234&redirect=..."
    seen = replace(HTTP, status=302, headers={"location": to})
    found = judge_http(check("http"), seen)
    assert "to https://accounts.example/auth?..., not 200" in found.message
    assert found.facts["location"] == to


@pytest.mark.parametrize("other", ["nxdomain", "nodata", "servfail", "refused", "timeout"])
def test_names_that_fail_alike_have_one_cause(other: Any) -> None:
    servers = ("192.0.2.53", "192.0.2.54")
    asked = [heard(answer(other, server=each), vantage=each) for each in servers]
    causes = {one.cause for one in judge_names(check("dns"), asked)}
    assert len(causes) == 1
    assert causes != {""}
