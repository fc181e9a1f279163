"""Whether what a probe has seen of the edge is what its check expects; one finding a target."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from remediate.model.check import Check
from remediate.model.escapes import plain_lines
from remediate.model.finding import Category, Finding, Verdict
from remediate.model.json import Body, Json
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
NEVER = "not_public"  # where no probe goes, now or later
BLIND = frozenset({"unreachable", NEVER})
_TRUST = frozenset({"self_signed", "untrusted", "missing_intermediate"})
_DAY = 86_400.0
_MAX_AGE = re.compile(r"""(?:^|;)\s*max-age\s*=\s*"?(\d{1,12})""", re.IGNORECASE)  # RFC 6797 §6.1.1
_VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_SHOWN = 240  # characters of what a command said last
_OF_A_CERTIFICATE = {
    "expired": "has expired",
    "not_yet_valid": "is not valid yet",
    "name_mismatch": "is not for the name that was asked for",
    "missing_intermediate": "comes without an intermediate",
    "self_signed": "is signed by nobody but itself",
    "untrusted": "is of an authority that nobody trusts",
}


def finding(
    check: Check,
    target: str,
    verdict: Verdict,
    message: str,
    facts: Body | None = None,
    cause: str = "",
) -> Finding:
    """A finding of a check, in its category, with its severity and tags; no fact of it is None."""
    category = CATEGORIES[check.probe]
    known: Body = {name: fact for name, fact in (facts or {}).items() if fact is not None}
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
        cause,
        settled=known.get("outcome") == NEVER,
    )


def denied(unknown: Finding, permissions: Iterable[str]) -> Finding:
    """The same of what whoever looks may not read; "" stands for a permission without a name."""
    lacking: list[Json] = [*sorted({one for one in permissions if one})]
    facts = {**unknown.facts, "denied": True, "permissions": lacking}
    why = "whoever runs this may not read what it hangs on"
    return replace(unknown, cause=why, facts=facts, settled=True)


def judged(
    check: Check, target: str, problems: Sequence[str], right: str, facts: Body, cause: str = ""
) -> Finding:
    """A pass without problems, else all of them in one sentence each, of the one `cause`."""
    if not problems:
        return finding(check, target, Verdict.PASS, right, facts)
    verdict = Verdict.UNKNOWN if facts["outcome"] in BLIND else Verdict.FAIL
    return finding(check, target, verdict, "; ".join(problems), facts, cause)


def judge_http(check: Check, seen: HttpSeen) -> Finding:
    """Status, time, body and headers; what a client would not trust is no answer either."""
    seconds = seen.connect + seen.handshake + seen.total
    problems, cause = _of_certificate(seen.tls)
    location = seen.headers.get("location", "")
    if seen.outcome != "ok":
        problems = problems or [seen.message]
    elif not problems:
        problems = [*_of_answer(seen, check.expects, seconds)]
        if seen.status not in _wanted(check.expects):
            cause = _unwanted(seen.address, seen, check.expects)
    facts: Body = {
        "url": seen.url,
        "address": seen.address,
        "outcome": seen.outcome,
        "status": seen.status,
        "location": location or None,
        "seconds": round(seconds, 3),
    }
    right = f"{seen.url} at {seen.address} answers {seen.status}"
    target = f"{seen.url} at {seen.address}"
    return judged(check, target, problems, right, facts, cause)


def _wanted(expects: Mapping[str, Any]) -> Sequence[int]:
    """Statuses of HTTP."""
    found: Sequence[int] = expects.get("status", (200,))
    return found


def _unwanted(who: str, seen: HttpSeen, expects: Mapping[str, Any]) -> str:
    wanted = " or ".join(map(str, _wanted(expects)))
    return f"{_answered(who, seen.status, seen.headers.get('location', ''))}, not {wanted}"


def _answered(address: str, status: int | None, location: str) -> str:
    return f"{address} answers {status}" + (f", to {_shortened(location)}" if location else "")


def _shortened(url: str) -> str:
    """A URL without the parameters of it, which may be long and are in the facts."""
    head, mark, _ = url.partition("?")
    return head + mark + "..." * bool(mark)


def _of_answer(seen: HttpSeen, expects: Mapping[str, Any], seconds: float) -> Iterator[str]:
    about = f"{seen.url} at {seen.address}"
    location = seen.headers.get("location", "")
    if seen.status not in _wanted(expects):
        yield _unwanted(about, seen, expects)
    if seconds > expects.get("latency", float("inf")):
        yield f"{about} takes {seconds:.2f} s, more than {expects['latency']:g} s"
    if location != expects.get("location", location):
        yield f"{about} leads to {location or 'nowhere'}, not {expects['location']}"
    if (form := expects.get("body")) and not re.search(form, seen.body.decode(errors="replace")):
        yield f"{about}: nothing in the body matches {form}"
    if "hsts" in expects:
        told = _MAX_AGE.search(seen.headers.get("strict-transport-security", ""))
        age = float(told[1]) if told else -1.0
        if age < expects["hsts"]:
            said = f"{age / _DAY:.0f} days" if told else "none"
            yield f"{about} promises HTTPS for {expects['hsts'] / _DAY:.0f} days? {said} (HSTS)"


def _of_certificate(tls: TlsSeen | None) -> tuple[list[str], str]:
    """What keeps a client from talking to it at all, and that without the name of the host."""
    if tls is None or not tls.problems:
        return [], ""
    return [tls.message], _shown(tls, tls.problems)


def _shown(tls: TlsSeen, problems: Sequence[str]) -> str:
    """The one certificate behind it all; empty where it is none that is at fault."""
    said = [_OF_A_CERTIFICATE[one] for one in problems if one in _OF_A_CERTIFICATE]
    if not said or len(said) < len(problems) or tls.not_after is None:
        return ""
    which = f"serial {tls.serial}, valid until {tls.not_after:%Y-%m-%d %H:%M} UTC"
    return f"{tls.address} shows a certificate that {' and '.join(said)} ({which})"


def judge_tls(check: Check, seen: TlsSeen, now: datetime) -> Finding:
    """The certificate that is served: whom it is trusted by, for what, how long, how."""
    expects, about = check.expects, f"{seen.host} at {seen.address}:{seen.port}"
    waived = _TRUST if expects.get("chain") == "any" else frozenset()
    waived |= {"name_mismatch"} if expects.get("covers") == "any" else set()
    counted = [one for one in seen.problems or (seen.outcome,) if one not in {"ok", *waived}]
    problems = [seen.message] if counted else []
    cause = _shown(seen, counted)
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
    return judged(check, about, problems, right, facts, cause if len(problems) == 1 else "")


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
    problems, cause = _of_certificate(seen.tls)
    if seen.outcome not in good and not problems:
        problems = [_unmet(seen, expects)]
        if seen.outcome == "not_upgraded" and "ok" in good:
            cause = _answered(seen.address, seen.status, seen.location)
    facts: Body = {
        "url": seen.url,
        "address": seen.address,
        "outcome": seen.outcome,
        "status": seen.status,
        "location": seen.location or None,
        "close_code": seen.close_code,
        "held": round(seen.held, 3),
    }
    target = f"{seen.url} at {seen.address}"
    right = seen.message or f"{target} upgrades"
    return judged(check, target, problems, right, facts, cause)


def _unmet(seen: WebSocketSeen, expects: Mapping[str, Any]) -> str:
    said = seen.message
    if seen.location:
        said = said.replace(seen.location, _shortened(seen.location))
    if expects.get("upgraded") is False:
        return f"{seen.url} at {seen.address} is not refused: {said}"
    if (code := expects.get("closeCode")) is not None:
        return f"{seen.url} at {seen.address} is not closed with {code}: {said}"
    return said


def judge_postgresql(check: Check, seen: PostgresSeen) -> Finding:
    """An address that nobody answers at may only be one that does not lead there from here."""
    target = f"{seen.address}:{seen.port}"
    facts: Body = {"address": target, "outcome": seen.outcome, "sqlstate": seen.sqlstate or None}
    if seen.outcome not in BLIND | {"timeout"}:
        problems = [] if seen.outcome == "ok" else [seen.message]
        return judged(check, target, problems, seen.message, facts)
    why = f"{seen.message}; whether it can be reached from where it is used is not known"
    return finding(check, target, Verdict.UNKNOWN, why, facts)


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
        return finding(check, words, Verdict.PASS, right, facts)
    last = (plain_lines(seen.output) or [""])[-1]
    why = seen.message if seen.exit is None else f"`{words}` ends with {seen.exit}, not {wanted}"
    said = f"{why}: {last[:_SHOWN]}" if last else why
    return finding(check, words, Verdict.FAIL, said + "..." * (len(last) > _SHOWN), facts)


def not_run(check: Check) -> Finding:
    """A command that nobody allowed: unknown, so that it is no pass."""
    words = " ".join(map(str, check.asks["argv"]))
    why = "commands run only with --allow-commands"
    told = finding(check, words, Verdict.UNKNOWN, f"`{words}` was not run: {why}", {}, why)
    return replace(told, settled=True)
