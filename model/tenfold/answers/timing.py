"""When a jump becomes affordable on trend, and when paying once for RL beats paying for inference.

Trends are those of `baseline.Trends`: constant growth, an upper limit on hardware efficiency.
Years are decimal and count from the baseline's; +inf is never.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import xarray as xr

from tenfold import units
from tenfold.answers.baseline import (
    Grid,
    Trends,
    baseline_run,
    draw,
    log10_growth,
    years_after,
)
from tenfold.answers.constants import Constants
from tenfold.answers.cost import Reading, Split, log10_rl_shares, log10_training_multiplier
from tenfold.files import SpecError
from tenfold.mixture import probability
from tenfold.units import Log10Quantity, log10_minus_one

DAY_RATES = tuple(10.0**k for k in range(9, 16))
"""Tokens served per day at which break-even is reported."""

HORIZON = 3.0
"""Years over which inference is paid, where none is stated: about as long as a model is served."""

POWER_YEAR, CHIPS_YEAR, GDP_YEAR = 2030, 2026.0, 2025
"""Years for which POW30, CHIPS and GWP are stated."""

LIMITS = {
    "budget": "Budget",
    "energy": "Electricity",
    "power": "Power during the run",
    "chips": "Processors made",
    "compute": "Frontier training compute on trend",
}
"""What a run has to wait for, each with a year of its own; the last of them binds."""


def first_year(
    jump: xr.Dataset,
    constants: Constants,
    baseline: str = "grok-4",
    reading: Reading = "rl",
    split: Split = "gpu_time",
    energy_share: float = 0.01,
    budget_share: float = 0.01,
    chip_share: float = 0.1,
    seed: int = 0,
) -> xr.Dataset:
    """The first year in which `rl_jump_ooms` of `jump` is affordable on trend: the last of five.

    - budget: the baseline's cost times the multiplier, falling with price-performance, meets a
      budget that starts at the baseline's cost and grows as frontier training cost has grown, up
      to `budget_share` of world GDP, in market dollars of the year;
    - energy: its electricity, falling with hardware efficiency until the physical limit, meets
      `energy_share` of a year of world generation, which grows too;
    - power: its mean power at equal duration meets what is projected for the largest run, and
      `energy_share` of the world's mean power;
    - chips: its processors at equal duration meet `chip_share` of those made in the world so far;
    - compute: frontier training compute growing on as it has reaches the multiplier.

    Returns:
        `first_year`, one `<limit>_year` for each of `LIMITS`, and `weight`.

    Raises:
        SpecError: shares outside (0, 1]; unknown baseline.
    """
    shares = {"energy share": energy_share, "budget share": budget_share, "chip share": chip_share}
    for name, share in shares.items():
        if not 0 < share <= 1:
            raise SpecError(f"{name} {share:g}: expected above 0 and at most 1")
    ooms, run = jump["rl_jump_ooms"], constants.run(baseline)
    base = baseline_run(constants, baseline, ooms, seed)
    in_flop, in_time = log10_rl_shares(
        run, base["rl_share"].log10, base["rl_utilisation"].log10, split
    )
    multiplier = log10_training_multiplier(ooms, in_time, reading)
    trends = Trends.of(constants, ooms, seed)

    def stated(name: str, unit: str) -> xr.DataArray:
        return draw(constants, name, unit, ooms, seed).log10

    # A budget is what is spent on one run; a year's share of GDP is what may be spent in a year.
    gdp = world_gdp(constants, ooms, seed, run.year)
    over_cap = base["cost"].log10 + multiplier - (gdp + math.log10(budget_share))
    budget = np.maximum(
        years_to_close(multiplier, trends.budget + trends.price),
        years_to_close(over_cap, trends.price + trends.gdp),
    )
    supply = Grid.of(constants, run, ooms, seed).world.to("TWh/year").log10
    needed = base["energy"].to("TWh").log10 + multiplier - math.log10(energy_share)
    energy = _with_efficiency(needed - supply, trends.electricity, trends)
    # a share of the world's mean power is that share of a year's energy, in the run's own time
    power = base["energy"] / base["duration"]
    needed = power.to("TWh/year").log10 + multiplier - math.log10(energy_share)
    projected = stated("POW30", "GW") + (run.year - POWER_YEAR) * trends.power
    power = np.maximum(
        _with_efficiency(power.to("GW").log10 + multiplier - projected, trends.power, trends),
        _with_efficiency(needed - supply, trends.electricity, trends),
    )
    made = stated("CHIPS", "GPU") + (run.year - CHIPS_YEAR) * trends.chips
    wanted = base["gpus"].to("GPU").log10 + multiplier - math.log10(chip_share)
    found = {
        "budget": budget,
        "energy": energy,
        "power": power,
        "chips": years_to_close(wanted - made, trends.chips),
        "compute": years_to_close(
            log10_training_multiplier(ooms, in_flop, reading), trends.compute
        ),
    }
    years = xr.Dataset({"weight": jump["weight"]})
    years["first_year"] = run.year + functools.reduce(np.maximum, found.values())
    for name, value in found.items():
        years[f"{name}_year"] = run.year + value
    return years


def budget(
    constants: Constants, baseline: str, like: xr.DataArray, date: float, share: float, seed: int
) -> xr.DataArray:
    """log10 USD that trend gives one run at a decimal year: `first_year`'s budget, with its cap.

    Raises:
        SpecError: a date before the baseline's.
    """
    run, trends = constants.run(baseline), Trends.of(constants, like, seed)
    cost = baseline_run(constants, baseline, like, seed)["cost"].to("USD").log10
    gdp = world_gdp(constants, like, seed, date)
    grown = cost + years_after(date, run) * trends.budget
    return xr.ufuncs.minimum(grown, gdp + math.log10(share))


def world_gdp(constants: Constants, like: xr.DataArray, seed: int, date: float) -> xr.DataArray:
    """log10 US dollars of a year of world GDP at a decimal year, in market dollars of that year."""
    stated = draw(constants, "GWP", "USD/year", like, seed).log10
    return stated + (date - GDP_YEAR) * log10_growth(constants, "GR_GWP", like, seed)


def binding(years: xr.Dataset) -> list[dict[str, Any]]:
    """How often each of `LIMITS` is the last to give way: title, probability and its MCSE.

    Years that tie count for the first of them; where several never give way, so do they.
    """
    order = xr.concat([years[f"{name}_year"] for name in LIMITS], "limit")
    last = order.argmax("limit")
    rows = []
    for place, (name, title) in enumerate(LIMITS.items()):
        p, mcse = probability(last == place, years["weight"])
        rows.append({"limit": name, "title": title, "probability": p, "mcse": mcse})
    return sorted(rows, key=lambda row: -row["probability"])


def _with_efficiency(log10_gap: Any, log10_per_year: Any, trends: Trends) -> Any:
    """Years until a supply that grows meets a need that falls with efficiency, up to its limit."""
    improving = years_to_close(log10_gap, trends.efficiency + log10_per_year)
    at_limit = years_to_close(log10_gap - trends.efficiency_limit, log10_per_year)
    within = improving * trends.efficiency <= trends.efficiency_limit
    return xr.where(within, improving, at_limit)


def years_to_close(log10_gap: Any, log10_per_year: Any) -> Any:
    """Years until a trend closes a gap: 0 for no gap, +inf where the trend does not grow."""
    with np.errstate(divide="ignore", invalid="ignore"):
        years = log10_gap / log10_per_year
    years = xr.where(log10_per_year > 0, years, np.inf)
    return xr.where(log10_gap <= 0, 0.0, years)


def dated(years: xr.Dataset, name: str = "first_year") -> dict[str, dict[str, Any]]:
    """P(by 2030, 2035, 2050), P(later or never) and P(never) of a year variable; plain JSON.

    "By 2030" is by the end of that year. Each with its MCSE.
    """
    year, weight = years[name], years["weight"]
    events = {
        "by_2030": ("By the end of 2030", year < 2031),
        "by_2035": ("By the end of 2035", year < 2036),
        "by_2050": ("By the end of 2050", year < 2051),
        "later_or_never": ("Later or never", year >= 2051),
        "never": ("Never on trend", year == np.inf),
    }
    found = {}
    for key, (title, event) in events.items():
        p, mcse = probability(event, weight)
        found[key] = {"title": title, "probability": p, "mcse": mcse}
    return found


def break_even(
    jump: xr.Dataset,
    constants: Constants,
    baseline: str = "grok-4",
    reading: Reading = "rl",
    split: Split = "gpu_time",
    horizon: float = HORIZON,
    seed: int = 0,
) -> xr.Dataset:
    """Tokens served per day from which a one-off RL jump is cheaper than paying for inference.

    RL costs once what the run costs beyond the baseline. Inference costs 10^inference_jump_ooms - 1
    times the price of every token served within `horizon` years. Both are bought with hardware of
    the same price-performance: the price of a token falls as FLOP per dollar rises (GR_PP), by
    exp(-g) a year, so a token served daily costs price (1 - exp(-g horizon)) / g, undiscounted.
    Any volume is enough (log10 = -inf) where only RL can make the jump; none is (+inf) where RL
    cannot.

    Returns:
        log10 of `rl_cost` (USD), `price_per_token` (USD a million), `equal_tokens` (whose extra
        inference costs as much at today's price) and `break_even_volume` (tokens per day, as long
        as before the jump); `weight`.

    Raises:
        SpecError: a horizon at or below zero; unknown baseline.
    """
    if not 0 < horizon < math.inf:
        raise SpecError(f"horizon {horizon:g} years: expected above 0")
    ooms, run = jump["rl_jump_ooms"], constants.run(baseline)
    base = baseline_run(constants, baseline, ooms, seed)
    _, in_time = log10_rl_shares(run, base["rl_share"].log10, base["rl_utilisation"].log10, split)
    once = base["cost"].times(log10_minus_one(log10_training_multiplier(ooms, in_time, reading)))
    price = draw(constants, "PRICE_TOKEN", "USD/token", ooms, seed)
    extra = log10_minus_one(jump["inference_jump_ooms"])
    # RL that never makes the jump is never cheaper, even if inference never makes it either; RL
    # that costs nothing always is.
    extra = extra.where(np.isfinite(once.log10), 0.0)
    equal = (once / price.times(extra)).to("token")
    decline = decline_rate(constants, ooms, seed)
    served = xr.where(decline == 0, horizon, -np.expm1(-decline * horizon) / decline.where(decline))
    volume = equal / Log10Quantity(xr.ufuncs.log10(served), units.parse("year"))
    return xr.Dataset(
        {
            "weight": jump["weight"],
            "rl_cost": once.to("USD").log10,
            "price_per_token": price.to("USD/megatoken").log10,
            "equal_tokens": equal.to("token").log10,
            "break_even_volume": volume.to("token/day").log10,
        }
    )


def decline_rate(constants: Constants, like: xr.DataArray, seed: int) -> xr.DataArray:
    """ln of the yearly factor by which the same computation gets cheaper (draws, 1/year)."""
    return math.log(10) * log10_growth(constants, "GR_PP", like, seed)


def years_until_cheaper(
    even: xr.Dataset, constants: Constants, tokens_per_day: float, seed: int = 0
) -> xr.DataArray:
    """Years of serving a volume until its extra inference has cost more than RL; +inf: never.

    `even` is `break_even(...)` with the same constants and seed. With y = equal tokens / volume,
    the years at today's price, the bill for inference passes that for RL after -ln(1 - g y) / g
    years while the price falls as exp(-g t), and never if g y >= 1.

    Raises:
        SpecError: a volume that is not positive.
    """
    if not tokens_per_day > 0:
        raise SpecError(f"tokens per day {tokens_per_day:g}: expected above 0")
    decline = decline_rate(constants, even["equal_tokens"], seed)
    year = math.log10(units.registry().convert(1.0, units.parse("year"), units.parse("day")))
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        flat = 10.0 ** (even["equal_tokens"] - math.log10(tokens_per_day) - year)
        years = xr.where(decline == 0, flat, -np.log1p(-decline * flat) / decline)
    return xr.where(decline * flat >= 1, np.inf, years)
