"""Whether names are answered as a check expects, and zones delegated to where they are served."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from remediate.kinds.records.rdata import canonical
from remediate.model.check import Check
from remediate.model.errors import InvalidInput
from remediate.model.finding import Finding, Verdict
from remediate.model.json import Body
from remediate.pipeline.judging_edge import finding
from remediate.probes.seen import DnsSeen

# Nothing was heard, so nothing is known of the answer.
SILENT = frozenset({"timeout", "unreachable", "truncated", "not_public"})
_NONE = frozenset({"nodata", "nxdomain"})
_SAID = _NONE | {"ok", "wrong_answer"}
_CAUSES = {
    "nxdomain": "no such name (NXDOMAIN)",
    "nodata": "no such record (NODATA)",
    "servfail": "the answer is SERVFAIL",
    "refused": "the answer is REFUSED",
    "lame": "who is asked does not serve the zone",
    "malformed": "the answer makes no sense",
    "bogus": "the answer does not validate (DNSSEC)",
}


@dataclass(frozen=True, slots=True)
class Heard:
    """What was answered of one name at one vantage: a resolver, or all of a zone's servers.

    `why` says why nobody could be asked, with `is_wrong` where that is a fault by itself.
    """

    name: str
    rrtype: str
    vantage: str
    answers: tuple[DnsSeen, ...]
    why: str = ""
    is_wrong: bool = False


def judge_names(check: Check, heard: Sequence[Heard]) -> Iterator[Finding]:
    """One finding for each name at each vantage; one more where all are to say the same."""
    causes: dict[str, str] = {}
    for one in heard:
        judged = _judged(check, one)
        if judged.verdict is not Verdict.PASS:
            causes.setdefault(one.name, judged.cause or judged.message)
        yield judged
    if check.expects.get("sameEverywhere"):
        for name in dict.fromkeys(one.name for one in heard):
            same = _same(check, [one for one in heard if one.name == name])
            differs = same.verdict is not Verdict.PASS
            yield replace(same, cause=causes.get(name, "")) if differs else same


def _judged(check: Check, heard: Heard) -> Finding:
    target = f"{heard.name} {heard.rrtype} at {heard.vantage}"
    if not heard.answers:
        verdict = Verdict.FAIL if heard.is_wrong else Verdict.UNKNOWN
        return finding(check, target, verdict, f"{target}: {heard.why}", {}, heard.why)
    wrong = [one for one in heard.answers if not _is_as_wished(one, check.expects)]
    facts: Body = {
        "outcomes": {one.server: one.outcome for one in heard.answers},
        "values": [*sorted({value for one in heard.answers for value in one.values})],
        "cached_s": max((cached(one) for one in wrong), default=None),
    }
    if not wrong:
        said = ", ".join(heard.answers[0].values) or "none, as it should be"
        return finding(check, target, Verdict.PASS, f"{target}: {said}", facts)
    # One silent server among several that answer keeps people waiting; a silence alone may be ours.
    silent = all(one.outcome in SILENT for one in heard.answers)
    verdict = Verdict.UNKNOWN if silent else Verdict.FAIL
    message = told_together(wrong)
    wanted = check.expects.get("values")
    if wanted and any(one.outcome == "ok" for one in wrong):
        message += f", not {', '.join(map(str, wanted))}"
    if not silent and (seconds := facts["cached_s"]):
        message += f"; what is cached there goes within {seconds} s"
    return finding(check, target, verdict, message, facts, _cause(wrong, check.expects))


def _cause(wrong: Sequence[DnsSeen], expects: Mapping[str, Any]) -> str:
    """What all of them say alike, whoever says it of which name; empty where they differ."""
    said = {_said(one, expects) for one in wrong}
    return said.pop() if len(said) == 1 else ""


def _said(seen: DnsSeen, expects: Mapping[str, Any]) -> str:
    if seen.outcome in SILENT:
        return "no answer"
    if seen.outcome in _CAUSES:
        return _CAUSES[seen.outcome]
    wanted = ", ".join(map(str, expects.get("values") or ())) or "none"
    return f"the answer is {', '.join(sorted(seen.values))}, not {wanted}"


def told_together(seen: Sequence[DnsSeen]) -> str:
    """What several servers say, each sentence once, after the names of those who say it."""
    said: dict[str, list[str]] = {}
    for one in seen:
        prefix = f"{one.server}: "
        sentence = one.message.removeprefix(prefix)
        said.setdefault(sentence, []).extend([one.server] * one.message.startswith(prefix))
    return "; ".join(
        f"{', '.join(dict.fromkeys(who))}: {sentence}" if who else sentence
        for sentence, who in said.items()
    )


def _is_as_wished(seen: DnsSeen, expects: Mapping[str, Any]) -> bool:
    wanted = expects.get("values")
    if wanted == []:
        return seen.outcome in _NONE
    if seen.outcome not in {"ok", "wrong_answer"}:
        return False
    return wanted is None or _plain(seen.rrtype, seen.values) == _plain(seen.rrtype, wanted)


def _plain(rrtype: str, values: Collection[str]) -> frozenset[str]:
    """Values in one spelling; what makes no sense stays as it is."""
    return frozenset(_spelled(rrtype, value) for value in values)


def _spelled(rrtype: str, value: str) -> str:
    try:
        return canonical(rrtype, value)
    except InvalidInput:
        return value


def cached(seen: DnsSeen) -> int:
    """Seconds for which the server that was asked goes on saying so, if it is a cache."""
    if seen.authoritative:
        return 0
    return (seen.negative_ttl if seen.outcome in _NONE else seen.ttl) or 0


def _same(check: Check, heard: Sequence[Heard]) -> Finding:
    name, rrtype = heard[0].name, heard[0].rrtype
    target = f"{name} {rrtype} everywhere"
    said: dict[frozenset[str], list[str]] = {}
    for one in heard:
        for answer in one.answers:
            if answer.outcome in _SAID:
                values = _plain(rrtype, answer.values)
                said.setdefault(values, []).append(one.vantage)
    if len(said) > 1:
        parts = [
            f"{', '.join(sorted(values)) or 'nothing'} ({', '.join(dict.fromkeys(where))})"
            for values, where in said.items()
        ]
        message = f"{name} {rrtype} is not the same everywhere: {' and '.join(parts)}"
        return finding(check, target, Verdict.FAIL, message)
    quiet = [one.vantage for one in heard if not any(a.outcome in _SAID for a in one.answers)]
    if quiet:
        message = f"{name} {rrtype} may differ: nothing was heard of {', '.join(quiet)}"
        return finding(check, target, Verdict.UNKNOWN, message)
    return finding(check, target, Verdict.PASS, f"{name} {rrtype} is the same everywhere")


@dataclass(frozen=True, slots=True)
class Delegated:
    """A zone: what Cloud DNS serves it by, what its parent says, and what its servers do.

    `name_servers` is None where that cannot be read, with the reason in `why`.
    """

    zone: str
    apex: str
    name_servers: frozenset[str] | None
    why: str
    parents: tuple[DnsSeen, ...]
    servers: tuple[DnsSeen, ...]
    checked: tuple[DnsSeen, ...]
    unchecked: tuple[DnsSeen, ...]


def judge_delegation(check: Check, seen: Delegated) -> Iterator[Finding]:
    """Whether visitors are led to the servers that serve it, that these do, and DNSSEC agrees."""
    yield _of_parent(check, seen)
    yield _of_servers(check, seen)
    yield _of_dnssec(check, seen)


def _of_parent(check: Check, seen: Delegated) -> Finding:
    target = f"{seen.apex} at its parent"
    answered = [one for one in seen.parents if one.outcome not in SILENT]
    if not answered:
        why = "; ".join(dict.fromkeys(one.message for one in seen.parents)) or "nobody was asked"
        return finding(check, target, Verdict.UNKNOWN, f"{target}: {why}")
    if seen.name_servers is None:
        return finding(check, target, Verdict.UNKNOWN, f"{seen.zone}: {seen.why}")
    found = {_host(name) for one in answered for name in (*one.referral, *one.values)}
    facts: Body = {"found": [*sorted(found)], "wanted": [*sorted(seen.name_servers)]}
    if found == seen.name_servers:
        right = f"{target}: delegated to {', '.join(sorted(found))}"
        return finding(check, target, Verdict.PASS, right, facts)
    message = (
        f"{target}: delegated to {', '.join(sorted(found)) or 'nobody'}, "
        f"not to the zone's {', '.join(sorted(seen.name_servers))}"
    )
    return finding(check, target, Verdict.FAIL, message, facts)


def _of_servers(check: Check, seen: Delegated) -> Finding:
    target = f"{seen.apex} at its name servers"
    if not seen.servers:
        return finding(check, target, Verdict.UNKNOWN, f"{target}: none is known")
    wrong = [one for one in seen.servers if one.outcome != "ok" or not one.authoritative]
    if not wrong:
        right = f"{target}: {len(seen.servers)} answer with authority"
        return finding(check, target, Verdict.PASS, right)
    silent = len(wrong) == len(seen.servers) and all(one.outcome in SILENT for one in wrong)
    verdict = Verdict.UNKNOWN if silent else Verdict.FAIL
    return finding(check, target, verdict, told_together(wrong))


def _of_dnssec(check: Check, seen: Delegated) -> Finding:
    target = f"{seen.apex} for who validates"
    bogus = [
        one.server
        for one, plain in zip(seen.checked, seen.unchecked, strict=True)
        if one.outcome in {"servfail", "bogus"} and plain.outcome == "ok"
    ]
    if bogus:
        who = ", ".join(bogus)
        message = f"{target}: {who} refuses what it gets unchecked, so the DS does not fit the keys"
        return finding(check, target, Verdict.FAIL, message)
    if not any(one.outcome == "ok" for one in seen.checked):
        message = f"{target}: no resolver has an answer"
        return finding(check, target, Verdict.UNKNOWN, message)
    return finding(check, target, Verdict.PASS, f"{target}: resolvers have an answer")


def _host(name: str) -> str:
    return name.lower().rstrip(".") + "."
