"""Draws of constants: a baseline run, the trends of hardware and money, and electricity supply.

Each quantity is a `Log10Quantity`: draws of the log10 of its magnitude with a pint unit. Constants
are independent of one another; quantities derived here (energy from power, say) are not.
"""

from __future__ import annotations

import functools
import math
import operator
import zlib
from collections.abc import Hashable
from dataclasses import dataclass
from typing import cast

import numpy as np
import xarray as xr

from tenfold import units
from tenfold.answers import rl_share
from tenfold.answers.constants import Baseline, Constant, Constants
from tenfold.files import SpecError
from tenfold.mixture import REPEAT
from tenfold.units import Log10Quantity, log10_sum

WORLD_ELECTRICITY = ("WE25", 2025.5)
"""Constant of the world's generation, and the middle of the year that it is of."""
US_ELECTRICITY = ("US25", 2025.5)
"""The same of US consumption, which is what is published for the US."""


def draw(
    constants: Constants, name: str, unit: str, like: xr.DataArray, seed: int
) -> Log10Quantity:
    """log10 draws of a positive constant in `unit`, with the dims of `like` but repeats.

    The generator is seeded by `seed` and the name: the same constant has the same draws wherever it
    is used, and changing one constant leaves the draws of all others alone.

    Raises:
        SpecError: unknown constant, wrong dimension, or draws that are not positive.
    """
    constant = constants.named(name)
    if not units.compatible(constant.unit, unit):
        raise SpecError(f"constant {name!r} is in {constant.unit}; expected a unit such as {unit}")
    if constant.numerator:
        return _derived(constants, constant, like, seed).to(unit)
    like = once(like)
    values = _log10(cast("Hashable", constant), name, like.shape, seed)
    labelled = xr.DataArray(values, coords=like.coords, dims=like.dims)
    return Log10Quantity(labelled, units.parse(constant.unit)).to(unit)


def once(like: xr.DataArray) -> xr.DataArray:
    """`like` without repeats, which a constant has none of: they are further predictions of the
    same draw, and its own draws are stratified already."""
    return like.isel({REPEAT: 0}, drop=True, missing_dims="ignore")


@functools.lru_cache(maxsize=256)
def _log10(
    constant: Constant, name: str, shape: tuple[int, ...], seed: int, rate: float | None = None
) -> np.ndarray:
    """log10 draws in the constant's unit: an answer reads most of them several times.

    Args:
        rate: the constant is a rate of growth, so much of it a year: of the yearly factor instead.
    """
    values = constant.draw(shape, np.random.default_rng([seed, zlib.crc32(name.encode())]))
    if rate is not None:
        values = 1 + rate * values
    if values.min() <= 0:
        told = "at or below zero; expected a positive one"
        told = told if rate is None else "at or below -1; expected a growth rate"
        raise SpecError(f"constant {name!r} has draws {told}")
    logs = np.log10(values)
    logs.flags.writeable = False
    return logs


def _derived(
    constants: Constants, constant: Constant, like: xr.DataArray, seed: int
) -> Log10Quantity:
    """Draws of a product of constants over a product of others, each in its own unit."""

    def product(names: tuple[str, ...]) -> Log10Quantity:
        units_of = [constants.named(name).unit for name in names]
        parts = [draw(constants, n, u, like, seed) for n, u in zip(names, units_of, strict=True)]
        return functools.reduce(operator.mul, parts)

    above = product(constant.numerator)
    return above / product(constant.denominator) if constant.denominator else above


def baseline_run(
    constants: Constants, name: str, like: xr.DataArray, seed: int
) -> dict[str, Log10Quantity]:
    """Draws of every quantity of a baseline run, given or derived.

    Keys: rl_share, rl_utilisation, training_flop, gpu_hours, gpus, energy, cost, duration, and
    water, emissions, datacentre_cost where the baseline has them.
    """
    run = constants.run(name)

    def given(field: str, unit: str) -> Log10Quantity:
        return draw(constants, getattr(run, field), unit, like, seed)

    found = {
        "rl_share": rl_share.share(constants, run, once(like), seed),
        "rl_utilisation": given("rl_utilisation", "dimensionless"),
    }
    if run.training_flop:
        found["training_flop"] = given("training_flop", "FLOP")
    else:
        one_plus = Log10Quantity(
            log10_sum(0.0, found["rl_share"].log10), units.parse("dimensionless")
        )
        found["training_flop"] = given("pretraining_flop", "FLOP") * one_plus
    if run.gpu_hours:
        found["gpu_hours"] = given("gpu_hours", "GPU*hour")
    else:
        hours = found["training_flop"] / given("gpu_throughput", "FLOP/(GPU*second)")
        found["gpu_hours"] = hours.to("GPU*hour")
    if run.gpus:
        found["gpus"] = given("gpus", "GPU")
        found["duration"] = (found["gpu_hours"] / found["gpus"]).to("day")
    else:
        found["duration"] = given("duration", "day")
        found["gpus"] = (found["gpu_hours"] / found["duration"]).to("GPU")
    if run.energy:
        found["energy"] = given("energy", "TWh")
    else:
        found["energy"] = (found["gpu_hours"] * given("gpu_power", "kW/GPU")).to("TWh")
    if run.cost:
        found["cost"] = given("cost", "USD")
    else:
        found["cost"] = (found["gpu_hours"] * given("gpu_hour_price", "USD/(GPU*hour)")).to("USD")
    for field, unit in (("water", "liter"), ("emissions", "tCO2e"), ("datacentre_cost", "USD")):
        if getattr(run, field):
            found[field] = given(field, unit)
    return found


@dataclass(frozen=True)
class Trends:
    """Yearly growth as log10 factors per year (draws), and the physical limit on efficiency.

    efficiency: FLOP per joule of leading hardware; price: FLOP per dollar; electricity: world
    generation; gdp: world GDP in market dollars; compute, budget, power: of frontier training
    runs; chips: AI processors made; efficiency_limit: log10 of all the improvement in FLOP per
    joule that is still to come.
    """

    efficiency: xr.DataArray
    efficiency_limit: xr.DataArray
    price: xr.DataArray
    electricity: xr.DataArray
    gdp: xr.DataArray
    compute: xr.DataArray
    budget: xr.DataArray
    power: xr.DataArray
    chips: xr.DataArray

    @classmethod
    def of(cls, constants: Constants, like: xr.DataArray, seed: int) -> Trends:
        """Draws from the constants EFF_CAP and GR_*."""
        return cls(
            efficiency=log10_growth(constants, "GR_EFF", like, seed),
            efficiency_limit=draw(constants, "EFF_CAP", "dimensionless", like, seed).log10,
            price=log10_growth(constants, "GR_PP", like, seed),
            electricity=log10_growth(constants, "GR_WE", like, seed),
            gdp=log10_growth(constants, "GR_GWP", like, seed),
            compute=log10_growth(constants, "GR_COMP", like, seed),
            budget=log10_growth(constants, "GR_COST", like, seed),
            power=log10_growth(constants, "GR_POW", like, seed),
            chips=log10_growth(constants, "GR_CHIP", like, seed),
        )

    def log10_efficiency(self, years: float) -> xr.DataArray:
        """log10 gain in FLOP per joule after `years`, never past the limit."""
        gained = years * self.efficiency
        return gained.where(gained < self.efficiency_limit, self.efficiency_limit)


def log10_growth(constants: Constants, name: str, like: xr.DataArray, seed: int) -> xr.DataArray:
    """log10 of the factor by which something grows in a year, from a rate or a factor.

    A constant in 1/year is a rate g (0.4 is 40% a year: factor 1 + g), one in fold/year the factor.

    Raises:
        SpecError: another unit, or a factor at or below zero.
    """
    constant = constants.named(name)
    if units.compatible(constant.unit, "fold/year"):
        return draw(constants, name, "fold/year", like, seed).log10
    if not units.compatible(constant.unit, "1/year"):
        raise SpecError(f"constant {name!r} is in {constant.unit}; expected 1/year or fold/year")
    like = once(like)
    per_year = units.registry().convert(1.0, units.parse(constant.unit), units.parse("1/year"))
    factor = _log10(cast("Hashable", constant), name, like.shape, seed, per_year)
    return xr.DataArray(factor, coords=like.coords, dims=like.dims)


def years_after(year: float, run: Baseline) -> float:
    """Years from the baseline's run to `year`.

    Raises:
        SpecError: `year` lies before the baseline's.
    """
    if not run.year <= year < math.inf:
        raise SpecError(f"date {year:g}: expected {run.year:g} (the baseline's) or later")
    return year - run.year


@dataclass(frozen=True)
class Grid:
    """Yearly electricity at a date, and the gains of hardware since the baseline's (draws).

    There is one date for both: what a year's electricity is does not depend on what is asked of it.
    """

    world: Log10Quantity
    us: Log10Quantity
    log10_efficiency: xr.DataArray
    log10_price: xr.DataArray

    @classmethod
    def of(
        cls,
        constants: Constants,
        run: Baseline,
        like: xr.DataArray,
        seed: int,
        date: float | None = None,
    ) -> Grid:
        """On trend at decimal year `date`, by default the baseline's own.

        Raises:
            SpecError: a date before the baseline's.
        """
        at = run.year if date is None else date
        trends = Trends.of(constants, like, seed)
        waited = years_after(at, run)

        def supply(name: str, middle: float) -> Log10Quantity:
            measured = draw(constants, name, "TWh/year", like, seed)
            return measured.times((at - middle) * trends.electricity)

        return cls(
            supply(*WORLD_ELECTRICITY),
            supply(*US_ELECTRICITY),
            trends.log10_efficiency(waited),
            waited * trends.price,
        )
