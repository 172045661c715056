"""Conditioning against what a grid, a covariance matrix and distribution functions say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import integrate, special, stats

from tenfold.unseen import condition as own
from tenfold.unseen.series import Series

X = np.array([0.0, 0.5, 0.8, 2.0])
SCORE = np.array([0.3, 0.5, 0.42, 0.7])
SE = np.array([0.03, 0.05, 0.02, 0.04])


def part(n=1, **changes) -> own.Particles:
    """Alike particles, logistic without a ceiling below one, slopes and shifts that are known."""
    values = {
        "intercept_mean": -0.4, "intercept_sd": 0.7, "slope_mean": 0.9, "slope_sd": 0.0,
        "floor": 0.0, "ceiling": 1.0, "early": -np.inf, "shift": 0.0, "shift_sd": 0.0, "rest": 0.0,
        "share": 0.6, "sigma": 0.02, "nu": 5.0, "drift": None, "length": None,
    } | changes  # fmt: skip
    arrays: Any = {
        k: None if v is None else np.broadcast_to(v, n).astype(float) for k, v in values.items()
    }
    return own.Particles(form="logistic", signed=True, **arrays)


def points(
    x: Any = X, score: Any = SCORE, se: Any = SE, thinking=True, x_se=0.0, floor=0.0, questions=0
) -> Series:
    n = len(x)
    return Series(
        label="s", benchmark="b", family="f", model="m", publication="", regime="rl",
        unit="flop", floor=floor, questions=questions, reference=0.5,
        log10_compute=np.array(x), log10_compute_se=np.full(n, x_se), score=np.array(score),
        score_se=np.array(se), non_thinking=np.full(n, not thinking),
    )  # fmt: skip


def chain(x, drift, length):
    """Correlations of errors at `x`: those of neighbours, multiplied along the way."""
    links = drift * np.exp(-np.diff(x) / length)
    n = len(x)
    return np.array([[np.prod(links[min(i, j) : max(i, j)]) for j in range(n)] for i in range(n)])


# --- one point ----------------------------------------------------------------------------------


def test_a_point_has_its_curve_and_the_errors_of_both_axes():
    known = part(shift=0.3, rest=0.25, share=0.6, sigma=0.02, floor=0.25, ceiling=0.9)
    series = points(thinking=False, x_se=0.1)
    mean, sd = own.curve(known, series, 3, np.array([-0.4]), np.array([0.9]), 0.04)
    eta = -0.4 + 0.9 * 1.5 - 0.3
    expected = 0.25 + 0.65 * special.expit(eta)
    gradient = 0.65 * special.expit(eta) * special.expit(-eta)
    unsure = gradient**2 * ((0.9 * 0.1) ** 2 + 0.25**2)
    assert mean == pytest.approx(expected)
    assert sd == pytest.approx(np.sqrt((0.6 * 0.04) ** 2 + 0.02**2 + unsure))
    mean, sd = own.curve(
        known,
        replace(series, non_thinking=np.zeros(4, bool)),
        3,
        np.array([-0.4]),
        np.array([0.9]),
        0.04,
    )
    eta += 0.3
    gradient = 0.65 * special.expit(eta) * special.expit(-eta)
    assert mean == pytest.approx(0.25 + 0.65 * special.expit(eta))
    assert sd == pytest.approx(np.sqrt((0.6 * 0.04) ** 2 + 0.02**2 + (gradient * 0.09) ** 2))


def test_a_modes_rest_counts_where_compute_is_known():
    series = points(thinking=False)
    _, sd = own.curve(part(rest=0.25), series, 0, np.array([0.5]), np.array([1.0]), 0.0)
    assert sd == pytest.approx(np.hypot(0.02, 0.25 * 0.25))


def test_a_share_of_questions_has_the_plus_four_error():
    mean, sd = own.curve(part(), points(questions=30), 0, np.array([0.0]), np.array([2.0]), None)
    share = (special.expit(-1.0) * 30 + 2) / 34
    assert mean == pytest.approx(special.expit(-1.0))
    assert sd == pytest.approx(np.hypot(0.6 * np.sqrt(share * (1 - share) / 34), 0.02))


# --- a series -----------------------------------------------------------------------------------


def test_residuals_of_a_run_are_those_of_a_chain():
    known = part(2, drift=[0.8, 0.3], length=[0.7, 2.0])
    squares, log_sd = own._residuals(known, points(), np.full(2, -0.2), np.full(2, 0.6))
    mean = special.expit(-0.2 + 0.6 * (X - 0.5))
    sd = np.hypot(0.6 * SE, 0.02)
    z = (SCORE - mean) / sd
    for i, (drift, length) in enumerate([(0.8, 0.7), (0.3, 2.0)]):
        matrix = chain(X, drift, length)
        assert squares[i] == pytest.approx(z @ np.linalg.solve(matrix, z))
        wanted = np.log(sd).sum() + 0.5 * np.linalg.slogdet(matrix)[1]
        assert log_sd[i] == pytest.approx(wanted)
    alone, _ = own._residuals(part(), points(), np.array([-0.2]), np.array([0.6]))
    assert alone == pytest.approx(z @ z)


def density(intercept, nu, slope=0.9):
    """Prior of the intercept times the likelihood: normal without `nu`, else Student-t."""
    mean, sd = special.expit(intercept + slope * (X - 0.5)), np.hypot(0.6 * SE, 0.02)
    prior = stats.norm.pdf(intercept, -0.4, 0.7)
    if nu is None:
        return prior * stats.norm.pdf(SCORE, mean, sd).prod()
    return prior * stats.multivariate_t(np.zeros(4), df=nu).pdf((SCORE - mean) / sd) / sd.prod()


@pytest.mark.parametrize("nu", [None, 2.5, 9.0])
def test_particles_weigh_what_their_curve_makes_of_the_points(nu):
    found = own.condition(part(3, nu=nu), points(), np.random.default_rng(1))
    other = own.condition(part(3, nu=nu, slope_mean=0.5), points(), np.random.default_rng(1))
    whole, less = (integrate.quad(density, -4, 4, (nu, s), epsrel=1e-9)[0] for s in (0.9, 0.5))
    # constants that all particles share are left out
    shared = 2.5 * np.log(2 * np.pi) if nu is None else 2 * np.log(np.pi) + 0.5 * np.log(2 * np.pi)
    assert found.log_weight == pytest.approx(np.log(whole) + shared, abs=0.003)
    assert other.log_weight == pytest.approx(np.log(less) + shared, abs=0.003)
    assert found.weight == pytest.approx(np.full(3, 1 / 3))


@pytest.mark.parametrize("nu", [None, 4.0])
def test_levels_and_noise_are_drawn_from_their_conditionals(nu):
    n = 4000
    found = own.condition(part(n, nu=nu), points(), np.random.default_rng(2))
    grid = np.linspace(-1.5, 1.5, 1500)
    at = np.cumsum([density(a, nu) for a in grid])
    place = np.interp(found.intercept, grid, at / at[-1])
    assert stats.kstest(place, "uniform").statistic < 0.05  # of 65 nodes few are in the middle
    if nu is None:
        assert (found.tau == 1).all()
        return
    mean = special.expit(found.intercept[:, None] + 0.9 * (X - 0.5))
    squares = (((SCORE - mean) / np.hypot(0.6 * SE, 0.02)) ** 2).sum(axis=1)
    assert stats.kstest((nu + squares) / found.tau**2, stats.chi2(nu + 4).cdf).pvalue > 0.01


def test_slopes_are_logarithms_unless_signed():
    unsigned = replace(part(2, slope_mean=[-0.5, 0.2]), signed=False)
    found = own.condition(unsigned, points(), np.random.default_rng(1))
    assert found.slope == pytest.approx(np.exp([-0.5, 0.2]))


def test_few_particles_that_fit_are_helped_by_a_second_round():
    """Points far more exact than the prior: slopes of a grid, and what weighs them there."""
    exact = points(score=special.expit(0.2 + 1.8 * (X - 0.5)), se=np.full(4, 1e-3))
    wide = part(3000, slope_sd=1.5, sigma=0.004, nu=None)
    found = own.condition(wide, exact, np.random.default_rng(3))
    assert 1 / np.sum(found.weight**2) > 900
    slopes = np.linspace(1.4, 2.2, 161)
    grid = part(161, slope_mean=slopes, sigma=0.004, nu=None)
    by_slope = own.condition(grid, exact, np.random.default_rng(1)).log_weight
    wanted = np.exp(by_slope - by_slope.max()) * stats.norm.pdf(slopes, 0.9, 1.5)
    mean = wanted @ slopes / wanted.sum()
    sd = np.sqrt(wanted @ (slopes - mean) ** 2 / wanted.sum())
    assert found.weight @ found.slope == pytest.approx(mean, abs=0.1 * sd)
    assert np.sqrt(found.weight @ (found.slope - mean) ** 2) == pytest.approx(sd, rel=0.1)


def test_new_draws_weigh_as_much_as_the_prior_gives_them():
    n = 20_000
    rng = np.random.default_rng(4)
    mean, sd = np.full(n, 1.0), np.full(n, 0.8)
    drawn = mean + sd * rng.standard_normal(n)
    weight = stats.norm.pdf(drawn, 1.5, 0.2)
    weight /= weight.sum()
    again, log_weight = own._near(drawn, mean, sd, weight, rng)
    width = 1.5 * np.sqrt(weight @ (drawn - weight @ drawn) ** 2)
    near = {"df": 5, "loc": weight @ drawn, "scale": width}

    def mixed(x):
        return 0.7 * stats.t.cdf(x, **near) + 0.3 * stats.norm.cdf(x, 1, 0.8)

    assert stats.kstest(again, mixed).pvalue > 0.01
    prior = stats.norm.pdf(again, 1, 0.8)
    assert np.exp(log_weight) == pytest.approx(
        prior / (0.7 * stats.t.pdf(again, **near) + 0.3 * prior)
    )


def test_nothing_moves_where_some_particles_know_it():
    drawn, sd = np.array([1.0, 2.0]), np.array([0.0, 0.5])
    again, log_weight = own._near(drawn, drawn, sd, np.array([0.5, 0.5]), np.random.default_rng(1))
    assert again is drawn
    assert log_weight.tolist() == [0, 0]


# --- predictions --------------------------------------------------------------------------------


def conditional(x, given, target, drift, length):
    """Weights of the errors of `given` in that of `target`, and its variance: a normal chain."""
    matrix = chain(np.sort(x), drift, length)
    order = np.argsort(np.argsort(x))
    at, to = order[given], order[target]
    inverse = np.linalg.inv(matrix[np.ix_(at, at)])
    weights = matrix[to, at] @ inverse
    return weights, 1 - weights @ matrix[at, to]


@pytest.mark.parametrize("ahead", [[1.1, 2.5, 3.5], [-1.0, 0.2], [0.6, 0.7]])
def test_errors_of_a_run_go_on(ahead):
    known = part(2, drift=0.9, length=1.5)
    found = own.Conditioned(
        known, np.zeros(2), np.array([-0.2, 0.1]), np.array([0.6, 0.8]), np.array([1.0, 1.3])
    )
    targets = points(x=ahead, score=np.zeros(len(ahead)), se=np.full(len(ahead), 0.03))
    means, sds = own.predicted(found, points(), targets)
    x = np.concatenate([X, ahead])
    for p in range(2):
        curve = special.expit(found.intercept[p] + found.slope[p] * (x - 0.5))
        sd = np.hypot(0.6 * np.concatenate([SE, targets.score_se]), 0.02)
        z = (SCORE - curve[:4]) / sd[:4]
        for j in range(len(ahead)):
            weights, variance = conditional(x, np.arange(4), 4 + j, 0.9, 1.5)
            assert means[p, j] == pytest.approx(curve[4 + j] + sd[4 + j] * (weights @ z))
            assert sds[p, j] == pytest.approx(sd[4 + j] * found.tau[p] * np.sqrt(variance))


def test_errors_of_inference_do_not():
    found = own.Conditioned(part(), np.zeros(1), np.array([0.1]), np.array([0.5]), np.array([1.2]))
    means, sds = own.predicted(found, points(), points(x=[3.0], score=[0.0], se=[0.03]))
    assert means.item() == pytest.approx(special.expit(0.1 + 0.5 * 2.5))
    assert sds.item() == pytest.approx(1.2 * np.hypot(0.6 * 0.03, 0.02))
