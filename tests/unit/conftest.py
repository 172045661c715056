"""Small made-up posteriors with the stored layout, for tests of what comes after the fit.

Property tests have no deadline: how long an example takes says nothing about the code.
"""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, settings

from tenfold.answers.constants import Constants, load_constants
from tenfold.answers.headline import complete
from tenfold.runs.headline import headline

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

BENCHMARKS = ["AIME 2024", "GPQA", "HLE"]
REGIMES = ["rl", "inference"]
SERIES = [
    ("AIME 2024", "rl"),
    ("AIME 2024", "inference"),
    ("GPQA", "rl"),
    ("GPQA", "inference"),
    ("HLE", "inference"),
]
"""HLE has evidence in one regime only."""


def tree(form: str, seed: int, rate: float = 2.0, chains: int = 4, draws: int = 250) -> xr.DataTree:
    """One form's stored run: population slopes 0.6 (RL) and 0.6 * rate (inference)."""
    rng = np.random.default_rng(seed)

    def v(mean: float | xr.DataArray, sd: float, **dims: list[str]) -> xr.DataArray:
        labels = {"chain": range(chains), "draw": range(draws), **dims}
        shape = [len(values) for values in labels.values()]
        return mean + xr.DataArray(sd * rng.standard_normal(shape), labels)

    mean = xr.DataArray(np.log([0.6, 0.6 * rate]), {"regime": REGIMES})
    post = xr.Dataset({"log_slope_mean": v(mean, 0.1, regime=REGIMES)})
    slopes = post["log_slope_mean"]
    post["exchange_rate"] = np.exp(
        slopes.sel(regime="inference", drop=True) - slopes.sel(regime="rl", drop=True)
    )
    post["steepness"] = v(0.0, 0.0)
    post["benchmark_effect"] = v(0.0, 0.2, benchmark=BENCHMARKS)
    post["cell_effect"] = v(0.0, 0.1, benchmark=BENCHMARKS, regime=REGIMES)
    post["benchmark_sd"] = np.exp(v(-1.5, 0.1))
    post["cell_sd"] = np.exp(v(-2.0, 0.1))
    post["series_sd"] = np.exp(v(-1.2, 0.1))
    post["log_slope"] = v(0.0, 0.3, series=[f"series {i}" for i in range(len(SERIES))])
    post["log_inference_per_training_mean"] = v(np.log(1.3), 0.05)
    post["inference_per_training_sd"] = np.exp(v(-1.5, 0.1))
    post["gpt_level_mean"] = v(2.03, 0.05)
    post["gpt_level_sd"] = np.exp(v(-2.0, 0.1))
    if form == "saturating":
        logit = v(1.5, 0.5, benchmark=BENCHMARKS, regime=REGIMES)
        post["ceiling"] = 1 / (1 + np.exp(-logit))
        post["ceiling_mean"] = v(1.5, 0.2, regime=REGIMES)
        post["ceiling_sd"] = np.exp(v(-1.0, 0.1, regime=REGIMES))
    else:
        post["ceiling"] = xr.ones_like(post["cell_effect"])
    points = xr.Dataset(
        {
            "floor": ("benchmark", [0.0, 0.25, 0.04]),
            "series_benchmark": ("series", [benchmark for benchmark, _ in SERIES]),
            "series_regime": ("series", [regime for _, regime in SERIES]),
            "source": ("obs", np.array([], dtype=str)),
        },
        coords={"benchmark": BENCHMARKS, "series": [f"series {i}" for i in range(len(SERIES))]},
    )
    return xr.DataTree.from_dict({"posterior": post, "constant_data": points})


@pytest.fixture(scope="session")
def trees() -> dict[str, xr.DataTree]:
    """Stored runs of two forms; one has ceilings."""
    return {"logistic": tree("logistic", 1), "saturating": tree("saturating", 2)}


@pytest.fixture(scope="session")
def headline_draws(trees: dict[str, xr.DataTree]) -> xr.Dataset:
    """Headline draws of `trees`, weighted 0.4 and 0.6."""
    return complete(headline(trees, {"logistic": 0.4, "saturating": 0.6}, seed=3))


@pytest.fixture(scope="session")
def constants() -> Constants:
    """The shipped constants."""
    return load_constants()
