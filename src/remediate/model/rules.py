"""The names of all that may be said against a plan, and who may answer it."""

from __future__ import annotations

from remediate.model.nearest import did_you_mean

# `--allow` acknowledges them for a run, `lifecycle.allow` for good.
OF_A_PLAN = frozenset(
    {
        *("certificate-swap", "certificate-uncovered", "no-certificate"),
        *("delete", "protected", "too-many-deletes", "unprotected-at-google"),
        *("dns-apex", "dns-last-address", "dns-second-zone", "dns-wildcard", "record-conflict"),
        *("empty-environment", "in-use", "irreversible", "other-project", "still-linked"),
        *("ttl-too-long", "zone-replace"),
    }
)
# There is nothing to go on to.
FINAL = frozenset({"certificate-limit", "google-refuses", "incomplete", "no-room", "replace"})
# What `conditions` of a step insist on while a run waits, unless `--allow` has said why not.
OF_A_RUN = frozenset({"certificate-precheck", "certificate-unseen"})


def unanswerable(rule: str, answers: frozenset[str] = OF_A_PLAN) -> str:
    """Why a rule cannot be answered where only these can; empty if it can."""
    if rule in answers:
        return ""
    if rule in FINAL:
        return f"nothing acknowledges {rule}"
    if rule in OF_A_RUN:
        return f"{rule} is found out while a run waits: only --allow acknowledges it"
    hint = did_you_mean(rule, answers)
    return f"no guard is called {rule!r}" + (f"; {hint}" if hint else "")
