"""A permission that is missing is told by its name, in one sentence for all of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from remediate.gcp.errors import Asked, answered
from remediate.model.errors import NotAuthorised, RemediateError
from remediate.pipeline.denials import denials
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
    assert line.startswith("these permissions are missing: compute.backendServices.list, ")
    assert "compute.globalAddresses.list" in line
    assert "compute.regionNetworkEndpointGroups.list" in line
    assert line.endswith("(Google says: The caller does not have permission)")


def test_one_is_told_as_one(workbench: Workbench) -> None:
    error = denied(workbench, "GET */urlMaps*")
    assert "\nthis permission is missing: compute.urlMaps.list (Google" in str(error)
    assert "grant what is named above" in error.hint


def test_what_stands_in_what_was_denied_was_not_asked_for() -> None:
    why = answer("The caller does not have permission")
    said = denials({("CertificateMap", REGION): why, ("CertificateMapEntry", REGION): why})
    (sentence,) = {*said.values()}
    assert sentence.startswith("this permission is missing: certificatemanager.certmaps.list (")


def test_a_permission_that_google_names_is_not_told_twice() -> None:
    why = answer("Required 'compute.urlMaps.list' permission for 'projects/netra-staging'")
    (said,) = denials({("UrlMap", "global"): why}).values()
    assert said == "this permission is missing: compute.urlMaps.list"


@pytest.mark.parametrize("reason", ["accessNotConfigured", "SERVICE_DISABLED", "USER_PROJECT"])
def test_what_no_permission_would_help_is_left_to_googles_words(reason: str) -> None:
    why = answer("Cloud DNS API has not been used in project 7 before", reason)
    assert denials({("DnsZone", "global"): why}) == {}


def answer(message: str, reason: str = "forbidden") -> RemediateError:
    """What Google's 403 becomes."""
    asked = Asked("Compute Engine", "compute.googleapis.com", "GET", "/x")
    error = {"code": 403, "message": message, "errors": [{"reason": reason}]}
    with pytest.raises(NotAuthorised) as raised:
        answered(asked, 403, {}, json.dumps({"error": error}).encode(), NOW)
    return raised.value
