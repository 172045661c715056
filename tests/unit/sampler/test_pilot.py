"""Quick fits: densities against brute force, and curves from standard normals."""

import numpy as np
import pytest
from scipy import special, stats

from tenfold import curves
from tenfold.evidence import dataset
from tenfold.posterior import priors, scenario
from tenfold.posterior.scenario import ModelChoice
from tenfold.sampler import kernel, layout, maps, packing, pilot


def test_curves_turn_normals_into_the_given_density():
    grid = np.linspace(-30, 8, 200)
    skewed = stats.norm.logpdf(grid, 0, np.where(grid < 0, 6.0, 1.0))
    even = stats.norm.logpdf(grid, 1, 2)
    p0, p1, p2, p3, p4 = maps.normal_curves(np.stack([skewed, even]), grid).T[..., None]
    z = np.linspace(-2, 2, 9)
    found = p0 + p1 * z + p2 * np.logaddexp(0, p4 * (z - p3)) / p4
    assert (np.diff(found) > 0).all()
    for row, log_density in zip(found, (skewed, even), strict=True):
        density = np.exp(log_density)
        cdf = (np.cumsum(density) - density / 2) / density.sum()
        np.testing.assert_allclose(row, np.interp(special.ndtr(z), cdf, grid), atol=0.6)
    np.testing.assert_allclose(found[1], 1 + 2 * z, atol=0.05)


@pytest.fixture(scope="module")
def tables():
    evidence = dataset.usable(dataset.load(include={"source": ("o1_train", "o1_test")}))
    choice = ModelChoice()
    where = layout.layout(evidence, choice, "power")
    return packing.tables(evidence, priors.load(), choice, where, "power")


def test_density_of_a_slope_is_the_integral_over_its_intercept(tables):
    series, rows = tables["series"], tables["points"]
    at = pilot.Typical(
        level=np.zeros(series.size), log_slope=np.full(series.size, -0.5), intercept_sd=1.0,
        series_sd=0.8, noise_scale=0.7, sigma=0.01, nu=20.0,
        thinking_shift=np.zeros(series.size), drift=(0.0, 1.0),
    )  # fmt: skip
    found = pilot.fits(rows, series, "power", False, True, at)
    best = (np.arange(series.size), np.zeros(series.size, dtype=int))
    grid, log_density = pilot.slope_density(rows, series, "power", at, found, best)
    for s in range(series.size):
        own = rows[series["first"][s] : series["last"][s]]
        sd = np.hypot(found.c21[s, 0], found.c22[s, 0])
        log_slope = found.own[s, 0] + sd * grid[s]
        intercept = np.linspace(-6, 6, 4001)
        brute = np.empty(grid.shape[1])
        for k, value in enumerate(log_slope):
            eta = intercept[:, None] + np.exp(value) * own["x"]
            height = 1 - series["floor"][s]
            mean = series["floor"][s] + height * (1 - 0.5 * np.exp(-eta / 2))
            gradient = height * 0.25 * np.exp(-eta / 2) * np.exp(value)
            variance = (at.noise_scale * own["score_se"]) ** 2 + at.sigma**2
            variance = variance + (gradient * own["x_se"]) ** 2
            squares = ((own["score"] - mean) ** 2 / variance).sum(axis=1)
            joint = -(at.nu + own.size) / 2 * np.log1p(squares / at.nu)
            joint = joint - 0.5 * np.log(variance).sum(axis=1) - 0.5 * intercept**2
            brute[k] = special.logsumexp(joint) - 0.5 * ((value + 0.5) / at.series_sd) ** 2
        near = brute > brute.max() - 8
        gap = (log_density[s] - log_density[s].max()) - (brute - brute.max())
        assert near.sum() > 5
        np.testing.assert_allclose(gap[near], 0, atol=0.25)


def test_variances_are_made_of_their_parts(tables):
    series = tables["series"]
    assert (series["other_variance"] >= 0).all()
    assert (series["variance0"] >= series["other_variance"]).all()
    assert set(kernel.TABLES["series"].names) >= {"variance0", "score_variance", "other_variance"}


def test_the_kernel_counts_shapes_and_families_as_everyone_else():
    """Compiled code imports no constants, so it has its own copies."""
    assert kernel.SHAPES == curves.SHAPES
    assert kernel.FAMILIES == scenario.FAMILIES
