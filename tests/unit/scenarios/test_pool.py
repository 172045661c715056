"""Scenarios pooled: a linear pool of their draws, with the weights stated."""

import numpy as np
import pytest
import xarray as xr

from tenfold import mixture
from tenfold.files import SpecError
from tenfold.scenarios import pool
from tenfold.words import scenarios as words


def test_a_pool_is_the_mixture_of_its_parts():
    rng = np.random.default_rng(1)

    def part(middle, forms, draws):
        values = rng.normal(middle, 1, (len(forms), 2, draws))
        weight = xr.DataArray(np.full(len(forms), 1 / len(forms)), {"form": forms}, ("form",))
        return xr.DataArray(values, {"form": forms}, ("form", "chain", "draw")), weight

    one, other = part(0.0, ["a", "b"], 4000), part(10.0, ["a"], 2000)
    shares = {"one": 0.7, "other": 0.3}
    values, weight = pool.together(
        {"one": one[0], "other": other[0]}, {"one": one[1], "other": other[1]}, shares
    )
    below = mixture.probability(values < 5, weight)[0]
    assert below == pytest.approx(0.7, abs=1e-6)
    assert float(mixture.quantile(values, weight, [0.35])[0]) == pytest.approx(0.0, abs=0.05)


def test_scenarios_side_by_side_and_pooled(prior_run, tmp_path):
    shares = pool.weights("essay-numbers:0.25, baseline:0.75")
    found = pool.pooled(prior_run, tmp_path, shares, ["exchange_rate", "rl_jump_ooms"])
    assert found[""] == {"essay-numbers": "propagate", "baseline": "none"}
    rows = found["rl_jump_ooms"]["rows"]
    assert rows["essay-numbers"]["p50"] == pytest.approx(6.0, rel=1e-4)
    assert rows["baseline"]["p05"] <= rows["pool"]["p05"] <= rows["essay-numbers"]["p05"]
    _, columns, listed = words.pool(found, shares)
    assert {len(row) for row in listed} == {len(columns)} == {4}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("jones:0.5,epoch:0.6", "weights sum to 1.1; expected 1"),
        ("jones", "expected SCENARIO:WEIGHT"),
        ("jones:x,epoch:0.5", "expected SCENARIO:WEIGHT"),
        ("jones:0.5,jones:0.5", "given twice"),
    ],
)
def test_weights_that_are_none_are_told(text, told):
    with pytest.raises(SpecError, match=told):
        pool.weights(text)


def test_a_scenario_of_a_file_has_its_weight_after_it():
    assert pool.weights("a.toml:mine:0.4,b.toml:0.6") == {"a.toml:mine": 0.4, "b.toml": 0.6}
