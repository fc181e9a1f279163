"""What `gcloud … list|describe --format=json|yaml` printed, read as if it had been listed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from yaml import CSafeLoader, YAMLError, load_all

from remediate.kinds.bodies.links import ref_of
from remediate.kinds.registry import kind
from remediate.kinds.run_service_knative import from_knative, is_knative
from remediate.model.errors import Fault, InvalidInput, Place
from remediate.model.json import Body
from remediate.model.ref import Ref
from remediate.pipeline.inventory import Inventory

_ZONE, _RECORD_SET = "dns#managedZone", "dns#resourceRecordSet"


def gcloud_output(files: Mapping[str, bytes], project: str) -> Inventory:
    """The resources in these files; each body says what it is by `kind` and `selfLink`, or `name`.

    Record sets go to the zone, of those in the files, whose name theirs ends with. Raises
    InvalidInput, naming the file and the number of the body, for what is not of this project.
    """
    bodies = [(file, at, body) for file in files for at, body in _bodies(file, files[file])]
    live: dict[Ref, Body] = {}
    remarks: dict[Ref, list[str]] = {}
    faults: list[Fault] = []
    for file, at, body in bodies:
        if body.get("kind") == _RECORD_SET:
            continue
        try:
            ref, answered, left = _read(body, project)
        except ValueError as error:
            faults.append(Fault(Place(file, 1, 1), f"body {at}: {error}"))
        else:
            live[ref], remarks[ref] = kind(ref.kind).seen(answered), left
    zones = {str(body["dnsName"]): ref.name for ref, body in live.items() if ref.kind == "DnsZone"}
    sets: dict[str, list[Body]] = {name: [] for name in zones.values()}
    for file, at, body in bodies:
        if body.get("kind") == _RECORD_SET:
            apex = _zone_of(str(body.get("name")), zones)
            if not (isinstance(body.get("ttl"), int) and isinstance(body.get("type"), str)):
                faults.append(Fault(Place(file, 1, 1), f"body {at}: no type, or no ttl"))
            elif apex is None:
                hint = "add the output of `gcloud dns managed-zones list --format=json`"
                message = f"body {at}: no zone here is that of {body.get('name')}"
                faults.append(Fault(Place(file, 1, 1), message, hint))
            else:
                sets[zones[apex]].append(body)
    if faults:
        raise InvalidInput(faults=faults)
    return Inventory(live, sets, remarks=remarks)


def _bodies(file: str, data: bytes) -> Iterator[tuple[int, Body]]:
    """Every body of a file, counted from 1; JSON is YAML too."""
    try:
        documents = [*load_all(data, CSafeLoader)]
    except (YAMLError, UnicodeDecodeError, ValueError) as error:
        said = " ".join(str(error).split())
        raise InvalidInput(faults=[Fault(Place(file, 1, 1), f"cannot be read: {said}")]) from None
    items = [one for each in documents for one in (each if isinstance(each, list) else [each])]
    for at, item in enumerate(items, 1):
        if not isinstance(item, dict):
            hint = "print it with --format=json"
            raise InvalidInput(faults=[Fault(Place(file, 1, 1), f"body {at} is no body", hint)])
        yield at, item


def _read(body: Body, project: str) -> tuple[Ref, Body, list[str]]:
    """What a body is of, itself as our APIs answer it, and what that leaves out.

    Raises ValueError for what is nothing of ours.
    """
    left: list[str] = []
    if is_knative(body):
        body, left = from_knative(body, project)
    if body.get("kind") == _ZONE:
        ref = Ref("DnsZone", str(body.get("name"))) if body.get("dnsName") else None
    else:  # the newer APIs have no self links: their names are whole
        ref = ref_of(str(body.get("selfLink") or body.get("name") or ""), project)
    if ref is None:
        named = str(body.get("selfLink") or body.get("name") or "it")
        raise ValueError(f"{named} is nothing of {project} that can be imported")
    return ref, body, left


def _zone_of(fqdn: str, apexes: Iterable[str]) -> str | None:
    around = [apex for apex in apexes if fqdn == apex or fqdn.endswith("." + apex)]
    return max(around, key=len, default=None)
