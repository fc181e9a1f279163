from __future__ import annotations

from typing import Any

import pytest

from remediate.kinds.bodies.compare import field_changes
from remediate.kinds.certificate_map_entry import ready
from remediate.kinds.registry import kind
from tests.kinds.checking import faults

HELD = {"certificates": ["a"]}

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "for no host": (HELD, ""),
    "for a host and for all": ({**HELD, "hostname": "a.example.com", "matcher": "PRIMARY"}, "/mat"),
    "an odd matcher": ({**HELD, "matcher": "MATCHER_UNSPECIFIED"}, "/matcher"),
    "a host with a port": ({**HELD, "hostname": "a.example.com:443"}, "/hostname"),
    "a host of one label": ({**HELD, "hostname": "a"}, "/hostname"),
    "no certificate": ({"certificates": [], "matcher": "PRIMARY"}, "/certificates"),
    "five certificates": ({"certificates": [*"abcde"], "matcher": "PRIMARY"}, "/certificates"),
    "one twice": ({"certificates": ["a", "a"], "matcher": "PRIMARY"}, "/certificates/1"),
}


@pytest.mark.parametrize(("spec", "at"), REFUSED.values(), ids=REFUSED)
def test_the_mistake_is_reported_at_its_field(spec: dict[str, Any], at: str) -> None:
    (found,) = faults("CertificateMapEntry", spec)
    assert found.startswith(at)


@pytest.mark.parametrize(
    "spec",
    [
        {**HELD, "hostname": "a.example.com"},
        {**HELD, "hostname": "*.example.com"},
        {"certificates": [*"abcd"], "matcher": "PRIMARY"},
    ],
)
def test_what_google_takes_has_no_faults(spec: dict[str, Any]) -> None:
    assert faults("CertificateMapEntry", spec) == {}


def certificates(project: str, *names: str) -> list[str]:
    return [f"projects/{project}/locations/global/certificates/{name}" for name in names]


def test_its_certificates_are_a_set_and_a_projects_number_is_its_id() -> None:
    facts = kind("CertificateMapEntry")
    wanted = {"certificates": certificates("p", "b", "a"), "hostname": "A.example.com"}
    live = {"certificates": certificates("123", "a", "b"), "hostname": "a.example.com"}
    assert field_changes(facts, wanted, live, project="p") == ()
    other = {**live, "certificates": certificates("123", "a", "c")}
    assert [c.pointer for c in field_changes(facts, wanted, other, project="p")] == [
        "/certificates"
    ]


def test_it_is_ready_when_every_front_end_shows_it() -> None:
    assert ready({"state": "ACTIVE"}).ready
    assert not ready({"state": "PENDING"}).ready
    assert ready({}).state == "PENDING"
