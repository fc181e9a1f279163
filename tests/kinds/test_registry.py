from __future__ import annotations

import subprocess
import sys

import pytest

from remediate.kinds.facts import Removal, Replacement
from remediate.kinds.registry import NAMES, kind


@pytest.mark.parametrize("name", NAMES)
def test_each_name_leads_to_its_kind(name: str) -> None:
    assert kind(name).name == name
    assert kind(name) is kind(name)


def test_two_kinds_never_share_a_collection() -> None:
    assert len({kind(name).collection for name in NAMES}) == len(NAMES)


def test_a_kind_is_imported_when_it_is_first_asked_for() -> None:
    code = (
        "import sys; from remediate.kinds.registry import kind;"
        "kind('Address');"
        "print(*(m for m in sys.modules if m.startswith('remediate.kinds.')))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert "remediate.kinds.address" in loaded
    assert loaded.isdisjoint({"remediate.kinds.url_map", "remediate.kinds.backend_service"})


@pytest.mark.parametrize("name", NAMES)
def test_what_a_new_one_is_made_beside_waits_for_gc_when_it_is_removed(name: str) -> None:
    """Else a removal would have to say what becomes of all that replacements have left behind."""
    facts = kind(name)
    if facts.replacement is Replacement.BESIDE:
        assert facts.removal is Removal.LATER


@pytest.mark.parametrize("name", NAMES)
def test_what_goes_on_a_word_alone_says_what_is_lost(name: str) -> None:
    facts = kind(name)
    assert bool(facts.loses) is (facts.removal is Removal.ON_WORD)
