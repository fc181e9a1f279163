"""What it would take to make live as desired, what objects to it, and how it is known again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from remediate.kinds.bodies.canonical import canonical_value, rules_of, sort_key
from remediate.kinds.bodies.guessing import guarded
from remediate.kinds.fields.pointers import parts
from remediate.kinds.records.essence import without_serial
from remediate.kinds.registry import kind
from remediate.model.errors import InvalidInput
from remediate.model.json import digest
from remediate.model.plan import Action, Difference, FieldChange, Objection, Plan, Risk, Step
from remediate.model.ref import Ref, record_ref
from remediate.model.resource import Desired, Resource, Zone
from remediate.model.rules import OF_THE_HOUR
from remediate.model.values import Unknown
from remediate.pipeline.choices import Choices
from remediate.pipeline.choosing import insist_on_matches
from remediate.pipeline.diff import diff
from remediate.pipeline.differences import Differences
from remediate.pipeline.gate_times import gates_of, limit
from remediate.pipeline.guard import acknowledged, guard, idle
from remediate.pipeline.observe import Observed
from remediate.pipeline.proposal import Proposal
from remediate.pipeline.removing import strangers
from remediate.pipeline.settling import on_their_way, settling
from remediate.pipeline.surroundings import Surroundings
from remediate.pipeline.traffic import other_sets, with_hosts, written_sets
from remediate.pipeline.ttl import lowered_first, still_kept
from remediate.pipeline.waves import DNS, needs_of, waves
from remediate.stores.ledger import Ledger


def plan(desired: Desired, observed: Observed, ledger: Ledger, choices: Choices) -> Plan:
    """What it would take to make live as desired, and every objection to it."""
    verdict = diff(desired, observed, ledger, prune=choices.prune)
    insist_on_chosen(desired, verdict.found, choices)
    differences = [d for d in verdict.found if choices.wants(d.ref)]
    _insist_on_company(verdict.found, differences, observed.project, choices)
    left_out = len(verdict.found) - len(differences)
    kept = still_kept(differences, ledger, observed.at)
    then_wait = 0
    if choices.lower_ttl:
        differences, said, then_wait = lowered_first(differences, kept)
        verdict.notes += said
    around = _surroundings(desired, observed, verdict)
    levels = waves(differences, around)
    same = chain(written_sets(desired), other_sets(verdict.records.values()))
    levels = with_hosts(levels, verdict.found, observed.live, same, observed.project)
    steps = [*chain.from_iterable(levels)]
    proposal = Proposal(
        desired, differences, steps, ledger.resources, verdict.records, around, kept, ledger.project
    )
    objections = _objections(proposal, verdict.refused, choices)
    begun = on_their_way(_ours(desired, verdict, choices), observed)
    settles = settling(levels, around, begun)
    waited = [at for at in begun if at in settles]
    verdict.notes += [f"`remediate apply` waits until {at} is ready" for at in waited]
    made = Plan(
        desired.environment.name,
        observed.project,
        differences,
        levels,
        objections,
        [*verdict.notes, *idle(objections, choices.allowances)],
        desired.digest,
        settles=settles,
        allowances=choices.allowances,
        written=verdict.written,
        retired=verdict.retired,
        retention=desired.environment.retention,
        unsettled=verdict.unsettled,
        foreign=strangers(verdict, observed.project),
        left_out=left_out,
        then_wait=then_wait,
        kept=max(kept.values(), default=0),
        negative_ttls=_negative_ttls(verdict),
        covered={ref: ttl for one in verdict.records.values() for ref, ttl in one.covered.items()},
    )
    return replace(_gated(made, desired), digest=plan_digest(made))


def _gated(made: Plan, desired: Desired) -> Plan:
    """With the checks that will hold it back; whether commands may run is said to an apply."""
    checks = gates_of(desired.checks, made.steps, commands=False)
    if not checks:
        return made
    waits = {live: desired.resources[ref].lifecycle.wait for ref, (live, _) in made.written.items()}
    timeouts = {live: each.timeout for live, each in waits.items() if each.timeout is not None}
    most = limit(checks, made.steps, made, timeouts)
    return replace(made, gates=tuple(each.name for each in checks), gated=most)


def _negative_ttls(verdict: Differences) -> dict[Ref, int]:
    return {
        records.zone: records.negative_ttl
        for records in verdict.records.values()
        if records.negative_ttl is not None
    }


def _objections(
    proposal: Proposal, refused: Sequence[Objection], choices: Choices
) -> list[Objection]:
    """What the guards say, and what the comparison has refused of what was chosen."""
    return [
        *guard(proposal, choices.allowances),
        *(
            acknowledged(each, proposal.desired, choices.allowances)
            for each in refused
            if each.ref is None or choices.wants(each.ref)
        ),
    ]


def _surroundings(desired: Desired, observed: Observed, verdict: Differences) -> Surroundings:
    resources = desired.resources
    return Surroundings(
        observed.project,
        observed.live,
        {ref: Risk(r.lifecycle.risk) for ref, r in resources.items() if r.lifecycle.risk},
        {ref: r.lifecycle.depends_on for ref, r in resources.items()},
        dict(verdict.written.values()),
        *_patience(resources, verdict.written),
        frozenset(ref for ref, each in resources.items() if each.lifecycle.protect),
    )


def _insist_on_all_of(
    zone: Ref, found: Sequence[Difference], kept: Collection[int], choices: Choices
) -> None:
    """A zone that is made again loses all that is in it, chosen or not."""
    sets = [d for d in found if d.ref.is_record_set and d.ref.zone == zone]
    rest = [d for d in sets if id(d) not in kept]
    if not rest:
        return
    many = f"{zone} is to be made again, and {len(rest)} of its record sets"
    if choices.only is not None:
        raise InvalidInput(f"{many} have changed since this was planned")
    raise InvalidInput(f"{many} are left out by --target or --exclude; choose `{zone}*`")


def _patience(
    resources: Mapping[Ref, Resource], written: Mapping[Ref, tuple[Ref, Mapping[str, object]]]
) -> tuple[dict[Ref, float], frozenset[Ref]]:
    """How long each is to soak, and what is to be swapped without an overlap, by live name."""
    waits = {live: resources[ref].lifecycle for ref, (live, _body) in written.items()}
    soaks = {live: each.wait.soak for live, each in waits.items() if each.wait.soak is not None}
    return soaks, frozenset(live for live, each in waits.items() if each.replace == "recreate")


def _insist_on_company(
    found: Sequence[Difference], chosen: Sequence[Difference], project: str, choices: Choices
) -> None:
    """What a chosen difference links to must be there, or be made in the same plan."""
    kept = {id(difference) for difference in chosen}
    made = {Action.CREATE, Action.REPLACE}
    missing = {d.live: d for d in found if id(d) not in kept and d.action in made}
    for difference in chosen:
        if difference.ref.kind == DNS and difference.action is Action.REPLACE:
            _insist_on_all_of(difference.ref, found, kept, choices)
        for ref in needs_of(difference, project):
            if ref in missing:
                lacks = _lacking(missing[ref], choices)
                raise InvalidInput(f"{difference.ref} needs {missing[ref].ref}, which {lacks}")


def _lacking(difference: Difference, choices: Choices) -> str:
    """Why what is needed is missing: it was there when this was planned, or nobody chose it."""
    if choices.only is None:
        return "is not there yet and is left out by --target or --exclude; choose it too"
    gone = "is gone" if difference.action is Action.CREATE else "has now to be made again"
    return f"was there when this was planned, and {gone}"


def _ours(desired: Desired, verdict: Differences, choices: Choices) -> Iterator[Ref]:
    """By live name, what is declared and chosen, and not only observed."""
    for ref, (live, _body) in verdict.written.items():
        if choices.wants(ref) and desired.resources[ref].lifecycle.ownership != "observe":
            yield live


def plan_digest(made: Plan) -> str:
    """By which a reviewed plan is known: equal for equal YAML, live state and ledger, anywhere."""
    return digest(
        {
            "desired": made.desired_digest,
            "environment": made.environment,
            "project": made.project,
            "steps": [
                {
                    "ref": str(step.ref),
                    "live": str(step.live),
                    "verb": step.verb.value,
                    "method": step.method,
                    "changes": [_spelled(step, change, made.project) for change in step.changes],
                    "precondition": step.precondition,
                }
                for step in made.steps
            ],
            "objections": sorted(
                [o.rule, o.level, str(o.ref), o.allowed or ""]
                for o in made.objections
                if o.level != "warn"  # it stops nothing, and may be over by the time
            ),
            "allowances": {
                word: reason
                for word, reason in made.allowances.items()
                if word.partition(":")[0] not in OF_THE_HOUR
            },
        }
    )


def _spelled(step: Step, change: FieldChange, project: str) -> list[Any]:
    """A change in the one spelling of its values, so that no order of a list makes another plan.

    Of a whole resource the precondition says what it was, in all that a user could have changed.
    """
    if not change.pointer:
        change = replace(change, before=None)
    if step.ref.is_record_set:
        values = [_in_order(value) for value in (change.before, change.after)]
        if step.ref.record[1] == "SOA" and change.pointer == "/rrdatas":
            values = [without_serial(value or []) for value in values]
    else:
        rules = rules_of(kind(step.live.kind), project)
        for part in parts(change.pointer):
            rules = rules.below(part)
        values = [canonical_value(value, rules) for value in (change.before, change.after)]
    salt = f"{project} {step.live}"
    return [change.pointer, *(guarded(_known(value), salt) for value in values)]


def _in_order(value: object) -> Any:  # noqa: ANN401 - a record set or a part of one
    if isinstance(value, Mapping):
        return {name: _in_order(item) for name, item in value.items()}
    if not isinstance(value, list | tuple):
        return value
    if any(isinstance(item, Mapping) for item in value):  # of a routing policy
        return sorted(map(_in_order, value), key=sort_key)
    return sorted(value, key=str)


def _known(value: object) -> Any:  # noqa: ANN401 - any JSON
    """JSON with what is known after apply written as the reference that it is."""
    if isinstance(value, Unknown):
        return {"$unknown": value.expression}
    if isinstance(value, Mapping):
        return {name: _known(item) for name, item in value.items()}
    return [_known(item) for item in value] if isinstance(value, list | tuple) else value


def insist_on_chosen(desired: Desired, found: Sequence[Difference], choices: Choices) -> None:
    """By what is written or differs; a plan never happens to be empty by a slip of the pen."""
    written: set[Ref] = {*desired.resources, *(difference.ref for difference in found)}
    for zone in desired.resources.values():
        if isinstance(zone, Zone):
            written |= {record_ref(zone.ref.name, *at) for at in zone.records}
    where = f"in {desired.environment.name}"
    insist_on_matches(choices.targets, choices.excludes, written, where)
