"""What is said and asked before anything is written: the plan, yes or no."""

from __future__ import annotations

import sys

import click

from remediate.cli.outputs import colour, width
from remediate.model.errors import Declined
from remediate.model.plan import Plan
from remediate.pipeline.guard import denied
from remediate.report.progress import fitted


def say(sentence: str) -> None:
    """On stderr, broken for its width; nothing for nothing."""
    if sentence:
        sys.stderr.write(fitted(sentence, width(sys.stderr)) + "\n")


def ask(question: str, otherwise: str) -> None:
    """Go on only after a yes; a no is Declined, and Ctrl-C is click's Abort."""
    if not click.confirm(question, err=True):
        raise Declined(f"{otherwise}: nothing was changed")


def show(plan: Plan) -> None:
    """On stderr; where nothing is to be done and nothing stands in the way, the outcome says so."""
    if plan.is_idle and not denied(plan.objections):
        return
    from remediate.cli.forms import for_ci
    from remediate.report.human import plan_text

    there = sys.stderr
    there.write(for_ci(plan_text(plan, width=width(there), colour=colour(there))))
