"""What is behind a backend service, judged: endpoints, ports, health checks, firewalls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from remediate.diagnosis.balancer import EXACT, SPREADS, applied, begin, differs
from remediate.diagnosis.edge import Edge, Fields
from remediate.diagnosis.firewalls import PROBERS, deciding, free_name, is_let_in
from remediate.diagnosis.layers import identity
from remediate.diagnosis.looks import BAD_GATEWAY, Works
from remediate.diagnosis.node import API, NOBODY, PROBE, Ailment, Judged, Remedy
from remediate.diagnosis.traffic import look_behind, names_as_meant
from remediate.kinds.bodies.links import project_relative
from remediate.model.json import Body
from remediate.model.observation import Absent, Live, Unreadable
from remediate.model.plan import Action
from remediate.model.ref import Ref

DATABASE = frozenset({"sql.instance", "sql.network", "sql.connections", "sql.auth"})
_BLOCKS = ("httpHealthCheck", "httpsHealthCheck", "http2HealthCheck", "tcpHealthCheck")


def judge_backends(edge: Edge) -> Iterator[Judged]:
    for ref in edge.of_kind("HealthCheck"):
        yield _health_check(edge, ref)
    for service in edge.of_kind("BackendService"):
        yield _backend(edge, service)


def healthy(edge: Edge, service: Ref) -> Works:
    """What Google's own health checks say of the declared backends, if any is there.

    None where there are no checks, or nobody knows.
    """
    told = edge.google.health.get(edge.live_ref(service))
    if told is None or isinstance(told, Unreadable):
        return None
    meant = {project_relative(link, edge.project) for link in _named_links(edge.wanted(service))}
    mine = [at for at in told if project_relative(at, edge.project) in meant]
    states = [each.get("healthState") for at in mine or told for each in told[at]]
    return all(state == "HEALTHY" for state in states) if states else None


def _users(edge: Edge, check: Ref) -> list[Ref]:
    return [
        service
        for service in edge.of_kind("BackendService")
        if check in [edge.ref(link) for link in edge.wanted(service).get("healthChecks") or ()]
    ]


# Health checks


def _health_check(edge: Edge, ref: Ref) -> Judged:
    node = begin(edge, "lb.health_check", ref)
    users = _users(edge, ref)
    states = [healthy(edge, service) for service in users]
    fine = None if None in states or not states else all(states)
    if (live := edge.live(ref)) is not None:
        wanted = edge.wanted(ref)
        told = _asks_otherwise(wanted, live)
        if told:
            differs(node, f"{ref} {told}", applied(ref, "have it ask as the YAML says"), fine)
        for service in users:
            _let_in(edge, node, service, live, fine=fine)
    return node


def _asks_otherwise(wanted: Body, live: Body) -> str:
    """In what a health check asks for something else than meant."""
    for block in _BLOCKS:
        meant, found = wanted.get(block), live.get(block)
        if not isinstance(meant, dict):
            continue
        if not isinstance(found, dict):
            return f"asks by {live.get('type')}, not by {wanted.get('type')}"
        for name, value in meant.items():
            if found.get(name) != value and name != "proxyHeader":
                return f"asks for {name} {found.get(name)}, not {value}"
    return ""


_NETWORK = "'<NETWORK>'"  # to be put in by whoever types it


def _let_in(edge: Edge, node: Judged, service: Ref, check: Body, *, fine: bool | None) -> None:
    """Whether firewall rules let Google's health checks come to the instances."""
    rules = edge.google.firewalls
    groups = [body for body in _groups(edge, service) if body is not None]
    if not any("/instanceGroups/" in link for link in _links(edge, service)):
        return
    if rules is None or isinstance(rules, Unreadable):
        why = rules.why if rules is not None else "they were not asked for"
        node.blind.append(f"firewall rules cannot be read: {why}")
        return
    network = str(groups[0].get("network") or "").rpartition("/")[2] if groups else ""
    port = _port(check, groups, edge.live(service) or {})
    shut = [probers for probers in PROBERS if not is_let_in(rules, probers, port, network)]
    if not shut:
        node.facts.append(f"firewalls let {' and '.join(PROBERS)} come to port {port}")
        return
    denying = next((rule for at in shut if (rule := deciding(rules, at, port, network))), {})
    priority = min(1000, int(str(denying.get("priority", 1001))) - 1)
    line = (
        f"gcloud compute firewall-rules create {free_name(rules)} --network={network or _NETWORK}"
        f" --direction=INGRESS --priority={priority} --allow=tcp:{port}"
        f" --source-ranges={','.join(PROBERS)} --project={edge.project}"
    )
    remedy = Remedy(
        "propose",
        "let Google's health checks come to the instances again",
        program=line,
        seconds=_rounds(check) + SPREADS,
        at_most=True,
        undo="exact: delete the firewall rule",
        takes="it changes who may come in",
    )
    told = f"no firewall rule lets {' and '.join(shut)} come to port {port} of the backends"
    told += f": the rule {denying['name']} denies it" if denying.get("name") else ""
    seen = NOBODY if fine is not False else PROBE
    node.ailments.append(Ailment(told, remedy, API | seen, contradicted=fine is True))


def _rounds(check: Body) -> int:
    every, times = (
        int(str(check.get(n) or d)) for n, d in (("checkIntervalSec", 5), ("healthyThreshold", 2))
    )
    return every * times


def _port(check: Body, groups: list[Body], service: Body) -> int:
    for block in _BLOCKS:
        found: Any = check.get(block) or {}
        if found.get("port"):
            return int(found["port"])
    return _named(groups, service) or 80


def _named(groups: list[Body], service: Body) -> int | None:
    """The number that a service's port name has in its groups; None where it has none."""
    for group in groups:
        ports: Any = group.get("namedPorts") or ()
        for each in ports:
            if each.get("name") == (service.get("portName") or "http"):
                return int(each["port"])
    return None


# What is behind


def _groups(edge: Edge, service: Ref) -> list[Body | None]:
    """The instance groups of a live service; None for one that is gone or cannot be read."""
    return [
        seen.body if isinstance(seen, Live) else None
        for link in _links(edge, service)
        if "/instanceGroups/" in link and (seen := _group(edge, link)) is not None
    ]


def _links(edge: Edge, service: Ref) -> list[str]:
    return _named_links(edge.live(service) or edge.wanted(service))


def _named_links(body: Fields) -> list[str]:
    groups = (one.get("group") for one in body.get("backends") or ())
    return [link for link in groups if isinstance(link, str)]


def _group(edge: Edge, link: str) -> Live | Absent | Unreadable | None:
    short = project_relative(link, edge.project)
    found = edge.google.groups
    return next((s for at, s in found.items() if project_relative(at, edge.project) == short), None)


def _backend(edge: Edge, service: Ref) -> Judged:
    checks = [edge.ref(link) for link in edge.wanted(service).get("healthChecks") or ()]
    run = edge.run_of(service)
    below = [identity("lb.backend_service", service)]
    below += [identity("lb.health_check", check) for check in checks if check]
    below += [identity("run.service", run)] if run else []
    if not run:
        of = edge.of_kind("SqlInstance")
        below += [identity(layer, ref) for ref in of for layer in sorted(DATABASE)]
    node = Judged("lb.backend", service, tuple(below))
    live = edge.live(service)
    if live is None:
        node.blind.append(edge.blind(service) or f"{service} does not exist")
        return node
    look = look_behind(edge, service)
    if run:
        _endpoints(edge, node, service, run, look.works)
    else:
        _instances(edge, node, service, live, look.works)
    if not node.ailments and not run and BAD_GATEWAY in look.statuses:
        told = f"{look.message}; nothing listens where the load balancer dials"
        remedy = Remedy("none", "look at what runs on the instances, and at which port")
        because = frozenset({"lb.health_check", "lb.backend_service", *DATABASE})
        node.ailments.append(Ailment(told, remedy, PROBE, because))
    return node


def _endpoints(edge: Edge, node: Judged, service: Ref, run: Ref, works: Works) -> None:
    """A serverless group names a service; nobody minds whether that exists.

    A group that nobody declared here is a matter of the backend service.
    """
    if not works and (why := edge.blind(run)):
        node.blind.append(f"what {service} leads to: {why}")
    for group in dict.fromkeys(_meant(edge, service)):
        body = edge.live(group)
        if body is None:
            if edge.is_absent(group):
                fix = applied(group, "make the endpoint group again", Action.CREATE)
                node.ailments.append(Ailment(f"{group} does not exist", fix, API))
            else:
                node.blind.append(edge.blind(group))
            continue
        cloud: Any = body.get("cloudRun") or {}
        if not names_as_meant(edge, group, run):
            tag = f" with the tag {cloud['tag']}" if cloud.get("tag") else ""
            fix = applied(service, "have the backend as the YAML says")
            targets = (str(service), *(str(g) for g in edge.of_kind("NetworkEndpointGroup")))
            fix = Remedy("apply", fix.text, targets, seconds=fix.seconds, at_most=True, undo=EXACT)
            told = f"{group} names {cloud.get('service')}{tag}, not {run.name}"
            differs(node, told, fix, works)
        else:
            node.facts.append(f"{group} names {run.name}")


def _meant(edge: Edge, service: Ref) -> Iterator[Ref]:
    """The declared endpoint groups that a service is to have."""
    for backend in edge.wanted(service).get("backends") or ():
        group = edge.ref(backend.get("group"))
        if group in edge.declared and group is not None and group.kind == "NetworkEndpointGroup":
            yield group


def _instances(edge: Edge, node: Judged, service: Ref, live: Body, works: Works) -> None:
    wanted = edge.wanted(service)
    seen = _groups(edge, service)
    groups = [body for body in seen if body is not None]
    name, meant = str(live.get("portName") or "http"), str(wanted.get("portName") or "http")
    fix = applied(service, f"have it dial the port named {meant}")
    if name != meant:
        differs(node, f"{service} dials the port named {name}, not {meant}", fix, works)
    elif not _is_as_meant(edge, service):
        node.facts.append("its groups are others than declared")
    elif groups and len(groups) == len(seen):
        number = _named(groups, live)
        checked = _checked(edge, service)
        told = f"no group of {service} has a port named {name}" if number is None else ""
        if number is not None and checked and number != checked:
            told = f"the port named {name} is {number}; health checks are for {checked}"
        if told:
            differs(node, told, _named_ports(edge, service, name, checked), works)
    elif not groups and seen:
        node.blind.append(f"the instance groups of {service} cannot be read")
    state = healthy(edge, service)
    if state is False:
        told = f"Google's health checks find the backends of {service} unhealthy"
        remedy = Remedy("none", "look at what runs on the instances")
        because = frozenset({"lb.health_check", "lb.backend_service", *DATABASE})
        node.ailments.append(Ailment(told, remedy, API, because, is_effect=True))
    elif state is None and isinstance(edge.google.health.get(edge.live_ref(service)), Unreadable):
        node.blind.append(f"the health of {service} cannot be read")
    elif state:
        node.facts.append("Google's health checks find it healthy")


def _is_as_meant(edge: Edge, service: Ref) -> bool:
    """Whether a service has the groups that it is to have; else it is to blame, and not they."""
    bodies = [edge.wanted(service), edge.live(service) or {}]
    told: Any = [body.get("backends") or () for body in bodies]
    meant, live = (
        {project_relative(str(one.get("group")), edge.project) for one in each} for each in told
    )
    return meant <= live


def _checked(edge: Edge, service: Ref) -> int | None:
    """The port that health checks are meant to ask; what they do ask is judged with them."""
    for link in edge.wanted(service).get("healthChecks") or ():
        check = edge.ref(link)
        body = edge.wanted(check) if check and check in edge.declared else {}
        for block in _BLOCKS:
            found: Any = body.get(block) or {}
            if found.get("port"):
                return int(found["port"])
    return None


def _named_ports(edge: Edge, service: Ref, name: str, port: int | None) -> Remedy:
    link = next((at for at in _links(edge, service) if "/instanceGroups/" in at), "")
    *_, zone, _collection, group = ["", "", *project_relative(link, edge.project).split("/")]
    line = (
        f"gcloud compute instance-groups set-named-ports {group} --zone={zone} "
        f"--named-ports={name}:{port or 'PORT'} --project={edge.project}"
    )
    text = f"name port {port or 'that the application listens at'} {name} again"
    undo = "exact: set the named ports as they were"
    return Remedy("propose", text, program=line, seconds=SPREADS, at_most=True, undo=undo)
