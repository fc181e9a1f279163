"""A client for the tests: one keep-alive connection, JSON in and out."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from gcp_sandbox.sandbox import Sandbox

PROJECT = "netra-staging"
COMPUTE = f"/compute/v1/projects/{PROJECT}"
LINK = f"https://www.googleapis.com/compute/v1/projects/{PROJECT}"


@dataclass
class Answer:
    status: int
    body: Any

    @property
    def reason(self) -> str:
        return str(self.body["error"]["errors"][0]["reason"])

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])


class Client:
    """Paths that do not start with `/` are below Compute's project."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Answer:
        target = path if path.startswith("/") else f"{COMPUTE}/{path}"
        target = quote(target, safe="/:?=&%")
        if query:
            target += "?" + urlencode(query)
        payload = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json"}
        self._connection.request(method, target, payload, headers)
        response = self._connection.getresponse()
        text = response.read()
        return Answer(response.status, json.loads(text) if text else None)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.call("GET", path, **query)
        assert answer.status == 200, answer.body
        return answer.body

    def post(self, path: str, body: Any = None, **query: Any) -> Any:
        answer = self.call("POST", path, {} if body is None else body, **query)
        assert answer.status == 200, answer.body
        return answer.body

    def done(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """A mutation, waited for; answers its finished operation."""
        answer = self.call(method, path, body, **query)
        assert answer.status == 200, answer.body
        operation = answer.body
        if operation["status"] != "DONE":
            link = operation["selfLink"].partition("/compute/v1")[2]
            operation = self.post(f"/compute/v1{link}/wait")
        assert operation["status"] == "DONE"
        assert "error" not in operation
        return operation

    def advance(self, seconds: float) -> None:
        self.post("/_sandbox/clock:advance", {"seconds": seconds})

    def close(self) -> None:
        self._connection.close()


def connect(sandbox: Sandbox) -> Client:
    return Client(sandbox.port)
