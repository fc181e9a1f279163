"""What an import wrote, for people: the files themselves, and a word on them."""

from __future__ import annotations

from remediate.pipeline.importing import Imported, Target
from remediate.report.text import WIDTH, counted, safe, wrapped
from remediate.report.yaml_text import yaml_text

_HEADS = {
    "environment.yaml": "The environment {name}: project {project}.",
    "dns.yaml": "Where clients find {name}.",
    "front.yaml": "The way in: addresses, and what listens on them.",
    "tls.yaml": "How {name} proves who it is.",
    "backends.yaml": "Which request goes where, and what answers it.",
    "services.yaml": "What answers in the end, and what that needs: connector, database, service.",
}


def files_text(found: Imported, target: Target) -> dict[str, str]:
    """The text of each file, by its name."""
    words = {"name": target.name, "project": target.project}
    return {
        name: yaml_text(_HEADS[name].format(**words), drafts)
        for name, drafts in sorted(found.files.items())
    }


def told_text(found: Imported, target: Target, names: list[str], width: int = WIDTH) -> str:
    """What is in which file, what is not, and what to type next."""
    folder = f"desired/{target.name}"
    told = f"{counted(found.count, 'resource')} of {target.project}"
    where = f", as YAML in {folder}: {', '.join(names)}" if names else ": there is nothing to write"
    lines = wrapped(safe(told + where), width)
    remarks = sum(len(d.remarks) for drafts in found.files.values() for d in drafts)
    if remarks:
        lines += wrapped(f"{counted(remarks, 'remark')} beside them, as comments", width)
    if found.known:
        verb = "is" if found.known == 1 else "are"
        lines += wrapped(f"{counted(found.known, 'resource')} {verb} declared already", width)
    if found.left_out:
        lines += ["", "Left out"]
        for each in found.left_out:
            lines += wrapped(safe(each), width, first="  ", rest="    ")
    return "\n".join(lines) + "\n"
