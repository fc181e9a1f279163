"""Two hundred secrets that somebody has written where they should not be, and where they are."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.pipeline.test_secrets import key_and_certificate
from tests.workbench import REGION, document

_NUMBERS = count(1)


def canary() -> str:
    """Told by its looks alone, wherever it stands; no two are alike."""
    return f"c4N{next(_NUMBERS):03}Ary9Zq7Kw3Lm8Tp2"


def spellings(secret: str) -> set[str]:
    """As it could come out: plain, in JSON, in a URL, in base64 wherever it begins."""
    whole = base64.b64encode(secret.encode()).decode()
    return {secret, json.dumps(secret)[1:-1], quote(secret, safe=""), whole.rstrip("=")[:-2]}


class Aviary:
    """An environment full of them. `all` are the secrets, `webhooks` and PEM lines among them."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self.environ = {"ROOT_PASSWORD": self._new(), "GITHUB_TOKEN": f"ghs_{self._new()}"}
        self.spec = {
            "env": ["ROOT_PASSWORD"],
            "notify": [
                {"slack": f"https://hooks.slack.com/services/T0/B0/{self._new()}"}
                if n % 2
                else {"webhook": f"https://hook.example/in?token={self._new()}"}
                for n in range(20)
            ],
        }
        self.documents = [*self._documents()]

    def _new(self) -> str:
        self.all.append(canary())
        return self.all[-1]

    def _named(self, number: int, *names: str) -> list[dict[str, str]]:
        return [
            {"name": f"{names[n % len(names)]}_{n}", "value": self._new()} for n in range(number)
        ]

    def _documents(self) -> Iterator[dict[str, Any]]:
        key, certificate = key_and_certificate()
        self.all += [line for line in key.splitlines() if not line.startswith("-----")]
        pem = {"privateKey": key, "certificate": certificate}
        yield document("SslCertificate", "own", {"type": "SELF_MANAGED", "selfManaged": pem})
        yield document("HealthCheck", "ready", {"type": "HTTP", "httpHealthCheck": {"port": 80}})
        headers = [f"X-Api-Key-{n}: {self._new()}" for n in range(8)]
        answers = [f"X-Origin-{n}: {self._new()}" for n in range(6)]
        iap = {"enabled": True, "oauth2ClientId": "id", "oauth2ClientSecret": self._new()}
        backend = {"protocol": "HTTP", "loadBalancingScheme": "EXTERNAL_MANAGED", "iap": iap}
        backend |= {"customRequestHeaders": headers, "customResponseHeaders": answers}
        yield document("BackendService", "web", {**backend, "healthChecks": ["ready"]})
        yield document("UrlMap", "web", self._url_map())
        yield self.run_service()
        yield self.database()

    def _added(self, number: int) -> dict[str, Any]:
        return {
            "requestHeadersToAdd": [
                {"headerName": f"X-Key-{n}", "headerValue": self._new()} for n in range(number)
            ]
        }

    def _url_map(self) -> dict[str, Any]:
        rule = {"priority": 1, "service": "web", "headerAction": self._added(4)}
        rule["matchRules"] = [
            {
                "prefixMatch": "/",
                "headerMatches": [{"headerName": "X-In", "exactMatch": self._new()}],
            }
        ]
        matcher = {"name": "all", "defaultService": "web", "headerAction": self._added(4)}
        return {
            "defaultService": "web",
            "headerAction": self._added(4),
            "hostRules": [{"hosts": ["*"], "pathMatcher": "all"}],
            "pathMatchers": [{**matcher, "routeRules": [rule]}],
        }

    def run_service(self) -> dict[str, Any]:
        probe = {"path": "/", "httpHeaders": self._named(5, "Authorization", "X-Trace")}
        container = {
            "image": "us-docker.pkg.dev/cloudrun/container/hello",
            "env": self._named(130, "DB_PASSWORD", "MODE", "API_KEY", "URL"),
            "startupProbe": {"httpGet": probe},
        }
        spec = {"template": {"containers": [container]}}
        return document("RunService", "app", spec, location=REGION)

    def database(self) -> dict[str, Any]:
        flags = [
            {**flag, "name": flag["name"].lower()} for flag in self._named(12, "a.token", "b.x")
        ]
        settings = {"tier": "db-g1-small", "edition": "ENTERPRISE", "databaseFlags": flags}
        spec = {"databaseVersion": "POSTGRES_14", "region": REGION, "settings": settings}
        return document("SqlInstance", "shop", {**spec, "rootPassword": "${env.ROOT_PASSWORD}"})


def seen(secrets: Iterable[str], *places: tuple[str, str]) -> list[str]:
    """`secret in place` for every one that is there in some spelling."""
    return [
        f"{secret} in {name}: …{text[max(0, at - 60) : at + 60]!r}"
        for name, text in places
        for secret in secrets
        for spelling in spellings(secret)
        if (at := text.find(spelling)) >= 0
    ]


def written(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file that we have written; the YAML is the user's own."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "desired" not in path.relative_to(folder).parts:
            yield str(path), path.read_bytes().decode("utf-8", "replace")
