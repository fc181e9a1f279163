from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import dedent

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from remediate.kinds.facts import Scope
from remediate.kinds.fields.pointers import Patterns, transformed
from remediate.kinds.registry import NAMES, kind
from remediate.model.errors import Fault, InvalidInput
from remediate.model.ref import Ref
from remediate.model.resource import Desired, Lifecycle, RecordSet, Wait, Zone
from remediate.model.values import Template
from remediate.pipeline.load import load
from tests.kinds.examples import examples
from tests.pipeline.bad_input import CASES, ENVIRONMENT, Case, address, lay_out, records

REPOSITORY = Path(__file__).parents[2]
Files = Mapping[str, str | bytes]


def loaded(root: Path, files: Files, process: Mapping[str, str] | None = None) -> Desired:
    return load(lay_out(Case("", dict(files), ()), root), None, process or {})


def refused(root: Path, files: Files) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        loaded(root, files)
    return [str(fault).removeprefix("desired/staging/") for fault in caught.value.faults]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.why.replace(" ", "-"))
def test_bad_input_is_refused_with_every_fault_at_its_place(case: Case, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        load(lay_out(case, tmp_path), None, case.process)
    said = [str(fault).removeprefix("desired/staging/") for fault in caught.value.faults]
    assert len(said) == len(case.faults), said
    for line, (place, message) in zip(said, case.faults, strict=True):
        assert line.startswith(place)
        assert message in line
    assert caught.value.exit_code == 9


def test_there_are_more_than_fifty_sorts_of_bad_input() -> None:
    assert len({case.why for case in CASES}) == len(CASES) > 50


def test_the_example_environment_loads() -> None:
    desired = load(REPOSITORY, "staging", {})
    kinds = [ref.kind for ref in desired.resources]
    assert len(kinds) == 17
    assert desired.warnings == ()
    neg = Ref("NetworkEndpointGroup", "staging-backend-neg", "us-central1")
    assert desired.resources[neg].spec["cloudRun"] == {"service": "netra-backend"}
    assert desired.resources[Ref("Address", "staging-lb")].spec["labels"] == {"env": "staging"}
    assert desired.resources[Ref("SslCertificate", "staging-ssl-cert")].lifecycle == Lifecycle(
        replace="overlap", wait=Wait(3600, 1800)
    )


def test_a_zone_holds_its_record_sets_with_their_templates() -> None:
    zone = load(REPOSITORY, None, {}).resources[Ref("DnsZone", "netrasystems-staging")]
    assert isinstance(zone, Zone)
    assert (zone.dns_name, zone.exclusive) == ("netrasystems.ai.", False)
    assert zone.spec["dnsName"] == "netrasystems.ai."
    found = zone.records["staging.netrasystems.ai.", "A"]
    template = Template("${Address/staging-lb.address}")
    assert found == RecordSet("staging.netrasystems.ai.", "A", 300, (template,))
    assert isinstance(found.rrdatas[0], Template)


def test_notices_need_no_process_variable(tmp_path: Path) -> None:
    text = ENVIRONMENT + '  notify: [{slack: "${env.NEVER_SET}", on: [applied]}]\n'
    assert loaded(tmp_path, {"environment.yaml": text}).resources == {}


def test_the_environment_itself_may_use_variables(tmp_path: Path) -> None:
    text = ENVIRONMENT + '  store: "gs://${var.domain}/${env.TOKEN}"\n'
    desired = loaded(tmp_path, {"environment.yaml": text}, {"TOKEN": "t"})
    assert desired.environment.store == "gs://netrasystems.ai/t"


def test_pasted_output_loses_what_google_sets_with_a_warning(tmp_path: Path) -> None:
    pasted = """\
        apiVersion: remediate/v1
        kind: Address
        metadata: {name: lb}
        spec:
          address: 203.0.113.10
          addressType: EXTERNAL
          creationTimestamp: '2026-01-02T03:04:05.678-07:00'
          id: '123456789'
          kind: compute#address
          name: lb
          selfLink: https://www.googleapis.com/compute/v1/projects/p/global/addresses/lb
          status: IN_USE
        """
    desired = loaded(tmp_path, {"a.yaml": dedent(pasted)})
    spec = desired.resources[Ref("Address", "lb")].spec
    assert spec == {"address": "203.0.113.10", "addressType": "EXTERNAL"}
    assert [line.partition(" ")[0] for line in desired.warnings] == [
        f"desired/staging/a.yaml:{line}:3:" for line in (7, 8, 9, 10, 11, 12)
    ]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("30", 30), ("0x1e", 30), ('"${var.thirty}"', 30), ("${var.thirty}", 30)],
)
def test_a_number_is_known_by_its_field(written: str, meant: int, tmp_path: Path) -> None:
    text = f"""\
        apiVersion: remediate/v1
        kind: BackendService
        metadata: {{name: b}}
        spec:
          timeoutSec: {written}
        """
    environment = ENVIRONMENT.replace("{domain:", "{thirty: 30, domain:")
    desired = loaded(tmp_path, {"a.yaml": dedent(text), "environment.yaml": environment})
    assert desired.resources[Ref("BackendService", "b")].spec["timeoutSec"] == meant


@pytest.mark.parametrize("written", ["22:00", "1.10", "443", "no"])
def test_a_text_field_takes_the_text(written: str, tmp_path: Path) -> None:
    text = address(f"spec:\n  description: {written}\n")
    desired = loaded(tmp_path, {"a.yaml": text})
    assert desired.resources[Ref("Address", "lb")].spec["description"] == written


def test_written_labels_and_lifecycles_win_over_the_environment(tmp_path: Path) -> None:
    environment = ENVIRONMENT + (
        "  labels: {env: staging, team: edge}\n"
        "  defaults:\n"
        "    lifecycle: {onRemove: delete, protect: true, wait: {timeout: 1h, soak: 5s}}\n"
    )
    text = (
        "apiVersion: remediate/v1\nkind: Address\nmetadata: {name: lb}\n"
        "spec: {labels: {team: dns}}\n"
        "lifecycle: {protect: false, wait: {timeout: 1h30m}}\n"
    )
    desired = loaded(tmp_path, {"a.yaml": text, "environment.yaml": environment})
    address = desired.resources[Ref("Address", "lb")]
    assert address.spec == {"labels": {"env": "staging", "team": "dns"}}
    assert address.lifecycle == Lifecycle(on_remove="delete", wait=Wait(5400, 5))


@pytest.mark.parametrize(
    "name", ["NetworkEndpointGroup/neg", "NetworkEndpointGroup/us-central1/neg"]
)
def test_a_regional_resource_may_be_named_with_or_without_its_region(
    name: str, tmp_path: Path
) -> None:
    neg = (
        "apiVersion: remediate/v1\nkind: NetworkEndpointGroup\nmetadata: {name: neg}\n"
        "spec: {networkEndpointType: SERVERLESS, cloudRun: {service: s}}\n---\n"
    )
    user = (
        "apiVersion: remediate/v1\nkind: Address\nmetadata: {name: lb}\n"
        f'spec: {{description: "${{{name}.selfLink}}"}}\nlifecycle: {{dependsOn: [{name}]}}\n'
    )
    desired = loaded(tmp_path, {"a.yaml": neg + user})
    address = desired.resources[Ref("Address", "lb")]
    regional = Ref("NetworkEndpointGroup", "neg", "us-central1")
    assert address.lifecycle.depends_on == (regional,)
    assert address.spec["description"] == f"${{{regional}.selfLink}}"


@pytest.mark.parametrize(
    ("where", "faults"),
    [("", 0), (", location: us-central1", 1), (", location: europe-west1", 1)],
)
def test_a_managed_certificate_is_global_alone(where: str, faults: int, tmp_path: Path) -> None:
    text = (
        f"apiVersion: remediate/v1\nkind: SslCertificate\nmetadata: {{name: web{where}}}\n"
        "spec: {type: MANAGED, managed: {domains: [www.example.com]}}\n"
    )
    if not faults:
        loaded(tmp_path, {"a.yaml": text})
        return
    (fault,) = refused(tmp_path, {"a.yaml": text})
    assert fault.startswith("a.yaml:4:14: a MANAGED certificate is global; a region")


def test_a_name_in_a_file_that_cannot_be_read_is_not_called_missing(tmp_path: Path) -> None:
    proxy = "apiVersion: remediate/v1\nkind: TargetHttpProxy\nmetadata: {name: p}\n"
    broken = "apiVersion: remediate/v1\nkind: UrlMap\nmetadata: {name: web}\nspec: [\n"
    spec = 'spec: {urlMap: web, description: "${UrlMap/web.selfLink}"}\n'
    lifecycle = "lifecycle: {dependsOn: [UrlMap/web]}\n"
    files = {"a.yaml": proxy + spec + lifecycle, "b.yaml": broken}
    assert [line.partition(" ")[0] for line in refused(tmp_path, files)] == ["b.yaml:5:1:"]


def test_an_environment_in_a_file_that_cannot_be_read_is_not_called_missing(
    tmp_path: Path,
) -> None:
    assert len(refused(tmp_path, {"environment.yaml": b"\xff" + ENVIRONMENT.encode()})) == 1


def test_somebody_elses_links_need_no_document(tmp_path: Path) -> None:
    proxy = "apiVersion: remediate/v1\nkind: TargetHttpProxy\nmetadata: {name: p}\n"
    for link in ("projects/p/global/urlMaps/m", "global/urlMaps/m", "https://x.googleapis.com/m"):
        folder = tmp_path / link.replace("/", "-")
        folder.mkdir()
        assert loaded(folder, {"a.yaml": proxy + f"spec: {{urlMap: {link}}}\n"}).resources


class TestTheFolder:
    def test_one_environment_needs_no_name_and_several_do(self, tmp_path: Path) -> None:
        lay_out(Case("", {}, ()), tmp_path)
        assert load(tmp_path, None, {}).environment.name == "staging"
        (tmp_path / "desired" / "production").mkdir()
        with pytest.raises(InvalidInput, match="production, staging"):
            load(tmp_path, None, {})
        assert load(tmp_path, "staging", {}).environment.name == "staging"

    def test_a_misspelled_environment_is_told_the_right_one(self, tmp_path: Path) -> None:
        lay_out(Case("", {}, ()), tmp_path)
        with pytest.raises(InvalidInput) as raised:
            load(tmp_path, "stagin", {})
        assert raised.value.hint == "did you mean `staging`?"

    def test_no_folder_at_all_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInput, match="desired cannot be read"):
            load(tmp_path, None, {})

    def test_an_empty_folder_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "desired" / "staging").mkdir(parents=True)
        with pytest.raises(InvalidInput, match="absence never deletes"):
            load(tmp_path, None, {})

    def test_what_is_not_a_readable_file_is_refused(self, tmp_path: Path) -> None:
        folder = lay_out(Case("", {}, ()), tmp_path) / "desired" / "staging"
        (folder / "a.yaml").mkdir()
        os.mkfifo(folder / "b.yml")
        (folder / "c.yaml").symlink_to("nowhere")
        (folder / "d.yaml").symlink_to("/etc/passwd")
        with pytest.raises(InvalidInput) as caught:
            load(tmp_path, None, {})
        said = [str(fault).removeprefix("desired/staging/") for fault in caught.value.faults]
        assert said == [
            "a.yaml:1:1: cannot be read: it is not a file",
            "b.yml:1:1: cannot be read: it is not a file",
            "c.yaml:1:1: cannot be read: No such file or directory",
            "d.yaml:1:1: cannot be read: the link leads out of the root",
        ]

    def test_other_files_and_hidden_ones_are_not_read(self, tmp_path: Path) -> None:
        files = {"notes.txt": "{", ".#a.yaml": "{", "b.yaml~": "{"}
        assert loaded(tmp_path, files).resources == {}


class TestTheDigest:
    def test_comments_and_files_do_not_matter(self, tmp_path: Path) -> None:
        whole = "\n---\n".join(
            path.read_text() for path in sorted((REPOSITORY / "desired/staging").glob("*.yaml"))
        )
        desired = loaded(tmp_path, {"environment.yaml": "# all in one\n" + whole})
        assert desired.digest == load(REPOSITORY, "staging", {}).digest

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("ttl: 60", "ttl: 61"),
            ("10.0.0.1", "10.0.0.2"),
            ("    www", "    www2"),
            ("  dnsName", "  description: x\n  dnsName"),
            ("  dnsName", "  recordOwnership: exclusive\n  dnsName"),
        ],
    )
    def test_what_is_wished_for_matters(self, old: str, new: str, tmp_path: Path) -> None:
        text = records("    www: {A: {ttl: 60, values: [10.0.0.1]}}\n")
        one, other = tmp_path / "one", tmp_path / "other"
        first = loaded(one, {"a.yaml": text}).digest
        assert loaded(other, {"a.yaml": text.replace(old, new)}).digest != first

    def test_a_lifecycle_matters_and_notices_do_not(self, tmp_path: Path) -> None:
        text = records("    www: {A: {ttl: 60, values: [10.0.0.1]}}\n")
        notify = "  notify: [{webhook: 'https://example.com/hook'}]\n  store: elsewhere\n"
        first = loaded(tmp_path / "a", {"a.yaml": text}).digest
        protected = loaded(tmp_path / "b", {"a.yaml": text + "lifecycle: {protect: true}\n"})
        told = loaded(tmp_path / "c", {"a.yaml": text, "environment.yaml": ENVIRONMENT + notify})
        assert protected.digest != first
        assert told.digest == first

    def test_the_spelling_of_a_link_does_not_matter(self, tmp_path: Path) -> None:
        front = (REPOSITORY / "desired/staging/front.yaml").read_text()
        files = {
            path.name: path.read_text() for path in (REPOSITORY / "desired/staging").glob("*.yaml")
        }
        files["front.yaml"] = front.replace(
            "IPAddress: staging-lb", "IPAddress: Address/staging-lb"
        )
        assert files["front.yaml"] != front
        assert loaded(tmp_path, files).digest == load(REPOSITORY, "staging", {}).digest

    @pytest.mark.parametrize("name", NAMES)
    def test_the_order_of_lists_that_google_does_not_order_does_not_matter(
        self, name: str, tmp_path: Path
    ) -> None:
        turned = Patterns.flags(kind(name).unordered)
        for number, example in enumerate(examples(name)):
            spec = transformed(example.spec, turned, lambda _, items: items[::-1])
            digests = [
                loaded(
                    tmp_path / f"{number}{way}",
                    in_one_file(
                        [yaml.safe_load(ENVIRONMENT), *distinct(example.requires), document]
                    ),
                ).digest
                for way, document in enumerate([example.first, {**example.first, "spec": spec}])
            ]
            assert digests[0] == digests[1]


STAGING = [
    yaml.load(text, Loader=yaml.BaseLoader)
    for path in sorted((REPOSITORY / "desired/staging").glob("*.yaml"))
    for text in path.read_text().split("\n---\n")
]


def shuffled(node: object, chance: random.Random) -> object:
    """The same mappings in another order of their keys."""
    if isinstance(node, dict):
        items = [(key, shuffled(value, chance)) for key, value in node.items()]
        chance.shuffle(items)
        return dict(items)
    return [shuffled(item, chance) for item in node] if isinstance(node, list) else node


def written(node: object) -> str:
    """YAML on one line; scalars without quotes wherever they need none."""
    match node:
        case dict():
            return "{" + ", ".join(f"{written(k)}: {written(v)}" for k, v in node.items()) + "}"
        case list():
            return "[" + ", ".join(map(written, node)) + "]"
        case str() if not re.fullmatch(r"[A-Za-z0-9.-][A-Za-z0-9_./-]*", node):
            return json.dumps(node)
    return "null" if node is None else str(node)


def in_one_file(documents: list[object]) -> Files:
    return {"environment.yaml": "\n---\n".join(map(written, documents))}


def distinct(documents: Sequence[object]) -> list[object]:
    return list({json.dumps(each, sort_keys=True): each for each in documents}.values())


def outcome(root: Path, files: Files) -> tuple[Fault, ...]:
    """The faults, none where it loads; anything else that is raised fails the test."""
    try:
        loaded(root, files)
    except InvalidInput as error:
        return error.faults or (Fault(None, str(error)),)
    return ()


@settings(max_examples=25, deadline=None)
@given(chance=st.randoms(use_true_random=False))
def test_order_of_documents_and_keys_never_changes_the_digest(
    chance: random.Random, tmp_path_factory: pytest.TempPathFactory
) -> None:
    documents = [shuffled(document, chance) for document in STAGING]
    chance.shuffle(documents)
    root = tmp_path_factory.mktemp("shuffled")
    desired = loaded(root, in_one_file(documents))
    assert desired.digest == load(REPOSITORY, "staging", {}).digest


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_of_a_kind_load(name: str, tmp_path: Path) -> None:
    for number, example in enumerate(examples(name)):
        documents = [yaml.safe_load(ENVIRONMENT), *distinct(example.requires), example.first]
        desired = loaded(tmp_path / str(number), in_one_file(documents))
        location = example.first["metadata"].get("location")
        default = "global" if example.facts.default_scope is Scope.GLOBAL else "us-central1"
        ref = Ref(name, example.first["metadata"]["name"], location or default)
        typed = example.facts.spec.model_validate(example.spec).model_dump(exclude_unset=True)
        ours = ("records", "recordOwnership")
        expected = {field: value for field, value in typed.items() if field not in ours}
        assert desired.resources[ref].spec == expected


def mutated(node: object, chance: random.Random) -> object:
    """Somewhere in the tree, something else than what belongs there."""
    strange = chance.choice(
        [
            *(None, {}, [], "x", "${", "${var.x}", "${Address/staging-lb.address}", "-1", "1e400"),
            *("é", "a" * 70, {"a": "b"}, ["a"], {"": ""}, "0", "true", "9" * 5000, "/", "*", "@"),
        ]
    )
    if isinstance(node, dict) and node and chance.random() < 0.9:
        key = chance.choice(sorted(node))
        match chance.randrange(6):
            case 0:
                return {**node, str(strange)[:20]: strange}
            case 1:
                return {name: value for name, value in node.items() if name != key}
            case _:
                return {**node, key: mutated(node[key], chance)}
    if isinstance(node, list) and node and chance.random() < 0.9:
        at = chance.randrange(len(node))
        return [*node[:at], mutated(node[at], chance), *node[at + 1 :]]
    return strange


@settings(max_examples=150, deadline=None)
@given(chance=st.randoms(use_true_random=False), times=st.integers(1, 6))
def test_a_mutilated_environment_loads_or_is_refused_and_nothing_else(
    chance: random.Random, times: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    documents: list[object] = list(STAGING)
    for _ in range(times):
        at = chance.randrange(len(documents))
        documents[at] = mutated(documents[at], chance)
    root = tmp_path_factory.mktemp("mutilated")
    assert all(fault.message for fault in outcome(root, in_one_file(documents)))


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=300))
def test_any_bytes_load_or_are_refused(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("bytes")
    assert all(fault.message for fault in outcome(root, {"a.yaml": data}))


@settings(max_examples=100, deadline=None)
@given(chance=st.randoms(use_true_random=False))
def test_a_file_with_characters_changed_loads_or_is_refused(
    chance: random.Random, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = chance.choice(sorted((REPOSITORY / "desired/staging").glob("*.yaml")))
    text = path.read_text()
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(text))
        text = (
            text[:at] + chance.choice("{}[]:,\t\n &*!'\"$#a0-") + text[at + chance.randrange(3) :]
        )
    root = tmp_path_factory.mktemp("changed")
    assert all(fault.message for fault in outcome(root, {path.name: text}))
