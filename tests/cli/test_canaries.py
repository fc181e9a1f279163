"""Two hundred secrets go in, and none comes out: shown, stored, logged or in an error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.cli.canaries import Aviary, canary, seen, written
from tests.cli.typed import Said, process, typed
from tests.gcp.server import Asked, Say, Stub
from tests.workbench import NAME, Workbench

FORMS = ("json", "md", "junit", "sarif")


@pytest.fixture
def aviary(monkeypatch: pytest.MonkeyPatch) -> Aviary:
    made = Aviary()
    for name, value in made.environ.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture
def stub() -> Iterator[Stub]:
    stub = Stub()
    yield stub
    stub.close()


class Witness:
    """Types commands, keeps all that they say, and in the end looks for secrets everywhere."""

    def __init__(self, bench: Workbench, aviary: Aviary, folder: Path) -> None:
        self.bench = bench
        self.aviary = aviary
        self.folder = folder
        self.streams: list[tuple[str, str]] = []

    def type(self, *words: str, at: str = "", code: int | None = 0) -> Said:
        """With -v, and every form that the verb has in files of their own."""
        where = ["-C", str(self.bench.root), "--sandbox", at or self.bench.url, "-v"]
        said = typed(*where, *words)
        self.streams.append((" ".join(words), said.out + said.err))
        assert code is None or said.code == code, said
        return said

    def report(self, *words: str, at: str = "", code: int | None = 0) -> Said:
        number = len(self.streams)
        files = [
            word
            for form in FORMS
            for word in (f"--{form}-out", str(self.folder / f"{number}.{form}"))
        ]
        return self.type(*words, *files, at=at, code=code)

    def insist_on_silence(self) -> None:
        files = [*written(self.bench.root), *written(self.folder)]
        assert len(files) > 10
        found = seen(self.aviary.all, *self.streams, *files)
        assert not found, "\n".join(found[:20])


@pytest.fixture
def witness(workbench: Workbench, aviary: Aviary, tmp_path: Path) -> Witness:
    workbench.reset()
    workbench.write(*aviary.documents, **aviary.spec)
    return Witness(workbench, aviary, tmp_path)


def test_there_are_two_hundred_and_they_would_be_seen(aviary: Aviary, tmp_path: Path) -> None:
    assert len({*aviary.all}) == len(aviary.all) >= 200
    for number, secret in enumerate(aviary.all):
        (tmp_path / f"{number}").write_text(json.dumps({"x": f"before {secret} after"}))
    assert len({line.split(" ")[0] for line in seen(aviary.all, *written(tmp_path))}) == len(
        aviary.all
    )


def plan_file_of(witness: Witness) -> str:
    return str(witness.folder / "plan.json")


def test_there_and_back_nothing_is_told(witness: Witness) -> None:
    bench, aviary = witness.bench, witness.aviary
    witness.report("validate")
    witness.report("plan")
    witness.type("plan", "--out", plan_file_of(witness))
    witness.type("show", plan_file_of(witness))
    witness.report("apply", "--yes")
    witness.type("snapshot", "take")
    others = Aviary()
    aviary.all += others.all
    kept = [each for each in aviary.documents if each["kind"] == "SslCertificate"]
    moved = [each for each in others.documents if each["kind"] != "SslCertificate"]
    bench.write(*kept, *moved, **aviary.spec)
    witness.report("plan")
    witness.report("apply", "--yes")
    for words in (("snapshot", "list"), ("snapshot", "show", "latest")):
        witness.type(*words)
        witness.type(*words, "--json")
    witness.type("snapshot", "diff", "latest", "live", code=2)
    runs = sorted(path.name for path in (bench.root / ".remediate" / "runs").iterdir())
    for run in runs:
        witness.type("show", run)
        witness.type("show", run, "--json")
    witness.report("rollback", "--snapshot", "latest", "--yes")
    witness.type("drift", code=None)
    witness.report("gc", code=None)
    witness.type("graph", code=None)
    witness.insist_on_silence()


def echoing(stub: Stub, url: str, match: str) -> None:
    """The sandbox through a proxy that refuses what matches, and repeats what it was sent."""

    def answer(asked: Asked) -> Say:
        if asked.method != "GET" and match in asked.path:
            said = asked.body.decode()
            told = f"Invalid value in {said} Authorization: Bearer {canary()}"
            error = {"code": 400, "message": told, "errors": [{"reason": "invalid"}]}
            return Say(400, {"error": {**error, "details": [json.loads(said or "{}")]}})
        query = "&".join(f"{k}={requests.utils.quote(v, safe='')}" for k, v in asked.query.items())
        there = requests.request(
            asked.method,
            f"{url}{asked.path}?{query}",
            data=asked.body,
            headers={"Content-Type": asked.headers.get("content-type", "application/json")},
            timeout=30,
        )
        return Say(there.status_code, there.content)

    stub.answer = answer


@pytest.mark.parametrize(
    "match", ["/services", "/backendServices", "/sslCertificates", "/urlMaps", "/instances"]
)
def test_an_answer_that_repeats_what_was_sent_tells_nothing(
    match: str, witness: Witness, stub: Stub
) -> None:
    echoing(stub, witness.bench.url, match)
    witness.report("plan", at=stub.url, code=None)
    said = witness.report("apply", "--yes", at=stub.url, code=None)
    assert said.code in {1, 4, 7}, said
    for run in sorted((witness.bench.root / ".remediate" / "runs").glob("*")):
        witness.type("show", run.name, at=stub.url)
    bearer = [text for _words, text in witness.streams if "Bearer c4N" in text]
    assert not bearer
    witness.insist_on_silence()


@pytest.mark.parametrize("status", [401, 403, 407, 500, 502])
def test_a_proxy_that_repeats_headers_and_tokens_is_not_repeated(
    status: int, witness: Witness, stub: Stub
) -> None:
    token = canary()
    witness.aviary.all.append(token)
    page = f"<html>Proxy-Authorization: Bearer {token} ya29.{token}</html>".encode()
    error = {"error": {"code": status, "message": f"bad header Authorization: Bearer {token}"}}
    for say in (Say(status, page, content_type="text/html"), Say(status, error)):
        stub.answer = lambda asked, say=say: (
            Say(body={"now": "2026-11-23T03:00:00Z"}) if "_sandbox" in asked.path else say
        )
        witness.report("plan", at=stub.url, code=None)
    found = seen(witness.aviary.all, *witness.streams, *written(witness.folder))
    assert not found, found


@pytest.mark.parametrize("broken", ["rootPassword", "notify", "env", "privateKey", "headers"])
def test_faults_of_the_yaml_do_not_repeat_what_is_secret(broken: str, witness: Witness) -> None:
    bench, aviary = witness.bench, witness.aviary
    documents, spec = json.loads(json.dumps(aviary.documents)), {**aviary.spec}
    by_kind = {each["kind"]: each["spec"] for each in documents}
    match broken:
        case "rootPassword":
            by_kind["SqlInstance"]["rootPassword"] = [aviary.all[0]]
        case "notify":
            spec["notify"] = [{"slack": aviary.all[0], "webhook": aviary.all[1]}, aviary.all[2]]
        case "env":
            by_kind["RunService"]["template"]["containers"][0]["env"].append(
                {"name": "A_TOKEN", "value": aviary.all[3], "nonsense": aviary.all[4]}
            )
        case "privateKey":
            by_kind["SslCertificate"]["selfManaged"]["privateKey"] = "\n".join(aviary.all[:5])
        case _:
            by_kind["BackendService"]["customRequestHeaders"] = [aviary.all[5]]
    bench.write(*documents, **spec)
    witness.report("validate", code=None)
    witness.report("plan", code=None)
    found = seen(aviary.all, *witness.streams, *written(witness.folder))
    assert not found, found


def test_github_is_not_told_either(witness: Witness, tmp_path: Path) -> None:
    for name in ("summary", "output"):
        (tmp_path / name).touch()
    environ = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        **witness.aviary.environ,
    }
    where = ["-C", str(witness.bench.root), "-e", NAME, "--sandbox", witness.bench.url]
    for words in (("validate",), ("plan",), ("apply", "--yes")):
        said = process(*where, *words, **environ)
        assert said.code == 0, said
        witness.streams.append((words[0], said.out + said.err))
    assert (tmp_path / "summary").stat().st_size > 500
    witness.insist_on_silence()
