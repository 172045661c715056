"""Weighted statistics against brute force, with infinities in place."""

from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import signal

from tenfold import mixture

FORMS = ["logistic", "saturating", "linear"]
VALUES = hnp.arrays(
    float,
    (3, 2, 4),
    elements=st.floats(-1e3, 1e3) | st.just(math.inf) | st.just(-math.inf),
)
SHARES = st.lists(st.floats(0, 1), min_size=3, max_size=3).filter(lambda w: sum(w) > 0.1)


def draws(values) -> xr.DataArray:
    dims = ("form", "chain", "draw")
    return xr.DataArray(np.asarray(values, dtype=float), dims=dims, coords={"form": FORMS})


def weight(shares) -> xr.DataArray:
    return xr.DataArray(np.array(shares) / np.sum(shares), {"form": FORMS})


def by_hand(values, shares, p: float) -> float:
    """The smallest draw at which the weighted share of draws at or below it reaches p."""
    each = np.repeat(np.array(shares) / np.sum(shares) / 8, 8)
    pairs = sorted((v, w) for v, w in zip(np.ravel(values), each, strict=True) if w > 0)
    total = 0.0
    for value, share in pairs:
        total += share
        if total >= p * (1 - 1e-12):
            return value
    return pairs[-1][0]


@given(VALUES, SHARES, st.floats(0.01, 0.99))
def test_quantile_matches_brute_force_and_is_always_a_draw(values, shares, p):
    found = float(mixture.quantile(draws(values), weight(shares), p).item())
    expected = by_hand(values, shares, p)
    at_or_below = lambda v: sum(  # noqa: E731
        w / np.sum(shares) * np.mean(x <= v) for x, w in zip(values, shares, strict=True)
    )
    # Summation order may move past a draw that completes p to the last digit.
    assert found == expected or abs(at_or_below(min(found, expected)) - p) < 1e-9
    assert found in np.ravel(values)


@given(VALUES, SHARES, st.lists(st.floats(0.01, 0.99), min_size=2, max_size=5))
def test_quantiles_rise_with_p_and_commute_with_monotone_maps(values, shares, probs):
    probs = sorted(probs)
    found = mixture.quantile(draws(values), weight(shares), probs).values
    with np.errstate(invalid="ignore"):
        steps = np.diff(found)
    assert (np.isnan(steps) | (steps >= 0)).all()  # inf - inf between equal infinities
    mapped = mixture.quantile(xr.ufuncs.arctan(draws(values)), weight(shares), probs).values
    assert np.array_equal(mapped, np.arctan(found))


@given(VALUES, SHARES)
def test_more_never_never_lowers_a_quantile(values, shares):
    worse = np.where(values > 0, np.inf, values)
    before = mixture.quantile(draws(values), weight(shares), [0.1, 0.5, 0.9]).values
    after = mixture.quantile(draws(worse), weight(shares), [0.1, 0.5, 0.9]).values
    assert (after >= before).all()


def test_no_interpolation_across_infinity():
    half = np.tile([1.0, 1.0, np.inf, np.inf], (3, 2, 1))
    found = mixture.quantile(draws(half), weight([1, 1, 1]), [0.25, 0.5, 0.51]).values
    assert found.tolist() == [1.0, 1.0, math.inf]


def test_weights_decide_and_zero_weight_forms_are_out():
    values = draws(np.stack([np.full((2, 4), v) for v in (1.0, 2.0, np.nan)]))
    found = mixture.quantile(values, weight([0.3, 0.7, 0.0]), [0.29, 0.31]).values
    assert found.tolist() == [1.0, 2.0]


def test_other_dims_are_kept_in_any_order():
    rng = np.random.default_rng(0)
    array = rng.normal(size=(5, 3, 2, 50))
    values = xr.DataArray(
        array, dims=("benchmark", "form", "chain", "draw"), coords={"form": FORMS}
    )
    found = mixture.quantile(values.transpose("draw", ...), weight([1, 1, 1]), [0.5])
    assert found.dims == ("quantile", "benchmark")
    each = [mixture.quantile(values[i], weight([1, 1, 1]), 0.5).item() for i in range(5)]
    assert found.values[0].tolist() == each


@pytest.mark.parametrize(
    ("values", "shares"),
    [
        (np.full((3, 2, 4), np.nan), [1, 1, 1]),
        (np.empty((3, 2, 0)), [1, 1, 1]),
    ],
)
def test_nan_and_no_draws_are_errors(values, shares):
    with pytest.raises(ValueError, match="empty or contain NaN"):
        mixture.quantile(draws(values), weight(shares), 0.5)


@pytest.mark.parametrize("shares", [[0.5, 0.5, 0.5], [1.5, -0.5, 0.0], [math.nan, 0.5, 0.5]])
def test_bad_weights_are_errors(shares):
    bad = xr.DataArray(shares, {"form": FORMS})
    with pytest.raises(ValueError, match="sum to one"):
        mixture.quantile(draws(np.zeros((3, 2, 4))), bad, 0.5)


def test_bad_probabilities_and_dims_are_errors():
    with pytest.raises(ValueError, match="inside"):
        mixture.quantile(draws(np.zeros((3, 2, 4))), weight([1, 1, 1]), [0.0, 0.5])
    with pytest.raises(ValueError, match="expected"):
        mixture.quantile(xr.DataArray([1.0], dims="draw"), weight([1, 1, 1]), 0.5)


def test_probability_is_weighted_and_its_error_holds():
    rng = np.random.default_rng(5)
    truth = np.array([0.2, 0.5, 0.9])
    shares = np.array([0.5, 0.3, 0.2])
    errors, scores = [], []
    for _ in range(60):
        event = rng.random((3, 4, 250)) < truth[:, None, None]
        dims = ("form", "chain", "draw")
        labelled = xr.DataArray(event, dims=dims, coords={"form": FORMS})
        p, mcse = mixture.probability(labelled, weight(shares))
        scores.append((p - truth @ shares) / mcse)
        errors.append(mcse)
    independent = math.sqrt((shares**2 * truth * (1 - truth) / 1000).sum())
    assert np.mean(errors) == pytest.approx(independent, rel=0.1)
    assert 0.7 < np.std(scores) < 1.3


def test_errors_of_quantiles_hold_for_chains_that_remember():
    """Forms of different spread, autocorrelated draws, two predictions for each."""
    rng = np.random.default_rng(6)
    shares, spread = np.array([0.6, 0.3, 0.1]), np.array([1.0, 2.0, 0.5])[:, None, None, None]
    innovations = rng.standard_normal((80, 3, 4, 400)) * math.sqrt(1 - 0.8**2)
    chain = signal.lfilter([1], [1, -0.8], innovations, axis=-1)[..., 100:, None]
    values = spread * (chain + 0.5 * rng.standard_normal((*chain.shape[:-1], 2)))
    labels = {"form": FORMS, "chain": range(4), "draw": range(300), "repeat": range(2)}
    rows = [mixture.summarise(xr.DataArray(v, labels), weight(shares), "x") for v in values]
    for key in mixture.PROBABILITIES:
        found = np.array([row[key] for row in rows])
        errors = np.array([row[f"{key}_mcse"] for row in rows])
        assert 0.75 < found.std() / np.sqrt((errors**2).mean()) < 1.33, key


def test_a_quantile_next_to_never_has_no_finite_error():
    values = draws(np.zeros((3, 4, 100))).where(
        np.random.default_rng(2).permuted(np.arange(1200) < 606).reshape(3, 4, 100), np.inf
    )
    row = mixture.summarise(values, weight([1, 1, 1]), "OOM")
    assert (row["p25_mcse"], row["p50"], row["p50_mcse"]) == (0.0, 0.0, "inf")
    assert (row["p95"], row["p95_mcse"]) == ("inf", 0.0)


def test_stratified_numbers_fill_each_part_once():
    found = mixture.stratified(3, 50, np.random.default_rng(1))
    parts = np.sort(np.floor(found * 50), axis=1)
    assert (parts == np.arange(50)).all()
    assert not np.array_equal(found[0], found[1])
    assert ((found > 0) & (found < 1)).all()


def test_a_certain_event_still_has_an_error():
    sure = draws(np.ones((3, 2, 4))) > 0
    p, mcse = mixture.probability(sure, weight([1, 1, 1]))
    assert p == 1
    assert mcse == pytest.approx(math.sqrt(9 / (100 * 11) / 3))


def test_summary_names_level_kind_and_unit_and_has_no_infinity():
    values = draws(np.tile([1.0, 2.0, 3.0, np.inf], (3, 2, 1)))
    row = mixture.summarise(values, weight([1, 1, 1]), "OOM")
    assert (row["level"], row["kind"], row["unit"]) == (0.9, "equal-tailed", "OOM")
    assert (row["p05"], row["p50"], row["p95"]) == (1.0, 2.0, "inf")
    assert row["p_never"] == pytest.approx(0.25)
    assert row["p_never_mcse"] > 0


def test_table_keeps_title_and_scale():
    ds = xr.Dataset({"weight": weight([1, 1, 1])})
    ds["a"] = mixture.label(draws(np.full((3, 2, 4), 2.5)), "A", "OOM")
    ds["b"] = mixture.label(draws(np.full((3, 2, 4), 400.0)), "B", "TWh", "log10")
    ds["c"] = mixture.label(draws(np.full((3, 2, 4), 2031.9)), "C", "year", "calendar")
    ds["unlabelled"] = ds["a"].drop_attrs()
    rows = mixture.table(ds)
    assert list(rows) == ["a", "b", "c"]
    assert (rows["b"]["title"], rows["b"]["scale"], rows["b"]["p50"]) == ("B", "log10", 400.0)


def test_variance_is_split_within_and_between_forms():
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((3, 4, 5000))
    apart = draws(noise + np.array([-1, 0, 1])[:, None, None])
    assert mixture.between_share(apart, weight([1, 1, 1])) == pytest.approx(2 / 5, abs=0.02)
    assert mixture.between_share(draws(noise), weight([1, 1, 1])) < 0.01
    assert math.isnan(mixture.between_share(apart.where(apart < 2, np.inf), weight([1, 1, 1])))


def test_resampling_keeps_weights_and_dependence():
    values = draws(np.stack([np.full((2, 4), v) for v in (1.0, 2.0, 3.0)]))
    drawn = mixture.sample({"x": values, "y": -values}, weight([0.5, 0.3, 0.2]), 1000, seed=4)
    assert np.array_equal(drawn["x"], -drawn["y"])
    shares = [np.mean(drawn["x"] == v) for v in (1, 2, 3)]
    assert shares == pytest.approx([0.5, 0.3, 0.2], abs=2e-3)


def test_names_of_quantiles_are_their_probabilities():
    assert {
        f"p{round(100 * p):02}": p for p in mixture.PROBABILITIES.values()
    } == mixture.PROBABILITIES
    low, high = (mixture.PROBABILITIES[name] for name in ("p05", "p95"))
    assert high - low == pytest.approx(mixture.LEVEL)


def test_rounding_of_the_last_weight_stays_within_the_draws():
    short = mixture._Ordered(np.array([1.0, 2.0, 3.0]), np.array([0.3, 0.6, 0.9]))
    assert short.at(np.array([0.5, 0.95, 1.0])).tolist() == [2, 3, 3]


def test_short_chains_have_two_batches():
    draws = np.array([1.0, 3.0, 4.0, 8.0]).reshape(1, 1, 4, 1)
    assert mixture._errors(draws).item() == pytest.approx(np.std([2, 6], ddof=1) / np.sqrt(2))
    longer = np.random.default_rng(1).normal(size=(1, 1, 100, 1))
    means = longer.reshape(10, 10).mean(axis=1)
    assert mixture._errors(longer).item() == pytest.approx(means.std(ddof=1) / np.sqrt(10))
