"""A sentence for each rule: what it guards, for whoever meets it in code scanning.

docs/reference/guards.md says all of it.
"""

from __future__ import annotations

_DETAILS = "See docs/reference/guards.md, and `--allow` in the plan for what acknowledges it."

HELP = {
    "check": "What a visitor must see is not so, or nobody could look.",
    "drift": "Somebody has moved the live side since it was last applied.",
    "invalid-input": "The YAML is not what remediate can take; nothing was sent.",
    "too-many-deletes": "More would be deleted than a threshold lets pass at once.",
    "protected": "A resource with `lifecycle.protect` would be deleted, set aside or replaced.",
    "unprotected-at-google": "Google's own protection from deletion would be taken away.",
    "delete": "What would be deleted is lost for good: data, an address, name servers, revisions.",
    "irreversible": "A step can never be undone.",
    "replace": "A field that cannot change in place did, and a replacement is refused.",
    "dns-apex": "A record set at the apex of a zone would be removed.",
    "dns-wildcard": "A wildcard would be removed: every name below it loses its answer.",
    "dns-last-address": "The last address of a name would be removed.",
    "dns-mail": "Mail would have nowhere to go.",
    "dns-delegation": "Names would be handed to other name servers, or to none.",
    "dns-caa": "CAA would forbid a certificate that is declared, or permit any authority.",
    "dns-second-zone": "A zone would be created for a name that another one serves already.",
    "ttl-too-long": "Resolvers may keep the old answer for long after the change.",
    "incomplete": "What is to be created lacks a field that is chosen for good.",
    "zone-replace": "A zone would be made again, with other name servers.",
    "record-conflict": "What is wanted and what is live cannot be at one name together.",
    "no-room": "A VPC connector would be created in a range that another one has.",
    "redirect-removed": "What http sends on to https would not be sent on any more.",
    "rule-replaced": "An address in use would answer nothing for a while.",
    "sql-public": "A database would be open to more of the world.",
    "in-use": "What would be deleted is still used by something else.",
    "still-linked": "Something that stays links to what is set aside.",
    "google-refuses": "Google was asked, and would refuse this change.",
    "permission-missing": "Whoever planned lacks a permission that an apply takes.",
    "no-certificate": "A proxy would be left without a certificate.",
    "certificate-swap": "A host would be served by a certificate that is not issued yet.",
    "certificate-uncovered": "A host that is served now would be left without a certificate.",
    "certificate-limit": "A proxy would hold more certificates than Google lets it.",
    "empty-environment": "The YAML declares nothing, though resources were applied from it.",
    "other-project": "The environment was last applied to another project.",
    "change-window": "The environment takes no change at this hour.",
    "approvals": "More people have to approve a change of this risk.",
    "hold": "Somebody holds this back, or a rollback does.",
    "policy": "A policy program of the user's objects.",
    "certificate-precheck": "A managed certificate would never be issued as things are.",
    "certificate-unseen": "Handshakes do not show the certificate that should be served.",
}


def rule_help(rule: str) -> str:
    known = HELP.get(rule, f"The rule `{rule}` speaks.")
    return known if rule in {"invalid-input", "drift", "check"} else f"{known} {_DETAILS}"
