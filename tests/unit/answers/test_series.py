"""The score of a series at an observed compute is what the model expects there."""

from __future__ import annotations

import numpy as np
import pytest

from tenfold.answers import ask, registry
from tenfold.answers.conditions import threshold
from tenfold.answers.headline import of_run
from tenfold.answers.question import Asked, Question
from tenfold.files import SpecError
from tenfold.posterior import forward
from tenfold.runs.store import posterior_file

SERIES = "o1/AIME 2024/test-time compute"


@pytest.fixture(scope="module")
def draws(prior_run):
    return of_run(prior_run)


def test_the_curve_is_the_models(prior_run, draws, constants):
    points = prior_run.points
    own = points["series"].values[points["series_index"].values] == SERIES
    at = np.flatnonzero(own & ~points["non_thinking"].values)[[0, -1]]
    chart = int(points["chart_index"].values[points["series"].values == SERIES][0])
    for form in prior_run.forms:
        posterior = prior_run.group(posterior_file(form), "posterior")
        posterior["kappa_chart"][..., chart] = 1.0  # along true compute
        expected = forward.expected(posterior, points, form)["expected_score"]
        for i in at:
            compute = float(10 ** points["log10_compute"].values[i])
            asked = Asked(draws, constants, Question(series=SERIES, compute=compute))
            found = registry.draws_of("score_at", asked).sel(form=form)
            assert found.values == pytest.approx(expected.values[..., i], abs=1e-5)


def test_it_is_asked_for_as_any_other(draws, constants):
    asked = Asked(draws, constants, Question(series=SERIES, compute=100.0))
    wanted = threshold(registry.named("score_at"), "between", "0.8", "0.9")
    found = ask.ask(asked, "score_at", [wanted], "exchange_rate > 1")
    assert found["title"].startswith(f"{SERIES}: score on its curve")
    assert 0 < found["probabilities"][0]["probability"] < 1
    assert 0 < found["p_given"]["probability"] < 1
    assert "the series, seen from 10^0.0 to 10^" in found["rests_on"][-1]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "`compute` is needed"),
        ({"compute": 1.0}, "`series` is needed"),
        ({"series": SERIES, "compute": 0.0}, "compute 0: expected above 0"),
        ({"series": f"{SERIES}s", "compute": 1.0}, f"did you mean '{SERIES}'"),
    ],
)
def test_what_is_missing_is_said(draws, constants, given, said):
    with pytest.raises(SpecError, match=said):
        registry.draws_of("score_at", Asked(draws, constants, Question(**given)))
