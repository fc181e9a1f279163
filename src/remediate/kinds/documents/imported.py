"""From a live body to the spec that a person would have written: the inverse of loading.

What Google sets or fills in is left out where nothing would change for it; the rules of the kind,
as plans apply them, are what decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from remediate.kinds.bodies.compare import field_changes, writable
from remediate.kinds.bodies.overlay import json_copy
from remediate.kinds.documents.complaints import Complaint, validated
from remediate.kinds.fields.pointers import (
    Patterns,
    leaves,
    parts,
    pointer,
    transformed,
    value_at,
)
from remediate.kinds.fields.secrets import without_secrets
from remediate.kinds.kind import Kind
from remediate.model.json import Body, Json

_OTHERS_LABELS = ("goog-", "goog_", "cnrm-")  # Google's own products put these on
_POINT = "write a pointer to one, `valueSource: {secretKeyRef: …}`"
_ROUNDS = 50  # of taking out fields that we do not know

_TARGETS = ("maxUtilization", "maxRate", "maxConnections")  # of a balancing mode


def spec_of(facts: Kind, body: Body, project: str) -> tuple[Body | None, list[str]]:
    """The spec, links still whole, and what could not be taken over and why.

    No spec means that the resource is one that cannot be written.
    """
    live = {name: value for name, value in body.items() if value is not None}
    spec, remarks = _known(facts, _chosen(facts, writable(facts, live)))
    faults = _faults(facts, spec)
    for at, is_block in _candidates(facts, spec):
        if is_block and (not _is_there(spec, at) or value_at(spec, at)):
            continue  # there is something in it still
        trial = _without(spec, at)
        changes = field_changes(facts, trial, live, project=project, restore_defaults=True)
        if not changes and (left := _faults(facts, trial)) <= faults:
            spec, faults = trial, left
    if faults:
        return None, [f"{at or 'it'}: {why}" for at, why in sorted(faults)]
    spec, secrets = without_secrets(spec, facts.telling)
    remarks += [f"{at} looks like a secret and is left as it is live: {_POINT}" for at in secrets]
    if facts.lost is not None and (why := facts.lost(body)):
        remarks.append(f"if it goes it cannot be made anew from this: {why}")
    if (stands := facts.ready(body)).failed:
        remarks.append(f"it will not become ready: {stands.state}")
    return spec, remarks


def _chosen(facts: Kind, spec: Body) -> Body:
    """Without what a look at the whole tells to be somebody else's doing."""
    spec = facts.chosen(spec)
    labels = spec.get("labels")
    if isinstance(labels, dict):
        kept = {k: v for k, v in labels.items() if not k.startswith(_OTHERS_LABELS)}
        spec = {**spec, "labels": kept}
    if facts.name == "SslCertificate" and spec.get("type") == "MANAGED":
        spec.pop("certificate", None)  # Google's, and another one at every renewal
    if facts.name == "Address" and spec.get("addressType", "EXTERNAL") == "EXTERNAL":
        spec.pop("address", None)  # chosen by Google, and nobody can ask for it
    return _spelled(facts, spec)


def _spelled(facts: Kind, spec: Body) -> Body:
    """`443-443` is written 443, a connector's network and a database's primary by their names."""
    by_name = {at: facts.normalise[at] for at in facts.links_by_name if at in facts.normalise}
    spec = transformed(spec, Patterns(by_name), lambda spell, name: spell(name))
    if facts.name == "VpcConnector" and "network" in spec:
        spec = {**spec, "network": str(spec["network"]).rpartition("/")[2]}
    low, _, high = str(spec.get("portRange")).partition("-")
    return {**spec, "portRange": low} if facts.name == "ForwardingRule" and low == high else spec


def _known(facts: Kind, spec: Body) -> tuple[Body, list[str]]:
    """Typed, and without what no document may hold, each of which is told."""
    told: list[str] = []
    for at, why, _ in [*leaves(spec, Patterns(facts.unsupported))]:
        spec = _without(spec, at)
        told.append(f"{at} is left out: {why}")
    for _ in range(_ROUNDS):
        complaints: list[Complaint] = []
        typed = validated(facts.spec, spec, "", complaints)
        if not complaints:
            return typed, told
        for one in complaints:
            if one.pointer and _is_there(spec, one.pointer):
                told.append(f"{one.pointer} is left out: {one.message}")
                spec = _without(spec, one.pointer)
    return {}, told


def _faults(facts: Kind, spec: Body) -> set[tuple[str, str]]:
    complaints: list[Complaint] = []
    validated(facts.spec, spec, "", complaints)
    rules = facts.check(spec) if facts.check and not complaints else []
    return {*rules, *((one.pointer, one.message) for one in complaints)}


def _candidates(facts: Kind, spec: Body) -> Iterator[tuple[str, bool]]:
    """What might be left out, the innermost first, and whether only once nothing is in it."""
    usual = Patterns({**facts.filled, **facts.reverts})
    filled = [at for at, fact, value in leaves(spec, usual) if _is_usual(value, fact)]
    known = [at for at in facts.defaults if _is_there(spec, at)]
    modes = [at for at, _, backend in leaves(spec, _BACKENDS) if _is_usual_mode(backend)]
    inner = {*filled, *known, *(at + "/balancingMode" for at in modes)}
    # A block that means something by being there alone has no default below it.
    around = {
        pointer(*parts(at)[:length])
        for at in (*known, *filled)
        for length in range(1, len(parts(at)))
    }
    for at in sorted({*inner, *around}, key=lambda at: (-len(parts(at)), at)):
        yield at, at not in inner
    yield from ((pointer(name), False) for name in sorted(spec) if spec[name] in ("", [], {}))


def _is_usual(value: Json, fact: Json | re.Pattern[str]) -> bool:
    return bool(fact.fullmatch(str(value))) if isinstance(fact, re.Pattern) else value == fact


_BACKENDS = Patterns({"/backends/*": True})


def _is_usual_mode(backend: Json) -> bool:
    if not isinstance(backend, dict) or backend.get("balancingMode") != "UTILIZATION":
        return False
    return not any(name.startswith(_TARGETS) for name in backend)


def _is_there(spec: Body, at: str) -> bool:
    try:
        value_at(spec, at)
    except (LookupError, TypeError, ValueError):
        return False
    return True


def _without(spec: Body, at: str) -> Body:
    """The spec without one place."""
    if not _is_there(spec, at):
        return spec
    copy: Body = json_copy(spec)
    *above, last = parts(at)
    holder = value_at(copy, pointer(*above))
    if isinstance(holder, list):
        del holder[int(last)]
    else:
        del holder[last]
    return copy
