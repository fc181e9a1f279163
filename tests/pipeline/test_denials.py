"""A permission that is missing is told by its name, in one sentence for all of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from remediate.gcp.errors import Asked, answered
from remediate.model.errors import NotAuthorised, RemediateError
from remediate.pipeline.denials import unread
from remediate.pipeline.observe import Observed
from tests.workbench import PROJECT, REGION, Workbench

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def denied(workbench: Workbench, match: str) -> NotAuthorised:
    workbench.reset("staging")
    workbench.copy_staging()
    workbench.fault("forbidden", match=match, times=99)
    with pytest.raises(NotAuthorised) as raised:
        workbench.plan()
    return raised.value


def test_lists_that_are_denied_are_told_by_the_permissions_that_they_take(
    workbench: Workbench,
) -> None:
    head, *rest = str(denied(workbench, "GET /compute/*")).split("\n")
    assert head == f"{PROJECT} cannot be read, so no difference can be claimed:"
    (line,) = rest
    assert line.startswith("permissions compute.backendServices.list, ")
    assert "compute.globalAddresses.list" in line
    assert "compute.regionNetworkEndpointGroups.list" in line
    assert line.endswith(" are missing (Google says: The caller does not have permission)")


def test_one_is_told_as_one(workbench: Workbench) -> None:
    error = denied(workbench, "GET */urlMaps*")
    assert "\npermission compute.urlMaps.list is missing (Google" in str(error)
    assert "Grant the account what is named above" in error.hint


def test_what_stands_in_what_was_denied_was_not_asked_for() -> None:
    why = answer("The caller does not have permission")
    both = {("CertificateMap", REGION): why, ("CertificateMapEntry", REGION): why}
    assert [name for name, _why in Observed(PROJECT, {}, both).failures()] == [
        "certificatemanager.certmaps.list"
    ]


def test_the_lists_of_a_zone_are_told_with_the_others(workbench: Workbench) -> None:
    said = str(denied(workbench, "GET *"))
    assert "compute.urlMaps.list, dns.managedZones.list, dns.resourceRecordSets.list, run." in said


def test_a_permission_that_google_names_is_not_told_twice() -> None:
    why = answer("Required 'compute.urlMaps.list' permission for 'projects/netra-staging'")
    said = str(unread(PROJECT, [("compute.urlMaps.list", why)]))
    assert said.endswith("\npermission compute.urlMaps.list is missing")


@pytest.mark.parametrize("reason", ["accessNotConfigured", "SERVICE_DISABLED", "USER_PROJECT"])
def test_what_no_permission_would_help_is_left_to_googles_words(reason: str) -> None:
    why = answer("Cloud DNS API has not been used in project 7 before", reason)
    error = unread(PROJECT, [("dns.managedZones.list", why)])
    assert str(why) in str(error)
    assert "dns.managedZones.list" not in str(error)
    assert error.hint == why.hint


def answer(message: str, reason: str = "forbidden") -> RemediateError:
    """What Google's 403 becomes."""
    asked = Asked("Compute Engine", "compute.googleapis.com", "GET", "/x")
    error = {"code": 403, "message": message, "errors": [{"reason": reason}]}
    with pytest.raises(NotAuthorised) as raised:
        answered(asked, 403, {}, json.dumps({"error": error}).encode(), NOW)
    return raised.value
