"""A plan file read back: the plan that it holds, the promise, and what has become of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from remediate.model.clock import rfc3339
from remediate.model.errors import InvalidInput
from remediate.model.plan import Plan
from remediate.pipeline.promise import Promise
from remediate.report.readback import read_plan
from remediate.stores.plans import OURS, Plans, opened
from remediate.stores.store import Store


def read_plan_file(name: str, data: bytes) -> tuple[Plan, Promise]:
    """Raises InvalidInput, naming the file, for whatever `plan --out` has not written."""
    document = opened(name, data)
    try:
        return read_plan(document), _promise(document)
    except InvalidInput as error:
        raise InvalidInput(f"{name}: {error}. Nothing was changed.", hint=error.hint) from None


def state(name: str, data: bytes, store: Store, now: datetime, side: str = "") -> str:
    """One sentence: whether `apply --plan` would take it up, as far as that is known here.

    Raises InvalidInput for a file that was altered.
    """
    plans = Plans(store)
    _plan, promise = read_plan_file(name, data)
    plans.insist_on_copy(promise.id, data)
    by = " by this machine's clock" if (side, promise.endpoint) == ("google", "sandbox") else ""
    if (used := plans.used(promise.id)) is not None:
        return f"used: applied at {used.time} by {used.who}, run {used.run}"
    if now >= promise.expires:
        return f"expired at {rfc3339(promise.expires)}{by}"
    return f"valid until {rfc3339(promise.expires)}{by}, to be applied once"


def _promise(document: dict[str, Any]) -> Promise:
    try:
        return Promise.from_json(document[OURS])
    except (KeyError, TypeError, ValueError, AttributeError, InvalidInput):
        raise InvalidInput("it does not say what was promised") from None
