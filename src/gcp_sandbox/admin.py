"""`/_sandbox/`: what no cloud offers — its clock, its faults, its whole state."""

from __future__ import annotations

from gcp_sandbox import scenarios
from gcp_sandbox.authority import Authority
from gcp_sandbox.clock import rfc3339
from gcp_sandbox.errors import GoogleError
from gcp_sandbox.internet.section import internet_of
from gcp_sandbox.request import Body, Json, Request
from gcp_sandbox.service import ADMIN, Service

_SECRETS = frozenset({"privateKey"})


class Admin:
    """The admin paths; `ports` are filled in when the sockets listen."""

    def __init__(self, service: Service, authority: Authority, ports: dict[str, int]) -> None:
        self._service = service
        self._world = service.world
        self._authority = authority
        self._ports = ports

    def register(self) -> None:
        add = self._service.router.add
        add("GET", f"{ADMIN}info", self.info)
        add("GET", f"{ADMIN}clock", self.clock)
        add("POST", f"{ADMIN}clock:advance", self.advance)
        add("GET", f"{ADMIN}calls", self.calls)
        add("POST", f"{ADMIN}calls:reset", self.reset_calls)
        add("GET", f"{ADMIN}dial", self.dial)
        add("GET", f"{ADMIN}state", self.state)
        add("GET", f"{ADMIN}internet", self.internet)
        add("PATCH", f"{ADMIN}internet", self.merge)
        add("POST", f"{ADMIN}scenario/{{name}}", self.scenario)
        add("POST", f"{ADMIN}reset", self.reset)

    def info(self, _request: Request) -> Body:
        return {
            "project": self._world.options.project,
            "url": f"http://127.0.0.1:{self._ports['http']}",
            "ports": dict(self._ports),
            "ca": self._authority.certificate,
            "scenarios": scenarios.names(),
        }

    def clock(self, _request: Request) -> Body:
        """`now` in RFC 3339, `time` in seconds since the epoch, `offset` ahead of real time."""
        clock = self._world.clock
        return {"now": rfc3339(clock.now()), "time": clock.time(), "offset": clock.offset}

    def advance(self, request: Request) -> Body:
        seconds = request.body.get("seconds") if isinstance(request.body, dict) else None
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise GoogleError(400, "invalid", 'The clock takes {"seconds": N}.')
        try:
            self._world.clock.advance(seconds)
        except ValueError as refused:
            raise GoogleError(400, "invalid", f"{refused}.") from None
        self._world.settle()
        self._world.save(force=True)
        return self.clock(request)

    def calls(self, _request: Request) -> Body:
        return {"calls": list(self._service.calls)}

    def reset_calls(self, _request: Request) -> Body:
        self._service.calls.clear()
        return {}

    def dial(self, _request: Request) -> dict[str, str]:
        """Which loopback socket answers for which public one; no other address answers."""
        return {public: local for more in self._world.dials for public, local in more().items()}

    def state(self, request: Request) -> Body:
        comparable = request.query.get("comparable", "0").lower() in {"1", "true"}
        return self._world.comparable() if comparable else _masked(self._world.dump())

    def internet(self, _request: Request) -> Json:
        return _masked(internet_of(self._world).dump())

    def merge(self, request: Request) -> Body:
        """Merge into what no API owns, as at a registrar; answers what takes it back."""
        try:
            return internet_of(self._world).merge(request.body)
        except (AttributeError, TypeError, ValueError) as refused:
            raise GoogleError(400, "invalid", f"{refused}.") from None

    def scenario(self, request: Request) -> Body:
        self._world.populate(scenarios.read(request.params["name"]))
        self._service.faults.clear()
        return {"scenario": request.params["name"]}

    def reset(self, request: Request) -> Body:
        """Back to a scenario, `{"scenario": "empty"}` unless told; the calls are forgotten too."""
        wanted = request.body.get("scenario") if isinstance(request.body, dict) else None
        request.params["name"] = wanted or request.query.get("scenario") or "empty"
        answer = self.scenario(request)
        self._service.calls.clear()
        return answer


def _masked(value: Json) -> Json:
    """Without the private keys."""
    if isinstance(value, dict):
        return {
            name: "masked" if name in _SECRETS and isinstance(item, str) else _masked(item)
            for name, item in value.items()
        }
    return [_masked(item) for item in value] if isinstance(value, list) else value
