"""Who gets the requests: targets as they are wanted, and as they are once routed."""

from __future__ import annotations

from typing import Final

from gcp_sandbox.project import number
from gcp_sandbox.request import Body
from gcp_sandbox.run.shape import LATEST, REVISION
from gcp_sandbox.status import bad_field

_WHOLE: Final = 100
_CODES: Final = {
    "asia-east1": "de",
    "asia-northeast1": "an",
    "europe-west1": "ew",
    "us-central1": "uc",
    "us-east1": "ue",
    "us-east4": "uk",
    "us-west1": "uw",
}
"""How a host name abbreviates its region; of the others the initials serve."""


def prepared(targets: list[Body], name: str) -> list[Body]:
    """All to the latest ready revision unless said; the percents make a hundred. Raises 400."""
    if not targets:
        return [{"type": LATEST, "percent": _WHOLE}]
    whole = []
    for at, target in enumerate(targets):
        where = f"service.traffic[{at}]"
        by_name = bool(target.get("revision"))
        kind = target.get("type") or (REVISION if by_name else LATEST)
        if by_name != (kind == REVISION):
            raise bad_field(f"{where}.revision", "is for targets by revision, and needed there")
        named = {"revision": target["revision"].rpartition("/")[2]} if by_name else {}
        whole.append({**target, "type": kind, **named})
    percents = [target.get("percent", 0) for target in whole]
    if any(percent < 0 for percent in percents) or sum(percents) != _WHOLE:
        raise bad_field("service.traffic", f"percents of {name} must sum to {_WHOLE}")
    tags = [target["tag"] for target in whole if "tag" in target]
    if len(tags) != len(set(tags)):
        raise bad_field("service.traffic", "a tag must not be given twice")
    return whole


def named(targets: list[Body]) -> set[str]:
    """The revisions that targets name."""
    return {target["revision"] for target in targets if target.get("revision")}


def statuses(targets: list[Body], uri: str) -> list[Body]:
    """The same targets as they are served, those with a tag at a host of their own."""
    scheme, _, host = uri.partition("://")
    return [
        {**target, "uri": f"{scheme}://{target['tag']}---{host}"} if "tag" in target else target
        for target in targets
    ]


def uri(name: str) -> str:
    """The URL of service `name`: the same for the same project, region and service."""
    _, project, _, location, _, identity = name.split("/")
    code = _CODES.get(location) or "".join(word[0] for word in location.split("-"))
    return f"https://{identity}-{_token(project)}-{code}.a.run.app"


def urls(name: str) -> list[str]:
    _, project, _, location, _, identity = name.split("/")
    return [f"https://{identity}-{number(project)}.{location}.run.app", uri(name)]


def _token(project: str) -> str:
    digits, text = int(number(project)), ""
    while digits:
        digits, rest = divmod(digits, 32)
        text += "abcdefghijklmnopqrstuvwxyz234567"[rest]
    return f"{text:a<10}"[:10]
