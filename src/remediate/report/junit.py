"""A result as JUnit XML, which every CI can show: a case for each rule that could have objected.

The form that Jenkins, GitLab and GitHub's reporters read:
https://github.com/testmoapp/junitxml. Times are left out, so that equal results are equal files.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from remediate.model.rules import FINAL, OF_A_PLAN
from remediate.report.result import DRIFT, INVALID, Remark, Result, remarks, under
from remediate.report.text import safe, safe_lines


def junit(result: Result) -> str:
    """One suite. What objects is a failure, what was acknowledged is skipped, a warning passes."""
    said = remarks(result)
    silent = _silent(result, {remark.rule for remark in said})
    name = " ".join(filter(None, ["remediate", result.verb, result.environment]))
    count = {
        "tests": str(len(said) + len(silent)),
        "failures": str(sum(map(_fails, said))),
        "errors": "0",
        "skipped": str(sum(bool(remark.allowed) for remark in said)),
    }
    suites = Element("testsuites", {"name": "remediate", **count})
    suite = SubElement(suites, "testsuite", {"name": safe(name), **count})
    for remark in said:
        _case(suite, remark, result.root)
    for rule in silent:
        SubElement(suite, "testcase", {"classname": "remediate", "name": rule})
    indent(suites)
    # what is not printable is spelled out, and so is all that XML 1.0 (§2.2) cannot hold
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suites, "unicode") + "\n"


def _silent(result: Result, spoken: set[str]) -> Sequence[str]:
    """The rules that were asked and said nothing: cases that pass, by the same name every time."""
    if result.verb == "verify":
        return result.passed
    alone = {DRIFT if result.verb == "drift" else INVALID}
    asked = OF_A_PLAN | FINAL if result.plan is not None else alone
    return sorted(asked - spoken) if result.error is None or result.plan is not None else []


def _fails(remark: Remark) -> bool:
    return remark.level == "error" and not remark.allowed


def _case(suite: Element, remark: Remark, root: str) -> None:
    named = f"{remark.rule}: {remark.about}" if remark.about else remark.rule
    facts = {"classname": "remediate", "name": safe(named)}
    if remark.place is not None:
        facts |= {"file": safe(under(root, remark.place))}
        facts |= {"line": str(remark.place.line)}
        facts["name"] = safe(f"{named} at {remark.place}")
    case = SubElement(suite, "testcase", facts)
    text = safe_lines(remark.text)
    if _fails(remark):
        about = {"message": safe(remark.message), "type": remark.rule}
        SubElement(case, "failure", about).text = text
    elif remark.allowed:
        SubElement(case, "skipped", {"message": safe(f"acknowledged: {remark.allowed}")})
    else:
        SubElement(case, "system-out").text = text
