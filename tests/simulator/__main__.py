"""`python -m tests.simulator SEED [COUNT]`: play a history again, and tell it whole."""

from __future__ import annotations

import sys

from tests.simulator.playing import history, simulated, told


def main(words: list[str]) -> int:
    seed = int(words[0])
    begun = history(seed)
    with simulated(begun):
        try:
            begun.play()
        finally:
            sys.stdout.write(told(begun) + "\n")
    sys.stdout.write("every law holds\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
