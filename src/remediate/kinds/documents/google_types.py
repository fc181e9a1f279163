"""Documents held against the message types of Google's own clients: a second opinion.

The clients are those of the extra `google`. Cloud DNS has none with types, and Certificate
Manager's is not among them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any, Final, TypeAlias

from remediate.gcp.api import Api
from remediate.kinds.documents.complaints import Complaint, described
from remediate.kinds.fields.pointers import pointer
from remediate.kinds.registry import kind
from remediate.model.errors import InvalidInput
from remediate.model.nearest import did_you_mean
from remediate.model.ref import Ref
from remediate.model.resource import Resource
from remediate.model.values import Template

Descriptor: TypeAlias = Any
"""Protobuf's of a message or of a field; published without types."""


@dataclass(frozen=True, slots=True)
class Client:
    """`module` holds the message types; `package` is what pip installs."""

    module: str
    package: str


CLIENTS: Final = {
    Api.COMPUTE: Client("google.cloud.compute_v1", "google-cloud-compute"),
    Api.RUN: Client("google.cloud.run_v2", "google-cloud-run"),
    Api.SQL: Client("google.cloud.sqladmin_v1beta4", "google-cloud-sql"),
    Api.VPC_ACCESS: Client("google.cloud.vpcaccess_v1", "google-cloud-vpc-access"),
}
_PREFIX: Final = "GoogleCloudRunV2"  # of Run's schemas in the discovery document alone
_WELL_KNOWN: Final = "google.protobuf."  # spelled in JSON in a way of its own: durations, wrappers
_FORMS: Final = {1: "integer", 2: "integer", 3: "integer", 4: "integer", 7: "boolean", 9: "text"}
"""By `FieldDescriptor.cpp_type`."""


@dataclass(slots=True)
class GoogleTypes:
    """Judges one resource after the other; `held` and `unheld` say which it could."""

    held: list[Ref] = field(default_factory=list)
    unheld: list[Ref] = field(default_factory=list)
    _messages: dict[str, Descriptor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises InvalidInput where a client is not installed."""
        missing = [each.package for each in CLIENTS.values() if not _is_installed(each.module)]
        if missing:
            raise InvalidInput(
                f"--against-google needs what is not installed: {', '.join(missing)}",
                hint="In a clone of the repository: `pip install '.[google]'`.",
            )

    @property
    def versions(self) -> dict[str, str]:
        """Of the clients that were asked, by package."""
        apis = {kind(ref.kind).api for ref in self.held}
        packages = [each.package for api, each in CLIENTS.items() if api in apis]
        return {package: version(package) for package in packages}

    def judge(self, resource: Resource) -> Iterator[Complaint]:
        """What Google's message type says against the spec, at the field that it is about."""
        facts = kind(resource.ref.kind)
        if facts.api not in CLIENTS:
            self.unheld.append(resource.ref)
            return
        self.held.append(resource.ref)
        client = CLIENTS[facts.api]
        known = f"{client.package} {version(client.package)}"
        descriptor = self._descriptor(client, facts.schema.removeprefix(_PREFIX))
        for one in _against(descriptor, resource.spec, "/spec"):
            yield Complaint(one.pointer, f"{known}: {one.message}", one.hint, one.on_key)

    def _descriptor(self, client: Client, schema: str) -> Descriptor:
        if schema not in self._messages:
            message = getattr(import_module(client.module), schema)
            self._messages[schema] = message.pb(message()).DESCRIPTOR
        return self._messages[schema]


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _against(descriptor: Descriptor, value: Mapping[str, object], at: str) -> Iterator[Complaint]:
    fields = {each.json_name: each for each in descriptor.fields}
    for name, item in value.items():
        here = at + pointer(name)
        if (known := fields.get(name)) is None:
            hint = did_you_mean(name, fields)
            yield Complaint(here, f"{descriptor.name} has no field `{name}`", hint, on_key=True)
        elif known.is_repeated and not _is_map(known):
            yield from _each(known, item, here)
        else:
            yield from _one(known, item, here)


def _each(known: Descriptor, value: object, at: str) -> Iterator[Complaint]:
    if not isinstance(value, list | tuple):
        yield Complaint(at, f"a list was expected, not {described(value)}")
        return
    for place, item in enumerate(value):
        yield from _one(known, item, at + pointer(place), item_of_list=True)


def _one(
    known: Descriptor, value: object, at: str, *, item_of_list: bool = False
) -> Iterator[Complaint]:
    below = known.message_type
    if below is not None and not _is_map(known) and not below.full_name.startswith(_WELL_KNOWN):
        if isinstance(value, Mapping):
            yield from _against(below, value, at)
        else:
            yield Complaint(at, f"{below.name} is a mapping, not {described(value)}")
        return
    if isinstance(value, Template):
        return  # what stands there is known after apply
    words = _words(known)
    if not _fits(known, [value] if item_of_list else value):
        hint = did_you_mean(value, words) if isinstance(value, str) else ""
        yield Complaint(at, f"{described(value)} is no {_form(known)}", hint)
    elif known.enum_type is None and words and isinstance(value, str) and value not in words:
        yield Complaint(at, f"`{value}` is no {known.json_name}", did_you_mean(value, words))


def _fits(known: Descriptor, value: object) -> bool:
    """Whether protobuf's own reader of JSON takes it as the value of the field."""
    json_format = import_module("google.protobuf.json_format")
    factory = import_module("google.protobuf.message_factory")
    try:
        message = factory.GetMessageClass(known.containing_type)()
        json_format.ParseDict({known.json_name: value}, message)
    except (json_format.ParseError, ValueError, TypeError):
        return False
    return True


def _form(known: Descriptor) -> str:
    if known.enum_type is not None:
        return str(known.enum_type.name)
    if _is_map(known):
        return f"map to {_form(known.message_type.fields_by_name['value'])}"
    if known.message_type is not None:
        wrapped = known.message_type.fields_by_name.get("value")
        return str(known.message_type.name) if wrapped is None else _form(wrapped)
    return _FORMS.get(known.cpp_type, "number")


def _words(known: Descriptor) -> list[str]:
    """What an enum may be; Compute Engine's are texts, and the type of the same name says which."""
    if known.enum_type is not None:
        return [word.name for word in known.enum_type.values]
    if known.cpp_type != known.CPPTYPE_STRING:
        return []
    spelled = known.json_name.lower()
    for each in known.containing_type.enum_types:
        if each.name.lower().replace("_", "").removesuffix("enum") == spelled:
            return [word.name for word in each.values if not word.name.startswith("UNDEFINED_")]
    return []


def _is_map(known: Descriptor) -> bool:
    below = known.message_type
    return below is not None and bool(below.GetOptions().map_entry)
