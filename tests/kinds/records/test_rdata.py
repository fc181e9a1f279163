"""The codec of record data: one spelling of every value, and nothing lost on the way."""

from __future__ import annotations

import ipaddress
import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from remediate.kinds.records.rdata import (
    TYPES,
    by_dnspython,
    canonical,
    decode,
    decode_text,
    encode,
    encode_text,
    same,
    size,
)
from remediate.model.errors import InvalidInput

# One plain value of every type that Cloud DNS serves, in the spelling that we give it.
EXAMPLES = {
    "A": "192.0.2.1",
    "AAAA": "2001:db8::1",
    "ALIAS": "lb.example.net.",
    "CAA": '0 issue "pki.goog"',
    "CNAME": "www.example.net.",
    "DNSKEY": "257 3 8 AwEAAaZZ",
    "DS": "60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118",
    "HTTPS": '1 . alpn="h2,h3"',
    "IPSECKEY": "10 3 2 gw.example.net. AQNRU3mG",
    "MX": "10 mail.example.net.",
    "NAPTR": '100 10 "S" "SIP+D2U" "" _sip._udp.example.net.',
    "NS": "ns1.example.net.",
    "PTR": "host.example.net.",
    "SOA": "ns.example.net. admin.example.net. 1 21600 3600 259200 300",
    "SPF": '"v=spf1 -all"',
    "SRV": "10 5 443 www.example.net.",
    "SSHFP": "4 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789",
    "SVCB": '1 svc.example.net. alpn="h2" port="8443"',
    "TLSA": "3 1 1 0d6fce3a0d6fce3a0d6fce3a0d6fce3a0d6fce3a0d6fce3a0d6fce3a0d6fce3a",
    "TXT": '"plain"',
}

labels = st.from_regex(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,12}[A-Za-z0-9_])?", fullmatch=True)
names = st.lists(labels, min_size=1, max_size=5).map(lambda parts: ".".join(parts) + ".")
numbers = st.integers(0, 65_535)
texts = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters='"\\'))


def test_every_type_of_cloud_dns_has_an_example_here() -> None:
    assert EXAMPLES.keys() == TYPES


@pytest.mark.parametrize("rrtype", sorted(TYPES))
def test_a_value_in_our_spelling_stays_as_it_is(rrtype: str) -> None:
    assert canonical(rrtype, EXAMPLES[rrtype]) == EXAMPLES[rrtype]
    assert by_dnspython(rrtype, EXAMPLES[rrtype]) == EXAMPLES[rrtype]


@pytest.mark.parametrize("rrtype", sorted(TYPES))
def test_what_we_hold_can_be_written_and_is_then_held_again(rrtype: str) -> None:
    assert encode(rrtype, decode(rrtype, EXAMPLES[rrtype])) == EXAMPLES[rrtype]


@pytest.mark.parametrize(
    ("rrtype", "left", "right"),
    [
        ("CNAME", "WWW.Example.NET.", "www.example.net."),
        ("CNAME", r"\119ww.example.net.", "www.example.net."),
        ("MX", "010  Mail.example.net.", "10 mail.example.net."),
        ("NAPTR", '1 1 "" "" "" Example.NET.', '1 1 "" "" "" example.net.'),
        ("HTTPS", "1 Svc.example.net. port=443 alpn=h2", '1 svc.example.net. alpn="h2" port=443'),
        ("IPSECKEY", "10 3 2 GW.example.net. AQNR U3mG", "10 3 2 gw.example.net. AQNRU3mG"),
        ("AAAA", "2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
        ("AAAA", "::ffff:192.0.2.1", "::ffff:c000:201"),
        ("CAA", "0 issue pki.goog", '0 issue "pki.goog"'),
        ("DS", "60485 5 1 2BB183AF5F22588179A53B0A 98631FAD1A292118", EXAMPLES["DS"]),
        ("SOA", "NS.example. a.example. 1 6 3 2 3", "ns.example. a.example. 1 6 3 2 3"),
        ("CAA", '0 Issue "pki.goog"', '0 issue "pki.goog"'),
        ("TXT", '"a" "b"', '"ab"'),
        ("TXT", "unquoted", '"unquoted"'),
        ("TXT", r'"\097b"', '"ab"'),
        ("TXT", '"é"', r'"\195\169"'),
        ("TXT", r'"v=DMARC1\; p=none"', '"v=DMARC1; p=none"'),
        ("TXT", "v=DMARC1;p=none", '"v=DMARC1;p=none"'),
        ("TXT", '"' + "x" * 255 + '" "x"', '"' + "x" * 100 + '" "' + "x" * 156 + '"'),
    ],
)  # fmt: skip
def test_two_spellings_of_one_value_are_no_difference(rrtype: str, left: str, right: str) -> None:
    assert same(rrtype, [left], [right])


@pytest.mark.parametrize(
    ("rrtype", "left", "right"),
    [
        ("TXT", '"Token"', '"token"'),
        ("TXT", '"a" "b"', '"a b"'),
        ("TXT", r'"\"quoted\""', '"quoted"'),
        ("TXT", '"a;b"', '"a"'),
        ("TXT", "a;b", '"a"'),
        ("TXT", '""', '" "'),
        ("CAA", '0 issue "pki.goog"', '128 issue "pki.goog"'),
        ("MX", "10 mail.example.net.", "20 mail.example.net."),
        ("CNAME", "www.example.net.", "www.example.org."),
    ],
)
def test_what_differs_is_seen(rrtype: str, left: str, right: str) -> None:
    assert not same(rrtype, [left], [right])


def test_the_order_of_values_means_nothing_but_their_number_does() -> None:
    assert same("A", ["192.0.2.1", "192.0.2.2"], ["192.0.2.2", "192.0.2.1"])
    assert not same("A", ["192.0.2.1"], ["192.0.2.1", "192.0.2.1"])


def test_a_live_value_that_cannot_be_read_equals_itself_alone() -> None:
    assert same("MX", ["nonsense"], ["nonsense"])
    assert not same("MX", ["nonsense"], ["10 mail.example.net."])


@given(st.binary(max_size=1200))
@example(b"")
@example(b'"')
@example(b"\\")
@example(b'";()\\@$\n\r\t\x00\x7f\xff')
@example(b"x" * 255)
@example(b"x" * 256)
@example('grüße; "zitiert" \\ 日本'.encode() * 30)
def test_any_octets_survive_the_way_into_a_txt_value_and_back(data: bytes) -> None:
    held = encode_text(data)
    assert decode_text(held) == data
    assert held.isascii()
    assert canonical("TXT", held) == held
    assert encode("TXT", decode("TXT", held)) == held


@given(st.text(st.characters(codec="utf-8"), max_size=600))
def test_text_as_people_write_it_survives_too(text: str) -> None:
    assert decode("TXT", encode("TXT", text)) == text


@given(st.lists(st.binary(max_size=255), min_size=1, max_size=5))
def test_dnspython_reads_in_our_strings_what_we_wrote(parts: list[bytes]) -> None:
    import dns.rdata  # noqa: PLC0415 - the witness
    from dns.rdtypes.ANY.TXT import TXT  # noqa: PLC0415 - the witness

    held = TXT("IN", "TXT", parts).to_text()
    assert decode_text(held) == b"".join(parts)
    read = dns.rdata.from_text("IN", "TXT", encode_text(b"".join(parts)))
    assert b"".join(read.strings) == b"".join(parts)


def test_a_string_of_a_txt_value_is_never_longer_than_255_octets() -> None:
    assert encode("TXT", "x" * 300) == '"' + "x" * 255 + '" "' + "x" * 45 + '"'


def test_text_that_fits_into_no_record_is_refused() -> None:
    with pytest.raises(InvalidInput, match="do not fit into one record"):
        encode("TXT", "x" * 65_500)


def both(rrtype: str, rrdata: str) -> None:
    """The shorter way gives what dnspython gives, and refuses what dnspython refuses."""
    try:
        expected = by_dnspython(rrtype, rrdata)
    except InvalidInput:
        with pytest.raises(InvalidInput):
            canonical(rrtype, rrdata)
    else:
        assert canonical(rrtype, rrdata) == expected


@given(st.ip_addresses(v=4).map(str) | st.from_regex(r"[0-9.]{0,16}", fullmatch=True))
@example("01.2.3.4")
@example("1.2.3.4\n")
@example("\uff11.2.3.4")
def test_the_short_way_for_a_is_dnspythons(text: str) -> None:
    both("A", text)


@given(
    st.ip_addresses(v=6).flatmap(
        lambda ip: st.sampled_from([str(ip), ip.exploded, str(ip).upper()])
    )
    | st.from_regex(r"[0-9a-fA-F:.]{0,40}", fullmatch=True)
)
@example("::ffff:1.2.3.4")
@example("::1.2.3.4")
@example("1:0:2:0:3:0:4:0")
@example("fe80::1%eth0")
def test_the_short_way_for_aaaa_is_dnspythons(text: str) -> None:
    both("AAAA", text)


@given(st.sampled_from(["CNAME", "NS", "PTR", "ALIAS"]), names | st.text(max_size=20))
@example("CNAME", "a" * 64 + ".")
@example("CNAME", "a..")
@example("CNAME", ".".join(["a" * 63] * 4) + ".")
@example("NS", "no-dot")
@example("PTR", "*.wild.example.")
def test_the_short_way_for_names_is_dnspythons(rrtype: str, text: str) -> None:
    both(rrtype, text)


@given(st.builds("{} {}".format, numbers, names) | st.from_regex(r"[0-9 a.]{0,12}", fullmatch=True))
def test_the_short_way_for_mx_is_dnspythons(text: str) -> None:
    both("MX", text)


@given(st.builds("{} {} {} {}".format, numbers, numbers, numbers, names))
def test_the_short_way_for_srv_is_dnspythons(text: str) -> None:
    both("SRV", text)


@given(
    st.builds(
        '{} {} "{}"'.format,
        st.integers(0, 300),
        st.sampled_from(["issue", "Issue", "iodef", "is-x"]),
        texts,
    )
)
def test_the_short_way_for_caa_is_dnspythons(text: str) -> None:
    both("CAA", text)


@given(st.lists(texts.map('"{}"'.format), min_size=1, max_size=4).map(" ".join))
def test_the_short_way_for_plain_text_is_dnspythons(text: str) -> None:
    both("TXT", text)


@given(st.sampled_from(sorted(TYPES)), st.text(max_size=40))
def test_no_text_makes_anything_but_a_value_or_a_fault(rrtype: str, text: str) -> None:
    try:
        held = encode(rrtype, text)
    except InvalidInput:
        return
    assert encode(rrtype, decode(rrtype, held)) == held


@pytest.mark.parametrize(
    ("rrtype", "text"),
    [
        ("CNAME", "a.example.;b"),
        ("CNAME", "relative"),
        ("CNAME", "@"),
        ("MX", "70000 mail.example.net."),
        ("MX", "mail.example.net."),
        ("SRV", "1 2 70000 host.example.net."),
        ("CAA", '256 issue "x"'),
        ("HTTPS", "1 . port=99999"),
        ("HTTPS", "1 . mandatory=port"),
        ("HTTPS", "0 x.example. alpn=h2"),
        ("SSHFP", "1 1 aabb"),
        ("TLSA", "3 1 1 aabb"),
        ("DS", "1 8 2 aabb"),
        ("A", ""),
        ("HINFO", '"a" "b"'),
    ],
)
def test_a_value_that_is_none_is_refused_with_what_was_meant(rrtype: str, text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        canonical(rrtype, text)
    assert caught.value.faults[0].message


@pytest.mark.parametrize(
    ("rrtype", "text", "example"),
    [("A", "192.0.2.300", "192.0.2.1"), ("AAAA", "2001:db8::x", "2001:db8::1")],
)
def test_an_address_that_is_none_is_told_in_our_own_words(
    rrtype: str, text: str, example: str
) -> None:
    with pytest.raises(InvalidInput) as raised:
        canonical(rrtype, text)
    (fault,) = raised.value.faults
    assert fault.message == f"{text!r} is no {rrtype} value"
    assert example in fault.hint


def test_the_size_of_a_value_is_in_bytes() -> None:
    assert size('"é"') == 4


def test_an_ipv6_address_is_spelled_as_the_standard_library_spells_it() -> None:
    assert canonical("AAAA", "2001:0db8::0001") == str(ipaddress.ip_address("2001:db8::1"))


def test_plain_values_never_load_dnspython() -> None:
    program = (
        "import sys\n"
        "from remediate.kinds.records.rdata import canonical, encode\n"
        "canonical('A', '192.0.2.1'); canonical('AAAA', '2001:DB8::1')\n"
        "canonical('MX', '10 M.x.')\n"
        "canonical('CNAME', 'WWW.x.'); encode('TXT', 'plain; text')\n"
        "assert not {'dns', 'pydantic'} & sys.modules.keys(), 'loaded'\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
