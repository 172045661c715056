"""A forecast and its scores against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tenfold.unseen.forecast import Forecast

NORMAL = Forecast(np.ones(1), np.array([[0.4, 0.98]]), np.array([[0.1, 0.1]]))


def test_a_forecast_of_one_normal_is_that_normal():
    p = np.array([0.05, 0.5, 0.95])
    assert NORMAL.quantile(p)[:, 0] == pytest.approx(stats.norm(0.4, 0.1).ppf(p), abs=1e-6)
    assert NORMAL.quantile(p)[2, 1] == 1.0
    y = np.array([0.55, 0.9])
    grid = (np.arange(20_000) + 0.5) / 20_000  # below 0 and above 1 nothing is left to miss
    upto = stats.norm.cdf(grid[:, None], NORMAL.mean[0], NORMAL.sd[0])
    wanted = np.mean((upto - (y <= grid[:, None])) ** 2, axis=0)
    assert NORMAL.crps(y, np.random.default_rng(1)) == pytest.approx(wanted, rel=0.01)
    assert NORMAL.log_score(y)[0] == pytest.approx(stats.norm.logpdf(0.55, 0.4, 0.1))
    assert NORMAL.covered(np.array([0.56, 0.98]), 0.9).tolist() == [True, True]
    assert NORMAL.covered(np.array([0.57, 0.8]), 0.9).tolist() == [False, False]


def test_mass_beyond_the_ends_stands_at_the_ends():
    y = np.array([0.0, 1.0])
    wanted = [stats.norm.logcdf(0, 0.4, 0.1), stats.norm.logsf(1, 0.98, 0.1)]
    assert NORMAL.log_score(y) == pytest.approx(wanted)
    assert NORMAL.covered(y, 0.9).tolist() == [False, True]


def test_weights_count_in_every_score():
    rng = np.random.default_rng(1)
    weight = np.array([0.75, 0.25])
    mixed = Forecast(weight, np.array([[0.3], [0.6]]), np.array([[0.02], [0.05]]))
    y = np.array([0.5])
    wanted = 0.75 * stats.norm.cdf(0.5, 0.3, 0.02) + 0.25 * stats.norm.cdf(0.5, 0.6, 0.05)
    assert mixed.cdf(y) == pytest.approx([wanted])
    assert mixed.members(rng).mean() == pytest.approx(0.375, abs=0.001)
    assert mixed.effective == pytest.approx(1 / (0.75**2 + 0.25**2))
    assert mixed.expected_quantile(np.array([0.5, 0.9]))[:, 0].tolist() == [0.3, 0.6]
