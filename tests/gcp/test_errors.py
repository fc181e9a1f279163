"""What Google, or whoever is in between, may answer: one clear line each, and nothing else."""

from __future__ import annotations

import gzip
import socket
import threading

import pytest
import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from remediate.gcp.connection import _broken
from remediate.gcp.errors import AlreadyExists, Asked, NotFound, PreconditionFailed, Transient
from remediate.model.errors import ApiRefused, NotAuthorised, RemediateError, Unreachable
from tests.gcp.conftest import Wired, wired
from tests.gcp.server import Say, Stub, refused

PAGE = b"<!DOCTYPE html><html><title>Sign in to Wi-Fi</title></html>"

BAD_ANSWERS = {
    "a page of a proxy": (Say(200, PAGE, content_type="text/html"), "web page", 1),
    "a page with an error": (Say(404, PAGE, content_type="text/html"), "web page", 1),
    "half a piece of JSON": (Say(200, b'{"managedZones": [{"na'), "broken piece of JSON", 1),
    "a list for an object": (Say(200, b"[1]"), "JSON", 1),
    "bytes that are no text": (Say(200, b"\xff\xfe\x00", content_type="image/png"), "image/png", 1),
    "JSON without end": (Say(200, b'{"a":' * 100_000), "broken piece of JSON", 1),
    "a redirect": (Say(302, headers={"Location": "https://evil.example/"}), "redirect", 1),
    "a page of a load balancer": (Say(502, PAGE, content_type="text/html"), "tried", 2),
    "a connection that breaks off": (Say(body={"a": "b" * 999}, cut="half"), "middle", 2),
    "a connection that is reset": (Say(cut="reset"), "without an answer", 2),
    "an internal error": (refused(500, "backendError", "oops"), "oops .*tried", 2),
}


@pytest.mark.parametrize("case", BAD_ANSWERS)
def test_no_answer_but_googles_own_is_taken_for_the_live_state(
    stub: Stub, wire: Wired, case: str
) -> None:
    say, words, least = BAD_ANSWERS[case]
    stub.says(say)
    with pytest.raises(Unreachable, match=words) as raised:
        wire.google.dns.list("", "managedZones")
    message = str(raised.value)
    assert "Cloud DNS at 127.0.0.1" in message
    assert len(message.splitlines()) == 1
    assert raised.value.__cause__ is None
    assert len(stub.asked) >= least


REFUSALS = {
    400: (ApiRefused, 1),
    401: (NotAuthorised, 10),
    403: (NotAuthorised, 10),
    404: (NotFound, 1),
    409: (AlreadyExists, 1),
    412: (PreconditionFailed, 1),
    413: (ApiRefused, 1),
}


@pytest.mark.parametrize("status", REFUSALS)
def test_a_refusal_is_told_in_one_line_and_never_tried_again(
    stub: Stub, wire: Wired, status: int
) -> None:
    kind, exit_code = REFUSALS[status]
    stub.says(refused(status, "someReason", "Two\nlines\tof \x1b[31mtext"))
    with pytest.raises(ApiRefused) as raised:
        wire.google.dns.change("z", [], [], "id")
    assert type(raised.value) is kind
    assert raised.value.exit_code == exit_code
    assert (raised.value.status, raised.value.reason) == (status, "someReason")
    assert str(raised.value).endswith(f"({status} someReason): Two lines of [31mtext")
    assert len(stub.asked) == 1
    assert wire.clock.slept == []


def test_a_missing_permission_is_named_with_its_resource(stub: Stub, wire: Wired) -> None:
    stub.says(
        refused(
            403,
            "forbidden",
            "Required 'compute.urlMaps.list' permission for 'projects/netra-staging'",
        )
    )
    with pytest.raises(NotAuthorised) as raised:
        wire.google.compute.list("global", "urlMaps")
    assert str(raised.value).startswith(
        "permission compute.urlMaps.list is missing on projects/netra-staging; "
    )


def test_a_permission_in_the_details_is_found_too(stub: Stub, wire: Wired) -> None:
    metadata = {"permission": "dns.changes.create", "resource": "projects/p/managedZones/z"}
    stub.says(refused(403, "IAM", "Denied.", details=[{"metadata": metadata}]))
    with pytest.raises(NotAuthorised, match=r"dns\.changes\.create is missing on projects/p/man"):
        wire.google.dns.list("", "managedZones")


def test_every_missing_permission_is_named_at_once(stub: Stub, wire: Wired) -> None:
    stub.answer = lambda asked: refused(
        403, "forbidden", f"Required 'compute.{asked.path.split('/')[-1]}.list' permission"
    )
    collections = ("urlMaps", "healthChecks")
    with pytest.raises(NotAuthorised) as raised:
        wire.google.read_all(
            [lambda at=at: wire.google.compute.list("global", at) for at in collections]  # type: ignore[misc]
        )
    first, second = str(raised.value).splitlines()
    assert "compute.urlMaps.list" in first
    assert "compute.healthChecks.list" in second


def test_an_api_that_is_off_says_how_to_enable_it(stub: Stub, wire: Wired) -> None:
    metadata = {"service": "dns.googleapis.com"}
    details = [{"reason": "SERVICE_DISABLED", "metadata": metadata}]
    stub.says(Say(403, {"error": {"code": 403, "message": "It is off.", "details": details}}))
    with pytest.raises(NotAuthorised) as raised:
        wire.google.dns.list("", "managedZones")
    assert "gcloud services enable dns.googleapis.com" in raised.value.hint


def test_nothing_secret_that_google_repeats_is_shown(stub: Stub, wire: Wired) -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----"
    stub.says(refused(400, "invalid", f"Bad ya29.a0Af_bc-d and Bearer xyz and {key} there"))
    with pytest.raises(ApiRefused) as raised:
        wire.google.dns.list("", "managedZones")
    assert str(raised.value).endswith("Bad *** and *** and *** there")


def test_a_long_reason_is_cut(stub: Stub, wire: Wired) -> None:
    stub.says(refused(400, "invalid", "x" * 10_000))
    with pytest.raises(ApiRefused) as raised:
        wire.google.dns.list("", "managedZones")
    assert len(str(raised.value)) < 800


def test_nobody_listening_is_said_so() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unreachable, match="refused the connection"):
        wired(f"http://127.0.0.1:{port}").google.dns.list("", "managedZones")


def test_a_lost_answer_to_a_mutation_is_not_said_to_have_changed_nothing(
    stub: Stub, wire: Wired
) -> None:
    stub.says(Say(cut="reset"))
    with pytest.raises(Unreachable) as raised:
        wire.google.compute.insert("global", "urlMaps", {"name": "x"}, "id")
    assert "not known" in raised.value.hint


def test_compressed_answers_are_read(stub: Stub, wire: Wired) -> None:
    packed = gzip.compress(b'{"managedZones": [{"name": "z"}]}')
    stub.says(Say(200, packed, {"Content-Encoding": "gzip"}))
    assert wire.google.dns.list("", "managedZones") == [{"name": "z"}]
    assert stub.asked[0].headers["accept-encoding"] == "gzip"


def test_an_empty_answer_is_an_empty_object(stub: Stub, wire: Wired) -> None:
    stub.says(Say(204, b""))
    assert wire.google.dns.call("delete", "", "managedZones", "z", None, "id").body == {}


def test_who_asks_is_said_in_every_request(stub: Stub, wire: Wired) -> None:
    wire.google.dns.list("", "managedZones")
    assert stub.asked[0].headers["user-agent"].startswith("remediate/")


def test_every_request_is_reported_without_its_headers_or_body(stub: Stub, wire: Wired) -> None:
    stub.says(refused(503, "backendError", "later"), Say())
    wire.google.dns.list("", "managedZones")
    assert [(one.method, one.status) for one in wire.exchanges] == [("GET", 503), ("GET", 200)]
    assert all(one.url.startswith(f"{stub.url}/dns/v1/projects/") for one in wire.exchanges)


@pytest.mark.parametrize("kind", ["forbidden", "html", "half", "reset", "500"])
def test_an_error_of_any_kind_has_advice(stub: Stub, wire: Wired, kind: str) -> None:
    says = {
        "forbidden": refused(403, "forbidden", "no"),
        "html": Say(200, PAGE),
        "half": Say(cut="half", body={"a": "b" * 99}),
        "reset": Say(cut="reset"),
        "500": refused(500, "x", "y"),
    }
    stub.says(says[kind])
    with pytest.raises(RemediateError) as raised:
        wire.google.compute.list("global", "urlMaps")
    assert raised.value.hint


def test_a_server_that_never_answers_is_given_up(stub: Stub, wire: Wired) -> None:
    over = threading.Event()

    def hold(_asked: object) -> Say:
        over.wait(60)
        return Say(cut="reset")

    stub.answer = hold
    with pytest.raises(Unreachable, match=r"did not answer within 0\.05 s"):
        wire.google.dns._connection.call("POST", "/projects/p", body={}, read_timeout=0.05)
    over.set()


def unresolved() -> requests.ConnectionError:
    """As urllib3 and requests wrap it: the cause is three deep."""
    reason = NewConnectionError(None, "no such name")  # type: ignore[arg-type]
    reason.__cause__ = socket.gaierror(-2, "Name or service not known")
    return requests.ConnectionError(MaxRetryError(None, "/", reason))  # type: ignore[arg-type]


CAUSES = {
    "its name does not resolve": unresolved(),
    "through the configured proxy": requests.exceptions.ProxyError(),
    "did not prove who it is": requests.exceptions.SSLError(),
    "did not accept a connection": requests.exceptions.ConnectTimeout(),
    "could not be asked (InvalidHeader)": requests.exceptions.InvalidHeader("secret: header"),
}


@pytest.mark.parametrize("words", CAUSES)
def test_a_broken_connection_is_told_by_its_cause_and_never_by_its_text(words: str) -> None:
    asked = Asked("Cloud DNS", "dns.googleapis.com", "GET", "/projects/p")
    told = str(_broken(asked, CAUSES[words], 60.0))
    assert words in told
    assert "secret" not in told


def test_an_environment_variable_does_not_send_us_elsewhere(
    stub: Stub, wire: Wired, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_API_USE_MTLS_ENDPOINT", "always")
    wire.google.dns.list("", "managedZones")
    assert len(stub.asked) == 1


@pytest.mark.parametrize("words", CAUSES)
def test_of_a_write_that_cannot_have_arrived_nobody_says_that_its_effect_is_unknown(
    words: str,
) -> None:
    asked = Asked("Cloud SQL", "sqladmin.googleapis.com", "POST", "/projects/p/instances")
    broken = _broken(asked, CAUSES[words], 60.0)
    verdict = broken.verdict if isinstance(broken, Transient) else broken
    assert isinstance(verdict, Unreachable)
    arrived = "took effect is not known" in verdict.hint
    never = {"does not resolve", "refused the connection", "did not accept a connection"}
    assert arrived is not any(cause in str(verdict) for cause in never)
    assert getattr(broken, "unheard", False) is not arrived
