"""Rivals of the model, computed by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import special

from tenfold.posterior import priors
from tenfold.unseen import rivals, series

PRIORS = priors.load()


def little(regime="inference", score=(0.2,), se=1e-6, x=(0.0,)):
    n = len(score)
    return series.Series(
        label="s", benchmark="b", family="f", model="m", publication="", regime=regime,
        unit="tokens", floor=0.0, questions=0,
        reference=0.0, log10_compute=np.array(x), log10_compute_se=np.zeros(n),
        score=np.array(score), score_se=np.full(n, se), non_thinking=np.zeros(n, dtype=bool),
    )  # fmt: skip


@pytest.mark.parametrize(("regime", "ooms"), [("inference", 2.0), ("rl", 4.0)])
def test_the_essay_goes_from_20_to_80_percent(regime, ooms):
    found = rivals.essay(little(regime), little(regime, x=(ooms,)), np.random.default_rng(1))
    assert found.mean == pytest.approx(0.8, abs=1e-4)


def test_no_change_is_the_highest_given_point_with_both_errors():
    given = little(score=(0.2, 0.4), se=0.03, x=(0.0, 1.0))
    found = rivals.same(given, little(se=0.04, x=(2.0,)))
    assert found.mean.item() == 0.4
    assert found.sd.item() == pytest.approx(0.05)


def test_alone_has_the_prior_slope_from_one_point_and_its_own_from_many():
    target = little(x=(1.0,))
    found = rivals.alone(little(), target, PRIORS, np.random.default_rng(1))
    slope = special.logit(found.mean[:, 0]) - special.logit(0.2)
    assert np.log(slope).mean() == pytest.approx(-0.2231, abs=0.1)
    assert np.log(slope).std() == pytest.approx(0.7, abs=0.07)
    x = np.array([-1.0, -0.5, 0.0])
    given = little(score=special.expit(2 * x - 1), se=1e-4, x=x)
    found = rivals.alone(given, target, PRIORS, np.random.default_rng(1))
    assert found.mean.mean() == pytest.approx(special.expit(1.0), abs=0.01)


def test_printed_binomial_errors_do_not_tell_the_score():
    told = replace(little(score=(0.25, 0.5), x=(0.0, 1.0)), questions=100)
    told = replace(told, score_se=np.array([np.sqrt(0.25 * 0.75 / 100), 0.02]))
    assert np.isnan(series.blind(told).score_se).tolist() == [True, False]
