"""Hold every gear against a fit: the agreement table of reports/scenarios.

    python scripts/scenario_gears.py --runs runs

For shipped scenarios that are answered without a fit, the same quantities from a fit of the
scenario from the start; fits are kept in RUNS. The warm fit of the baseline stands for the gear
`refit`. A difference is told in units of its Monte Carlo standard error. Every number on the page
comes from agreement.json.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

from tenfold.cli import terminal
from tenfold.editions import shelf
from tenfold.files import write_atomic
from tenfold.scenarios import table
from tenfold.scenarios.answering import answering
from tenfold.scenarios.gears import NeedsFit
from tenfold.scenarios.said import Said

FOLDER = Path(__file__).parents[1] / "reports" / "scenarios"
QUANTITIES = ("exchange_rate", "inference_jump_ooms", "rl_jump_ooms")
SCENARIOS = (
    "baseline", "epoch", "logistic", "saturating", "wide-slopes", "wide-cells", "wide-units",
    "heavy-noise", "sceptical", "credulous", "slopes-only",
)  # fmt: skip
"""One of each gear at least; those that their gear cannot answer on this run are left out."""
ENDS = ("p05", "p50", "p95")


def compared(name: str, runs: Path, made: Path) -> dict[str, Any] | None:
    """The rows of one scenario by its gear and by a fit, None where it needs one itself."""
    run = shelf.speaking(runs)
    try:
        quick = answering(Said((name,)), run, runs, say=terminal.warn, fit=name == "baseline")
    except NeedsFit:
        return None
    gear = quick.gear
    if name == "baseline":  # the same evidence and priors, from the typical values of the run
        gear = "refit"
        quick = answering(Said(gear="refit"), run, made, say=terminal.warn)
        slow = answering(Said(), run, runs)
    else:
        slow = answering(Said((name,), gear="rebuild"), run, made, say=terminal.warn)
    told = quick.about()
    rows = table.summary(quick, QUANTITIES), table.summary(slow, QUANTITIES)
    found: dict[str, Any] = {"gear": gear, "weights": [told["weights"], slow.about()["weights"]]}
    found |= {key: told[key] for key in ("pareto_k", "effective_draws")}
    found["gates"] = slow.run.info["status"]
    found["quantities"] = {
        quantity: {end: difference(rows[0][quantity], rows[1][quantity], end) for end in ENDS}
        for quantity in QUANTITIES
    }
    return found


def difference(quick: dict[str, Any], slow: dict[str, Any], end: str) -> dict[str, float]:
    """A quantile by the gear and by the fit, and their difference over its standard error."""
    one, other = float(quick[end]), float(slow[end])
    error = math.hypot(float(quick[f"{end}_mcse"]), float(slow[f"{end}_mcse"]))
    z = (one - other) / error if error > 0 else 0.0
    return {"gear": one, "fit": other, "mcse": error, "z": z}


def page(results: dict[str, Any]) -> str:
    """The table as Markdown."""
    lines = [
        "# Gears against fits",
        "",
        "Made by `uv run python scripts/scenario_gears.py`; the numbers are in `agreement.json`.",
        "Medians by the gear and by a fit of the scenario; z is their difference over its Monte",
        "Carlo standard error, the largest of the 5%, 50% and 95% quantiles.",
        "",
        "| scenario | gear | k | " + " | ".join(f"{n}: gear, fit, z" for n in QUANTITIES) + " |",
        "|---|---|---|" + "---|" * len(QUANTITIES),
    ]
    for name, row in results["scenarios"].items():
        k = "" if row["pareto_k"] is None else f"{float(row['pareto_k']):.2f}"
        cells = []
        for quantity in QUANTITIES:
            ends = row["quantities"][quantity]
            worst = max(abs(ends[end]["z"]) for end in ENDS)
            middle = ends["p50"]
            cells.append(f"{middle['gear']:.2f}, {middle['fit']:.2f}, {worst:.1f}")
        lines.append(f"| {name} | {row['gear']} | {k} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run and write what was found, scenario by scenario."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--made", type=Path, help="where fits are kept; RUNS unless given")
    parser.add_argument("--out", type=Path, default=FOLDER)
    given = parser.parse_args()
    results: dict[str, Any] = {"run": shelf.speaking(given.runs).info["key"], "scenarios": {}}
    for name in SCENARIOS:
        terminal.warn(name)
        row = compared(name, given.runs, given.made or given.runs)
        if row is not None:
            results["scenarios"][name] = row
        write_atomic(given.out / "agreement.json", json.dumps(results, indent=1) + "\n")
        write_atomic(given.out / "README.md", page(results))


if __name__ == "__main__":
    main()
