"""The names of all that may be said against a plan, and who may answer it."""

from __future__ import annotations

from remediate.model.nearest import did_you_mean

# `--allow` acknowledges them for a run, `lifecycle.allow` for good.
OF_A_PLAN = frozenset(
    {
        *("certificate-swap", "certificate-uncovered", "no-certificate"),
        *("delete", "protected", "too-many-deletes", "unprotected-at-google"),
        *("dns-apex", "dns-last-address", "dns-second-zone", "dns-wildcard", "record-conflict"),
        *("dns-caa", "dns-delegation", "dns-mail", "redirect-removed", "rule-replaced"),
        *("empty-environment", "in-use", "irreversible", "other-project", "still-linked"),
        *("sql-public", "ttl-too-long", "zone-replace"),
    }
)
# There is nothing to go on to.
FINAL = frozenset(
    {
        *("certificate-limit", "google-refuses", "incomplete", "no-room", "permission-missing"),
        "replace",
    }
)
# What `conditions` of a step insist on while a run waits, unless `--allow` has said why not.
OF_A_RUN = frozenset({"certificate-precheck", "certificate-unseen"})
# Judged anew whenever something is to be written, and no part of a plan's digest: they depend on
# the hour, on who approves, on what somebody holds and on what a program says.
OF_THE_HOUR = frozenset({"approvals", "change-window", "hold", "policy"})
# Not by `--allow`: what is typed for these instead.
WORDS = {"approvals": "--approved-by WHO", "change-window": "--incident TEXT"}
OF_A_WORD = OF_A_PLAN | OF_A_RUN | (OF_THE_HOUR - WORDS.keys())  # what `--allow` answers


def unanswerable(rule: str, answers: frozenset[str] = OF_A_PLAN) -> str:
    """Why a rule cannot be answered where only these can; empty if it can."""
    if rule in answers:
        return ""
    if rule in FINAL:
        return f"nothing acknowledges {rule}"
    if rule in OF_A_RUN:
        return f"{rule} is found out while a run waits: only --allow acknowledges it"
    if rule in WORDS:
        return f"{rule} is passed by `{WORDS[rule]}`, and by nothing else"
    if rule in OF_THE_HOUR:
        return f"{rule} is judged at every run: only --allow acknowledges it, for one"
    hint = did_you_mean(rule, answers)
    return f"no guard is called {rule!r}" + (f"; {hint}" if hint else "")
