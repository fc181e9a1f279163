"""The roles as gcloud, Google and Terraform take them."""

from __future__ import annotations

import re
import shlex

import yaml

from tests.cli.conftest import Desk
from tests.cli.typed import typed


def test_the_yaml_is_what_gcloud_takes(desk: Desk) -> None:
    said = desk.type("iam", "--for", "plan")
    assert said.code == 0, said
    found = yaml.safe_load(said.out)
    assert [*found] == ["title", "description", "stage", "includedPermissions"]
    assert "compute.urlMaps.list" in found["includedPermissions"]
    assert "certificatemanager.certs.list" not in found["includedPermissions"]  # nobody has one


def test_the_commands_and_terraform_grant_the_same(desk: Desk) -> None:
    asked = ["iam", "--for", "apply", "--format"]
    listed = yaml.safe_load(desk.type(*asked, "yaml").out)["includedPermissions"]
    text = desk.type(*asked, "gcloud").out
    first, second = text.partition("# The first time:\n")[2].split("# Later:\n")
    for line, verb in ((first, "create"), (second, "update")):
        words = shlex.split(line.replace("\\\n", ""))
        assert words[:5] == ["gcloud", "iam", "roles", verb, "remediateApply"]
        assert "--project=netra-staging" in words
        (names,) = [word for word in words if word.startswith("--permissions=")]
        assert names.removeprefix("--permissions=").split(",") == listed
    terraform = desk.type(*asked, "terraform").out
    assert re.findall(r'^    "([^"]+)",', terraform, re.MULTILINE) == listed
    assert 'resource "google_project_iam_custom_role" "remediate_apply" {' in terraform


def test_all_kinds_need_no_environment_and_no_network() -> None:
    said = typed("-C", "/nowhere", "iam", "--for", "plan", "--all")
    assert said.code == 0, said
    assert "- certificatemanager.certs.list" in said.out
    assert typed("iam").code == 64
