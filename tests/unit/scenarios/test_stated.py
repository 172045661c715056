"""Numbers stated outright: their quantiles are met, and what follows from them follows."""

import numpy as np
import pytest

from tenfold import mixture
from tenfold.answers import registry
from tenfold.answers.constants import load_constants
from tenfold.answers.headline import complete
from tenfold.answers.question import Asked, Question
from tenfold.files import SpecError
from tenfold.posterior.scenario import ConstantPatch
from tenfold.runs import netcdf
from tenfold.scenarios import stated

ENDS = [0.05, 0.5, 0.95]


def patch(low, central, high):
    return ConstantPatch(low=low, central=central, high=high)


@pytest.fixture(scope="module")
def sample(prior_run):
    return prior_run.group(netcdf.HEADLINE)


@pytest.mark.parametrize("name", stated.VALUES)
def test_a_stated_number_has_its_quantiles(sample, name):
    draws = complete(stated.in_sample(sample, {name: patch(1.0, 1.2, 1.5)}, 1))
    found = mixture.quantile(draws[name], draws["weight"], ENDS)
    np.testing.assert_allclose(found, [1.0, 1.2, 1.5], rtol=0.03)


def test_an_exact_exchange_rate_makes_the_jump_its_product(sample):
    values = {"exchange_rate": patch(2, 2, 2), "gpt_level_ooms": patch(2, 2, 2)}
    values["inference_per_training"] = patch(1.5, 1.5, 1.5)
    asked = Asked(complete(stated.in_sample(sample, values, 1)), load_constants(), Question())
    np.testing.assert_allclose(registry.draws_of("rl_jump_ooms", asked), 6.0, rtol=1e-5)
    # benchmarks keep their distance from the typical one
    before = complete(sample)
    ratio = before["exchange_rate_benchmark"] / before["exchange_rate"]
    after = asked.draws["exchange_rate_benchmark"] / asked.draws["exchange_rate"]
    np.testing.assert_allclose(*np.broadcast_arrays(ratio, after), rtol=1e-4)


def test_the_typical_rate_is_the_populations_and_has_no_regime(sample):
    rate = stated.typical_rate(sample)
    assert set(rate.coords) == set(sample["steepness"].coords)
    np.testing.assert_allclose(rate, complete(sample)["exchange_rate"], rtol=1e-5)


def test_a_stated_rl_share_is_taken_at_its_word(sample):
    draws, told = complete(sample), {"rl_share": patch(0.5, 1.0, 2.0)}
    constants = stated.in_baselines(load_constants(), {"grok-4": told})
    asked = Asked(draws, constants, Question())
    found = mixture.quantile(asked.base["rl_share"].log10, draws["weight"], ENDS)
    np.testing.assert_allclose(found, np.log10([0.5, 1.0, 2.0]), atol=0.02)
    others = Asked(draws, load_constants(), Question()).base
    assert np.array_equal(asked.base["energy"].log10, others["energy"].log10)


def test_a_stated_field_takes_the_place_of_what_it_follows_from(sample):
    told = {"duration": patch(50, 50, 50)}
    constants = stated.in_baselines(load_constants(), {"grok-4": told})
    base = Asked(complete(sample), constants, Question()).base
    np.testing.assert_allclose(base["duration"].to("day").log10, np.log10(50))
    found = base["gpus"].to("GPU").log10 + np.log10(50 * 24)
    np.testing.assert_allclose(found, base["gpu_hours"].to("GPU*hour").log10, atol=1e-9)


def test_fixed_tokens_scale_rl_slopes_and_never_turn_them(sample):
    rate, free = complete(sample)["exchange_rate"], sample["steepness"] * 0 + 0.8
    made = sample.assign(rl_slope_tokens_free=free, rl_slope_fixed_tokens=0.5 * free)
    found = complete(stated.at_fixed_tokens(made))["exchange_rate"]
    np.testing.assert_allclose(found, 2 * rate, rtol=1e-4)
    with pytest.raises(SpecError, match="fixed_tokens: no series"):
        stated.at_fixed_tokens(sample)
    made = made.assign(rl_slope_fixed_tokens=-free)
    assert np.isinf(complete(stated.at_fixed_tokens(made))["exchange_rate"]).all()


def test_what_cannot_be_stated_is_told(sample):
    with pytest.raises(SpecError, match="did you mean 'exchange_rate'"):
        stated.in_sample(sample, {"exchange_rat": patch(1, 1, 1)}, 1)
    with pytest.raises(SpecError, match="expected above 0"):
        stated.in_sample(sample, {"exchange_rate": patch(-1, 1, 2)}, 1)
    wrong = {"grok-4": {"rl_shar": patch(1, 1, 1)}, "grok-5": {}}
    with pytest.raises(SpecError) as error:
        stated.in_baselines(load_constants(), wrong)
    assert len(error.value.lines) == 2
