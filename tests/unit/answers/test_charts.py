"""Curves of single series against the stored posterior, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from tenfold.answers import registry
from tenfold.answers.headline import of_run
from tenfold.answers.question import Asked, Question
from tenfold.files import SpecError

TEST, TRAIN = "o1/AIME 2024/test-time compute", "o1/AIME 2024/training compute"


@pytest.fixture(scope="module")
def asked(prior_run, constants) -> Asked:
    return Asked(of_run(prior_run), constants, Question())


def drawn(asked, name, form="logistic", **given):
    return registry.draws_of(name, asked.but(**given)).sel(form=form).values


@pytest.fixture(scope="module")
def stored(prior_run):
    """Form -> slope, intercept, ceiling of a series, each (chain, draw)."""

    def of(label, form="logistic"):
        posterior = prior_run.tree(form)["posterior"].to_dataset().sel(series=label)
        names = ("slope", "intercept", "series_ceiling")
        return [posterior[name].transpose("chain", "draw").values for name in names]

    return of


def test_a_climb_on_a_charts_own_curve(asked, stored):
    slope, _, ceiling = stored(TEST, "saturating")
    found = drawn(asked, "chart_multiplier", "saturating", series=TEST, start=0.2, target=0.8)
    reaches = ceiling > 0.8
    assert 0 < reaches.mean() < 1
    assert (found[~reaches] == np.inf).all()
    climb = special.logit(0.8 / ceiling[reaches]) - special.logit(0.2 / ceiling[reaches])
    np.testing.assert_allclose(found[reaches], climb / slope[reaches], rtol=1e-3)


def test_a_score_reached_is_the_inverse_of_a_climb(asked):
    score = drawn(asked, "chart_score", series=TEST, start=0.3, multiplier=100.0)
    middle = float(np.median(score))
    ooms = drawn(asked, "chart_multiplier", series=TEST, start=0.3, target=middle)
    np.testing.assert_array_equal(ooms <= 2.0 + 1e-9, score >= middle - 1e-9)


def test_two_charts_are_compared(asked, stored):
    (first, start, _), (second, other, _) = stored(TEST), stored(TRAIN)
    ratio = drawn(asked, "chart_slope_ratio", series=TRAIN, other=TEST)
    np.testing.assert_allclose(ratio, second / first, rtol=1e-5)
    points = asked.draws.attrs["run"]
    assert points
    half = drawn(asked, "chart_compute_ratio", series=TEST, other=TEST, start=0.5)
    np.testing.assert_allclose(half, 0.0, atol=1e-9)
    apart = drawn(asked, "chart_compute_ratio", series=TEST, other=TRAIN, start=0.5)
    reference = drawn(asked, "chart_compute_ratio", series=TRAIN, other=TEST, start=0.5)
    np.testing.assert_allclose(apart, -reference, rtol=1e-6, atol=1e-9)
    shift = apart - (-start / first + other / second)
    np.testing.assert_allclose(shift, shift[0, 0], atol=1e-3)


def test_a_share_of_series_counts_those_that_climb(asked, prior_run, stored):
    points = prior_run.points
    counts = np.bincount(points["series_index"].values)
    curves = [
        str(label)
        for label, regime, place, n in zip(
            points["series"].values, points["series_regime"].values,
            points["series_benchmark"].values, counts, strict=True,
        )
        if regime == "inference" and place == "AIME 2024" and n >= 3
    ]  # fmt: skip
    assert len(curves) > 1
    given = {"regime": "inference", "benchmark": "AIME 2024", "start": 0.2, "target": 0.8}
    share = drawn(asked, "series_share", multiplier=100.0, **given)
    slopes = np.stack([stored(label)[0] for label in curves])
    np.testing.assert_allclose(share, (special.logit(0.8) * 2 / slopes <= 2).mean(0))
    tops = np.stack([stored(label, "saturating")[2] for label in curves])
    below = drawn(asked, "plateau_share", "saturating", **given)
    np.testing.assert_allclose(below, (tops <= 0.8).mean(0))


def test_rows_of_the_evidence_have_their_printed_value(asked, prior_run):
    points = prior_run.points
    name = str(points["shift"].values[0])
    saved = registry.draws_of("tokens_saved", asked.but(shift=name))
    assert float(saved.mean()) == pytest.approx(float(points["shift_ooms"][0]), abs=0.01)
    assert float(saved.std()) == pytest.approx(float(points["shift_ooms_se"][0]), rel=0.05)
    technique = str(points["tradeoff"].values[0])
    ratio = registry.draws_of("inference_per_training_of", asked.but(technique=technique))
    printed = float(points["inference_per_training"][0])
    assert float(ratio.median()) == pytest.approx(printed, rel=0.01)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("chart_slope", {"series": TEST + "s"}, "did you mean 'o1/AIME 2024/test-time compute'"),
        ("chart_slope", {}, "`series` is needed"),
        ("tokens_saved", {"shift": "o1 to o4"}, "did you mean 'o1 to o3'"),
        (
            "series_share",
            {"benchmark": "CritPt", "start": 0.2, "target": 0.8, "multiplier": 2.0},
            "no rl series with a curve there",
        ),
    ],
)
def test_mistakes_are_one_line(asked, name, given, said):
    with pytest.raises(SpecError, match=said):
        registry.draws_of(name, asked.but(**given))


def test_draws_of_no_run_have_no_charts(headline_draws, constants):
    lost = Asked(headline_draws, constants, Question(series=TEST))
    with pytest.raises(SpecError, match="no stored run"):
        registry.draws_of("chart_slope", lost)
