"""Who holds an environment, for people and for programs."""

from __future__ import annotations

import math
from collections.abc import Iterator

from remediate.model.json import Body
from remediate.report.machine import FORMAT_VERSION
from remediate.report.text import WIDTH, Typed, bare, duration, safe, wrapped
from remediate.stores.claim import Claim
from remediate.stores.standing import Looks, Standing


def standing_text(found: Standing, width: int = WIDTH, typed: Typed = bare) -> str:
    told = _sentences(found, typed)
    lines = [line for said in told for line in wrapped(safe(said), width, "", "  ")]
    return "\n".join(lines) + "\n"


def _sentences(found: Standing, typed: Typed) -> Iterator[str]:
    name, claim = found.environment, found.claim
    if claim is None or found.looks is Looks.FREE:
        yield f"{name} is free"
        if claim is not None:
            how = f"broken ({claim.reason})" if claim.reason else "released"
            yield f"last held by {_who(claim)}; {how} {claim.released}"
        return
    yield f"{name} is held by {_who(claim)}, since {claim.acquired}"
    yield f"from {claim.actor.origin}"
    heard = f"{duration(found.silent)} ago" if math.isfinite(found.silent) else "nobody knows when"
    yield f"last heard of {claim.renewed} ({heard}): it looks {found.looks}"
    if found.looks is Looks.DEAD:
        yield "the next apply or rollback sees whether it is, takes over, and fences it off"
    yield f"what it has done: `{typed('show', claim.run)}`"


def _who(claim: Claim) -> str:
    return f"run {claim.run} by {claim.actor}"


def standing_json(found: Standing) -> Body:
    claim = found.claim
    told: Body = {
        "format_version": FORMAT_VERSION,
        "environment": found.environment,
        "held": found.looks is not Looks.FREE,
        "looks": str(found.looks),
    }
    if claim is None:
        return told
    known: Body = {
        "run": claim.run,
        **claim.actor.to_json(),
        "acquired": claim.acquired,
        "renewed": claim.renewed,
        "silent_seconds": round(found.silent) if math.isfinite(found.silent) else None,
        "released": claim.released or None,
        "reason": claim.reason or None,
    }
    return told | known
