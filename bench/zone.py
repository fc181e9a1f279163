"""One zone, told three ways: to the sandbox, to us and to octoDNS. The same on every machine."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

SEED = 20261123
NAME, APEX = "bench", "bench.example."
TTL = 300
# DESIGN: 60 % A, 15 % CNAME, 15 % TXT, and the rest spread evenly.
SHARES = {"A": 60, "CNAME": 15, "TXT": 15, "MX": 3, "AAAA": 3, "SRV": 2, "CAA": 2}

Draw = random.Random


@dataclass(frozen=True, slots=True)
class Record:
    """One record set: a relative name, a type, and its one value as a zone file has it."""

    name: str
    type: str
    text: str
    parts: dict[str, object] | str


def _a(draw: Draw) -> str:
    return f"198.18.{draw.randrange(256)}.{draw.randrange(256)}"


def _aaaa(draw: Draw) -> str:
    return f"2001:db8:{draw.randrange(1, 65536):x}::{draw.randrange(1, 65536):x}"


def _cname(draw: Draw) -> str:
    return f"target-{draw.randrange(10**6)}.bench.example."


def _txt(draw: Draw) -> str:
    return f"verification={draw.getrandbits(160):040x} of {draw.randrange(10**6)}"


def _mx(draw: Draw) -> dict[str, object]:
    return {"preference": draw.randrange(1, 100), "exchange": f"mx{draw.randrange(9)}.{APEX}"}


def _srv(draw: Draw) -> dict[str, object]:
    port = draw.randrange(1, 65536)
    return {"priority": 10, "weight": draw.randrange(100), "port": port, "target": f"sip.{APEX}"}


def _caa(draw: Draw) -> dict[str, object]:
    return {"flags": 0, "tag": "issue", "value": f"ca{draw.randrange(1000)}.example"}


PARTS: dict[str, Callable[[Draw], dict[str, object] | str]] = {
    "A": _a, "AAAA": _aaaa, "CNAME": _cname, "TXT": _txt, "MX": _mx, "SRV": _srv, "CAA": _caa,
}  # fmt: skip


def records(count: int) -> Iterator[Record]:
    """`count` record sets of one value each, in the order of their numbers."""
    draw = random.Random(SEED)  # noqa: S311 - a benchmark, not a secret
    kinds = [kind for kind, share in SHARES.items() for _ in range(share)]
    draw.shuffle(kinds)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        parts = PARTS[kind](draw)
        name = f"_s{number}._tcp" if kind == "SRV" else f"host-{number:06d}"
        yield Record(name, kind, _text(kind, parts), parts)


def _text(kind: str, parts: dict[str, object] | str) -> str:
    if isinstance(parts, str):
        return f'"{parts}"' if kind == "TXT" else parts
    words = [f'"{value}"' if name == "value" else str(value) for name, value in parts.items()]
    return " ".join(words)


def scenario(count: int, project: str) -> dict[str, object]:
    """The live zone, as the sandbox takes a scenario, its quota raised."""
    sets = [
        {"name": f"{it.name}.{APEX}", "type": it.type, "ttl": TTL, "rrdatas": [it.text]}
        for it in records(count)
    ]
    zone = {
        "name": NAME,
        "dnsName": APEX,
        "visibility": "public",
        "description": "",
        "rrsets": sets,
    }
    return {
        "project": project,
        "dns": {"quota": {"rrsetsPerManagedZone": 10 * count}, "managedZones": [zone]},
    }


def write_ours(root: Path, count: int, project: str) -> None:
    """`desired/bench/` as somebody would write it."""
    folder = root / "desired" / "bench"
    folder.mkdir(parents=True)
    (folder / "environment.yaml").write_text(
        "apiVersion: remediate/v1\nkind: Environment\nmetadata: {name: bench}\n"
        f"spec: {{project: {project}, region: us-central1}}\n"
    )
    lines = [
        "apiVersion: remediate/v1",
        "kind: DnsZone",
        f"metadata: {{name: {NAME}}}",
        "spec:",
        f"  dnsName: {APEX}",
        "  visibility: public",
        "  recordOwnership: exclusive",
        "  records:",
    ]
    for it in records(count):
        # TXT is written plainly, without the quotes of a zone file.
        value = it.parts if it.type == "TXT" else it.text
        lines.append(f"    {it.name}: {{{it.type}: {{ttl: {TTL}, values: [{json.dumps(value)}]}}}}")
    (folder / "dns.yaml").write_text("\n".join(lines) + "\n")


def write_octodns(root: Path, count: int, project: str, url: str) -> Path:
    """The same zone for octoDNS; its configuration file."""
    zones = root / "zones"
    zones.mkdir(parents=True)
    lines = ["---"]
    for it in records(count):
        key = "value" if isinstance(it.parts, str) else "values"
        value = it.parts if isinstance(it.parts, str) else [it.parts]
        lines.append(f"{it.name}: {{type: {it.type}, ttl: {TTL}, {key}: {json.dumps(value)}}}")
    (zones / f"{APEX}yaml").write_text("\n".join(lines) + "\n")
    desired = {
        "class": "octodns.provider.yaml.YamlProvider",
        "directory": str(zones),
        "default_ttl": TTL,
        "enforce_order": False,
    }
    live = {"class": "octodns_sandbox.SandboxProvider", "url": url, "project": project}
    config = root / "config.yaml"
    setup = {
        "providers": {"desired": desired, "live": live},
        "zones": {APEX: {"sources": ["desired"], "targets": ["live"]}},
    }
    config.write_text(json.dumps(setup))  # JSON is YAML
    return config
