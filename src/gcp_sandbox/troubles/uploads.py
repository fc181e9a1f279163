"""Certificates that somebody uploads: expired, without their intermediate, of an unknown issuer.

`{"upload": name, "domains": […], "chain": "whole", "from": seconds ago, "until": seconds ago}`:
of the chain `whole`, its `leaf` alone, or a `foreign` one that leads to another root.
`"to": "certificatemanager"` puts it there; otherwise it takes the place of Compute's certificate
of that name, at every proxy that shows it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from gcp_sandbox.authority import Authority, Issued
from gcp_sandbox.errors import GoogleError
from gcp_sandbox.request import Body
from gcp_sandbox.troubles.calls import Calls

_COMPUTE: Final = "/compute/v1/projects/{}"
_MANAGER: Final = "/v1/projects/{}/locations/global/certificates"
_END: Final = "-----END CERTIFICATE-----\n"


def upload(calls: Calls, authority: Authority, project: str, step: Body) -> None:
    """Carry out such a step. Raises GoogleError."""
    name = step["upload"]
    issued = _issued(authority, step)
    if step.get("to") == "certificatemanager":
        pem = {"pemCertificate": issued.chain, "pemPrivateKey": issued.key}
        target = f"{_MANAGER.format(project)}?certificateId={name}"
        calls.make("POST", target, {"selfManaged": pem})
        return
    _replace(calls, project, name, issued)


def _issued(authority: Authority, step: Body) -> Issued:
    now = authority.world.clock.time()
    begins, ends = (datetime.fromtimestamp(now - step[it], UTC) for it in ("from", "until"))
    chain = step.get("chain", "whole")
    issued = authority.issue(
        step["domains"], begins, ends, intermediate=chain == "leaf", foreign=chain == "foreign"
    )
    if chain == "leaf":
        return Issued(issued.chain.partition(_END)[0] + _END, issued.key, issued.expires)
    return issued


def _replace(calls: Calls, project: str, name: str, issued: Issued) -> None:
    """Certificates never change: proxies show a copy while the other goes and comes."""
    at = f"{_COMPUTE.format(project)}/global/sslCertificates"
    body = {"certificate": issued.chain, "privateKey": issued.key, "type": "SELF_MANAGED"}
    calls.make("GET", f"{at}/{name}")
    proxies = _showing(calls, project, name)
    calls.make("POST", at, body | {"name": f"{name}-copy"})
    for proxy, links in proxies.items():
        _show(calls, project, proxy, [f"{it}-copy" if _is(it, name) else it for it in links])
    calls.make("DELETE", f"{at}/{name}")
    calls.make("POST", at, body | {"name": name})
    for proxy, links in proxies.items():
        _show(calls, project, proxy, links)
    calls.make("DELETE", f"{at}/{name}-copy")


def _showing(calls: Calls, project: str, name: str) -> dict[str, list[str]]:
    """The links of every proxy that has the certificate; raises 404 where it shows nowhere."""
    listed = calls.make("GET", f"{_COMPUTE.format(project)}/global/targetHttpsProxies")
    held = {it["name"]: it.get("sslCertificates", []) for it in listed.get("items", ())}
    found = {proxy: links for proxy, links in held.items() if any(_is(it, name) for it in links)}
    if not found:
        raise GoogleError(404, "notFound", f"No target HTTPS proxy shows the certificate {name}.")
    return found


def _is(link: str, name: str) -> bool:
    return link.rpartition("/")[2] == name


def _show(calls: Calls, project: str, proxy: str, links: list[str]) -> None:
    target = f"{_COMPUTE.format(project)}/targetHttpsProxies/{proxy}/setSslCertificates"
    calls.make("POST", target, {"sslCertificates": links})
