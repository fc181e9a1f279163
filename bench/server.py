"""A sandbox in a process of its own, so that its CPU is on nobody's account.

`python bench/server.py SCENARIO.json|NAME` prints its URL and serves until its stdin closes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from gcp_sandbox.sandbox import Sandbox


def main(wanted: str) -> None:
    path = Path(wanted)
    with Sandbox("empty" if path.suffix else wanted) as sandbox:
        if path.suffix:
            scenario = json.loads(path.read_text())
            sandbox.call(lambda world: world.populate(scenario))
        print(sandbox.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
