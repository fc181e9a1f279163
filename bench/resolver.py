"""A resolver in a process of its own: of ten names one does not exist and one is an alias.

Prints its UDP port, and serves until its input ends.
"""

from __future__ import annotations

import socket
import sys
import threading

HEADER = 12
A = b"\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4\xcb\0\x71\x0a"  # 300 s, 203.0.113.10
CNAME = b"\xc0\x0c\0\5\0\1\0\0\0\x3c\0\5\2lb\xc0\x0c"  # to lb.<name>
SOA = (
    b"\7example\0\0\6\0\1\0\0\1\x2c\0\x24\2ns\7example\0\1x\xc0\x0c"
    b"\0\0\0\1\0\0\x54\x60\0\0\x0e\x10\0\3\xf4\x80\0\0\1\x2c"
)


def main() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        server.bind(("127.0.0.1", 0))
        print(server.getsockname()[1], flush=True)
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        sys.stdin.read()


def serve(server: socket.socket) -> None:
    while True:
        query, sender = server.recvfrom(4096)
        server.sendto(reply(query), sender)


def reply(query: bytes) -> bytes:
    end = query.index(0, HEADER) + 5
    question = query[HEADER:end]
    label = question[1 : 1 + question[0]]
    if label.endswith(b"9"):
        return query[:2] + b"\x81\x83\0\1\0\0\0\1\0\0" + question + SOA
    if label.endswith(b"8"):
        at = (HEADER + len(question) + 12).to_bytes(2, "big")
        target = bytes((0xC0 | at[0], at[1]))
        return query[:2] + b"\x81\x80\0\1\0\2\0\0\0\0" + question + CNAME + target + A[2:]
    return query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + question + A


if __name__ == "__main__":
    main()
