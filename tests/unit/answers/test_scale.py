"""Probabilities of bounds that people know, against draws whose answer is plain."""

from __future__ import annotations

import numpy as np
import pytest

from tenfold.answers import scale
from tenfold.answers.ask import ask_event
from tenfold.answers.question import Asked, Question
from tenfold.answers.registry import table


@pytest.fixture(scope="module")
def asked(headline_draws, constants):
    return Asked(headline_draws, constants, Question())


def test_shares_are_those_of_the_draws(asked):
    found = scale.shares(asked)
    weight = asked.draws["weight"]
    for name, quantity, log10 in (
        ("over_100_billion_usd", "training_cost", 11),
        ("over_world_electricity", "years_of_world_electricity", 0),
        ("at_least_million_times", "training_multiplier", 6),
    ):
        draws = asked.cost[quantity]
        above = (draws >= log10).mean([dim for dim in draws.dims if dim != "form"])
        assert found[name]["probability"] == pytest.approx(float((above * weight).sum()), abs=1e-9)
        assert found[name]["mcse"] > 0
    for row in found.values():
        alone = ask_event(asked, row["event"])
        assert (alone["probability"], alone["mcse"]) == (row["probability"], row["mcse"])
    assert found["over_world_gdp"]["probability"] <= found["over_100_billion_usd"]["probability"]


def test_what_the_world_uses_bounds_water_and_emissions(asked, constants):
    rows = scale.bounded(table(asked, ["water", "emissions", "training_cost"]), constants)
    assert rows["water"]["bound"] == pytest.approx(np.log10(constants.named("WATER_WORLD").central))
    assert "bound" not in rows["training_cost"]
