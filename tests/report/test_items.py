"""Lists of objects as a plan shows them: which items came, which went, what changed in which."""

from __future__ import annotations

from remediate.model.plan import Action, Cause, Difference, FieldChange
from remediate.model.ref import parse_ref
from remediate.model.values import Secret
from remediate.report.human import plan_text
from tests.report import plans


def test_a_list_of_objects_that_have_names_is_told_item_by_item() -> None:
    ref = parse_ref("UrlMap/web")
    tests = [{"host": "a.example", "path": f"/{n}", "service": "one-service"} for n in range(3)]
    after = [tests[0], {**tests[1], "service": "two-service"}, {"host": "b.example", "path": "/"}]
    change = plans.updated(ref, {"tests": tests}, {"tests": after})
    assert """\
      /tests:
         - a.example /2: service one-service
         + b.example /
         ~ a.example /1 service: one-service -> two-service
           (1 more as they are)
""" in plan_text(plans.planned([change]))


def test_items_in_items_are_told_likewise() -> None:
    ref = parse_ref("UrlMap/web")
    rules = [{"paths": [f"/{'long' * 10}/{n}"], "service": "one"} for n in range(3)]
    before = [{"name": "api", "pathRules": rules[:2]}, {"name": "web"}]
    after = [{"name": "api", "pathRules": rules[1:]}]
    change = plans.updated(ref, {"pathMatchers": before}, {"pathMatchers": after})
    assert f"""\
      /pathMatchers:
         - web
         ~ api pathRules:
              - /{"long" * 10}/0: service one
              + /{"long" * 10}/2: service one
                (1 more as they are)
""" in plan_text(plans.planned([change]))


def test_a_secret_among_them_is_told_and_not_shown() -> None:
    ref = parse_ref("RunService/us-central1/web")
    before = [{"name": "PASSWORD", "value": Secret("old")}, {"name": "MODE" * 10, "value": "one"}]
    after = [
        {"name": "PASSWORD", "value": Secret("new")},
        {"name": "API_TOKEN", "value": Secret("t")},
        before[1],
    ]
    at = "/template/containers/0/env"
    changes = (FieldChange(at, before, after),)
    change = Difference(ref, Action.UPDATE, ref, {}, {}, changes, Cause.PENDING)
    assert """\
      /template/containers/0/env:
         + API_TOKEN: value "(secret)"
         ~ PASSWORD value: "(secret)" -> "(secret)"
           (1 more as they are)
""" in plan_text(plans.planned([change]))
