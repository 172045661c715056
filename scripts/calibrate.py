"""Simulation-based calibration of the model on its real design, and two recovery experiments.

    python scripts/calibrate.py ranks --form logistic --simulations 500 --processes 2
    python scripts/calibrate.py recovery --simulations 30
    python scripts/calibrate.py ceiling --simulations 30

`ranks` draws parameters from the prior, simulates every piece of evidence from them (same series,
compute and errors as the real evidence), refits, and writes the rank of each true value among
nearly independent posterior draws (Talts et al. 2018, arXiv 1804.06788; the log likelihood is
ranked too, after Modrak et al. 2023, doi 10.1214/23-BA1404). Every experiment appends one row per
data set to a CSV file in reports/calibration and goes on from there when it is started again.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import stored_tables
import xarray as xr
from calibration_design import (
    KEPT,
    LEAST_ESS,
    LONGER,
    SEED,
    SETTINGS,
    code,
    data_set,
    design,
    given,
    key,
    other_evidence,
    refit,
)

from tenfold.curves import FORMS, Form
from tenfold.fit import compare
from tenfold.posterior import forward
from tenfold.sampler import sample
from tenfold.scenarios import workers

FOLDER = Path(__file__).parents[1] / "reports" / "calibration"
MODERATE = {
    "log_slope_mean": math.log(0.55), "benchmark_sd": 0.2, "cell_sd": 0.12, "family_sd": 0.2,
    "model_sd": 0.38, "publication_sd": 0.45, "unit_sd": 0.2, "early_mean": 0.0, "early_sd": 0.5,
    "start_mean": -1.0, "start_sd": 1.0,
    "thinking_family_sd": 0.3, "thinking_model_sd": 0.13, "thinking_rest_mean": -2.0,
    "thinking_rest_sd": 0.7, "drift_share": 0.9, "drift_length": 1.6,
    "series_sd": 0.2, "intercept_mean": 0.2, "intercept_cell_sd": 1.5, "intercept_sd": 1.5,
    "thinking_shift_mean": 0.45, "thinking_shift_sd": 0.4, "lambda": 0.64, "sigma": 0.01,
    "nu": 9.0, "ceiling_mean": 2.3, "ceiling_sd": 1.8, "log_inference_per_training_mean": 0.17,
    "inference_per_training_sd": 0.3, "gpt_level_mean": 2.05, "gpt_level_sd": 0.2,
}  # fmt: skip
"""Posterior medians of the saturating form on the real evidence, rounded."""
RATES = (1.0, 2.0, 4.0)
CEILING = 0.61
CEILING_CELL = ("Polaris-53k held-out", "rl")
"""Where the true ceiling is 0.61: the design of the longest published RL runs."""

PARAMETERS = (
    "log_slope_mean", "exchange_rate", "unit_offset", "benchmark_sd", "cell_sd", "family_sd",
    "series_sd", "intercept_mean", "intercept_cell_sd", "intercept_sd", "thinking_shift_mean",
    "thinking_shift_sd", "ceiling_mean", "ceiling_sd", "lambda", "sigma", "nu",
    "model_sd", "publication_sd", "unit_sd",
    "thinking_family_sd", "thinking_model_sd", "thinking_rest_mean", "thinking_rest_sd",
    "early_mean", "early_sd", "start_mean", "start_sd", "drift_share", "drift_length",
    "log_inference_per_training_mean", "inference_per_training_sd", "gpt_level_mean",
    "gpt_level_sd",
)  # fmt: skip


# --- ranks ---------------------------------------------------------------------------------------


def flat(values: xr.DataArray, name: str) -> dict[str, xr.DataArray]:
    """One entry per scalar parameter: `sigma` becomes `sigma[rl]` and `sigma[inference]`."""
    extra = [dim for dim in values.dims if dim not in ("chain", "draw")]
    if not extra:
        return {name: values}
    (dim,) = extra
    return {
        f"{name}[{label}]": values.sel({dim: label}, drop=True)
        for label in values[dim].values.tolist()
    }


def scalars(parameters: xr.Dataset) -> dict[str, xr.DataArray]:
    """Every top-level parameter that is there, by its flat name."""
    found: dict[str, xr.DataArray] = {}
    for name in PARAMETERS:
        if name in parameters:
            found |= flat(parameters[name], name)
    return found


def rank_row(base: sample.Compiled, form: Form, number: int) -> dict[str, Any]:
    """Simulate data set `number`, refit it, and rank the truth. Both steps are seeded by number."""
    import arviz as az

    plan = base.plan
    rng = np.random.default_rng([SEED, FORMS.index(form), number])
    truth, simulated = data_set(plan, form, rng)
    start, attempts = time.perf_counter(), 0
    for settings in (SETTINGS, LONGER):
        attempts += 1
        seeded = settings.model_copy(update={"seed": int(rng.integers(2**31 - 10))})
        tree = refit(base, simulated, form, seeded)
        posterior = tree["posterior"].to_dataset()
        found = scalars(posterior)
        ess = {k: float(az.ess(v.values)) for k, v in found.items()}  # (chain, draw)
        if min(ess.values()) >= LEAST_ESS:
            break
    every = posterior.sizes["draw"] * posterior.sizes["chain"] // KEPT
    flat_draws = posterior.stack(sample=("chain", "draw")).transpose("sample", ...)
    kept = flat_draws.isel(sample=slice(every - 1, None, every)).reset_index("sample", drop=True)
    kept = kept.isel(sample=slice(KEPT)).rename(sample="draw")
    stats = tree["sample_stats"].to_dataset()
    row: dict[str, Any] = {
        "divergences": int(stats["diverging"].sum()),
        "draws": int(stats["diverging"].size),
        "attempts": attempts,
        "least_ess": round(min(ess.values()), 1),
        "least_ess_parameter": min(ess, key=lambda k: ess[k]),
        "largest_rhat": round(
            max(float(az.rhat(v.values.reshape(2, -1))) for v in found.values()), 4
        ),
        "seconds": round(time.perf_counter() - start, 1),
    }
    true, among = scalars(truth), scalars(kept)
    for name, value in true.items():
        row[name] = int((among[name].values < float(value)).sum())
    at_truth, at_draws = (
        compare.series_log_density(some.expand_dims("chain"), simulated, form).sum("series")
        for some in (truth.expand_dims("draw"), kept)
    )
    row["log_likelihood"] = int((at_draws.values < at_truth.item()).sum())
    return row


# --- recovery and ceilings -----------------------------------------------------------------------

PROBS = (0.05, 0.25, 0.5, 0.75, 0.95)


def _quantiles(values: np.ndarray, prefix: str = "") -> dict[str, float]:
    found = np.quantile(values, PROBS)
    return {f"{prefix}p{100 * p:02.0f}": round(float(q), 4) for p, q in zip(PROBS, found)}  # noqa: B905


def recovery_row(base: sample.Compiled, rate: float, repeat: int) -> dict[str, Any]:
    """Simulate with a known exchange rate, refit, and keep the posterior's quantiles of it."""
    import arviz as az

    plan = base.plan
    rng = np.random.default_rng([SEED, 101, int(1000 * rate), repeat])
    drawn = given(plan, "logistic", MODERATE, rate, rng)
    truth = drawn.isel(draw=0)
    score = forward.scores(drawn, plan.points, "logistic", rng).values[0]
    simulated = plan.points.assign(score=("obs", score))
    simulated = simulated.assign(other_evidence(truth, plan.points, rng))
    seeded = SETTINGS.model_copy(update={"seed": int(rng.integers(2**31 - 10))})
    tree = refit(base, simulated, "logistic", seeded)
    posterior = tree["posterior"].to_dataset()
    low, high = posterior["slope"].quantile([0.05, 0.95], ("chain", "draw")).values
    slope = truth["slope"].values
    return {
        "rate": rate,
        "repeat": repeat,
        **_quantiles(posterior["exchange_rate"].values),
        "slopes_covered": round(float(((slope > low) & (slope < high)).mean()), 4),
        "ess": round(float(az.ess(posterior["exchange_rate"].values)), 1),
        "divergences": int(tree["sample_stats"].to_dataset()["diverging"].sum()),
    }


def ceiling_row(base: sample.Compiled, repeat: int) -> dict[str, Any]:
    """Runs whose true ceiling is 0.61, fitted on the first half of its compute and on all of it.

    Its curves are halfway up at the middle of their range, with slopes from their hierarchy; every
    other series is simulated as it comes. Beside the posterior's quantiles stands an ordinary
    least-squares fit of the first half with a free ceiling, the longest series of the cell alone.
    """
    plan = base.plan
    points, (benchmark, regime) = plan.points, CEILING_CELL
    rng = np.random.default_rng([SEED, 102, repeat])
    drawn = given(plan, "saturating", MODERATE, 2.0, rng)
    own = np.flatnonzero(
        (points["series_benchmark"].values == benchmark)
        & (points["series_regime"].values == regime)
    )
    series, x = points["series_index"].values, points["log10_compute"].values
    later = np.zeros(series.size, dtype=bool)
    for s in own:
        ends = x[series == s].min(), x[series == s].max()
        middle = sum(ends) / 2
        slope = float(drawn["slope"][0, s])
        drawn["intercept"][0, s] = slope * (float(points["reference"][s]) - middle)
        later |= (series == s) & (x > middle)
    drawn["series_ceiling"][:, own] = CEILING
    longest = own[np.argmax(np.bincount(series)[own])]
    score = forward.scores(drawn, points, "saturating", rng).values[0]
    simulated = points.assign(score=("obs", score))
    row: dict[str, Any] = {"repeat": repeat}
    for name, seen in (("half", ~later), ("all", np.ones(series.size))):
        seeded = SETTINGS.model_copy(update={"seed": int(rng.integers(2**31 - 10))})
        tree = refit(base, simulated, "saturating", seeded, seen=np.asarray(seen, dtype=float))
        found = tree["posterior"].to_dataset()["series_ceiling"].isel(series=longest)
        row |= _quantiles(found.values, f"{name}_")
        row[f"{name}_divergences"] = int(tree["sample_stats"].to_dataset()["diverging"].sum())
    chosen = (series == longest) & ~later
    row["least_squares_half"] = round(_free_ceiling(x[chosen], score[chosen]), 4)
    return row


def _free_ceiling(x: np.ndarray, score: np.ndarray) -> float:
    """Ceiling of a least-squares logistic fit, bounded to (0, 1)."""
    from scipy import optimize, special

    x = x - x.mean()

    def gap(free: np.ndarray) -> np.ndarray:
        return special.expit(free[2]) * special.expit(free[0] + free[1] * x) - score

    return float(special.expit(optimize.least_squares(gap, [0.0, 1.0, 0.5]).x[2]))


# --- running -------------------------------------------------------------------------------------


@cache
def base() -> sample.Compiled:
    """The density of this process."""
    return design()


def _one(task: tuple[Callable[..., dict[str, Any]], tuple[Any, ...]]) -> dict[str, Any]:
    function, arguments = task
    return function(base(), *arguments)


def run(
    path: Path, function: Callable[..., dict[str, Any]], arguments: Iterable[tuple], processes: int
) -> None:
    """Append one row per tuple of arguments, skipping what is there (by the column `task`).

    Raises:
        SystemExit: the file holds rows of another design.
    """
    design_key = key(base().plan)
    rows = stored_tables.read(path)
    others = {row["key"] for row in rows} - {design_key}
    if others:
        raise SystemExit(f"{path}: rows of another design ({', '.join(others)}); move it away")
    there = {row["task"] for row in rows}
    tasks = [(function, a) for a in arguments if _name(a) not in there]
    about = {"key": design_key, "code": code()}
    for (_, own), row in workers.finished(_one, tasks, processes, print):
        rows.append({"task": _name(own), **about, **row})
        stored_tables.write(path, rows)


def _name(arguments: tuple) -> str:
    return " ".join(str(argument) for argument in arguments)


def main(arguments: list[str] | None = None) -> None:
    """Run one experiment."""
    parser = argparse.ArgumentParser(description="Calibration and recovery of the model")
    parser.add_argument("experiment", choices=["ranks", "recovery", "ceiling"])
    parser.add_argument("--form", choices=FORMS, default="logistic", help="of ranks")
    parser.add_argument("--simulations", type=int, default=500, help="data sets, or repeats each")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    chosen = parser.parse_args(arguments)
    numbers = range(chosen.simulations)
    if chosen.experiment == "ranks":
        path, function = chosen.folder / f"ranks-{chosen.form}.csv.xz", rank_row
        tasks: list[tuple] = [(chosen.form, number) for number in numbers]
    elif chosen.experiment == "recovery":
        path, function = chosen.folder / "recovery.csv.xz", recovery_row
        tasks = [(rate, number) for number in numbers for rate in RATES]
    else:
        path, function = chosen.folder / "ceiling.csv.xz", ceiling_row
        tasks = [(number,) for number in numbers]
    run(path, function, tasks, chosen.processes)


if __name__ == "__main__":
    main()
