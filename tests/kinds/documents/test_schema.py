from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from remediate.kinds.documents.check_specs import PROBES
from remediate.kinds.documents.schema import json_schema
from remediate.kinds.registry import NAMES
from tests.kinds.examples import examples
from tests.pipeline.bad_input import ENVELOPE, ENVIRONMENT, ENVIRONMENTS, LIFECYCLES, SPECS, Case

REPOSITORY = Path(__file__).parents[3]
SCHEMA = json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)


class EditorsLoader(yaml.SafeLoader):
    """YAML 1.2 core types, as editors have them."""


EditorsLoader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if not pair[0].endswith(("timestamp", "bool"))]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
EditorsLoader.add_implicit_resolver("tag:yaml.org,2002:bool", _BOOL, list("tTfF"))  # type: ignore[no-untyped-call]  # the stubs leave it out


def documents(text: str) -> list[Any]:
    return [each for each in yaml.load_all(text, EditorsLoader) if each is not None]


def paths(document: object) -> set[str]:
    return {error.json_path for error in VALIDATOR.iter_errors(document)}


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_is_the_same_every_time() -> None:
    assert json.dumps(SCHEMA) == json.dumps(json_schema())


def test_every_reference_of_the_schema_has_its_target() -> None:
    targets = set(re.findall(r'"#/\$defs/([^"]+)"', json.dumps(SCHEMA)))
    assert targets <= SCHEMA["$defs"].keys()


def test_every_kind_has_its_case() -> None:
    cases = {case["if"]["properties"]["kind"]["const"] for case in SCHEMA["allOf"]}
    assert cases == {*NAMES, "Environment", "Checks"}


@pytest.mark.parametrize(
    "path",
    sorted([*REPOSITORY.glob("desired/staging/*.yaml"), *REPOSITORY.glob("docs/examples/*.yaml")]),
    ids=lambda path: path.name,
)
def test_the_example_environments_satisfy_the_schema(path: Path) -> None:
    for document in documents(path.read_text()):
        assert paths(document) == set()


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ("{adressType: EXTERNAL}", "$.spec"),
        ("{ipVersion: IPv4}", "$.spec.ipVersion"),
        ("{prefixLength: long}", "$.spec.prefixLength"),
        ("{labels: [a]}", "$.spec.labels"),
        ("[]", "$.spec"),
    ],
)
def test_a_mistake_is_reported_at_its_field(spec: str, path: str) -> None:
    text = f"{{apiVersion: remediate/v1, kind: Address, metadata: {{name: lb}}, spec: {spec}}}"
    assert paths(documents(text)[0]) == {path}


@pytest.mark.parametrize(
    "spec",
    [
        "{description: 443}",
        "{description: 1.10}",
        "{description: no}",
        "{prefixLength: 29}",
        "{prefixLength: '${var.length}'}",
        "{ipVersion: '${var.version}'}",
        "{address: 10.0.0.1, id: '5', selfLink: https://x}",
    ],
)
def test_what_the_loader_takes_satisfies_the_schema(spec: str) -> None:
    text = f"{{apiVersion: remediate/v1, kind: Address, metadata: {{name: lb}}, spec: {spec}}}"
    assert paths(documents(text)[0]) == set()


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_of_a_kind_satisfy_the_schema(name: str) -> None:
    for example in examples(name):
        changed = [example.changed(patch) for patch in example.changes.values()]
        for document in (example.first, *example.requires, *changed):
            assert paths(document) == set()


def test_records_are_part_of_the_schema() -> None:
    zone = """\
        apiVersion: remediate/v1
        kind: DnsZone
        metadata: {name: zone}
        spec:
          dnsName: example.com.
          records:
            www: {A: {ttl: 60, values: [10.0.0.1]}, AAA: {ttl: 60, values: [x]}}
            mail: {MX: {values: [10 mail.example.com.]}}
            ttl: {A: {ttl: soon, values: [10.0.0.1]}}
    """
    assert paths(documents(zone)[0]) == {
        "$.spec.records.www",
        "$.spec.records.mail.MX",
        "$.spec.records.ttl.A.ttl",
    }


PROBED = {
    "dns": "{names: [a.example], type: AAAA, resolvers: [authoritative, 8.8.8.8]}",
    "delegation": "{zones: [DnsZone/zone]}",
    "http": "{urls: ['https://a.example/'], connectTo: '${Address/lb.address}'}",
    "tls": "{hosts: [a.example]}",
    "websocket": "{url: wss://a.example/ws, hold: 5s}",
    "postgresql": "{address: 10.0.0.3, port: 5432, allowPrivate: true}",
    "command": "{argv: [sh, -c, exit 0], timeout: 30s}",
}
CHECK = "{apiVersion: remediate/v1, kind: Checks, metadata: {name: c}, spec: {a: {%s}}}"


def test_every_probe_is_part_of_the_schema() -> None:
    assert PROBED.keys() == {*PROBES}
    for probe, asks in PROBED.items():
        assert paths(documents(CHECK % f"{probe}: {asks}, tags: [slow]")[0]) == set()
        assert paths(documents(CHECK % f"{probe}: {{}}")[0]) == {f"$.spec.a.{probe}"}
        unknown = f"{probe}: {asks}, expect: {{perhaps: 1}}"
        assert paths(documents(CHECK % unknown)[0]) == {"$.spec.a.expect"}
    assert paths(documents(CHECK % "tags: [slow]")[0]) == {"$.spec.a"}


@pytest.mark.parametrize(
    ("guards", "offends"),
    [
        ("{dns-apex: warn, too-many-deletes: approve}", ""),
        ("{too-many-deletes: {level: warn, percent: 5, most: 3}}", ""),
        ("{change-window: {timezone: UTC, allow: [{days: mon-thu}], freeze: []}}", ""),
        ("{approvals: {low: 1, critical: 2}}", ""),
        ("{dns-apex: {percent: 5}}", "dns-apex"),
        ("{too-many-deletes: {timezone: UTC}}", "too-many-deletes"),
        ("{change-window: {most: 3}}", "change-window"),
        ("{approvals: {percent: 3}}", "approvals"),
    ],
)
def test_a_rule_takes_the_words_that_are_its_own(guards: str, offends: str) -> None:
    (document, *_) = documents(f"{ENVIRONMENT}  guards: {guards}\n")
    found = {f"$.spec.guards['{offends}']"} if offends else set()
    assert paths(document) == {each.replace("['approvals']", ".approvals") for each in found}


# What a schema of one document can see: not the links, nor the process, nor the file's name.
_SEEN = [
    case
    for case in (*ENVELOPE, *SPECS, *LIFECYCLES, *ENVIRONMENTS)
    if not re.search(
        r"two|no Environment|empty folder|another name|depend|capitals|that is another|does not"
        r"|allowance|parallelism|of a variable|number in quotes|yes for|beyond all",
        case.why,
    )
]


@pytest.mark.parametrize("case", _SEEN, ids=lambda case: case.why.replace(" ", "-"))
def test_bad_input_offends_the_schema_too(case: Case) -> None:
    texts = [text for text in case.files.values() if isinstance(text, str)]
    assert any(paths(document) for text in texts for document in documents(text))


def test_the_environment_of_the_cases_satisfies_the_schema() -> None:
    assert paths(documents(ENVIRONMENT)[0]) == set()
