"""Success is claimed once what is in use is ready, whichever apply began it."""

from __future__ import annotations

from typing import Any

import pytest

from remediate.model.errors import CheckFailed, PartlyApplied
from remediate.model.progress import Waiting
from remediate.model.ref import Ref, parse_ref
from remediate.report.human import plan_text
from tests.pipeline.certificate_chain import ENTRY, chain
from tests.pipeline.documents import (
    Document,
    address,
    health_check,
    https_proxy,
    managed,
    rule,
    sets,
    url_map,
    zone,
)
from tests.workbench import Workbench

CERTIFICATE = Ref("SslCertificate", "managed")
LED = zone({"www": sets("A", "${Address/edge.address}")})


def edge(names: Document = LED, **lifecycle: Any) -> list[Document]:
    shown = managed("www.example.com", **lifecycle)
    front = rule("TargetHttpsProxy/secure", "443")
    return [address(), url_map(), https_proxy("managed"), front, shown, names]


def interrupted(workbench: Workbench) -> None:
    """Apply, and be killed while nothing is left but to wait."""

    class Killed(BaseException):
        pass

    class Killer:
        def on(self, event: object) -> None:
            if isinstance(event, Waiting):
                raise Killed

    with pytest.raises(Killed):
        workbench.apply(watchers=[Killer()])


def status(workbench: Workbench) -> str:
    body: Any = workbench.live(CERTIFICATE)
    return str(body["managed"]["status"])


def test_an_apply_that_goes_on_waits_for_what_the_first_had_begun(workbench: Workbench) -> None:
    workbench.write(*edge())
    workbench.fault("quota", match="POST */urlMaps", times=1)
    with pytest.raises(PartlyApplied):
        workbench.apply()
    assert status(workbench) == "PROVISIONING"
    made = workbench.apply()
    assert CERTIFICATE not in {difference.ref for difference in made.differences}
    assert status(workbench) == "ACTIVE"


def test_where_nothing_is_left_to_do_an_apply_still_waits(workbench: Workbench) -> None:
    workbench.write(*edge())
    interrupted(workbench)
    made = workbench.plan()
    assert (made.is_empty, made.settles) == (True, [CERTIFICATE])
    assert f"`remediate apply` waits until {CERTIFICATE} is ready" in made.notes
    text = plan_text(made, next_command="remediate apply")
    assert "Time     up to 60 min until managed is ready" in text
    assert text.endswith("Next: remediate apply\n")
    workbench.apply()
    assert status(workbench) == "ACTIVE"
    assert workbench.plan().is_idle


def test_what_does_not_come_about_in_time_is_no_success(workbench: Workbench) -> None:
    astray = zone({"www": sets("A", "192.0.2.1")})
    workbench.write(*edge(astray, wait={"timeout": "10m"}))
    for _again in range(2):
        with pytest.raises(CheckFailed, match="is not ready after 10 minutes") as caught:
            workbench.apply()
    assert caught.value.hint == "Nothing was to be changed. `remediate apply` waits again."


def test_a_day_later_it_waits_for_something_else_than_time(workbench: Workbench) -> None:
    astray = zone({"www": sets("A", "192.0.2.1")})
    workbench.write(*edge(astray))
    with pytest.raises(CheckFailed):
        workbench.apply()
    workbench.advance(86_400)
    made = workbench.plan()
    assert made.is_idle
    assert any(note.startswith(f"{CERTIFICATE} is not ready: PROVISION") for note in made.notes)
    workbench.apply()


def test_nobody_waits_for_what_is_left_out_or_only_observed(workbench: Workbench) -> None:
    workbench.write(*edge())
    interrupted(workbench)
    assert workbench.plan(excludes=("SslCertificate/*",)).is_idle
    workbench.write(*edge(ownership="observe"))
    assert workbench.plan().is_idle


def test_nobody_waits_for_what_nothing_uses(workbench: Workbench) -> None:
    workbench.write(managed("www.example.com"), health_check())
    assert workbench.apply().settles == []
    assert workbench.plan().is_idle


def test_a_rollback_waits_for_nothing_that_was_not_ready_before(workbench: Workbench) -> None:
    workbench.write(*edge())
    interrupted(workbench)
    workbench.write(*edge(), health_check())
    workbench.apply(excludes=("SslCertificate/*",))
    made = workbench.roll_back()
    assert made.settles == []
    assert status(workbench) == "PROVISIONING"


def test_an_entry_is_shown_everywhere_before_its_rotation_is_called_done(
    workbench: Workbench,
) -> None:
    workbench.write(*chain())
    workbench.apply()
    workbench.write(*chain("a", "b"))
    assert workbench.apply().settles == [parse_ref(ENTRY)]
    body: Any = workbench.live(ENTRY)
    assert body["state"] == "ACTIVE"
    assert workbench.plan().is_idle


def test_where_the_last_write_of_an_entry_was_not_waited_for_the_next_apply_does(
    workbench: Workbench,
) -> None:
    workbench.write(*chain())
    workbench.apply()
    workbench.write(*chain("a", "b"))

    class Killed(BaseException):
        pass

    class Killer:
        def on(self, event: object) -> None:
            if isinstance(event, Waiting) and event.ref == parse_ref(ENTRY) and self.is_last():
                raise Killed

        def is_last(self) -> bool:
            body: Any = workbench.live(ENTRY)
            return len(body["certificates"]) == 1

    with pytest.raises(Killed):
        workbench.apply(watchers=[Killer()])
    made = workbench.plan()
    assert (made.is_empty, made.settles) == (True, [parse_ref(ENTRY)])
    workbench.apply()
    assert workbench.plan().is_idle
