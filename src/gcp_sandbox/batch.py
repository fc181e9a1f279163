"""Several requests in one: `POST /batch/compute/v1`, multipart/mixed.

https://cloud.google.com/compute/docs/api/how-tos/batch: every part is an HTTP request with a
Content-ID; its answer carries the same id behind `response-`.
"""

from __future__ import annotations

from email.message import Message as Mail
from email.parser import BytesParser
from inspect import isawaitable

from gcp_sandbox.errors import GoogleError
from gcp_sandbox.request import Request, Response
from gcp_sandbox.server import Malformed, Message, Reply, parse_head
from gcp_sandbox.service import Service

_BOUNDARY = "batch_gcp_sandbox"
_MOST_PARTS = 1000


def register(service: Service) -> None:
    async def batch(request: Request) -> Response:
        return await _answer(service, request)

    service.router.add("POST", "/batch/{api}/{version}", batch)
    service.router.add("POST", "/batch", batch)


async def _answer(service: Service, request: Request) -> Response:
    answers = []
    for part in _parts(request):
        reply = service.answer(_inner(part))
        if isawaitable(reply):
            reply = await reply
        answers.append(_encoded(part.get("Content-ID", ""), reply))
    answers.append(f"--{_BOUNDARY}--\r\n".encode())
    return Response(200, b"".join(answers), f"multipart/mixed; boundary={_BOUNDARY}")


def _parts(request: Request) -> list[Mail[str, str]]:
    content_type = request.headers.get("content-type", "")
    mail = BytesParser().parsebytes(
        b"Content-Type: " + content_type.encode("latin-1") + b"\r\n\r\n" + request.raw
    )
    parts = mail.get_payload() if mail.is_multipart() else None
    if not isinstance(parts, list):
        raise GoogleError(400, "badRequest", "Failed to parse batch request.", status_name=True)
    if len(parts) > _MOST_PARTS:
        raise GoogleError(
            400, "invalid", f"The batch request may hold at most {_MOST_PARTS} calls."
        )
    return [part for part in parts if isinstance(part, Mail)]


def _inner(part: Mail[str, str]) -> Message:
    payload = part.get_payload(decode=True)
    text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    text = text.lstrip().replace("\r\n", "\n")
    head, _, body = text.partition("\n\n")
    lines = head.split("\n")
    if lines[0].count(" ") == 1:
        lines[0] += " HTTP/1.1"
    try:
        message = parse_head("\r\n".join(lines))
    except Malformed:
        raise GoogleError(
            400, "badRequest", "Failed to parse batch request.", status_name=True
        ) from None
    message.body = body.strip().encode()
    return message


def _encoded(content_id: str, reply: Reply) -> bytes:
    inner_id = content_id.strip()
    response_id = f"<response-{inner_id.removeprefix('<').removesuffix('>')}>"
    head = (
        f"--{_BOUNDARY}\r\nContent-Type: application/http\r\nContent-ID: {response_id}\r\n\r\n"
    ).encode()
    return head + reply.encode(keep_alive=True) + b"\r\n"
