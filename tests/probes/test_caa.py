"""Whether CAA lets Google certify."""

from __future__ import annotations

import pytest

from remediate.probes.caa import caa_permits
from remediate.probes.dial import Dial
from tests.gcp_sandbox.client import Client
from tests.probes.records import record

HOST = "staging.netrasystems.ai"
APEX = "netrasystems.ai."


def test_without_a_record_anywhere_everybody_may(dial: Dial, outside: Client) -> None:
    record(outside, APEX, "CAA")
    found = caa_permits(dial, HOST)
    assert found.permitted is True
    assert (found.at, found.records) == ("", ())
    assert found.message == f"no CAA record at {HOST} or above: any authority may issue"


CASES = {
    "the authority is named": (['0 issue "pki.goog"'], True),
    "with parameters": (['0 issue "pki.goog; validationmethods=dns-01"'], True),
    "in capitals": (['0 ISSUE "PKI.Goog"'], True),
    "among others": (['0 issue "letsencrypt.org"', '0 issue "pki.goog"'], True),
    "another is named": (['0 issue "letsencrypt.org"'], False),
    "a name that only begins alike": (['0 issue "pki.goog.example"'], False),
    "nobody": (['0 issue ";"'], False),
    "nobody, by an empty value": (['0 issue ""'], False),
    "nothing about issuing": (['0 iodef "mailto:x@example.com"'], True),
    "only wildcards are bound": (['0 issuewild ";"'], True),
    "a critical property that nobody knows": (['128 future "x"', '0 issue "pki.goog"'], False),
    "a property that nobody needs to know": (['0 future "x"'], True),
    "a critical one that is known": (['128 issue "pki.goog"'], True),
}


@pytest.mark.parametrize(("records", "permitted"), CASES.values(), ids=CASES)
def test_the_records_decide(
    dial: Dial, outside: Client, records: list[str], *, permitted: bool
) -> None:
    record(outside, f"{HOST}.", "CAA", *records)
    found = caa_permits(dial, HOST)
    assert found.permitted is permitted
    assert found.at == f"{HOST}."
    assert len(found.records) == len(records)


WILD = {
    "issuewild goes before issue": (['0 issue ";"', '0 issuewild "pki.goog"'], True),
    "issuewild forbids": (['0 issue "pki.goog"', '0 issuewild ";"'], False),
    "without it issue counts": (['0 issue "letsencrypt.org"'], False),
}


@pytest.mark.parametrize(("records", "permitted"), WILD.values(), ids=WILD)
def test_for_a_wildcard_issuewild_decides(
    dial: Dial, outside: Client, records: list[str], *, permitted: bool
) -> None:
    record(outside, f"{HOST}.", "CAA", *records)
    assert caa_permits(dial, f"*.{HOST}").permitted is permitted


def test_the_nearest_records_upwards_decide(dial: Dial, outside: Client) -> None:
    record(outside, APEX, "CAA", '0 issue "letsencrypt.org"')
    found = caa_permits(dial, HOST)
    assert (found.permitted, found.at) == (False, APEX)
    assert found.message == f"CAA at {APEX} permits letsencrypt.org, not pki.goog"
    assert caa_permits(dial, HOST, "letsencrypt.org").permitted is True
    record(outside, f"{HOST}.", "CAA", '0 issue "pki.goog"')
    found = caa_permits(dial, HOST)
    assert (found.permitted, found.at) == (True, f"{HOST}.")
    assert found.message == f"CAA at {HOST}. permits pki.goog"


def test_an_alias_leads_to_its_targets_records_and_not_above_them(
    dial: Dial, outside: Client
) -> None:
    alias, target = "www.staging.netrasystems.ai.", "x.deep.netrasystems.ai."
    record(outside, alias, "CNAME", target)
    record(outside, target, "A", "203.0.113.10")
    record(outside, "deep.netrasystems.ai.", "CAA", '0 issue ";"')
    assert caa_permits(dial, alias).permitted is True
    record(outside, target, "CAA", '0 issue ";"')
    found = caa_permits(dial, alias)
    assert (found.permitted, found.at) == (False, alias)


def test_a_resolver_that_is_silent_is_told_and_decides_nothing(dial: Dial) -> None:
    found = caa_permits(dial, HOST, resolvers=["8.8.8.8", "8.8.4.8"])
    assert found.permitted is True
    assert "but 8.8.4.8: 8.8.4.8 does not answer on port 53" in found.message


def test_where_all_are_silent_nobody_knows(dial: Dial) -> None:
    found = caa_permits(dial, HOST, resolvers=["8.8.4.8"])
    assert found.permitted is None
    assert found.message.startswith(f"CAA of {HOST} is not known: 8.8.4.8")


def test_who_forbids_wins(dial: Dial, outside: Client) -> None:
    """Resolvers may see different things for as long as caches live."""
    record(outside, APEX, "CAA", '0 issue ";"')
    found = caa_permits(dial, HOST, resolvers=["8.8.4.8", "8.8.8.8"])
    assert found.permitted is False
    assert found.message == f"CAA at {APEX} permits nobody, not pki.goog"
