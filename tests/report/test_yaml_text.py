"""Whatever is written as YAML, our own loader reads it back as the same."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from remediate.kinds.fields.spec import Bool, Int, Number, Spec, Text
from remediate.model.document import read
from remediate.pipeline.importing import Drafted
from remediate.report.yaml_text import yaml_text

# Text as Google's JSON can hold it: any but half surrogates.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=300) | st.sampled_from(
    [
        "",
        "no",
        "~",
        "null",
        "1.10",
        "22:00",
        "0o17",
        "- a",
        "a: b",
        "#",
        "|",
        "x\n",
        "\n x",
        "\ufeff",
    ]
)
numbers = st.floats(allow_nan=False, allow_infinity=False)


class Inner(Spec):
    texts: dict[str, Text] | None = None
    listed: list[Text] | None = None
    count: Int | None = None
    share: Number | None = None
    on: Bool | None = None


specs = st.fixed_dictionaries(
    {},
    optional={
        "texts": st.dictionaries(texts, texts, max_size=5),
        "listed": st.lists(texts, max_size=5),
        "count": st.integers(-(2**63), 2**63 - 1),
        "share": numbers,
        "on": st.booleans(),
    },
)


@settings(deadline=None)
@given(specs, st.lists(texts, max_size=3))
def test_what_is_written_is_read_back(spec: dict[str, Any], remarks: list[str]) -> None:
    draft = Drafted({"kind": "Inner", "spec": spec}, (*remarks,))
    reading = read(yaml_text("two of them", [draft, draft]).encode(), "file")
    assert reading.faults == []
    assert len(reading.documents) == 2
    for document in reading.documents:
        inner: Any = document.body["spec"]
        typed = Inner.model_validate(inner).model_dump(exclude_unset=True)
        assert typed == spec


def test_a_record_set_stands_on_one_line_and_a_certificate_on_many() -> None:
    records = {"www": {"A": {"ttl": 300, "values": ["192.0.2.1", "192.0.2.2"]}}}
    spec: Any = {"records": records, "certificate": "-----BEGIN\nabc\n-----END\n"}
    text = yaml_text("a zone", [Drafted({"kind": "DnsZone", "spec": spec}, ("one\ntwo",))])
    assert text == (
        "# a zone\n# one\\ntwo\nkind: DnsZone\nspec:\n  records:\n    www:\n"
        "      A: {ttl: 300, values: [192.0.2.1, 192.0.2.2]}\n"
        "  certificate: |\n    -----BEGIN\n    abc\n    -----END\n"
    )
