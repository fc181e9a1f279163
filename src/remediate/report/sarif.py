"""A result as SARIF 2.1.0, for code scanning: what is wrong, at the line of YAML that says it.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html. Files are relative to the
repository (`%SRCROOT%`, §3.14.14); texts are plain, so nothing in them is markup (§3.11).
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from remediate.model.json import Body, Json
from remediate.report.result import Remark, Result, remarks, under
from remediate.report.rule_help import rule_help
from remediate.report.text import safe, safe_lines
from remediate.version import __version__

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_SOURCE = "%SRCROOT%"


def sarif(result: Result) -> Body:
    """One run, equal for equal results."""
    said = remarks(result)
    rules = sorted({remark.rule for remark in said})
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(rules)},
                "automationDetails": {"id": f"remediate/{result.verb}/{result.environment}/"},
                "columnKind": "unicodeCodePoints",
                "results": [_result(remark, rules, result.root) for remark in said],
            }
        ],
    }


def _driver(rules: Sequence[str]) -> Body:
    return {
        "name": "remediate",
        "semanticVersion": __version__,
        "rules": [
            {
                "id": rule,
                "shortDescription": {"text": rule.replace("-", " ")},
                "fullDescription": {"text": rule_help(rule)},
                "help": {"text": rule_help(rule)},
            }
            for rule in rules
        ],
    }


def _result(remark: Remark, rules: Sequence[str], root: str) -> Body:
    result: Body = {
        "ruleId": remark.rule,
        "ruleIndex": rules.index(remark.rule),
        "level": remark.level,
        "message": {"text": safe_lines(remark.text)},
        "locations": _locations(remark, root),
    }
    if remark.allowed:
        why: Json = [{"kind": "external", "justification": safe(remark.allowed)}]
        return {**result, "suppressions": why}
    return result


def _locations(remark: Remark, root: str) -> list[Json]:
    location: Body = {}
    if remark.place is not None:
        at = remark.place
        location["physicalLocation"] = {
            "artifactLocation": {"uri": quote(under(root, at)), "uriBaseId": _SOURCE},
            "region": {"startLine": at.line, "startColumn": at.column},
        }
    if remark.about:
        location["logicalLocations"] = [
            {"fullyQualifiedName": safe(remark.about), "kind": "resource"}
        ]
    return [location] if location else []
