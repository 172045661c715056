"""The largest training runs on trend: from the largest that is known, growing on as they have."""

from __future__ import annotations

import datetime
import math

import xarray as xr

from tenfold.answers import rl_share
from tenfold.answers.baseline import baseline_run, years_after
from tenfold.answers.constants import Constants
from tenfold.answers.question import Asked

UNITS = {"training_flop": "FLOP", "cost": "USD"}
"""What is told of a run, and in which unit."""


def largest(constants: Constants) -> str:
    """The baseline with the most training compute, by the medians of its constants."""

    def flop(name: str) -> float:
        run = constants.run(name)
        stated = run.training_flop or run.pretraining_flop
        return constants.named(stated).central if stated else -math.inf

    return max(constants.baseline, key=flop)


def at_date(asked: Asked, key: str) -> xr.DataArray:
    """log10 of `key` of the largest run at the question's date (its own, if none is asked).

    Raises:
        SpecError: a date before that run.
    """
    name, date = largest(asked.constants), asked.question.date
    run = asked.constants.run(name)
    found = baseline_run(asked.constants, name, asked.like, asked.question.seed)
    growth = {"training_flop": asked.trends.compute, "cost": asked.trends.budget}[key]
    waited = 0.0 if date is None else years_after(date, run)
    return found[key].to(UNITS[key]).log10 + waited * growth


def observed(asked: Asked) -> str:
    """What the answer rests on: the run and its date."""
    run = asked.constants.run(largest(asked.constants))
    year, month = divmod(math.floor(12 * run.year), 12)
    of = str(datetime.date(year, month + 1, 1))[:7]
    return f"the last observation, {run.title}, of {of}, growing on as frontier runs have"


def rl_share_at(asked: Asked) -> xr.DataArray:
    """log10 RL share of one more model of the question's date (the largest run's, if none is)."""
    date = asked.question.date
    at = asked.constants.run(largest(asked.constants)).year if date is None else date
    return rl_share.typical(at, asked.like, asked.question.seed, asked.constants.as_of).log10
