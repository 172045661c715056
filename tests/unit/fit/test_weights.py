"""Weights of forms: what is held out, which of it weighs, and what weights owe to publications."""

import numpy as np
import pytest
from scipy import stats

from tenfold.evidence import dataset
from tenfold.fit import compare, weights
from tenfold.posterior import structure


@pytest.fixture(scope="module")
def evidence():
    return dataset.usable(dataset.load())


def told(evidence, forms=("logistic", "power")):
    """Densities of held-out scores as any refit might have them."""
    rng = np.random.default_rng(12)
    shape = (1, 1, int(weights.future(evidence).sum()))
    return {
        form: compare.Given(rng.normal(size=shape), np.ones(shape), None, None) for form in forms
    }


def test_the_upper_half_of_compute_is_held_out(evidence):
    held = weights.future(evidence)
    series, x = evidence["series_index"].values, evidence["log10_compute"].values
    assert not (held & structure.given(evidence)).any()
    for s in range(evidence.sizes["series"]):
        own = x[series == s]
        cut = x[(series == s) & held]
        if cut.size:
            seen = x[(series == s) & ~held]
            assert cut.min() > seen.max()
            assert cut.min() >= (own.min() + own.max()) / 2
            assert np.unique(seen).size >= 2


def test_forms_are_weighed_at_the_longest_horizon_of_each_regime(evidence):
    held = weights.future(evidence)
    ooms, (far, found) = weights.ahead(evidence, held), weights.farthest(evidence, held)
    assert (ooms > 0).all()
    regime = evidence["series_regime"].values[evidence["series_index"].values[held]]
    assert set(found) == {"rl", "inference"}
    for name, row in found.items():
        own = regime == name
        assert row["points"] == (far & own).sum() >= weights.FAR_POINTS
        assert (ooms[own] > row["ooms"]).sum() < weights.FAR_POINTS
        assert ooms[own & far].min() == row["ooms"] < row["farthest"] == ooms[own].max()


def test_stacking_finds_the_mixture_that_made_the_data():
    rng = np.random.default_rng(4)
    truth = np.where(rng.random(20_000) < 0.7, rng.normal(-2, 1, 20_000), rng.normal(2, 1, 20_000))
    found = weights.stacking(
        {
            "logistic": stats.norm.logpdf(truth, -2, 1),
            "saturating": stats.norm.logpdf(truth, 2, 1),
            "power": stats.norm.logpdf(truth, 30, 1),
        }
    )
    assert found["logistic"] == pytest.approx(0.7, abs=0.02)
    assert found["power"] < 1e-3
    assert sum(found.values()) == pytest.approx(1)


def test_stacking_of_one_form_is_that_form():
    assert weights.stacking({"logistic": np.zeros(3)}) == {"logistic": 1.0}


def test_a_point_that_counts_twice_is_two_points():
    rng = np.random.default_rng(9)
    once = rng.normal(size=(3, 60))
    counts = rng.integers(0, 3, 60)
    found = weights.stacked(once, counts[None])
    wanted = weights.stacked(np.repeat(once, counts, axis=1), np.ones((1, counts.sum())))
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_weights_owe_as_much_to_publications_as_they_come():
    rng = np.random.default_rng(10)
    publication = np.repeat(np.arange(40), 25)
    right = np.repeat(rng.random(40) < 0.7, 25)  # a whole publication at a time
    truth = np.where(right, rng.normal(-2, 1, 1000), rng.normal(2, 1, 1000))
    table = np.stack([stats.norm.logpdf(truth, -2, 1), stats.norm.logpdf(truth, 2, 1)])
    left = weights.resampled(table, publication, 0)[:, 0]
    share = right.mean()
    assert left.mean() == pytest.approx(share, abs=0.05)
    low, high = np.quantile(left, [0.05, 0.95])
    error = np.sqrt(share * (1 - share) / 40)  # of 40 publications, not of 1,000 points
    assert high - low == pytest.approx(2 * 1.645 * error, rel=0.25)


def test_a_weight_is_its_mean_over_publications_and_errors_are_theirs(evidence):
    given = told(evidence)
    found, record = weights.leave_future_out(given, evidence, seed=3)
    held = weights.future(evidence)
    far, _ = weights.farthest(evidence, held)
    publication = evidence["series_publication"].values[evidence["series_index"].values[held]][far]
    table = np.stack([each.log_density()[0, 0][far] for each in given.values()])
    every = weights.resampled(table, publication, 3)
    np.testing.assert_allclose(list(found.values()), every.mean(axis=0))
    assert record["weights"] == found
    for values, (form, (low, high)) in zip(table, record["weights_90"].items(), strict=True):
        assert low < found[form] < high
        sums = [values[publication == p].sum() for p in np.unique(publication)]
        assert record["forms"][form]["elpd"] == pytest.approx(sum(sums))
        wanted = np.sqrt(len(sums)) * np.std(sums, ddof=1)
        assert record["forms"][form]["elpd_se"] == pytest.approx(wanted)
