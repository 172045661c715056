"""The design of `calibrate.py`: the real evidence, with scores and parameters made up."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math

import numpy as np
import xarray as xr

from tenfold.curves import Form
from tenfold.posterior import forward, simulate, structure
from tenfold.posterior.plan import Plan, prepare
from tenfold.posterior.scenario import PointsChoice, Prior, Scenario, Settings
from tenfold.runs import keys
from tenfold.sampler import sample

SEED = 20251020
KEPT = 19
"""Posterior draws that a true value is ranked among: ranks run from 0 to KEPT."""
LEAST_ESS = 30.0
"""Bulk effective sample size below which a fit is repeated with more draws."""
SETTINGS = Settings(tune=300, draws=800, target_accept=0.8).model_copy(update={"chains": 1})
LONGER = SETTINGS.model_copy(update={"tune": 600, "draws": 2000})
FARTHEST = {"power": 1.0}
"""How far outside 0 to 1 scores of a data set may lie, by form: those of `power` have no floor, so
that under its prior they reach -1e15, where scores cannot be and chains find second modes. Data
sets beyond are drawn again. Ranks stay uniform, since the posterior depends on the data alone."""
TOGETHER = 50
"""Data sets drawn at once where some are drawn again."""


def design(choice: PointsChoice | None = None) -> sample.Compiled:
    """The baseline model on the real evidence, whose scores the experiments replace."""
    scenario = Scenario(reason="calibration", points=choice or PointsChoice(), settings=SETTINGS)
    return sample.compile_plan(prepare("calibration", scenario))


def key(plan: Plan) -> str:
    """8 hex digits over evidence and priors: rows with another key belong to another design."""
    words = {"reason", "unit"}
    parts = {n: prior.model_dump(mode="json", exclude=words) for n, prior in plan.priors.items()}
    content = json.dumps([plan.points.attrs["files"], parts], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:8]


def code() -> str:
    """8 hex digits over what simulates and samples: rows tell which code fitted them."""
    modules = keys.code(("tenfold.posterior.plan", "tenfold.sampler.sample"))
    content = repr((modules, SETTINGS, LEAST_ESS, KEPT)).encode()
    return hashlib.sha256(content).hexdigest()[:8]


def data_set(plan: Plan, form: Form, rng: np.random.Generator) -> tuple[xr.Dataset, xr.Dataset]:
    """Parameters from the prior (no sample dims) and all evidence simulated from them."""
    farthest, count = FARTHEST.get(form, math.inf), TOGETHER if form in FARTHEST else 1
    while True:
        drawn = simulate.prior(plan.points, plan.priors, form, plan.choice, count, rng)
        scores = forward.scores(drawn, plan.points, form, rng).values
        near = np.flatnonzero((np.abs(scores - 0.5) <= farthest + 0.5).all(axis=1))
        if near.size:
            break
    truth, score = drawn.isel(draw=near[0]), scores[near[0]]
    simulated = plan.points.assign(score=("obs", score))
    return truth, simulated.assign(other_evidence(truth, plan.points, rng))


def other_evidence(
    truth: xr.Dataset, points: xr.Dataset, rng: np.random.Generator
) -> dict[str, tuple[str, np.ndarray]]:
    """Second axes, generation shifts, trade-offs and GPT levels simulated from parameters."""

    def noise(like: np.ndarray) -> np.ndarray:
        return rng.standard_normal(like.shape)

    spreads = [float(truth[name]) for name in ("cell_sd", "model_sd", "series_sd")]
    spread = np.sqrt(2) * np.linalg.norm(spreads) * truth["shift_z"].values
    rate = float(simulate.exchange_rate(truth)) * np.exp(spread)
    error = np.hypot(points["shift_ooms_se"].values, points["rl_ooms_se"].values / rate)
    shift = points["rl_ooms"].values / rate + error * noise(error)
    error = np.hypot(
        float(truth["inference_per_training_sd"]), points["inference_per_training_se_log"].values
    )
    ratio = np.exp(float(truth["log_inference_per_training_mean"]) + error * noise(error))
    level_se = points["log10_flop_se"].values
    steps = float(truth["gpt_level_mean"]) + float(truth["gpt_level_sd"]) * noise(level_se[1:])
    flop = np.concatenate([[20.0], 20.0 + np.cumsum(steps)]) + level_se * noise(level_se)
    return {
        "log10_compute": ("obs", second_axes(truth, points, rng)),
        "shift_ooms": ("shift", shift),
        "inference_per_training": ("tradeoff", ratio),
        "log10_flop": ("gpt", flop),
    }


def second_axes(truth: xr.Dataset, points: xr.Dataset, rng: np.random.Generator) -> np.ndarray:
    """log10 compute, the second axes of runs that stand on two as long as parameters make them."""
    x, index = points["log10_compute"].values.copy(), points["series_index"].values
    offset = dict(zip(truth["free_unit"].values, truth["unit_offset"].values, strict=True))
    for s, one, other, ratio in zip(
        np.flatnonzero(structure.twins(points)), *structure.axes(points), strict=True
    ):
        gap = offset.get(other, 0.0) - offset.get(one, 0.0)
        drawn = gap + float(truth["unit_sd"]) * rng.standard_normal()
        own = index == s
        x[own] = x[own].mean() + (x[own] - x[own].mean()) * np.exp(ratio - drawn)
    return x


def refit(
    base: sample.Compiled, points: xr.Dataset, form: Form, settings: Settings, **data: np.ndarray
) -> xr.DataTree:
    """The posterior given other evidence on the same design."""
    plan = dataclasses.replace(base.plan, points=points)
    return sample.sample(dataclasses.replace(base, plan=plan), form, data=data, settings=settings)


def given(
    plan: Plan, form: Form, values: dict[str, float], rate: float, rng: np.random.Generator
) -> xr.Dataset:
    """One draw of all parameters with some top-level ones given, dims (`draw`: 1, ...).

    Args:
        values: parameter to value (the same for every regime).
        rate: exchange rate; the RL slope is that of `values["log_slope_mean"]`.
    """
    certain = {
        name: Prior(family="normal", mu=value, sigma=1e-12, unit="given", reason="given")
        for name, value in values.items()
    }
    drawn = simulate.prior(plan.points, {**plan.priors, **certain}, form, plan.choice, 1, rng)
    up = xr.where(drawn["regime"] == "inference", math.log(rate), 0.0)
    drawn["log_slope_mean"] = drawn["log_slope_mean"] + up
    up = xr.where(plan.points["series_regime"] == "inference", math.log(rate), 0.0)
    drawn["log_slope"], drawn["slope"] = drawn["log_slope"] + up, drawn["slope"] * np.exp(up)
    return drawn.assign(exchange_rate=rate + 0 * drawn["exchange_rate"])
