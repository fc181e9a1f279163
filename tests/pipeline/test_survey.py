"""A survey of the whole of staging, from both sides, over real sockets."""

from __future__ import annotations

import pytest

from remediate.diagnosis.signs import Sample
from remediate.model.observation import Absent, Live, Unreadable
from remediate.model.ref import Ref
from remediate.pipeline.survey import survey, survey_of_google
from tests.workbench import Workbench

API, WEB = "api-staging.netrasystems.ai", "staging.netrasystems.ai"
ADDRESS = "203.0.113.10"
RUN = Ref("RunService", "netra-backend", "us-central1")
SQL = Ref("SqlInstance", "staging-shared-postgres")
STREAM = Ref("BackendService", "staging-stream-backend")
ZONE = "netrasystems-staging"


@pytest.fixture
def staging(workbench: Workbench) -> Workbench:
    workbench.reset("staging")
    workbench.copy_staging()
    return workbench


def test_every_vantage_sees_a_healthy_name(staging: Workbench) -> None:
    seen = survey(staging.google, staging.load()).names[API]
    assert seen.parent[0].referral == tuple(
        f"ns-cloud-a{n}.googledomains.com." for n in range(1, 5)
    )
    assert {one.server for one in seen.authoritative} == {*seen.parent[0].referral}
    for one in (*seen.authoritative, *seen.resolvers, *seen.unchecked):
        assert (one.outcome, one.values) == (
            ("ok", (ADDRESS,)) if one.rrtype == "A" else ("nodata", ())
        )
    assert {one.server for one in seen.resolvers} == {"8.8.8.8", "1.1.1.1", "9.9.9.9"}


def test_hosts_are_met_at_the_address_with_their_paths_and_sockets(staging: Workbench) -> None:
    signs = survey(staging.google, staging.load())
    api, web = signs.hosts[API], signs.hosts[WEB]
    assert {api.address, web.address} == {ADDRESS}
    assert [one.status for one in api.http] == [200] * 3
    assert api.tls is not None
    assert api.tls.outcome == "ok"
    assert api.websocket is not None
    assert api.websocket.outcome == "ok"
    assert web.websocket is None  # no check asks for one there
    (stream,) = signs.paths
    assert (stream.service, stream.path) == (STREAM, "/stream/health")
    assert [one.status for one in stream.http] == [200] * 3
    assert signs.databases[SQL].outcome == "ok"
    assert signs.late == ()


def test_googles_side_is_whole(staging: Workbench) -> None:
    side = survey_of_google(staging.google, staging.load()).google
    assert all(isinstance(seen, Live) for seen in side.resources.values())
    assert ("netrasystems.ai.", "SOA") in side.record_sets[ZONE]  # type: ignore[operator] # it was read
    (healthy,) = side.health[STREAM].values()  # type: ignore[union-attr] # it was read
    assert [one["healthState"] for one in healthy] == ["HEALTHY", "HEALTHY"]
    assert side.invokers[RUN] == ("allUsers",)
    assert side.firewalls
    assert all(isinstance(seen, Live) for seen in side.groups.values())
    assert {"db-password", "jwt-staging"} <= side.secrets.keys()
    (peerings,) = side.peerings.values()
    assert peerings
    backends = side.metrics[SQL, "database/postgresql/num_backends"]
    assert isinstance(backends, Sample)
    assert backends.value > 0


def test_what_is_denied_is_unreadable_and_never_absent(staging: Workbench) -> None:
    staging.fault("obs-api-denied")
    signs = survey(staging.google, staging.load())
    assert all(isinstance(seen, Unreadable) for seen in signs.google.resources.values())
    assert isinstance(signs.google.record_sets[ZONE], Unreadable)
    assert isinstance(signs.google.secrets["*"], Unreadable)
    assert {one.outcome for one in signs.names[API].resolvers} == {"nxdomain"}


def test_an_address_that_was_released_is_still_looked_at(staging: Workbench) -> None:
    staging.fault("lb-address-released")
    signs = survey(staging.google, staging.load())
    assert isinstance(signs.google.resources[Ref("Address", "staging-lb")], Absent)
    assert signs.hosts[API].address == ADDRESS
    assert {one.outcome for one in signs.hosts[API].http} == {"timeout"}


def test_a_connection_that_is_cut_soon_is_held_for_so_long(staging: Workbench) -> None:
    staging.fault("bs-timeout-cuts-websocket")
    held = [one.held for one in survey(staging.google, staging.load()).paths if one.held]
    assert [(one.outcome, one.close_code) for one in held] == [("closed", 1006)]


def test_where_names_lead_instead_is_looked_at_too(staging: Workbench) -> None:
    staging.fault("dns-record-wrong-ip")
    seen = survey(staging.google, staging.load()).hosts[API]
    assert {one.address for one in seen.by_name} == {"203.0.113.99"}
    assert {one.outcome for one in seen.by_name} == {"timeout"}
    assert {one.status for one in seen.http} == {200}


def test_when_time_is_up_there_is_a_survey_all_the_same(staging: Workbench) -> None:
    signs = survey(staging.google, staging.load(), within=0.0)
    assert signs.late
    assert all(isinstance(seen, Unreadable) for seen in signs.google.resources.values())
    assert isinstance(signs.google.record_sets[ZONE], Unreadable)
