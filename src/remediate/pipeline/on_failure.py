"""`--on-failure rollback`: an apply that fails half way takes back what it has done by then."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NoReturn

from remediate.model.errors import (
    ApiRefused,
    Interrupted,
    PartlyApplied,
    RemediateError,
    RolledBack,
    Stale,
    Unreachable,
)
from remediate.pipeline.apply import apply
from remediate.pipeline.recalling import recall
from remediate.pipeline.rollback import order_back, rollback
from remediate.pipeline.undertaking import Audience, Site, insist_on_guards
from remediate.pipeline.way_back import way_back
from remediate.stores import journal
from remediate.stores.holds import Holds
from remediate.stores.journal import Kind
from remediate.stores.ledger import Ledger
from remediate.stores.lock import Lease
from remediate.stores.snapshots import Snapshots


def take_back(
    site: Site,
    run: str,
    ledger: Ledger,
    failed: RemediateError,
    audience: Audience,
    stopping: threading.Event,
    lease: Lease,
) -> NoReturn:
    """Go back to the run's own snapshot, under its lock, and say both what failed and what is back.

    Raises RolledBack; what had failed, where there is nothing to take back or somebody has
    interrupted it, who will want to choose; PartlyApplied where it cannot be taken back.
    """
    story = journal.read(site.store, run)
    begun = any(record.kind == Kind.STEP_BEGUN for record in story.records)
    if isinstance(failed, Interrupted) or not begun:
        raise failed
    own = site.new_run()
    try:
        lease.add(own)
        back = _back(site, story, own, ledger, audience, stopping, lease.check)
    except Interrupted:
        raise
    except RemediateError as error:
        told = PartlyApplied(f"{failed}\nThis was not taken back: {error}")
        half_way = own in journal.runs(site.store)  # then there is no way on but back
        told.hint = error.hint if half_way else f"{failed.hint} {error.hint}"
        raise told from failed
    if not back:
        raise failed
    undone = RolledBack(f"{failed}\n{back}")
    undone.hint = _way_on(site, str(story.begun["snapshot"]), own, failed.__cause__)
    raise undone from failed


def _way_on(site: Site, snapshot: str, own: str, cause: BaseException | None) -> str:
    """What the cause itself advises; and what went back is held, as after every rollback."""
    kept = Snapshots(site.store)
    mine = {snapshot, *(one for one in kept.ids() if kept.load(one).run == own)}
    holds = Holds(site.store, site.environment, site.google.endpoint)
    held = [one for one in holds.active(site.google.clock.now()) if mine & {*one.snapshots}]
    advice = f"{cause.hint} " if isinstance(cause, ApiRefused | Stale | Unreachable) else ""
    release = "".join(f"`remediate hold release {one.id}` ends the hold on it, " for one in held)
    return f"{advice}Mend what failed; {release}then `remediate apply` tries again."


def _back(
    site: Site,
    story: journal.Story,
    own: str,
    ledger: Ledger,
    audience: Audience,
    stopping: threading.Event,
    held: Callable[[], None],
) -> str:
    """Carry out the way back, and say what is as before; empty where nothing was to be done."""
    google, store = site.google, site.store
    snapshot = Snapshots(store).load(str(story.begun["snapshot"]))
    allowed = story.begun.get("allowances")
    said = {str(k): str(v) for k, v in allowed.items()} if isinstance(allowed, dict) else {}
    way = way_back(snapshot, store, ledger, google, said, site.watchers)
    plan = rollback(way)
    if plan.is_empty:
        recall(way, plan)
        return ""
    audience.show(plan)
    insist_on_guards(plan)
    audience.expect(len(plan.steps))
    order = order_back(way, plan)
    apply(order, own, google, store, ledger, site.watchers, stopping, held=held)
    recall(way, plan)
    what = "\n".join(f"  {each.live}" for each in plan.differences)
    stays = "".join(f"\n{note}" for note in plan.notes)
    return f"All that was done was taken back, to snapshot {snapshot.id}:\n{what}{stays}"
