"""Broken environments as data: the files, and every fault that they must be refused for.

A fault is `(file:line:column, a part of the message)`; files are named from `desired/staging/`. An
Environment is added where a case does not bring its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

ENVIRONMENT = """\
apiVersion: remediate/v1
kind: Environment
metadata: {name: staging}
spec:
  project: netra-staging
  region: us-central1
  vars: {domain: netrasystems.ai}
  env: [TOKEN, UNSET]
"""

Expected: TypeAlias = tuple[str, str]


@dataclass(frozen=True)
class Case:
    """`why` is the sentence that the case proves."""

    why: str
    files: dict[str, str | bytes]
    faults: tuple[Expected, ...]
    process: dict[str, str] = field(default_factory=lambda: {"TOKEN": "t"})


def one(why: str, text: str | bytes, *faults: Expected) -> Case:
    """A case of one file, `a.yaml`."""
    places = tuple((f"a.yaml:{place}", message) for place, message in faults)
    return Case(why, {"a.yaml": text}, places)


def head(kind: str, name: str) -> str:
    """Lines 1 to 3 of a document."""
    return f"apiVersion: remediate/v1\nkind: {kind}\nmetadata: {{name: {name}}}\n"


def address(rest: str) -> str:
    return head("Address", "lb") + rest


def records(rest: str) -> str:
    """A zone whose records begin on line 7, indented by four."""
    return head("DnsZone", "zone") + "spec:\n  dnsName: example.com.\n  records:\n" + rest


FORM = (
    one(
        "a duplicate key",
        address("spec:\n  ipVersion: IPV4\n  ipVersion: IPV6\n"),
        ("6:3", "the key `ipVersion` is written twice"),
    ),
    one(
        "a duplicate key of another spelling",
        address('spec:\n  "ipVersion": IPV4\n  ipVersion: IPV6\n'),
        ("6:3", "the key `ipVersion` is written twice"),
    ),
    one(
        "a key of the document twice",
        address("spec: {}\nkind: Address\n"),
        ("5:1", "the key `kind` is written twice"),
    ),
    one(
        "an anchor",
        address("spec: &all {ipVersion: IPV4}\n"),
        ("4:7", "the anchor `&all` is refused"),
    ),
    one(
        "an alias",
        address("spec: {description: *text}\n"),
        ("4:21", "the alias `*text` is refused"),
    ),
    one(
        "a bomb of aliases",
        "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n" + head("Address", "lb") + "spec: {}\n",
        ("1:1", "unknown field `a`"),
        ("1:4", "the anchor `&a` is refused"),
        ("2:1", "unknown field `b`"),
        ("2:4", "the anchor `&b` is refused"),
        ("2:8", "the alias `*a` is refused"),
        ("2:12", "the alias `*a` is refused"),
        ("3:1", "unknown field `c`"),
        ("3:4", "the anchor `&c` is refused"),
        ("3:8", "the alias `*b` is refused"),
        ("3:12", "the alias `*b` is refused"),
    ),
    one(
        "a tag",
        address("spec: {description: !!str 1}\n"),
        ("4:21", "the tag `tag:yaml.org,2002:str` is refused"),
    ),
    one(
        "a tag that runs code elsewhere",
        address("spec: {description: !!python/object/apply:os.system [id]}\n"),
        ("4:21", "is refused"),
    ),
    one(
        "a local tag on a mapping",
        address("spec: !mine {ipVersion: IPV4}\n"),
        ("4:7", "the tag `!mine` is refused"),
    ),
    one("a merge key", address("spec:\n  <<: {ipVersion: IPV4}\n"), ("5:3", "unknown field `<<`")),
    one("a key that is a list", address("spec:\n  ? [a, b]\n  : c\n"), ("5:5", "a key is text")),
    one(
        "a tab as indentation",
        address("spec:\n\tipVersion: IPV4\n"),
        ("5:1", "a tab is where YAML wants spaces"),
    ),
    one(
        "an open bracket",
        address("spec: {ipVersion: IPV4\n"),
        ("5:1", "`,` or `}` was expected here"),
    ),
    one(
        "an open quote",
        address('spec: {ipVersion: "IPV4}\n'),
        ("5:1", "the file ends inside of this"),
    ),
    one(
        "a wrong indentation",
        address("spec:\n  ipVersion: IPV4\n description: x\n"),
        ("6:2", "a key was expected here"),
    ),
    one(
        "a colon within plain text",
        address("spec:\n  description: note: this\n"),
        ("5:20", "a `: ` stands where no key can be"),
    ),
    one(
        "a text that begins with @",
        address("spec: {description: @home}\n"),
        ("4:21", "text cannot begin with `@`"),
    ),
    one(
        "an expression without quotes in braces",
        address("spec: {description: ${var.domain}}\n"),
        ("4:22", "`,` or `}` was expected here"),
    ),
    one(
        "a file that is not UTF-8",
        b"kind: Address\nname: caf\xe9\n",
        ("2:10", "byte 0xe9 is not UTF-8"),
    ),
    one("a file of UTF-16", "kind: Address\n".encode("utf-16"), ("1:1", "byte 0xff is not UTF-8")),
    one(
        "a control character",
        b"kind: Address\nname: a\x07b\n",
        ("2:8", "the control character U+0007 is refused"),
    ),
    one("a null byte", b"kind: Addr\x00ess\n", ("1:11", "the control character U+0000 is refused")),
    one(
        "nesting without end",
        address("spec: " + "[" * 100 + "]" * 100 + "\n"),
        ("4:70", "nested more than 64 deep"),
    ),
    one("a list as a document", "- kind: Address\n", ("1:1", "a document is a mapping")),
    one("text as a document", "hello\n", ("1:1", "a document is a mapping")),
)

ENVELOPE = (
    one(
        "an unknown kind",
        head("Adress", "lb") + "spec: {}\n",
        ("2:7", "unknown kind `Adress` (did you mean `Address`?)"),
    ),
    one(
        "a kind of another product",
        head("Deployment", "lb") + "spec: {}\n",
        ("2:7", "unknown kind `Deployment`"),
    ),
    one(
        "no kind",
        "apiVersion: remediate/v1\nmetadata: {name: lb}\nspec: {}\n",
        ("1:1", "`kind` is missing"),
    ),
    one(
        "another version",
        "apiVersion: v1\nkind: Address\nmetadata: {name: lb}\nspec: {}\n",
        ("1:13", "`v1` is not one of remediate/v1"),
    ),
    one(
        "no version",
        "kind: Address\nmetadata: {name: lb}\nspec: {}\n",
        ("1:1", "`apiVersion` is missing"),
    ),
    one(
        "no name",
        "apiVersion: remediate/v1\nkind: Address\nmetadata: {}\nspec: {}\n",
        ("3:11", "`name` is missing"),
    ),
    one(
        "no metadata",
        "apiVersion: remediate/v1\nkind: Address\nspec: {}\n",
        ("1:1", "`metadata` is missing"),
    ),
    one("no spec", address(""), ("1:1", "`spec` is missing")),
    one("a spec that is a list", address("spec: [a]\n"), ("4:7", "`spec` is a mapping")),
    one("an empty spec", address("spec:\n"), ("4:6", "`spec` is a mapping")),
    one(
        "an unknown part of a document",
        address("specs: {}\nspec: {}\n"),
        ("4:1", "unknown field `specs`"),
    ),
    one(
        "a name with capitals", head("Address", "LB") + "spec: {}\n", ("3:18", "'LB' is not a name")
    ),
    one(
        "a name of 64 letters", head("Address", "a" * 64) + "spec: {}\n", ("3:18", "is not a name")
    ),
    one(
        "a name that ends with a dash",
        head("Address", "lb-") + "spec: {}\n",
        ("3:18", "'lb-' is not a name"),
    ),
    one(
        "a location of the moon",
        "apiVersion: remediate/v1\nkind: Address\nmetadata: {name: lb, location: moon}\nspec: {}\n",
        ("3:32", "'moon' is not a location"),
    ),
    one(
        "a region for what is global",
        "apiVersion: remediate/v1\nkind: DnsZone\n"
        "metadata: {name: lb, location: us-central1}\nspec: {dnsName: example.com.}\n",
        ("3:32", "DnsZone is global, and us-central1 is not"),
    ),
    one(
        "two resources of one identity",
        address("spec: {}\n---\n") + address("spec: {}\n"),
        ("8:18", "Address/lb is declared twice"),
    ),
    Case(
        "two resources of one identity in two files",
        {"a.yaml": address("spec: {}\n"), "b.yaml": address("spec: {}\n")},
        (
            (
                "b.yaml:3:18",
                "Address/lb is declared twice (the first one is at desired/staging/a.yaml:1:1)",
            ),
        ),
    ),
)

SPECS = (
    one(
        "an unknown field",
        address("spec: {adressType: EXTERNAL}\n"),
        ("4:8", "unknown field `adressType` (did you mean `addressType`?)"),
    ),
    one(
        "an unknown field deep inside",
        head("BackendService", "b") + "spec:\n  logConfig: {enabled: true}\n",
        ("5:15", "unknown field `enabled` (did you mean `enable`?)"),
    ),
    one(
        "a wrong word",
        address("spec: {ipVersion: IPv4}\n"),
        ("4:19", "`IPv4` is not one of IPV4, IPV6"),
    ),
    one(
        "text for a number",
        head("BackendService", "b") + "spec: {timeoutSec: long}\n",
        ("4:20", "a whole number was expected"),
    ),
    one(
        "a number in quotes",
        head("BackendService", "b") + 'spec: {timeoutSec: "30"}\n',
        ("4:20", "write it without quotes"),
    ),
    one(
        "a fraction for a whole number",
        head("BackendService", "b") + "spec: {timeoutSec: 1.5}\n",
        ("4:20", "a whole number was expected"),
    ),
    one(
        "yes for true",
        head("BackendService", "b") + "spec: {enableCDN: yes}\n",
        ("4:19", "true or false was expected"),
    ),
    one(
        "a mapping for text",
        address("spec: {description: {a: b}}\n"),
        ("4:21", "text was expected"),
    ),
    one(
        "text for a list",
        head("BackendService", "b") + "spec: {customRequestHeaders: X-A}\n",
        ("4:30", "a list was expected, not `X-A`"),
    ),
    one(
        "a list for a mapping",
        head("BackendService", "b") + "spec: {logConfig: [enable]}\n",
        ("4:19", "a mapping was expected, not a list"),
    ),
    one(
        "nothing where a value belongs",
        address("spec:\n  description:\n"),
        ("5:15", "nothing is written here"),
    ),
    one(
        "a number beyond all numbers",
        head("BackendService", "b") + "spec: {logConfig: {enable: true, sampleRate: 1e999}}\n",
        ("4:46", "a number was expected"),
    ),
    one(
        "a label with capitals",
        address("spec: {labels: {Env: staging}}\n"),
        ("4:22", "'Env' is not a label"),
    ),
    one(
        "a name in the spec that is another",
        address("spec: {name: other}\n"),
        ("4:14", "'other' is not what metadata.name says: lb"),
    ),
    one(
        "a region in the spec that is another",
        address(
            "spec: {region: https://www.googleapis.com/compute/v1/projects/p/regions/us-east1}\n"
        ),
        ("4:16", "is not what metadata.location says: global"),
    ),
)

RECORDS = (
    one(
        "an address that is none",
        records("    www: {A: {ttl: 300, values: [10.0.0.256]}}\n"),
        ("7:34", "10.0.0.256"),
    ),
    one(
        "a target without its dot",
        records("    www: {CNAME: {ttl: 300, values: [example.org]}}\n"),
        ("7:38", "dot"),
    ),
    one(
        "a CNAME beside other data",
        records(
            "    www:\n      CNAME: {ttl: 300, values: [example.org.]}\n"
            "      A: {ttl: 300, values: [10.0.0.1]}\n"
        ),
        ("8:7", "CNAME beside A"),
    ),
    one(
        "a CNAME at the apex",
        records('    "@": {CNAME: {ttl: 300, values: [example.org.]}}\n'),
        ("7:11", "CNAME"),
    ),
    one(
        "an unknown record type",
        records("    www: {AA: {ttl: 300, values: [10.0.0.1]}}\n"),
        ("7:11", "'AA' is no record type"),
    ),
    one("no ttl", records("    www: {A: {values: [10.0.0.1]}}\n"), ("7:", "ttl")),
    one(
        "a negative ttl", records("    www: {A: {ttl: -1, values: [10.0.0.1]}}\n"), ("7:20", "ttl")
    ),
    one(
        "a value twice",
        records("    www: {A: {ttl: 60, values: [10.0.0.1, 10.0.0.1]}}\n"),
        ("7:43", "the same data as value 1"),
    ),
    one("no values", records("    www: {A: {ttl: 60, values: []}}\n"), ("7:", "value")),
    one(
        "a name with a space",
        records('    "a b": {A: {ttl: 60, values: [10.0.0.1]}}\n'),
        ("7:5", "a b"),
    ),
    one(
        "a label of 64 letters",
        records(f"    {'a' * 64}: {{A: {{ttl: 60, values: [10.0.0.1]}}}}\n"),
        ("7:5", "63"),
    ),
    one(
        "one name in two spellings",
        records(
            "    www: {A: {ttl: 60, values: [10.0.0.1]}}\n"
            "    WWW: {A: {ttl: 60, values: [10.0.0.2]}}\n"
        ),
        ("8:", "WWW"),
    ),
    one("records as a list", records("    - www\n"), ("7:5", "`records` is a mapping of names")),
    one(
        "a zone's name without its dot",
        head("DnsZone", "zone") + "spec: {dnsName: example.com}\n",
        ("4:17", "dot"),
    ),
    one(
        "an unknown ownership",
        head("DnsZone", "zone") + "spec: {dnsName: example.com., recordOwnership: mine}\n",
        ("4:48", "exclusive or listed was expected"),
    ),
    one(
        "a set both written and ignored",
        records(
            "    www: {A: {ttl: 60, values: [10.0.0.1]}}\nlifecycle: {ignore: [/records/www/A]}\n"
        ),
        ("8:22", "www.example.com. A: both written and ignored"),
    ),
    one(
        "sets both written and ignored by a glob",
        records(
            "    www: {A: {ttl: 60, values: [10.0.0.1]}}\nlifecycle: {ignore: [/records/w*]}\n"
        ),
        ("8:22", "both written and ignored"),
    ),
)


def policy(rest: str) -> str:
    """A routed set of `www`, whose policy stands on line 7 from column 39 on."""
    return records(f"    www: {{A: {{ttl: 60, routingPolicy: {rest}}}}}\n")


ZONES = (
    one(
        "a field of a set beside its type",
        records(
            "    a: {ttl: 300, A: {ttl: 60, values: [192.0.2.1]}}\n    b: {values: [192.0.2.1]}\n"
        ),
        ("7:9", "`ttl` belongs into the set, below its type (write `A: {ttl: 300, …}`, or"),
        ("8:9", "`values` belongs into the set, below its type (write `A: {values: …}`"),
    ),
    one(
        "a zone whose name lacks its dot, by which its full names are judged all the same",
        head("DnsZone", "zone") + "spec:\n  dnsName: example.com\n  records:\n"
        "    www.example.com.: {A: {ttl: 300, values: [192.0.2.1]}}\n"
        "    www.example.org.: {A: {ttl: 300, values: [192.0.2.1]}}\n",
        ("5:12", "a full name with its final dot"),
        ("7:5", "names are relative to example.com. (write `www`)"),
        ("8:5", "(it is not in example.com)"),
    ),
    one(
        "a zone that forwards and peers",
        head("DnsZone", "zone")
        + "spec:\n  dnsName: example.com.\n  visibility: private\n"
        + "  forwardingConfig: {targetNameServers: [{ipv4Address: 10.0.0.53}]}\n"
        + "  peeringConfig: {targetNetwork: {networkUrl: vpc}}\n",
        ("8:18", "peeringConfig and forwardingConfig exclude each other"),
    ),
    one(
        "a public zone that some networks see",
        head("DnsZone", "zone")
        + "spec:\n  dnsName: example.com.\n"
        + "  privateVisibilityConfig: {networks: [{networkUrl: vpc}]}\n",
        ("6:28", "privateVisibilityConfig goes with visibility private"),
    ),
    one(
        "a signed private zone",
        head("DnsZone", "zone")
        + "spec: {dnsName: example.com., visibility: private, dnssecConfig: {state: on}}\n",
        ("4:74", "a private zone is not signed"),
    ),
    one(
        "a server to forward to of no address",
        head("DnsZone", "zone")
        + "spec:\n  dnsName: example.com.\n  visibility: private\n"
        + "  forwardingConfig: {targetNameServers: [{forwardingPath: private}]}\n",
        ("7:42", "one of domainName, ipv4Address or ipv6Address is needed"),
    ),
)

POLICIES = (
    one(
        "a routing policy of no form",
        policy("{}"),
        ("7:39", "one of wrr, geo or primaryBackup is needed"),
    ),
    one(
        "a routing policy of two forms",
        policy(
            "{wrr: {items: [{weight: 1, rrdatas: [10.0.0.1]}]}, "
            "geo: {items: [{location: us-east1, rrdatas: [10.0.0.1]}]}}"
        ),
        ("7:95", "geo and wrr exclude each other"),
    ),
    one(
        "a mistyped field of a routing policy",
        policy("{wrr: {item: []}}"),
        ("7:52", "unknown field `item`"),
    ),
    one(
        "an item without data, and a negative weight",
        policy("{wrr: {items: [{weight: -1, rrdatas: [10.0.0.1]}, {weight: 1}]}}"),
        ("7:63", "a weight is 0 or more"),
        ("7:89", "an item answers with `rrdatas` or `healthCheckedTargets`"),
    ),
    one(
        "values beside a routing policy",
        records(
            "    www:\n      A:\n        ttl: 60\n        values: [10.0.0.1]\n"
            "        routingPolicy: {wrr: {items: [{weight: 1, rrdatas: [10.0.0.1]}]}}\n"
        ),
        ("10:17", "`values` beside `routingPolicy`"),
    ),
    one(
        "data of another type in a routing policy",
        policy("{wrr: {items: [{weight: 1, rrdatas: [lb.example.net.]}]}}"),
        ("7:76", "'lb.example.net.' is no A value"),
    ),
    one(
        "a health check that nobody declares",
        policy(
            "{healthCheck: alive, wrr: {items: [{weight: 1, "
            "healthCheckedTargets: {externalEndpoints: [192.0.2.1]}}]}}"
        ),
        ("7:53", "no HealthCheck named 'alive' is declared"),
    ),
    one(
        "internal load balancers in a public zone",
        policy(
            "{wrr: {items: [{weight: 1, healthCheckedTargets: {internalLoadBalancers: [{ipAddress: "
            "10.0.0.1, ipProtocol: tcp, networkUrl: vpc, port: 80, project: p}]}}]}}"
        ),
        ("7:112", "internal load balancers are for private zones"),
    ),
    one(
        "one place twice",
        policy(
            "{geo: {items: [{location: us-east1, rrdatas: [10.0.0.1]}, "
            "{location: us-east1, rrdatas: [10.0.0.2]}]}}"
        ),
        ("7:108", "the location 'us-east1' is already at"),
    ),
)


LIFECYCLES = (
    one(
        "an unknown ownership of a resource",
        address("spec: {}\nlifecycle: {ownership: mine}\n"),
        ("5:24", "`mine` is not one of full, shared, observe"),
    ),
    one(
        "an unknown part of a lifecycle",
        address("spec: {}\nlifecycle: {protected: true}\n"),
        ("5:13", "unknown field `protected` (did you mean `protect`?)"),
    ),
    one(
        "a duration without its unit",
        address("spec: {}\nlifecycle: {wait: {timeout: 60}}\n"),
        ("5:29", "a duration such as 30s"),
    ),
    one(
        "an ignored place that is no pointer",
        address("spec: {}\nlifecycle: {ignore: [labels]}\n"),
        ("5:22", "is not a JSON pointer"),
    ),
    one(
        "an ignored field that does not exist",
        address("spec: {}\nlifecycle: {ignore: [/label]}\n"),
        ("5:22", "`/label` names no field of Address (did you mean `labels`?)"),
    ),
    one(
        "an allowance without a reason",
        address('spec: {}\nlifecycle: {allow: {delete: ""}}\n'),
        ("5:29", "an allowance gives its reason"),
    ),
    one(
        "an allowance for what nobody objects to, or nothing acknowledges, or comes up in a run",
        address("spec: {}\nlifecycle: {allow: {protcted: a, replace: b, certificate-unseen: c}}\n"),
        ("5:31", "no guard is called 'protcted'; did you mean `protected`?"),
        ("5:43", "nothing acknowledges replace"),
        ("5:66", "found out while a run waits: only --allow acknowledges it"),
    ),
    one(
        "a dependency on nothing",
        address("spec: {}\nlifecycle: {dependsOn: [Address/nope]}\n"),
        ("5:25", "Address/nope is not declared"),
    ),
    one(
        "a dependency that is no name",
        address("spec: {}\nlifecycle: {dependsOn: [a/b/c/d]}\n"),
        ("5:25", "is not `Kind/name`"),
    ),
)

LINKS = (
    one(
        "a dangling link",
        head("TargetHttpProxy", "p") + "spec: {urlMap: nope}\n",
        ("4:16", "no UrlMap named 'nope' is declared (somebody else's is written as its link, "),
    ),
    one(
        "a misspelt link where kinds that are not ours may be meant",
        head("ForwardingRule", "r")
        + "spec: {loadBalancingScheme: EXTERNAL_MANAGED, portRange: 80-80, target: prxy}\n---\n"
        + head("TargetHttpProxy", "proxy")
        + "spec: {urlMap: global/urlMaps/m}\n---\n"
        + head("BackendService", "b")
        + "spec: {loadBalancingScheme: EXTERNAL_MANAGED, backends: [{group: neg}]}\n---\n"
        + head("TargetHttpsProxy", "p")
        + "spec: {urlMap: global/urlMaps/m, certificateMap: edge}\n",
        ("4:73", "no TargetHttpsProxy or TargetHttpProxy named 'prxy' is declared (did you mean `"),
        ("14:66", "no NetworkEndpointGroup named 'neg' is declared"),
        ("19:50", "written as its link, such as `locations/global/certificateMaps/edge`)"),
    ),
    one(
        "a dangling link with its kind",
        head("TargetHttpProxy", "p") + "spec: {urlMap: UrlMap/nope}\n",
        ("4:16", "UrlMap/nope is not declared"),
    ),
    one(
        "a link to a kind that does not fit",
        head("TargetHttpProxy", "p") + "spec: {urlMap: Address/lb}\n---\n" + address("spec: {}\n"),
        ("4:16", "TargetHttpProxy links to UrlMap here, not to Address"),
    ),
    one(
        "a link that is no name",
        head("TargetHttpProxy", "p") + "spec: {urlMap: a b}\n",
        ("4:16", "'a b' is not a name"),
    ),
    one(
        "a bare name that two kinds have",
        head("ForwardingRule", "r")
        + "spec: {loadBalancingScheme: EXTERNAL_MANAGED, portRange: 80-80, target: p}\n---\n"
        + head("TargetHttpProxy", "p")
        + "spec: {urlMap: global/urlMaps/m}\n---\n"
        + head("TargetHttpsProxy", "p")
        + "spec: {urlMap: global/urlMaps/m, sslCertificates: [global/sslCertificates/c]}\n",
        ("4:73", "'p' could be TargetHttpsProxy/p or TargetHttpProxy/p; write which"),
    ),
    one(
        "a bare name that two regions have",
        head("TargetHttpProxy", "p")
        + "spec: {urlMap: UrlMap/m}\n---\n"
        + "---\n".join(
            head("UrlMap", f"m, location: {region}")
            + "spec: {defaultUrlRedirect: {httpsRedirect: true, stripQuery: false}}\n"
            for region in ("us-east1", "us-west1")
        ),
        ("4:16", "'m' could be UrlMap/us-east1/m or UrlMap/us-west1/m; write which"),
    ),
    one(
        "a number of five thousand digits",
        head("BackendService", "b") + f"spec: {{timeoutSec: {'9' * 5000}}}\n",
        ("4:20", "a whole number was expected"),
    ),
    one(
        "a misspelled link",
        head("TargetHttpProxy", "p")
        + "spec: {urlMap: stagng}\n---\n"
        + head("UrlMap", "staging")
        + "spec: {defaultUrlRedirect: {httpsRedirect: true, stripQuery: false}}\n",
        ("4:16", "did you mean `staging`?"),
    ),
    one(
        "a reference to nothing",
        records('    www: {A: {ttl: 60, values: ["${Address/nope.address}"]}}\n'),
        ("7:33", "Address/nope is not declared"),
    ),
    one(
        "a reference to a field that is not given",
        records('    www: {A: {ttl: 60, values: ["${Address/lb.adress}"]}}\n---\n')
        + address("spec: {}\n"),
        ("7:33", "Address gives no `adress` (did you mean `address`?)"),
    ),
    one(
        "a reference to an unknown kind",
        address('spec: {description: "${Adress/lb.address}"}\n'),
        ("4:21", "unknown kind `Adress`"),
    ),
    one(
        "two resources that need each other",
        head("Address", "a")
        + 'spec: {description: "${Address/b.address}"}\n---\n'
        + head("Address", "b")
        + "spec: {}\nlifecycle: {dependsOn: [Address/a]}\n",
        ("4:7", "these go in a circle: Address/a → Address/b → Address/a"),
    ),
    one(
        "a resource that needs itself",
        address("spec: {}\nlifecycle: {dependsOn: [Address/lb]}\n"),
        ("5:25", "these go in a circle: Address/lb → Address/lb"),
    ),
    one(
        "an expression that is not closed",
        address('spec: {description: "${var.domain"}\n'),
        ("4:21", "a `${` without its `}`"),
    ),
    one(
        "an expression of another language",
        address('spec: {description: "${upper(var.domain)}"}\n'),
        ("4:21", "is not an expression"),
    ),
    one(
        "an unknown variable",
        address('spec: {description: "${var.domian}"}\n'),
        ("4:21", "the variable `domian` is not declared (did you mean `domain`?)"),
    ),
    one(
        "a process variable that is not listed",
        address('spec: {description: "${env.HOME}"}\n'),
        ("4:21", "`HOME` is not among the process variables"),
    ),
    one(
        "a process variable that is not set",
        address('spec: {description: "${env.UNSET}"}\n'),
        ("4:21", "the process variable `UNSET` is not set"),
    ),
)


def env(why: str, text: str, *faults: Expected) -> Case:
    places = tuple((f"environment.yaml:{place}", message) for place, message in faults)
    return Case(why, {"environment.yaml": text}, places)


ENVIRONMENTS = (
    env(
        "an Environment of another name",
        ENVIRONMENT.replace("name: staging", "name: production"),
        ("3:18", "the Environment production is in the folder staging"),
    ),
    env(
        "a project that is none",
        ENVIRONMENT.replace("netra-staging", "Netra Staging"),
        ("5:12", "is not a project's id"),
    ),
    env(
        "no project",
        ENVIRONMENT.replace("  project: netra-staging\n", ""),
        ("5:3", "`project` is missing"),
    ),
    env(
        "a region that is none",
        ENVIRONMENT.replace("us-central1", "Iowa"),
        ("6:11", "is not a region such as us-central1"),
    ),
    env(
        "a variable that is a list",
        ENVIRONMENT.replace("domain: netrasystems.ai", "domain: [a]"),
        ("7:18", "a variable holds plain text"),
    ),
    env(
        "a variable of a variable",
        ENVIRONMENT.replace("domain: netrasystems.ai", 'domain: "${var.x}"'),
        ("7:18", "a variable holds plain text"),
    ),
    env(
        "no parallelism",
        ENVIRONMENT + "  apply: {parallelism: 0}\n",
        ("9:24", "the number of steps at once is from 1 to 64"),
    ),
    env(
        "an unknown level of a guard",
        ENVIRONMENT + "  guards: {too-many-deletes: never}\n",
        ("9:30", "`never` is not one of deny, approve, warn"),
    ),
    env(
        "a level of a guard that there is not",
        ENVIRONMENT + "  guards: {too-many-delets: warn, no-room: warn}\n",
        ("9:29", "no guard is called 'too-many-delets'; did you mean `too-many-deletes`?"),
        ("9:44", "nothing acknowledges no-room"),
    ),
    env(
        "a misspelt word of a guard",
        ENVIRONMENT + "  guards: {too-many-deletes: {percnt: 10}}\n",
        ("9:31", "unknown field `percnt` (did you mean `percent`?)"),
    ),
    env(
        "a word that only another guard takes",
        ENVIRONMENT + "  guards: {dns-apex: {percent: 10}}\n",
        ("9:32", "dns-apex takes level, not `percent`"),
    ),
    env(
        "a share that does not fit into a whole",
        ENVIRONMENT + "  guards: {too-many-deletes: {percent: 110}}\n",
        ("9:40", "a share in percent is from 0 to 100"),
    ),
    env(
        "a window that does not say when",
        ENVIRONMENT + "  guards: {change-window: deny}\n",
        ("9:27", "say when: `allow` with days and hours, `freeze` with dates, or both"),
    ),
    env(
        "hours and days that does not anybody know",
        ENVIRONMENT
        + "  guards:\n    change-window:\n      timezone: Europe/Berlni\n"
        + "      allow: [{days: weekdays, hours: 9-17}]\n",
        ("11:17", "no time zone is called 'Europe/Berlni' here; write one such as Europe/Berlin"),
        ("12:22", "'weekdays' is not days such as mon-thu or mon,wed,fri"),
        ("12:39", "'9-17' is not hours such as 09:00-16:00"),
    ),
    env(
        "a freeze without its reason",
        ENVIRONMENT
        + "  guards: {change-window: {freeze: [{first: 2026-12-20, last: 2027-01-03}]}}\n",
        ("9:37", "`reason` is missing"),
    ),
    env(
        "a freeze that does not end after it begins",
        ENVIRONMENT
        + "  guards:\n    change-window:\n"
        + "      freeze: [{first: 2026-12-20, last: 2026-12-19, reason: x}]\n",
        ("11:42", "this is before 2026-12-20"),
    ),
    env(
        "approvals by a risk that there is not",
        ENVIRONMENT + "  guards: {approvals: {severe: 1}}\n",
        ("9:24", "unknown field `severe`"),
    ),
    env(
        "two Environments",
        ENVIRONMENT + "---\n" + ENVIRONMENT,
        ("11:7", "there is more than one Environment"),
    ),
    env(
        "an Environment with a lifecycle",
        ENVIRONMENT + "lifecycle: {protect: true}\n",
        ("9:1", "Environment has no lifecycle"),
    ),
    Case(
        "no Environment",
        {"environment.yaml": address("spec: {}\n")},
        (("", "desired/staging has no document of kind Environment"),),
    ),
    Case(
        "an empty folder",
        {"environment.yaml": "", "notes.txt": "x"},
        (("", "desired/staging has no document of kind Environment"),),
    ),
    one(
        "a check with two probes",
        head("Checks", "staging") + "spec:\n  web: {http: {urls: []}, tls: {hosts: []}}\n",
        ("5:8", "a check has one probe"),
    ),
    one(
        "a check whose probe is mistyped",
        head("Checks", "staging") + "spec:\n  web: {htp: {urls: []}}\n",
        ("5:9", "unknown field `htp` (did you mean `http`?)"),
    ),
    one(
        "a check that is a list",
        head("Checks", "staging") + "spec:\n  web: [http]\n",
        ("5:8", "a mapping was expected, not a list"),
    ),
)


CHECKS = (
    *(
        one(
            f"a check of {probe}: {wrong}",
            head("Checks", "staging") + f"spec:\n  web: {{{probe}: {wrong}}}\n",
            (f"5:{9 + len(probe) + 2 + column}", said),
        )
        for probe, wrong, column, said in (
            ("dns", "{names: [a.example], nmes: []}", 21, "unknown field `nmes`"),
            ("dns", "{names: [a b]}", 9, "'a b' is not a domain name"),
            ("dns", "{names: []}", 8, "nothing is listed here"),
            ("dns", "{names: [a.example], type: B}", 27, "`B` is not one of A, AAAA"),
            ("dns", "{names: [a.example], resolvers: [dns.google]}", 33, "is not an IP, or"),
            ("http", "{urls: [ftp://a.example/]}", 8, "is not an http or https URL"),
            ("http", "{urls: ['https://u:p@a.example/']}", 8, "is not an http or https URL"),
            ("http", "{urls: ['http://a.b/'], connectTo: a.b}", 35, "is not an IP"),
            ("http", "{urls: ['http://a.b/'], connectTo: '1.2.3.4:0'}", 35, "is not an IP"),
            (
                "tls",
                "{hosts: [a.example], connectTo: '2001:db8::1'}, expect: {chain: ok}",
                64,
                "ok",
            ),
            ("websocket", "{url: 'https://a.example/ws'}", 6, "is not a ws or wss URL"),
            ("websocket", "{url: 'ws://a.b/', hold: long}", 25, "a duration such as 30s"),
            ("postgresql", "{address: db.internal}", 10, "is not an IP"),
            (
                "postgresql",
                "{address: 10.0.0.3, port: 70000, allowPrivate: true}",
                26,
                "a port is from 1 to 65",
            ),
            ("postgresql", "{address: 10.0.0.3}", 10, "say `allowPrivate: true` beside it"),
            (
                "postgresql",
                "{address: 169.254.169.254, allowPrivate: true}",
                10,
                "is a metadata server's, which is never probed, whatever is allowed",
            ),
            ("http", "{urls: ['http://[::1]/']}", 8, "`::1` is no public address but this machine"),
            ("http", "{url: ['http://a.b/']}", 1, "unknown field `url` (did you mean `urls`?)"),
            ("tls", "{hosts: ['*.a.example']}", 9, "name a host that it covers"),
            ("dns", "{names: [a.example], resolvers: [10.0.0.53]}", 33, "but private"),
            ("command", "{argv: python}", 7, "a list was expected, not `python`"),
            ("command", "{argv: [a]}, expect: {exit: no}", 28, "a whole number was expected"),
            ("command", "{argv: [a]}, gates: [Adress/*]", 21, "`Adress/*` matches nothing"),
            ("command", "{argv: [a]}, severity: low", 23, "`low` is not one of critical, warn"),
            ("command", "{argv: [a]}, tags: [a b]", 20, "'a b' is not a tag"),
            ("delegation", "{zones: [a.example]}", 9, "is no `DnsZone/name` of this"),
            ("delegation", "{zones: [a.example]}, expect: {any: 1}", 31, "unknown field `any`"),
        )
    ),
    Case(
        "a check of a name that another one has",
        {
            "a.yaml": head("Checks", "one") + "spec: {web: {command: {argv: [a]}}}\n",
            "b.yaml": head("Checks", "two") + "spec: {web: {command: {argv: [a]}}}\n",
        },
        (("b.yaml:4:8", "the check web is declared twice"),),
    ),
)


def connector(spec: str, lifecycle: str = "", name: str = "inner") -> str:
    rest = f"lifecycle: {{{lifecycle}}}\n" if lifecycle else ""
    return head("VpcConnector", name) + f"spec: {{{spec}}}\n" + rest


_RANGE = "network: vpc, ipCidrRange: 10.8.0.0/28"
_SMALL = f"{_RANGE}, maxInstances: 3"
CONNECTORS = (
    one(
        "a connector whose name is too long as Google counts",
        connector(_SMALL, name="the-inner-connector"),
        ("3:18", "is 21 long as Google counts it, a hyphen counting 2: 20 is the most"),
    ),
    one(
        "a connector without a range",
        connector("network: vpc, maxInstances: 3"),
        ("4:7", "ipCidrRange is missing: network and ipCidrRange, or a subnet"),
    ),
    one(
        "a connector in a range of another size",
        connector("network: vpc, ipCidrRange: 10.8.0.0/24, maxInstances: 3"),
        ("4:35", "'10.8.0.0/24' is not a /28 such as 10.8.0.0/28"),
    ),
    one(
        "a connector with a range beside its subnet",
        connector("subnet: {name: inner}, ipCidrRange: 10.8.0.0/28, maxInstances: 3"),
        ("4:44", "a connector with a subnet has no ipCidrRange"),
    ),
    one(
        "a connector that has no end",
        connector(f"{_RANGE}, minInstances: 2"),
        ("4:7", "one of maxInstances or maxThroughput is needed"),
    ),
    one(
        "a connector whose size is written twice",
        connector(f"{_SMALL}, maxThroughput: 300"),
        ("4:80", "instances and throughput exclude each other: write one pair"),
    ),
    one(
        "a connector that is as large at least as at most",
        connector(f"{_SMALL}, minInstances: 3"),
        ("4:79", "minInstances is below maxInstances: 3 is not below 3"),
    ),
    one(
        "a connector of too many instances",
        connector(f"{_RANGE}, maxInstances: 11"),
        ("4:62", "the greatest number of instances is from 3 to 10"),
    ),
    one(
        "a connector of a throughput in between",
        connector(f"{_RANGE}, maxThroughput: 450"),
        ("4:63", "a throughput is a multiple of 100 Mbps"),
    ),
    one(
        "a connector on unknown machines",
        connector(f"{_SMALL}, machineType: e2-huge"),
        ("4:78", "'e2-huge' is not one of e2-micro, e2-standard-4, f1-micro"),
    ),
    one(
        "a spare range that is none",
        connector(_SMALL, "replaceCidr: 10.8.0.16"),
        ("5:26", "'10.8.0.16' is not a /28"),
    ),
    one(
        "a spare range that is the first one",
        connector(_SMALL, "replaceCidr: 10.8.0.0/28"),
        ("5:26", "10.8.0.0/28 is spec.ipCidrRange too"),
    ),
    one(
        "a spare range for a connector in a subnet",
        connector("subnet: {name: inner}, maxInstances: 3", "replaceCidr: 10.8.0.16/28"),
        ("5:26", "a connector with a subnet moves to another subnet"),
    ),
    one(
        "a spare range for what takes up none",
        address("spec: {}\nlifecycle: {replaceCidr: 10.8.0.16/28}\n"),
        ("5:13", "takes up no range of addresses"),
    ),
)

MANY = Case(
    "faults of every sort in several files come at once",
    {
        "a.yaml": address("spec: {ipVersion: four, color: red}\nlifecycle: {protect: maybe}\n"),
        "b.yaml": "spec: [\n",
        "c.yaml": head("TargetHttpProxy", "p")
        + "spec: {urlMap: nope}\n---\n"
        + head("Adress", "x")
        + "spec: {}\n",
        "d.yaml": records(
            "    www: {A: {ttl: x, values: [1.2.3]}}\n    Ä b: {A: {ttl: 1, values: [10.0.0.1]}}\n"
        ),
        "e.yaml": address('spec: {description: "${var.nope} ${env.NOPE}"}\n'),
    },
    (
        ("a.yaml:4:19", "`four` is not one of"),
        ("a.yaml:4:25", "unknown field `color`"),
        ("a.yaml:5:22", "true or false was expected"),
        ("b.yaml:2:1", "a value was expected here"),
        ("c.yaml:4:16", "no UrlMap named 'nope'"),
        ("c.yaml:7:7", "unknown kind `Adress`"),
        ("d.yaml:7:20", "ttl"),
        ("d.yaml:7:32", "1.2.3"),
        ("d.yaml:8:5", "Ä b"),
        ("e.yaml:3:18", "Address/lb is declared twice"),
        ("e.yaml:4:21", "`NOPE` is not among"),
        ("e.yaml:4:21", "`nope` is not declared"),
    ),
)


def certificate(spec: str, kind: str = "Certificate", name: str = "c") -> str:
    return head(kind, name) + f"spec: {spec}\n"


AUTHORITY = "---\n" + certificate("{domain: example.com}", "DnsAuthorization", "a")
MAP = "---\n" + certificate("{}", "CertificateMap", "m")
SHOWN = "---\n" + certificate("{managed: {domains: [a.example.com]}}")

CERTIFICATES = (
    one(
        "a certificate that Google issues and somebody brings along",
        certificate("{managed: {domains: [a.example.com]}, selfManaged: {pemCertificate: x}}"),
        ("4:58", "selfManaged and managed exclude each other"),
        ("4:75", "'x' is not a certificate in PEM"),
    ),
    one(
        "a certificate of neither sort",
        certificate("{description: x}"),
        ("4:7", "one of managed or selfManaged is needed"),
    ),
    one(
        "a wildcard that nothing authorizes",
        certificate('{managed: {domains: ["*.example.com"]}}'),
        ("4:28", "a wildcard needs dnsAuthorizations"),
    ),
    one(
        "a domain with a dot at its end",
        certificate("{managed: {domains: [a.example.com.]}}"),
        ("4:28", "'a.example.com.' is not a domain name"),
    ),
    one(
        "an authorization that nobody declares",
        certificate("{managed: {domains: [a.example.com], dnsAuthorizations: [b]}}") + AUTHORITY,
        ("4:64", "no DnsAuthorization named 'b' is declared"),
    ),
    one(
        "an authorization of a wildcard",
        certificate('{domain: "*.example.com"}', "DnsAuthorization"),
        ("4:16", "example.com is authorized with all that is directly below it"),
    ),
    one(
        "a private key that is none",
        certificate('{selfManaged: {pemPrivateKey: hunter2, pemCertificate: "x"}}'),
        ("4:37", "a private key in PEM was expected"),
        ("4:62", "'x' is not a certificate in PEM"),
    ),
    one(
        "tags",
        certificate("{tags: {a: b}}", "CertificateMap"),
        ("4:8", "`tags` is not supported"),
    ),
    one(
        "a map in a region",
        certificate("{}", "CertificateMap", "m, location: us-central1"),
        ("3:31", "CertificateMap is global, and us-central1 is not"),
    ),
    one(
        "an entry outside of any map",
        certificate("{matcher: PRIMARY, certificates: [c]}", "CertificateMapEntry", "e") + SHOWN,
        ("3:18", "'e' is not a name"),
    ),
    one(
        "an entry of a map that nobody declares",
        certificate("{matcher: PRIMARY, certificates: [c]}", "CertificateMapEntry", "n/e")
        + MAP
        + SHOWN,
        ("3:18", "CertificateMap/n is not declared"),
    ),
    one(
        "an entry for no host",
        certificate("{certificates: [c]}", "CertificateMapEntry", "m/e") + MAP + SHOWN,
        ("4:7", "one of hostname or matcher is needed"),
    ),
    one(
        "an entry with a certificate of an odd name",
        certificate("{matcher: PRIMARY, certificates: [c, C]}", "CertificateMapEntry", "m/e")
        + MAP
        + SHOWN,
        ("4:44", "'C' is not a name"),
    ),
    one(
        "an entry that shows a certificate of the load balancer",
        certificate(
            "{matcher: PRIMARY, certificates: [SslCertificate/c]}", "CertificateMapEntry", "m/e"
        )
        + MAP,
        ("4:41", "CertificateMapEntry links to Certificate here, not to SslCertificate"),
    ),
    one(
        "a proxy with certificates of both",
        head("TargetHttpsProxy", "p")
        + "spec: {urlMap: global/urlMaps/m, sslCertificates: [Certificate/c, s]}\n"
        + SHOWN
        + "---\n"
        + certificate(
            "{type: MANAGED, managed: {domains: [a.example.com]}}", "SslCertificate", "s"
        ),
        ("4:51", "certificates of Compute and of Certificate Manager do not mix"),
    ),
    one(
        "a proxy whose bare names mean certificates of both",
        head("TargetHttpsProxy", "p")
        + "spec: {urlMap: global/urlMaps/m, sslCertificates: [c, s]}\n"
        + SHOWN
        + "---\n"
        + certificate(
            "{type: MANAGED, managed: {domains: [a.example.com]}}", "SslCertificate", "s"
        ),
        ("4:51", "certificates of Compute and of Certificate Manager do not mix"),
    ),
    one(
        "a domain that none of the authorizations is for",
        certificate("{managed: {domains: [example.com, b.org], dnsAuthorizations: [a]}}")
        + AUTHORITY,
        ("4:41", "none of its dnsAuthorizations is for b.org"),
    ),
    one(
        "a map that shows a certificate of a region",
        certificate("{matcher: PRIMARY, certificates: [c]}", "CertificateMapEntry", "m/e")
        + MAP
        + SHOWN.replace("name: c", "name: c, location: us-east1"),
        ("4:41", "a map shows certificates of location global"),
    ),
    one(
        "a record that takes what an authorization does not give",
        records('    x: {CNAME: {ttl: 60, values: ["${DnsAuthorization/a.dnsResourceRecord}"]}}\n')
        + AUTHORITY,
        ("7:35", "DnsAuthorization gives no `dnsResourceRecord`"),
    ),
)

RUN = head("RunService", "web")
TEMPLATE = RUN + "spec:\n  template:\n"


def run_service(rest: str) -> str:
    """A service whose container begins on line 7, indented by six."""
    return TEMPLATE + "    containers:\n    - image: app\n" + rest


SERVICES = (
    one(
        "a service without its template",
        RUN + "spec: {ingress: INGRESS_TRAFFIC_ALL}\n",
        ("4:7", "`template` is missing"),
    ),
    one(
        "a service without a container",
        TEMPLATE + "    containers: []\n",
        ("6:17", "at least one container"),
    ),
    one(
        "a service of a name that is too long",
        head("RunService", "w" * 50) + "spec: {template: {containers: [{image: app}]}}\n",
        ("3:18", "is 50 long as Google counts it: 49 is the most"),
    ),
    one(
        "a service that is global",
        "apiVersion: remediate/v1\nkind: RunService\nmetadata: {name: web, location: global}\n"
        "spec: {template: {containers: [{image: app}]}}\n",
        ("3:33", "RunService is region"),
    ),
    one(
        "an ingress in the words of gcloud",
        RUN + "spec: {ingress: internal, template: {containers: [{image: app}]}}\n",
        ("4:17", "is not one of"),
    ),
    one(
        "a field of the Knative shape",
        run_service("      resources: {requests: {cpu: 1}}\n"),
        ("8:19", "unknown field `requests`"),
    ),
    one(
        "a secret by value and by pointer",
        run_service(
            "      env:\n      - {name: A, value: x, valueSource: {secretKeyRef: {secret: s}}}\n"
        ),
        ("9:42", "valueSource and value exclude each other"),
    ),
    one(
        "a variable that Cloud Run sets",
        run_service('      env: [{name: PORT, value: "80"}]\n'),
        ("8:20", "PORT is set by Cloud Run itself"),
    ),
    one(
        "memory in a unit of its own",
        run_service("      resources: {limits: {memory: 512MB}}\n"),
        ("8:36", "'512MB' is not an amount such as 512Mi"),
    ),
    one(
        "a timeout without its unit",
        run_service("    timeout: 300\n"),
        ("8:14", "'300' is not a duration in seconds such as 300s"),
    ),
    one(
        "a timeout of more than an hour",
        run_service("    timeout: 7200s\n"),
        ("8:14", "at most 3600s"),
    ),
    one(
        "fewer instances at most than at least",
        run_service("    scaling: {minInstanceCount: 5, maxInstanceCount: 2}\n"),
        ("8:33", "greater than maxInstanceCount"),
    ),
    one(
        "traffic that is no hundred percent",
        run_service("  traffic: [{type: TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST, percent: 50}]\n"),
        ("8:12", "the percents sum to 100, not to 50"),
    ),
    one(
        "a connector that nobody declares",
        run_service("    vpcAccess: {connector: inner}\n"),
        ("8:28", "no VpcConnector named 'inner' is declared"),
    ),
    one(
        "a field that Google never answers",
        run_service("      sourceCode: {inlinedSource: {sources: []}}\n"),
        ("8:20", "`inlinedSource` is not supported"),
    ),
    one(
        "several regions at once",
        run_service("  multiRegionSettings: {regions: [us-east1]}\n"),
        ("8:3", "`multiRegionSettings` is not supported"),
    ),
    one(
        "a group that leads to a service by its whole name",
        head("NetworkEndpointGroup", "group")
        + "spec:\n  networkEndpointType: SERVERLESS\n"
        + "  cloudRun: {service: projects/p/locations/l/services/web}\n",
        ("6:23", "is not the name of a Cloud Run service"),
    ),
    one(
        "a group that leads to a service that nobody declares, by its kind",
        head("NetworkEndpointGroup", "group")
        + "spec:\n  networkEndpointType: SERVERLESS\n  cloudRun: {service: RunService/web}\n",
        ("6:23", "RunService/web is not declared"),
    ),
    one(
        "an output that a service does not have",
        records('    x: {CNAME: {ttl: 60, values: ["${RunService/web.url}"]}}\n')
        + "---\n"
        + run_service(""),
        ("7:35", "RunService gives no `url`"),
    ),
)


def database(settings: str, more: str = "", version: str = "POSTGRES_14") -> str:
    """An instance whose settings stand on line 7, and what is beside them on line 8."""
    return (
        head("SqlInstance", "shop")
        + f"spec:\n  databaseVersion: {version}\n  region: us-central1\n"
        + f"  settings: {{tier: db-g1-small, {settings}}}\n"
        + (f"  {more}\n" if more else "")
    )


DATABASES = (
    one(
        "an instance without its region and its machine",
        head("SqlInstance", "shop")
        + "spec: {databaseVersion: POSTGRES_14, settings: {storageAutoResize: true}}\n",
        ("4:7", "`region` is missing"),
        ("4:48", "`tier` is missing"),
    ),
    one(
        "a version of a database that there is not",
        database("", version="POSTGRES_99"),
        ("5:20", "POSTGRES_99"),
    ),
    one(
        "a disk too small",
        database("dataDiskSizeGb: 5"),
        ("7:49", "the disk in GB is from 10 to 65 536"),
    ),
    one(
        "a disk in words",
        database("dataDiskSizeGb: 20GB"),
        ("7:49", "a whole number was expected"),
    ),
    one(
        "an hour that is none",
        database('backupConfiguration: {startTime: "24:00"}'),
        ("7:66", "'24:00' is not a time such as 03:00"),
    ),
    one(
        "binary logs of PostgreSQL",
        database("backupConfiguration: {binaryLogEnabled: true}"),
        ("7:73", "binary logs are MySQL's; write pointInTimeRecoveryEnabled"),
    ),
    one(
        "two zones without backups",
        database("availabilityType: REGIONAL, backupConfiguration: {enabled: false}"),
        ("7:51", "REGIONAL needs backups: `enabled: true`"),
    ),
    one(
        "a policy of the first generation",
        database("activationPolicy: ON_DEMAND"),
        ("7:51", "Google takes ALWAYS (on) and NEVER (stopped)"),
    ),
    one(
        "a collation of PostgreSQL",
        database("collation: C"),
        ("7:44", "collation is for SQL Server alone"),
    ),
    one(
        "a flag twice, and one with hyphens",
        database(
            "databaseFlags: [{name: work_mem, value: 1}, {name: work_mem, value: 2}, {name: a-b}]"
        ),
        ("7:84", "the flag 'work_mem' is already at /settings/databaseFlags/0/name"),
        ("7:112", "Cloud SQL spells it a_b"),
    ),
    one(
        "a network that does not begin where it says",
        database("ipConfiguration: {authorizedNetworks: [{value: 198.51.100.1/24}]}"),
        ("7:80", "'198.51.100.1/24' is not an IPv4 range such as 198.51.100.0/24"),
    ),
    one(
        "an instance with no way in",
        database("ipConfiguration: {ipv4Enabled: false}"),
        ("7:64", "without a public address this needs privateNetwork or pscConfig"),
    ),
    one(
        "words for encryption that contradict each other",
        database("ipConfiguration: {requireSsl: true, sslMode: ENCRYPTED_ONLY}"),
        ("7:63", "requireSsl true contradicts sslMode ENCRYPTED_ONLY"),
    ),
    one(
        "a machine of another edition",
        database("edition: ENTERPRISE_PLUS"),
        ("7:20", "edition ENTERPRISE_PLUS has machines such as db-perf-optimized-N-2"),
    ),
    one(
        "a password of a server elsewhere",
        database("", "onPremisesConfiguration: {password: hunter2}"),
        ("8:3", "`onPremisesConfiguration` is not supported: it stands for a server elsewhere"),
    ),
    one(
        "what one upgrade is told",
        database("", "skipPrecheck: true"),
        ("8:3", "`skipPrecheck` is not supported: it says how one upgrade goes"),
    ),
    one(
        "a replica of nobody",
        database("", "instanceType: READ_REPLICA_INSTANCE"),
        ("8:17", "a read replica needs masterInstanceName"),
    ),
    one(
        "a label that is none",
        database("userLabels: {Team: shop}"),
        ("7:52", "'Team' is not a label"),
    ),
    one(
        "a field of nobody's",
        database("storageAutoresize: true"),
        ("7:33", "storageAutoResize"),
    ),
    one(
        "something that an instance does not give",
        database("")
        + "---\n"
        + head("Address", "a")
        + "spec: {description: '${SqlInstance/shop.host}'}\n",
        ("12:21", "SqlInstance gives no `host`"),
    ),
)

CASES = (
    *FORM,
    *ENVELOPE,
    *SPECS,
    *RECORDS,
    *ZONES,
    *POLICIES,
    *LIFECYCLES,
    *LINKS,
    *ENVIRONMENTS,
    *CHECKS,
    *CONNECTORS,
    *CERTIFICATES,
    *SERVICES,
    *DATABASES,
    MANY,
)


def lay_out(case: Case, root: Path) -> Path:
    """Write the case below `root`, as a directory for `-C`."""
    folder = root / "desired" / "staging"
    folder.mkdir(parents=True)
    for name, text in {"environment.yaml": ENVIRONMENT, **case.files}.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return root
