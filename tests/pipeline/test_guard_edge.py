"""Redirects, databases and addresses in use: what the world would see otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pipeline.documents import (
    PLAIN_EDGE,
    Document,
    address,
    certificate,
    http_proxy,
    https_proxy,
    rule,
    sets,
    url_map,
    zone,
)
from tests.workbench import Workbench, document

SERVED = document(
    "BackendService", "web", {"loadBalancingScheme": "EXTERNAL_MANAGED", "protocol": "HTTPS"}
)
BARE: dict[str, Any] = {"defaultUrlRedirect": {"hostRedirect": "x.example", "stripQuery": False}}
SECURE = [certificate(), https_proxy("brought"), rule("TargetHttpsProxy/secure", "443")]
GONE = {"onRemove": "delete"}


def objections(workbench: Workbench, name: str) -> list[tuple[str, str]]:
    made = workbench.plan(prune=True)
    return [(str(o.ref), o.message) for o in made.objections if o.rule == name]


LEADS = "ForwardingRule/port-80 leads http to https now, and would not any more, for {}"
REDIRECTS: dict[str, tuple[list[Document], list[tuple[str, str]]]] = {
    "nothing of it changes": (PLAIN_EDGE, []),
    "the map redirects to another host": (
        [address(), url_map(**BARE), http_proxy(), rule()],
        [("UrlMap/main", LEADS.format("all other hosts"))],
    ),
    "the proxy has another map": (
        [
            *(address(), url_map(), url_map("other", **BARE)),
            *(http_proxy(urlMap="other"), rule()),
        ],
        [("TargetHttpProxy/plain", LEADS.format("all other hosts"))],
    ),
    "the rule has another proxy that redirects too": (
        [
            *(address(), url_map(), http_proxy()),
            *(http_proxy("second"), rule("TargetHttpProxy/second")),
        ],
        [],
    ),
    "the rule has another proxy that does not": (
        [
            *(address(), url_map(), url_map("other", **BARE), http_proxy()),
            *(http_proxy("second", urlMap="other"), rule("TargetHttpProxy/second")),
        ],
        [("ForwardingRule/port-80", LEADS.format("all other hosts"))],
    ),
    "all of it goes": ([address()], []),
}


@pytest.mark.parametrize("world", REDIRECTS)
def test_a_redirect_to_https_does_not_go_unnoticed(workbench: Workbench, world: str) -> None:
    then, expected = REDIRECTS[world]
    first = [address(), url_map(lifecycle=GONE), http_proxy(lifecycle=GONE), rule(lifecycle=GONE)]
    workbench.write(*first)
    workbench.apply()
    workbench.write(*then)
    assert objections(workbench, "redirect-removed") == expected


def test_the_rule_on_port_80_goes_while_https_stays(workbench: Workbench) -> None:
    workbench.write(address(), url_map(), http_proxy(), rule(lifecycle=GONE), *SECURE)
    workbench.apply()
    workbench.write(address(), url_map(), http_proxy(), *SECURE)
    found = objections(workbench, "redirect-removed")
    assert found == [("ForwardingRule/port-80", LEADS.format("all other hosts"))]


def test_a_path_matcher_that_no_longer_redirects_is_named(workbench: Workbench) -> None:
    def routed(**to: Any) -> Document:
        matcher = {"name": "shop", "defaultUrlRedirect": {"stripQuery": False, **to}}
        hosts = [{"hosts": ["shop.example.com"], "pathMatcher": "shop"}]
        return url_map(hostRules=hosts, pathMatchers=[matcher])

    workbench.write(address(), routed(httpsRedirect=True), http_proxy(), rule())
    workbench.apply()
    workbench.write(address(), routed(hostRedirect="x.example"), http_proxy(), rule())
    found = objections(workbench, "redirect-removed")
    assert found == [("UrlMap/main", LEADS.format("path matcher shop"))]


def shop(**connections: Any) -> Document:
    settings = {"tier": "db-custom-1-3840", "ipConfiguration": connections}
    spec = {"databaseVersion": "POSTGRES_14", "region": "us-central1", "settings": settings}
    return document("SqlInstance", "shop", spec)


def networks(*texts: str) -> dict[str, Any]:
    return {"ipv4Enabled": True, "authorizedNetworks": [{"value": text} for text in texts]}


PRIVATE = {"ipv4Enabled": False, "privateNetwork": "projects/netra-staging/global/networks/vpc"}
DATABASES: dict[str, tuple[dict[str, Any] | None, dict[str, Any], str]] = {
    "a public address is switched on": (
        PRIVATE,
        {**PRIVATE, "ipv4Enabled": True},
        "a public IP address is switched on",
    ),
    "it is switched off": ({**PRIVATE, "ipv4Enabled": True}, PRIVATE, ""),
    "everybody may connect": (
        networks("192.0.2.0/24"),
        networks("192.0.2.0/24", "0.0.0.0/0"),
        "0.0.0.0/0 may connect",
    ),
    "a large network may connect": (networks(), networks("10.0.0.0/8"), "10.0.0.0/8 may connect"),
    "an office may connect": (networks(), networks("192.0.2.0/24"), ""),
    "everybody might connect before": (networks("0.0.0.0/0"), networks("0.0.0.0/0"), ""),
    "a new one that everybody may connect to": (
        None,
        networks("0.0.0.0/0"),
        "0.0.0.0/0 may connect",
    ),
    "a new one with a public address": (None, networks("192.0.2.0/24"), ""),
    "encryption is not needed any more": (
        {"ipv4Enabled": True, "sslMode": "ENCRYPTED_ONLY"},
        {"ipv4Enabled": True, "sslMode": "ALLOW_UNENCRYPTED_AND_ENCRYPTED"},
        (
            "connections need no more than ALLOW_UNENCRYPTED_AND_ENCRYPTED, "
            "and needed ENCRYPTED_ONLY"
        ),
    ),
    "encryption is needed from now on": (
        {"ipv4Enabled": True, "sslMode": "ALLOW_UNENCRYPTED_AND_ENCRYPTED"},
        {"ipv4Enabled": True, "sslMode": "ENCRYPTED_ONLY"},
        "",
    ),
}


@pytest.mark.parametrize("case", DATABASES)
def test_a_database_that_would_be_open_to_more_is_not_opened_just_so(
    workbench: Workbench, case: str
) -> None:
    first, then, why = DATABASES[case]
    if first is not None:
        workbench.write(shop(**first))
        workbench.apply(allow=["sql-public=as it was"])
    workbench.write(shop(**then))
    expected = [("SqlInstance/shop", f"SqlInstance/shop would be open to more: {why}")]
    assert objections(workbench, "sql-public") == (expected if why else [])


def test_a_rule_that_is_replaced_on_an_address_in_use_announces_its_gap(
    workbench: Workbench,
) -> None:
    names = zone({"www": sets("A", "${Address/edge.address}")})
    workbench.write(*PLAIN_EDGE, names)
    workbench.apply()
    workbench.write(address(), url_map(), http_proxy(), rule(description="another"), names)
    ((ref, message),) = objections(workbench, "rule-replaced")
    assert ref == "ForwardingRule/port-80"
    assert "nothing answers at 203.0.113." in message
    assert "port 80-80 for some 23 s, and www.example.com uses that address" in message


def test_a_rule_beside_another_on_its_address_announces_it_too(workbench: Workbench) -> None:
    workbench.write(*PLAIN_EDGE, *SECURE)
    workbench.apply()
    workbench.write(address(), url_map(), http_proxy(), rule(description="another"), *SECURE)
    ((_, message),) = objections(workbench, "rule-replaced")
    assert message.endswith("and the rule port-443 uses that address")


def test_a_rule_that_nobody_uses_is_replaced_without_a_word(workbench: Workbench) -> None:
    workbench.write(*PLAIN_EDGE)
    workbench.apply()
    workbench.write(address(), url_map(), http_proxy(), rule(description="another"))
    assert objections(workbench, "rule-replaced") == []
