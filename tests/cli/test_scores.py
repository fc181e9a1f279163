"""A score instead of a verdict: what the incident's own plan takes for success, and we do not.

It counts six results, one of which is never assigned, and calls 80 % of them success.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from tests.cli.conftest import Desk
from tests.workbench import Workbench

URL_MAP = "compute/v1/projects/netra-staging/global/urlMaps/staging-url-map"
SUCCESS = 80.0


def scored(rows: dict[str, str | None]) -> tuple[float, str]:
    """As that plan counts: nothing ever sets the WebSocket's result."""
    results = {
        "dns_resolution": rows["DNS"] == "pass",
        "http_connectivity": rows["HTTP"] == "pass",
        "websocket_connectivity": False,
        "ssl_certificates": rows["certificate"] == "pass",
        "infrastructure_health": rows["infrastructure"] == "pass",
        "golden_path_success": rows["golden path"] == "pass",
    }
    rate = 100 * sum(results.values()) / len(results)
    return rate, "SUCCESSFUL" if rate >= SUCCESS else "INCOMPLETE"


@pytest.fixture
def without_websockets(workbench: Workbench) -> Desk:
    """All is as the YAML says, but that sends /ws to a backend that knows of none."""
    workbench.reset("staging")
    workbench.copy_staging()
    file = workbench.root / "desired" / "staging" / "backends.yaml"
    text = file.read_text()
    stream, to_ws = "staging-stream-backend", "path: /ws, service: "
    for was, now in (
        ("- {name: web, ", f"- {{name: web, pathRules: [{{paths: [/ws], service: {stream}}}], "),
        ("paths: [/stream, /stream/*]", "paths: [/stream, /stream/*, /ws]"),
        (f"{to_ws}staging-backend-service", f"{to_ws}{stream}"),
    ):
        assert was in text
        text = text.replace(was, now)
    file.write_text(text)
    live: Any = workbench.send("GET", URL_MAP)
    services = {str(live["defaultService"]), *_services(live)}
    stream = next(each for each in services if each.endswith("/staging-stream-backend"))
    for matcher in live["pathMatchers"]:
        matcher["pathRules"] = [
            *matcher.get("pathRules", []),
            {"paths": ["/ws"], "service": stream},
        ]
    workbench.send("PATCH", URL_MAP, {**live, "tests": []})
    return Desk(workbench, workbench.state())


def _services(live: Any) -> list[str]:
    return [rule["service"] for each in live["pathMatchers"] for rule in each.get("pathRules", [])]


def test_with_websockets_down_five_of_six_is_success_there_and_exit_3_here(
    without_websockets: Desk,
) -> None:
    desk = without_websockets
    checks = desk.bench.root / "desired" / "staging" / "checks.yaml"
    healthy = json.dumps([sys.executable, "-c", "print('GET /health: 200')"])
    words = "[python, desired/staging/golden_path.py]"
    assert words in checks.read_text()
    checks.write_text(checks.read_text().replace(words, healthy))
    said = desk.type("verify", "--allow-commands", "--json")
    rows = {row["row"]: row["verdict"] for row in said.json["table"]}
    rate, verdict = scored(rows)
    assert (round(rate, 1), verdict) == (83.3, "SUCCESSFUL")
    assert said.code == 3
    failing = {one["check"] for one in said.json["findings"] if one["verdict"] != "pass"}
    assert failing == {"websocket"}


def test_a_websocket_check_is_not_fooled_by_an_answer_of_health(without_websockets: Desk) -> None:
    """What that plan calls a WebSocket check is a GET of /health."""
    said = without_websockets.type("verify", "--check", "https", "--check", "websocket", "--json")
    https, socket = (
        [one for one in said.json["findings"] if one["check"] == name]
        for name in ("https", "websocket")
    )
    assert {one["facts"]["status"] for one in https} == {200}
    assert [one["facts"]["outcome"] for one in socket] == ["not_upgraded"]
