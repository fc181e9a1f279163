"""What a plan pays for probes that it does not run: nothing."""

from __future__ import annotations

import subprocess
import sys


def test_probes_load_what_they_speak_with_only_when_they_speak() -> None:
    heavy = {"dns", "cryptography", "certifi"}
    script = (
        "import sys, remediate.gcp.google; before = set(sys.modules); "
        "import remediate.probes.caa, remediate.probes.tls; "
        "new = {name.split('.')[0] for name in set(sys.modules) - before}; "
        f"print(sorted(new & {heavy}))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == "[]"
