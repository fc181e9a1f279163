"""Ten thousand plan files that are not what was reviewed: every one refused, and nothing written.

Most are torn, flipped and pasted together by chance, always the same chance. The others were made
by somebody who knows how files are sealed.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from gcp_sandbox.sandbox import Sandbox
from remediate.cli.plan_files import read
from remediate.model.errors import InvalidInput
from remediate.stores.plans import plan_file
from tests.cli.conftest import Desk
from tests.cli.test_stale_plans import writes
from tests.pipeline.documents import health_check, sets, url_map, zone
from tests.workbench import Workbench

BY_CHANCE = 9_200
TYPED = 200  # of these, through the whole command
RESEALED = 400  # where the store has a copy
ELSEWHERE = 400  # where it has none, so that digest, place, time and order decide
OTHER = "sha256:" + "0" * 64


@pytest.fixture
def desk(running_sandbox: Sandbox, quick_folder: Path) -> Iterator[Desk]:
    """A plan of six steps: a zone's record sets, a health check and a URL map."""
    with TemporaryDirectory(dir=quick_folder) as folder:
        bench = Workbench(running_sandbox.url, Path(folder))  # as if nothing had ever been
        bench.write(zone({"www": sets("A", "192.0.2.1")}), health_check(), url_map())
        bench.apply()
        bench.write(
            zone({"www": sets("A", "192.0.2.2"), "mail": sets("A", "192.0.2.3")}),
            health_check(checkIntervalSec=30),
            health_check("other"),
            url_map(description="ours"),
        )
        planned = Desk(bench, bench.state())
        said = planned.type("plan", "--out", str(Path(folder) / "plan.json"))
        assert said.code == 0, str(said)
        bench.forget_calls()
        yield planned


@pytest.fixture
def original(desk: Desk) -> bytes:
    return (desk.bench.root / "plan.json").read_bytes()


def torn(data: bytes, chance: random.Random) -> bytes:
    """The file with one thing done to it, of the kinds that happen and that people try."""
    at = chance.randrange(len(data))
    end = min(len(data), at + chance.randrange(1, 200))
    some = data[at:end]
    return chance.choice(
        [
            data[:at] + bytes([data[at] ^ chance.randrange(1, 256)]) + data[at + 1 :],
            data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :],
            data[:at] + bytes([chance.randrange(256)]) + data[at:],
            data[:at] + chance.choice([b" ", b"\n", b"\t", b"\r\n"]) + data[at:],
            data[:at],
            data[:at] + data[end:],
            data[:end] + data[at:],
            data[:at] + some[::-1] + data[end:],
            data[:at] + some.swapcase() + data[end:],
        ]
    )


def files_by_chance(data: bytes) -> Iterator[bytes]:
    chance = random.Random(4)
    while True:
        changed = torn(data, chance)
        if changed != data:
            yield changed


Lie = Callable[[Any, random.Random], object]


def _steps(document: Any) -> list[Any]:
    steps: list[Any] = document["remediate"]["steps"]
    return steps


def reordered(document: Any, chance: random.Random) -> None:
    steps = _steps(document)
    at = chance.randrange(len(steps) - 1)
    steps[at], steps[at + 1] = steps[at + 1], steps[at]
    for number, step in enumerate(steps):
        step["wave"] = number + 1


def without_a_step(document: Any, chance: random.Random) -> None:
    del _steps(document)[chance.randrange(len(_steps(document)))]


def without_a_change(document: Any, chance: random.Random) -> None:
    at = chance.randrange(len(document["resource_changes"]))
    del document["resource_changes"][at]
    del document["remediate"]["changes"][at]


def with_another_value(document: Any, chance: random.Random) -> None:
    chance.choice(_steps(document))["changes"][0]["after"] = chance.random()


def with_another_precondition(document: Any, chance: random.Random) -> None:
    chance.choice(_steps(document))["precondition"] = f"sha256:{chance.getrandbits(256):064x}"


def with_another_method(document: Any, chance: random.Random) -> None:
    chance.choice(_steps(document))["method"] = "delete"


def with_another_digest(document: Any, chance: random.Random) -> None:
    document["remediate"]["digest"] = f"sha256:{chance.getrandbits(256):064x}"


def of_another_yaml(document: Any, chance: random.Random) -> None:
    document["remediate"]["desired_digest"] = f"sha256:{chance.getrandbits(256):064x}"


def of_another_environment(document: Any, _chance: random.Random) -> None:
    document["remediate"]["environment"] = "production"


def of_another_project(document: Any, _chance: random.Random) -> None:
    document["remediate"]["project"] = "netra-production"


def of_google(document: Any, _chance: random.Random) -> None:
    document["plan_file"]["endpoint"] = "google"


def expired(document: Any, chance: random.Random) -> None:
    document["plan_file"]["expires"] = f"2001-01-{chance.randrange(1, 29):02}T00:00:00Z"


def for_ever(document: Any, _chance: random.Random) -> None:
    document["plan_file"]["expires"] = "never"


def with_an_acknowledgement(document: Any, _chance: random.Random) -> None:
    document["plan_file"]["choices"]["allowances"] = {"delete:HealthCheck/alive": "mine"}


def with_a_smaller_choice(document: Any, _chance: random.Random) -> None:
    document["plan_file"]["choices"]["targets"] = ["HealthCheck/*"]


def on_what_was_never_there(document: Any, chance: random.Random) -> None:
    document["plan_file"]["links"] = [f"UrlMap/none-{chance.randrange(1000)}"]


def on_another_of_that_name(document: Any, chance: random.Random) -> None:
    document["plan_file"]["links"] = ["HealthCheck/alive"]
    document["plan_file"]["born"] = {"HealthCheck/alive": str(chance.getrandbits(60))}


def of_a_later_format(document: Any, chance: random.Random) -> None:
    document["format_version"] = f"{chance.randrange(2, 99)}.0"


def without_a_promise(document: Any, chance: random.Random) -> None:
    named = sorted(document["plan_file"].keys() - {"format_version"})
    del document["plan_file"][chance.choice(named)]


LIES: list[tuple[Lie, int]] = [
    (reordered, 9),
    (without_a_step, 9),
    (without_a_change, 9),
    (with_another_value, 9),
    (with_another_precondition, 9),
    (with_another_method, 9),
    (with_another_digest, 5),
    (of_another_yaml, 5),
    (of_another_environment, 9),
    (of_another_project, 9),
    (of_google, 9),
    (expired, 5),
    (for_ever, 9),
    (with_an_acknowledgement, 5),
    (with_a_smaller_choice, 5),
    (on_what_was_never_there, 5),
    (on_another_of_that_name, 5),
    (of_a_later_format, 9),
    (without_a_promise, 9),
]


def resealed(data: bytes, lie: Lie, chance: random.Random) -> bytes:
    document = json.loads(data)
    del document["sha256"]
    lie(document, chance)
    ours = document.pop("plan_file")
    return plan_file(document, {name: ours[name] for name in ours if name != "format_version"})


def brought_elsewhere(lie: Lie) -> Lie:
    """To another machine, whose store has no copy of it."""

    def both(document: Any, chance: random.Random) -> None:
        document["plan_file"]["id"] = f"{chance.randrange(10**26):026}"
        lie(document, chance)

    return both


def test_ten_thousand_mutated_files_are_refused_and_nothing_is_written(
    desk: Desk, original: bytes
) -> None:
    file = desk.bench.root / "mutated.json"
    told: Counter[int] = Counter()
    made = files_by_chance(original)
    for _ in range(BY_CHANCE - TYPED):
        file.write_bytes(next(made))
        with pytest.raises(InvalidInput):
            read(file)
        told[9] += 1
    for _ in range(TYPED):
        file.write_bytes(next(made))
        told[desk.type("apply", "--plan", str(file)).code] += 1
    chance = random.Random(5)
    for number in range(RESEALED):
        lie, _code = LIES[number % len(LIES)]
        file.write_bytes(resealed(original, lie, chance))
        said = desk.type("apply", "--plan", str(file))
        assert said.code == 9, f"{lie.__name__}: {said}"
        told[said.code] += 1
    assert told == {9: BY_CHANCE + RESEALED}
    for number in range(ELSEWHERE):
        lie, code = LIES[number % len(LIES)]
        file.write_bytes(resealed(original, brought_elsewhere(lie), chance))
        said = desk.type("apply", "--plan", str(file))
        assert said.code == code, f"{lie.__name__}: {said}"
        told[said.code] += 1
    assert told.keys() == {5, 9}
    assert told.total() == 10_000
    assert not writes(desk.bench)


def test_the_file_itself_is_taken_once_and_then_is_one_of_them(desk: Desk, original: bytes) -> None:
    file = desk.bench.root / "again.json"
    file.write_bytes(original)
    assert desk.type("apply", "--plan", str(file)).code == 0
    desk.bench.forget_calls()
    for _ in range(3):
        assert desk.type("apply", "--plan", str(file)).code == 5
    assert not writes(desk.bench)
