"""What is judged whenever something is to be written, and no part of what was reviewed.

The hour, who approves and what is held may change between review and apply without making
another plan of it, so none of this is in the plan's digest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from remediate.model.change_rules import RISKS
from remediate.model.consent import Consent
from remediate.model.plan import Objection, Plan
from remediate.model.resource import Environment
from remediate.pipeline import holding
from remediate.pipeline.guard import word_for
from remediate.pipeline.window import closed
from remediate.stores.holds import Hold

WINDOW, APPROVALS = "change-window", "approvals"


def judged(
    plan: Plan,
    about: Environment,
    consent: Consent,
    holds: Iterable[Hold],
    now: datetime,
    typed: Callable[[str], str],
    *,
    writes: bool,
) -> Plan:
    """The plan with what stands in the way at this hour, and with what was approved.

    Where nothing is to be written, a closed window and approvals still to come are only shown.
    `typed` completes a command in backticks.
    """
    held, notes = holding.objections(plan, holds, typed)
    more = [*held, *(_of_window(about, consent, now) if plan.steps else ())]
    more += _of_approvals(plan, about, consent)
    added = [_levelled(one, about, plan, writes=writes) for one in more]
    return replace(
        plan,
        objections=[_approved(one, consent) for one in (*plan.objections, *added)],
        notes=[*plan.notes, *notes],
        consent=consent,
    )


def with_answers(plan: Plan, about: Environment, found: Iterable[Objection]) -> Plan:
    """The plan with objections of the hour by others, such as a policy program."""
    added = [_approved(_levelled(one, about, plan, writes=True), plan.consent) for one in found]
    return replace(plan, objections=[*plan.objections, *added]) if added else plan


def _levelled(objection: Objection, about: Environment, plan: Plan, *, writes: bool) -> Objection:
    level = objection.level
    if level == "deny":  # what a program only warns of stays a warning
        level = about.guards.get(objection.rule, level)
    if not writes and objection.rule in {WINDOW, APPROVALS}:
        level = "warn"
    allowed = objection.allowed
    if level != "approve" and objection.rule not in {WINDOW, APPROVALS}:
        allowed = allowed or word_for(objection, plan.allowances)
    return replace(objection, level=level, allowed=allowed)


def _approved(objection: Objection, consent: Consent) -> Objection:
    if objection.level != "approve" or objection.allowed or not consent.approved_by:
        return objection
    return replace(objection, allowed=f"approved by {', '.join(consent.approved_by)}")


def _of_window(about: Environment, consent: Consent, now: datetime) -> Iterator[Objection]:
    if why := closed(about.change_rules.window, now):
        message = f"{about.name} takes no change now: {why}. An apply may pass it by --incident"
        passed = f"incident: {consent.incident}" if consent.incident else None
        yield Objection(WINDOW, "deny", None, message, allowed=passed, place=about.place)


def is_closed(plan: Plan) -> bool:
    """Whether it would be refused at this hour, unless somebody says why it cannot wait."""
    return any(one.rule == WINDOW and not one.allowed for one in plan.objections)


def _of_approvals(plan: Plan, about: Environment, consent: Consent) -> Iterator[Objection]:
    """As many names as the riskiest step asks for; a greater risk never asks for fewer."""
    wanted = about.change_rules.approvals
    risks = {step.risk.value for step in plan.steps}
    riskiest = max(map(RISKS.index, risks), default=-1)
    asking = [risk for risk in RISKS[: riskiest + 1] if wanted.get(risk)]
    needed = max((wanted[risk] for risk in asking), default=0)
    there = len(consent.approved_by)
    if there >= needed:
        return
    approvals = "1 approval" if needed == 1 else f"{needed} approvals"
    by = f" ({', '.join(consent.approved_by)})" if there else ""
    message = f"a step of {RISKS[riskiest]} risk takes {approvals} here, and there are {there}{by}"
    yield Objection(APPROVALS, "deny", None, message, place=about.place)
