"""What figures show, computed from stored draws."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tenfold import curves
from tenfold.evidence import dataset
from tenfold.report import answer_figures, fitted, material, stored
from tenfold.report.svg import log_ticks
from tenfold.words import page as tables


def test_weights_choose_the_draws_of_bands(kept):
    taken = {
        form: len(range(*kept.mixture(form).indices(300))) for form in ("logistic", "saturating")
    }
    assert taken == {"logistic": 75, "saturating": 300}


def test_curves_pass_through_the_reference_intercept(kept):
    found = fitted.curves_of_series(kept)
    assert (found["p05"] <= found["p50"]).all()
    assert (found["p50"] <= found["p95"]).all()
    assert len(found) == kept.points.sizes["series"] * fitted.GRID
    ends = found.groupby("series", sort=False)["log10_compute"].agg(["min", "max"])
    series = kept.points["series_index"].values
    for i, name in enumerate(kept.points["series"].values):
        own = kept.points["log10_compute"].values[series == i]
        np.testing.assert_allclose(ends.loc[name], [own.min(), own.max()])


@pytest.mark.parametrize("slope", [0.4, 1.7])
def test_a_slope_alone_is_found_on_exact_points(kept, slope):
    points = kept.points.copy(deep=True)
    series = points["series_index"].values
    x = points["log10_compute"].values - points["reference"].values[series]
    floor = points["floor"].values[points["benchmark_index"].values[series]]
    level = np.linspace(-1, 1, points.sizes["series"])[series]
    points["score"] = ("obs", curves.expected_score(level + slope * x, floor, 1.0, "logistic"))
    exact = stored.Stored(kept.run, points, kept.posterior, {"logistic": 1.0, "saturating": 0.0})
    cells = fitted.slopes_by_cell(exact)
    found = cells["alone"].dropna()
    assert len(found) > 8
    np.testing.assert_allclose(found, slope, rtol=1e-3)


def test_predictive_probabilities_mix_the_forms(kept, monkeypatch):
    observed = kept.points["score"].values
    made_up = {
        "logistic": np.stack([observed - 1, observed + 1]),
        "saturating": np.stack([observed - 1, observed - 1]),
    }
    monkeypatch.setattr(stored.Stored, "predictive", lambda *_: made_up)
    np.testing.assert_allclose(fitted.pit(kept), 0.3 * 0.5 + 0.7)


def test_coverage_counts_points_in_central_intervals(kept):
    n = kept.points.sizes["obs"]
    pit = np.where(np.arange(n) % 2 == 0, 0.5, 0.97)
    whole = fitted.coverage(kept, pit)
    regimes = whole[whole["benchmark"] == "all"]
    assert regimes["points"].sum() == n
    inside = (regimes["inside_90"] * regimes["points"]).sum()
    assert inside == pytest.approx((n + 1) // 2)


def test_the_prior_stands_beside_itself(kept):
    """The stored draws are the prior's, so no ratio may be far from one."""
    table = material.parameters(kept)
    assert set(table["parameter"]) >= {"exchange_rate", "cell_sd", "lambda", "ceiling_mean"}
    # Weights of 0.3 and 0.7 on 300 draws each; heavy tails of the exchange rate are left out.
    ratio = table[table["parameter"] != "exchange_rate"]["ratio"]
    assert ratio.between(0.8, 1.25).all()


def test_density_integrates_to_one_and_finds_the_mode():
    values = np.random.default_rng(1).normal(2.0, 0.5, 20_000)
    grid = np.linspace(-1, 5, 400)
    found = answer_figures.density(values, grid)
    assert found.sum() * (grid[1] - grid[0]) == pytest.approx(1, abs=0.01)
    assert grid[found.argmax()] == pytest.approx(2.0, abs=0.1)
    assert found.max() == pytest.approx(1 / (0.5 * math.sqrt(2 * math.pi)), rel=0.08)


def test_density_does_not_sink_at_a_boundary():
    values = np.abs(np.random.default_rng(2).standard_normal(40_000))
    found = answer_figures.density(values, np.linspace(0, 4, 200))
    assert found[1] == pytest.approx(2 / math.sqrt(2 * math.pi), rel=0.1)


@pytest.mark.parametrize(("low", "high"), [(0, 8), (2.2, 4.1), (10.3, 11.5), (-2.8, 0.4), (0, 0.4)])
def test_axes_have_ticks_inside_their_range(low, high):
    ticks = log_ticks(low, high)
    assert 2 <= len(ticks) <= 7
    assert all(low <= at <= high for at, _ in ticks)
    assert len({text for _, text in ticks}) == len(ticks)


def test_the_series_on_either_side_of_a_benchmark_are_listed():
    evidence = dataset.usable(dataset.load())
    (row,) = fitted.both_regimes(evidence, ["AIME 2025"])
    assert "Qwen3-235B-A22B/AIME 2025/thinking budget" in row["inference"]
    for regime in ("rl", "inference"):
        own = evidence["series_benchmark"].values == "AIME 2025"
        own &= evidence["series_regime"].values == regime
        assert sorted(row[regime]) == sorted(evidence["series"].values[own])


def test_coverage_shows_the_future_under_the_mixture_with_its_error():
    future = {"inside_90": 0.83, "inside_90_se": 0.061}
    alone = {"inside_90": 0.7, "inside_90_se": None}
    shown = [{"regime": "rl", "benchmark": name, "points": 9, "inside_50": 0.5, "inside_90": 0.9}
             for name in ("all", "AIME 2024")]  # fmt: skip
    whole, one = tables.coverage(shown, {"regime": {"rl": alone}}, {"regime": {"rl": future}})
    assert (whole["future"], whole["loo"]) == ("83% ± 6.1%", "70%")
    assert (one["future"], one["loo"]) == ("", "")
