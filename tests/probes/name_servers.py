"""Small name servers of our own, that say what a test wants, sense or nonsense."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from remediate.probes.dial import Dial

Said = bytes | Iterable[bytes] | None
Reply = Callable[[dns.message.Message], Said]


@dataclass(frozen=True)
class Speaks:
    """What a server says by datagram, and over TCP: None hangs up there."""

    udp: Reply
    tcp: Reply | None = None


def silence(_query: dns.message.Message) -> None:
    return None


def says(
    *records: str,
    authority: Iterable[str] = (),
    additional: Iterable[str] = (),
    rcode: str = "NOERROR",
    flags: str = "QR RA",
) -> Reply:
    """Records as in a zone file: `"staging.example. 300 IN A 192.0.2.1"`."""

    def reply(query: dns.message.Message) -> bytes:
        answer = dns.message.make_response(query)
        answer.flags = dns.flags.from_text(flags)
        answer.set_rcode(dns.rcode.from_text(rcode))
        for section, texts in (
            (answer.answer, records),
            (answer.authority, authority),
            (answer.additional, additional),
        ):
            for text in texts:
                owner, ttl, rrclass, rrtype, data = text.split(" ", 4)
                section.append(dns.rrset.from_text(owner, int(ttl), rrclass, rrtype, data))
        return answer.to_wire(max_size=65535)

    return reply


def by_question(answers: Mapping[tuple[str, str], Reply], otherwise: Reply) -> Reply:
    """By name and type."""

    def reply(query: dns.message.Message) -> Said:
        asked = query.question[0]
        key = asked.name.to_text().lower(), dns.rdatatype.to_text(asked.rdtype)
        return answers.get(key, otherwise)(query)

    return reply


@contextmanager
def name_servers(servers: Mapping[str, Speaks | Reply], host: str = "127.0.0.1") -> Iterator[Dial]:
    """Each at an address of its own, port 53 of the dial map."""
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        wake, woken = socket.socketpair()
        stack.enter_context(wake)
        stack.enter_context(woken)
        selector.register(woken, selectors.EVENT_READ, None)
        dial: dict[str, str] = {}
        for address, server in servers.items():
            spoken = server if isinstance(server, Speaks) else Speaks(server)
            udp, tcp = (stack.enter_context(it) for it in _sockets(host))
            selector.register(udp, selectors.EVENT_READ, spoken)
            selector.register(tcp, selectors.EVENT_READ, spoken)
            dial[_key(address)] = f"{_bracketed(host)}:{udp.getsockname()[1]}"
        thread = threading.Thread(target=_serve, args=(selector,), daemon=True)
        thread.start()
        try:
            yield Dial(lambda: dial)
        finally:
            wake.send(b"!")
            thread.join()


def closed_port() -> int:
    """One that nobody listens at."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _sockets(host: str) -> tuple[socket.socket, socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(20):
        tcp = socket.create_server((host, 0), family=family)
        udp = socket.socket(family, socket.SOCK_DGRAM)
        try:
            udp.bind((host, tcp.getsockname()[1]))
        except OSError:
            udp.close()
            tcp.close()
        else:
            return udp, tcp
    raise OSError("no port is free for UDP and TCP both")


def _serve(selector: selectors.BaseSelector) -> None:
    while True:
        for key, _ in selector.select():
            heard = key.fileobj
            assert isinstance(heard, socket.socket)
            if key.data is None:
                return
            if heard.type == socket.SOCK_DGRAM:
                wire, sender = heard.recvfrom(4096)
                for each in _said(key.data.udp, wire):
                    heard.sendto(each, sender)
            else:
                connection, _ = heard.accept()
                with connection:
                    _converse(connection, key.data.tcp)


def _converse(connection: socket.socket, reply: Reply | None) -> None:
    length = int.from_bytes(connection.recv(2), "big")
    wire = connection.recv(length)
    if reply is not None:
        for each in _said(reply, wire):
            connection.sendall(len(each).to_bytes(2, "big") + each)


def _said(reply: Reply, wire: bytes) -> Iterable[bytes]:
    said = reply(dns.message.from_wire(wire))
    return () if said is None else (said,) if isinstance(said, bytes) else said


def _key(address: str) -> str:
    return f"{_bracketed(address)}:53"


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
