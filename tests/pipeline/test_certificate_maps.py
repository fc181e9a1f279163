"""Where a proxy has a certificate map, Google does not heed its list of certificates."""

from __future__ import annotations

import pytest

from tests.pipeline.documents import address, managed, rule, url_map
from tests.workbench import PROJECT, Workbench, document

MAP = f"//certificatemanager.googleapis.com/projects/{PROJECT}/locations/global/certificateMaps/m"
LINK = "locations/global/certificateMaps/m"
PROXY = "TargetHttpsProxy/secure"
EDGE = (address(), url_map(), managed("a.example.com"), managed("b.example.com", name="other"))


@pytest.fixture
def mapped(workbench: Workbench) -> Workbench:
    """Somebody has made the map."""
    maps = f"v1/projects/{PROJECT}/locations/global/certificateMaps"
    workbench.send("POST", f"{maps}?certificateMapId=m", {})
    return workbench


def proxy(certificates: list[str], chosen: str | None) -> dict[str, object]:
    mapped = {} if chosen is None else {"certificateMap": chosen}
    return document(
        "TargetHttpsProxy",
        "secure",
        {"urlMap": "main", "sslCertificates": certificates, **mapped},
    )


@pytest.mark.parametrize("spelled", [LINK, MAP])
def test_somebody_elses_map_is_written_as_its_link(mapped: Workbench, spelled: str) -> None:
    mapped.write(*EDGE, proxy(["managed"], spelled))
    mapped.apply()
    body = mapped.live(PROXY)
    assert body is not None
    assert body["certificateMap"] == MAP
    assert mapped.plan().is_empty


def test_the_list_beside_a_map_is_not_compared_and_counts_again_without_it(
    mapped: Workbench,
) -> None:
    mapped.write(*EDGE, proxy(["managed"], LINK))
    mapped.apply()
    mapped.write(*EDGE, proxy(["other"], LINK))
    assert mapped.plan().is_empty
    mapped.write(*EDGE, proxy(["managed"], ""))
    (difference,) = mapped.plan().differences
    assert [change.pointer for change in difference.changes] == ["/certificateMap"]
    mapped.apply(excludes=("SslCertificate/*",))  # no name leads here, so it is never issued
    body = mapped.live(PROXY)
    assert body is not None
    assert not body.get("certificateMap")
    assert mapped.plan().is_empty


def test_nobody_waits_for_a_certificate_that_is_not_heeded(workbench: Workbench) -> None:
    front = rule("TargetHttpsProxy/secure", "443")
    workbench.write(*EDGE, proxy(["managed"], LINK), front)
    assert workbench.plan().settles == []
    workbench.write(*EDGE, proxy(["managed"], None), front)
    assert [str(ref) for ref in workbench.plan().settles] == ["SslCertificate/managed"]
