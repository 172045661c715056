"""Base and named patches: fit a scenario from evidence to gates, or find it already fitted."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from tenfold import checks, compare, diagnose, fit, simulate
from tenfold import priors as prior_table
from tenfold.audit import shipped_changed
from tenfold.spec import Prior, Scenario, Settings, load_scenario, validate

BASE = "baseline"

PREDICTIVE_DRAWS = 500
"""Draws kept of prior and posterior predictive scores: for plots, not for tail probabilities."""


KEPT_DRAWS = 1000
"""Draws per chain that are stored. Gates see every draw; neighbours in a chain say little more."""


def run(
    name: str = BASE,
    runs: Path = Path("runs"),
    folders: tuple[Path, ...] = (),
    changes: dict[str, Any] | None = None,
    say: Callable[[str], None] = lambda text: None,
    progress: bool = False,
) -> fit.Run:
    """The fitted run of a scenario; nothing is sampled if it is already there.

    Args:
        folders: the user's own evidence folders.
        changes: sampler settings that replace the scenario's (`draws`, `seed`, ...).
        say: told what is being done, one line at a time.

    Raises:
        SpecError: unknown scenario, bad evidence or settings.
    """
    scenario = with_settings(load_scenario(name), changes or {})
    plan = fit.prepare(name, scenario, folders)
    path = fit.directory(plan, runs)
    found = fit.finished(path)
    if found is not None:
        fit.point_to(found)
        return found
    return _fit(plan, path, say, progress)


def with_settings(scenario: Scenario, changes: dict[str, Any]) -> Scenario:
    """The scenario with some sampler settings replaced, validated again."""
    settings = validate(scenario.settings.model_dump() | changes, Settings, "settings")
    return scenario.model_copy(update={"settings": settings})


def _fit(plan: fit.Plan, path: Path, say: Callable[[str], None], progress: bool) -> fit.Run:
    timings: dict[str, float] = {}
    gates = checks.evidence(plan.points)
    forms, seed = plan.choice.forms, plan.settings.seed
    sizes = plan.points.sizes
    say(f"compiling the model: {sizes['series']} series, {sizes['obs']} points")
    compiled = fit.compile_plan(plan)
    timings["compile"] = compiled.seconds
    loo: dict[str, Any] = {}
    diagnostics: dict[str, Any] = {}
    for form in forms:
        start = time.perf_counter()
        say(f"sampling: {form}")
        tree = fit.sample(compiled, form, progress=progress)
        gates += checks.convergence(tree, form)
        tree = fit.thinned(tree, min(KEPT_DRAWS, plan.settings.draws))
        posterior = tree["posterior"].to_dataset()
        prior_gates, prior = checks.prior_predictive(
            plan.points, plan.priors, form, plan.choice, seed, PREDICTIVE_DRAWS
        )
        gates += prior_gates
        left_out = compare.leave_one_out(posterior, plan.points, form)
        loo[form] = compare.psis_loo(left_out)
        gates.append(checks.leave_one_out(loo[form], form))
        pit = diagnose.loo_pit(left_out, posterior, plan.points, form)
        diagnostics[form] = {
            "loo_coverage": diagnose.coverage(pit, plan.points),
            "power_scaling": diagnose.power_scaling(posterior, plan.priors, plan.points, form),
        }
        gates.append(checks.prior_conflict(diagnostics[form]["power_scaling"], form))
        tree["prior_predictive"] = xr.DataTree(prior.astype("float32"))
        tree["posterior_predictive"] = xr.DataTree(predictive(posterior, plan.points, form, seed))
        tree["constant_data"] = xr.DataTree(plan.points)
        fit.save_tree(tree, path / f"posterior-{form}.nc")
        timings[f"sample {form}"] = time.perf_counter() - start
    weights: dict[str, float] = dict.fromkeys(forms[:1], 1.0)
    future: dict[str, Any] = {}
    if len(forms) > 1 and plan.choice.series_evidence:
        start = time.perf_counter()
        say("leaving the future out: one refit per form")
        fewer = plan.settings.model_copy(update={"draws": max(250, plan.settings.draws // 3)})
        weights, future, trees = compare.leave_future_out(compiled, forms, fewer, progress)
        seen = ~compare.future(plan.points)
        for form, tree in trees.items():
            gates.append(checks.refit(tree, f"{form}: future left out"))
            pit = diagnose.future_pit(tree["posterior"].to_dataset(), plan.points, form, seen)
            diagnostics[form]["future_coverage"] = diagnose.coverage(pit, plan.points)
            label = f"{form}: 90% coverage of the future"
            gates += checks.calibration(diagnostics[form]["future_coverage"], label)
        timings["leave the future out"] = time.perf_counter() - start
    info = {
        "forms": list(forms),
        "weights": weights,
        "leave_future_out": future,
        "loo": loo,
        "diagnostics": diagnostics,
        "status": checks.worst(gates),
        "gates": [gate.record() for gate in gates],
        "timings_s": {key: round(value, 2) for key, value in timings.items()},
    }
    return fit.finish(plan, path, info)


def predictive(posterior: xr.Dataset, points: xr.Dataset, form: Any, seed: int) -> xr.Dataset:
    """`expected_score` and `score` of the observed points, thinned over chains, dims draw, obs."""
    flat = posterior.stack(sample=("chain", "draw")).reset_index("sample", drop=True)
    flat = flat.drop_vars(("chain", "draw"), errors="ignore").rename(sample="draw")
    step = max(1, flat.sizes["draw"] // PREDICTIVE_DRAWS)
    thin = flat.isel(draw=slice(None, None, step)).transpose("draw", ...)
    rng = np.random.default_rng([seed, 2])
    curve = simulate.expected(thin, points, form)[["expected_score"]]
    curve["score"] = simulate.scores(thin, points, form, rng)
    return curve.astype("float32")


def outdated(stored: fit.Run) -> tuple[str, ...]:
    """What changed since a run was fitted: evidence, priors, scenario, code. Empty: it is current.

    Sampler settings are a matter of the run, and evidence of the user's own is taken as recorded:
    where it came from is not. A record that can no longer be read counts as changed.
    """
    info = stored.info
    try:
        then = validate(info["spec"], Scenario, "spec")
        now = load_scenario(info["scenario"])
        priors = {name: validate(table, Prior, name) for name, table in info["priors"].items()}
        differs = {
            "evidence": shipped_changed(info["evidence"]),
            "priors": priors != prior_table.patched(prior_table.load(), now.priors, "scenario"),
            "scenario": (then.points, then.model) != (now.points, now.model),
            "code": _plan_of(info, then, priors).key != info["key"],
        }
    except (ValueError, KeyError, TypeError, AttributeError, OSError):
        return ("its inputs or code",)
    return tuple(name for name, changed in differs.items() if changed)


def _plan_of(info: dict[str, Any], scenario: Scenario, priors: dict[str, Prior]) -> fit.Plan:
    """The plan of a stored run as far as its key goes: hashes in place of the evidence."""
    chosen = scenario.points
    filters = {key: getattr(chosen, key) for key in ("include", "exclude", "outliers")}
    attrs = {"files": json.dumps(info["evidence"]), "filters": json.dumps(filters)}
    return fit.Plan(info["scenario"], scenario, xr.Dataset(attrs=attrs), priors)


def draws(stored: fit.Run) -> xr.Dataset:
    """Headline draws of a run: its forms mixed by their stacking weights."""
    from tenfold.headline import headline

    trees = {form: stored.tree(form) for form in stored.forms}
    weights = {form: stored.info["weights"].get(form, 0.0) for form in stored.forms}
    return headline(trees, weights, stored.info["seed"])
