from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.model.expression import ExpressionFault, Scope, expand
from remediate.model.ref import Ref
from remediate.model.values import Quoted, Reference, Template, Unknown

LB = Reference(Ref("Address", "lb", "us-central1"), "address")


def refer(reference: Reference) -> Reference:
    """As if every reference were to a regional address."""
    if reference.ref.name != "lb":
        raise ExpressionFault("nothing there")
    return Reference(Ref(reference.ref.kind, "lb", "us-central1"), reference.field)


SCOPE = Scope(
    {"domain": "example.com", "end": "a$"}, frozenset({"TOKEN", "UNSET"}), {"TOKEN": "${x}"}, refer
)


def text(written: str) -> str:
    result = expand(written, SCOPE)
    assert not result.faults
    return result.text


def faults(written: str) -> list[str]:
    return [str(fault) for fault in expand(written, SCOPE).faults]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("www.${var.domain}.", "www.example.com."),
        ("${env.TOKEN}", "${x}"),
        ("$${var.domain}", "${var.domain}"),
        ("$$${var.domain}", "$${var.domain}"),
        ("$5 and 5$", "$5 and 5$"),
        ("$${${var.domain}}", "${example.com}"),
    ],
)
def test_variables_are_filled_in(written: str, meant: str) -> None:
    assert text(written) == meant


def test_quoted_text_with_an_expression_in_it_stays_text() -> None:
    assert type(text(Quoted("1${var.domain}"))) is Quoted
    assert type(text("1${var.domain}")) is str


def test_a_quoted_text_that_is_one_expression_takes_the_type_of_its_field() -> None:
    assert type(text(Quoted("${var.domain}"))) is str


def test_a_reference_stays_with_its_whole_name() -> None:
    found = text("10 ${Address/lb.address} $${x} ${var.domain}")
    assert isinstance(found, Template)
    assert found == "10 ${Address/us-central1/lb.address} $${x} example.com"
    assert found.references == [LB]


def test_a_template_is_rendered_with_its_escapes_undone() -> None:
    template = text("$${a} ${Address/lb.address} ${env.TOKEN}")
    assert isinstance(template, Template)
    assert template.render(lambda _: "$${9}") == "${a} $${9} ${x}"
    pending = template.render(lambda found: Unknown(found.ref, found.field))
    assert isinstance(pending, Unknown)
    assert (pending.ref, pending.field) == _parts(LB)


def _parts(reference: Reference) -> tuple[Ref, str]:
    return reference.ref, reference.field


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("${", "a `${` without its `}`"),
        ("${var.domain", "a `${` without its `}`"),
        ("${}", "`${}` is not an expression"),
        ("${var.}", "`${var.}` is not an expression"),
        ("${var.domian}", "the variable `domian` is not declared"),
        ("${env.HOME}", "`HOME` is not among the process variables to be read"),
        ("${env.UNSET}", "the process variable `UNSET` is not set"),
        ("${Address/nope.address}", "nothing there"),
        ("${Address/lb}", "`${Address/lb}` is not an expression"),
        ("${var.end}${Address/lb.address}", "a `$` cannot stand right before a reference"),
    ],
)
def test_what_is_wrong_with_an_expression_is_said(written: str, said: str) -> None:
    assert faults(written) == [said]


def test_every_fault_of_a_text_is_said() -> None:
    assert len(faults("${var.a} ${var.b} ${")) == 3


@given(st.text(alphabet="${}avr.domin/A-"))
def test_any_text_is_expanded_or_refused(written: str) -> None:
    expand(written, SCOPE)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_an_escaped_text_means_itself(plain: str) -> None:
    if "$" not in plain.replace("${", ""):
        assert text(plain.replace("${", "$${")) == plain


def test_text_around_what_is_not_known_yet_is_kept() -> None:
    template = Template("a $${x} ${Address/one.address}:${Address/two.address}/b")
    known = {"one": "192.0.2.1", "two": "${odd}"}

    def look_up(found: Reference, *, settled: bool) -> str | Unknown:
        if settled or found.ref.name == "one":
            return known[found.ref.name]
        return Unknown(Ref(found.ref.kind, "two-0a1b2c3d"), found.field)

    pending = template.render(partial(look_up, settled=False))
    assert isinstance(pending, Unknown)
    assert [str(each) for each in pending.references] == ["${Address/two-0a1b2c3d.address}"]
    later = Template(pending.text).render(lambda _found: "${odd}")
    assert later == template.render(partial(look_up, settled=True)) == "a ${x} 192.0.2.1:${odd}/b"
