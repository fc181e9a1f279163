"""An edge that does what a test wants: a socket at a documentation address, over real loopback."""

from __future__ import annotations

import socket
import ssl
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from remediate.probes.dial import Dial
from tests.probes.certificates import Shown

LB = "203.0.113.10"
LB6 = "2001:db8:10::1"
Meet = Callable[[socket.socket], None]


@contextmanager
def listening(meet: Meet, port: int = 443, address: str = LB) -> Iterator[Dial]:
    """`meet` is given each connection, one after the other, and may leave it as it likes."""
    loopback, family = ("::1", socket.AF_INET6) if ":" in address else ("127.0.0.1", socket.AF_INET)
    server = socket.create_server((loopback, 0), family=family)

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=_meet, args=(meet, connection), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    own, known = server.getsockname()[1], f"[{address}]" if ":" in address else address
    at = f"[{loopback}]:{own}" if ":" in address else f"{loopback}:{own}"
    try:
        yield Dial(lambda: {f"{known}:{port}": at})
    finally:
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def _meet(meet: Meet, connection: socket.socket) -> None:
    with connection, suppress(OSError):
        connection.settimeout(10)
        meet(connection)


@contextmanager
def nobody(port: int = 443) -> Iterator[Dial]:
    """A port that refuses."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        own = server.getsockname()[1]
    yield Dial(lambda: {f"{LB}:{port}": f"127.0.0.1:{own}"})


def secured(shown: Shown, then: Meet, **settings: ssl.TLSVersion) -> Meet:
    """Shake hands first, showing a certificate."""
    return with_context(context(shown, **settings), then)


def with_context(made: ssl.SSLContext, then: Meet) -> Meet:
    def meet(connection: socket.socket) -> None:
        with made.wrap_socket(connection, server_side=True) as it:
            then(it)

    return meet


def context(shown: Shown, **settings: ssl.TLSVersion) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for name, value in settings.items():
        setattr(made, name, value)
    made.set_ciphers("DEFAULT:@SECLEVEL=0")
    with tempfile.TemporaryDirectory() as folder:
        chain, key = Path(folder, "chain"), Path(folder, "key")
        chain.write_text(shown.chain)
        key.write_text(shown.key)
        made.load_cert_chain(chain, key)
    return made


def hang_up(_connection: socket.socket) -> None:
    pass


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def say_nothing(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def wait_for_end(connection: socket.socket) -> None:
    with suppress(OSError):
        say_nothing(connection)


def answer(data: bytes) -> Meet:
    """Take a request's head, and say this."""

    def meet(connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            more = connection.recv(4096)
            if not more:
                return
            head += more
        connection.sendall(data)

    return meet
