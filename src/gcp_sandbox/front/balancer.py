"""From a request at a load balancer's address to its answer: Google's front end.

Host and path pick a redirect or a backend service from the URL map; Cloud Armor and the
Identity-Aware Proxy stand before the service; then its backends answer. What is not emulated
answers 501 and says so: buckets, functions, App Engine, endpoints on the internet.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Final
from urllib.parse import quote
from weakref import WeakSet

from gcp_sandbox.backends import application, armor, instances
from gcp_sandbox.backends.application import Answer
from gcp_sandbox.backends.websocket import Echo
from gcp_sandbox.compute.links import Place, parse
from gcp_sandbox.compute.section import Compute
from gcp_sandbox.compute.url_routing import route
from gcp_sandbox.front.redirect import redirected
from gcp_sandbox.front.selection import Selection, Spot
from gcp_sandbox.request import Body
from gcp_sandbox.server import Message, Reply
from gcp_sandbox.service import split_target

_log = logging.getLogger(__name__)
_LOGIN: Final = "https://accounts.google.com/o/oauth2/v2/auth"
_WHOLE: Final = 100
_SERVERLESS: Final = "SERVERLESS"


@dataclass(slots=True)
class Balancer:
    """Reads the state anew for every request, so that it follows each change at once."""

    selection: Selection
    _echoes: WeakSet[Echo] = field(default_factory=WeakSet)

    @property
    def _compute(self) -> Compute:
        return self.selection.compute

    def answer(self, spot: Spot, message: Message) -> Reply | Awaitable[Reply]:
        world = self._compute.world
        world.settle()
        try:
            answer = self._answer(spot, message)
        except Exception:  # noqa: BLE001 - a body that nobody checks so deeply, a regular expression
            _log.exception("no answer at %s", spot)
            answer = Answer(Reply(502, b"Server Error\n", "text/plain"))
        world.save()
        if isinstance(answer.reply.then, Echo):
            self._echoes.add(answer.reply.then)
        if message.method == "HEAD":
            answer.reply.body = b""
        return _later(answer) if answer.delay else answer.reply

    def cut_what_is_due(self) -> None:
        """End the WebSockets whose time is over on the clock."""
        for echo in list(self._echoes):
            echo.cut_if_due()

    def _answer(self, spot: Spot, message: Message) -> Answer:
        proxy = self.selection.proxy_at(spot)
        url_map = self._compute.find_path(proxy["urlMap"]) if proxy else None
        if url_map is None:
            return Answer(Reply(0, cut="reset"))  # whoever was here has gone
        host, path = message.headers.get("host", ""), split_target(message.target)[0]
        end = route(url_map, host, path)
        if end.redirect is not None:
            return Answer(redirected(end, host, message.target, secure=spot.secure))
        if end.abort is not None and self._strikes(float(end.abort.get("percentage", 0))):
            return Answer(Reply(int(end.abort["httpStatus"]), b"fault filter abort", "text/plain"))
        place = parse(end.service or "", "")
        service = self._compute.find(place) if place else None
        if place is None or service is None or place.collection != "backendServices":
            return _not_emulated(end.service or "a route without a service")
        return self._from(service, spot, replace(message, target=end.target(message.target)))

    def _strikes(self, percentage: float) -> bool:
        return self._compute.world.chance.below(_WHOLE) < percentage

    def _from(self, service: Body, spot: Spot, message: Message) -> Answer:
        visitor = armor.VISITORS[ip_address(spot.address).version]
        status = armor.denied(self._compute, service, visitor)
        if status is not None:
            return Answer(Reply(status, b"Forbidden\n", "text/html; charset=UTF-8"))
        if (service.get("iap") or {}).get("enabled"):
            return Answer(_login(service["iap"], message))
        answer = self._behind(service, message)
        answer.reply.headers |= _added(service)
        return answer

    def _behind(self, service: Body, message: Message) -> Answer:
        for backend in service.get("backends", ()):
            place = parse(backend["group"], "")
            if place is None:
                continue
            if place.collection == "instanceGroups":
                return Answer(instances.serve(self._compute.world, service, message))
            group = self._compute.find(place)
            if group is None:
                continue
            if group["networkEndpointType"] != _SERVERLESS or "cloudRun" not in group:
                return _not_emulated(place.path)
            return self._run(place, group["cloudRun"], message)
        return Answer(instances.nobody(service))

    def _run(self, group: Place, run: Body, message: Message) -> Answer:
        if "service" not in run:
            return _not_emulated(f"{group.path}, which has a URL mask")
        location = group.scope.rpartition("/")[2]
        name = f"projects/{group.project}/locations/{location}/services/{run['service']}"
        return application.serve(self._compute.world, name, run.get("tag", ""), message)


async def _later(answer: Answer) -> Reply:
    await asyncio.sleep(answer.delay)
    return answer.reply


def _not_emulated(what: str) -> Answer:
    text = f"This sandbox does not emulate {what.rpartition('/v1/')[2]}.\n"
    return Answer(Reply(501, text.encode(), "text/plain"))


def _login(iap: Body, message: Message) -> Reply:
    """The Identity-Aware Proxy sends whoever it does not know to log in."""
    back = quote(f"https://{message.headers.get('host', '')}{message.target}", safe="")
    client = quote(iap.get("oauth2ClientId", ""), safe="")
    location = f"{_LOGIN}?client_id={client}&response_type=code&scope=openid+email&state={back}"
    headers = {"Location": location, "X-Goog-IAP-Generated-Response": "true"}
    return Reply(302, b"", "text/html; charset=UTF-8", headers)


def _added(service: Body) -> dict[str, str]:
    """The headers that the front end adds to what a backend says."""
    added = {"Via": "1.1 google"}
    for line in service.get("customResponseHeaders") or ():
        name, _, value = line.partition(":")
        if "{" not in value:
            added[name.strip()] = value.strip().encode("latin-1", "replace").decode("latin-1")
    return added
