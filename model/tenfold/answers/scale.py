"""What an interval of many orders of magnitude says: how probable the bounds are that people know.

A cost between a thousand dollars and more money than there is has no length that a person can
hold; the probability that it is above a year of world GDP has.
"""

from __future__ import annotations

import math
from typing import Any

from tenfold.answers.baseline import draw
from tenfold.answers.constants import Constants
from tenfold.answers.question import Asked
from tenfold.answers.timing import GDP_YEAR
from tenfold.mixture import probability

YEARLY = {
    "water": ("WATER_WORLD", "the world's yearly withdrawals"),
    "emissions": ("CO2_WORLD", "the world's yearly emissions"),
}
"""Quantities that mean nothing beyond what the world uses in a year: constant, what it is."""


def shares(asked: Asked) -> dict[str, dict[str, Any]]:
    """Probabilities of known bounds on what the jump costs: title, probability and its MCSE."""
    paid, weight = asked.cost, asked.draws["weight"]
    gdp = draw(asked.constants, "GWP", "USD/year", asked.like, asked.question.seed).log10
    gdp = gdp + (asked.date - GDP_YEAR) * asked.trends.gdp
    events = {
        "over_100_billion_usd": ("More than 100 billion dollars", paid["training_cost"] > 11),
        "over_world_gdp": ("More than a year of world GDP", paid["training_cost"] > gdp),
        "over_world_electricity": (
            "More than a year of world electricity",
            paid["years_of_world_electricity"] > 0,
        ),
        "at_least_million_times": (
            "At least 1,000,000 times the training compute",
            paid["training_multiplier"] >= 6,
        ),
    }
    found = {}
    for name, (title, event) in events.items():
        p, mcse = probability(event, weight)
        found[name] = {"title": title, "probability": p, "mcse": mcse}
    return found


def bounded(rows: dict[str, dict[str, Any]], constants: Constants) -> dict[str, dict[str, Any]]:
    """Rows of `registry.table`, those of `YEARLY` with `bound` (log10, in the row's unit) and
    `bound_title`."""
    found = dict(rows)
    for name in set(YEARLY) & set(rows):
        constant, title = YEARLY[name]
        bound = math.log10(constants.named(constant).central)
        found[name] = rows[name] | {"bound": bound, "bound_title": title}
    return found
