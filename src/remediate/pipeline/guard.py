"""Object to a plan: small functions, every reason at once, each acknowledged one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from remediate.kinds.bodies.links import CERTIFICATE_MANAGER, parent_of, ref_of
from remediate.kinds.facts import Removal
from remediate.kinds.registry import kind
from remediate.model.condition import Await
from remediate.model.errors import InvalidInput
from remediate.model.nearest import nearest
from remediate.model.plan import Action, Objection, Undo
from remediate.model.ref import Ref
from remediate.model.resource import Desired
from remediate.model.rules import OF_A_RUN, OF_A_WORD, OF_THE_HOUR, unanswerable
from remediate.pipeline.coverage import losses
from remediate.pipeline.guard_dns import exposure, second_zone, ttl_too_long
from remediate.pipeline.guard_edge import redirect_removed, rule_replaced, sql_public
from remediate.pipeline.guard_links import in_use, still_linked
from remediate.pipeline.guard_zone import caa_forbids, delegated, mail_lost
from remediate.pipeline.proposal import Proposal

Guard = Callable[[Proposal], Iterable[Objection]]


def too_many_deletes(proposal: Proposal) -> Iterator[Objection]:
    """A share and a number, for each zone and for everything else; small zones are no exception.

    One always may go, all never.
    """
    rules = proposal.desired.environment.change_rules
    swapped = {ref for verdict in proposal.records.values() for ref in verdict.swapped}
    gone: Counter[Ref | None] = Counter()
    for difference in proposal.deletions():
        ref = difference.ref
        if ref not in swapped:
            gone[ref.zone if ref.is_record_set else None] += 1
    for zone, count in gone.items():
        if zone is None:
            what, total = "resources", len(proposal.desired.resources) + count
        else:
            verdict = proposal.records.get(zone.name)
            what, total = f"record sets of {zone}", max(verdict.live - 2 if verdict else 0, count)
        share = max(1, total * rules.percent / 100)
        if count > rules.most or count > share or (zone and count == total):
            told = f"{count} of {total} {what} would go ({100 * count / total:.0f} %)"
            yield _deny("too-many-deletes", zone, told)


def protected(proposal: Proposal) -> Iterator[Objection]:
    """What stands for the document now; what a replacement has left behind is not in its place."""
    for difference in proposal.differences:
        ref = difference.ref
        goes = difference.action.removes or difference.action is Action.REPLACE
        if not goes or ref.is_record_set:
            continue
        resource = proposal.desired.resources.get(ref)
        entry = proposal.remembered.get(ref)
        if difference.action.removes and entry and difference.live.name != entry.name:
            continue
        if (resource and resource.lifecycle.protect) or (entry and entry.protect):
            message = f"{ref} is protected from being {difference.action.done}"
            if difference.action is Action.SET_ASIDE:
                message += "; `remediate gc` asks once more, before it deletes it"
            yield _deny("protected", ref, message)


def unprotected_at_google(proposal: Proposal) -> Iterator[Objection]:
    """Google's own lock is taken away, which is a plain change of a field."""
    for difference in proposal.differences:
        ref = difference.ref
        locks = None if ref.is_record_set else kind(ref.kind).before_delete
        if locks is None or difference.action is not Action.UPDATE:
            continue
        open_now = {change.pointer for change in locks(dict(difference.after or {}))}
        for change in locks(dict(difference.before or {})):
            if change.pointer not in open_now:
                message = (
                    f"{change.pointer} goes off, and nothing at Google stops a deletion of {ref} "
                    "any more: `lifecycle.protect` stops only ours"
                )
                yield Objection("unprotected-at-google", "warn", ref, message)


def treasure(proposal: Proposal) -> Iterator[Objection]:
    for difference in proposal.deletions():
        ref = difference.ref
        facts = kind(ref.kind)
        if facts.removal is Removal.ON_WORD and not ref.is_record_set:
            yield _deny("delete", ref, f"deleting {ref} loses {facts.loses} for good")


def irreversible(proposal: Proposal) -> Iterator[Objection]:
    for step in proposal.steps:
        on_word = step.verb.removes and kind(step.ref.kind).removal is Removal.ON_WORD
        if step.undo is Undo.NEVER and not on_word:
            yield _deny("irreversible", step.ref, f"{step.verb} {step.ref}: {step.undo_why}")


def no_certificate(proposal: Proposal) -> Iterator[Objection]:
    for step in proposal.steps:
        after = step.after
        if (
            step.ref.kind != "TargetHttpsProxy"
            or after is None
            or "sslCertificates" not in step.fields
        ):
            continue
        if not after.get("sslCertificates") and not after.get("certificateMap"):
            yield _deny("no-certificate", step.ref, f"{step.ref} would be left with no certificate")
    yield from _empty_maps(proposal)


def _empty_maps(proposal: Proposal) -> Iterator[Objection]:
    """A proxy whose certificate map has no entry has nothing to show."""
    going = {difference.live for difference in proposal.deletions()}
    around = proposal.around
    bodies = {at: body for at, body in {**around.live, **around.wanted}.items() if at not in going}
    emptied = {parent_of(at) for at in going} - {parent_of(at) for at in bodies}
    for at, body in bodies.items():
        link = body.get("certificateMap")
        above = ref_of(str(link), around.project) if link else None
        if above is not None and above in emptied:
            message = f"{at} shows what {above} has entries for, which would have none"
            yield _deny("no-certificate", above, message)


def certificates(proposal: Proposal) -> Iterator[Objection]:
    """Every host that is served goes on being served, after each single step.

    The outage of the incident plan is one of the ways to break it: the list replaced before the
    new certificate is issued.
    """
    awaited: set[Ref] = set()
    for step in proposal.steps:
        awaited |= {*step.ready, *(c.ref for c in step.awaits if c.what is Await.SERVED)}
        lost = [*losses(step, proposal.around, awaited)]
        pending = sorted({ref for loss in lost for ref in loss.pending})
        swapped = [loss.host for loss in lost if loss.pending]
        bare = [loss.host for loss in lost if not loss.pending]
        if swapped:
            message = (
                f"after this, {', '.join(swapped)} would be served by "
                f"{', '.join(map(str, pending))} alone, before it is issued and everywhere, which "
                "takes Google up to 60 minutes and 30 more: clients see no valid certificate "
                "meanwhile. Change the certificates by themselves first, with `replace: overlap`: "
                "the new one is attached beside the old and waited for"
            )
            yield _deny("certificate-swap", step.ref, message)
        if bare:
            message = f"after this, no certificate would be for {', '.join(bare)}, served until now"
            yield _deny("certificate-uncovered", step.ref, message)


def certificate_limit(proposal: Proposal) -> Iterator[Objection]:
    """A rotation needs room for one more."""
    for step in proposal.steps:
        facts = kind(step.live.kind)
        if not (facts.overlap_limit and facts.overlaps in step.fields and step.after):
            continue
        links = [str(link) for link in step.after.get(facts.overlaps) or ()]
        held = [link for link in links if not link.startswith(CERTIFICATE_MANAGER)]
        most = facts.overlap_limit
        if len(held) > most:
            message = (
                f"{step.ref} would hold {len(held)} certificates and can hold {most}: "
                "the new one stands beside the old for a while, so detach one that is not needed"
            )
            yield replace(_deny("certificate-limit", step.ref, message), final=True)


def empty_environment(proposal: Proposal) -> Iterator[Objection]:
    count = sum(not entry.is_aside for entry in proposal.remembered.values())
    if not proposal.desired.resources and count:
        were = "resource was" if count == 1 else "resources were"
        message = f"the YAML declares nothing, but {count} {were} applied from it"
        yield _deny("empty-environment", None, message)


def other_project(proposal: Proposal) -> Iterator[Objection]:
    """What is remembered is of one project; in any other all of it would be made anew."""
    about, was = proposal.desired.environment, proposal.applied_to
    if was and was != about.project:
        message = (
            f"{about.name} was applied to {was}, and the YAML says {about.project}: mend its "
            "`project`, or give the other project an environment of its own, in its own folder"
        )
        yield Objection("other-project", "deny", None, message, place=about.place)


GUARDS: Mapping[str, Guard] = {
    "too-many-deletes": too_many_deletes,
    "protected": protected,
    "unprotected-at-google": unprotected_at_google,
    "delete": treasure,
    "irreversible": irreversible,
    "dns-apex": exposure,
    "dns-mail": mail_lost,
    "dns-delegation": delegated,
    "dns-caa": caa_forbids,
    "dns-second-zone": second_zone,
    "ttl-too-long": ttl_too_long,
    "no-certificate": no_certificate,
    "certificate-swap": certificates,
    "certificate-limit": certificate_limit,
    "redirect-removed": redirect_removed,
    "rule-replaced": rule_replaced,
    "sql-public": sql_public,
    "in-use": in_use,
    "still-linked": still_linked,
    "empty-environment": empty_environment,
    "other-project": other_project,
}
# What goes cannot be had back, so each has to be named: an example of how.
NAMED = {"delete": "SqlInstance/NAME", "zone-replace": "DnsZone/NAME"}


def guard(
    proposal: Proposal, allowances: Mapping[str, str], guards: Iterable[Guard] = GUARDS.values()
) -> list[Objection]:
    """Every objection, with the reason of each that somebody has acknowledged."""
    found = [objection for look in guards for objection in look(proposal)]
    return [
        acknowledged(objection, proposal.desired, allowances) for objection in dict.fromkeys(found)
    ]


def acknowledged(
    objection: Objection, desired: Desired, allowances: Mapping[str, str]
) -> Objection:
    """With its level and place, and the reason if somebody has acknowledged it.

    What takes an approval is not for whoever types the command to acknowledge.
    """
    level = desired.environment.guards.get(objection.rule, objection.level)
    at = objection.ref
    resource = desired.resources.get(at.zone if at.is_record_set else at) if at else None
    lasting = resource.lifecycle.allow if resource else {}
    place = objection.place or (resource.place if resource else None)
    if objection.final:
        return replace(objection, place=place)
    typed = word_for(objection, allowances) if level != "approve" else None
    reason = typed or lasting.get(objection.rule)
    return replace(objection, level=level, allowed=reason, place=place)


def word_for(objection: Objection, allowances: Mapping[str, str]) -> str | None:
    """The reason that was typed for this one, or for its rule."""
    return allowances.get(f"{objection.rule}:{objection.ref}") or allowances.get(objection.rule)


def parse_allowances(words: Iterable[str]) -> dict[str, str]:
    """`RULE[:REF]=REASON`, one each; raises InvalidInput for an unknown rule or no reason.

    A rule of what cannot be had back takes no answer without a REF.
    """
    result: dict[str, str] = {}
    for word in words:
        key, _, reason = word.partition("=")
        rule, _, at = key.partition(":")
        if wrong := unanswerable(rule, OF_A_WORD):
            raise InvalidInput(f"--allow {word}: {wrong}")
        if rule in NAMED and not at:
            example = f"--allow {rule}:{NAMED[rule]}=REASON"
            raise InvalidInput(f"--allow {word}: what goes cannot be had back, name it: {example}")
        if reason.strip() in {"", "REASON"}:
            raise InvalidInput(f"--allow {word}: say why, as in --allow {key}='agreed in review'")
        result[key] = reason.strip()
    return result


def idle(objections: Iterable[Objection], allowances: Mapping[str, str]) -> Iterator[str]:
    """A note for each acknowledgement that no objection has asked for: a slip, or done with."""
    known = {name for o in objections for name in (o.rule, f"{o.rule}:{o.ref}")}
    for key in allowances:
        if key not in known and key.partition(":")[0] not in OF_A_RUN | OF_THE_HOUR:
            meant = nearest(key, known)
            hint = f"; did you mean {meant}?" if meant else ""
            yield f"--allow {key} acknowledges nothing: no guard says that of this plan{hint}"


def denied(objections: Iterable[Objection]) -> list[Objection]:
    """What keeps a plan from being applied."""
    return [o for o in objections if o.level != "warn" and not o.allowed]


def refused(objections: Iterable[Objection]) -> list[Objection]:
    """What keeps it from being reviewed: an approval comes only after that."""
    return [o for o in denied(objections) if o.level == "deny"]


def _deny(rule: str, ref: Ref | None, message: str) -> Objection:
    return Objection(rule, "deny", ref, message)
