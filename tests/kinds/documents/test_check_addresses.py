"""What no probe would ever be sent to is refused where it is written."""

from __future__ import annotations

from typing import Any

import pytest

from remediate.kinds.documents.checks import check
from remediate.kinds.documents.complaints import Complaint
from remediate.model.errors import Place


def complaints(written: dict[str, Any]) -> list[Complaint]:
    found: list[Complaint] = []
    check("one", written, Place("a.yaml", 1, 1), None, found)
    return found


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.3", "169.254.169.254", "::ffff:127.0.0.1", "64:ff9b::a00:3", "fd00::1"],
)
@pytest.mark.parametrize("probe", ["http", "tls", "websocket", "resolver", "url"])
def test_an_address_that_is_not_public_is_refused_where_it_is(address: str, probe: str) -> None:
    host = f"[{address}]" if ":" in address else address
    written: dict[str, Any] = {
        "http": {"http": {"urls": ["https://example.com/"], "connectTo": address}},
        "tls": {"tls": {"hosts": ["example.com"], "connectTo": f"{host}:443"}},
        "websocket": {"websocket": {"url": "wss://example.com/", "connectTo": address}},
        "resolver": {"dns": {"names": ["example.com"], "resolvers": [address]}},
        "url": {"http": {"urls": [f"https://{host}/"]}},
    }
    (one,) = complaints(written[probe])
    assert one.pointer.startswith("/spec/one/")
    assert "is no public address but" in one.message


def test_documentation_ranges_are_for_sandboxes_and_allowed() -> None:
    urls = ["https://203.0.113.10/"]
    assert complaints({"http": {"urls": urls, "connectTo": "203.0.113.10"}}) == []


@pytest.mark.parametrize(
    ("address", "allowed", "said"),
    [
        ("10.20.0.3", False, "say `allowPrivate: true`"),
        ("10.20.0.3", True, ""),
        ("127.0.0.1", True, "never probed, whatever is allowed"),
        ("169.254.169.254", True, "never probed, whatever is allowed"),
        ("fd20:ce::254", True, "never probed, whatever is allowed"),
        ("::ffff:169.254.169.254", True, "never probed, whatever is allowed"),
    ],
)
def test_allow_private_reaches_private_networks_and_nothing_else(
    address: str,
    allowed: bool,  # noqa: FBT001 - a case
    said: str,
) -> None:
    found = complaints({"postgresql": {"address": address, "allowPrivate": allowed}})
    assert [said in one.message for one in found] == [True] * bool(said)


def test_nobody_connects_to_a_wildcard() -> None:
    (one,) = complaints({"tls": {"hosts": ["*.example.com"]}})
    assert "name a host that it covers" in one.message


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"http": {"url": ["https://example.com/"]}}, "unknown field `url`"),
        ({"htpp": {"urls": ["https://example.com/"]}}, "unknown field `htpp`"),
    ],
)
def test_one_typo_is_one_fault(written: dict[str, Any], said: str) -> None:
    assert [one.message for one in complaints(written)] == [said]
    (one,) = complaints({**written, "severity": "warn"})
    assert one.hint.startswith("did you mean")


def test_what_is_missing_and_was_not_mistyped_is_told_beside_what_is_unknown() -> None:
    found = complaints({"http": {"colour": "red"}})
    assert {one.message for one in found} == {"unknown field `colour`", "`urls` is missing"}
