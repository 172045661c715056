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

from tenfold.answers.baseline import Grid, baseline_run
from tenfold.answers.constants import Baseline, Constants
from tenfold.files import SpecError, did_you_mean
from tenfold.mixture import summarise
from tenfold.units import log10_sum

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
    date: float | None = None,
    seed: int = 0,
) -> xr.Dataset:
    """What the jump `rl_jump_ooms` of a dataset with `weight` costs, from a baseline run.

    Args:
        reading: "rl" scales the RL part, "whole" the whole run.
        split: whether GPU-hours, processors, energy and money follow processor time ("gpu_time"),
            as they do, or operations ("flop"), as if RL used processors as pre-training does.
        date: run at this decimal year, on its hardware and prices (`Trends`); None: the baseline's
            own. FLOP, GPU-hours and processors stay in H100-class units.

    Returns:
        log10 draws with the dims of the jump, in FLOP, GPU-hours, TWh, GW, USD, litres, tCO2e and
        years of the world's and of US electricity in the year of the run; and `weight`.

    Raises:
        SpecError: unknown baseline, reading or split; a date before the baseline's.
    """
    check_choice("reading", reading, get_args(Reading))
    check_choice("split", split, get_args(Split))
    ooms, run = jump["rl_jump_ooms"], constants.run(baseline)
    base = baseline_run(constants, baseline, ooms, seed)
    in_flop, in_time = log10_rl_shares(
        run, base["rl_share"].log10, base["rl_utilisation"].log10, split
    )
    multiplier = log10_training_multiplier(ooms, in_time, reading)
    grid = Grid.of(constants, run, ooms, seed, date)
    energy = base["energy"].times(multiplier - grid.log10_efficiency)
    operations = log10_training_multiplier(ooms, in_flop, reading)
    gpus = base["gpus"].to("GPU").log10
    found = {
        "weight": jump["weight"],
        "rl_share": in_flop,
        "training_multiplier": operations,
        "gpu_time_multiplier": multiplier,
        "training_flop": base["training_flop"].to("FLOP").log10 + operations,
        "gpu_hours": base["gpu_hours"].to("GPU*hour").log10 + multiplier,
        "gpus": gpus + multiplier,
        "datacentres": multiplier,
        "datacentres_per_gpu": multiplier - gpus,
        "training_energy": energy.to("TWh").log10,
        "training_power": (energy / base["duration"]).to("GW").log10,
        "years_of_world_electricity": (energy / grid.world).to("year").log10,
        "years_of_us_electricity": (energy / grid.us).to("year").log10,
    }
    for name, key, unit, cheaper in (
        ("training_cost", "cost", "USD", grid.log10_price),
        ("datacentre_cost", "datacentre_cost", "USD", grid.log10_price),
        ("water", "water", "liter", grid.log10_efficiency),
        ("emissions", "emissions", "tCO2e", grid.log10_efficiency),
    ):
        if key in base:
            found[name] = base[key].to(unit).log10 + multiplier - cheaper
    return xr.Dataset(found)


def room_left(log10_rl_share: xr.DataArray, weight: xr.DataArray) -> xr.Dataset:
    """How much of "cheap RL" is spent, and how much is left, for draws of log10 rl_share.

    `multiplier_spent` is log10 of 1 + r, training compute over pre-training so far; `next_tenfold`
    log10 of (1 + 10 r) / (1 + r), what ten times the RL does to the whole: 1.09 for r = 0.01, 5.5
    at parity, ten in the end; `cheap_rl_ooms` is log10(2 + 1 / r), the OOMs of RL that just double
    training compute.
    """
    return xr.Dataset(
        {
            "weight": weight,
            "multiplier_spent": _one_plus(log10_rl_share),
            "next_tenfold": log10_training_multiplier(1.0, log10_rl_share),
            "cheap_rl_ooms": log10_sum(math.log10(2), -log10_rl_share),
        }
    )


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
