"""Graphs as they are drawn; the text of staging is here in full, because people read it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from remediate.model.ref import Ref, record_ref
from remediate.pipeline.graph import Graph, graph, impact
from remediate.report.graph import graph_dot, graph_mermaid, graph_text, impact_text
from tests.cli.typed import typed
from tests.pipeline.documents import address, http_proxy, rule, sets, zone
from tests.workbench import REPOSITORY, Workbench, document

STAGING = """\
staging (project netra-staging): 17 resources, 2 record sets

DnsZone/netrasystems-staging
  api-staging.netrasystems.ai. A
    Address/staging-lb
      ForwardingRule/staging-http
        TargetHttpProxy/staging-http-proxy
          UrlMap/staging-http-redirect
      ForwardingRule/staging-https
        TargetHttpsProxy/staging-https-proxy
          SslCertificate/staging-ssl-cert
          SslPolicy/staging-tls
          UrlMap/staging-url-map
            BackendService/staging-backend-service
              NetworkEndpointGroup/us-central1/staging-backend-neg
                RunService/us-central1/netra-backend
                  SqlInstance/staging-shared-postgres
                  VpcConnector/us-central1/staging-connector
            BackendService/staging-stream-backend
              HealthCheck/staging-stream-health
  staging.netrasystems.ai. A
    Address/staging-lb (above)
  1 record set that leads to nothing declared here
"""
SMALL = """\
staging (project netra-staging): 1 resource, 0 record sets

Address/edge
"""


def small(workbench: Workbench, *documents: dict[str, Any]) -> Graph:
    workbench.write(*documents)
    return graph(workbench.load())


def test_staging_as_text(workbench: Workbench) -> None:
    workbench.copy_staging()
    desired = workbench.load()
    assert graph_text(graph(desired), desired) == STAGING


def test_one_resource_alone(workbench: Workbench) -> None:
    drawn = small(workbench, address())
    assert graph_text(drawn, workbench.load()) == SMALL
    nothing = "Nothing that is declared hangs on Address/edge.\n"
    assert impact_text(impact(drawn, Ref("Address", "edge"))) == nothing


@pytest.mark.parametrize("width", [60, 80])
def test_no_line_is_longer_than_the_page(workbench: Workbench, width: int) -> None:
    long = "n" * 20
    spec = {"networkEndpointType": "SERVERLESS", "cloudRun": {"service": "web"}}
    backend = {"protocol": "HTTPS", "backends": [{"group": f"NetworkEndpointGroup/{long}"}]}
    drawn = small(
        workbench,
        address(),
        rule(),
        http_proxy(),
        document("UrlMap", "main", {"defaultService": long}),
        document("BackendService", long, {"loadBalancingScheme": "EXTERNAL_MANAGED", **backend}),
        document("NetworkEndpointGroup", long, spec, location="northamerica-northeast1"),
        zone({"*." + ".".join(["l" * 9] * 3): sets("A", "${Address/edge.address}")}),
    )
    at = Ref("NetworkEndpointGroup", long, "northamerica-northeast1")
    texts = graph_text(drawn, workbench.load(), width) + impact_text(impact(drawn, at), width)
    names = [at for at in texts.splitlines() if " " not in at.strip()]  # these are never broken
    assert [line for line in texts.splitlines() if len(line) > width and line not in names] == []
    assert max(map(len, texts.splitlines())) <= 80


def test_a_long_chain_of_names_is_drawn(workbench: Workbench) -> None:
    records = {f"n{at}": sets("CNAME", f"n{at + 1}.example.com.") for at in range(1500)}
    drawn = small(workbench, zone({**records, "n1500": sets("A", "192.0.2.1")}))
    text = graph_text(drawn, workbench.load())
    assert "n1499.example.com. CNAME" in text
    assert max(map(len, text.splitlines())) <= 80


def test_dot_and_mermaid_draw_the_same_arrows(workbench: Workbench) -> None:
    workbench.copy_staging()
    drawn = graph(workbench.load())
    dot, mermaid = graph_dot(drawn), graph_mermaid(drawn)
    names = dict(re.findall(r'^  (n\d+)\["(.*)"\]$', mermaid, re.MULTILINE))
    assert [*names.values()] == [*map(str, drawn.nodes)]
    arrows = re.findall(r"^  (n\d+) --> (n\d+)$", mermaid, re.MULTILINE)
    told = re.findall(r'^  "(.*)" -> "(.*)";$', dot, re.MULTILINE)
    assert [(names[at], names[to]) for at, to in arrows] == told
    record = record_ref("netrasystems-staging", "staging.netrasystems.ai.", "A")
    assert (str(record), "Address/staging-lb") in told


def test_what_is_only_ordered_is_dashed(workbench: Workbench) -> None:
    later = address("later", dependsOn=["Address/edge"])
    drawn = small(workbench, address(), later)
    assert '"Address/later" -> "Address/edge" [style=dashed];' in graph_dot(drawn)
    assert "n2 -.-> n1" in graph_mermaid(drawn)


def test_the_command_needs_no_network() -> None:
    said = typed("graph", "-C", REPOSITORY)
    assert said.code == 0
    assert said.out.startswith("staging (project netra-staging)")
    for shape, start in {"dot": "digraph", "mermaid": "flowchart"}.items():
        assert typed("graph", "-C", REPOSITORY, "--format", shape).out.startswith(start)


def test_the_command_tells_what_hangs_on_one_thing() -> None:
    said = typed("graph", "-C", REPOSITORY, "--impact", "SslPolicy/staging-tls")
    assert said.code == 0
    assert "TargetHttpsProxy/staging-https-proxy\n" in said.out
    assert said.out.endswith("Hosts  api-staging.netrasystems.ai, staging.netrasystems.ai\n")


@pytest.mark.parametrize("mistake", ["Addres/staging-lb", "nothing", "Address/a/b/c"])
def test_a_mistyped_ref_is_invalid_input(mistake: str) -> None:
    said = typed("graph", "-C", REPOSITORY, "--impact", mistake)
    assert said.code == 9
    assert said.out == ""


def test_an_environment_that_is_not_there_is_invalid_input(tmp_path: Path) -> None:
    assert typed("graph", "-C", tmp_path).code == 9
