"""A diagnosis on one screen: every line in its place, whatever there is to say."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.diagnosis.layers import LAYERS, SYMPTOMS
from remediate.diagnosis.node import Auto, Diagnosis, Fix, Node, Root
from remediate.model.errors import InvalidInput
from remediate.report.diagnosis import SCREEN, diagnosis_json, diagnosis_text
from remediate.report.layer import layer_text
from tests.workbench import REPOSITORY

SCHEMA = json.loads((REPOSITORY / "docs/reference/schemas/diagnosis.schema.json").read_text())
AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
APPLY = Fix(
    "apply", "put it back", ("apply", "--target", "DnsZone/edge/a.example.com./A"), "", 300, False
)
ROOT = Root(
    "dns.record:DnsZone/edge/a.example.com./A",
    "dns.record",
    "DnsZone/edge/a.example.com./A",
    "failed",
    "high",
    ("a.example.com. has no A record in edge",),
    ("dns.resolution",),
    APPLY,
    "MEDIUM",
    "exact",
    Auto(allowed=True, blocked_by=()),
)
NODES = (
    Node(ROOT.id, ROOT.layer, ROOT.resource, "failed", ROOT.evidence, ()),
    Node("dns.zone:DnsZone/edge", "dns.zone", "DnsZone/edge", "unknown", ("denied",), ()),
    Node("dns.resolution:a", "dns.resolution", "a", "failed", ("NXDOMAIN",), (ROOT.id,)),
)
FOUND = Diagnosis("edge", AT, (ROOT,), NODES)

words = st.text(max_size=200)
fixes = st.builds(
    Fix,
    st.sampled_from(["apply", "wait", "manual", "none"]),
    words,
    st.tuples(st.just("apply"), st.just("--target"), st.just("Kind/name")),
    st.sampled_from(["", "gcloud run services update edge"]),
    st.integers(0, 100_000),
    st.booleans(),
)
roots = st.builds(
    replace,
    st.just(ROOT),
    layer=st.sampled_from([*LAYERS]),
    resource=words,
    evidence=st.lists(words, min_size=1, max_size=5).map(tuple),
    explains=st.lists(st.sampled_from(SYMPTOMS), max_size=9).map(tuple),
    fix=fixes,
    undo=words,
)


def test_it_names_the_root_what_it_explains_and_what_to_type() -> None:
    text = diagnosis_text(FOUND)
    assert "ROOT: dns.record FAILED DnsZone/edge/a.example.com./A" in text
    assert "  explains dns.resolution" in text
    assert "  $ remediate apply --target DnsZone/edge/a.example.com./A" in text
    assert "in 5 min, by the TTLs seen; risk MEDIUM; confidence high" in text
    assert "FAILED   dns.record" in text
    assert "unknown  dns.zone" in text


def test_two_that_one_command_mends_are_one() -> None:
    other = replace(ROOT, id="b", fix=replace(APPLY, words=("apply", "--target", "b")))
    text = diagnosis_text(replace(FOUND, roots=(ROOT, other)))
    assert "--target b" in text
    assert text.count("ROOT") == 1


def test_what_google_takes_is_said_to_be_an_upper_bound() -> None:
    slow = replace(ROOT, layer="lb.certificate", fix=replace(APPLY, eta_s=5400, at_most=True))
    assert "within 90 min at most, on Google's side" in diagnosis_text(
        replace(FOUND, roots=(slow,))
    )
    both = replace(ROOT, fix=replace(APPLY, eta_s=300, then_s=5400))
    assert "in 5 min, then Google's 90 min at most; risk MEDIUM; confidence high\n" in (
        diagnosis_text(replace(FOUND, roots=(both,)))
    )


def test_a_failure_that_nothing_explains_is_not_called_well() -> None:
    assert "NOT KNOWN TO BE WELL" in diagnosis_text(replace(FOUND, roots=()))


@given(st.lists(roots, max_size=6))
def test_it_is_one_screen_of_ascii_whatever_is_found(several: list[Root]) -> None:
    text = diagnosis_text(replace(FOUND, roots=tuple(several)))
    lines = text.splitlines()
    assert text.isascii()
    assert len(lines) <= SCREEN
    assert all(len(line) <= 80 for line in lines)


@given(st.lists(roots, max_size=3))
def test_its_json_is_valid_by_the_published_schema(several: list[Root]) -> None:
    jsonschema.validate(diagnosis_json(replace(FOUND, roots=tuple(several))), SCHEMA)


def test_the_schema_and_the_reference_know_every_layer() -> None:
    assert SCHEMA["$defs"]["layer"]["enum"] == [*LAYERS]
    page = (REPOSITORY / "docs/reference/layers.md").read_text()
    assert all(f"| `{name}` |" in page for name in (*LAYERS, *SYMPTOMS))


def test_a_layer_is_told_with_what_is_under_and_above_it() -> None:
    text = layer_text(FOUND, "dns.record")
    assert "a.example.com. has no A record in edge" in text
    assert "FAILED above it: dns.resolution:a" in text
    assert "$ remediate apply --target" in text


def test_layers_are_told_by_a_prefix_too() -> None:
    text = layer_text(FOUND, "dns")
    assert "dns.record: " in text
    assert "dns.zone: " in text
    assert "lb." not in text


def test_the_layers_are_listed_where_one_is_not_known() -> None:
    with pytest.raises(InvalidInput) as refused:
        layer_text(FOUND, "database")
    assert "sql.instance" in refused.value.hint


def test_a_layer_that_there_is_not_is_refused_with_what_was_meant() -> None:
    with pytest.raises(InvalidInput) as refused:
        layer_text(FOUND, "dns.recrod")
    assert "did you mean `dns.record`?" in refused.value.hint
