"""From OOMs to FLOP, processors, energy and money, draw by draw, all as log10.

A jump multiplies a baseline run in one of two readings:

- "rl": its RL part grows by rl_jump_ooms and pre-training stays,
  training_multiplier = (1 + rl_share * 10^rl_jump_ooms) / (1 + rl_share);
- "whole": the whole run grows, training_multiplier = 10^rl_jump_ooms.

Nothing is raised to a power before it is printed: 10^300 is 300. Units go through pint. "Never"
(+inf OOMs) costs +inf.
"""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

import numpy as np
import xarray as xr

from tenfold.answers.baseline import US_ELECTRICITY, WORLD_ELECTRICITY, Grid, baseline_run, draw
from tenfold.answers.constants import Baseline, Constants
from tenfold.files import SpecError, did_you_mean
from tenfold.mixture import label, summarise
from tenfold.units import log10_sum

__all__ = [
    "US_ELECTRICITY",
    "WORLD_ELECTRICITY",
    "Reading",
    "Split",
    "baseline_run",
    "cost",
    "draw",
    "log10_rl_shares",
    "log10_training_multiplier",
    "multiplier_curve",
    "room_left",
]

Reading = Literal["rl", "whole"]
Split = Literal["flop", "gpu_time"]


def log10_training_multiplier(
    rl_jump_ooms: Any, log10_rl_share: Any, reading: Reading = "rl"
) -> Any:
    """log10 of total training compute after the jump over before it; floats or draws.

    Stable for any number of OOMs, and +inf for +inf.
    """
    if reading == "whole":
        return rl_jump_ooms + 0.0 * log10_rl_share
    return _one_plus(log10_rl_share + rl_jump_ooms) - _one_plus(log10_rl_share)


def log10_rl_shares(
    run: Baseline, rl_share: Any, rl_utilisation: Any, split: Split
) -> tuple[Any, Any]:
    """log10 of RL over pre-training, in operations and in processor time.

    Under split "flop" both are the stated share. Under "gpu_time" RL does `rl_utilisation` as many
    operations per GPU-hour as pre-training, so time = operations / utilisation; the stated share
    is the one that `rl_share_basis` names and the other follows. All arguments are log10.
    """
    if split == "flop":
        return rl_share, rl_share
    if run.rl_share_basis == "flop":
        return rl_share, rl_share - rl_utilisation
    return rl_share + rl_utilisation, rl_share


def cost(
    jump: xr.Dataset,
    constants: Constants,
    baseline: str = "grok-4",
    reading: Reading = "rl",
    split: Split = "gpu_time",
    year: float | None = None,
    seed: int = 0,
) -> xr.Dataset:
    """What the jump `rl_jump_ooms` of a dataset with `weight` costs, from a baseline run.

    Args:
        reading: "rl" scales the RL part, "whole" the whole run.
        split: whether GPU-hours, processors, energy and money follow processor time ("gpu_time"),
            as they do, or operations ("flop"), as if RL used processors as pre-training does.
        year: run in this year, on that year's hardware and prices (`Trends`); None: on the
            baseline's own. FLOP, GPU-hours and processors stay in H100-class units.

    Returns:
        Labelled log10 draws (see `mixture.table`) with the dims of the jump, and `weight`.

    Raises:
        SpecError: unknown baseline, reading or split; a year before the baseline.
    """
    check_choice("reading", reading, get_args(Reading))
    check_choice("split", split, get_args(Split))
    ooms, run = jump["rl_jump_ooms"], constants.run(baseline)
    base = baseline_run(constants, baseline, ooms, seed)
    in_flop, in_time = log10_rl_shares(
        run, base["rl_share"].log10, base["rl_utilisation"].log10, split
    )
    flop_multiplier = log10_training_multiplier(ooms, in_flop, reading)
    multiplier = log10_training_multiplier(ooms, in_time, reading)
    grid = Grid.of(constants, run, ooms, seed, year)
    energy = base["energy"].times(multiplier - grid.log10_efficiency)
    found = xr.Dataset({"weight": jump["weight"]}).assign_attrs(
        baseline=baseline, baseline_title=run.title, reading=reading, split=split, year=str(year)
    )

    def add(name: str, values: Any, title: str, unit: str = "dimensionless") -> None:
        found[name] = label(values, title, unit, "log10")

    def scaled(key: str, less: Any = 0.0) -> Any:
        return base[key].log10 + multiplier - less

    add("log10_rl_share", in_flop, "RL over pre-training, before")
    add("log10_training_multiplier", flop_multiplier, "Training compute, multiplied by")
    if split == "gpu_time":
        add("log10_gpu_time_multiplier", multiplier, "Processor time, multiplied by")
    flop = base["training_flop"].to("FLOP").log10 + flop_multiplier
    add("log10_training_flop", flop, "Training compute", "FLOP")
    add("log10_gpu_hours", scaled("gpu_hours"), "H100-class GPU-hours", "GPU-hours")
    add("log10_gpus", scaled("gpus"), "H100-class GPUs at equal duration", "GPUs")
    add("log10_datacentres", multiplier, "Datacentres of the baseline's size", "datacentres")
    add("log10_energy_twh", energy.to("TWh").log10, "Facility electricity", "TWh")
    power = (energy / base["duration"]).to("GW").log10
    add("log10_power_gw", power, "Mean power at equal duration", "GW")
    for place, generation, at in (
        ("world", grid.world, grid.world_year),
        ("us", grid.us, grid.us_year),
    ):
        kind = "World electricity generation" if place == "world" else "US electricity consumption"
        title = f"{kind} of {at:g}"
        years = (energy / generation).to("year").log10
        add(f"log10_years_of_{place}_electricity", years, title, "years")
    add("log10_cost_usd", scaled("cost", grid.log10_price), "Training cost", "USD")
    if "datacentre_cost" in base:
        sites = scaled("datacentre_cost", grid.log10_price)
        add("log10_datacentre_cost_usd", sites, "Building those datacentres", "USD")
    if "water" in base:
        add("log10_water_liters", scaled("water", grid.log10_efficiency), "Water", "litres")
    if "emissions" in base:
        emitted = scaled("emissions", grid.log10_efficiency)
        add("log10_emissions_tco2e", emitted, "Emissions", "tCO2e")
    return found


def room_left(log10_rl_share: xr.DataArray, weight: xr.DataArray) -> xr.Dataset:
    """How much of "cheap RL" is spent, and how much is left, for draws of log10 rl_share.

    `log10_multiplier_spent` is 1 + r, training compute over pre-training so far;
    `log10_next_tenfold` is (1 + 10 r) / (1 + r), what ten times the RL does to the whole: 1.09 for
    r = 0.01, 5.5 at parity, ten in the end; `cheap_rl_ooms` is log10(2 + 1 / r), the OOMs of RL
    that just double training compute.
    """
    found = xr.Dataset({"weight": weight})
    spent = _one_plus(log10_rl_share)
    following = log10_training_multiplier(1.0, log10_rl_share)
    cheap = log10_sum(math.log10(2), -log10_rl_share)
    for name, values, title, unit, scale in (
        ("log10_multiplier_spent", spent, "Training over pre-training, so far", "", "log10"),
        ("log10_next_tenfold", following, "Training compute for ten times the RL", "", "log10"),
        ("cheap_rl_ooms", cheap, "RL OOMs until training compute doubles", "OOM", "linear"),
    ):
        found[name] = label(values, title, unit or "dimensionless", scale)
    return found


def multiplier_curve(
    log10_rl_share: xr.DataArray, weight: xr.DataArray, ooms: np.ndarray
) -> list[dict[str, Any]]:
    """Training multiplier against RL OOMs: one `mixture.summarise` row of its log10 for each."""
    return [
        {"rl_ooms": float(x)}
        | summarise(log10_training_multiplier(float(x), log10_rl_share), weight, "dimensionless")
        for x in ooms
    ]


def check_choice(name: str, value: str, known: tuple[str, ...]) -> None:
    """Raises SpecError unless `value` is one of `known`."""
    if value not in known:
        raise SpecError(f"{name} {value!r}{did_you_mean(value, list(known))}")


def _one_plus(log10: Any) -> Any:
    """log10(1 + 10^log10)."""
    return log10_sum(0.0, log10)
