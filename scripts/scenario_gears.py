"""Hold every gear against a fit: the agreement table of reports/scenarios.

    python scripts/scenario_gears.py --runs runs
    python scripts/scenario_gears.py --runs runs --set settings.draws=500 --only wide-slopes

The same quantities by a gear and by a fit of what was changed, from the start, of the mixture with
its weights renewed, and of each form by itself; fits are kept in MADE. Where a fit is warm itself,
it is the gear that is held against one from the start. A difference is told in units of its Monte
Carlo standard error. A case that is there already, of the same run, is not computed again. Every
number on the page comes from agreement.json.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

from tenfold.cli import terminal
from tenfold.files import write_atomic
from tenfold.runs import store
from tenfold.scenarios import table
from tenfold.scenarios.answering import answering
from tenfold.scenarios.gears import NeedsFit
from tenfold.scenarios.said import Said

FOLDER = Path(__file__).parents[1] / "reports" / "scenarios"
QUANTITIES = ("exchange_rate", "inference_jump_ooms", "rl_jump_ooms")
CASES = (
    Said(("wide-slopes",), sets=("gpt_level_mean=1.5,2,2.5",)),
    Said(("without-mimo",)),
    Said(("without-dapo",)),
    Said(gear="refit"),
    Said(("no-outliers",), gear="refit"),
)
"""Each gear more than once, together too; those that a run's draws cannot answer are left out."""
EACH = (Said(("without-mimo",)), Said(("wide-slopes",)), Said(gear="refit"))
"""Under each form of a mixture by itself."""
ENDS = ("p05", "p50", "p95")


def cases(run: store.Run) -> list[Said]:
    """What is held against fits of a run: the mixture first, which takes longest."""
    forms = run.forms if len(run.forms) > 1 else ()
    return [*CASES, *(replace(case, forms=(form,)) for form in forms for case in EACH)]


def compared(
    case: Said, run: store.Run, runs: Path, made: Path, settings: tuple[str, ...]
) -> dict[str, Any] | None:
    """The rows of a case by its gear and by a fit, None where it needs one itself."""
    warm = case.gear == "refit"
    try:
        chosen = replace(case, sets=(*case.sets, *settings)) if warm else case
        # apart from fits from the start: where chains start is no part of a run's key
        quick = answering(chosen, run, made / "warm", say=terminal.warn, fit=warm)
    except NeedsFit:
        return None
    if warm and not (case.scenarios or case.sets):
        slow = answering(replace(case, gear=None), run, runs)
    else:
        fitted = replace(case, sets=(*case.sets, *settings), gear="rebuild")
        slow = answering(fitted, run, made, say=terminal.warn)
    told = quick.about()
    rows = table.summary(quick, QUANTITIES), table.summary(slow, QUANTITIES)
    parts = dict.fromkeys([*quick.changes.values(), quick.gear]) if not warm else [quick.gear]
    found: dict[str, Any] = {"gear": " and ".join(sorted({*parts} - {"none"}))}
    found["weights"] = [told["weights"], slow.about()["weights"]]
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
        f"Run `{results['run']}` of scenario `{results['scenario']}`. Medians by the gear and",
        "by a fit of what was changed, from the start; z is their difference over its Monte Carlo",
        "standard error, the largest of the 5%, 50% and 95% quantiles. Settings of the fits:",
        f"{', '.join(results['settings']) or 'as they are'}.",
        "",
        "| case | gear | k | "
        + " | ".join(f"{n}: gear, fit, z" for n in QUANTITIES)
        + " | largest weight: gear, fit |",
        "|---|---|---|" + "---|" * (len(QUANTITIES) + 1),
    ]
    for name, row in results["scenarios"].items():
        k = "" if row["pareto_k"] is None else f"{float(row['pareto_k']):.2f}"
        cells = []
        for quantity in QUANTITIES:
            ends = row["quantities"][quantity]
            worst = max(abs(ends[end]["z"]) for end in ENDS)
            middle = ends["p50"]
            cells.append(f"{middle['gear']:.2f}, {middle['fit']:.2f}, {worst:.1f}")
        ours, theirs = row["weights"]
        form = max(theirs, key=lambda form: theirs[form])
        cells.append(f"{form} {ours[form]:.2f}, {theirs[form]:.2f}" if len(theirs) > 1 else form)
        lines.append(f"| {name} | {row['gear']} | {k} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run and write what was found, case by case."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--made", type=Path, help="where fits are kept; RUNS unless given")
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--scenario", default=store.BASE, help="of the run that answers")
    parser.add_argument("--only", default="", help="cases with this in their names")
    parser.add_argument("--set", action="append", default=[], help="sampler settings of the fits")
    given = parser.parse_args()
    run = store.latest(given.runs, given.scenario)
    path = given.out / "agreement.json"
    results = json.loads(path.read_text()) if path.is_file() else {}
    if results.get("run") != run.info["key"]:
        results = {"run": run.info["key"], "scenario": given.scenario, "scenarios": {}}
    results["settings"] = given.set
    for case in cases(run):
        if str(case) in results["scenarios"] or given.only not in str(case):
            continue
        terminal.warn(str(case))
        row = compared(case, run, given.runs, given.made or given.runs, tuple(given.set))
        if row is not None:
            results["scenarios"][str(case)] = row
        write_atomic(path, json.dumps(results, indent=1) + "\n")
        write_atomic(given.out / "README.md", page(results))


if __name__ == "__main__":
    main()
