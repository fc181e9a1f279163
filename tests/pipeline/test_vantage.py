"""What a check hangs on is read when it runs; what cannot be told is said, and never guessed."""

from __future__ import annotations

from typing import Any

import pytest

from remediate.model.check import Check
from remediate.pipeline.checks import run_checks
from remediate.pipeline.vantage import NotKnown, Vantage
from tests.workbench import Workbench, document

ADDRESSES = "compute/v1/projects/netra-staging/global/addresses"


def address(version: str) -> dict[str, Any]:
    return document("Address", "edge", {"addressType": "EXTERNAL", "ipVersion": version})


def the_check(workbench: Workbench, version: str = "IPV4") -> tuple[Check, Vantage]:
    """A handshake at an address that Google chooses."""
    asks = {"hosts": ["www.example.com"], "connectTo": "${Address/edge.address}:443"}
    checks = document("Checks", "staging", {"tls": {"tls": asks}})
    workbench.write(address(version), checks)
    desired = workbench.load()
    (found,) = desired.checks
    return found, Vantage(workbench.google, desired)


def test_an_address_is_filled_in_once_it_is_there(workbench: Workbench) -> None:
    check, at = the_check(workbench)
    with pytest.raises(NotKnown, match="Address/edge is not there"):
        at.looking([check]).filled(check)
    workbench.apply()
    live: Any = workbench.send("GET", f"{ADDRESSES}/edge")
    assert at.looking([check]).filled(check).asks["connectTo"] == f"{live['address']}:443"


def test_an_ipv6_address_before_a_port_stands_in_brackets(workbench: Workbench) -> None:
    check, at = the_check(workbench, "IPV6")
    workbench.apply()
    live: Any = workbench.send("GET", f"{ADDRESSES}/edge")
    assert ":" in live["address"]
    assert at.looking([check]).filled(check).asks["connectTo"] == f"[{live['address']}]:443"


def test_what_google_does_not_let_us_read_makes_a_check_unknown(workbench: Workbench) -> None:
    check, at = the_check(workbench)
    workbench.fault("forbidden", match="GET *addresses*", times=9)
    (found,) = run_checks([check], at)
    workbench.clear_faults()
    assert found.verdict == "unknown"
    assert found.message.startswith("Address/edge cannot be read: ")


def test_checks_are_no_part_of_the_desired_digest(workbench: Workbench) -> None:
    check, _ = the_check(workbench)
    with_it = workbench.load()
    workbench.write(address("IPV4"))
    assert [one.name for one in with_it.checks] == [check.name]
    assert workbench.load().digest == with_it.digest
