"""What a document of `Checks` may say: what each probe is asked, and what may be expected."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias, get_args

from pydantic import Field

from remediate.kinds.documents.lifecycle import Duration
from remediate.kinds.fields.spec import Bool, Int, Spec, Text, Word
from remediate.model.check import ProbeName

_TYPES = Literal["A", "AAAA", "CAA", "CNAME", "DS", "MX", "NS", "PTR", "SRV", "TXT"]

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
