"""How the answer moves from scenario to scenario, one curve form at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from tenfold.answers.headline import complete
from tenfold.curves import Form
from tenfold.files import SpecError, read_json, write_atomic
from tenfold.fit import checks
from tenfold.mixture import summarise
from tenfold.posterior.plan import Plan, prepare
from tenfold.posterior.scenario import load_scenario, load_scenarios
from tenfold.runs import keys
from tenfold.runs.headline import headline
from tenfold.sampler import sample

FILE = "sensitivity.json"

FORMS: tuple[Form, ...] = ("logistic", "saturating", "power")
"""Forms that scenarios are compared under: the essay's, and the two with weight in the mixture."""

MORE_DRAWS = 5000
"""Draws per chain of a fit that failed its gates with those of its scenario."""


def earlier(runs: Path) -> dict[str, Any]:
    """The rows of an earlier comparison by scenario, as `fit_scenarios` gives them, or none.

    Raises:
        SpecError: the file is damaged.
    """
    path = runs / FILE
    if not path.is_file():
        return {}
    try:
        rows = read_json(path)["scenarios"]
        forms = [form for row in rows.values() if row["reason"] for form in row["forms"].values()]
        whole = all("status" in form for form in forms)
    except (SpecError, KeyError, TypeError, AttributeError) as error:
        whole, rows, reason = False, {}, type(error).__name__
    else:
        reason = "rows without status"
    if not whole:
        raise SpecError(f"{path}: damaged ({reason}); delete it and run `tenfold scenarios --fit`")
    return rows


def fit_scenarios(
    names: tuple[str, ...] = (),
    runs: Path = Path("runs"),
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Fit scenarios under the comparison forms; results are kept in `runs/sensitivity.json`.

    A scenario whose evidence, priors, structure and code are those of its kept result is not
    fitted again, unless a gate failed.

    Args:
        names: scenarios; all of them unless given.

    Returns:
        `level`, `kind`, and under `scenarios` per name `reason`, `key` and per form
        `exchange_rate`, `exchange_rate_new_benchmark`, `rl_jump_ooms`, `rl_slope`,
        `inference_slope` (quantiles), `log_exchange_rate` (`mean`, `sd`), `family_sd`, and the
        `status` of its gates.

    Raises:
        SpecError: unknown scenario, bad evidence.
    """
    path = runs / FILE
    chosen = names or tuple(load_scenarios())
    found: dict[str, Any] = {"level": 0.9, "kind": "equal-tailed", "scenarios": earlier(runs)}
    for number, name in enumerate(chosen, 1):
        scenario = load_scenario(name)
        plan = prepare(name, scenario)
        before = found["scenarios"].get(name, {})
        kept_rows = before["forms"] if before.get("key") == keys.fit_key(plan) else {}
        rows = {form: row for form, row in kept_rows.items() if row["status"] != "FAIL"}
        compared: list[Form] = [form for form in plan.choice.forms if form in FORMS]
        forms = compared or plan.choice.forms
        missing: list[Form] = [form for form in forms if form not in rows]
        if not missing:
            say(f"{name}: kept ({number} of {len(chosen)})")
            continue
        say(f"{name}: fitting ({number} of {len(chosen)})")
        compiled = sample.compile_plan(plan)
        for form in missing:
            rows[form] = _row(plan, sample.sample(compiled, form), form)
            if rows[form]["status"] == "FAIL":
                say(f"{name}, {form}: a gate failed, so once more with {MORE_DRAWS} draws")
                longer = plan.settings.model_copy(update={"draws": MORE_DRAWS})
                rows[form] = _row(plan, sample.sample(compiled, form, settings=longer), form)
        rows = {form: rows[form] for form in forms}
        found["scenarios"][name] = {
            "reason": scenario.reason,
            "key": keys.fit_key(plan),
            "forms": rows,
        }
        write_atomic(path, json.dumps(found, indent=1) + "\n")
    return found


def current(name: str, entry: Mapping[str, Any]) -> bool:
    """Whether a kept result is that of the evidence, priors, scenario and code of today."""
    known = load_scenarios()
    return name in known and keys.fit_key(prepare(name, known[name])) == entry.get("key")


def _row(plan: Plan, tree: xr.DataTree, form: Form) -> dict[str, Any]:
    tree["constant_data"] = xr.DataTree(plan.points)
    draws = complete(headline({form: tree}, {form: 1.0}, plan.settings.seed))
    jump = draws["gpt_level_ooms"] * draws["inference_per_training"] * draws["exchange_rate"]
    slope = draws["slope_new_benchmark"]
    values = {
        "exchange_rate": (draws["exchange_rate"], "RL OOMs per inference OOM"),
        "exchange_rate_new_benchmark": (
            draws["exchange_rate_new_benchmark"],
            "RL OOMs per inference OOM",
        ),
        "rl_jump_ooms": (jump, "OOMs"),
        "rl_slope": (slope.sel(regime="rl", drop=True), "link units per OOM"),
        "inference_slope": (slope.sel(regime="inference", drop=True), "link units per OOM"),
    }
    row: dict[str, Any] = {
        name: summarise(value, draws["weight"], unit) for name, (value, unit) in values.items()
    }
    log_rate = np.log(draws["exchange_rate"])
    row["log_exchange_rate"] = {"mean": float(log_rate.mean()), "sd": float(log_rate.std())}
    posterior = tree["posterior"].to_dataset()
    if "family_sd" in posterior:
        row["family_sd"] = float(posterior["family_sd"].median())
    row["status"] = checks.worst(checks.convergence(tree))
    return row
