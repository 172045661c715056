"""When a jump becomes affordable on trend, and when paying once for RL beats paying for inference.

Trends are those of `baseline.Trends`: constant growth, an upper limit on hardware efficiency.
Years are decimal and count from the baseline's; +inf is never.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import xarray as xr

from tenfold import units
from tenfold.answers.baseline import WORLD_ELECTRICITY, Trends, baseline_run, draw
from tenfold.answers.constants import Constants
from tenfold.answers.cost import Reading, Split, log10_rl_shares, log10_training_multiplier
from tenfold.files import SpecError
from tenfold.mixture import label, probability, summarise
from tenfold.units import Log10Quantity, log10_minus_one

DAY_RATES = tuple(10.0**k for k in range(9, 16))
"""Tokens served per day at which break-even is reported."""


def first_year(
    jump: xr.Dataset,
    constants: Constants,
    baseline: str = "grok-4",
    reading: Reading = "rl",
    split: Split = "flop",
    energy_share: float = 0.01,
    budget_share: float = 0.01,
    seed: int = 0,
) -> xr.Dataset:
    """The first year in which `rl_jump_ooms` of `jump` is affordable on trend.

    - budget: the baseline's cost times the multiplier, falling with price-performance, meets a
      budget that starts at the baseline's cost and grows as frontier training cost has grown, up
      to `budget_share` of world GDP;
    - energy: its electricity, falling with hardware efficiency until the physical limit, meets
      `energy_share` of a year of world generation, which grows too;
    - both: `first_year`, the later of the two;
    - compute, beside them: frontier training compute growing on as it has reaches the multiplier.

    Returns:
        `first_year`, `budget_year`, `energy_year`, `compute_year` and `weight`.

    Raises:
        SpecError: shares outside (0, 1]; unknown baseline.
    """
    for name, share in (("energy share", energy_share), ("budget share", budget_share)):
        if not 0 < share <= 1:
            raise SpecError(f"{name} {share:g}: expected above 0 and at most 1")
    ooms, run = jump["rl_jump_ooms"], constants.run(baseline)
    base = baseline_run(constants, baseline, ooms, seed)
    in_flop, in_time = log10_rl_shares(
        run, base["rl_share"].log10, base["rl_utilisation"].log10, split
    )
    multiplier = log10_training_multiplier(ooms, in_time, reading)
    trends = Trends.of(constants, ooms, seed)
    gdp = draw(constants, "GWP", "USD/year", ooms, seed)
    # A budget is what is spent on one run; a year's share of GDP is what may be spent in a year.
    over_cap = base["cost"].log10 + multiplier - (gdp.log10 + math.log10(budget_share))
    budget = np.maximum(
        years_to_close(multiplier, trends.budget + trends.price),
        years_to_close(over_cap, trends.price),
    )
    world = draw(constants, WORLD_ELECTRICITY[0], "TWh/year", ooms, seed)
    supply = world.log10 + (run.year - WORLD_ELECTRICITY[1]) * trends.electricity
    gap = base["energy"].to("TWh").log10 + multiplier - (supply + math.log10(energy_share))
    improving = years_to_close(gap, trends.efficiency + trends.electricity)
    at_limit = years_to_close(gap - trends.efficiency_limit, trends.electricity)
    energy = xr.where(improving * trends.efficiency <= trends.efficiency_limit, improving, at_limit)
    compute = years_to_close(log10_training_multiplier(ooms, in_flop, reading), trends.compute)
    found = xr.Dataset({"weight": jump["weight"]}).assign_attrs(
        baseline=baseline, energy_share=energy_share, budget_share=budget_share
    )
    for name, years, title in (
        ("first_year", np.maximum(budget, energy), "First year affordable: budget and energy"),
        ("budget_year", budget, f"Budget on trend, up to {budget_share:.2g} of world GDP"),
        ("energy_year", energy, f"Electricity at most {energy_share:.2g} of world generation"),
        ("compute_year", compute, "Frontier training compute on trend"),
    ):
        found[name] = label(run.year + years, title, "year", "calendar")
    return found


def years_to_close(log10_gap: Any, log10_per_year: Any) -> Any:
    """Years until a trend closes a gap: 0 for no gap, +inf where the trend does not grow."""
    with np.errstate(divide="ignore", invalid="ignore"):
        years = log10_gap / log10_per_year
    years = xr.where(log10_per_year > 0, years, np.inf)
    return xr.where(log10_gap <= 0, 0.0, years)


def dated(years: xr.Dataset, name: str = "first_year") -> dict[str, dict[str, Any]]:
    """P(by 2030), P(by 2035), P(not before 2040) of a year variable, with MCSE; plain JSON.

    "By 2030" is by the end of that year, "not before 2040" from its first day.
    """
    year, weight = years[name], years["weight"]
    events = {
        "by_2030": ("By the end of 2030", year < 2031),
        "by_2035": ("By the end of 2035", year < 2036),
        "not_before_2040": ("Not before 2040", year >= 2040),
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
    split: Split = "flop",
    seed: int = 0,
) -> xr.Dataset:
    """Tokens served per day from which a one-off RL jump is cheaper than inference for ever.

    RL costs once what the run costs beyond the baseline. Inference costs 10^inference_jump_ooms - 1
    times the price of every token, for ever, while the price at fixed capability falls by a
    constant factor a year: a token served daily costs price / ln(factor) in all, undiscounted. If
    the price does not fall, any volume is enough in the end (log10 = -inf); so it is where only RL
    can make the jump. Where RL cannot, no volume is (+inf).

    Returns:
        `log10_rl_cost_usd`, `log10_equal_tokens` (whose extra inference costs as much at today's
        price) and `log10_break_even_tokens_per_day`, tokens as long as before the jump; `weight`.
    """
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
    with np.errstate(divide="ignore"):
        falling = xr.ufuncs.log10(decline_rate(constants, ooms, seed).clip(min=0.0))
    falling = falling.where(equal.log10 < np.inf, 0.0)
    volume = equal * Log10Quantity(falling, units.parse("1/year"))
    found = xr.Dataset({"weight": jump["weight"]}).assign_attrs(baseline=baseline)
    for name, quantity, title, unit in (
        ("log10_rl_cost_usd", once, "RL, paid once", "USD"),
        ("log10_equal_tokens", equal, "Tokens whose extra inference costs the same today", "token"),
        ("log10_break_even_tokens_per_day", volume, "Break-even volume", "token/day"),
    ):
        found[name] = label(
            quantity.to(unit).log10, title, f"{unit}".replace("token", "tokens"), "log10"
        )
    return found


def decline_rate(constants: Constants, like: xr.DataArray, seed: int) -> xr.DataArray:
    """ln of the yearly factor by which the price of a fixed capability falls (draws, 1/year)."""
    return math.log(10) * draw(constants, "PRICE", "fold/year", like, seed).log10


def break_even_curve(
    even: xr.Dataset,
    constants: Constants,
    tokens_per_day: tuple[float, ...] = DAY_RATES,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """For each volume: P(RL ends up cheaper), its MCSE, and the years until it is (summary row).

    `even` is `break_even(...)` with the same constants and seed. With y = equal tokens / volume,
    the years at today's price, the bill for inference passes that for RL after -ln(1 - g y) / g
    years while the price falls as exp(-g t), and never if g y >= 1.
    """
    weight = even["weight"]
    decline = decline_rate(constants, even["log10_equal_tokens"], seed)
    year = math.log10(units.registry().convert(1.0, units.parse("year"), units.parse("day")))
    rows = []
    for volume in tokens_per_day:
        if not volume > 0:
            raise SpecError(f"tokens per day {volume:g}: expected above 0")
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            flat = 10.0 ** (even["log10_equal_tokens"] - math.log10(volume) - year)
            years = xr.where(decline == 0, flat, -np.log1p(-decline * flat) / decline)
        years = xr.where(decline * flat >= 1, np.inf, years)
        p, mcse = probability(np.isfinite(years), weight)
        rows.append(
            {"tokens_per_day": volume, "p_rl_cheaper": p, "mcse": mcse}
            | {"years": summarise(years, weight, "year")}
        )
    return rows
