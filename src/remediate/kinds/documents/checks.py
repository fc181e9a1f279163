"""`Checks`: what each probe is asked, and what may be expected of what it sees."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from ipaddress import ip_address
from typing import Annotated, Any, Literal, TypeAlias, get_args
from urllib.parse import urlsplit

from pydantic import Field

from remediate.kinds.documents.complaints import Complaint, validated
from remediate.kinds.documents.lifecycle import Duration
from remediate.kinds.fields.pointers import pointer
from remediate.kinds.fields.rules import Fault, spelled, values, within
from remediate.kinds.fields.spec import Bool, Int, Spec, Text, Word
from remediate.kinds.registry import NAMES
from remediate.model.check import Check, ProbeName, guards
from remediate.model.errors import Place
from remediate.model.nearest import did_you_mean
from remediate.model.ref import Ref
from remediate.model.values import Template

AUTHORITATIVE = "authoritative"
_TYPES = Literal["A", "AAAA", "CAA", "CNAME", "DS", "MX", "NS", "PTR", "SRV", "TXT"]
_PORTS = (1, 65_535)
_LONGEST = 3600.0  # seconds
_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_HOST = re.compile(r"(\*\.)?([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)+[A-Za-z0-9-]*")

_Texts: TypeAlias = Annotated[list[Text], Field(json_schema_extra={"minItems": 1})]


class DnsAsks(Spec):
    """`resolvers` are IPs, or `authoritative`: every server that the zone is delegated to."""

    names: _Texts
    type: Annotated[_TYPES, Word] | None = None
    resolvers: _Texts | None = None


class DnsExpects(Spec):
    """`values` is all of the answer; an empty list: that there is none."""

    values: list[Text] | None = None
    sameEverywhere: Bool | None = None


class DelegationAsks(Spec):
    """Zones of this environment, as `DnsZone/name`."""

    zones: _Texts


class HttpAsks(Spec):
    """`connectTo` is an IP, and the port is that of the URL; without it the host is looked up."""

    urls: _Texts
    connectTo: Text | None = None
    method: Annotated[Literal["GET", "HEAD"], Word] | None = None


class HttpExpects(Spec):
    """`body` is a regular expression, to be found in it; `hsts` the least max-age."""

    status: list[Int] | None = None
    latency: Duration | None = None
    location: Text | None = None
    body: Text | None = None
    hsts: Duration | None = None


class TlsAsks(Spec):
    hosts: _Texts
    connectTo: Text | None = None


class TlsExpects(Spec):
    chain: Annotated[Literal["trusted", "any"], Word] | None = None
    covers: Annotated[Literal["all", "any"], Word] | None = None
    expiresAfter: Duration | None = None
    minVersion: Annotated[Literal["TLS_1_2", "TLS_1_3"], Word] | None = None


class WebSocketAsks(Spec):
    """`hold` is for how long it has to stay open."""

    url: Text
    connectTo: Text | None = None
    hold: Duration | None = None


class WebSocketExpects(Spec):
    upgraded: Bool | None = None
    echo: Bool | None = None
    within: Duration | None = None
    closeCode: Int | None = None


class PostgresqlAsks(Spec):
    """An IP; `allowPrivate` where it is one that the internet does not lead to."""

    address: Text
    port: Int | None = None
    allowPrivate: Bool | None = None


class CommandAsks(Spec):
    """`argv` is run as it is, by no shell, in the folder that holds `desired/`."""

    argv: _Texts
    timeout: Duration | None = None


class CommandExpects(Spec):
    exit: Int | None = None


class Nothing(Spec):
    """What is expected of this probe cannot be said otherwise."""


class Anyhow(Spec):
    """What every check may say besides its probe."""

    gates: list[Text] | None = None
    tags: list[Text] | None = None
    severity: Annotated[Literal["critical", "warn"], Word] | None = None


class DnsCheck(Anyhow):
    dns: DnsAsks
    expect: DnsExpects | None = None


class DelegationCheck(Anyhow):
    delegation: DelegationAsks
    expect: Nothing | None = None


class HttpCheck(Anyhow):
    http: HttpAsks
    expect: HttpExpects | None = None


class TlsCheck(Anyhow):
    tls: TlsAsks
    expect: TlsExpects | None = None


class WebSocketCheck(Anyhow):
    websocket: WebSocketAsks
    expect: WebSocketExpects | None = None


class PostgresqlCheck(Anyhow):
    postgresql: PostgresqlAsks
    expect: Nothing | None = None


class CommandCheck(Anyhow):
    command: CommandAsks
    expect: CommandExpects | None = None


CHECKS: dict[ProbeName, type[Anyhow]] = {
    "dns": DnsCheck,
    "delegation": DelegationCheck,
    "http": HttpCheck,
    "tls": TlsCheck,
    "websocket": WebSocketCheck,
    "postgresql": PostgresqlCheck,
    "command": CommandCheck,
}
PROBES: tuple[ProbeName, ...] = get_args(ProbeName)


def check(
    name: str,
    written: object,
    place: Place,
    declared: Collection[Ref] | None,
    complaints: list[Complaint],
) -> Check | None:
    """A check of a document's spec, or complaints; pointers begin at the document.

    `declared` is None where not all of that could be read, so that nothing is missing for sure.
    """
    at, before = pointer("spec", name), len(complaints)
    probe = _probe(name, written, complaints)
    if probe is None:
        return None
    body = validated(CHECKS[probe], written, at, complaints)
    if not _TAG.fullmatch(name):
        said = f"{name!r} is not a check's name: letters, digits, '.', '_' and '-'"
        complaints.append(Complaint(at, said, on_key=True))
    if body:
        complaints += [Complaint(at + where, said) for where, said in _faults(body)]
    if body and declared is not None:
        complaints += _gate_complaints(at, body, declared)
        complaints += _zone_complaints(at, body, declared)
    if any(not one.warning for one in complaints[before:]):
        return None
    return Check(
        name,
        probe,
        body[probe],
        body.get("expect", {}),
        tuple(body.get("gates", ())),
        tuple(body.get("tags", ())),
        body.get("severity", "critical"),
        place,
    )


def _probe(name: str, written: object, complaints: list[Complaint]) -> ProbeName | None:
    """The one probe of a check, which says what else may be written in it."""
    at = pointer("spec", name)
    if not isinstance(written, dict):
        validated(Anyhow, written, at, complaints)
        return None
    found: list[ProbeName] = [each for each in PROBES if each in written]
    if len(found) == 1:
        return found[0]
    known = {*PROBES, *Anyhow.model_fields, "expect"}
    for key in written.keys() - known:
        hint = did_you_mean(key, known)
        complaints.append(Complaint(at + pointer(key), f"unknown field `{key}`", hint, on_key=True))
    said = f"a check has one probe of {', '.join(PROBES)}, not {' and '.join(found) or 'none'}"
    complaints.append(Complaint(at, said))
    return None


def _gate_complaints(
    at: str, body: Mapping[str, Any], declared: Collection[Ref]
) -> Iterator[Complaint]:
    """A mistyped gate would hold nothing back, and nobody would notice.

    Only a warning where it can be what is left of something that has gone from the YAML.
    """
    for number, glob in enumerate(body.get("gates", ())):
        if not any(guards(glob, ref) or _names_a_record(glob, ref) for ref in declared):
            hint = did_you_mean(glob, map(str, declared))
            where = at + pointer("gates", number)
            said = f"`{glob}` matches nothing that is declared here"
            yield Complaint(where, said, hint, warning=glob.partition("/")[0] in NAMES)


def _names_a_record(glob: str, ref: Ref) -> bool:
    return ref.kind == "DnsZone" and glob.startswith(f"{ref}/")


def _faults(body: Mapping[str, Any]) -> Iterator[Fault]:
    """What types cannot say, by pointer in the check."""
    for pattern, (fits, what) in _FORMS.items():
        yield from spelled(body, pattern, fits, what)
    for pattern, (low, high, what) in _RANGES.items():
        yield from within(body, pattern, low, high, what)
    for pattern in _NOT_EMPTY:
        for at, found in values(body, pattern):
            if not found:
                yield at, "nothing is listed here, so nothing would be checked"


def _zone_complaints(
    at: str, body: Mapping[str, Any], declared: Collection[Ref]
) -> Iterator[Complaint]:
    zones = {str(ref) for ref in declared if ref.kind == "DnsZone"}
    for where, text in values(body, "/delegation/zones/*"):
        if text not in zones:
            said = f"`{text}` is no `DnsZone/name` of this environment"
            yield Complaint(at + where, said, did_you_mean(text, zones))


def _is_host(text: str) -> bool:
    return bool(_HOST.fullmatch(text.removesuffix(".") + "."))


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _resolves(text: str) -> bool:
    return text == AUTHORITATIVE or _is_ip(text)


def _is_socket(text: str) -> bool:
    try:
        socket_of(text)
    except ValueError:
        return False
    return True


def socket_of(text: str) -> tuple[str, int | None]:
    """IP and port of `203.0.113.10`, `203.0.113.10:443`, `2001:db8::1` or `[2001:db8::1]:443`."""
    if _is_ip(text):
        return text, None
    host, _, port = text.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    bracketed = host.startswith("[") and host.endswith("]")
    if not _is_ip(bare) or (":" in bare) is not bracketed or not port.isdecimal():
        raise ValueError(f"{text!r} is not an IP, with a port or without")
    if not _PORTS[0] <= int(port) <= _PORTS[1]:
        raise ValueError(f"{port} is no port")
    return bare, int(port)


def _is_url(scheme: str) -> Callable[[str], bool]:
    def fits(text: str) -> bool:
        try:
            url = urlsplit(text)
            _port = url.port
        except ValueError:
            return False
        plain = url.username is None and url.password is None and not url.fragment
        return url.scheme in {scheme, scheme + "s"} and bool(url.hostname) and plain

    return fits


def _compiles(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


_AN_IP = (_is_ip, "an IP")
_A_HOST = (_is_host, "a domain name")
_A_SOCKET = (_is_socket, "an IP, with a port or without")
_FORMS: dict[str, tuple[Callable[[str], object], str]] = {
    "/tags/*": (_TAG.fullmatch, "a tag: letters, digits, '.', '_' and '-'"),
    "/dns/names/*": _A_HOST,
    "/dns/resolvers/*": (_resolves, f"an IP, or `{AUTHORITATIVE}`"),
    "/http/urls/*": (_is_url("http"), "an http or https URL"),
    "/http/connectTo": _AN_IP,
    "/tls/hosts/*": _A_HOST,
    "/tls/connectTo": _A_SOCKET,
    "/websocket/url": (_is_url("ws"), "a ws or wss URL"),
    "/websocket/connectTo": _A_SOCKET,
    "/postgresql/address": _AN_IP,
    "/expect/body": (_compiles, "a regular expression"),
}
_RANGES: dict[str, tuple[float, float, str]] = {
    "/expect/status/*": (100, 599, "a status of HTTP"),
    "/expect/closeCode": (1000, 4999, "a close code"),  # RFC 6455 §7.4
    "/postgresql/port": (*_PORTS, "a port"),
    "/websocket/hold": (0, _LONGEST, "the seconds to hold it"),
    "/command/timeout": (1, _LONGEST, "the seconds that it may take"),
}
_NOT_EMPTY = (
    "/dns/names",
    "/dns/resolvers",
    "/delegation/zones",
    "/http/urls",
    "/tls/hosts",
    "/command/argv",
    "/expect/status",
)


def templates(value: Any) -> Iterator[Template]:  # noqa: ANN401 - any part of a check
    """What is known of it only once live is read."""
    if isinstance(value, Template):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from templates(item)
