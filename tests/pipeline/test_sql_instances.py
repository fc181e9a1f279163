"""Cloud SQL through the whole pipeline: what goes alone, in which order, and what never goes back.

The contract suite changes every field; here is what is special to a database.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from remediate.gcp.api import Api
from remediate.gcp.sql import Sql
from remediate.kinds.bodies import calls
from remediate.kinds.fields.pointers import value_at
from remediate.model.errors import PartlyApplied, PlanRefused, Stale
from remediate.model.json import Body
from remediate.model.plan import Action, Plan, Risk, Undo
from remediate.model.ref import Ref
from remediate.pipeline import carry_out
from remediate.pipeline.guard import denied
from remediate.pipeline.load import load
from remediate.report.human import plan_text
from remediate.report.machine import plan_json
from tests.workbench import PROJECT, Workbench, document, insist, moved, told

AT = f"v1/projects/{PROJECT}/instances/shop"
REF = "SqlInstance/shop"
SETTINGS: dict[str, Any] = {
    "tier": "db-custom-1-3840",
    "edition": "ENTERPRISE",
    "dataDiskSizeGb": "20",
    "backupConfiguration": {"enabled": True},
}
IRREVERSIBLE = [f"irreversible:{REF}=tried"]


def shop(lifecycle: dict[str, Any] | None = None, /, **spec: Any) -> dict[str, Any]:
    settings = {**SETTINGS, **spec.pop("settings", {})}
    body = {"databaseVersion": "POSTGRES_14", "region": "us-central1", "settings": settings}
    return document("SqlInstance", "shop", {**body, **spec}, lifecycle)


@pytest.fixture
def bench(workbench: Workbench) -> Workbench:
    """The instance is live, as written."""
    workbench.write(shop())
    workbench.apply()
    workbench.forget_calls()
    return workbench


def writes(bench: Workbench) -> list[str]:
    """The methods of the calls that changed something, in their order."""
    return [method for method, path in bench.calls() if method != "GET" and "/v1/" in path]


def fields(made: Plan) -> list[tuple[str, ...]]:
    return [step.fields for step in made.steps]


def settings(bench: Workbench) -> dict[str, Any]:
    live = bench.live(REF)
    assert live is not None
    found: dict[str, Any] = live["settings"]  # type: ignore[assignment] # always an object
    return found


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[calls.Call]:
    """Every call that is sent from here on."""
    every: list[calls.Call] = []

    def send(google: Any, call: calls.Call) -> Any:
        every.append(call)
        return calls.send(google, call)

    monkeypatch.setattr(carry_out, "send", send)
    return every


def test_a_change_sends_its_leaf_and_the_version_of_the_settings_alone(
    bench: Workbench, sent: list[calls.Call]
) -> None:
    version = settings(bench)["settingsVersion"]
    bench.write(shop(settings={"maintenanceWindow": {"day": 7, "hour": 3}}))
    bench.apply()
    bench.write(shop(settings={"maintenanceWindow": {"day": 7, "hour": 4}}))
    bench.apply()
    bodies = [call.body for call in sent]
    assert bodies == [
        {"settings": {"maintenanceWindow": {"day": 7, "hour": 3}, "settingsVersion": version}},
        {"settings": {"maintenanceWindow": {"hour": 4}, "settingsVersion": str(int(version) + 1)}},
    ]


def test_what_must_go_alone_goes_alone_and_in_order(bench: Workbench) -> None:
    bench.send("PATCH", AT, {"settings": {"activationPolicy": "NEVER"}})
    bench.send("PATCH", AT, {"settings": {"deletionProtectionEnabled": True}})
    bench.write(
        shop(
            databaseVersion="POSTGRES_15",
            maintenanceVersion="POSTGRES_15_9.R20260901.00_03",
            settings={
                "activationPolicy": "ALWAYS",
                "edition": "ENTERPRISE_PLUS",
                "tier": "db-perf-optimized-N-2",
                "dataCacheConfig": {"dataCacheEnabled": True},
                "availabilityType": "REGIONAL",
                "databaseFlags": [{"name": "max_connections", "value": "500"}],
                "deletionProtectionEnabled": False,
            },
        )
    )
    made = bench.apply(allow=IRREVERSIBLE)
    assert fields(made) == [
        ("settings/activationPolicy",),
        ("databaseVersion",),
        ("maintenanceVersion",),
        ("settings/dataCacheConfig", "settings/edition", "settings/tier"),
        ("settings/availabilityType", "settings/databaseFlags"),
        ("settings/deletionProtectionEnabled",),
    ]
    assert writes(bench) == ["PATCH"] * 8  # two of them somebody else's
    assert bench.plan().is_empty


def test_it_is_stopped_last_since_a_stopped_one_takes_no_other_change(bench: Workbench) -> None:
    bench.write(shop(settings={"activationPolicy": "NEVER", "availabilityType": "REGIONAL"}))
    made = bench.apply()
    assert fields(made) == [("settings/availabilityType",), ("settings/activationPolicy",)]
    assert made.steps[1].restarts == ("stops the database",)
    after = bench.plan()
    assert after.is_empty
    assert f"{REF} is stopped (activationPolicy NEVER), though RUNNABLE" in after.notes


def test_a_machine_goes_with_the_rest_so_that_the_database_restarts_once(bench: Workbench) -> None:
    flags = [{"name": "max_connections", "value": "500"}]
    bench.write(shop(settings={"tier": "db-custom-2-7680", "databaseFlags": flags}))
    (step,) = bench.plan().steps
    assert step.fields == ("settings/databaseFlags", "settings/tier")
    assert step.restarts == ("restarts the database (settings.tier, max_connections)",)
    assert step.undo is Undo.EXACT
    assert step.risk is Risk.CRITICAL


def test_settings_go_back_exactly(bench: Workbench) -> None:
    before = bench.state()
    bench.write(
        shop(
            settings={
                "tier": "db-custom-2-7680",
                "availabilityType": "REGIONAL",
                "databaseFlags": [{"name": "max_connections", "value": "500"}],
                "maintenanceWindow": {"day": 7, "hour": 3},
                "userLabels": {"team": "shop"},
                "deletionProtectionEnabled": True,
            }
        )
    )
    assert {step.undo for step in bench.apply().steps} == {Undo.EXACT}
    bench.roll_back()
    assert moved(before, bench.state()) == {}


def test_what_cannot_go_back_stays_and_the_rest_goes_back(bench: Workbench) -> None:
    grown = {"dataDiskSizeGb": "40", "storageAutoResize": False, "tier": "db-custom-2-7680"}
    bench.write(shop(settings=grown))
    bench.apply(allow=IRREVERSIBLE)
    bench.write(
        shop(databaseVersion="POSTGRES_15", settings={**grown, "tier": "db-custom-4-15360"})
    )
    with pytest.raises(PlanRefused, match="irreversible: update SqlInstance/shop"):
        bench.apply()
    bench.apply(allow=IRREVERSIBLE)
    back = bench.roll_back()
    (note,) = [note for note in back.notes if REF in note]
    why = "a database is never downgraded (POSTGRES_15 to POSTGRES_14)"
    assert note == f"{REF} keeps /databaseVersion as it is: {why}"
    live = bench.live(REF)
    assert live is not None
    assert live["databaseVersion"] == "POSTGRES_15"
    assert settings(bench)["tier"] == "db-custom-2-7680"


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        (
            {"settings": {"dataDiskSizeGb": "10", "storageAutoResize": False}},
            "a disk never shrinks, and this one has 20 GB, not 10",
        ),
        (
            {"databaseVersion": "POSTGRES_13"},
            r"a database is never downgraded \(POSTGRES_14 to POSTGRES_13\)",
        ),
        ({"region": "europe-west1"}, "/region cannot change in place"),
    ],
)
def test_what_no_instance_does_is_refused_with_the_reason(
    bench: Workbench, spec: dict[str, Any], why: str
) -> None:
    bench.write(shop(**spec))
    with pytest.raises(PlanRefused, match=why):
        bench.apply()
    assert writes(bench) == []


def test_a_refusal_is_two_sentences_that_read_as_such(bench: Workbench) -> None:
    bench.write(shop(settings={"dataDiskSizeGb": "10", "storageAutoResize": False}))
    (objection,) = denied(bench.plan().objections)
    assert objection.message == (
        "SqlInstance/shop stays as it is: a disk never shrinks, and this one has 20 GB, not 10. "
        "It is never replaced either: declare another one under its own name, and move to it"
    )


def test_taking_googles_own_protection_away_is_warned_of(bench: Workbench) -> None:
    bench.write(shop({"protect": True}, settings={"deletionProtectionEnabled": True}))
    assert bench.apply().objections == []
    bench.write(shop({"protect": True}, settings={"deletionProtectionEnabled": False}))
    (objection,) = bench.apply().objections
    assert (objection.rule, objection.level) == ("unprotected-at-google", "warn")
    assert "nothing at Google stops a deletion of SqlInstance/shop any more" in objection.message


def test_a_password_in_the_file_is_warned_of_and_one_from_a_variable_is_not(
    workbench: Workbench,
) -> None:
    workbench.write(shop(rootPassword="xyzzy-9d1f"))
    (warning,) = workbench.load().warnings
    assert "it stands in the file for all who may read that" in warning
    assert "${env.NAME}" in warning
    assert "xyzzy" not in warning
    workbench.write(shop(rootPassword="${env.ROOT}"), env=["ROOT"])
    found = load(workbench.root, "staging", {"ROOT": "xyzzy-9d1f"})
    assert found.warnings == ()
    assert found.resources[Ref("SqlInstance", "shop")].spec["rootPassword"] == "xyzzy-9d1f"


def test_a_number_may_come_from_a_variable(workbench: Workbench) -> None:
    window = {"day": 7, "hour": "${env.HOUR}"}
    workbench.write(shop(settings={"maintenanceWindow": window}), env=["HOUR"])
    spec = load(workbench.root, "staging", {"HOUR": "4"}).resources[Ref("SqlInstance", "shop")].spec
    assert value_at(spec, "/settings/maintenanceWindow") == {"day": 7, "hour": 4}


def test_a_disk_that_has_grown_by_itself_spoils_neither_plan_nor_rollback(
    bench: Workbench,
) -> None:
    bench.write(shop(settings={"availabilityType": "REGIONAL"}))
    bench.apply()
    bench.send("PATCH", AT, {"settings": {"dataDiskSizeGb": "33"}})
    assert bench.plan().is_empty
    back = bench.roll_back()
    assert fields(back) == [("settings/availabilityType",)]
    assert settings(bench)["dataDiskSizeGb"] == "33"


def meddle(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Somebody acts in the moment between our last look and our write, once."""
    todo = [act]

    def send(google: Any, call: calls.Call) -> Any:
        if todo:
            todo.pop()()
        return calls.send(google, call)

    monkeypatch.setattr(carry_out, "send", send)


def test_somebody_elses_edit_between_read_and_write_is_never_overwritten(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs: Body = {"settings": {"tier": "db-custom-8-30720"}}
    bench.write(shop(settings={"tier": "db-custom-2-7680"}))
    meddle(monkeypatch, lambda: bench.send("PATCH", AT, theirs))
    with pytest.raises(Stale, match=r"was changed by somebody else just now .*412 staleData"):
        bench.apply()
    assert settings(bench)["tier"] == "db-custom-8-30720"


def test_somebody_elses_edit_between_plan_and_apply_is_seen(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs: Body = {"settings": {"tier": "db-custom-8-30720"}}
    bench.write(shop(settings={"availabilityType": "REGIONAL", "tier": "db-custom-2-7680"}))
    google, looked = bench.google, [0]
    listed = google.api(Api.SQL).list

    def listing(scope: str, collection: str) -> list[Body]:
        found = listed(scope, collection)
        if not looked[0]:
            looked[0] = 1
            bench.send("PATCH", AT, theirs)
        return found

    monkeypatch.setattr(google.api(Api.SQL), "list", listing)
    with pytest.raises(Stale, match=r"SqlInstance/shop has changed since.*db-custom-8-30720"):
        bench.apply()
    assert settings(bench)["tier"] == "db-custom-8-30720"


def test_somebody_elses_edit_of_another_field_does_not_spoil_a_plan(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs: Body = {"settings": {"userLabels": {"cost": "42"}}}
    bench.write(shop(settings={"tier": "db-custom-2-7680"}))
    listed = bench.google.api(Api.SQL).list

    def listing(scope: str, collection: str) -> list[Body]:
        found = listed(scope, collection)
        bench.send("PATCH", AT, theirs)
        return found

    monkeypatch.setattr(bench.google.api(Api.SQL), "list", listing)
    bench.apply()
    assert settings(bench)["tier"] == "db-custom-2-7680"
    assert settings(bench)["userLabels"] == {"cost": "42"}


def test_another_operation_in_progress_ends_in_what_to_do(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def long_one() -> None:
        slow: Body = {"match": "PATCH *", "times": 1, "seconds": 3600}
        bench.send("POST", "_sandbox/faults/slow-operation", slow)
        bench.send("PATCH", AT, {"settings": {"userLabels": {"cost": "42"}}})

    bench.write(shop(settings={"tier": "db-custom-2-7680"}))
    meddle(monkeypatch, long_one)
    with pytest.raises(Stale) as busy:
        bench.apply()
    assert str(busy.value) == (
        f"{REF} is busy: Cloud SQL: PATCH /projects/{PROJECT}/instances/shop was refused "
        "(409 operationInProgress): Operation failed because another operation was already in "
        "progress. Try your request after the current operation is complete.\n"
        "Nothing was changed."
    )
    assert busy.value.hint == (
        "Google does one thing at a time with it. Wait until that is done. "
        "Then `remediate apply` tries again."
    )
    bench.send("POST", "_sandbox/clock:advance", {"seconds": 3700})
    bench.apply()
    assert settings(bench)["tier"] == "db-custom-2-7680"


def test_an_operation_that_fails_stops_what_would_have_come_after(bench: Workbench) -> None:
    fault: Body = {"match": "PATCH *", "times": 1}
    bench.write(shop(settings={"edition": "ENTERPRISE_PLUS", "tier": "db-perf-optimized-N-2"}))
    bench.apply()
    bench.write(shop(databaseVersion="POSTGRES_15", settings={"availabilityType": "REGIONAL"}))
    bench.send("POST", "_sandbox/faults/failed-operation", fault)
    with pytest.raises(Exception, match="INTERNAL_ERROR"):
        bench.apply(allow=IRREVERSIBLE)
    assert settings(bench)["availabilityType"] == "ZONAL"


def test_a_run_that_breaks_off_between_two_steps_goes_on_where_it_was(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write(shop(databaseVersion="POSTGRES_15", settings={"availabilityType": "REGIONAL"}))
    made = bench.plan(allow=IRREVERSIBLE)
    assert fields(made) == [("databaseVersion",), ("settings/availabilityType",)]
    real = Sql.call
    counted = [0]

    def call(*args: Any) -> Any:
        counted[0] += 1
        if counted[0] == len(made.steps):
            bench.send("PATCH", AT, {"settings": {"userLabels": {"cost": "42"}}})
        return real(*args)

    with monkeypatch.context() as patched:
        patched.setattr(Sql, "call", call)
        with pytest.raises(PartlyApplied, match="1 of 2 steps are done"):
            bench.apply(allow=IRREVERSIBLE)
    rest = bench.apply()
    assert fields(rest) == [("settings/availabilityType",)]
    assert rest.differences[0].cause.value == "pending"


REMOVED = {"onRemove": "delete"}


def test_a_protected_instance_is_deleted_on_an_explicit_word_after_a_step_of_its_own(
    workbench: Workbench,
) -> None:
    workbench.write(shop(REMOVED, settings={"deletionProtectionEnabled": True}))
    workbench.apply()
    workbench.write()
    refused = workbench.plan(prune=True, allow=["empty-environment=tried"])
    assert [objection.rule for objection in denied(refused.objections)] == ["delete"]
    (message,) = [o.message for o in refused.objections if o.rule == "delete"]
    assert "but for the final backup that is kept for 30 days" in message
    workbench.forget_calls()
    allow = [f"delete:{REF}=moved", "empty-environment=tried"]
    made = workbench.apply(prune=True, allow=allow)
    assert told(made) == [("delete", REF)]
    assert [(step.verb, step.fields) for step in made.steps] == [
        (Action.UPDATE, ("settings/deletionProtectionEnabled",)),
        (Action.DELETE, ()),
    ]
    assert made.steps[1].undo is Undo.APPROXIMATE
    assert writes(workbench) == ["PATCH", "DELETE"]
    assert workbench.live(REF) is None
    answer: Any = workbench.send("GET", f"v1/projects/{PROJECT}/backups")
    (kept,) = answer["backups"]
    assert (kept["type"], kept["instance"]) == ("FINAL", "shop")


def test_an_instance_that_is_not_protected_is_deleted_at_once(workbench: Workbench) -> None:
    workbench.write(shop(REMOVED))
    workbench.apply()
    workbench.write()
    made = workbench.plan(prune=True)
    assert [step.method for step in made.steps] == ["delete"]


def test_a_protected_one_of_our_own_goes_when_its_creation_is_taken_back(
    workbench: Workbench,
) -> None:
    workbench.write(shop(settings={"deletionProtectionEnabled": True}))
    workbench.apply()
    with pytest.raises(PlanRefused, match="delete: deleting SqlInstance/shop loses its data"):
        workbench.roll_back()
    back = workbench.roll_back(allow=[f"delete:{REF}=nothing is in it yet"])
    assert [step.method for step in back.steps] == ["patch", "delete"]
    assert workbench.live(REF) is None


def test_our_own_protection_refuses_even_with_googles_taken_away(workbench: Workbench) -> None:
    workbench.write(shop({**REMOVED, "protect": True}))
    workbench.apply()
    workbench.write()
    made = workbench.plan(prune=True, allow=[f"delete:{REF}=moved", "empty-environment=tried"])
    with pytest.raises(PlanRefused, match="protected"):
        insist(made)


def test_a_deleted_one_is_made_again_empty_and_that_is_said(workbench: Workbench) -> None:
    workbench.write(shop(REMOVED))
    workbench.apply()
    workbench.write()
    workbench.apply(prune=True, allow=[f"delete:{REF}=moved", "empty-environment=tried"])
    back = workbench.roll_back()
    assert told(back) == [("create", REF)]
    (note,) = [note for note in back.notes if REF in note]
    assert note.startswith(f"{REF} is made again without its data: restore its final backup")


def test_the_environments_labels_are_its_own_and_those_of_others_stay(
    workbench: Workbench,
) -> None:
    workbench.write(shop(settings={"userLabels": {"team": "shop"}}), labels={"env": "staging"})
    workbench.apply()
    assert settings(workbench)["userLabels"] == {"env": "staging", "team": "shop"}
    workbench.send("PATCH", AT, {"settings": {"userLabels": {"goog-x": "y"}}})
    assert workbench.plan().is_empty
    workbench.write(shop())
    workbench.apply()
    assert settings(workbench)["userLabels"] == {"goog-x": "y"}


def test_its_connection_name_is_known_after_its_creation(workbench: Workbench) -> None:
    check = {"type": "TCP", "tcpHealthCheck": {"port": 80}}
    text = "${SqlInstance/shop.connectionName} at ${SqlInstance/shop.ipAddress}"
    workbench.write(shop(), document("HealthCheck", "alive", {**check, "description": text}))
    made = workbench.apply()
    assert [step.live.kind for step in made.steps] == ["SqlInstance", "HealthCheck"]
    live = workbench.live("HealthCheck/alive")
    assert live is not None
    assert live["description"] == f"{PROJECT}:us-central1:shop at 198.19.0.1"
    assert workbench.plan().is_empty


def test_a_password_is_sent_once_and_kept_nowhere(
    workbench: Workbench, sent: list[calls.Call]
) -> None:
    workbench.write(shop(rootPassword="xyzzy-9d1f"))
    made = workbench.apply()
    assert [(call.body or {}).get("rootPassword") for call in sent] == ["xyzzy-9d1f"]
    workbench.write(shop(rootPassword="xyzzy-another"))
    assert workbench.plan().is_empty  # nobody can tell what it is, so nothing is claimed
    kept = [path.read_text() for path in workbench.store.root.rglob("*") if path.is_file()]
    told_of_it = [*kept, plan_text(made), json.dumps(plan_json(made))]
    assert [text for text in told_of_it if "xyzzy" in text] == []


def test_a_plan_says_what_restarts_in_text_and_in_json(bench: Workbench) -> None:
    bench.write(shop(settings={"tier": "db-custom-2-7680"}))
    made = bench.plan()
    assert "      restarts the database (settings.tier)\n" in plan_text(made)
    ours: Any = plan_json(made)["remediate"]
    (step,) = ours["steps"]
    assert step["restarts"] == ["restarts the database (settings.tier)"]


def replica(name: str, lifecycle: dict[str, Any] | None = None) -> dict[str, Any]:
    spec = {
        "databaseVersion": "POSTGRES_14",
        "region": "us-central1",
        "instanceType": "READ_REPLICA_INSTANCE",
        "masterInstanceName": "shop",
        "settings": {"tier": "db-custom-1-3840"},
    }
    return document("SqlInstance", name, spec, lifecycle)


def test_replicas_of_one_database_take_turns(workbench: Workbench) -> None:
    every = [shop(REMOVED), *(replica(name, REMOVED) for name in ("one", "two"))]
    workbench.write(*every)
    made = workbench.apply()
    assert [[step.live.name for step in wave] for wave in made.waves] == [
        ["shop"],
        ["one"],
        ["two"],
    ]
    assert workbench.plan().is_empty
    workbench.write()
    allow = ["delete=moved", "empty-environment=tried", "too-many-deletes=tried"]
    gone = workbench.apply(prune=True, allow=allow)
    assert [step.live.name for step in gone.steps] == ["one", "two", "shop"]
    assert len(gone.waves) == 3


def test_protection_is_taken_away_when_nothing_else_is_left_to_do(workbench: Workbench) -> None:
    workbench.write(
        shop(REMOVED, settings={"deletionProtectionEnabled": True}), replica("one", REMOVED)
    )
    workbench.apply()
    workbench.write()
    made = workbench.plan(prune=True)
    assert [(step.live.name, step.method) for step in made.steps] == [
        ("one", "delete"),
        ("shop", "patch"),
        ("shop", "delete"),
    ]


def test_the_order_of_several_writes_is_shown(workbench: Workbench) -> None:
    workbench.write(shop(REMOVED, settings={"deletionProtectionEnabled": True}))
    workbench.apply()
    upgraded = {"tier": "db-custom-2-7680", "deletionProtectionEnabled": False}
    workbench.write(shop(REMOVED, databaseVersion="POSTGRES_15", settings=upgraded))
    text = plan_text(workbench.plan())
    assert (
        "      1. databaseVersion\n"
        "      2. settings.tier\n"
        "      3. settings.deletionProtectionEnabled\n"
    ) in text
    workbench.write()
    text = plan_text(workbench.plan(prune=True))
    assert "      1. settings.deletionProtectionEnabled, since Google refuses the" in text
    assert "      2. delete\n" in text
