"""Apply what was reviewed, and nothing else: a plan is made anew, and has to be the same again.

What was reviewed is known by its digest. Its plan, where that is known too, tells what moved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from remediate.gcp.google import Google
from remediate.kinds.bodies.asides import born
from remediate.kinds.bodies.calls import read
from remediate.model.errors import InvalidInput
from remediate.model.json import Body
from remediate.model.plan import Plan
from remediate.model.ref import Ref
from remediate.pipeline.choices import Choices
from remediate.pipeline.moved import moved, shown_part
from remediate.pipeline.observe import Observed
from remediate.pipeline.promise import AGAIN, NOTHING, Promise, about_refs, stale

Planner: TypeAlias = Callable[[Choices], tuple[Plan, Observed]]
_MOVED = "live has moved since this was planned"
_OTHERWISE = "what it needs is not there any more"


def planned_again(
    reviewed: Plan,
    promise: Promise | None,
    choices: Choices,
    planner: Planner,
    google: Google,
    as_shown: Callable[[Plan], Plan],
) -> tuple[Plan, Observed, Choices]:
    """The reviewed plan, made again from what is live now, and what it was chosen by.

    What moved elsewhere is left out of it. `reviewed` is as `as_shown` makes plans, with nothing
    secret in it. Raises Stale where it is not the same.
    """
    narrow = replace(choices, only=about_refs(reviewed))
    found: Plan | None = None
    for chosen in (choices, narrow):
        try:
            made, seen = planner(chosen)
        except InvalidInput:  # it needs what is not there any more, or matches nothing
            continue
        if made.digest == reviewed.digest:
            insist_on_what_is_shown(reviewed, as_shown(made))
            insist_on_links(lost(promise, seen, google))
            return made, seen, chosen
        found = made
    lines = [
        *lost(promise, None, google),
        *(moved(reviewed, as_shown(found)) if found else ()),
    ]
    raise stale(f"{_MOVED}:", lines or [_OTHERWISE])


def lost(promise: Promise | None, seen: Observed | None, google: Google) -> list[str]:
    """Of what is linked to, what is gone or another one by now, each in a line.

    After a second look at whatever was not seen.
    """
    if promise is None:
        return []
    bodies: dict[Ref, Body | None] = {} if seen is None else {**seen.live}
    unseen = [ref for ref in promise.links if ref not in bodies]
    if unseen:
        read_now = google.read_all([partial(read, google, ref) for ref in unseen])
        bodies |= dict(zip(unseen, read_now, strict=True))
    return [line for ref in promise.links if (line := _otherwise(ref, bodies[ref], promise))]


def _otherwise(ref: Ref, body: Body | None, promise: Promise) -> str:
    """Empty where it is the one that was there; its fields may have changed."""
    if body is None:
        return f"{ref} was there, and is gone"
    then = promise.born.get(ref, "")
    return f"{ref} was deleted, and made anew by somebody" if then and born(body) != then else ""


def insist_on_what_is_shown(reviewed: Plan, now: Plan) -> None:
    """Raise InvalidInput where a plan tells its reader other steps than its digest stands for."""
    if shown_part(reviewed) != shown_part(now):
        hint = f"Somebody has rewritten the file. {AGAIN}"
        message = f"the file tells of other steps than its digest stands for. {NOTHING}"
        raise InvalidInput(message, hint=hint)


def insist_on_links(lines: Iterable[str]) -> None:
    if told := [*lines]:
        raise stale(f"{_MOVED}:", told)


def insist_on_same(digest: str, now: Plan) -> None:
    """Raise Stale unless a plan is the one of this digest, of which nothing else is known."""
    if now.digest != digest:
        error = stale(
            f"the plan is not {digest} any more: made from what is live now it is {now.digest}"
        )
        error.hint = "`remediate plan` shows it; review that, and apply it by its own digest."
        raise error
