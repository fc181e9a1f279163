"""Answers read by ourselves are what dnspython reads."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from remediate.probes.dns_query import NoName, absolute, question, template
from remediate.probes.dns_reply import Malformed, Reply, _NotPlain, _read_plain, read
from remediate.probes.dns_reply import read_with_dnspython as reference

LABELS = st.from_regex(r"[a-zA-Z0-9_*-]{1,12}", fullmatch=True)
ODD = st.sampled_from([r"a\.b", r"\000", r"x\"y", "xn--bcher-kva", "\\255"])
NAMES = st.lists(LABELS, min_size=0, max_size=4).map(lambda it: ".".join(it) + ".")
ODD_NAMES = st.tuples(ODD, NAMES).map(lambda it: f"{it[0]}.{it[1] if it[1] != '.' else ''}")
ANY_NAME = NAMES | NAMES | ODD_NAMES
NUMBER = st.integers(0, 2**31 - 1)
DATA = st.one_of(
    st.tuples(st.just("A"), st.ip_addresses(v=4).map(str)),
    st.tuples(st.just("AAAA"), st.ip_addresses(v=6).map(str)),
    st.tuples(st.sampled_from(["CNAME", "NS", "PTR"]), ANY_NAME),
    st.tuples(
        st.just("SOA"),
        st.tuples(ANY_NAME, ANY_NAME, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER).map(
            lambda it: " ".join(map(str, it))
        ),
    ),
    st.tuples(st.just("MX"), NAMES.map(lambda it: f"10 {it}")),
    st.tuples(st.just("TXT"), LABELS.map(lambda it: f'"{it}" "two"')),
    st.tuples(st.just("CAA"), LABELS.map(lambda it: f'0 issue "{it}.example"')),
)
RECORDS = st.lists(st.tuples(ANY_NAME, st.integers(0, 2**31 - 1), DATA), max_size=5)


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    query = dns.message.make_query(draw(ANY_NAME), draw(st.sampled_from(["A", "AAAA", "NS"])))
    if draw(st.booleans()):
        query.use_edns(0, payload=1232)
    answer = dns.message.make_response(query)
    answer.flags |= draw(st.integers(0, 7)) << 8 & dns.flags.AA | draw(st.sampled_from([0, 0x20]))
    answer.set_rcode(dns.rcode.Rcode(draw(st.sampled_from([0, 0, 0, 2, 3, 5, 16]))))
    for section in (answer.answer, answer.authority, answer.additional):
        for owner, ttl, (rrtype, data) in draw(RECORDS):
            section.append(dns.rrset.from_text(owner, ttl, "IN", rrtype, data))
    return answer.to_wire(max_size=65535)


def sorted_reply(reply: Reply) -> Reply:
    """The order of records says nothing."""
    return reply._replace(
        answer=tuple(sorted(reply.answer)),
        authority=tuple(sorted(reply.authority)),
        additional=tuple(sorted(reply.additional)),
    )


@given(messages())
def test_every_answer_is_read_as_dnspython_reads_it(wire: bytes) -> None:
    assert sorted_reply(read(wire)) == sorted_reply(reference(wire))


@given(messages(), st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=4))
def test_so_is_a_damaged_one_or_it_is_malformed_to_both(
    wire: bytes, damage: list[tuple[int, int]]
) -> None:
    damaged = bytearray(wire)
    for at, byte in damage:
        damaged[at % len(damaged)] = byte
    assert read_or_none(bytes(damaged), fast=True) == read_or_none(bytes(damaged), fast=False)


@given(messages(), st.integers(0, 600))
def test_so_is_half_of_one(wire: bytes, length: int) -> None:
    assert read_or_none(wire[:length], fast=True) == read_or_none(wire[:length], fast=False)


@given(st.binary(max_size=100))
@example(b"")
@example(b"\0" * 12)
@example(b"\0\0\x80\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1")
def test_bytes_are_an_answer_or_malformed_and_nothing_else(wire: bytes) -> None:
    read_or_none(wire, fast=True)


def read_or_none(wire: bytes, *, fast: bool) -> Reply | None:
    try:
        return sorted_reply(read(wire) if fast else reference(wire))
    except Malformed:
        return None


PLAIN = {
    "an address": ("A", ["203.0.113.10", "203.0.113.11"], 0),
    "an IPv6 address": ("AAAA", ["2001:db8::1"], 0),
    "an alias": ("CNAME", ["one.example."], 0),
    "name servers": ("NS", ["ns1.example.", "ns2.example."], 0),
    "no such name": ("SOA", ["ns1.example. hostmaster.example. 1 2 3 4 300"], 3),
}


@pytest.mark.parametrize(("rrtype", "values", "rcode"), PLAIN.values(), ids=PLAIN)
def test_what_is_asked_most_is_plain(rrtype: str, values: list[str], rcode: int) -> None:
    query = dns.message.make_query("Staging.example.", rrtype, use_edns=0)
    answer = dns.message.make_response(query)
    answer.set_rcode(dns.rcode.Rcode(rcode))
    answer.answer.append(dns.rrset.from_text("staging.example.", 300, "IN", rrtype, *values))
    read_plain = _read_plain(answer.to_wire())
    assert sorted(record.text for record in read_plain.answer) == values
    assert {record.owner for record in read_plain.answer} == {"staging.example."}


def test_what_is_rare_is_left_to_dnspython() -> None:
    answer = dns.message.make_response(dns.message.make_query("example.", "TXT"))
    answer.answer.append(dns.rrset.from_text("example.", 300, "IN", "TXT", '"v=spf1 -all"'))
    with pytest.raises(_NotPlain):
        _read_plain(answer.to_wire())
    assert read(answer.to_wire()).answer[0].text == '"v=spf1 -all"'


@given(ANY_NAME, st.sampled_from(["A", "AAAA", "CAA", "HTTPS", "TYPE999"]), st.booleans())
def test_a_question_is_what_dnspython_asks(name: str, rrtype: str, recursive: bool) -> None:  # noqa: FBT001 - drawn
    wire = b"\x12\x34" + template(name, rrtype, recursive=recursive, checked=True)
    query = dns.message.from_wire(wire)
    assert query.id == 0x1234
    assert bool(query.flags & dns.flags.RD) is recursive
    assert query.question[0].name == dns.name.from_text(name)
    assert query.question[0].rdtype == dns.rdatatype.from_text(rrtype)
    assert (query.edns, query.payload) == (0, 1232)
    assert question(name, rrtype) in wire


@given(ANY_NAME | st.text(max_size=30))
def test_a_name_is_made_absolute_as_dnspython_does(name: str) -> None:
    try:
        expected = dns.name.from_text(name).canonicalize().to_text().lower()
    except (dns.exception.DNSException, UnicodeError):
        with pytest.raises(NoName):
            absolute(name)
    else:
        assert absolute(name) == expected


def test_what_is_no_record_type_is_told() -> None:
    with pytest.raises(NoName, match="'WHAT' is no record type"):
        question("example.", "WHAT")
