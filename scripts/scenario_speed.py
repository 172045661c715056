"""How long what-ifs take, gear by gear: medians in one run, in processor seconds.

    python scripts/scenario_speed.py --runs runs
    python scripts/scenario_speed.py --runs runs --fits

Processor seconds count where other work shares the machine; on an idle one of two cores a sweep or
a fit takes about half as much on the clock. Everything asks a run of the baseline for the RL jump.
`--fits` adds a first fit and a warm refit of one form and of the mixture (many minutes; what is
fitted goes to a folder that is deleted). What was measured is kept beside what is promised in
reports/scenarios/speed.json.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from answer_speed import PROGRAM, call

from tenfold import mixture
from tenfold.answers import registry
from tenfold.answers.question import Asked, Question, under
from tenfold.files import write_atomic
from tenfold.runs import store
from tenfold.scenarios import sweep, table
from tenfold.scenarios.answering import answering
from tenfold.scenarios.gears import Gear
from tenfold.scenarios.said import Said

OUT = Path(__file__).parents[1] / "reports" / "scenarios" / "speed.json"
QUANTITY = "rl_jump_ooms"
TIMES = 7
WORKERS = 2
GIB = 2**20
"""Kilobytes, in which the system tells memory."""

SETS: dict[Gear, str] = {
    "propagate": "inference_per_training=1,{},1.5",
    "block": "priors.gpt_level_mean.sigma={}",
    "reweight": "priors.cell_sd.sigma={}",
}
"""What is set, by the gear that answers it; {} is another number each time."""
FIRST = {"propagate": 1.2, "block": 0.5, "reweight": 0.25}
PROMISES = {
    "propagate": 0.05, "propagate, as a command": 1.5, "block": 0.5, "reweight": 0.2,
    "table, first time": 900.0, "table, second time": 2.0, "warm refit of one form": 15.0,
}  # fmt: skip
"""Seconds on an idle machine of two cores; 1,000 weighed scenarios are promised in 60."""


def used() -> float:
    """Processor seconds of this process and of those that it waited for."""
    now = os.times()
    return now.user + now.system + now.children_user + now.children_system


def timed(act: Callable[[], Any]) -> float:
    """Processor seconds of an act."""
    start = used()
    act()
    return used() - start


def ask(said: Said, run: store.Run, runs: Path) -> str:
    """Quantiles of the quantity under a what-if; returns the gear."""
    found = answering(said, run, runs)
    asked = Asked(found.draws, found.constants, under(Question(), found.question))
    mixture.quantile(registry.draws_of(QUANTITY, asked), asked.draws["weight"], [0.05, 0.5, 0.95])
    return found.gear


def in_process(gear: Gear, run: store.Run, runs: Path) -> float:
    """Median of an answer by a gear; the first one, which reads files, is not counted.

    Raises:
        RuntimeError: another gear answered.
    """
    times = []
    for k in range(TIMES + 1):
        said = Said(sets=(SETS[gear].format(FIRST[gear] * (1 - k / 200)),))
        start = used()
        if (answered := ask(said, run, runs)) != gear:
            raise RuntimeError(f"{said}: answered by {answered}; expected {gear}")
        times.append(used() - start)
    return statistics.median(times[1:])


def commands(runs: Path) -> float:
    """Median of the same as a command, propagated."""
    set_ = SETS["propagate"].format(FIRST["propagate"])
    arguments = [*PROGRAM, "jump", "--set", set_, "--runs", str(runs)]
    return statistics.median(call(arguments)[1] for _ in range(TIMES + 1))


def weighed(run: store.Run, points: int) -> dict[str, float]:
    """A sweep of scenarios that are weighed, over two processes."""
    with tempfile.TemporaryDirectory() as folder:
        names, values = sweep.hypercube("priors.cell_sd.sigma=0.2..0.28", points, 0)
        wanted = sweep.Sweep(str(run.path.resolve()), folder, Said(), names, values, (QUANTITY,))
        wall, start = time.perf_counter(), used()
        rows = sweep.run(wanted, WORKERS)
        spent = {"processor": used() - start, "wall": time.perf_counter() - wall}
    gears = {row["gear"] for row in rows}
    if gears != {"reweight"}:
        raise RuntimeError(f"answered by {gears}; expected reweight alone")
    return {"points": points, "workers": WORKERS} | spent


def tables(run: store.Run) -> dict[str, float]:
    """The table of shipped scenarios, those that need a fit left out: computed, and read."""
    with tempfile.TemporaryDirectory() as folder:
        found = {
            f"table, {label} time": timed(lambda: table.rows(run, Path(folder)))
            for label in ("first", "second")
        }
    return found


def fits(run: store.Run) -> dict[str, float]:
    """First and warm fits of one form and of all that the run has."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for label, forms in (("one form", run.forms[:1]), ("the mixture", run.forms)):
            for name, gear in (("first fit", "rebuild"), ("warm refit", "refit")):
                said = Said(forms=tuple(forms), gear=gear)
                found[f"{name} of {label}"] = timed(
                    lambda said=said: answering(said, run, Path(folder))
                )
    return found


def main() -> None:
    """Measure everything, and keep it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--points", type=int, default=1000, help="scenarios of the sweep")
    parser.add_argument("--fits", action="store_true", help="first and warm fits too")
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    run = store.latest(given.runs)
    found: dict[str, Any] = {"run": run.info["key"], "python": sys.version.split()[0]}
    seconds: dict[str, float] = {}

    def keep() -> None:
        found["processor_seconds"] = {name: round(value, 3) for name, value in seconds.items()}
        found["promised"] = {name: limit for name, limit in PROMISES.items() if name in seconds}
        found["memory_gib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIB
        write_atomic(given.out, json.dumps(found, indent=1) + "\n")

    gears: tuple[Gear, ...] = ("propagate", "block", "reweight")
    for gear in gears:
        seconds[gear] = in_process(gear, run, given.runs)
        keep()
    seconds["propagate, as a command"] = commands(given.runs)
    keep()
    found["sweep"] = weighed(run, given.points)
    keep()
    seconds |= tables(run)
    keep()
    if given.fits:
        seconds |= fits(run)
        keep()
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
