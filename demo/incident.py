"""`make demo`: an incident, from the first failed lookup to the rollback. Exits 1 if it lies.

Everything runs on loopback and in a temporary folder: no Google account, no trace in the checkout.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REMEDIATE = Path(sys.executable).with_name("remediate")
DESIRED = Path(__file__).resolve().parent.parent / "desired"
NAMES = ("staging.netrasystems.ai", "api-staging.netrasystems.ai")
RECORDS = {f"DnsZone/netrasystems-staging/{name}./A" for name in NAMES}
CERTIFICATE = "SslCertificate/staging-ssl-cert"
ROOTS = {"dns.record", "lb.certificate"}


class NotAsTold(Exception):
    """The demonstration says one thing and the product does another."""


def main() -> int:
    begun = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="remediate-demo-") as folder:
            shutil.copytree(DESIRED, Path(folder, "desired"))
            with sandbox(Path(folder)) as url:
                Incident(Path(folder), url).play()
    except NotAsTold as lie:
        print(f"\nThe demonstration failed: {lie}", file=sys.stderr)
        return 1
    print(f"\nAll of it was as told, in {time.monotonic() - begun:.0f} seconds.")
    return 0


class Incident:
    """The story, scene by scene; `root` holds `desired/`, `url` is the sandbox."""

    def __init__(self, root: Path, url: str) -> None:
        self._root = root
        self._url = url

    def play(self) -> None:
        self._a_quiet_evening()
        self._the_outage()
        self._the_plan()
        self._the_way_out()
        self._the_way_back()
        self._and_forth()

    def _a_quiet_evening(self) -> None:
        scene("1. A quiet evening")
        tell(
            "A sandbox plays Google Cloud on this machine, and the world around it: resolvers with "
            "caches, the load balancer, what runs behind it. It holds the staging environment that "
            "desired/staging/*.yaml describes."
        )
        self._run("plan")
        insist(not self._changes(), "the plan of a healthy environment is not empty")

    def _the_outage(self) -> None:
        scene("2. The outage")
        tell(
            "Somebody's script removes both address records. And the load balancer has only an "
            "old certificate left: expired, and for one of the two names. At three in the morning "
            "there is one question: what is the root of it?"
        )
        self._run("sandbox", "reset", "--scenario", "dns-outage")
        self._run("diagnose", expected=3)
        roots = {root["layer"] for root in self._diagnosed()["roots"]}
        insist(roots == ROOTS, f"the diagnosis names {sorted(roots)}, not {sorted(ROOTS)}")

    def _the_plan(self) -> None:
        scene("3. What would mend it")
        tell(
            "The YAML says how it should be, so the way there can be computed. Nothing is written."
        )
        self._run("plan")
        plan = self._changes()
        creates = {address for address, actions in plan.items() if actions == ["create"]}
        insist(creates >= RECORDS, "the plan does not create the two records")
        insist(
            any(address.startswith(CERTIFICATE) for address in plan.keys() - RECORDS),
            "the plan does not replace the certificate",
        )
        insist(len(plan) == 4, f"the plan touches {len(plan)} resources: {sorted(plan)}")

    def _the_way_out(self) -> None:
        scene("4. Mend it")
        tell(
            "A snapshot first. Then the records; once resolvers have forgotten that there were "
            "none, the new certificate goes beside the old one. Google issues it, it reaches every "
            "front end, handshakes show it, and then the old one leaves. The sandbox's clock is "
            "wound forward, so that nobody waits an hour and a half for that."
        )
        self._before = self._state()
        self._run("apply", "--yes")
        tell("That an API says `done` proves nothing to a visitor. So look from outside:")
        self._run("verify", "--until-pass", "--within", "15m", "--allow-commands")
        self._run("plan")
        insist(not self._changes(), "the plan after the apply is not empty")
        self._mended = self._state()

    def _the_way_back(self) -> None:
        scene("5. And back")
        tell("Suppose that it was the wrong thing to do. One command takes all of it back:")
        self._run("rollback", "--snapshot", "latest", "--yes")
        self._insist_on(self._before, "the rollback left a difference")
        tell("The snapshot holds what Google answered, word for word, so the outage is back too.")

    def _and_forth(self) -> None:
        scene("6. And forth again")
        tell("A rollback is a run like any other, with a snapshot of its own. So it goes back too:")
        self._run("rollback", "--snapshot", "latest", "--yes")
        self._insist_on(self._mended, "the rollback of the rollback left a difference")
        self._run("verify", "--until-pass", "--within", "15m", "--allow-commands")

    def _insist_on(self, state: Any, otherwise: str) -> None:  # noqa: ANN401 - JSON is any
        insist(self._state() == state, otherwise)
        print(f"    $ curl {self._url}/_sandbox/state?comparable=1    # before and after")
        print("    equal\n")

    def _run(self, *words: str, expected: int = 0) -> None:
        """A command, shown as typed, and what it says; `expected` is how it is to exit."""
        typed = [*words, "--sandbox", self._url]
        print("    $ " + " ".join(["remediate", *typed]), flush=True)
        ended = self._call(typed, subprocess.STDOUT)
        print(textwrap.indent(ended.stdout, "    "), flush=True)
        insist(ended.returncode == expected, f"remediate {words[0]} exited {ended.returncode}")

    def _diagnosed(self) -> dict[str, Any]:
        ended = self._call(["diagnose", "--json", "--sandbox", self._url], subprocess.PIPE)
        found: dict[str, Any] = json.loads(ended.stdout)
        return found

    def _changes(self) -> dict[str, list[str]]:
        """Which resources the plan changes, and how: the same plan again, as JSON."""
        ended = self._call(["plan", "--json", "--sandbox", self._url], subprocess.PIPE)
        insist(ended.returncode == 0, f"remediate plan --json exited {ended.returncode}")
        listed = json.loads(ended.stdout)["resource_changes"]
        actions = {each["address"]: each["change"]["actions"] for each in listed}
        return {address: what for address, what in actions.items() if what != ["no-op"]}

    def _call(self, words: list[str], errors: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [REMEDIATE, *words],
            cwd=self._root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            check=False,
        )

    def _state(self) -> Any:  # noqa: ANN401 - JSON is any
        return asked(f"{self._url}/_sandbox/state?comparable=1")


@contextmanager
def sandbox(root: Path) -> Iterator[str]:
    """A sandbox with the healthy environment, in a process of its own; its URL."""
    command = [REMEDIATE, "sandbox", "serve", "--port", "0", "--scenario", "staging"]
    process = subprocess.Popen(
        command, cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        words = process.stdout.readline().replace(",", " ").split()
        urls = [word for word in words if word.startswith("http://")]
        insist(bool(urls), "the sandbox did not start")
        yield urls[0]
    finally:
        process.terminate()
        process.wait()


def asked(url: str) -> Any:  # noqa: ANN401 - JSON is any
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - loopback
        return json.load(answer)


def scene(title: str) -> None:
    print(f"\n{title}\n{'─' * len(title)}")


def tell(sentences: str) -> None:
    print(textwrap.fill(sentences, 96) + "\n")


def insist(what: bool, otherwise: str) -> None:  # noqa: FBT001 - an assertion that -O keeps
    if not what:
        raise NotAsTold(otherwise)


if __name__ == "__main__":
    sys.exit(main())
