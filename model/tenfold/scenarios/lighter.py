"""A refit for a comparison: every form of a run with other evidence, and the weights that it has.

It is neither judged nor stored, as a run is: its headline quantities are kept in `lighter.json` of
the folder of runs, under a key of all that they rest on (`notes`), with the worst R-hat of its
exchange rate.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import xarray as xr

from tenfold.answers.constants import Constants
from tenfold.answers.headline import complete
from tenfold.posterior.scenario import Scenario
from tenfold.runs.store import Run
from tenfold.scenarios import gears, notes, stated, table

FILE, TABLE = "lighter.json", "refits"
CODE = ("tenfold.scenarios.lighter",)
SETTINGS = {"tune": 150, "draws": 400}
"""Of chains that start at what is typical of the run."""


def told(
    run: Run,
    runs: Path,
    name: str,
    scenario: Scenario,
    constants: Constants,
    quantity: str,
    fit: bool,
    say: gears.Say,
) -> dict[str, Any] | None:
    """What a refit says: `quantities` (as `table.summary`) and `r_hat`.

    Args:
        name: under which it is kept.
        quantity: wanted beside those of `table.QUANTITIES`.
        fit: whether it may be made; None where it is not there otherwise.

    Raises:
        SpecError: as `gears.fittable`; the folder of runs cannot be written.
    """
    key = notes.key(run, [scenario.model_dump(mode="json"), SETTINGS])
    kept = notes.entries(runs / FILE, TABLE).get(name)
    if kept and kept["key"] == key and quantity in kept["quantities"]:
        return kept
    if not fit:
        return None
    sample, r_hat = fitted(run, name, scenario, say)
    draws = complete(stated.in_sample(sample, scenario.values, run.info["seed"]))
    answer = gears.Answering(draws, constants, "refit", {}, run)
    names = tuple(dict.fromkeys((*table.QUANTITIES, quantity)))
    entry = {"key": key, "quantities": table.summary(answer, names), "r_hat": r_hat}
    notes.keep(runs / FILE, TABLE, name, entry, CODE)
    return entry


def fitted(run: Run, name: str, scenario: Scenario, say: gears.Say) -> tuple[xr.Dataset, float]:
    """The sample of a refit of all forms, and the worst R-hat of its exchange rate.

    Raises:
        SpecError: as `gears.fittable`.
    """
    from tenfold.fit import stages
    from tenfold.fit.convergence import measured
    from tenfold.posterior.plan import prepare
    from tenfold.runs import headline
    from tenfold.sampler import sample

    gears.fittable(run)
    plan = prepare(name, stages.with_settings(scenario, SETTINGS))
    compiled = sample.compile_plan(plan)
    parts, worst = {}, 0.0
    for form in run.forms:
        say(f"sampling: {form}")
        tree = sample.sample(compiled, form, typical=stages.typical(run, form, plan))
        drawn = tree["posterior"].to_dataset()
        parts[form] = headline.part(drawn, plan.points, form, run.info["seed"])
        rate = {"posterior": drawn[["exchange_rate"]], "sample_stats": tree["sample_stats"]}
        found = measured(xr.DataTree.from_dict(rate), ess=False)
        worst = max(worst, found["r_hat"]["exchange_rate"])
    weights, future = run.info["weights"], run.info["leave_future_out"]
    return headline.single(headline.joined(parts, plan.points, weights, future)), worst
