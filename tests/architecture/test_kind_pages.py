"""The pages of the kinds are made from the kinds, and say of them what their tables say."""

from __future__ import annotations

import pytest

from remediate.kinds.permissions import permissions
from remediate.kinds.registry import NAMES, kind
from tests.architecture import kind_pages


def test_there_is_a_page_for_every_kind_and_no_other() -> None:
    found = {path.name for path in kind_pages.FOLDER.iterdir()}
    assert found == {"README.md", *(f"{name}.md" for name in NAMES)}, "run `make docs`"


@pytest.mark.parametrize("name", ["README", *NAMES])
def test_no_page_is_stale(name: str) -> None:
    text = (kind_pages.FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert text == kind_pages.pages()[f"{name}.md"], "run `make docs`"


@pytest.mark.parametrize("name", NAMES)
def test_a_page_leaves_no_fact_out(name: str) -> None:
    facts, text = kind(name), kind_pages.page(kind(name))
    for field in facts.spec.model_fields:
        assert f"\n| `{field}` | " in text
    for verdict in facts.undo.values():
        assert verdict.why in text
    for call in facts.updates:
        assert f"`{call.method}`" in text
    for reason in facts.unsupported.values():
        assert reason in text
    for scope in facts.scopes:
        for names in permissions(facts, scope).values():
            assert all(f"`{name}`" in text for name in names)
    assert text.count("## Restarts") == bool(facts.restarts)


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("Address", "| `address` | text | refused |  |"),
        ("TargetHttpProxy", "global: by `patch`; regional: a new one beside it"),
        ("TargetHttpProxy", "global: by `patch`; regional: by `setUrlMap` | must be written |"),
        ("BackendService", "| `haPolicy.fastIPMove` | `DISABLED`, `GARP_RA` | deleted and insert"),
        ("BackendService", "| `logConfig.enable` | true or false |  | unwritten: `false` |"),
        ("HealthCheck", "| `httpHealthCheck` | object | by `patch` | unwritten: it goes |"),
        ("SslCertificate", "| `selfManaged.privateKey` | text |  | never read back"),
        ("ForwardingRule", "| `IPAddress` | [`Address`](Address.md); Google answers its `address`"),
        ("DnsZone", "| `records` | name → type → record set; `@` is the apex"),
        (
            "UrlMap",
            "| change in place | `compute.urlMaps.update` | `compute.regionUrlMaps.update` |",
        ),
        ("TargetHttpProxy", "| `compute.regionTargetHttpProxies.setUrlMap` |"),
        ("Address", "`compute.globalAddresses.createInternal` (for internal addresses)"),
        ("SqlInstance", "| read | `cloudsql.instances.list`, `cloudsql.instances.get` |"),
        ("SqlInstance", "| `settings.tier` | restarts the database"),
        ("RunService", "| link to what it needs | `vpcaccess.connectors.use` |"),
        ("CertificateMapEntry", "`certificatemanager.certmapentries.create`"),
        ("VpcConnector", "- When it is to go: set aside at once, and deleted by `remediate gc`"),
    ],
)
def test_a_row_says_what_the_kind_says(name: str, row: str) -> None:
    assert row in kind_pages.page(kind(name))
