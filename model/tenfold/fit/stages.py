"""Base and named patches: fit a scenario from evidence to gates, or find it already fitted."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from tenfold.curves import Form
from tenfold.files import SpecError
from tenfold.fit import checks
from tenfold.posterior import forward
from tenfold.posterior.plan import Plan, prepare
from tenfold.posterior.scenario import Scenario, Settings, load_scenario
from tenfold.runs import build, headline, netcdf, store
from tenfold.sampler import sample
from tenfold.spec import validate

BASE = "baseline"

PREDICTIVE_DRAWS = 500
"""Draws kept of prior and posterior predictive scores: for plots, not for tail probabilities."""


KEPT_DRAWS = 1000
"""Draws per chain that are stored. Gates see every draw; neighbours in a chain say little more."""

LOO_DRAWS = 500
"""Draws per chain that points are left out of: its cost grows with points times draws."""


def run(
    name: str = BASE,
    runs: Path = Path("runs"),
    folders: tuple[Path, ...] = (),
    changes: dict[str, Any] | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> store.Run:
    """The fitted run of a scenario; nothing is sampled if it is already there.

    Args:
        folders: the user's own evidence folders.
        changes: sampler settings that replace the scenario's (`draws`, `seed`, ...).
        say: told what is being done, one line at a time.

    Raises:
        SpecError: unknown scenario, bad evidence or settings.
    """
    scenario = with_settings(load_scenario(name), changes or {})
    plan = prepare(name, scenario, folders)
    found = _found(plan, runs, say)
    if found is None:
        with build.building(plan, runs, say=say) as new:
            # another process may have made it while this one waited
            return _found(plan, runs, say) or _fit(plan, new, say)
    return found


def _found(plan: Plan, runs: Path, say: Callable[[str], None]) -> store.Run | None:
    """The run of a plan where it is on disk and whole; the newest of its scenario from now on."""
    path = build.directory(plan, runs)
    if not path.is_dir():
        return None
    try:
        found = store.verify(store.load(path))
    except SpecError as damage:
        say(f"{damage}; fitting it anew")
        return None
    build.point_to(found)
    return found


def with_settings(scenario: Scenario, changes: dict[str, Any]) -> Scenario:
    """The scenario with some sampler settings replaced, validated again."""
    settings = validate(scenario.settings.model_dump() | changes, Settings, "settings")
    return scenario.model_copy(update={"settings": settings})


def _fit(plan: Plan, new: build.Build, say: Callable[[str], None]) -> store.Run:
    from tenfold.fit import (
        compare,
        diagnose,  # a stored run needs neither, nor their libraries
    )

    begin = time.perf_counter()
    gates = checks.evidence(plan.points)
    forms, points = plan.choice.forms, plan.points
    held = compare.future(points)
    stacked = len(forms) > 1 and plan.choice.series_evidence
    if stacked and not held.any():
        raise SpecError(
            f"scenario.{plan.name}: no series has three distinct compute values, so curve forms "
            "cannot be weighed by what they predict; choose one form"
        )
    sizes = points.sizes
    say(f"compiling the model: {sizes['series']} series, {sizes['obs']} points")
    compiled = sample.compile_plan(plan)
    timings = {"compile": compiled.seconds}
    fewer = plan.settings.model_copy(update={"draws": max(250, plan.settings.draws // 2)})

    def sampled(form: Form, refit: bool) -> xr.DataTree:
        say(f"sampling: {form}{', its future left out' if refit else ''}")
        start = time.perf_counter()
        data, settings = ({"seen": 1.0 - held}, fewer) if refit else (None, plan.settings)
        tree = sample.sample(compiled, form, data, settings)
        timings[f"sample {form}{' without its future' if refit else ''}"] = (
            time.perf_counter() - start
        )
        return tree

    loo: dict[str, Any] = {}
    diagnostics: dict[str, Any] = {}
    predicted: dict[Form, compare.Given] = {}
    parts: dict[str, xr.Dataset] = {}
    # sampling needs no interpreter: the next form is sampled while this one is looked at
    with ThreadPoolExecutor(1) as ahead:
        jobs: list[tuple[Form, bool]] = [
            (form, refit) for refit in (False, True)[: 1 + stacked] for form in forms
        ]
        trees = [ahead.submit(sampled, *job) for job in jobs]
        try:
            for form, refit in jobs:
                tree = trees.pop(0).result()
                if refit:
                    posterior = tree["posterior"].to_dataset()
                    predicted[form] = compare.given_others(posterior, points, form, ~held)
                    gates.append(checks.refit(tree, f"{form}: future left out"))
                else:
                    found, loo[form], diagnostics[form], tree = _judged(plan, form, tree)
                    gates += found
                    new.save(store.posterior_file(form), tree, form=form)
                    posterior = tree["posterior"].to_dataset()
                    parts[form] = headline.part(posterior, points, form, plan.settings.seed)
        except BaseException:
            ahead.shutdown(cancel_futures=True)
            raise
    weights: dict[str, float] = dict.fromkeys(forms[:1], 1.0)
    future: dict[str, Any] = {}
    if stacked:
        weights, future = compare.leave_future_out(predicted, points, plan.settings.seed)
        pits = {form: diagnose.future_pit(given, points) for form, given in predicted.items()}
        for form, pit in pits.items():
            diagnostics[form]["future_coverage"] = diagnose.coverage(pit, points)
            label = f"{form}: 90% coverage of the future"
            gates += checks.calibration(diagnostics[form]["future_coverage"], label)
        mixed = sum(weights[form] * pit for form, pit in pits.items())
        future["coverage"] = diagnose.coverage(np.asarray(mixed), points)
        gates += checks.calibration(future["coverage"], "mixture: 90% coverage of the future")
    sample_of_all = headline.joined(parts, points, weights, future.get("weights_90"))
    new.save(netcdf.HEADLINE, headline.single(sample_of_all))
    timings["all"] = time.perf_counter() - begin
    info = {
        "forms": list(forms),
        "weights": weights,
        "leave_future_out": future,
        "loo": loo,
        "diagnostics": diagnostics,
        "status": store.worst(gate.status for gate in gates),
        "gates": [gate.record() for gate in gates],
        "timings_s": {key: round(value, 2) for key, value in timings.items()},
    }
    return new.finish(info)


def _judged(
    plan: Plan, form: Form, tree: xr.DataTree
) -> tuple[list[checks.Gate], dict[str, Any], dict[str, Any], xr.DataTree]:
    """Gates, PSIS-LOO and diagnostics of one form, and its tree as it is stored."""
    from tenfold.fit import compare, diagnose

    points, priors, seed = plan.points, plan.priors, plan.settings.seed
    gates = checks.convergence(tree, form)
    tree = sample.thinned(tree, KEPT_DRAWS)
    posterior = tree["posterior"].to_dataset()
    prior_gates, prior = checks.prior_predictive(
        points, priors, form, plan.choice, seed, PREDICTIVE_DRAWS
    )
    gates += prior_gates
    some = sample.thinned(tree, LOO_DRAWS)["posterior"].to_dataset()
    left_out = compare.leave_one_out(some, points, form)
    loo = compare.psis_loo(left_out)
    gates.append(checks.leave_one_out(loo, form))
    diagnostics = {
        "loo_coverage": diagnose.coverage(diagnose.loo_pit(left_out, some, points, form), points),
        "power_scaling": diagnose.power_scaling(posterior, priors, points, form),
        "serial_correlation": diagnose.serial_correlation(some, points, form, seed),
    }
    gates.append(checks.prior_conflict(diagnostics["power_scaling"], form))
    gates += checks.serial(diagnostics["serial_correlation"], form)
    tree["prior_predictive"] = xr.DataTree(prior.astype("float32"))
    tree["posterior_predictive"] = xr.DataTree(predictive(posterior, points, form, seed))
    tree["constant_data"] = xr.DataTree(points)
    return gates, loo, diagnostics, tree


def predictive(posterior: xr.Dataset, points: xr.Dataset, form: Any, seed: int) -> xr.Dataset:
    """`expected_score` and `score` of the observed points, thinned over chains, dims draw, obs."""
    flat = posterior.stack(sample=("chain", "draw")).reset_index("sample", drop=True)
    flat = flat.drop_vars(("chain", "draw"), errors="ignore").rename(sample="draw")
    step = max(1, flat.sizes["draw"] // PREDICTIVE_DRAWS)
    thin = flat.isel(draw=slice(None, None, step)).transpose("draw", ...)
    rng = np.random.default_rng([seed, 2])
    curve = forward.expected(thin, points, form)[["expected_score"]]
    curve["score"] = forward.scores(thin, points, form, rng)
    return curve.astype("float32")
