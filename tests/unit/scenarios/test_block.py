"""Blocks sampled alone against integration by hand, and against the model's own density."""

import numpy as np
import pytest
from scipy import integrate, stats

from tenfold.posterior import priors
from tenfold.posterior.scenario import Prior
from tenfold.scenarios import block


@pytest.fixture(scope="module")
def points():
    from tenfold.evidence import dataset

    return dataset.load()


def by_hand(one, mean, sd, points):
    """Posterior mean and sd of both parameters by quadrature over the model's density."""
    log_likelihood = block.likelihood(one, points)
    names = [priors.distribution(p.family, priors.hyperparameters(p)) for p in (mean, sd)]
    x, y = (np.linspace(n.ppf(1e-6), n.ppf(1 - 1e-6), 3001) for n in names)
    density = log_likelihood(x[:, None], y[None, :])
    density = np.exp(density - density.max()) * names[0].pdf(x)[:, None] * names[1].pdf(y)
    total = integrate.simpson(integrate.simpson(density, y), x)
    found = []
    for grid, along in ((x, integrate.simpson(density, y)),
                        (y, integrate.simpson(density, x, axis=0))):  # fmt: skip
        middle = integrate.simpson(along * grid, grid) / total
        spread = integrate.simpson(along * (grid - middle) ** 2, grid) / total
        found.append((middle, np.sqrt(spread)))
    return found


@pytest.mark.parametrize("one", block.BLOCKS, ids=["tradeoff", "ladder"])
@pytest.mark.parametrize("narrow", [False, True])
def test_draws_are_those_of_the_posterior(points, one, narrow):
    table = priors.load()
    mean, sd = table[one.mean], table[one.sd]
    if narrow:
        mean = Prior(family="normal", mu=float(mean.mu or 0) + 0.3, sigma=0.02, unit="", reason="t")
    n = 40_000
    log_likelihood = block.likelihood(one, points)
    drawn = block.draws(mean, sd, log_likelihood, n, np.random.default_rng(1))
    for values, (middle, spread) in zip(drawn, by_hand(one, mean, sd, points), strict=True):
        assert values.mean() == pytest.approx(middle, abs=4 * spread / np.sqrt(n))
        assert values.std() == pytest.approx(spread, rel=0.03)


@pytest.mark.parametrize("one", block.BLOCKS, ids=["tradeoff", "ladder"])
def test_the_likelihood_is_that_of_the_rows(points, one):
    found = block.likelihood(one, points)
    pairs = [(0.3, 0.2), (1.9, 0.5)]
    if one is block.TRADEOFF:
        value = np.log(points["inference_per_training"].values)
        error = points["inference_per_training_se_log"].values
        direct = [stats.norm(m, np.hypot(s, error)).logpdf(value).sum() for m, s in pairs]
    else:
        step = np.diff(np.eye(points.sizes["gpt"]), axis=0)
        error = step @ np.diag(points["log10_flop_se"].values ** 2) @ step.T
        direct = [
            stats.multivariate_normal(np.full(len(step), m), error + s**2 * np.eye(len(step)))
            .logpdf(step @ points["log10_flop"].values)
            for m, s in pairs
        ]  # fmt: skip
    here = [float(found(np.array(m), np.array(s))) for m, s in pairs]
    assert here[1] - here[0] == pytest.approx(direct[1] - direct[0], rel=1e-9)
