from __future__ import annotations

import pytest

from remediate.kinds.bodies.compare import field_changes
from remediate.kinds.registry import kind
from tests.kinds.checking import faults


@pytest.mark.parametrize(
    ("spec", "at"),
    [
        ({"domain": "*.example.com"}, "/domain"),
        ({"domain": "example.com."}, "/domain"),
        ({"domain": "localhost"}, "/domain"),
        ({"domain": "example.com", "type": "TYPE_UNSPECIFIED"}, "/type"),
        ({"domain": "example.com", "labels": {"a": "B"}}, "/labels/a"),
    ],
)
def test_the_mistake_is_reported_at_its_field(spec: dict[str, object], at: str) -> None:
    assert list(faults("DnsAuthorization", spec)) == [at]


def test_a_wildcard_is_told_what_covers_it() -> None:
    (said,) = faults("DnsAuthorization", {"domain": "*.example.com"}).values()
    assert said.startswith("example.com is authorized with all that is directly below it")


def test_a_type_that_google_chose_and_the_case_of_a_domain_make_no_difference() -> None:
    live = {"domain": "example.com", "type": "FIXED_RECORD"}
    wanted = {"domain": "Example.com"}
    assert field_changes(kind("DnsAuthorization"), wanted, live, project="p") == ()
