"""Evidence beside the curves: generation shifts, trade-offs, the GPT ladder."""

# symbolic tensors have no useful static types
# pyright: reportArgumentType=false, reportOperatorIssue=false
from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from tenfold.posterior.priors import Priors, random_variable


def generation_shifts(points: xr.Dataset, exchange_rate: Any, spread: Any) -> None:
    """Tokens saved at equal score after a step of RL: shift_ooms = rl_ooms / exchange_rate.

    Each row is a benchmark and a pair of models, so its exchange rate departs from the population's
    by the effects of two cells, models and series; the error of `rl_ooms` is carried over.
    """
    import pymc as pm
    import pytensor.tensor as pt

    z = pm.Normal("shift_z", dims="shift")
    rate = pm.Deterministic("shift_exchange_rate", exchange_rate * pt.exp(spread * z), dims="shift")
    weight = pm.Data("shift_seen", np.ones(points.sizes["shift"]))
    error = pt.sqrt(points["shift_ooms_se"].values ** 2 + (points["rl_ooms_se"].values / rate) ** 2)
    log_density = pm.logp(
        pm.Normal.dist(points["rl_ooms"].values / rate, error), points["shift_ooms"].values
    )
    pm.Potential("shift_log_density", pt.sum(weight * log_density))


def tradeoff(points: xr.Dataset, priors: Priors) -> None:
    """Random-effects meta-analysis of techniques that trade training for inference compute."""
    import pymc as pm
    import pytensor.tensor as pt

    mean = random_variable("log_inference_per_training_mean", priors)
    sd = random_variable("inference_per_training_sd", priors)
    error = pt.sqrt(sd**2 + points["inference_per_training_se_log"].values ** 2)
    pm.Normal(
        "tradeoff_log_ratio", mean, error, observed=np.log(points["inference_per_training"].values)
    )


def gpt_ladder(points: xr.Dataset, priors: Priors) -> None:
    """Steps between GPT generations, log10 FLOP: level spread plus the errors of both ends.

    Neighbouring steps share an end, so their errors correlate. The level spread adds a multiple of
    the identity, which leaves the axes of that covariance alone: along them steps are independent.
    """
    import pymc as pm
    import pytensor.tensor as pt

    mean = random_variable("gpt_level_mean", priors)
    sd = random_variable("gpt_level_sd", priors)
    difference = np.diff(np.eye(points.sizes["gpt"]), axis=0)
    error = difference @ np.diag(points["log10_flop_se"].values ** 2) @ difference.T
    variance, axes = np.linalg.eigh(error)
    steps = axes.T @ difference @ points["log10_flop"].values
    pm.Normal("gpt_step", mean * axes.sum(axis=0), pt.sqrt(sd**2 + variance), observed=steps)
