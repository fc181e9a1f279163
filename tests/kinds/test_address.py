from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from remediate.kinds.facts import Compare, Replacement
from remediate.kinds.fields.spellings import canonical_ip
from remediate.kinds.registry import kind
from remediate.model.plan import Action, Undo
from remediate.model.values import Template
from tests.kinds.checking import faults

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "an address that is none": ({"address": "203.0.113.300"}, "/address"),
    "an address of the other version": ({"address": "::1", "ipVersion": "IPV4"}, "/ipVersion"),
    "an external address in a network": ({"network": "default"}, "/network"),
    "an external address in a subnetwork": (
        {"addressType": "EXTERNAL", "subnetwork": "inner"},
        "/subnetwork",
    ),
    "a label with a capital": ({"labels": {"Team": "edge"}}, "/labels/Team"),
    "a label with a bad value": ({"labels": {"team": "The Edge"}}, "/labels/team"),
    "a label that begins with a digit": ({"labels": {"1st": "a"}}, "/labels/1st"),
    "65 labels": ({"labels": {f"l{n}": "" for n in range(65)}}, "/labels"),
    "a prefix that is too long": ({"prefixLength": 129}, "/prefixLength"),
}


@pytest.mark.parametrize(("spec", "at"), REFUSED.values(), ids=REFUSED)
def test_the_mistake_is_reported_at_its_field(spec: dict[str, Any], at: str) -> None:
    assert list(faults("Address", spec)) == [at]


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"addressType": "EXTERNAL", "ipVersion": "IPV4"},
        {"address": "2001:db8::1", "ipVersion": "IPV6"},
        {"addressType": "INTERNAL", "subnetwork": "inner", "purpose": "GCE_ENDPOINT"},
        {"addressType": "INTERNAL", "network": "n", "purpose": "VPC_PEERING", "prefixLength": 16},
        {"ipVersion": "IPV6", "subnetwork": "inner", "ipv6EndpointType": "NETLB"},
        {"labels": {"team": "", "größe": "klein-1_2", "env": Template("${Address/a.name}")}},
        {"address": Template("${Address/other.address}")},
    ],
)
def test_what_google_takes_has_no_faults(spec: dict[str, Any]) -> None:
    assert faults("Address", spec) == {}


def test_an_unknown_field_or_word_is_an_error() -> None:
    for spec in ({"adress": "1.2.3.4"}, {"ipVersion": "IPv4"}, {"prefixLength": "sixteen"}):
        with pytest.raises(ValidationError):
            kind("Address").spec.model_validate(spec)


def test_only_labels_change_in_place_and_by_their_own_fingerprint() -> None:
    (update,) = kind("Address").updates
    assert (update.method, update.fields) == ("setLabels", ("labels",))
    assert update.compare is Compare.LABEL_FINGERPRINT
    assert update.sends is not None
    assert update.sends({"labels": {"kept": "a", "gone": None}}) == {"labels": {"kept": "a"}}
    assert update.sends({"labels": None}) == {"labels": {}}
    assert kind("Address").ignored_by_insert == ("labels",)


def test_an_address_is_never_replaced_and_its_deletion_never_undone() -> None:
    assert kind("Address").replacement is Replacement.REFUSED
    assert kind("Address").undo[Action.DELETE].undo is Undo.NEVER


def test_ipv6_addresses_have_one_spelling() -> None:
    assert canonical_ip("2001:DB8:0:0::1") == canonical_ip("2001:db8::1")
    assert canonical_ip("2600:1234:0::/96") == "2600:1234::/96"


@given(st.one_of(st.text(), st.none(), st.integers(), st.ip_addresses().map(str)))
def test_spelling_an_address_twice_is_spelling_it_once(value: Any) -> None:
    assert canonical_ip(canonical_ip(value)) == canonical_ip(value)
