"""Whatever somebody changes of an example, taking it over leaves nothing to be done."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from remediate.kinds.registry import NAMES
from remediate.model.ref import Ref
from remediate.pipeline.accepting import NotWrittenBack, accepted
from remediate.pipeline.choices import Choices
from remediate.pipeline.drift import look
from remediate.pipeline.writing_back import WrittenBack
from remediate.stores.desired_files import desired_files, environment_folder, rewrite
from tests.kinds.contract.test_contract import DELETE
from tests.kinds.examples import Example, examples
from tests.workbench import NAME, PROJECT, REGION, Workbench, document

CHANGES = [
    (example, said) for name in NAMES for example in examples(name) for said in example.changes
]
# Live holds more than differs, which no edit of what differs can say: told with the patch.
MORE = ("redirect-removed=tried", "dns-delegation=tried")
REFUSED = {"it keeps clients by a strong cookie", "the transfer is over"}
# What stays live though it left the YAML, or counts as good either way, is no drift.
UNSEEN = "nothing was moved"


def in_blocks(workbench: Workbench, *documents: Any) -> None:
    """The environment as people write it, with a comment on every line."""
    about = document("Environment", NAME, {"project": PROJECT, "region": REGION})
    workbench.write()
    texts = [yaml.safe_dump(one, sort_keys=False, width=1000) for one in (about, *documents)]
    file = workbench.root / "desired" / NAME / "all.yaml"
    file.write_text("---\n".join(texts))


def take_over(workbench: Workbench, *refs: Ref) -> WrittenBack:
    desired, ledger = workbench.load(), workbench.ledger
    sight = look(workbench.google.reader(), desired, ledger, Choices(), again=True)
    files = desired_files(environment_folder(workbench.root, NAME), workbench.root, [])
    back = accepted([*map(str, refs)], sight, files, {}, lambda _question: True)
    rewrite(workbench.root, back.before, back.after)
    return back


def drifted(workbench: Workbench) -> set[Ref]:
    desired, ledger = workbench.load(), workbench.ledger
    found, _ = look(workbench.google.reader(), desired, ledger, Choices()).compared()
    return {*found.differences}


@pytest.mark.parametrize(("example", "said"), CHANGES, ids=str)
def test_a_change_by_somebody_else_is_drift_and_can_be_taken_over(
    workbench: Workbench, example: Example, said: str
) -> None:
    workbench.allow = (*DELETE, "record-conflict=tried", *MORE)
    in_blocks(workbench, *example.requires, example.first)
    workbench.apply()
    ours = (workbench.root / ".remediate" / "ledger" / f"{NAME}.json").read_bytes()
    text = (workbench.root / "desired" / NAME / "all.yaml").read_text()
    in_blocks(workbench, *example.requires, example.changed(example.changes[said]))
    workbench.apply()
    (workbench.root / ".remediate" / "ledger" / f"{NAME}.json").write_bytes(ours)
    (workbench.root / "desired" / NAME / "all.yaml").write_text(text)
    moved = drifted(workbench)
    if not moved:
        assert workbench.plan().is_empty, UNSEEN
        return
    if said in REFUSED:
        with pytest.raises(NotWrittenBack, match=r"(?s)---.*no YAML of ours"):
            take_over(workbench, *moved)
        assert (workbench.root / "desired" / NAME / "all.yaml").read_text() == text
        return
    zones = {ref.zone for ref in moved if ref.is_record_set}
    back = take_over(workbench, *zones, *moved)  # what is gone has to be named itself
    assert drifted(workbench) == set()
    assert [*workbench.plan().differences] == []
    untouched = {line for line in back.patch().splitlines() if line.startswith("-")}
    assert len(untouched) < len(text.splitlines())
