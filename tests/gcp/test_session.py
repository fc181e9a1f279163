"""Who we are to Google, and whom we talk to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from remediate.gcp.connection import Wire
from remediate.gcp.google import Google, connect_live
from remediate.gcp.retry import Patience
from remediate.gcp.session import live_session, sandbox_session
from remediate.model.chance import Chance
from remediate.model.errors import InvalidInput, NotAuthorised, Unreachable
from tests.clocks import FakeClock
from tests.gcp.conftest import PROJECT
from tests.gcp.server import Say, Stub

TOKEN = {"access_token": "ya29.secret-token", "expires_in": 3600, "token_type": "Bearer"}


@pytest.fixture(scope="module")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem.decode()


@pytest.fixture
def account(stub: Stub, private_key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stub:
    """Application default credentials whose tokens the stub gives out."""
    file = tmp_path / "adc.json"
    file.write_text(
        json.dumps(
            {
                "type": "service_account",
                "project_id": PROJECT,
                "private_key_id": "k",
                "private_key": private_key,
                "client_email": "robot@netra-staging.iam.gserviceaccount.com",
                "token_uri": f"{stub.url}/token",
            }
        )
    )
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    stub.says(Say(body=TOKEN))
    return stub


class Catch(requests.adapters.BaseAdapter):
    """In place of the network: remembers what would have been sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:  # type: ignore[override]
        self.sent.append(request)
        answer = requests.Response()
        answer.status_code = 200
        answer._content = b"{}"
        answer.url = request.url or ""
        return answer

    def close(self) -> None:
        pass


def live(session: requests.Session, base_url: str | None = None) -> Google:
    clock, chance = FakeClock(), Chance(1)
    return Google(Wire(session, clock, Patience(clock, chance)), PROJECT, chance, base_url=base_url)


def test_credentials_are_loaded_and_refreshed_once(account: Stub) -> None:
    session = live_session()
    assert [asked.path for asked in account.asked] == ["/token"]
    catch = Catch()
    session.mount("https://", catch)
    google = live(session)
    google.read_all(
        [
            lambda: google.dns.list("", "managedZones"),
            lambda: google.compute.list("global", "urlMaps"),
        ]
    )
    assert {request.headers["authorization"] for request in catch.sent} == {
        "Bearer ya29.secret-token"
    }
    assert {(request.url or "").split("/")[2] for request in catch.sent} == {
        "dns.googleapis.com",
        "compute.googleapis.com",
    }
    assert len(account.asked) == 1


def test_a_netrc_does_not_replace_the_token(
    account: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine dns.googleapis.com login eve password eve\n")
    monkeypatch.setenv("NETRC", str(netrc))
    session, catch = live_session(), Catch()
    session.mount("https://", catch)
    live(session).dns.list("", "managedZones")
    assert catch.sent[0].headers["authorization"] == "Bearer ya29.secret-token"
    assert account.asked


def test_the_quota_project_is_said(account: Stub) -> None:
    session, catch = live_session(quota_project="payer"), Catch()
    session.mount("https://", catch)
    live(session).dns.list("", "managedZones")
    assert catch.sent[0].headers["x-goog-user-project"] == "payer"
    assert account.asked


def test_another_account_can_be_borrowed(account: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    from google.auth import impersonated_credentials  # noqa: PLC0415 - heavy, and only here

    def refresh(self: impersonated_credentials.Credentials, _request: object) -> None:
        self.token = f"as-{self._target_principal}"

    monkeypatch.setattr(impersonated_credentials.Credentials, "refresh", refresh)
    monkeypatch.setattr(impersonated_credentials.Credentials, "valid", property(lambda c: c.token))
    session, catch = live_session(impersonate="fixer@x.iam", quota_project="payer"), Catch()
    session.mount("https://", catch)
    live(session).dns.list("", "managedZones")
    assert catch.sent[0].headers["authorization"] == "Bearer as-fixer@x.iam"
    assert catch.sent[0].headers["x-goog-user-project"] == "payer"
    assert account


@pytest.mark.parametrize(
    "url",
    [
        "http://compute.googleapis.com",
        "https://evil.example",
        "https://googleapis.com.evil.example",
        "https://evilgoogleapis.com",
        "http://127.0.0.1:1",
    ],
)
def test_credentials_go_to_google_over_tls_and_nowhere_else(account: Stub, url: str) -> None:
    with pytest.raises(InvalidInput, match="refused to send credentials"):
        live(live_session(), url).dns.list("", "managedZones")
    assert [asked.path for asked in account.asked] == ["/token"]


def test_a_sandboxs_session_goes_nowhere_else_either(stub: Stub) -> None:
    session = sandbox_session()
    assert session.get(stub.url).ok
    assert "authorization" not in stub.asked[0].headers
    with pytest.raises(InvalidInput):
        session.get("https://compute.googleapis.com")
    with pytest.raises(InvalidInput):
        session.get("http://192.0.2.1")


def test_a_proxy_in_the_environment_is_not_asked_about_a_sandbox(
    stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert sandbox_session().get(stub.url).ok


def test_no_credentials_is_said_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    with pytest.raises(NotAuthorised, match="no usable credentials") as raised:
        connect_live(PROJECT)
    assert raised.value.exit_code == 10
    assert "gcloud auth application-default login" in raised.value.hint


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"type": "nonsense"}', '{"type": "service_account"}']
)
def test_broken_credentials_are_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    file = tmp_path / "adc.json"
    file.write_text(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    with pytest.raises(NotAuthorised) as raised:
        connect_live(PROJECT)
    assert len(str(raised.value).splitlines()) == 1


def test_credentials_that_google_does_not_take_are_exit_10(account: Stub) -> None:
    account.says(Say(400, {"error": "invalid_grant", "error_description": "Account deleted"}))
    with pytest.raises(NotAuthorised, match="invalid_grant") as raised:
        connect_live(PROJECT)
    assert "PRIVATE KEY" not in str(raised.value)


def test_a_sign_in_that_does_not_answer_is_exit_1(account: Stub) -> None:
    account.close()
    with pytest.raises(Unreachable, match="sign-in") as raised:
        connect_live(PROJECT)
    assert raised.value.exit_code == 1
