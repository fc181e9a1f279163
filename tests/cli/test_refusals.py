"""What Google refuses by itself: one line that names the resource, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from remediate.kinds.registry import NAMES
from remediate.model.json import Body
from tests.cli.typed import Said, typed
from tests.kinds.contract.test_contract import ref_of
from tests.kinds.examples import Example, examples
from tests.pipeline.somebody import (
    CONNECTORS,
    GLOBAL,
    RUN,
    SQL,
    connector,
    just_before_our_write,
    patch,
    run_by_hand,
    sql,
)
from tests.pipeline.somebody import run as service
from tests.workbench import PROJECT, Workbench, document

ALWAYS = 1_000_000
FIRST = {name: next(iter(examples(name))) for name in NAMES}


def told(said: Said) -> str:
    """The error, on one line, and nothing of what Google sends around its words."""
    assert said.err.count("error: ") == 1, said
    assert said.err.count("what to do: ") == 1, said
    lines = said.told.partition("error: ")[2].strip()
    error, _, advice = lines.partition("what to do: ")
    assert '"error"' not in error, said
    assert not re.search(r"[{}]|\\n|Traceback|<[a-z.]+ object", error), said
    error = error.replace("\n  ", " ")  # where it is broken between words
    assert len(error.splitlines()) <= 2, said  # the second says how much is done
    for sentence in re.split(r"(?<=[.:;]) ", error):
        assert len(sentence) < 30 or error.count(sentence) == 1, said
    return f"{' '.join(error.split())} WHAT TO DO {' '.join(advice.split())}"


def type_at(workbench: Workbench, *words: str) -> Said:
    return typed(*words, "-C", workbench.root, "--sandbox", workbench.url)


def stand(workbench: Workbench, example: Example) -> None:
    """All that the example needs is there; the example is written, and is to be created."""
    workbench.write(*example.requires)
    if example.requires:
        workbench.apply()
    workbench.write(*example.requires, example.first)


REFUSALS = {
    "forbidden": (10, r"\(403 forbidden\): The caller does not have permission", "iam --for apply"),
    "quota": (1, r"\(403 quotaExceeded\): Quota 'THINGS' exceeded", "ask Google for more"),
    "429": (1, r"\(429 rateLimitExceeded\): Rate Limit Exceeded; tried \d+ times", "Wait a min"),
    "403": (1, r"\(403 rateLimitExceeded\): Quota exceeded for quota metric", "Wait a minute"),
    "exists": (1, r"is not there, but its name is not free: .*\(409 alreadyExists\)", "another"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("name", NAMES)
def test_a_creation_that_google_refuses_names_the_resource_and_what_to_do(
    workbench: Workbench, name: str, refusal: str
) -> None:
    example = FIRST[name]
    stand(workbench, example)
    workbench.fault(refusal, match=f"POST *{example.facts.collection}", times=ALWAYS)
    said = type_at(workbench, "apply")
    code, words, advice = REFUSALS[refusal]
    error, _, advised = told(said).partition(" WHAT TO DO ")
    rehearsed = example.facts.rehearsal == "validateOnly" and refusal in ("quota", "exists")
    assert said.code == (4 if rehearsed else code), said
    assert str(ref_of(example)) in (said.err if rehearsed else error)
    assert rehearsed or re.search(words, error), said
    assert rehearsed or advice in advised, said
    workbench.clear_faults()
    assert workbench.live(ref_of(example)) is None


UPDATES = {
    "VpcConnector": (connector(maxInstances=3), connector(maxInstances=4)),
    "SqlInstance": (sql(), sql(availabilityType="REGIONAL")),
    "RunService": (service(), service(timeout="60s")),
    "CertificateMap": (
        document("CertificateMap", "edge", {}),
        document("CertificateMap", "edge", {"description": "new"}),
    ),
    "HealthCheck": (
        document("HealthCheck", "alive", {"type": "TCP", "tcpHealthCheck": {"port": 80}}),
        document("HealthCheck", "alive", {"type": "TCP", "tcpHealthCheck": {"port": 81}}),
    ),
}


@pytest.mark.parametrize("refusal", ["forbidden", "quota", "429", "403"])
@pytest.mark.parametrize("name", UPDATES)
def test_a_change_that_google_refuses_names_the_resource_and_what_to_do(
    workbench: Workbench, name: str, refusal: str
) -> None:
    first, then = UPDATES[name]
    workbench.write(first)
    workbench.apply()
    workbench.write(then)
    workbench.fault(refusal, match="PATCH *", times=ALWAYS)
    said = type_at(workbench, "apply")
    code, words, advice = REFUSALS[refusal]
    rehearsed = name == "RunService" and refusal == "quota"
    assert said.code == (4 if rehearsed else code), said
    error = told(said)
    if rehearsed:  # the plan shows it
        assert f"Google would not take {name}/us-central1/web" in " ".join(said.err.split())
        return
    assert re.search(rf"{name}/(us-central1/)?\w+: .*{words}", error), said
    assert advice in error, said


@pytest.mark.parametrize("refusal", ["429", "403"])
@pytest.mark.parametrize("name", NAMES)
def test_a_creation_that_google_was_too_busy_for_is_asked_for_again(
    workbench: Workbench, name: str, refusal: str
) -> None:
    example = FIRST[name]
    stand(workbench, example)
    workbench.fault(refusal, match=f"POST *{example.facts.collection}", times=2)
    said = type_at(workbench, "apply")
    assert said.code == 0, said
    assert workbench.plan().is_empty


MEANWHILE: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "VpcConnector": (
        "POST",
        f"{CONNECTORS}?connectorId=inner",
        {"network": "theirs", "ipCidrRange": "10.9.0.0/28", "maxInstances": 3},
        r"VpcConnector/us-central1/inner was made by somebody else just now \(409 ALREADY",
    ),
    "SqlInstance": (
        "POST",
        SQL,
        {
            "name": "shop",
            "region": "europe-west1",
            "databaseVersion": "MYSQL_8_0",
            "settings": {"tier": "db-n1-standard-1"},
        },
        r"SqlInstance/shop was made by somebody else just now \(409 instanceAlreadyExists\)",
    ),
    "RunService": (
        "POST",
        f"{RUN}?serviceId=web",
        {"template": {"containers": [{"image": "theirs"}]}},
        r"RunService/us-central1/web was made by somebody else just now \(409 ALREADY",
    ),
    "CertificateMap": (
        "POST",
        f"v1/projects/{PROJECT}/locations/global/certificateMaps?certificateMapId=edge",
        {"description": "theirs"},
        r"CertificateMap/edge was made by somebody else just now \(409 ALREADY",
    ),
    "HealthCheck": (
        "POST",
        f"{GLOBAL}/healthChecks",
        {"name": "alive", "type": "TCP", "tcpHealthCheck": {"port": 82}},
        r"HealthCheck/alive was made by somebody else just now \(409 alreadyExists\)",
    ),
}


@pytest.mark.parametrize("name", MEANWHILE)
def test_409_what_somebody_else_has_made_meanwhile(
    workbench: Workbench, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    method, path, body, words = MEANWHILE[name]
    workbench.write(UPDATES[name][0])
    just_before_our_write(monkeypatch, lambda: workbench.send(method, path, body))
    said = type_at(workbench, "apply")
    assert said.code == 5, said
    assert re.search(words, told(said)), said
    assert "Somebody else changed it. Run `remediate plan" in told(said)


CHANGED = {
    "SqlInstance": (
        patch(f"{SQL}/shop", {"settings": {"availabilityType": "REGIONAL"}}),
        r"SqlInstance/shop was changed by somebody else just now \(412 staleData\): /settings/av",
    ),
    "RunService": (
        patch(f"{RUN}/web?updateMask=description", {"description": "theirs"}),
        r"RunService/us-central1/web was changed by somebody else just now: .*\(409 ABORTED\)",
    ),
}


@pytest.mark.parametrize("name", CHANGED)
def test_412_what_somebody_else_has_changed_meanwhile(
    workbench: Workbench, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, then = UPDATES[name]
    hand, words = CHANGED[name]
    workbench.write(first)
    workbench.apply()
    workbench.write(then)
    just_before_our_write(monkeypatch, lambda: hand.act(workbench))
    said = type_at(workbench, "apply")
    assert said.code == 5, said
    assert re.search(words, told(said)), said


def test_412_what_has_moved_is_told_without_what_is_secret(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def password(text: str) -> dict[str, Any]:
        return {"env": [{"name": "DATABASE_PASSWORD", "value": text}]}

    workbench.write(service(password("canary-ours")))
    workbench.apply()
    workbench.write(service(password("canary-new")))
    theirs = run_by_hand(password("canary-theirs"))
    just_before_our_write(monkeypatch, lambda: theirs.act(workbench))
    said = type_at(workbench, "apply")
    assert said.code == 5, said
    assert "/template/containers/0/env/0/value was " in told(said)
    assert "canary" not in said.err + said.out


GONE = {
    "VpcConnector": f"{CONNECTORS}/inner",
    "SqlInstance": f"{SQL}/shop",
    "RunService": f"{RUN}/web",
    "CertificateMap": f"v1/projects/{PROJECT}/locations/global/certificateMaps/edge",
    "HealthCheck": f"{GLOBAL}/healthChecks/alive",
}


@pytest.mark.parametrize("name", GONE)
def test_404_what_somebody_else_has_deleted_meanwhile(
    workbench: Workbench, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, then = UPDATES[name]
    workbench.write(first)
    workbench.apply()
    workbench.write(then)
    just_before_our_write(monkeypatch, lambda: workbench.send("DELETE", GONE[name]))
    said = type_at(workbench, "apply")
    assert said.code == 5, said
    assert re.search(rf"{name}/\S+ was deleted by somebody else just now \(404", told(said)), said


def test_409_a_database_that_somebody_else_keeps_busy(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, then = UPDATES["SqlInstance"]
    workbench.write(first)
    workbench.apply()
    workbench.write(then)

    def act() -> None:
        workbench.fault("slow-operation", match="POST *restart", seconds=1e6)
        workbench.send("POST", f"{SQL}/shop/restart")

    just_before_our_write(monkeypatch, act)
    said = type_at(workbench, "apply")
    assert said.code == 5, said
    assert "SqlInstance/shop is busy: " in told(said)
    assert "Nothing was changed." in told(said)
    assert "Wait until that is done. Then `remediate apply" in told(said)


def uses_certificate(workbench: Workbench) -> None:
    at = f"v1/projects/{PROJECT}/locations/global/certificateMaps"
    workbench.send("POST", f"{at}?certificateMapId=theirs", {})
    entry: Body = {
        "matcher": "PRIMARY",
        "certificates": [f"projects/{PROJECT}/locations/global/certificates/edge"],
    }
    workbench.send("POST", f"{at}/theirs/certificateMapEntries?certificateMapEntryId=theirs", entry)


def uses_policy(workbench: Workbench) -> None:
    spec: Body = {"defaultUrlRedirect": {"httpsRedirect": True, "stripQuery": False}}
    workbench.send("POST", f"{GLOBAL}/urlMaps", {"name": "theirs", **spec})
    certificate: Body = {
        "name": "theirs",
        "type": "MANAGED",
        "managed": {"domains": ["a.example.com"]},
    }
    workbench.send("POST", f"{GLOBAL}/sslCertificates", certificate)
    proxy: Body = {
        "name": "theirs",
        "urlMap": "global/urlMaps/theirs",
        "sslCertificates": ["global/sslCertificates/theirs"],
        "sslPolicy": "global/sslPolicies/tls",
    }
    workbench.send("POST", f"{GLOBAL}/targetHttpsProxies", proxy)


BEGINS_TO_USE: dict[str, tuple[Callable[[Workbench], None], str]] = {
    "Certificate": (uses_certificate, r"Certificate/edge: .*can't delete .* referenced by"),
    "SslPolicy": (uses_policy, r"SslPolicy/tls: .*resourceInUseByAnotherResource"),
}


@pytest.mark.parametrize("name", BEGINS_TO_USE)
def test_400_what_somebody_else_has_begun_to_use_is_not_deleted(
    workbench: Workbench, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = FIRST[name]
    act, words = BEGINS_TO_USE[name]
    workbench.write(*example.requires, example.first)
    workbench.apply()
    gone = {"onRemove": "delete"}
    workbench.write(*example.requires, {**example.first, "lifecycle": gone})
    workbench.apply()
    workbench.write(*example.requires)
    workbench.apply(prune=True, allow=["empty-environment=tried"])
    just_before_our_write(monkeypatch, lambda: act(workbench))
    said = type_at(workbench, "gc", "--retention", "0s", "--allow", "irreversible=tried")
    assert said.code == 1, said
    assert re.search(words, told(said)), said
    assert "Take it away first from what uses it" in told(said)


FAILS = {
    "SqlInstance": (1, r"SqlInstance/shop: .*An internal error occurred"),
    "VpcConnector": (3, r"VpcConnector/us-central1/inner was written, but it is in state ERROR"),
    "RunService": (3, r"RunService/us-central1/web was written, but its new revision web-\S+ is"),
    "CertificateMap": (1, r"CertificateMap/edge: .*An internal error has occurred"),
    "HealthCheck": (1, r"HealthCheck/alive: .*Internal error"),
}


@pytest.mark.parametrize("name", FAILS)
def test_an_operation_that_fails_names_the_resource_and_says_its_reason_once(
    workbench: Workbench, name: str
) -> None:
    code, words = FAILS[name]
    workbench.write(UPDATES[name][0])
    asked = 2 if name == "RunService" else 1  # permissions, and its rehearsal
    workbench.fault("failed-operation", match="POST *", times=asked + 1)
    said = type_at(workbench, "apply")
    assert said.code == code, said
    assert re.search(words, told(said)), said


def test_the_advice_stands_before_the_way_on_where_something_is_done_already(
    workbench: Workbench,
) -> None:
    documents = UPDATES["HealthCheck"][0], UPDATES["VpcConnector"][0]
    workbench.write(*documents, apply={"parallelism": 1})
    workbench.fault("forbidden", match="POST *connectors", times=ALWAYS)
    said = type_at(workbench, "apply")
    assert said.code == 7, said
    assert re.search(
        r"lists under permissions, .*--impersonate\. .*Then `remediate apply.*` goes on", told(said)
    ), said
