"""`python -m gcp_sandbox`: a sandbox until it is interrupted."""

from __future__ import annotations

import argparse
import signal
import sys
from types import FrameType

from gcp_sandbox.errors import GoogleError
from gcp_sandbox.sandbox import Sandbox


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        sandbox = Sandbox(
            options.scenario,
            port=options.port,
            state=options.state,
            latency=options.latency,
            operation_time=options.operation_time,
            seed=options.seed,
        )
    except (OSError, ValueError, GoogleError) as refused:
        sys.stderr.write(f"gcp_sandbox: {refused}\n")
        return 1
    with sandbox:
        sys.stdout.write(f"gcp_sandbox on {sandbox.url}, DNS on 127.0.0.1:{sandbox.dns_port}\n")
        sys.stdout.flush()
        signal.signal(signal.SIGTERM, _interrupt)
        try:
            sandbox.wait()
        except KeyboardInterrupt:
            return 0
    return 0


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gcp_sandbox", description=__doc__)
    add = parser.add_argument
    add("--port", type=int, default=8080, help="0 takes a free one (default: %(default)s)")
    add("--scenario", default="empty", help="the world to start with (default: %(default)s)")
    add("--state", metavar="FILE", help="keep the world in FILE; it wins over --scenario")
    add("--latency", type=float, default=0.0, metavar="S", help="seconds before every answer")
    add(
        "--operation-time",
        type=float,
        default=0.01,
        metavar="FACTOR",
        help="on the durations measured at Google; 0: done at once (default: %(default)s)",
    )
    add("--seed", type=int, metavar="N", help="make ids repeatable")
    return parser


if __name__ == "__main__":
    sys.exit(main())
