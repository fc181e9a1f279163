"""An insert whose answer was lost is told from somebody else's, for every kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from gcp_sandbox.sandbox import Sandbox
from remediate.gcp.api import Api
from remediate.kinds.fields.pointers import parts
from remediate.kinds.registry import NAMES
from remediate.model.json import Body
from remediate.pipeline.half_done import Taken, told
from remediate.pipeline.looking import Found, Meant, judged
from remediate.stores import journal
from tests.kinds.contract.test_contract import EXPOSED
from tests.kinds.examples import Example, examples
from tests.workbench import Workbench

EXAMPLES = [example for name in NAMES for example in examples(name)]
ALWAYS = 1_000_000
NOBODYS = "00000000-0000-4000-8000-000000000000"  # no request of ours has this id


@pytest.fixture(scope="module")
def bench(running_sandbox: Sandbox, quick_folder: Any) -> Workbench:
    allow = tuple(f"{rule}=tried" for rule in EXPOSED)
    return Workbench(running_sandbox.url, quick_folder / "whose", allow)


def inserts(bench: Workbench) -> Iterator[tuple[Taken, Meant, Body]]:
    """Every insert of the last run, what it was to do, and what it has left."""
    story = journal.read(bench.store, journal.runs(bench.store)[-1])
    for one in told(story).taken.values():
        if one.method == "insert" and one.after is not None:
            yield one, one.meant, one.after


def made(bench: Workbench, example: Example) -> None:
    bench.reset()
    bench.write(*example.requires, example.first)
    bench.apply()


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_what_google_fills_in_makes_nobody_doubt_that_it_is_ours(
    bench: Workbench, example: Example
) -> None:
    made(bench, example)
    seen = 0
    for _taken, meant, live in inserts(bench):
        seen += 1
        assert meant.verdict(live, bench.google.project) is Found.NEW, meant.live
        assert judged(bench.google, meant, live) is Found.NEW, meant.live
    assert seen


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_what_lost_its_answer_is_done_and_no_conflict(bench: Workbench, example: Example) -> None:
    bench.reset()
    bench.write(*example.requires, example.first)
    bench.fault("lost", match=f"POST */{example.facts.collection}", times=ALWAYS)
    bench.apply()
    bench.clear_faults()
    assert bench.plan().is_empty


def theirs(example: Example, live: Body, sent: Body) -> Iterator[Body]:
    """The same with something that we did not send and only people write."""
    if "description" in example.facts.spec.model_fields and not sent.get("description"):
        yield {**live, "description": "theirs"}
    if parts(example.facts.labels)[0] in example.facts.spec.model_fields:
        *above, last = parts(example.facts.labels)
        changed: Any = {**live}
        holder = changed
        for name in above:
            holder[name] = {**holder[name]}
            holder = holder[name]
        holder[last] = {**(holder.get(last) or {}), "team": "theirs"}
        yield changed


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_more_than_we_sent_is_somebody_elses(bench: Workbench, example: Example) -> None:
    made(bench, example)
    for taken, meant, live in inserts(bench):
        if taken.live.kind != example.name:
            continue
        for other in theirs(example, live, meant.wanted or {}):
            assert meant.verdict(other, bench.google.project) is Found.OTHER
        if example.facts.api is Api.COMPUTE:
            unsent = replace(meant, request=NOBODYS)
            assert judged(bench.google, unsent, live) is Found.OTHER
            again = {**live, "id": "1"}  # ours is gone, and another stands in its place
            assert judged(bench.google, meant, again) is Found.OTHER
