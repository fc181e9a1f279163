"""Comments: a verdict, every deletion, and nothing that somebody else can write into them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from remediate.model.errors import Fault, InvalidInput, PartlyApplied, Place
from remediate.model.plan import Action, Cause, Difference, FieldChange, Objection, Plan
from remediate.model.ref import Ref, record_ref
from remediate.pipeline.apply import Outcome
from remediate.report.markdown import LIMIT, markdown, marker
from remediate.report.markdown_text import code, fence, prose, within
from remediate.report.result import Result
from remediate.report.text import safe
from tests.report import plans

GFM = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")
HOSTILE = st.one_of(
    st.sampled_from(
        [
            "a|b\\|c||d",
            "`` `x` ```",
            "<img src=x onerror=alert(1)>",
            "</details></td></table><h1>",
            "![x](https://evil.example/p.png)",
            "[x](javascript:alert(1))",
            "@octocat",
            "octo/cat#123 and #123 GH-1",
            "line\n\n# heading\n- item",
            "\r\n::error::x",
            "\x1b[2J\x1b]8;;http://e\x07",
            "\u202egnp.exe\u2066",
            "*a* _b_ ~~c~~ **d**",
            "&lt;b&gt; &#64;octocat",
            "https://evil.example www.evil.example a@b.example",
            ":smile: -->",
            "| --- | --- |",
            "0123456789abcdef0123456789abcdef01234567",
            "1. one",
            "\\",
            "`",
            " ",
            "",
        ]
    ),
    st.text(max_size=40),
    st.text("|`\\<>@#*_[]()!~&:- a\n", max_size=25),
)


def inline(text: str) -> Iterator[Token]:
    for token in GFM.parse(text):
        yield from token.children or ()


def hostile_plan(texts: list[str]) -> Plan:
    """Each text wherever somebody else's text comes in."""
    name = texts[0]
    ref = Ref("HealthCheck", name)
    change = FieldChange(f"/{texts[1]}", texts[2], texts[3])
    differences = [
        Difference(ref, Action.UPDATE, ref, {"x": texts[2]}, {"x": texts[3]}, (change,)),
        plans.deleted(record_ref(texts[1], texts[2], "TXT"), rrdatas=[texts[3]], ttl=5),
        plans.created(Ref("Address", texts[3]), description=texts[0]),
    ]
    objections = [
        Objection("protected", "deny", ref, texts[1], place=Place(texts[2], 1, 1)),
        Objection("delete", "deny", ref, texts[2], allowed=texts[3]),
        Objection("ttl-too-long", "warn", None, texts[0]),
    ]
    notes = [texts[0], texts[3]]
    return Plan(texts[1], texts[2], differences, [], objections, notes, "sha256:0", digest="d")


@settings(max_examples=150, deadline=None)
@given(st.lists(HOSTILE, min_size=4, max_size=4))
def test_nothing_that_others_write_leaves_its_cell(texts: list[str]) -> None:
    plan = hostile_plan(texts)
    drawn = markdown(Result("plan", "staging", plan, following="remediate apply"))
    tokens = GFM.parse(drawn)
    ours = (marker("staging", "plan"), "<details><summary>", "</details>")
    blocks = [token.content.strip() for token in tokens if token.type == "html_block"]
    assert all(block.startswith(ours) and "\n" not in block for block in blocks), blocks
    assert sum(token.type == "tr_open" for token in tokens) == 2 + 3
    assert sum(token.type in {"td_open", "th_open"} for token in tokens) == 3 * (2 + 3)
    assert [t.tag for t in tokens if t.type == "heading_open"] == ["h3"]
    assert {token.type for token in inline(drawn)} <= {
        "text", "code_inline", "strong_open", "strong_close", "softbreak"
    }  # fmt: skip
    for token in inline(drawn):
        if token.type == "text":
            assert not re.search(r"[@#<>\[\]*_~]|://|www\.|GH-|:\w+:", token.content), token


@settings(max_examples=300, deadline=None)
@given(HOSTILE)
def test_code_says_what_it_was_given_even_in_a_table(text: str) -> None:
    table = GFM.parse(f"| a | b |\n|---|---|\n| {code(text)} | end |")
    cells = [token for token in table if token.type == "inline"][2:]
    assert [token.content for token in cells[1:]] == ["end"]
    said = "".join(token.content for token in cells[0].children or ())
    assert said == safe(text)


@given(HOSTILE)
def test_a_sentence_keeps_its_words(text: str) -> None:
    said = "".join(token.content for token in inline(f"- {prose(text)}"))
    bare = re.sub(r"[`\s]", "", safe(text.replace("\n", " ")))
    assert re.sub(r"[`\s]", "", said) == bare


@given(st.lists(HOSTILE))
def test_a_fence_ends_only_where_it_is_ours(lines: list[str]) -> None:
    tokens = GFM.parse("\n".join([*fence(lines), "", "after"]))
    assert tokens[0].type == "fence"
    assert tokens[0].content == "".join(f"{safe(line)}\n" for line in lines)


@given(HOSTILE, st.integers(20, 60))
def test_what_is_cut_fits(text: str, room: int) -> None:
    assert len(within(room, text * 5)) <= room


def many(deletions: int, others: int, name: str = "host-{}.netrasystems.ai.") -> Plan:
    def ref(number: int, kind: str) -> Ref:
        return record_ref("netrasystems-staging", name.format(f"{kind}{number:05}"), "A")

    going = [plans.deleted(ref(n, "d"), rrdatas=["192.0.2.1"], ttl=300) for n in range(deletions)]
    coming = [plans.created(ref(n, "c"), rrdatas=["192.0.2.1"], ttl=300) for n in range(others)]
    refused = [
        Objection("dns-last-address", "deny", each.ref, f"{each.ref} is the last") for each in going
    ]
    notes = [f"note {n}" for n in range(others % 50)]
    return Plan("staging", "p", [*coming, *going], [], refused, notes, "sha256:0", digest="d")


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 5000), st.integers(0, 5000))
def test_it_is_never_too_long_and_names_or_counts_every_deletion(gone: int, come: int) -> None:
    drawn = markdown(Result("plan", "staging", many(gone, come), following="remediate apply"))
    assert len(drawn) <= LIMIT
    named = len({*re.findall(r"host-d\d{5}", drawn.partition("**Goes")[2])})
    told = re.search(r"\*\*and ([\d,]+) of them are not named here", drawn)
    assert named + (int(told[1].replace(",", "")) if told else 0) == gone
    assert f"Goes: {gone:,} resource" in drawn or not gone
    if gone <= 1200:
        assert told is None


@pytest.mark.parametrize("gone", [1200, 5000])
def test_deletions_come_before_everything_that_can_be_cut(gone: int) -> None:
    drawn = markdown(Result("plan", "staging", many(gone, 5000)))
    assert "more resources to create or change" in drawn or gone == 5000
    assert drawn.index("**Goes") < (drawn + "<details>").index("<details>")
    head = drawn[: drawn.index("**Goes")]
    assert f"Denied: {gone:,} objections" in head
    assert ("are not named here" in drawn) == (gone == 5000)
    assert drawn.count("- `DnsZone/netrasystems-staging` (") == 1


def test_a_short_plan_is_told_whole_with_what_to_type() -> None:
    drawn = markdown(Result("plan", "staging", plans.motley(), following="remediate apply"))
    assert drawn.startswith("<!-- remediate:staging:plan -->\n\n### Denied: 1 objection")
    assert "to go on: `--allow protected:ForwardingRule/web-https=REASON`" in drawn
    assert "at `desired/staging/front.yaml:7:1`" in drawn
    assert "because: the old site is gone" in drawn
    assert "`~` update (drift) | `BackendService/web`" in drawn
    assert "remediate apply" not in drawn.partition("</details>")[2]
    assert plans.motley().digest in drawn
    assert "… and" not in drawn


def test_a_plan_without_objections_ends_with_what_to_type() -> None:
    drawn = markdown(Result("plan", "staging", plans.incident(), following="remediate apply -e x"))
    assert "### Plan for `staging`: 2 to create, 1 certificate to rotate" in drawn
    assert drawn.endswith("Next:\n\n```text\nremediate apply -e x\n```\n")


def test_an_outcome_says_how_to_take_it_back() -> None:
    outcome = Outcome("01RUN", "01SNAP", 5)
    result = Result("apply", "staging", plans.incident(), outcome, following="remediate rollback x")
    drawn = markdown(result)
    assert "### Applied `staging`: 2 created, 1 certificate rotated" in drawn
    assert drawn.endswith("To take it back:\n\n```text\nremediate rollback x\n```\n")


def test_nothing_to_do_is_one_sentence() -> None:
    drawn = markdown(Result("plan", "staging", plans.empty()))
    assert "### Nothing to do for `staging`: live is as the YAML says" in drawn


def test_faults_are_listed_with_their_places() -> None:
    faults = [Fault(Place("desired/s/dns.yaml", n, 2), f"fault {n}", "mend it") for n in (3, 9)]
    drawn = markdown(Result("validate", "s", error=InvalidInput(faults=faults)))
    assert "### validate of `s` ended with 9: 2 faults in the YAML; nothing was sent" in drawn
    assert "- `desired/s/dns.yaml:3:2`: fault 3 (mend it)" in drawn


def test_more_faults_than_fit_are_counted() -> None:
    faults = [Fault(Place("desired/s/dns.yaml", n, 2), "x" * 300) for n in range(1, 900)]
    drawn = markdown(Result("validate", "s", error=InvalidInput(faults=faults)))
    assert len(drawn) <= LIMIT
    told = re.search(r"… and (\d+) more faults", drawn)
    assert told is not None
    assert int(told[1]) + drawn.count("- `desired/") == 899


def test_an_error_of_a_run_comes_with_its_plan() -> None:
    error = PartlyApplied("3 of 6 steps are done; " + "long " * 5000)
    drawn = markdown(Result("apply", "staging", plans.incident(), error=error))
    assert "### apply of `staging` ended with 7: 3 of 6 steps are done" in drawn
    assert "SslCertificate/staging-ssl-cert" in drawn
    assert len(drawn) < 10_000


def test_secrets_are_no_part_of_it() -> None:
    ref = Ref("SslCertificate", "own")
    body: dict[str, Any] = {"selfManaged": {"certificate": "c", "privateKey": "hush"}}
    made = plans.created(ref, type="SELF_MANAGED", **body)
    changed = replace(
        plans.updated(ref, {"name": "own"}, {"name": "own", **body}), cause=Cause.DRIFT
    )
    for each in (made, changed):
        plan = Plan("staging", "p", [each], [], [], [], "sha256:0")
        assert "hush" not in markdown(Result("plan", "staging", plan))
