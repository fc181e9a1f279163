"""The whole of a plan in a few sentences: how much, how risky, how long, and the way back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from remediate.model.plan import Action, Cause, Plan, Risk, Step, Undo
from remediate.model.ref import Ref
from remediate.pipeline.propagation import cached
from remediate.report.rotation import rotations, waiting
from remediate.report.text import WIDTH, counted, duration, safe

_LABEL = 9  # columns, before every sentence
_GATES = 4  # names of checks that are worth reading

_CAUSES = {
    Cause.DRIFT: "by drift (live moved since the last apply)",
    Cause.CONFLICT: "in conflict (the YAML and live both moved)",
}


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds: `working` is the longest step of each wave, `waiting` at most, for `what`."""

    working: float
    waiting: float
    what: tuple[Ref, ...]


def counts(plan: Plan) -> Counter[Action]:
    return Counter(difference.action for difference in plan.differences)


def count_words(plan: Plan, *, past: bool = False) -> str:
    """`2 to create, 1 certificate to rotate`; parts of a rotation are counted once, in it."""
    turning = rotations(plan)
    inside = {id(d) for rotation in turning for d in rotation.differences}
    rest = Counter(d.action for d in plan.differences if id(d) not in inside)
    words = [
        f"{rest[action]:,} {action.done if past else f'to {action.words}'}"
        for action in Action
        if rest[action]
    ]
    incoming = {ref for rotation in turning for ref in rotation.incoming}
    if incoming:
        noun = counted(len(incoming), "certificate")
        words.append(f"{noun} {'rotated' if past else 'to rotate'}")
    return ", ".join(words)


def estimate(plan: Plan) -> Estimate:
    working = sum(max((step.estimate for step in wave), default=0.0) for wave in plan.waves)
    waits = [{ref for step in wave for ref in step.ready} for wave in plan.waves]
    waits.append(set(plan.settles))
    soaks = [[c.seconds for step in wave for c in step.awaits] for wave in plan.waves]
    seconds = sum(waiting(plan, refs) for refs in waits) + sum(max(s, default=0.0) for s in soaks)
    return Estimate(working, seconds, tuple(sorted(set().union(*waits))))


def highest_risk(steps: Sequence[Step]) -> Step:
    order = list(Risk)
    return max(steps, key=lambda step: order.index(step.risk))


def sentences(plan: Plan) -> Iterator[tuple[str, str]]:
    """(label, sentence) in the order of what a reviewer asks."""
    causes = Counter(difference.cause for difference in plan.differences)
    said = [f"{causes[cause]:,} {words}" for cause, words in _CAUSES.items() if causes[cause]]
    if plan.is_empty:
        yield "Time", _time(estimate(plan))
        return
    yield "Changes", "; ".join([count_words(plan), *filter(None, [", ".join(said), _later(plan)])])
    if plan.steps:
        yield "Risk", _risk(plan.steps)
        yield from (("Undo", sentence) for sentence in _undo(plan.steps))
        yield "Time", _time(estimate(plan))
        if plan.gates:
            names = _first(plan.gates, min(len(plan.gates), _GATES))
            hold = "holds" if len(plan.gates) == 1 else "hold"
            yield "Gates", f"then up to {duration(plan.gated)} more, until {names} {hold}"
    if plan.hosts:
        yield "Hosts", hosts_words(plan.hosts)
    yield from (("DNS", sentence) for sentence in caching(plan))
    yield "Digest", plan.digest


def _later(plan: Plan) -> str:
    """What no insert takes, so that there are more steps than changes."""
    new = {each.live for each in plan.differences if each.action is Action.CREATE}
    later = [step for step in plan.steps if step.live in new and step.verb is Action.UPDATE]
    fields = sorted({field for step in later for field in step.fields})
    return f"then {', '.join(fields)}, in {counted(len(later), 'more step')}" if later else ""


def _risk(steps: Sequence[Step]) -> str:
    top = highest_risk(steps)
    if top.risk is Risk.LOW:
        return "low"
    return f"{top.risk.value} at most: {top.verb.words} {safe(str(top.live))}"


def _undo(steps: Sequence[Step]) -> Iterator[str]:
    """Of each verdict but `exact` what it means for the riskiest of its steps."""
    found = [
        (verdict, highest_risk(those))
        for verdict in (Undo.NEVER, Undo.APPROXIMATE)
        if (those := [step for step in steps if step.undo is verdict])
    ]
    for verdict, step in found:
        what = f"{step.verb.words} {safe(str(step.live))}"
        yield f"{verdict} for some of it; {what}: {step.undo_why}"
    if not found:
        yield "exact, for every step"
    asked = Counter(allow.partition(":")[0] for step in steps for allow in step.undo_allow)
    if asked:
        rules = " and ".join(f"--allow {rule} ({number:,})" for rule, number in asked.items())
        yield f"to delete again what is created here takes {rules}"


def hosts_words(hosts: Sequence[str], room: int = WIDTH - _LABEL) -> str:
    """As many names as one line holds, and how many more there are: `a, b +3`."""
    shown = 1
    while shown < len(hosts) and len(_first(hosts, shown + 1)) <= room:
        shown += 1
    return _first(hosts, shown)


def _first(hosts: Sequence[str], number: int) -> str:
    more = len(hosts) - number
    return ", ".join(safe(host) for host in hosts[:number]) + (f" +{more:,}" if more else "")


def _time(expected: Estimate) -> str:
    text = f"about {duration(expected.working)}"
    if not expected.what:
        return text
    begin = f"{text} of changes, and " if expected.working else ""
    names = ", ".join(safe(ref.name) for ref in expected.what)
    limit = f"up to {duration(expected.waiting)} " if expected.waiting else ""
    are = "is" if len(expected.what) == 1 else "are"
    return f"{begin}{limit}until {names} {are} ready"


def caching(plan: Plan) -> Iterator[str]:
    """What caches may go on with after the change, and for how long at most."""
    found = [one for each in plan.differences if (one := cached(each, plan))]
    old = max((one.seconds or 0 for one in found if not one.negative), default=None)
    if old is not None:
        seconds, why = max((old, "the old TTL"), (plan.kept, "the TTL from before it was lowered"))
        yield f"resolvers may go on giving old answers for up to {duration(seconds)} ({why})"
    negative = [one for one in found if one.negative]
    if negative:
        worst = max(negative, key=lambda one: (one.seconds is None, one.seconds or 0))
        yield f"{worst.words}, by resolvers that were just told so (its zone's SOA)"
