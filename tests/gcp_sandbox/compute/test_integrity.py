"""Whatever clients do, no link ever dangles and every user is known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gcp_sandbox.compute.links import parse
from gcp_sandbox.sandbox import Sandbox
from gcp_sandbox.world import World
from tests.gcp_sandbox.client import PROJECT, Client
from tests.gcp_sandbox.compute.bodies import CHAIN

LINKED = {
    "global/backendServices": {"healthChecks": ["global/healthChecks/{}"]},
    "global/urlMaps": {"defaultService": "global/backendServices/{}"},
    "global/targetHttpProxies": {"urlMap": "global/urlMaps/{}"},
    "global/targetHttpsProxies": {
        "urlMap": "global/urlMaps/{}",
        "sslCertificates": ["global/sslCertificates/{}"],
        "sslPolicy": "global/sslPolicies/{}",
    },
    "global/forwardingRules": {
        "IPAddress": "global/addresses/{}",
        "target": "global/targetHttpProxies/{}",
    },
}
names = st.sampled_from(["a", "b"])


@st.composite
def calls(draw: Any) -> tuple[str, str, Any]:
    """An insert, a delete or a change of a link, of one of two names of every kind."""
    collection, name = draw(st.sampled_from(list(CHAIN))), draw(names)
    verb = draw(st.sampled_from(["POST", "POST", "POST", "DELETE", "setUrlMap", "setTarget"]))
    body = {
        field: [one.format(draw(names)) for one in link]
        if isinstance(link, list)
        else link.format(draw(names))
        for field, link in LINKED.get(collection, {}).items()
    }
    if verb == "DELETE":
        return verb, f"{collection}/{name}", None
    if verb == "setUrlMap":
        return (
            "POST",
            f"targetHttpProxies/{name}/setUrlMap",
            {"urlMap": f"global/urlMaps/{draw(names)}"},
        )
    if verb == "setTarget":
        target = {"target": f"global/targetHttpsProxies/{draw(names)}"}
        return "POST", f"global/forwardingRules/{name}/setTarget", target
    return verb, collection, CHAIN[collection] | body | {"name": name}


def links(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            if name not in ("selfLink", "selfLinkWithId", "usedBy", "users", "region"):
                yield from links(item)
    elif isinstance(value, list):
        for item in value:
            yield from links(item)
    elif isinstance(value, str) and value.startswith("https://www.googleapis.com/"):
        yield value


def faults(world: World) -> list[str]:
    """Links that lead nowhere, and users that are not known as such."""
    compute: Any = world.sections["compute"]
    found, used = [], set()
    for collection in compute.kinds:
        for place, body in compute.every(collection):
            for link in links(body):
                target = parse(link, PROJECT)
                assert target is not None
                used.add((target.path, place.path))
                kind = compute.kinds.get(target.collection)
                needed = kind is not None and not kind.is_surrounding
                if needed and compute.find(target) is None:
                    found.append(f"{place.path} -> {link}")
    known = {(path, user) for path, users in compute.users.items() for user in users}
    addresses = {(path, user) for path, user in known if "/addresses/" in path}
    return found + [str(pair) for pair in used ^ (known - addresses)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.lists(calls(), max_size=40))
def test_no_link_ever_dangles(
    core: Sandbox, client: Client, sequence: list[tuple[str, str, Any]]
) -> None:
    client.post("/_sandbox/reset")
    for verb, path, body in sequence:
        assert client.call(verb, path, body).status in {200, 400, 404, 409}
        assert core.call(faults) == []
    for collection in reversed(CHAIN):
        for name in "ab":
            assert client.call("DELETE", f"{collection}/{name}").status in {200, 404}
    assert client.get("/_sandbox/state", comparable=1)["compute"] == {}
