"""Quantities of a training run before the jump, and of a run of any stated size."""

from __future__ import annotations

import math

import xarray as xr

from tenfold import units
from tenfold.answers import timing
from tenfold.answers.quantity import Quantity
from tenfold.answers.question import Asked


def rl_flop(asked: Asked) -> xr.DataArray:
    """log10 of the baseline's RL compute: its share of the whole run."""
    share = asked.base["rl_share"].log10
    return pretraining_flop(asked) + share


def pretraining_flop(asked: Asked) -> xr.DataArray:
    """log10 of the baseline's compute less its RL."""
    whole = asked.base["training_flop"].to("FLOP").log10
    return whole - units.log10_sum(0.0, asked.base["rl_share"].log10)


def emissions(asked: Asked) -> xr.DataArray | None:
    """log10 of the baseline's emissions, where they are estimated."""
    found = asked.base.get("emissions")
    return None if found is None else found.to("tCO2e").log10


def affordable(asked: Asked) -> xr.DataArray:
    """The first year in which `multiplier` times the RL, or the whole run, is affordable."""
    asks = asked.question
    ooms = xr.full_like(asked.like, math.log10(asked.need("multiplier")))
    jump = xr.Dataset({"rl_jump_ooms": ooms, "weight": asked.draws["weight"]})
    way = (asks.baseline, asks.reading, asks.split)
    shares = (asks.energy_share, asks.budget_share, asks.chip_share)
    return timing.first_year(jump, asked.constants, *way, *shares, asks.seed)["first_year"]


RUNS = (
    Quantity("baseline_rl_flop", "Baseline: RL compute", "FLOP", "amount", "", ("baseline",),
             rl_flop),
    Quantity("baseline_pretraining_flop", "Baseline: compute less its RL", "FLOP", "amount", "",
             ("baseline",), pretraining_flop),
    Quantity("baseline_emissions", "Baseline: emissions", "tCO2e", "amount", "", ("baseline",),
             emissions),
    Quantity("affordable_year", "First year in which so many times the run is affordable", "year",
             "date", "",
             ("multiplier", "baseline", "reading", "split", "energy_share", "budget_share",
              "chip_share"), affordable),
)  # fmt: skip
"""In the order in which they are listed."""
