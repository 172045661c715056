"""How long a command on a stored run takes: wall clock and processor, each in its own process.

    uv run --no-sync python scripts/answer_speed.py --runs runs
    uv run --no-sync python scripts/answer_speed.py --runs runs --times 9 --out speed.json

Every command runs once, so that Python has compiled and the system has read what it needs, and then
several times; the best of those is told. The promises are for an idle machine. Exit status 1: some
command took longer.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

from tenfold.files import write_atomic

PROMISES: dict[tuple[str, ...], float] = {
    ("jump",): 1.5,
    ("cost",): 1.5,
    ("claims",): 1.5,
    ("check",): 1.0,
    ("points",): 1.0,
    ("ask", "rl_jump_ooms", "--over", "6"): 1.5,
    ("compare", "grok-4", "gpt-5"): 1.5,
}
"""Command -> seconds of wall clock on an idle machine."""

PROGRAM = (sys.executable, "-c", "import sys; from tenfold.cli.app import main; sys.exit(main())")
ENDINGS = (0, 3)
"""Exit statuses of an answer; 3 says that a gate of the run failed."""


class Speed(TypedDict):
    """A command's best later call, in seconds, and what is promised."""

    command: str
    first_wall: float
    wall: float
    processor: float
    promised: float


def call(command: Sequence[str | Path], place: Path | None = None) -> tuple[float, float]:
    """Wall and processor seconds of a command in a process of its own, started in `place`.

    Raises:
        RuntimeError: it gave no answer.
    """
    before, start = os.times(), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=place)
    wall, after = time.perf_counter() - start, os.times()
    if done.returncode not in ENDINGS:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    used = after.children_user + after.children_system
    return wall, used - before.children_user - before.children_system


def measure(command: tuple[str, ...], runs: Path, times: int) -> Speed:
    """A command once, and then `times` times."""
    where = [] if command[0] == "points" else ["--runs", str(runs)]
    whole = [*PROGRAM, *command, *where]
    first, _ = call(whole)
    later = [call(whole) for _ in range(times)]
    return {
        "command": " ".join(command),
        "first_wall": round(first, 2),
        "wall": round(min(wall for wall, _ in later), 2),
        "processor": round(min(used for _, used in later), 2),
        "promised": PROMISES[command],
    }


def main() -> int:
    """Measure every promise; 1 where one is broken."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--times", type=int, default=5, help="calls after the first")
    parser.add_argument("--out", type=Path, help="write the figures there, as JSON")
    options = parser.parse_args()
    found = [measure(command, options.runs, options.times) for command in PROMISES]
    for row in found:
        verdict = "" if row["wall"] <= row["promised"] else "  TOO SLOW"
        print(
            f"{row['command']:27} first {row['first_wall']:5.2f} s, then {row['wall']:5.2f} s "
            f"(processor {row['processor']:5.2f} s; promised {row['promised']} s){verdict}"
        )
    if options.out:
        write_atomic(options.out, json.dumps(found, indent=1) + "\n")
    return int(any(row["wall"] > row["promised"] for row in found))


if __name__ == "__main__":
    sys.exit(main())
