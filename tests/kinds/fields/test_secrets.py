from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.kinds.fields.secrets import looks_secret, marked
from remediate.kinds.fields.spellings import quantity, seconds
from remediate.model.values import Secret, hidden

TELLING = frozenset({"/env/*", "/variables"})


@pytest.mark.parametrize(
    "name",
    [
        *(
            "DB_PASSWORD",
            "PGPASSWORD",
            "dbPasswd",
            "API_KEY",
            "apikey",
            "PRIVATE-KEY",
            "JWT_SECRET",
        ),
        *(
            "GITHUB_TOKEN",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "SIGNING_KEY",
            "Authorization",
            "DB_PWD",
        ),
    ],
)
def test_the_name_tells(name: str) -> None:
    assert looks_secret(name, "x")
    assert not looks_secret(name, "")


@pytest.mark.parametrize(
    "value",
    [
        "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
        "postgres://app:open-sesame@10.0.0.2/db",
        "ghp_abcdefghij0123456789",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
        "9f86d081884c7d659a2feaa0c55ad015",
        "wJalrXUtnFEMI7K7MDENGbPxRfiCYEXAMPLEKEY",
    ],
)
def test_the_value_tells(value: str) -> None:
    assert looks_secret("MODE", value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENVIRONMENT", "staging"),
        ("POSTGRES_HOST", "/cloudsql/netra-staging:us-central1:staging-shared-postgres"),
        ("MONKEY", "see no evil"),
        ("KEYBOARD", "qwerty"),
        ("IMAGE", "us-docker.pkg.dev/p/app@sha256:" + "0a1b2c3d" * 8),
        ("CLIENT", "b2b8a6c1-0fd4-4a0e-9a4f-0d5e2f1a3c77"),
        ("URL", "https://api-staging.netrasystems.ai/health?deep=1"),
        ("PROJECT", "averylongprojectname123456"),
        ("TEXT", "a sentence of several words, and 1 number"),
    ],
)
def test_what_is_plain_is_shown(name: str, value: str) -> None:
    assert not looks_secret(name, value)


def test_variables_and_maps_are_marked_and_nothing_else() -> None:
    pointer = {"name": "JWT_SECRET", "valueSource": {"secretKeyRef": {"secret": "jwt"}}}
    body = {
        "env": [{"name": "DB_PASSWORD", "value": "a"}, {"name": "MODE", "value": "a"}, pointer],
        "variables": {"TOKEN": "a", "MODE": "a"},
        "password": "a",
    }
    found = marked(body, TELLING)
    assert found == body
    assert hidden(found) == {
        "env": [
            {"name": "DB_PASSWORD", "value": "(secret)"},
            {"name": "MODE", "value": "a"},
            pointer,
        ],
        "variables": {"TOKEN": "(secret)", "MODE": "a"},
        "password": "a",
    }


@given(st.text())
def test_a_secret_is_sent_as_it_is_and_shown_to_nobody(text: str) -> None:
    secret = Secret(text)
    assert secret == text
    assert json.loads(json.dumps({"value": secret})) == {"value": text}
    assert f"{secret}{secret!r}" == "(secret)(secret)"
    assert f"{[secret]}" == "[(secret)]"


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        *(("1000m", "1"), ("1", "1"), ("500m", "0.5"), ("0.5", "0.5"), ("1.50", "1.5")),
        *(("512Mi", "536870912"), ("1Gi", "1073741824"), ("1G", "1000000000"), ("10", "10")),
        *(("a lot", "a lot"), ("1 Gi", "1 Gi"), ("", "")),
    ],
)
def test_an_amount_has_one_spelling(written: str, plain: str) -> None:
    assert quantity(written) == plain


@pytest.mark.parametrize(
    ("written", "plain"),
    [("300s", "300s"), ("300.0s", "300s"), ("0.50s", "0.5s"), ("5m", "5m"), ("s", "s")],
)
def test_a_duration_has_one_spelling(written: str, plain: str) -> None:
    assert seconds(written) == plain
