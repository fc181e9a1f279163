"""Whether what a probe has seen of the edge is what its check expects; one finding a target."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from remediate.model.check import Check
from remediate.model.finding import Category, Finding, Verdict
from remediate.model.json import Body
from remediate.probes.seen import CommandSeen, HttpSeen, PostgresSeen, TlsSeen, WebSocketSeen

CATEGORIES = {
    "dns": Category.DNS,
    "delegation": Category.DNS,
    "http": Category.HTTP,
    "tls": Category.CERTIFICATE,
    "websocket": Category.WEBSOCKET,
    "postgresql": Category.INFRASTRUCTURE,
    "command": Category.GOLDEN_PATH,
}
# What says something of where we look from, and nothing of what we look at.
BLIND = frozenset({"unreachable", "not_public"})
_TRUST = frozenset({"self_signed", "untrusted", "missing_intermediate"})
_DAY = 86_400.0
_MAX_AGE = re.compile(r"""(?:^|;)\s*max-age\s*=\s*"?(\d{1,12})""", re.IGNORECASE)  # RFC 6797 §6.1.1
_VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_SHOWN = 120  # characters of what a command said last


def finding(check: Check, target: str, verdict: Verdict, message: str, **facts: Any) -> Finding:
    """A finding of a check, in its category, with its severity and tags."""
    category, known = CATEGORIES[check.probe], {k: v for k, v in facts.items() if v is not None}
    return Finding(
        check.name,
        check.probe,
        target,
        verdict,
        message,
        category,
        check.severity,
        check.tags,
        known,
    )


def judged(
    check: Check, target: str, problems: Sequence[str], right: str, facts: Body, *, blind: bool
) -> Finding:
    """A pass without problems, else all of them in one sentence each."""
    if not problems:
        return finding(check, target, Verdict.PASS, right, **facts)
    verdict = Verdict.UNKNOWN if blind else Verdict.FAIL
    return finding(check, target, verdict, "; ".join(problems), **facts)


def judge_http(check: Check, seen: HttpSeen) -> Finding:
    """Status, time, body and headers; what a client would not trust is no answer either."""
    seconds = seen.connect + seen.handshake + seen.total
    problems = _of_certificate(seen.tls)
    if seen.outcome != "ok":
        problems = problems or [seen.message]
    else:
        problems += _of_answer(seen, check.expects, seconds)
    facts: Body = {
        "url": seen.url,
        "address": seen.address,
        "outcome": seen.outcome,
        "status": seen.status,
        "seconds": round(seconds, 3),
    }
    right = f"{seen.url} at {seen.address} answers {seen.status}"
    target = f"{seen.url} at {seen.address}"
    return judged(check, target, problems, right, facts, blind=seen.outcome in BLIND)


def _of_answer(seen: HttpSeen, expects: Mapping[str, Any], seconds: float) -> Iterator[str]:
    about = f"{seen.url} at {seen.address}"
    wanted = expects.get("status", [200])
    if seen.status not in wanted:
        to = f", to {seen.headers['location']}" if "location" in seen.headers else ""
        yield f"{about} answers {seen.status}{to}, not {' or '.join(map(str, wanted))}"
    if seconds > expects.get("latency", float("inf")):
        yield f"{about} takes {seconds:.2f} s, more than {expects['latency']:g} s"
    location = seen.headers.get("location", "nowhere")
    if location != expects.get("location", location):
        yield f"{about} leads to {location}, not {expects['location']}"
    if (form := expects.get("body")) and not re.search(form, seen.body.decode(errors="replace")):
        yield f"{about}: nothing in the body matches {form}"
    if "hsts" in expects:
        told = _MAX_AGE.search(seen.headers.get("strict-transport-security", ""))
        age = float(told[1]) if told else -1.0
        if age < expects["hsts"]:
            said = f"{age / _DAY:.0f} days" if told else "none"
            yield f"{about} promises HTTPS for {expects['hsts'] / _DAY:.0f} days? {said} (HSTS)"


def _of_certificate(tls: TlsSeen | None) -> list[str]:
    """What keeps a client from talking to it at all."""
    return [tls.message] if tls is not None and tls.problems else []


def judge_tls(check: Check, seen: TlsSeen, now: datetime) -> Finding:
    """The certificate that is served: whom it is trusted by, for what, how long, how."""
    expects, about = check.expects, f"{seen.host} at {seen.address}:{seen.port}"
    waived = _TRUST if expects.get("chain") == "any" else frozenset()
    waived |= {"name_mismatch"} if expects.get("covers") == "any" else set()
    counted = [one for one in seen.problems or (seen.outcome,) if one not in {"ok", *waived}]
    problems = [seen.message] if counted else []
    if seen.not_after is not None and "expired" not in counted:
        left = (seen.not_after - now).total_seconds()
        if left < expects.get("expiresAfter", 0.0):
            least = expects["expiresAfter"] / _DAY
            problems.append(f"{about}: expires in {left / _DAY:.1f} days, not in {least:g} or more")
    least_version = str(expects.get("minVersion", "TLS_1_0"))
    if seen.version in _VERSIONS and _older(seen.version, least_version):
        problems.append(f"{about} speaks {seen.version}, not {least_version} or newer")
    facts: Body = {
        "host": seen.host,
        "address": seen.address,
        "outcome": seen.outcome,
        "problems": list(seen.problems),
        "not_after": seen.not_after.isoformat() if seen.not_after else None,
        "sha256": seen.sha256 or None,
        "version": seen.version or None,
    }
    until = f" until {seen.not_after:%Y-%m-%d}" if seen.not_after else ""
    right = f"{about} shows a certificate of {seen.issuer or 'its own'}, good{until}"
    return judged(check, about, problems, right, facts, blind=seen.outcome in BLIND)


def _older(version: str, least: str) -> bool:
    return _VERSIONS.index(version) < {"TLS_1_2": 2, "TLS_1_3": 3}.get(least, 0)


def judge_websocket(check: Check, seen: WebSocketSeen) -> Finding:
    """The upgrade itself: an answer of /health says nothing of it."""
    expects = check.expects
    good = {"ok"} | (set() if expects.get("echo") else {"no_echo"})
    if (code := expects.get("closeCode")) is not None:
        good = {"closed"} if seen.close_code == code else set()
    if expects.get("upgraded") is False:
        good = {"not_upgraded"}
    problems = _of_certificate(seen.tls)
    if seen.outcome not in good:
        problems = problems or [_unmet(seen, expects)]
    facts: Body = {
        "url": seen.url,
        "address": seen.address,
        "outcome": seen.outcome,
        "status": seen.status,
        "close_code": seen.close_code,
        "held": round(seen.held, 3),
    }
    target = f"{seen.url} at {seen.address}"
    right = seen.message or f"{target} upgrades"
    return judged(check, target, problems, right, facts, blind=seen.outcome in BLIND)


def _unmet(seen: WebSocketSeen, expects: Mapping[str, Any]) -> str:
    if expects.get("upgraded") is False:
        return f"{seen.url} at {seen.address} is not refused: {seen.message}"
    if (code := expects.get("closeCode")) is not None:
        return f"{seen.url} at {seen.address} is not closed with {code}: {seen.message}"
    return seen.message


def judge_postgresql(check: Check, seen: PostgresSeen) -> Finding:
    """An address that nobody answers at may only be one that does not lead there from here."""
    target = f"{seen.address}:{seen.port}"
    blind = seen.outcome in BLIND | {"timeout"}
    problems = [] if seen.outcome == "ok" else [seen.message]
    if blind:
        problems = [f"{seen.message}; whether it can be reached from where it is used is not known"]
    facts: Body = {"address": target, "outcome": seen.outcome, "sqlstate": seen.sqlstate or None}
    return judged(check, target, problems, seen.message, facts, blind=blind)


def judge_command(check: Check, seen: CommandSeen) -> Finding:
    wanted = check.expects.get("exit", 0)
    words = " ".join(seen.argv)
    right = f"`{words}` ends with {seen.exit} after {seen.seconds:.1f} s"
    facts: Body = {
        "exit": seen.exit,
        "output": seen.output,
        "seconds": round(seen.seconds, 3),
    }
    if seen.exit == wanted:
        return finding(check, words, Verdict.PASS, right, **facts)
    last = next((line.strip() for line in reversed(seen.output.splitlines()) if line.strip()), "")
    why = seen.message if seen.exit is None else f"`{words}` ends with {seen.exit}, not {wanted}"
    why += f": {last[-_SHOWN:]}" if last else ""
    return finding(check, words, Verdict.FAIL, why, **facts)


def not_run(check: Check) -> Finding:
    """A command that nobody allowed: unknown, so that it is no pass."""
    words = " ".join(map(str, check.asks["argv"]))
    why = f"`{words}` was not run: commands run only with --allow-commands"
    return finding(check, words, Verdict.UNKNOWN, why)
