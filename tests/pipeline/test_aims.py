"""What of an environment can be seen from outside."""

from __future__ import annotations

from remediate.model.ref import Ref
from remediate.pipeline.aims import aims, branches
from remediate.pipeline.load import load
from tests.workbench import NAME, REPOSITORY

DESIRED = load(REPOSITORY, NAME, {})
BY_HOST = {aim.host: aim for aim in aims(DESIRED)}


def test_every_host_of_url_maps_certificates_and_checks_is_aimed_at() -> None:
    assert set(BY_HOST) == {"staging.netrasystems.ai", "api-staging.netrasystems.ai"}
    assert {aim.zone for aim in BY_HOST.values()} == {Ref("DnsZone", "netrasystems-staging")}


def test_checks_say_which_paths_are_worth_asking_for() -> None:
    api = BY_HOST["api-staging.netrasystems.ai"]
    assert api.paths == ("/health", "/stream/health")
    assert api.sockets == ("/ws",)
    assert BY_HOST["staging.netrasystems.ai"].paths == ("/health",)


def test_a_path_with_a_service_of_its_own_is_a_branch() -> None:
    (branch,) = branches(DESIRED, BY_HOST["api-staging.netrasystems.ai"])
    assert branch.service == Ref("BackendService", "staging-stream-backend")
    assert branch.paths == ("/stream/health",)
    assert branch.exact == ("/stream",)
    assert not [*branches(DESIRED, BY_HOST["staging.netrasystems.ai"])]
