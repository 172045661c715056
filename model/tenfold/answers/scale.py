"""What an interval of many orders of magnitude says: how probable the bounds are that people know.

A cost between a thousand dollars and more money than there is has no length that a person can
hold; the probability that it is above a year of world GDP has.
"""

from __future__ import annotations

import math
from typing import Any

from tenfold.answers.conditions import conditions, holds
from tenfold.answers.constants import Constants
from tenfold.answers.question import Asked
from tenfold.answers.rows import Rows
from tenfold.mixture import probability

MOST_OOMS = 15.0
"""OOMs at which axes and tables end: what lies beyond is told as a share, whatever its length."""
YEARLY = {
    "water": ("WATER_WORLD", "the world's yearly withdrawals"),
    "emissions": ("CO2_WORLD", "the world's yearly emissions"),
}
"""Quantities that mean nothing beyond what the world uses in a year: constant, what it is."""


EVENTS = {
    "over_100_billion_usd": ("More than 100 billion dollars", "training_cost > 1e11 USD"),
    "over_world_gdp": ("More than a year of world GDP", "training_cost > world_gdp"),
    "over_world_electricity": (
        "More than a year of world electricity",
        "years_of_world_electricity > 1 year",
    ),
    "at_least_million_times": (
        "At least 1,000,000 times the training compute",
        "training_multiplier >= 1000000",
    ),
}
"""Bounds that people know: title, and the event as `tenfold ask "P(...)"` takes it."""


def shares(asked: Asked) -> dict[str, dict[str, Any]]:
    """Probabilities of `EVENTS`: title, event, probability and its MCSE."""
    found = {}
    for name, (title, event) in EVENTS.items():
        p, mcse = probability(holds(conditions(event), asked), asked.draws["weight"])
        found[name] = {"title": title, "event": event, "probability": p, "mcse": mcse}
    return found


def bounded(rows: Rows, constants: Constants) -> Rows:
    """Rows of `registry.table`, those of `YEARLY` with `bound` (log10, in the row's unit) and
    `bound_title`."""
    found = dict(rows)
    for name in set(YEARLY) & set(rows):
        constant, title = YEARLY[name]
        bound = math.log10(constants.named(constant).central)
        found[name] = {**rows[name], "bound": bound, "bound_title": title}
    return found
