"""A publication weighed out of stored draws against a fit that has not seen it."""

import numpy as np
import pytest
from arviz_stats.base.array import array_stats

from tenfold.fit import compare
from tenfold.posterior.scenario import Settings
from tenfold.sampler import sample
from tenfold.scenarios import apart, reweigh


def test_draws_weighed_for_less_are_draws_without_it(small, posterior):
    points = small.plan.points
    gone = points["series_publication"].values == "Qwen3"
    draws = posterior["posterior"].to_dataset()
    scores = compare.series_log_density(draws, points, "logistic").values[..., gone].sum(-1)
    own = apart.Own.of(draws, points, "logistic")
    found = reweigh.smoothed(apart.log_ratio(own, gone) - scores)
    assert found.good
    assert found.effective > 3 * reweigh.smoothed(-scores).effective
    hidden = {"seen": 1.0 - gone[points["series_index"].values]}
    settings = Settings(chains=4, tune=300, draws=700)
    other = sample.sample(small, "logistic", hidden, settings)["posterior"].to_dataset()
    weights = np.exp(found.log_weights)
    regimes = ("rl", "inference")
    names = [(name, {}) for name in ("series_sd", "cell_sd", "model_sd", "publication_sd")]
    names += [(name, {"regime": r}) for name in ("log_slope_mean", "sigma") for r in regimes]
    for name, place in names:
        here, there = (each[name].sel(place) for each in (draws, other))
        mean = float((weights * here.values).sum())
        spread = np.sqrt(float((weights * (here.values - mean) ** 2).sum()))
        # draws of a chain resemble their neighbours: weights lose what they had of independence
        alone = array_stats.ess(here.values, chain_axis=0, draw_axis=1, method="mean")
        error = spread / np.sqrt(found.effective * min(float(alone) / here.size, 1.0))
        error = np.hypot(error, array_stats.mcse(there.values, chain_axis=0, draw_axis=1))
        assert abs(mean - float(there.mean())) < 4 * error, name
        assert spread == pytest.approx(float(there.std()), rel=0.25), name
