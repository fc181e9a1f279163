"""Who we are to Google: one session, its credentials, and the hosts it may talk to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

import requests
from requests.adapters import HTTPAdapter

from remediate.gcp.errors import one_line
from remediate.model.errors import InvalidInput, NotAuthorised, Unreachable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests import PreparedRequest, Response

POOL = 32
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class _Gate(HTTPAdapter):
    """Lets requests through to the hosts it knows and to nobody else, whatever a body says."""

    def __init__(self, *, loopback: bool) -> None:
        super().__init__(pool_connections=8, pool_maxsize=POOL, pool_block=True)
        self._loopback = loopback

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 - as requests has it
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,  # noqa: FBT001, FBT002 - as requests has it
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        check = check_loopback if self._loopback else check_google
        check(request.url or "")
        return super().send(request, stream, timeout, verify, cert, proxies)


def check_google(url: str) -> None:
    """Raises InvalidInput unless the URL is one of Google's APIs over TLS."""
    parts = urlsplit(url)
    if parts.scheme != "https":
        raise InvalidInput(f"refused to send credentials over plain {parts.scheme or 'text'}")
    if not f".{parts.hostname or ''}".endswith(".googleapis.com"):
        raise InvalidInput(f"refused to send credentials to {parts.hostname}: it is not Google's")


def check_loopback(url: str) -> None:
    """Raises InvalidInput unless the URL is that of a sandbox on this machine."""
    parts = urlsplit(url)
    at_home = parts.hostname in _LOOPBACK and not parts.username and _has_port(parts)
    if parts.scheme != "http" or not at_home:
        raise InvalidInput(
            f"{url!r} is not a sandbox: only http on loopback is (http://127.0.0.1:PORT)",
            hint="`remediate sandbox serve` prints the URL of one; --sandbox alone needs none.",
        )


def _has_port(parts: SplitResult) -> bool:
    try:
        return parts.port is not None
    except ValueError:  # out of range
        return False


def sandbox_session() -> requests.Session:
    """A session without credentials, so that none can leak, for loopback only.

    google-auth is not even loaded: that saves a third of the imports of a plan.
    """
    session = requests.Session()
    session.trust_env = False  # no proxy, no netrc
    session.mount("http://", _Gate(loopback=True))
    session.mount("https://", _Gate(loopback=True))
    return session


def live_session(
    *, impersonate: str | None = None, quota_project: str | None = None
) -> requests.Session:
    """The user's application default credentials on one session, refreshed before it is used.

    Raises NotAuthorised if there are none, or if Google does not take them.
    """
    import google.auth  # never for a sandbox
    from google.auth.exceptions import (
        GoogleAuthError,
        TransportError,
    )

    try:
        credentials, _project = google.auth.default(scopes=[_SCOPE], quota_project_id=quota_project)
        if impersonate:
            credentials = _impersonated(credentials, impersonate, quota_project)
        return _authorised(credentials)
    except TransportError as error:
        raise Unreachable(f"Google's sign-in did not answer: {one_line(str(error))}") from None
    except GoogleAuthError as error:
        raise NotAuthorised(f"no usable credentials: {_why(error)}") from None
    except (AttributeError, OSError, TypeError, ValueError):
        # what google-auth lets through for a file that is JSON but nothing it knows
        raise NotAuthorised("no usable credentials: their file makes no sense") from None


def _impersonated(credentials: object, account: str, quota_project: str | None) -> Any:  # noqa: ANN401 - google-auth has no types
    from google.auth import impersonated_credentials

    return impersonated_credentials.Credentials(  # type: ignore[no-untyped-call]  # google-auth's
        source_credentials=credentials,
        target_principal=account,
        target_scopes=[_SCOPE],
        quota_project_id=quota_project,
    )


def _authorised(credentials: Any) -> requests.Session:  # noqa: ANN401 - google-auth has no types
    from google.auth.transport.requests import (
        AuthorizedSession,
        Request,
    )

    if not credentials.valid:
        credentials.refresh(Request())
    session: requests.Session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]  # google-auth's
    session.auth = lambda request: request  # a netrc entry never replaces the token
    session.mount("https://", _Gate(loopback=False))
    session.mount("http://", _Gate(loopback=False))
    return session


def _why(error: Exception) -> str:
    """Google's words without the JSON that some errors of google-auth carry along."""
    return one_line(str(error.args[0] if error.args else error))
