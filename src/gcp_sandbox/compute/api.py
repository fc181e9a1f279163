"""Compute's routes: the same verbs for every kind, and what a few kinds have besides."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from gcp_sandbox.authority import Authority
from gcp_sandbox.compute import engine, operations_api, refusals
from gcp_sandbox.compute.certificates import Provisioning
from gcp_sandbox.compute.engine import Call
from gcp_sandbox.compute.extras import add_extras
from gcp_sandbox.compute.kind import Kind, Scope, Setter
from gcp_sandbox.compute.kinds import KINDS
from gcp_sandbox.compute.links import Place
from gcp_sandbox.compute.listing import REGIONS, ZONES, Entry, aggregated, listed, scope_link
from gcp_sandbox.compute.section import NAME, Compute
from gcp_sandbox.compute.surroundings import SURROUNDINGS
from gcp_sandbox.compute.surroundings_api import add_surroundings
from gcp_sandbox.request import Body, Handler, Request
from gcp_sandbox.router import Router
from gcp_sandbox.world import World

_log = logging.getLogger(__name__)

ROOT = "/compute/v1/projects/{project}"
ANSWER_SECONDS = 0.8
"""Measured: Compute takes 0.6 to 1.06 s to answer a mutation."""
_SCOPES: dict[Scope, str] = {
    "global": "global",
    "regions": "regions/{region}",
    "zones": "zones/{zone}",
}
_VERBS: dict[str, tuple[str, Callable[[Call], Body]]] = {
    "patch": ("PATCH", engine.patch),
    "update": ("PUT", engine.update),
    "delete": ("DELETE", engine.delete),
}


def register(world: World, router: Router, authority: Authority) -> Compute:
    """Serve Compute v1 on a world."""
    kinds = KINDS | SURROUNDINGS
    compute = Compute(world, authority, kinds, engine.place_at_once)
    world.register(NAME, compute)
    world.settlers += [compute.settle, Provisioning(compute).settle]
    for kind in kinds.values():
        for scope in kind.resources:
            _add_collection(compute, router, kind, scope)
        if kind.aggregated:
            _add_aggregated(compute, router, kind)
    add_surroundings(compute, router)
    add_extras(compute, router)
    operations_api.add_operations(compute, router)
    return compute


def scope_of(request: Request) -> str:
    """`global`, `regions/R` or `zones/Z`, from a route's parameters."""
    if "region" in request.params:
        return f"regions/{request.params['region']}"
    if "zone" in request.params:
        return f"zones/{request.params['zone']}"
    return "global"


def place_of(kind: Kind, request: Request, name: str | None = None) -> Place:
    chosen = name if name is not None else request.params["name"]
    return Place(request.params["project"], scope_of(request), kind.collection, chosen)


def _add_collection(compute: Compute, router: Router, kind: Kind, scope: Scope) -> None:
    path = f"{ROOT}/{_SCOPES[scope]}/{kind.collection}"
    missing = kind.methods_missing.get(scope, frozenset())

    def insert(request: Request) -> Body | Awaitable[Body]:
        body = request.body
        name = body.get("name") if isinstance(body, dict) else None
        if not name or not isinstance(name, str):
            raise refusals.required("resource.name" if isinstance(body, dict) else "resource")
        call = Call(compute, kind, place_of(kind, request, name), request)
        return _patiently(engine.insert, call)

    def get(request: Request) -> Body:
        place = place_of(kind, request)
        body = compute.find(place)
        if body is None:
            raise refusals.not_found(place.path)
        return compute.view(place, body)

    router.add("POST", path, insert)
    router.add("GET", path, _lister(compute, kind))
    router.add("GET", f"{path}/{{name}}", get)
    for method in sorted(kind.methods & _VERBS.keys() - missing):
        verb, act = _VERBS[method]
        router.add(verb, f"{path}/{{name}}", _mutation(compute, kind, act))
    if kind.has_labels:
        router.add(
            "POST", f"{path}/{{name}}/setLabels", _mutation(compute, kind, engine.set_labels)
        )
    for setter in kind.setters:
        if scope in setter.scopes:
            shortened = setter.odd_path and scope == "global"
            base = f"{ROOT}/{kind.collection}" if shortened else path
            handler = _mutation(compute, kind, _setting(setter))
            router.add("POST", f"{base}/{{name}}/{setter.method}", handler)


def _mutation(compute: Compute, kind: Kind, act: Callable[[Call], Body]) -> Handler:
    return lambda request: _patiently(act, Call(compute, kind, place_of(kind, request), request))


def _patiently(act: Callable[[Call], Body], call: Call) -> Body | Awaitable[Body]:
    """Do it; where an operation is about to end, after that: Google is no quicker to answer."""
    try:
        return _understood(act, call)
    except refusals.Busy as busy:
        if busy.ends - call.compute.world.clock.time() > ANSWER_SECONDS:
            raise
        return _afterwards(act, call, busy)


async def _afterwards(act: Callable[[Call], Body], call: Call, busy: refusals.Busy) -> Body:
    world = call.compute.world
    patience = world.clock.time() + ANSWER_SECONDS
    while busy.ends <= patience:
        await asyncio.sleep(max(busy.ends - world.clock.time(), 0.0))
        world.settle()
        try:
            return _understood(act, call)
        except refusals.Busy as still:
            busy = still
    raise busy


def _understood(act: Callable[[Call], Body], call: Call) -> Body:
    """A member of the wrong JSON type deep in a body fails wherever it is first used."""
    try:
        return engine.once(act, call)
    except (AttributeError, KeyError, TypeError, ValueError) as misread:
        _log.info("body refused", exc_info=misread)
        raise refusals.unreadable() from misread


def _setting(setter: Setter) -> Callable[[Call], Body]:
    return lambda call: engine.set_field(call, setter)


def _lister(compute: Compute, kind: Kind) -> Handler:
    word = kind.list_word or f"{kind.singular}List"

    def list_(request: Request) -> Body:
        project, scope = request.params["project"], scope_of(request)
        link = scope_link(project, scope, kind.collection)
        entries = _entries(compute, kind, project, scope)
        return listed(f"compute#{word}", link, entries, request.query)

    return list_


def _add_aggregated(compute: Compute, router: Router, kind: Kind) -> None:
    word = kind.aggregated_word or f"{kind.singular}AggregatedList"
    known = ["global"] if "global" in kind.resources else []
    known += [f"regions/{region}" for region in REGIONS if "regions" in kind.resources]
    known += [f"zones/{zone}" for zone in ZONES if "zones" in kind.resources]

    def aggregated_list(request: Request) -> Body:
        project = request.params["project"]
        used = compute.scopes(project, kind.collection)
        entries = [entry for scope in used for entry in _entries(compute, kind, project, scope)]
        return aggregated(
            f"compute#{word}",
            scope_link(project, "aggregated", kind.collection),
            kind.collection,
            entries,
            sorted({*known, *used}),
            request.query,
        )

    router.add("GET", f"{ROOT}/aggregated/{kind.collection}", aggregated_list)


def _entries(compute: Compute, kind: Kind, project: str, scope: str) -> list[Entry]:
    return [
        (scope, compute.view(Place(project, scope, kind.collection, name), body))
        for name, body in compute.of(project, scope, kind.collection).items()
    ]
