"""Documents held against the message types of Google's clients, as they are installed."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import pytest

from remediate.kinds.documents import google_types
from remediate.kinds.documents.complaints import Complaint
from remediate.kinds.documents.google_types import GoogleTypes
from remediate.model.errors import InvalidInput, Place
from remediate.model.ref import parse_ref
from remediate.model.resource import Lifecycle, Resource
from remediate.model.values import Template
from tests.cli.conftest import Desk
from tests.kinds.examples import examples
from tests.workbench import Workbench

COMPUTE = f"google-cloud-compute {version('google-cloud-compute')}: "


def judged(ref: str, spec: dict[str, Any]) -> list[Complaint]:
    resource = Resource(parse_ref(ref), spec, Lifecycle(), Place("", 1, 1))
    return [*GoogleTypes().judge(resource)]


@pytest.mark.parametrize(
    ("ref", "spec", "at", "said"),
    [
        ("UrlMap/m", {"defaultServise": "x"}, "/spec/defaultServise", "has no field"),
        (
            "UrlMap/m",
            {"pathMatchers": [{"name": "a", "pathRules": [{"paths": ["/"], "too": 1}]}]},
            "/spec/pathMatchers/0/pathRules/0/too",
            "has no field `too`",
        ),
        ("BackendService/b", {"timeoutSec": "soon"}, "/spec/timeoutSec", "is no integer"),
        ("BackendService/b", {"enableCDN": "yes"}, "/spec/enableCDN", "is no boolean"),
        ("BackendService/b", {"protocol": "HTPS"}, "/spec/protocol", "`HTPS` is no protocol"),
        ("ForwardingRule/f", {"IPProtocol": "TCPP"}, "/spec/IPProtocol", "is no IPProtocol"),
        ("ForwardingRule/f", {"labels": {"a": 1}}, "/spec/labels", "is no map to text"),
        ("UrlMap/m", {"hostRules": {"hosts": []}}, "/spec/hostRules", "a list was expected"),
        ("UrlMap/m", {"hostRules": ["x"]}, "/spec/hostRules/0", "HostRule is a mapping"),
        ("SslPolicy/s", {"customFeatures": [1]}, "/spec/customFeatures/0", "is no text"),
        (
            "RunService/us-central1/r",
            {"template": {"timeout": "5 minutes"}},
            "/spec/template/timeout",
            "is no Duration",
        ),
        (
            "RunService/us-central1/r",
            {"ingress": "INGRESS_ALL"},
            "/spec/ingress",
            "is no IngressTraffic",
        ),
        (
            "SqlInstance/s",
            {"settings": {"dataDiskSizeGb": "big"}},
            "/spec/settings/dataDiskSizeGb",
            "is no integer",
        ),
        (
            "SqlInstance/s",
            {"databaseVersion": "ORACLE"},
            "/spec/databaseVersion",
            "is no SqlDatabaseVersion",
        ),
        (
            "VpcConnector/us-central1/v",
            {"minInstances": 2.5},
            "/spec/minInstances",
            "is no integer",
        ),
    ],
)
def test_what_a_client_cannot_read_is_said_at_its_field(
    ref: str, spec: dict[str, Any], at: str, said: str
) -> None:
    (complaint,) = judged(ref, spec)
    assert complaint.pointer == at
    assert said in complaint.message


def test_every_fault_is_told_with_who_says_so_and_what_was_meant() -> None:
    spec = {"protocol": "HTTPX", "timeoutSek": 3, "loadBalancingScheme": "EXTERNAL"}
    first, second = judged("BackendService/b", spec)
    assert first.message == f"{COMPUTE}`HTTPX` is no protocol"
    assert first.hint == "did you mean `HTTP`?"
    assert second.message == f"{COMPUTE}BackendService has no field `timeoutSek`"
    assert second.on_key


def test_what_is_known_after_apply_fits_anywhere() -> None:
    reference = Template("${Address/a.address}")
    assert judged("ForwardingRule/f", {"IPProtocol": reference}) == []


@pytest.mark.parametrize(
    "name",
    [
        *("Address", "BackendService", "ForwardingRule", "HealthCheck", "NetworkEndpointGroup"),
        *("RunService", "SqlInstance", "SslCertificate", "SslPolicy", "TargetHttpProxy"),
        *("TargetHttpsProxy", "UrlMap", "VpcConnector"),
    ],
)
def test_our_own_examples_are_messages_that_google_knows(name: str) -> None:
    for example in examples(name):
        assert judged(f"{name}/x", dict(example.spec)) == []


def test_what_no_client_has_types_for_is_said_to_be_left_out() -> None:
    types = GoogleTypes()
    for ref in ("DnsZone/z", "Certificate/c", "Address/a"):
        assert [*types.judge(Resource(parse_ref(ref), {}, Lifecycle(), Place("", 1, 1)))] == []
    assert types.unheld == [parse_ref("DnsZone/z"), parse_ref("Certificate/c")]
    assert types.versions == {"google-cloud-compute": version("google-cloud-compute")}


def test_complaints_come_with_ours_and_at_their_lines(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(google_types, "_words", lambda _field: ["NOTHING"])
    workbench.copy_staging()
    (workbench.root / "desired/staging/odd.yaml").write_text(
        "apiVersion: remediate/v1\n"
        "kind: HealthCheck\n"
        "metadata: {name: odd}\n"
        "spec:\n"
        "  type: HTTP\n"
        "---\n"
        "apiVersion: remediate/v1\n"
        "kind: HealthCheck\n"
        "metadata: {name: odder}\n"
        "spec: {type: HTTPS, unheard: of}\n"
    )
    said = Desk(workbench, {}).type("validate", "--against-google")
    assert said.code == 9
    assert "odd.yaml:5:9" in said.err
    assert "`HTTP` is no type" in said.err
    assert "odd.yaml:10:" in said.err
    assert "unknown field `unheard`" in said.err


class TestTheVerb:
    def test_says_what_was_held_against_what(self, workbench: Workbench) -> None:
        workbench.copy_staging()
        said = Desk(workbench, {}).type("validate", "--against-google")
        assert said.code == 0, said
        assert "resources held against google-cloud-compute" in said.out
        assert "not held against any client, for there is none with types: DnsZone" in said.out

    def test_says_so_for_machines(self, workbench: Workbench) -> None:
        workbench.copy_staging()
        desk = Desk(workbench, {})
        found = desk.type("validate", "--against-google", "--json").json["against_google"]
        assert "UrlMap/staging-url-map" in found["held"]
        assert found["not_held"] == ["DnsZone/netrasystems-staging"]
        assert "against_google" not in desk.type("validate", "--json").json

    def test_without_the_extra_says_what_to_install(
        self, workbench: Workbench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        workbench.copy_staging()
        monkeypatch.setattr(google_types, "find_spec", lambda _module: None)
        said = Desk(workbench, {}).type("validate", "--against-google")
        assert said.code == 9
        assert "google-cloud-run" in said.err
        assert "pip install '.[google]'" in said.err
        assert "remediate[google]" not in said.err  # by that name PyPI has somebody else's
        with pytest.raises(InvalidInput, match="is not installed"):
            GoogleTypes()
        assert Desk(workbench, {}).type("validate").code == 0
