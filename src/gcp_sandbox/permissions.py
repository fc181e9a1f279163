"""Which permission a request needs, by its path: API, collection and what is done to it.

https://cloud.google.com/iam/docs/permissions-reference
"""

from __future__ import annotations

import re
from typing import Final

_APIS: Final = (
    (r"/(?:batch/)?compute/", "compute"),
    (r"/dns/", "dns"),
    (r"/(?:upload/|resumable/upload/)?storage/", "storage"),
    (r"/v3/projects/[^/]+/timeSeries", "monitoring"),
    (r"/v2/|/apis/", "run"),
    (r"/v1/services/", "servicenetworking"),
    (r"/v1/projects/[^/]+/secrets", "secretmanager"),
    (r"/v1/projects/[^/]+/locations/[^/]+/connectors", "vpcaccess"),
    (r"/v1/projects/[^/]+/locations/[^/]+/(?:cert|dnsAuth)", "certificatemanager"),
    (r"/(?:sql/v1beta4|v1)/projects/[^/]+/(?:instances|operations|backups)", "cloudsql"),
)
_SPELLED: Final = {"rrsets": "resourceRecordSets", "b": "buckets", "o": "objects"}
_VERBS: Final = {"POST": "create", "PATCH": "update", "PUT": "update", "DELETE": "delete"}
_SCOPED: Final = frozenset({"regions", "zones", "locations", "namespaces"})


def needed(method: str, path: str) -> str:
    """`compute.urlMaps.list` for `GET /compute/v1/projects/p/global/urlMaps`."""
    api = next((name for pattern, name in _APIS if re.match(pattern, path)), "resourcemanager")
    parts = [part.partition(":")[0] for part in path.strip("/").split("/")]
    after = parts[parts.index("projects") + 2 :] if "projects" in parts else parts[-2:]
    while after and (after[0] in _SCOPED or after[0] in {"global", "aggregated"}):
        after = after[2:] if after[0] in _SCOPED else after[1:]
    if not after:
        return f"{api}.projects.get"
    named = len(after) % 2 == 0
    collection = after[-2] if named else after[-1]
    verb = _VERBS.get(method) or ("get" if named else "list")
    return f"{api}.{_SPELLED.get(collection, collection)}.{verb}"
