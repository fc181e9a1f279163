"""MX, NS and CAA: what a change of them takes from mail, names and certificates."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pipeline.documents import Document, managed, sets, zone
from tests.workbench import Workbench, document

A = sets("A", "192.0.2.1")
MAIL = sets("MX", "10 mail.example.com.", "20 mx.example.net.")
OURS = sets("NS", "ns1.example.net.", "ns2.example.net.")
GOOGLE, NOBODY = sets("CAA", '0 issue "pki.goog"'), sets("CAA", '0 issue ";"')
WILD = '0 issue "pki.goog"', '0 issuewild "letsencrypt.org"'
REST = {f"n{number}": sets("TXT", f"text {number}") for number in range(9)}

CERTIFICATES: list[Document] = [
    managed("www.example.com"),
    document("DnsAuthorization", "wild", {"domain": "wild.example.com"}),
    document(
        "Certificate",
        "wild",
        {"managed": {"domains": ["*.wild.example.com"], "dnsAuthorizations": ["wild"]}},
    ),
]
LOST = "example.com. would have no MX any more, and mail for it nowhere to go"
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], str, list[str]]] = {
    "an MX that goes": ({"sub": MAIL}, {}, "dns-mail", [LOST.replace("example", "sub.example")]),
    "an MX that becomes null": (
        {"@": MAIL},
        {"@": sets("MX", "0 .")},
        "dns-mail",
        ["example.com. would refuse all mail: its MX would be `.`"],
    ),
    "an MX at a name without an address": (
        {"@": MAIL, "mail": A},
        {"@": sets("MX", "10 mial.example.com."), "mail": A},
        "dns-mail",
        ["mail for example.com. would go to mial.example.com., without any address"],
    ),
    "an MX of which one still has an address": (
        {"@": MAIL, "mail": A},
        {"@": sets("MX", "10 mial.example.com.", "20 mail.example.com."), "mail": A},
        "dns-mail",
        [],
    ),
    "an MX below a wildcard": (
        {"@": MAIL, "*": A},
        {"@": sets("MX", "10 new.example.com."), "*": A},
        "dns-mail",
        [],
    ),
    "an MX of somebody else's names": (
        {"@": MAIL},
        {"@": sets("MX", "10 mx.example.org.")},
        "dns-mail",
        [],
    ),
    "an MX whose TTL alone changes": (
        {"@": sets("MX", "10 mial.example.com.")},
        {"@": sets("MX", "10 mial.example.com.", ttl=600)},
        "dns-mail",
        [],
    ),
    "an MX that is new": ({}, {"@": sets("MX", "0 .")}, "dns-mail", []),
    "a delegation that goes": (
        {"sub": OURS},
        {},
        "dns-delegation",
        ["sub.example.com. would not be delegated any more, and all below it be gone"],
    ),
    "a delegation that goes elsewhere": (
        {"sub": OURS},
        {"sub": sets("NS", "ns1.evil.test.", "ns2.example.net.")},
        "dns-delegation",
        ["sub.example.com. would be delegated to ns1.evil.test. instead of ns1.example.net."],
    ),
    "a delegation to fewer of the same servers": (
        {"sub": OURS},
        {"sub": sets("NS", "ns2.example.net.")},
        "dns-delegation",
        [],
    ),
    "a delegation that hides names": (
        {"www.sub": A},
        {"sub": OURS},
        "dns-delegation",
        [
            (
                "sub.example.com. would be delegated to ns1.example.net., ns2.example.net., "
                "which takes www.sub.example.com. with it"
            )
        ],
    ),
    "a delegation with its glue": (
        {},
        {"sub": sets("NS", "ns.sub.example.com."), "ns.sub": A},
        "dns-delegation",
        [],
    ),
    "a new delegation of a name that nobody used": ({}, {"sub": OURS}, "dns-delegation", []),
    "CAA that forbids the certificate": (
        {"@": GOOGLE},
        {"@": NOBODY},
        "dns-caa",
        [
            (
                "CAA at example.com. permits nobody, not pki.goog, which is to issue and renew the "
                "certificate of *.wild.example.com, www.example.com"
            )
        ],
    ),
    "CAA that forbids the wildcard alone": (
        {"@": GOOGLE},
        {"@": sets("CAA", *WILD)},
        "dns-caa",
        [
            (
                "CAA at example.com. permits letsencrypt.org, not pki.goog, which is to issue and "
                "renew the certificate of *.wild.example.com"
            )
        ],
    ),
    "CAA nearer to the name": (
        {"@": GOOGLE, "www": A},
        {"@": GOOGLE, "www": {**A, **NOBODY}},
        "dns-caa",
        [
            (
                "CAA at www.example.com. permits nobody, not pki.goog, which is to issue and renew "
                "the certificate of www.example.com"
            )
        ],
    ),
    "CAA that goes, so that one above forbids": (
        {"@": NOBODY, "www": GOOGLE, "wild": GOOGLE},
        {"@": NOBODY, "wild": GOOGLE},
        "dns-caa",
        [
            (
                "CAA at example.com. permits nobody, not pki.goog, which is to issue and renew the "
                "certificate of www.example.com"
            )
        ],
    ),
    "the last CAA": (
        {"@": GOOGLE},
        {},
        "dns-caa",
        ["without its CAA, any authority may issue certificates for example.com."],
    ),
    "CAA that permits one more": (
        {"@": GOOGLE},
        {"@": sets("CAA", '0 issue "pki.goog"', '0 issue "letsencrypt.org"')},
        "dns-caa",
        [],
    ),
    "CAA of a name without a certificate": (
        {"@": GOOGLE, "other": GOOGLE},
        {"@": GOOGLE, "other": NOBODY},
        "dns-caa",
        [],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_change_of_mx_ns_and_caa_says_what_it_takes(workbench: Workbench, case: str) -> None:
    first, then, rule, expected = CASES[case]
    documents = CERTIFICATES if rule == "dns-caa" else []
    workbench.write(zone({**REST, **first}))
    workbench.apply()
    workbench.write(zone({**REST, **then}), *documents)
    made = workbench.plan(prune=True)
    assert [o.message for o in made.objections if o.rule == rule] == expected
    assert {o.level for o in made.objections if o.rule == rule} <= {"deny"}


def test_mail_to_a_name_whose_address_somebody_else_may_hold_is_no_claim(
    workbench: Workbench,
) -> None:
    """In a listed zone, what is not written may be live all the same."""
    workbench.write(zone({"@": MAIL, **REST}, "listed"))
    workbench.apply()
    workbench.write(zone({"@": sets("MX", "10 other.example.com."), **REST}, "listed"))
    assert not [o for o in workbench.plan().objections if o.rule == "dns-mail"]
