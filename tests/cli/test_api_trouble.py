"""An API that is not there, refuses, lies or breaks off: one clear message, and nothing is lost."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from remediate.model.json import Body
from remediate.pipeline import apply as pipeline
from remediate.pipeline import undertaking
from remediate.stores import journal
from tests.cli.conftest import Desk
from tests.cli.typed import Said, typed
from tests.gcp.server import Asked, Say, Stub, refused

ALWAYS = 1_000_000
PAGE = b"<!DOCTYPE html><html><title>Sign in to Wi-Fi</title></html>"


def error_of(said: Said) -> str:
    """The one message: everything from `error:` on, which stands there once."""
    assert said.out == "", said
    assert said.err.count("error: ") == 1, said
    assert said.err.count("what to do: ") == 1, said
    return said.err.partition("error: ")[2]


@pytest.fixture
def stub() -> Iterator[Stub]:
    server = Stub()
    yield server
    server.close()


def says(stub: Stub, say: Say) -> None:
    """Answer every API call alike, beside a clock that moves when it is told to."""
    ahead = [0.0]

    def answer(asked: Asked) -> Say:
        if not asked.path.startswith("/_sandbox/"):
            return say
        if asked.path.endswith(":advance"):
            ahead[0] += json.loads(asked.body)["seconds"]
        now = datetime.now(UTC) + timedelta(seconds=ahead[0])
        return Say(body={"now": now.isoformat()})

    stub.answer = answer


LIES = {
    "a page": (Say(200, PAGE, content_type="text/html"), "a web page instead of JSON", 1),
    "a page of a broken proxy": (Say(502, PAGE, content_type="text/html"), "answered 502", 1),
    "JSON that is cut off": (Say(200, b'{"managedZones": [{"na'), "a broken piece of JSON", 1),
    "half of what was promised": (Say(body={"a": "b" * 999}, cut="half"), "broke off", 1),
    "no answer": (Say(cut="reset"), "closed the connection without an answer", 1),
    "no such project": (
        refused(404, "notFound", "project netra-staging not found"),
        "not found",
        1,
    ),
    "bad credentials": (
        refused(401, "authError", "Invalid Credentials"),
        "Invalid Credentials",
        10,
    ),
    "a permission that is missing": (
        refused(403, "forbidden", "Required 'dns.managedZones.list' permission for 'projects/p'"),
        "permission dns.managedZones.list is missing",
        10,
    ),
    "too many requests, for ever": (refused(429, "rateLimitExceeded", "slow down"), "slow down", 1),
    "an outage that lasts": (refused(503, "backendError", "try later"), "try later", 1),
}


@pytest.mark.parametrize("verb", ["plan", "apply"])
@pytest.mark.parametrize("lie", LIES)
def test_no_live_side_no_plan_and_one_clear_message(
    lie: str, verb: str, stub: Stub, desk: Desk
) -> None:
    say, words, code = LIES[lie]
    says(stub, say)
    said = typed(verb, "-C", desk.bench.root, "--sandbox", stub.url)
    assert said.code == code, said
    assert words in error_of(said)
    assert not any(asked.method != "GET" for asked in stub.asked if "_sandbox" not in asked.path)


def test_a_port_on_which_nobody_listens_is_named(desk: Desk) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and never listened on
        port = taken.getsockname()[1]
        said = typed("plan", "-C", desk.bench.root, "--sandbox", f"http://127.0.0.1:{port}")
    assert said.code == 1
    assert f"there is no sandbox at http://127.0.0.1:{port}" in error_of(said)


def test_a_host_that_is_not_this_machine_is_refused(desk: Desk) -> None:
    said = typed("plan", "-C", desk.bench.root, "--sandbox", "http://203.0.113.1:8080")
    assert said.code == 9
    assert "only http on loopback is" in error_of(said)


@pytest.mark.parametrize("kind", ["429", "403", "503", "500", "html", "half", "reset"])
def test_a_storm_that_passes_is_waited_out(kind: str, desk: Desk) -> None:
    desk.fault(kind, "GET *", 4)
    said = desk.type("plan", "--detailed-exitcode")
    assert said.code == 2, said


@pytest.mark.parametrize("kind", ["429", "503", "reset", "lost", "half"])
@pytest.mark.parametrize("match", ["POST *changes*", "POST *sslCertificates*", "PATCH *"])
def test_a_write_whose_answer_is_lost_or_late_is_made_once(
    kind: str, match: str, desk: Desk
) -> None:
    desk.fault(kind, match, 2)
    said = desk.type("apply")
    assert said.code == 0, said
    desk.insist_on_a_way_out()


@pytest.mark.parametrize("kind", ["lost", "half"])
@pytest.mark.parametrize("match", ["POST *sslCertificates*", "POST *changes*", "PATCH *", "POST *"])
def test_a_write_whose_answer_never_comes_is_found_done_by_looking(
    kind: str, match: str, desk: Desk
) -> None:
    desk.fault(kind, match, ALWAYS)
    said = desk.type("apply")
    assert said.code == 0, said
    desk.insist_on_a_way_out()


WRITES = {
    "the first write fails for good": ("html", "POST *", 1),
    "the record change fails for good": ("reset", "POST *changes*", 1),
    "the certificate cannot be made": ("503", "POST *sslCertificates*", 7),
    "the proxy may not be changed": ("forbidden", "PATCH *", 7),
}


@pytest.mark.parametrize("case", WRITES)
def test_a_write_that_fails_for_good_says_the_way_on_and_the_way_back(
    case: str, desk: Desk
) -> None:
    kind, match, code = WRITES[case]
    desk.fault(kind, match, ALWAYS)
    said = desk.type("apply")
    assert said.code == code, said
    told = " ".join(error_of(said).split())
    snapshot = re.findall(r"snapshot (\w{26}) of", said.err)[0]
    if code == 7:
        (run,) = journal.runs(desk.bench.store)
        assert f"`{desk.line('apply', '--resume', run)}` goes on" in told
        assert re.search(r"[1-5] of 6 steps are done", told)
    assert f"`{desk.line('rollback', '--snapshot', snapshot)}` takes back" in told
    desk.insist_on_a_way_out()


def test_an_operation_that_ends_in_an_error_is_told_in_googles_words(desk: Desk) -> None:
    desk.fault("failed-operation", "POST *sslCertificates*")
    said = desk.type("apply")
    assert said.code == 7
    assert "sslCertificates/staging-ssl-cert was refused" in error_of(said)
    desk.insist_on_a_way_out()


def test_a_certificate_that_never_becomes_active_ends_the_run_before_the_old_one_goes(
    desk: Desk,
) -> None:
    desk.fault("doomed-certificate", "POST *sslCertificates*")
    said = desk.type("apply")
    assert said.code == 3
    assert "SslCertificate/staging-ssl-cert will not become ready" in error_of(said)
    proxy: Any = desk.bench.live("TargetHttpsProxy/staging-https-proxy")
    assert proxy is not None
    assert "staging-ssl-cert-old" in str(proxy["sslCertificates"])


@contextmanager
def time_flies(desk: Desk) -> Iterator[None]:
    """The sandbox's hours pass while a command waits for it."""
    over = threading.Event()

    def fly() -> None:
        while not over.is_set():
            desk.bench.send("POST", "_sandbox/clock:advance", {"seconds": 130})

    clock = threading.Thread(target=fly)
    clock.start()
    try:
        yield
    finally:
        over.set()
        clock.join()


def test_an_operation_that_never_ends_is_given_up_and_may_still_end_well(desk: Desk) -> None:
    desk.fault("slow-operation", "POST *sslCertificates*", seconds=1e9)
    with time_flies(desk):
        said = desk.type("apply")
    assert said.code in {1, 7}, said
    assert "was not done within" in error_of(said)


def interfere(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Somebody else acts between the plan and the first write."""
    carry_out = pipeline.apply

    def late(*args: Any, **more: Any) -> pipeline.Outcome:
        act()
        return carry_out(*args, **more)

    monkeypatch.setattr(undertaking, "apply", late)


def test_another_hand_between_plan_and_write_leaves_with_5_and_its_work_stays(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "dns/v1/projects/netra-staging/managedZones/netrasystems-staging/rrsets"
    theirs: Body = {
        "name": "staging.netrasystems.ai.",
        "type": "A",
        "ttl": 60,
        "rrdatas": ["192.0.2.9"],
    }
    interfere(monkeypatch, lambda: desk.bench.send("POST", path, theirs))
    said = desk.type("apply", "--target", "DnsZone/*")
    assert said.code == 5, said
    assert "DnsZone/netrasystems-staging/staging.netrasystems.ai./A has changed" in error_of(said)
    live: Any = desk.bench.live("DnsZone/netrasystems-staging/staging.netrasystems.ai./A")
    assert live is not None
    assert live["rrdatas"] == ["192.0.2.9"]


def test_a_field_that_another_hand_has_changed_meanwhile_is_never_written(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = "compute/v1/projects/netra-staging/global/targetHttpsProxies/staging-https-proxy"
    live: Any = desk.bench.send("GET", proxy)
    body: Body = {"sslCertificates": [], "fingerprint": live["fingerprint"]}
    certificates = "compute/v1/projects/netra-staging/global/sslCertificates"
    domains: Body = {"domains": ["theirs.example.com"]}
    theirs: Body = {"name": "theirs", "managed": domains, "type": "MANAGED"}

    def act() -> None:
        desk.bench.send("POST", certificates, theirs)
        link = f"projects/netra-staging/global/sslCertificates/{theirs['name']}"
        desk.bench.send("PATCH", proxy, {**body, "sslCertificates": [link]})

    interfere(monkeypatch, act)
    said = desk.type("apply")
    assert said.code == 7, said
    assert "TargetHttpsProxy/staging-https-proxy has changed since" in error_of(said)
    after: Any = desk.bench.send("GET", proxy)
    assert [str(one).rpartition("/")[2] for one in after["sslCertificates"]] == ["theirs"]


def test_what_somebody_else_made_meanwhile_is_never_overwritten(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "compute/v1/projects/netra-staging/global/sslCertificates"
    theirs: Body = {
        "name": "staging-ssl-cert",
        "type": "MANAGED",
        "managed": {"domains": ["theirs.example.com"]},
    }
    interfere(monkeypatch, lambda: desk.bench.send("POST", path, theirs))
    said = desk.type("apply", "--target", "SslCertificate/*")
    assert said.code == 5, said
    live: Any = desk.bench.live("SslCertificate/staging-ssl-cert")
    assert live is not None
    assert live["managed"]["domains"] == ["theirs.example.com"]


def test_somebody_elses_change_since_is_a_conflict_for_the_way_back(desk: Desk) -> None:
    assert desk.type("apply").code == 0
    path = (
        "dns/v1/projects/netra-staging/managedZones/netrasystems-staging/rrsets/"
        "staging.netrasystems.ai./A"
    )
    desk.bench.send("PATCH", path, {"name": "staging.netrasystems.ai.", "type": "A", "ttl": 61})
    mixed = desk.bench.state()
    stopped = desk.type("rollback", "--snapshot", "latest")
    assert stopped.code == 5, stopped
    assert "staging.netrasystems.ai./A" in error_of(stopped)
    assert desk.bench.state() == mixed
    skipped = desk.type("rollback", "--snapshot", "latest", "--on-conflict", "skip")
    assert skipped.code == 0, skipped
    assert desk.bench.live("DnsZone/netrasystems-staging/staging.netrasystems.ai./A") is not None
    assert desk.bench.live("DnsZone/netrasystems-staging/api-staging.netrasystems.ai./A") is None


def test_the_way_back_may_go_over_somebody_elses_change_when_told(desk: Desk) -> None:
    assert desk.type("apply").code == 0
    path = (
        "dns/v1/projects/netra-staging/managedZones/netrasystems-staging/rrsets/"
        "staging.netrasystems.ai./A"
    )
    desk.bench.send("PATCH", path, {"name": "staging.netrasystems.ai.", "type": "A", "ttl": 61})
    said = desk.type("rollback", "--snapshot", "latest", "--on-conflict", "overwrite")
    assert said.code == 0, said
    assert desk.bench.state() == desk.before
