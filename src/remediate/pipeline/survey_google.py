"""Google's side of a survey: everything that an edge hangs on, in two rounds of lists.

The second round asks what the first has named: health of backends, policies, revisions, peerings.
What nobody declares is only looked at, never managed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, TypeAlias

from remediate.diagnosis.signs import GoogleSide, Sample
from remediate.gcp.api import Api
from remediate.gcp.google import Google
from remediate.gcp.monitoring import Series
from remediate.kinds.bodies.links import path, project_relative, scope_path
from remediate.model.errors import RemediateError
from remediate.model.json import Body
from remediate.model.observation import ABSENT, Live, Observation, Unreadable
from remediate.model.ref import Ref
from remediate.model.resource import Desired
from remediate.pipeline.deadline import Deadline
from remediate.pipeline.denials import Collection
from remediate.pipeline.observe import look_at

_MOST_SECRETS = 20
_CERTIFICATE_MANAGER: tuple[Collection, ...] = (
    ("CertificateMap", "global"),
    ("CertificateMapEntry", "global"),
    ("Certificate", "global"),
)
_METRICS = {
    "vpcaccess.googleapis.com/connector/cpu/utilizations": ("VpcConnector", "connector_name"),
    "vpcaccess.googleapis.com/connector/instances": ("VpcConnector", "connector_name"),
    "cloudsql.googleapis.com/database/postgresql/num_backends": ("SqlInstance", "database_id"),
    "run.googleapis.com/container/instance_count": ("RunService", "service_name"),
    "run.googleapis.com/request_count": ("RunService", "service_name"),
}
"""Of which kind each metric is, and the label of its resource that names one."""

_Key: TypeAlias = tuple[str, ...]
_Reads: TypeAlias = dict[_Key, Callable[[], Any]]
_Answers: TypeAlias = dict[_Key, Any]


def look_at_google(google: Google, desired: Desired, deadline: Deadline) -> GoogleSide:
    """Read it all; what cannot be read in time, or at all, is `Unreadable` in its place."""
    zones = [ref for ref in desired.resources if ref.kind == "DnsZone" and not ref.is_record_set]
    collections = {(ref.kind, ref.location) for ref in desired.resources}
    first = deadline.read(
        {
            **{("list", *at): partial(_listed, google, at) for at in sorted(collections)},
            **{("records", zone.name): partial(_record_sets, google, zone.name) for zone in zones},
            **{("changes", zone.name): partial(google.dns.changes, zone.name) for zone in zones},
            **{("metric", name): partial(google.monitoring.series, name) for name in _METRICS},
            ("firewalls",): partial(google.compute.list, "global", "firewalls"),
            ("secrets",): google.secrets.secrets,
        }
    )
    resources = _resources(desired, first)
    live = {ref: seen.body for ref, seen in resources.items() if isinstance(seen, Live)}
    second = deadline.read(_further(google, live, first))
    resources |= _mapped(second)
    return GoogleSide(
        resources=resources,
        record_sets={zone.name: first["records", zone.name] for zone in zones},
        changes={zone.name: _tuple(first["changes", zone.name]) for zone in zones},
        health=_health(live, second),
        firewalls=_tuple(first["firewalls",]),
        groups=_observed("groups", second),
        policies=_observed("policies", second),
        invokers={ref: _invokers(second["policy", str(ref)]) for ref in _services(live)},
        revisions={ref: _tuple(second["revisions", str(ref)]) for ref in _services(live)},
        secrets=_secrets(first["secrets",], second),
        peerings={key[1]: _tuple(said) for key, said in second.items() if key[0] == "peerings"},
        metrics=dict(_metrics(desired, first, google.project)),
    )


def nothing_seen(desired: Desired, why: Unreadable) -> GoogleSide:
    """As it looks to whom Google has not answered at all."""
    zones = [ref.name for ref in desired.resources if ref.kind == "DnsZone"]
    return GoogleSide(
        resources=dict.fromkeys(desired.resources, why),
        record_sets=dict.fromkeys(zones, why),
        changes=dict.fromkeys(zones, why),
        firewalls=why,
        secrets={"*": why},
    )


# The first round


def _listed(google: Google, at: Collection) -> Mapping[Ref, Body]:
    seen = look_at(google, [at], ())
    for why in seen.unreadable.values():
        raise why
    return seen.live


def _record_sets(google: Google, zone: str) -> dict[tuple[str, str], Body]:
    return {
        (str(body["name"]), str(body["type"])): body
        for page in google.record_sets(zone)
        for body in page
    }


def _resources(desired: Desired, first: _Answers) -> dict[Ref, Observation]:
    """All that is there of the kinds that are declared, and what is declared and is not there."""
    found: dict[Ref, Observation] = {}
    for ref in desired.resources:
        answer = first["list", ref.kind, ref.location]
        found[ref] = answer if isinstance(answer, Unreadable) else ABSENT
    for key, answer in first.items():
        if key[0] == "list" and not isinstance(answer, Unreadable):
            found |= {ref: Live(body) for ref, body in answer.items()}
    return found


# The second round


def _further(google: Google, live: Mapping[Ref, Body], first: _Answers) -> _Reads:
    """What the live bodies lead on to."""
    reads: _Reads = {}
    for ref, body in live.items():
        match ref.kind:
            case "BackendService":
                reads |= _behind(google, ref, body)
            case "RunService":
                name = path(google.project, ref)
                reads["policy", str(ref)] = partial(google.run.policy, name)
                reads["revisions", str(ref)] = partial(google.run.revisions, name)
            case "SqlInstance":
                if network := _network(body):
                    reads["peerings", network] = partial(
                        google.service_networking.peerings, network
                    )
            case "TargetHttpsProxy" if body.get("certificateMap"):
                reads |= {
                    ("list", *at): partial(_listed, google, at) for at in _CERTIFICATE_MANAGER
                }
    secrets = first["secrets",]
    for name in () if isinstance(secrets, Unreadable) else secrets[:_MOST_SECRETS]:
        reads["versions", name] = partial(google.secrets.versions, name)
    return reads


def _behind(google: Google, ref: Ref, body: Body) -> _Reads:
    reads: _Reads = {}
    for link in _groups(body):
        reads["health", str(ref), link] = partial(_health_of, google, ref, link)
        if "/instanceGroups/" in link:
            reads["groups", link] = partial(_found, google, link)
    for field in ("securityPolicy", "edgeSecurityPolicy"):
        if policy := body.get(field):
            reads["policies", str(policy)] = partial(_found, google, str(policy))
    return reads


def _groups(body: Body) -> list[str]:
    backends: Any = body.get("backends") or ()
    return [str(backend["group"]) for backend in backends if backend.get("group")]


def _health_of(google: Google, ref: Ref, link: str) -> list[Body]:
    answer = google.compute.ask(
        "getHealth", scope_path(ref), "backendServices", ref.name, {"group": link}
    )
    said: Any = answer.get("healthStatus") or ()
    return [*said]


def _found(google: Google, link: str) -> Body | None:
    """What a link of Compute Engine's leads to; None where there is nothing."""
    _, project, *scope, collection, name = project_relative(link, google.project).split("/")
    if project != google.project:
        raise RemediateError(f"{link} is in another project")
    return google.api(Api.COMPUTE).get("/".join(scope), collection, name)


def _network(body: Body) -> str:
    settings: Any = body.get("settings") or {}
    return str((settings.get("ipConfiguration") or {}).get("privateNetwork") or "")


def _mapped(second: _Answers) -> dict[Ref, Observation]:
    """Certificate Manager's, where a proxy has a map."""
    lists = [answer for key, answer in second.items() if key[0] == "list"]
    return {
        ref: Live(body)
        for answer in lists
        if not isinstance(answer, Unreadable)
        for ref, body in answer.items()
    }


# What it all comes to


def _tuple(said: list[Body] | Unreadable) -> tuple[Body, ...] | Unreadable:
    return said if isinstance(said, Unreadable) else tuple(said)


def _services(live: Iterable[Ref]) -> list[Ref]:
    return [ref for ref in live if ref.kind == "RunService"]


def _health(
    live: Mapping[Ref, Body], second: _Answers
) -> dict[Ref, Mapping[str, tuple[Body, ...]] | Unreadable]:
    found: dict[Ref, Mapping[str, tuple[Body, ...]] | Unreadable] = {}
    for ref, body in live.items():
        if ref.kind != "BackendService":
            continue
        told = {link: _tuple(second["health", str(ref), link]) for link in _groups(body)}
        blind = [said for said in told.values() if isinstance(said, Unreadable)]
        seen = {link: said for link, said in told.items() if not isinstance(said, Unreadable)}
        found[ref] = blind[0] if blind else seen
    return found


def _observed(what: str, second: _Answers) -> dict[str, Observation]:
    return {key[1]: _observation(said) for key, said in second.items() if key[0] == what}


def _observation(said: Body | Unreadable | None) -> Observation:
    if said is None:
        return ABSENT
    return said if isinstance(said, Unreadable) else Live(said)


def _invokers(policy: Body | Unreadable) -> tuple[str, ...] | Unreadable:
    if isinstance(policy, Unreadable):
        return policy
    bindings: Any = policy.get("bindings") or ()
    return tuple(
        str(member)
        for binding in bindings
        if binding.get("role") == "roles/run.invoker"
        for member in binding.get("members") or ()
    )


def _secrets(
    names: list[str] | Unreadable, second: _Answers
) -> dict[str, tuple[Body, ...] | Unreadable]:
    if isinstance(names, Unreadable):
        return {"*": names}
    return {key[1]: _tuple(said) for key, said in second.items() if key[0] == "versions"}


def _metrics(
    desired: Desired, first: _Answers, project: str
) -> Iterator[tuple[tuple[Ref, str], Sample | Unreadable | None]]:
    for metric, (kind, label) in _METRICS.items():
        name, said = metric.partition("/")[2], first["metric", metric]
        for ref in (ref for ref in desired.resources if ref.kind == kind):
            if isinstance(said, Unreadable):
                yield (ref, name), said
                continue
            ours = {ref.name, f"{project}:{ref.name}"}
            about = [series for series in said if series.resource.get(label) in ours]
            yield (ref, name), _newest(about)
            if name == "request_count":
                yield from (((ref, f"{name}/{part}"), sample) for part, sample in _counted(about))


def _newest(series: list[Series]) -> Sample | None:
    """The newest points, summed over the series of one resource."""
    if not series:
        return None
    return Sample(sum(one.points[0][1] for one in series), max(one.points[0][0] for one in series))


def _counted(series: list[Series]) -> Iterator[tuple[str, Sample]]:
    """Requests of the last minutes, by `5xx` and by `REVISION/5xx`."""
    counts: dict[str, float] = defaultdict(float)
    newest = max((one.points[0][0] for one in series), default=None)
    for one in series:
        class_ = one.labels.get("response_code_class", "")
        total = sum(value for _at, value in one.points)
        counts[class_] += total
        counts[f"{one.resource.get('revision_name', '')}/{class_}"] += total
    for part, count in counts.items():
        if newest is not None:
            yield part, Sample(count, newest)
