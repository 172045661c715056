"""RL shares over time: the regression against simulation, and how it meets a run's own estimate."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
import xarray as xr

from tenfold.answers import rl_share
from tenfold.evidence.columns import RlShare
from tenfold.evidence.rows import read_rows
from tenfold.files import SpecError, data_path

LIKE = xr.DataArray(np.zeros((1, 4, 5000)), dims=("form", "chain", "draw"))


def quantiles(share):
    return np.quantile(share.log10, [0.05, 0.5, 0.95])


def test_the_regression_agrees_with_importance_sampling():
    """The same posterior by brute force: draws from the prior, weighted by the likelihood."""
    rng = np.random.default_rng(5)
    n = 400_000
    line = rl_share.PRIOR_MEAN + rl_share.PRIOR_SD * rng.standard_normal((n, 2))
    tau = np.abs(rl_share.TAU_SD * rng.standard_normal(n))
    y, se, when = np.array([-2.0, -1.2, -0.4]), np.array([0.1, 0.3, 0.2]), np.array([-1, 0, 0.5])
    alike = np.array([[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1.0]])
    gap = y - (line[:, :1] + line[:, 1:] * when)
    covariance = tau[:, None, None] ** 2 * alike + np.diag(se**2)
    fit = np.einsum("ni,nij,nj->n", gap, np.linalg.inv(covariance), gap)
    weight = np.exp(-0.5 * (fit + np.linalg.slogdet(covariance)[1]))
    weight /= weight.sum()
    expected = weight @ line, weight @ tau
    design = np.column_stack([np.ones(3), when])
    found = rl_share.posterior(design, y, se, alike, np.empty((0, 2)))
    drawn, spread = found.draw(200_000, rng)
    assert drawn.mean(axis=0) == pytest.approx(expected[0], abs=0.02)
    assert spread.mean() == pytest.approx(expected[1], abs=0.02)


def test_lower_bounds_are_met_as_by_brute_force():
    """The same draws: those of the exact shares, each kept with the probability of the bounds."""
    free, rng = rl_share.regression(), np.random.default_rng(6)
    at = rng.choice(free.taus.size, size=400_000, p=free.tau_weight)
    z = rng.standard_normal((at.size, 2))
    line = free.mean[at] + np.einsum("nij,nj->ni", free.root[at], z)
    kept = np.ones(at.size, dtype=bool)
    for when, share in free.bounds:
        noise = free.taus[at] * rng.standard_normal(at.size)
        kept &= line[:, 0] + line[:, 1] * when + noise > share
    assert kept.sum() > 10_000
    drawn, tau = free.draw(100_000, rng)
    assert np.unique(drawn[:, 0]).size == 100_000, "no draw stands for another"
    for found, expected in ((drawn, line[kept]), (tau, free.taus[at][kept])):
        for q in (0.1, 0.5, 0.9):
            low, high = np.quantile(expected, [q - 0.02, q + 0.02], axis=0)
            assert (low <= np.quantile(found, q, axis=0)).all()
            assert (np.quantile(found, q, axis=0) <= high).all()


def test_a_lower_bound_raises_the_line():
    free, bound = rl_share.regression(), rl_share.regression("Cursor Composer 1.5")
    rng = np.random.default_rng
    assert free.draw(20_000, rng(0))[0][:, 1].mean() > bound.draw(20_000, rng(0))[0][:, 1].mean()


def test_shares_rise_with_time_and_know_no_cap():
    early = quantiles(rl_share.typical(2024.5, LIKE, 0))
    late = quantiles(rl_share.typical(2026.4, LIKE, 0))
    assert late[1] > early[1]
    assert late[2] > 0, "more RL than pre-training is within reach"


def test_a_baseline_lies_between_its_own_estimate_and_that_of_others(constants):
    run = constants.run("grok-4")
    own = np.log10([constants.named(run.rl_share).low, constants.named(run.rl_share).high])
    found = quantiles(rl_share.share(constants, run, LIKE, 0))
    alone = run.model_copy(update={"rl_share": None})
    others = quantiles(rl_share.share(constants, alone, LIKE, 0))
    assert min(own.mean(), others[1]) < found[1] < max(own.mean(), others[1])
    assert found[2] - found[0] < min(np.diff(own)[0], others[2] - others[0])


def test_a_disclosed_share_stays_as_it_is(constants):
    found = 10 ** quantiles(rl_share.share(constants, constants.run("deepseek-r1"), LIKE, 0))
    assert found == pytest.approx([0.053, 0.0555, 0.058], rel=0.02)


def test_a_model_is_known_from_its_day_its_month_or_its_year():
    row = next(iter(read_rows(data_path("rl_share.csv"), RlShare)))
    day = datetime.date(2025, 7, 9)
    for date, known in (("2025-07-09", True), ("2025-07-10", False), ("2025-07", True)):
        assert rl_share.known(row.model_copy(update={"date": date}), day) == known
    assert not rl_share.known(row.model_copy(update={"date": "2026"}), day)
    everything = rl_share.typical(2026.0, LIKE, 0).log10
    assert (everything == rl_share.typical(2026.0, LIKE, 0, datetime.date.max).log10).all()
    assert everything.std() < rl_share.typical(2026.0, LIKE, 0, datetime.date.min).log10.std()


def test_priors_are_what_is_said_of_them():
    """A tenth within ten either way; threefold a year, which may be nothing or tenfold."""
    (share, growth), (within, faster) = rl_share.PRIOR_MEAN, rl_share.PRIOR_SD
    assert (10**share, 10**within) == pytest.approx((0.1, 10))
    assert 10**growth == pytest.approx(3.16, abs=0.01)
    assert (growth - faster, growth + faster) == (0, 1)
    assert 10**rl_share.TAU_SD == pytest.approx(3.16, abs=0.01), "a factor of a few"


def test_an_exact_share_is_exact(constants):
    parity = constants.patched({"RL_G4_OVER_P": {"low": 1.0, "central": 1.0, "high": 1.0}})
    share = rl_share.share(parity, parity.run("grok-4"), LIKE, 0)
    assert (share.log10 == 0).all()


def test_an_unknown_row_is_one_line():
    with pytest.raises(SpecError, match="no model 'Grok-4'; did you mean 'Grok 4'"):
        rl_share.regression("Grok-4")


def test_a_share_with_one_end_alone_is_taken_as_exact():
    row = next(r for r in read_rows(data_path("rl_share.csv"), RlShare) if r.role == "share")
    both = row.model_copy(update={"rl_share": 0.1, "rl_share_low": 0.05, "rl_share_high": 0.2})
    centre, se = rl_share._stated(both)
    assert (centre, se) == pytest.approx((-1.0, np.log10(4) / 2 / 1.6448536))
    for lacking in ("rl_share_low", "rl_share_high"):
        one = both.model_copy(update={lacking: None})
        assert rl_share._stated(one) == pytest.approx((-1.0, rl_share.LEAST_SE))


@pytest.mark.parametrize(
    ("date", "years"), [("2025", 0.0), ("2025-01", -5.5 / 12), ("2026-12", 17.5 / 12)]
)
def test_a_month_or_a_year_stands_for_its_middle(date, years):
    assert rl_share._years(date) == pytest.approx(years)
