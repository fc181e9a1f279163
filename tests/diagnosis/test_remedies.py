"""What a diagnosis tells people to type, typed: it works, and what it said of it was true."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from gcp_sandbox.gcloud import exports
from gcp_sandbox.sandbox import Sandbox
from remediate.gcp.google import connect_sandbox
from remediate.pipeline.load import load
from tests.cli.typed import Said, typed
from tests.diagnosis.breaking import break_it
from tests.diagnosis.conftest import Edge
from tests.diagnosis.test_unlisted_balancer import FAULTS
from tests.workbench import NAME, PROJECT, REPOSITORY, Workbench

ZONE = f"dns/v1/projects/{PROJECT}/managedZones/netrasystems-staging/rrsets"
API = "api-staging.netrasystems.ai."
GCLOUD = shutil.which("gcloud")


@dataclass(frozen=True)
class Night:
    """Somebody at three in the morning, with the YAML of staging and two command lines."""

    bench: Workbench

    def begin(self, fault: str = "") -> None:
        self.bench.reset("staging")
        self.bench.copy_staging()
        if fault:
            self.bench.fault(fault)

    def remediate(self, *words: str) -> Said:
        return typed("-C", self.bench.root, "--sandbox", self.bench.url, *words)

    def diagnosed(self) -> Any:
        return self.remediate("diagnose", "--json").json

    def root(self) -> Any:
        (root,) = self.diagnosed()["roots"]
        return root

    def type(self, line: str) -> int:
        """The line as it was printed; its exit code."""
        program, *words = shlex.split(line)
        if program == "remediate":
            return typed(*words).code
        assert program == "gcloud"
        if GCLOUD is None:
            pytest.skip("gcloud is not installed")
        own = {name: it for name, it in os.environ.items() if not name.startswith("CLOUDSDK_")}
        environ = own | exports(self.bench.url, PROJECT, self.bench.root / "gcloud")
        line = [GCLOUD, *words]
        return subprocess.run(line, env=environ, capture_output=True, check=False).returncode


@pytest.fixture
def night(running_sandbox: Sandbox, quick_folder: Path) -> Iterator[Night]:
    with TemporaryDirectory(dir=quick_folder) as folder:
        yield Night(Workbench(running_sandbox.url, Path(folder)))


def stand_in(night: Night, rrtype: str, *values: str) -> None:
    """Something else at the name of a record that is gone."""
    bench = night.bench
    bench.send("DELETE", f"{ZONE}/{API}/A")
    bench.send("POST", ZONE, {"name": API, "type": rrtype, "ttl": 300, "rrdatas": [*values]})
    bench.send("PATCH", "_sandbox/internet", {"caches": None})


def test_an_alias_in_a_records_place_gives_way_in_one_change(night: Night) -> None:
    night.begin()
    stand_in(night, "CNAME", "elsewhere.example.com.")
    root = night.root()
    assert root["layer"] == "dns.record"
    assert "CNAME to elsewhere.example.com. stands in its place" in root["evidence"][0]
    assert not root["auto"]["allowed"]
    assert night.type(root["fix"]["command"]) == 0
    night.bench.advance(root["fix"]["eta_s"])
    assert night.diagnosed()["verdict"] == "well"


def test_a_delegation_in_a_records_place_goes_first(night: Night) -> None:
    night.begin()
    stand_in(night, "NS", "ns1.example.com.", "ns2.example.com.")
    root = night.root()
    assert root["resource"].endswith(f"/{API}/NS")
    assert "A is missing too" in root["fix"]["text"]
    assert not root["auto"]["allowed"]
    for _ in range(2):
        root = night.root()
        assert night.type(root["fix"]["command"]) == 0
        night.bench.advance(root["fix"]["eta_s"])
    assert night.diagnosed()["verdict"] == "well"


def test_a_delegation_hides_a_record_that_is_there(night: Night) -> None:
    night.begin()
    bench = night.bench
    strange = {"name": API, "type": "NS", "ttl": 300, "rrdatas": ["ns1.example.com."]}
    bench.send("POST", ZONE, strange)
    bench.send("PATCH", "_sandbox/internet", {"caches": None})
    root = night.root()
    assert root["resource"].endswith(f"/{API}/NS")
    assert night.type(root["fix"]["command"]) == 0
    bench.advance(root["fix"]["eta_s"])
    assert night.diagnosed()["verdict"] == "well"


def test_a_zone_that_is_private_is_made_anew_with_all_that_it_holds(night: Night) -> None:
    night.begin("dns-zone-private")
    fix = night.root()["fix"]
    assert "the 3 record sets that the YAML lacks" in fix["text"]
    said = night.remediate(*shlex.split(fix["command"])[1:])
    (printed,) = yaml.safe_load_all(said.out)
    dns = night.bench.root / "desired" / "staging" / "dns.yaml"
    written = yaml.safe_load(dns.read_text())
    written["spec"]["records"] = printed["spec"]["records"]
    dns.write_text(yaml.safe_dump(written))
    fix = night.root()["fix"]
    assert night.type(fix["command"]) in {0, 3}  # no gate holds until the registrar follows
    told: Any = night.bench.send("GET", ZONE.rpartition("/")[0])
    named = {"netrasystems.ai.": {"nameServers": told["nameServers"]}}
    night.bench.send("PATCH", "_sandbox/internet", {"registrar": named})
    night.bench.advance(fix["eta_s"])
    assert night.diagnosed()["verdict"] == "well"


@pytest.mark.parametrize(
    "fault",
    [
        "bs-armor-denies",
        "bs-backend-refuses",
        "bs-healthcheck-firewalled",
        "bs-iap-enabled",
        "bs-timeout-cuts-websocket",
        "cert-map-overrides",
        "cert-provisioning-failed-permanently",
        "cert-provisioning-fresh",
        "cert-replaced-before-active",
        "dns-record-missing",
        "dns-record-wrong-ip",
        "dns-truncated-tcp-blocked",
        "run-bad-revision",
        "run-invoker-missing",
        "sql-auth-failed",
        "urlmap-host-missing",
        "vpc-connector-saturated",
    ],
)
def test_what_is_printed_mends_the_fault_in_the_time_that_is_told(fault: str, night: Night) -> None:
    night.begin(fault)
    fix = night.root()["fix"]
    assert night.type(fix["command"]) == 0, fix["command"]
    night.bench.advance(fix["eta_s"] or 0)
    assert night.diagnosed()["verdict"] == "well"


@pytest.mark.parametrize(
    "name",
    [
        "the rule is at another number",
        "the proxy is gone",
        "only TLS 1.3 is spoken",
        "the address is another number by now",
        "what is declared is gone, and another in its place",
        "what is declared was made again for one host",
        "a host is sent to another",
        "every request is aborted",
        "route rules in place of path rules send all to the instances",
        "port 80 sends elsewhere",
        "a backend that takes nothing",
        "the endpoint group asks for a tag",
        "the endpoint group is gone",
        "a firewall rule denies",
    ],
)
def test_what_is_printed_mends_what_nobody_listed_too(name: str, night: Night) -> None:
    night.begin()
    url = night.bench.url
    break_it(
        Edge(url, connect_sandbox(url, PROJECT), load(REPOSITORY, NAME, {})), FAULTS[name].steps
    )
    fix = night.diagnosed()["roots"][0]["fix"]
    assert night.type(fix["command"]) == 0, fix["command"]
    night.bench.advance((fix["eta_s"] or 0) + fix["then_at_most_s"])
    assert night.diagnosed()["verdict"] == "well"
