"""What Google is still doing, asked for by the resource that it is done to."""

from __future__ import annotations

from remediate.gcp.api import Api
from remediate.kinds.bodies.links import scope_path
from remediate.kinds.registry import kind
from remediate.model.ref import Ref
from tests.kinds.examples import examples
from tests.workbench import Workbench

API = "v1/projects/netra-staging/locations/global"


def test_what_is_inside_a_map_is_looked_for_where_its_location_keeps_operations(
    workbench: Workbench,
) -> None:
    example = examples("CertificateMapEntry")[0]
    workbench.write(*example.requires, example.first)
    workbench.apply()
    workbench.fault("slow-operation", match="DELETE */certificateMapEntries/*", seconds=600)
    workbench.send("DELETE", f"{API}/certificateMaps/edge/certificateMapEntries/a")
    entry = Ref("CertificateMapEntry", "edge/a")
    api, collection = workbench.google.api(Api.CERTIFICATE_MANAGER), kind(entry.kind).collection
    (operation,) = api.under_way(scope_path(entry), collection, "a")
    assert not operation.done
    workbench.google.wait(operation)
    assert list(api.under_way(scope_path(entry), collection, "a")) == []
