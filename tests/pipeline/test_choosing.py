"""A glob that chooses nothing is refused, with what was probably meant."""

from __future__ import annotations

import pytest

from remediate.model.errors import InvalidInput
from remediate.model.ref import Ref, record_ref
from remediate.pipeline.choosing import insist_on_matches

KNOWN = {
    Ref("Address", "edge"),
    Ref("DnsZone", "zone"),
    record_ref("zone", "staging.example.com.", "A"),
    record_ref("zone", "staging-api.example.com.", "A"),
    Ref("UrlMap", "main"),
    Ref("VpcConnector", "inner", "us-central1"),
}
MEANT = {
    "VpcConnector/inner": "VpcConnector/us-central1/inner",
    "Adress/*": "Address/*",
    "Adress/egde": "Address/edge",
    "DnsZone/zone/staging": "DnsZone/zone/staging.example.com./A",
    "DnsZone/zoen": "DnsZone/zone",
    "edge": "Address/edge",
    "mian": "UrlMap/main",
}


@pytest.mark.parametrize("glob", MEANT)
def test_what_was_probably_meant_is_suggested(glob: str) -> None:
    with pytest.raises(InvalidInput, match="matches nothing in staging") as caught:
        insist_on_matches([], [glob], KNOWN, "in staging")
    assert caught.value.hint.startswith(f"did you mean `{MEANT[glob]}`? It is a glob over")


def test_what_is_like_nothing_is_refused_without_a_guess() -> None:
    with pytest.raises(InvalidInput) as caught:
        insist_on_matches(["Qqqq/*"], [], KNOWN, "in staging")
    assert caught.value.hint.startswith("It is a glob over `Kind/name`")


def test_what_matches_anything_is_no_slip() -> None:
    insist_on_matches(["DnsZone/*", "VpcConnector/*/inner"], ["*"], KNOWN, "in staging")
