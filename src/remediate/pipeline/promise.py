"""What a plan file promises besides its plan, and what can be held against that without a look.

When it was made and until when it holds, by whom, of what, what was chosen, and what it relies on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from remediate.gcp.google import Google
from remediate.kinds.bodies.asides import born
from remediate.kinds.documents.fingerprint import resource_digests
from remediate.model.clock import rfc3339
from remediate.model.errors import InvalidInput, Stale
from remediate.model.json import Body, Json
from remediate.model.plan import Plan
from remediate.model.ref import Ref
from remediate.model.resource import Desired
from remediate.pipeline.choices import Choices
from remediate.pipeline.observe import Observed
from remediate.pipeline.snapshot import touched
from remediate.stores.actor import Actor
from remediate.stores.snapshots import SIDES
from remediate.stores.store import ref_of

NOTHING = "Nothing was changed."
AGAIN = "Plan again, and review what moved: `remediate plan --out FILE`."


@dataclass(frozen=True, slots=True)
class Promise:
    """What a plan file holds besides the plan: when, by whom, of what, and what it relies on.

    `only` are the Refs that the plan is about; `links` is what those link to, and was there;
    `born` tells each of these from another of its name, where Google says what does.
    """

    id: str
    created: datetime
    expires: datetime
    by: Mapping[str, Json]
    endpoint: str
    choices: Choices
    desired: Mapping[str, str]  # the digest of each resource as the YAML had it
    links: tuple[Ref, ...]
    born: Mapping[Ref, str]

    @property
    def only(self) -> frozenset[Ref]:
        return self.choices.only or frozenset()

    def to_json(self) -> Body:
        return {
            "id": self.id,
            "created": rfc3339(self.created),
            "expires": rfc3339(self.expires),
            "by": dict(self.by),
            "endpoint": self.endpoint,
            "choices": self.choices.to_json(),
            "only": [*sorted(map(str, self.only))],
            "desired": dict(self.desired),
            "links": [*map(str, self.links)],
            "born": {str(ref): mark for ref, mark in sorted(self.born.items())},
        }

    @staticmethod
    def from_json(stored: Mapping[str, Any]) -> Promise:
        """Raises KeyError, TypeError, ValueError or InvalidInput for what is no promise."""
        return Promise(
            id=str(stored["id"]),
            created=_moment(stored["created"]),
            expires=_moment(stored["expires"]),
            by=dict(stored["by"]),
            endpoint=str(stored["endpoint"]),
            choices=Choices.from_json(stored["choices"], stored["only"]),
            desired={str(ref): str(digest) for ref, digest in stored["desired"].items()},
            links=tuple(ref_of(str(link)) for link in stored["links"]),
            born={ref_of(str(ref)): str(mark) for ref, mark in stored["born"].items()},
        )


def _moment(text: object) -> datetime:
    moment = datetime.fromisoformat(str(text))
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return moment


def promise_of(
    plan: Plan, observed: Observed, desired: Desired, choices: Choices, google: Google, by: Actor
) -> Promise:
    """The promise of a plan that was just made; its time begins now."""
    now, about = google.clock.now(), desired.environment
    written = {step.live for step in plan.steps}
    links = {ref: body for ref, body in touched(plan, observed).items() if ref not in written}
    return Promise(
        google.chance.ulid(now),
        now,
        now + timedelta(seconds=about.plan_ttl),
        by.to_json(),
        google.endpoint,
        replace(choices, only=about_refs(plan)),
        {str(ref): one for ref, one in resource_digests(about.project, desired.resources).items()},
        tuple(sorted(links)),
        {ref: mark for ref, body in links.items() if (mark := born(body or {}))},
    )


def about_refs(plan: Plan) -> frozenset[Ref]:
    """What a plan changes, and what is said against it: whatever else moves does not matter."""
    refs = (difference.ref for difference in plan.differences)
    return frozenset([*refs, *(one.ref for one in plan.objections if one.ref)])


def insist_on_place(promise: Promise, plan: Plan, about: tuple[str, str, str]) -> None:
    """Raise InvalidInput unless it is of this environment, project and endpoint."""
    environment, project, endpoint = about
    for was, now in (
        (f"environment {plan.environment}", f"environment {environment}"),
        (f"project {plan.project}", f"project {project}"),
        (SIDES.get(promise.endpoint, promise.endpoint), SIDES[endpoint]),
    ):
        if was != now:
            hint = "Apply it where it was planned for, or plan again here."
            raise InvalidInput(f"this plan is of {was}, not of {now}. {NOTHING}", hint=hint)


def insist_on_time(promise: Promise, now: datetime) -> None:
    if now >= promise.expires:
        raise stale(
            f"plan {promise.id} expired at {rfc3339(promise.expires)}; it was made at "
            f"{rfc3339(promise.created)}"
        )


def insist_on_yaml(promise: Promise, plan: Plan, desired: Desired) -> None:
    """Raise Stale, naming the resources, where the YAML was edited since."""
    if plan.desired_digest == desired.digest:
        return
    about = desired.environment
    now = {str(ref): d for ref, d in resource_digests(about.project, desired.resources).items()}
    edited = sorted(
        ref
        for ref in promise.desired.keys() | now.keys()
        if promise.desired.get(ref) != now.get(ref)
    )
    raise stale("the YAML was edited since this was planned:", edited)


def insist_on_digest(plan: Plan, digest: str) -> None:
    """Raise InvalidInput where a file holds another plan than the one that was reviewed."""
    if plan.digest != digest:
        hint = "Take the file that was reviewed, or review this one: `remediate show FILE`."
        raise InvalidInput(f"the file holds plan {plan.digest}, not {digest}. {NOTHING}", hint=hint)


def stale(message: str, lines: Iterable[str] = ()) -> Stale:
    """The error, with what moved below it, a line each."""
    below = [f"  {line}" for line in lines]
    told = "\n".join([message, *below, NOTHING]) if below else f"{message}. {NOTHING}"
    error = Stale(told)
    error.hint = AGAIN
    return error
