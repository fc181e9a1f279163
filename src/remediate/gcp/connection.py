"""A connection to one of Google's APIs: raw JSON out, raw JSON in."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit

import requests

from remediate.gcp.core import JSONConnection
from remediate.gcp.errors import Asked, NotFound, Transient, answered, one_line, unreachable
from remediate.gcp.retry import Patience
from remediate.model.clock import Clock
from remediate.model.errors import NotAuthorised
from remediate.model.failpoint import passing
from remediate.model.json import Body
from remediate.version import __version__

CONNECT, READ = 10.0, 60.0  # seconds
_IDS = ("requestId", "clientOperationId")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request as `-v` shows it. `status` is 0 when no answer came."""

    method: str
    url: str
    status: int
    milliseconds: float


OnExchange = Callable[[Exchange], None]


def anytime() -> None:
    """Whatever writes may be sent."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a request carries."""

    data: bytes
    kind: str = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever it says. `came` is when."""

    asked: Asked
    status: int
    headers: Mapping[str, str]
    content: bytes
    came: datetime

    def json(self) -> Body:
        """Its JSON object; raises the error of our tree for one of Google's."""
        return answered(self.asked, self.status, self.headers, self.content, self.came)


@dataclass(frozen=True, slots=True)
class Wire:
    """What the connections share.

    `may_write` is asked before each attempt to send what writes, and raises what forbids it.
    """

    session: requests.Session
    clock: Clock
    patience: Patience
    on_exchange: OnExchange | None = None
    reads_only: bool = False
    may_write: Callable[[], None] = anytime


class _Owner:
    """What google-cloud-core asks of the client that owns a connection."""

    def __init__(self, session: requests.Session) -> None:
        self._http = session
        self._credentials = getattr(session, "credentials", None)


class ApiConnection(JSONConnection):  # type: ignore[misc]  # google-cloud-core is untyped
    """google-cloud-core's connection, with our errors, our patience and no redirects."""

    API_VERSION: str = "v1"
    API_URL_TEMPLATE: str = "{api_base_url}/{api_version}{path}"
    API_NAME: str

    def __init__(self, wire: Wire, base_url: str) -> None:
        super().__init__(_Owner(wire.session))
        self.user_agent = f"remediate/{__version__}"
        self.API_BASE_URL = base_url.rstrip("/")
        self._wire = wire

    def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Body | None = None,
        *,
        repeatable: bool = False,
        asks: bool = False,
        read_timeout: float = READ,
    ) -> Body:
        """The JSON object that Google answers; `{}` for an empty answer.

        Reads, and what carries a `requestId` or `clientOperationId`, are tried again while that
        may help; so is a write that is `repeatable`, and a POST that only `asks` and changes
        nothing. Other writes are tried again only where Google has not looked at them: it asked
        for fewer, or was not there. Before each attempt to write the wire's `may_write` is asked.
        Raises ApiRefused and its kin, NotAuthorised, Unreachable.
        """
        # `{}` is a body too, and so is a list that is empty
        content = None if body is None else Content(json.dumps(body).encode())
        return self.exchange(
            method,
            path,
            query,
            content,
            Answer.json,
            repeatable=repeatable,
            asks=asks,
            wait=read_timeout,
        )

    def exchange(  # noqa: PLR0913 - all that a request is made of
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        content: Content | None,
        taken: Callable[[Answer], T],
        *,
        repeatable: bool = False,
        asks: bool = False,
        wait: float = READ,
    ) -> T:
        """What `taken` makes of the answer, whatever goes out and comes in; else as `call`."""
        if self._wire.reads_only and method != "GET":
            raise ValueError(f"{method} {path} writes, and this connection only reads")
        query = dict(query or {})
        url = self.build_api_url(path, query)
        asked = Asked(self.API_NAME, urlsplit(url).netloc, method, path)
        writes = asked.mutates and not asks

        def once() -> T:
            return taken(self._once(asked, url, content, wait, writes=writes))

        def once_only() -> T:
            try:
                return once()
            except Transient as failed:
                if failed.unheard:
                    raise
                raise failed.verdict from None

        safe = not writes or repeatable or any(name in query for name in _IDS)
        return self._wire.patience.run(once if safe else once_only)

    def find(self, path: str) -> Body | None:
        """What a GET answers; None where Google says that there is none."""
        try:
            return self.call("GET", path)
        except NotFound:
            return None

    def api_request(
        self,
        method: str,
        path: str,
        query_params: Mapping[str, str] | None = None,
        data: Body | None = None,
        **_more: object,
    ) -> Body:
        """For Google's own clients that are given this connection."""
        return self.call(method, path, query_params, data)

    def get_api_base_url_for_mtls(self, api_base_url: str | None = None) -> str:
        """Always the base URL we were given: no environment variable sends us elsewhere."""
        return api_base_url or self.API_BASE_URL

    def _once(
        self, asked: Asked, url: str, content: Content | None, read_timeout: float, *, writes: bool
    ) -> Answer:
        begun = time.perf_counter()
        status = 0
        if asked.mutates:
            passing("request.send.before")
        if writes:
            self._wire.may_write()
        try:
            response = self._make_request(
                asked.method,
                url,
                data=content.data if content else None,
                content_type=content.kind if content else None,
                timeout=(CONNECT, read_timeout),
            )
            status = response.status_code
        except requests.RequestException as error:
            raise _broken(asked, error, read_timeout) from None
        except _auth_errors() as error:
            raise _unauthorised(asked, error) from None
        finally:
            if self._wire.on_exchange:
                spent = (time.perf_counter() - begun) * 1000
                self._wire.on_exchange(Exchange(asked.method, url, status, spent))
        if asked.mutates:
            passing("request.send.after")
        now = self._wire.clock.now()
        return Answer(asked, status, response.headers, response.content, now)

    def _do_request(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        data: bytes | None,
        _target: object,
        timeout: float | tuple[float, float] = READ,
    ) -> requests.Response:
        response: requests.Response = self.http.request(
            method=method,
            url=url,
            headers=headers,
            data=data,
            timeout=timeout,
            allow_redirects=False,
        )
        return response


def _broken(asked: Asked, error: requests.RequestException, read_timeout: float) -> Exception:
    """What happened to the connection, told by the kinds of the causes, never by their text."""
    causes = tuple(_causes(error))

    def among(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    lasting = False
    if isinstance(error, requests.exceptions.ProxyError):
        what = "cannot be reached through the configured proxy"
    elif isinstance(error, requests.exceptions.SSLError):
        what, lasting = "did not prove who it is (TLS); is something in between?", True
    elif among(socket.gaierror):
        what = "cannot be found: its name does not resolve"
    elif isinstance(error, requests.exceptions.ConnectTimeout):
        what = f"did not accept a connection within {CONNECT:.0f} s"
    elif isinstance(error, requests.exceptions.Timeout):
        what = f"did not answer within {read_timeout:g} s"
    elif among(ConnectionRefusedError):
        what = "refused the connection"
    elif isinstance(
        error, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError
    ):
        what = "broke off in the middle of its answer"
    elif isinstance(error, requests.exceptions.ConnectionError):
        what = "closed the connection without an answer"
    else:
        what, lasting = f"could not be asked ({type(error).__name__})", True
    unsent = among(socket.gaierror, ConnectionRefusedError, requests.exceptions.ConnectTimeout)
    verdict = unreachable(asked, what, unsent=unsent)
    return verdict if lasting else Transient(verdict, unheard=unsent)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that urllib3 and requests wrapped in it."""
    yield error
    reason = getattr(error, "reason", None)
    for inner in (*error.args, reason, error.__cause__ or error.__context__):
        if isinstance(inner, BaseException):
            yield from _causes(inner)


def _auth_errors() -> tuple[type[Exception], ...]:
    """google-auth's errors, if a live session has loaded it."""
    module = sys.modules.get("google.auth.exceptions")
    return (module.GoogleAuthError,) if module else ()


def _unauthorised(asked: Asked, error: Exception) -> Exception:
    if type(error).__name__ == "TransportError":
        what = "was not asked, for Google's sign-in did not answer"
        return Transient(unreachable(asked, what, unsent=True), unheard=True)
    why = one_line(str(error.args[0] if error.args else error))
    return NotAuthorised(f"{asked} was not sent: the credentials were not renewed: {why}")
