"""Target HTTP proxies: the URL map behind port 80.

Facts: the discovery document's `TargetHttpProxy`; `gcloud compute target-http-proxies update`
(528.0): a global proxy is patched, a regional one knows no patch and only its URL map changes.
"""

from __future__ import annotations

from collections.abc import Mapping

from remediate.kinds.facts import Compare, Removal, Replacement, Scope, Update, Verdict
from remediate.kinds.fields.rules import Fault, within
from remediate.kinds.fields.spec import Bool, Int, Spec, Text
from remediate.kinds.kind import Kind
from remediate.model.plan import Action, Undo


class TargetHttpProxy(Spec):
    description: Text | None = None
    httpKeepAliveTimeoutSec: Int | None = None
    proxyBind: Bool | None = None
    urlMap: Text


def check(spec: Mapping[str, object]) -> list[Fault]:
    return [*within(spec, "/httpKeepAliveTimeoutSec", 5, 1200, "the keep-alive in seconds")]


KIND = Kind(
    name="TargetHttpProxy",
    collection="targetHttpProxies",
    schema="TargetHttpProxy",
    spec=TargetHttpProxy,
    scopes=frozenset({Scope.GLOBAL, Scope.REGION}),
    links={"/urlMap": ("UrlMap",)},
    server_set=frozenset(
        {
            *("/kind", "/id", "/name", "/selfLink", "/creationTimestamp", "/region"),
            "/fingerprint",
        }
    ),
    immutable=frozenset({"/description", "/proxyBind"}),
    replacement=Replacement.BESIDE,
    defaults={"/httpKeepAliveTimeoutSec": 610},
    updates=(
        Update("patch", scopes=frozenset({Scope.GLOBAL})),
        Update("setUrlMap", ("urlMap",), Compare.NOTHING, frozenset({Scope.REGION})),
    ),
    outputs=frozenset({"selfLink", "id"}),
    removal=Removal.LATER,
    undo={
        Action.CREATE: Verdict(Undo.EXACT, "it is deleted again"),
        Action.UPDATE: Verdict(Undo.EXACT, "the old URL map is attached again while it exists"),
        Action.REPLACE: Verdict(Undo.EXACT, "the old proxy is set aside until `gc`"),
        Action.DELETE: Verdict(Undo.EXACT, "it is inserted again as it was"),
    },
    seconds=dict.fromkeys((Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE), 1.0),
    check=check,
)
