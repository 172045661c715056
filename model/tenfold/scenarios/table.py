"""Every shipped scenario beside the base: headline quantities, shift, gear; kept between calls.

A row is kept in the folder of runs under a key of all that it rests on (`notes`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import xarray as xr

from tenfold import mixture
from tenfold.answers import registry
from tenfold.answers.question import Asked, Question, under
from tenfold.posterior.scenario import Scenario, load_scenarios
from tenfold.runs import store
from tenfold.scenarios import changes, notes
from tenfold.scenarios.answering import answering, fitted, scenario_of
from tenfold.scenarios.gears import Answering, NeedsFit
from tenfold.scenarios.said import BASE, Said

FILE, TABLE = "scenarios.json", "scenarios"
QUANTITIES = (
    "exchange_rate",
    "inference_jump_ooms",
    "rl_jump_ooms",
    "years_of_world_electricity",
    "training_cost",
    "first_year",
)
"""Headline quantities of a row."""
SHIFT = "rl_jump_ooms"
WITHOUT_SHIFTS = "slopes-only"
"""The scenario of curves alone, without steps between generations."""

Say = Callable[[str], None]
Row = dict[str, Any]


def rows(
    run: store.Run,
    runs: Path,
    names: tuple[str, ...] = (),
    fit: bool = False,
    say: Say = lambda text: None,
) -> dict[str, Row]:
    """Rows of scenarios by name, the base first; those that are kept and current are not computed.

    Args:
        run: that of the base.
        runs: where rows and refits are kept.
        names: scenarios; all unless given.
        fit: fit those that need it; they are told as not fitted otherwise.

    Returns:
        Per name `reason, gear, pareto_k, effective_draws, status` ("PASS", ... or "not fitted"),
        `quantities` (rows of `mixture.summarise`, each with `forms`) and `shift_ooms`, the median
        of the RL jump less the base's (None where either is never).

    Raises:
        SpecError: an unknown scenario, or what one needs is not there.
    """
    found: dict[str, Row] = {}
    kept = notes.entries(runs / FILE, TABLE)
    # each name is looked up before the first of them is fitted
    asked = {name: Said((name,)) for name in (BASE, *(names or load_scenarios()))}
    wholes = {name: scenario_of(said, run) for name, said in asked.items()}
    for name, whole in wholes.items():
        said = asked[name]
        key = notes.key(run, whole.model_dump(mode="json"))
        row = kept.get(name, {})
        if row.get("key") != key or (fit and row.get("status") == "not fitted"):
            say(f"scenario {name}")
            row = _row(said, whole, run, runs, fit, say) | {"key": key}
            notes.keep(runs / FILE, TABLE, name, row)
        found[name] = row
    base = found[BASE]["quantities"][SHIFT]["p50"]
    for row in found.values():
        row["shift_ooms"] = _shift(row["quantities"], base)
    return found


def current(run: store.Run, runs: Path, names: tuple[str, ...] = ()) -> dict[str, Row]:
    """Kept rows of this run and of today's scenarios, constants and code; none is computed.

    Args:
        names: scenarios; all unless given.
    """
    known = names or load_scenarios()
    return {
        name: row
        for name, row in notes.entries(runs / FILE, TABLE).items()
        if name in known
        and row.get("quantities")
        and row["key"] == notes.key(run, scenario_of(Said((name,)), run).model_dump(mode="json"))
    }


def without_shifts(run: store.Run, runs: Path) -> Row | None:
    """The exchange rate from curves alone: an edition's own, or its kept row; None without one."""
    if "edition" in run.info:
        return run.info.get("without_shifts")
    row = current(run, runs, (WITHOUT_SHIFTS,)).get(WITHOUT_SHIFTS)
    return row and row["quantities"]["exchange_rate"]


def summary(answer: Answering, names: tuple[str, ...] = QUANTITIES) -> dict[str, Any]:
    """Quantities of what answers: rows of all forms mixed, each with `forms` alone."""
    asked = Asked(answer.draws, answer.constants, under(Question(), answer.question))
    found = {}
    for name in names:
        values = registry.draws_of(name, asked)
        row = mixture.table(xr.Dataset({"value": values, "weight": asked.draws["weight"]}))["value"]
        alone = {}
        for form in asked.draws["form"].values:
            one = xr.ones_like(asked.draws["weight"].sel(form=[form]))
            part = values.sel(form=[form]) if "form" in values.dims else values
            alone[str(form)] = mixture.summarise(part, one, values.attrs["unit"])
        found[name] = row | {"forms": alone}
    return found


def _row(said: Said, whole: Scenario, run: store.Run, runs: Path, fit: bool, say: Say) -> Row:
    least = changes.changes(changes.Fitted.of_run(run), whole).gear
    about: Row = {"reason": whole.reason, "gear": least}
    none = {"pareto_k": None, "effective_draws": None, "quantities": {}, "status": "not fitted"}
    start = fitted(said, runs) or run
    if start is run and least in ("refit", "rebuild") and not fit:
        return about | none
    try:
        answer = answering(said, start, runs, say=say, fit=fit)
    except NeedsFit:
        return about | none
    told = answer.about()
    return about | {
        "gear": told["gear"] if start is run else changes.heaviest((least, "refit")),
        "pareto_k": told["pareto_k"],
        "effective_draws": told["effective_draws"],
        "weights": told["weights"],
        "status": answer.run.info["status"],
        "quantities": summary(answer),
    }


def _shift(quantities: Mapping[str, Any], base: Any) -> float | None:
    if SHIFT not in quantities:
        return None
    here = quantities[SHIFT]["p50"]
    return here - base if isinstance(here, float) and isinstance(base, float) else None
