"""What is integrated out of the weights of draws: effects in closed form, and a fitted density."""

import numpy as np
import pytest
from scipy import stats

from tenfold.scenarios import apart


def test_effects_are_integrated_out_in_closed_form():
    rng = np.random.default_rng(1)
    sd, spread = rng.uniform(0.2, 0.4, 5), rng.uniform(0.3, 0.6, 5)
    value = rng.normal(size=5)
    members = np.array([True, True, False, True])
    typical, left = rng.normal(size=(5, 4)), rng.normal(size=(5, 4))
    series = np.array([0, 1, 2])
    found, without = apart._given_effects(left, typical, sd, [(members, spread, value)], series)
    mask = members[series].astype(float)
    for i in range(5):
        covariance = sd[i] ** 2 * np.eye(3) + spread[i] ** 2 * np.outer(mask, mask)
        wanted = stats.multivariate_normal(cov=covariance).logpdf(left[i, :3] + value[i] * mask)
        assert found[i] - 1.5 * np.log(2 * np.pi) == pytest.approx(wanted)
    np.testing.assert_allclose(without, typical[:, :3] - value[:, None] * mask)


def test_a_kernel_estimate_is_a_density():
    rng = np.random.default_rng(2)
    drawn = rng.normal(2.0, 3.0, 4000)
    at = np.linspace(-30, 30, 60_001)
    found = apart._log_kernel(drawn, at)
    assert np.exp(found).sum() * (at[1] - at[0]) == pytest.approx(1, abs=2e-3)
    middle = np.linspace(-2, 6, 9)
    np.testing.assert_allclose(
        apart._log_kernel(drawn, middle), stats.norm(2, 3).logpdf(middle), atol=0.12
    )


def test_a_fitted_density_is_near_the_conditional_one():
    """Banana-shaped, wider on one side: curved mean and spread are followed."""
    rng = np.random.default_rng(3)
    chain = np.repeat(np.arange(4), 1000)
    phi, first = rng.normal(size=(2, 4000))
    mean, sd = 0.5 * phi + first**2, np.exp(0.3 * first)
    second = mean + sd * rng.normal(size=4000)
    fit = apart._Fit(phi[:, None], chain)
    fit.add(second, [first])
    wanted = stats.norm(mean, sd).logpdf(second)
    assert np.mean(wanted - fit.log_density) == pytest.approx(0, abs=0.03)
    assert np.std(wanted - fit.log_density) < 0.25


def test_what_only_goes_is_found_and_what_others_share_is_not(prior_run):
    points = prior_run.points
    own = apart.Own(None, points, "logistic", None, None)
    publication = points["series_publication"].values
    gone = publication == "s1"
    every = np.ones(gone.size, dtype=bool)
    assert [label for label, _ in apart._only(publication, every, own, gone)] == ["s1"]
    part = gone.copy()
    part[np.flatnonzero(gone)[0]] = False
    assert not list(apart._only(publication, every, own, part))
