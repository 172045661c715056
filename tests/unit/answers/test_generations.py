"""A jump within one run and across generations of them, each by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from tenfold.answers import charts, registry
from tenfold.answers.headline import of_run
from tenfold.answers.question import Asked, Question
from tenfold.files import SpecError

TRAIN, TEST = "o1/AIME 2024/training compute", "o1/AIME 2024/test-time compute"


@pytest.fixture(scope="module")
def asked(prior_run, constants) -> Asked:
    return Asked(of_run(prior_run), constants, Question())


def test_within_a_run_its_own_curve_is_followed(asked):
    given = {"series": TRAIN, "compute": 30.0}
    found = registry.draws_of("rl_jump_within_run", asked.but(**given))
    start = registry.draws_of("score_at", asked.but(**given))
    one, draws = charts.curve(asked, TRAIN), asked.draws
    there = draws[["slope_at_benchmark", "ceiling"]].sel(benchmark="AIME 2024", regime="inference")
    gained = there["slope_at_benchmark"] * draws["gpt_level_ooms"] * draws["inference_per_training"]
    for form in draws["form"].values:
        at = {"form": form}
        share = start.sel(at) / there["ceiling"].sel(at)
        reached = there["ceiling"].sel(at) * special.expit(special.logit(share) + gained.sel(at))
        top = one["ceiling"].sel(at)
        climb = special.logit(reached / top) - special.logit(start.sel(at) / top)
        wanted = (climb / one["slope"].sel(at)).where(reached < top, np.inf)
        ours = found.sel(at).broadcast_like(wanted).transpose(*wanted.dims)
        sure = ((reached < 0.999 * top) & (share < 0.999)).values  # rounding at the ceilings
        assert sure.mean() > 0.2
        np.testing.assert_allclose(ours.values[sure], wanted.values[sure], rtol=1e-3, atol=1e-6)
    assert 0 < (found.sel(form="saturating") == np.inf).mean() < 1


def test_only_an_rl_run_has_more_of_itself(asked):
    with pytest.raises(SpecError, match="inference; expected an RL run"):
        registry.draws_of("rl_jump_within_run", asked.but(series=TEST, compute=1.0))


def test_across_runs_steps_of_generations_speak(asked):
    found = registry.draws_of("rl_jump_across_runs", asked)
    rows = charts.table(asked, "rl_ooms", "rl_step", "shift_ooms", "shift")
    each = [
        float(rows["rl_ooms"].values[own].mean() / rows["shift_ooms"].values[own].mean())
        for step in np.unique(rows["rl_step"].values)
        if (own := rows["rl_step"].values == step).any()
    ]
    rate = (found / asked.linear["inference_jump_ooms"]).values
    never = np.isinf(rate).mean()
    assert 0 < never < 0.1  # a saving a standard error or two from none
    assert np.median(rate) == pytest.approx(np.mean(each), rel=0.1)
    # the population's curves have no say
    steeper = asked.draws.assign(exchange_rate=2 * asked.draws["exchange_rate"])
    other = registry.draws_of(
        "rl_jump_across_runs", Asked(steeper, asked.constants, asked.question)
    )
    np.testing.assert_array_equal(other.values, found.values)
