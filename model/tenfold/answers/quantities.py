"""The registry of quantities: everything that can be asked for, each under its one name.

To add one, add an entry and, unless a computed part of `Asked` holds it, a function from what was
asked to draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import xarray as xr

from tenfold.answers import frontier, rl_share, timing
from tenfold.answers.chart_quantities import CHARTS
from tenfold.answers.quantity import WAYS, Quantity
from tenfold.answers.question import Asked, Question
from tenfold.answers.run_quantities import RUNS

PLACE = ("benchmark",)
JUMP = (*PLACE, "start", "target")
RUN = (*JUMP, "baseline", "reading", "split")
PAID = (*RUN, "date")

Title = str | Callable[[Asked], str]
Essay = float | Callable[[Question], float | None] | None
Draws = Callable[[Asked], xr.DataArray | None]


def _part(
    part: str, level: str, arguments: tuple[str, ...], *rows: tuple[Any, ...]
) -> Iterator[Quantity]:
    """Quantities that a part of `Asked` holds by name; rows: name, title, unit, kind, essay."""

    def read(name: str) -> Draws:
        return lambda asked: getattr(asked, part).get(name)

    for name, title, unit, kind, *essay in rows:
        yield Quantity(name, title, unit, kind, level, arguments, read(name), *essay)


def _each(level: str, arguments: tuple[str, ...], *rows: tuple[Any, ...]) -> Iterator[Quantity]:
    """Quantities with functions of their own; rows: name, title, unit, kind, function, essay."""
    for name, title, unit, kind, compute, *essay in rows:
        yield Quantity(name, title, unit, kind, level, arguments, compute, *essay)


def _jump_title(way: str) -> Callable[[Asked], str]:
    def title(asked: Asked) -> str:
        start, target = asked.question.start, asked.question.target
        if target is not None:
            return f"From {start:.0%} to {target:.0%} by {WAYS[way]} alone"
        if start is not None and way == "rl":
            return f"One GPT level by RL alone, on the curve from {start:.0%}"
        return f"One GPT level by {WAYS[way]} alone"

    return title


def _essay_jump(level: float, between: float) -> Callable[[Question], float | None]:
    """What the essay says of one GPT level, and of 20% to 80%."""

    def value(asked: Question) -> float | None:
        if asked.target is None:
            return level
        return between if (asked.start, asked.target) == (0.2, 0.8) else None

    return value


def _grok_4(value: float) -> Callable[[Question], float | None]:
    """What the essay says of one GPT level from Grok 4, on its hardware."""

    def of(asked: Question) -> float | None:
        own = (asked.baseline, asked.start, asked.date) == ("grok-4", None, None)
        return value if own else None

    return of


def _base(key: str, unit: str) -> Draws:
    return lambda asked: asked.base[key].to(unit).log10


def _slope(asked: Asked) -> xr.DataArray:
    slope, _, _ = asked.curves
    return slope.sel(regime=asked.question.regime, drop=True)


def _ceiling(asked: Asked) -> xr.DataArray:
    _, _, ceiling = asked.curves
    return ceiling.sel(regime=asked.question.regime, drop=True)


def _of_regime(what: str) -> Callable[[Asked], str]:
    return lambda asked: f"{WAYS[asked.question.regime]}: {what}"


def _in_year(what: str) -> Callable[[Asked], str]:
    return lambda asked: f"{what} of {math.floor(asked.date)}"


def _up_to(template: str) -> Callable[[Asked], str]:
    """A title that names arguments of the question."""

    def title(asked: Asked) -> str:
        given = vars(asked.question)
        shares = {key: f"{100 * given[key]:.3g}%" for key in given if key.endswith("_share")}
        return template.format(**given | shares)

    return title


def _world_gdp(asked: Asked) -> xr.DataArray:
    return timing.world_gdp(asked.constants, asked.like, asked.question.seed, asked.date)


def _until_cheaper(asked: Asked) -> xr.DataArray:
    volume = asked.need("volume")
    return timing.years_until_cheaper(asked.even, asked.constants, volume, asked.question.seed)


def _until_title(asked: Asked) -> str:
    volume = asked.question.volume
    volume = "a volume" if volume is None else f"{volume:.0e} tokens a day"
    return f"Years of serving {volume} until RL is the cheaper way"


def _budget(asked: Asked) -> xr.DataArray:
    ask = asked.question
    way = (asked.like, asked.date, ask.budget_share, ask.seed)
    return timing.budget(asked.constants, ask.baseline, *way)


QUANTITIES: dict[str, Quantity] = {
    entry.name: entry
    for entry in (
        # The jump, in orders of magnitude.
        *_part(
            "linear", "typical", PLACE,
            ("exchange_rate", "RL OOMs per inference OOM", "OOM/OOM", "ratio", 2.0),
        ),
        *_part(
            "jump", "typical", JUMP,
            ("inference_jump_ooms", _jump_title("inference"), "OOM", "ooms", _essay_jump(3, 2)),
            ("rl_jump_ooms", _jump_title("rl"), "OOM", "ooms", _essay_jump(6, 4)),
        ),
        *_each(
            "typical", (*JUMP, "regime"),
            ("jump_multiplier", _of_regime("compute for the jump, multiplied by"),
             "dimensionless", "multiplier",
             lambda asked: asked.jump[f"{asked.question.regime}_jump_ooms"]),
        ),
        *_each(
            "typical", PLACE,
            ("inference_equal_to_tenfold_rl", "Inference worth as much as ten times the RL",
             "dimensionless", "multiplier", lambda asked: 1 / asked.linear["exchange_rate"], 3.0),
        ),
        *_part(
            "on_curve", "typical", (*PLACE, "start"),
            ("reached_score", "Score that the inference jump reaches", "dimensionless", "score"),
        ),
        *_part(
            "draws", "next", (),
            ("gpt_level_ooms", "Pre-training OOMs in the next GPT level", "OOM", "ooms", 2.0),
            ("inference_per_training", "Inference OOMs per pre-training OOM, next technique",
             "OOM/OOM", "ratio", 1.5),
        ),
        *_part(
            "draws", "typical", (),
            ("gpt_level_ooms_typical", "Pre-training OOMs in a typical GPT level", "OOM", "ooms"),
            ("inference_per_training_typical",
             "Inference OOMs per pre-training OOM, typical technique", "OOM/OOM", "ratio"),
        ),
        *_each(
            "typical", (*PLACE, "regime"),
            ("slope", _of_regime("slope, logits per OOM"), "1/OOM", "slope", _slope),
            ("ceiling", _of_regime("ceiling"), "dimensionless", "score", _ceiling),
        ),
        *_part(
            "draws", "", (),
            ("rl_slope_tokens_free", "RL slope, answers free to lengthen", "1/OOM", "slope"),
            ("rl_slope_fixed_tokens", "RL slope at a fixed token budget", "1/OOM", "slope"),
            ("answer_length_growth", "OOMs of answer length per OOM of RL", "OOM/OOM", "ratio"),
        ),
        # What it costs.
        *_each(
            "", ("baseline",),
            ("baseline_flop", "Baseline: training compute", "FLOP", "amount",
             _base("training_flop", "FLOP")),
            ("baseline_gpu_hours", "Baseline: H100-class GPU-hours", "GPU*hour", "amount",
             _base("gpu_hours", "GPU*hour")),
            ("baseline_gpus", "Baseline: H100-class GPUs", "GPU", "amount", _base("gpus", "GPU")),
            ("baseline_duration", "Baseline: duration", "day", "amount",
             _base("duration", "day")),
            ("baseline_energy", "Baseline: facility electricity", "GWh", "amount",
             _base("energy", "GWh")),
            ("baseline_cost", "Baseline: training cost", "USD", "amount", _base("cost", "USD")),
        ),
        *_part(
            "cost", "", ("baseline", "split"),
            ("rl_share", "RL over pre-training, before", "dimensionless", "multiplier",
             _grok_4(1.0)),
        ),
        *_part(
            "cost", "typical", RUN,
            ("training_multiplier", "Training compute, multiplied by", "dimensionless",
             "multiplier", _grok_4(1e6)),
            ("gpu_time_multiplier", "Processor time, multiplied by", "dimensionless",
             "multiplier"),
            ("training_flop", "Training compute", "FLOP", "amount"),
            ("gpu_hours", "H100-class GPU-hours", "GPU*hour", "amount"),
            ("gpus", "H100-class GPUs at equal duration", "GPU", "amount"),
            ("datacentres", "Datacentres of the baseline's size", "datacentre", "amount"),
            ("datacentres_per_gpu", "Datacentres in place of each GPU", "datacentre/GPU",
             "amount", _grok_4(5.0)),
        ),
        *_part(
            "cost", "typical", PAID,
            ("training_energy", "Facility electricity", "TWh", "amount"),
            ("training_power", "Mean power at equal duration", "GW", "amount"),
            ("years_of_world_electricity", _in_year("World electricity generation"), "year",
             "amount", _grok_4(5.0)),
            ("years_of_us_electricity", _in_year("US electricity consumption"), "year", "amount"),
            ("training_cost", "Training cost", "USD", "amount"),
            ("datacentre_cost", "Building those datacentres", "USD", "amount"),
            ("water", "Water", "liter", "amount"),
            ("emissions", "Emissions", "tCO2e", "amount"),
        ),
        *_part(
            "room", "", ("baseline", "split"),
            ("multiplier_spent", "Training over pre-training, so far", "dimensionless",
             "multiplier"),
            ("next_tenfold", "Training compute for ten times the RL", "dimensionless",
             "multiplier", _grok_4(5.5)),
            ("cheap_rl_ooms", "RL OOMs until training compute doubles", "OOM", "ooms"),
        ),
        *_part(
            "joint", "typical", (*JUMP, "baseline", "deployment"),
            ("joint_rl_ooms", "RL, cheapest mix", "OOM", "ooms"),
            ("joint_inference_ooms", "Inference, cheapest mix", "OOM", "ooms"),
            ("rl_gain_share", "Share of the gain that RL supplies", "dimensionless", "share"),
            ("joint_multiplier", "Training and deployment spending, multiplied by",
             "dimensionless", "multiplier"),
        ),
        # When trend affords it, and whether it pays.
        *_part(
            "timing", "typical", (*RUN, "energy_share", "budget_share", "chip_share"),
            ("first_year", "First year affordable: the last of all limits", "year", "date"),
        ),
        *_part(
            "timing", "typical", (*RUN, "budget_share"),
            ("budget_year", _up_to("Budget on trend, up to {budget_share} of world GDP"),
             "year", "date"),
        ),
        *_part(
            "timing", "typical", (*RUN, "energy_share"),
            ("energy_year", _up_to("Electricity up to {energy_share} of world generation"),
             "year", "date"),
            ("power_year", _up_to("Power as projected, up to {energy_share} of the world's"),
             "year", "date"),
        ),
        *_part(
            "timing", "typical", (*RUN, "chip_share"),
            ("chips_year", _up_to("Processors up to {chip_share} of all made"),
             "year", "date"),
        ),
        *_part(
            "timing", "typical", RUN,
            ("compute_year", "Frontier training compute on trend", "year", "date"),
        ),
        *_each(
            "", (),
            ("price_per_token", "Price of inference today", "USD/megatoken", "amount",
             lambda asked: asked.even["price_per_token"]),
        ),
        *_part(
            "even", "typical", RUN,
            ("rl_cost", "RL, paid once", "USD", "amount"),
            ("equal_tokens", "Tokens whose extra inference costs the same today", "token",
             "amount"),
        ),
        *_part(
            "even", "typical", (*RUN, "horizon"),
            ("break_even_volume", _up_to("Break-even volume over {horizon:g} years"),
             "token/day", "amount"),
        ),
        *_each(
            "typical", (*RUN, "volume"),
            ("years_until_rl_is_cheaper", _until_title, "year", "duration", _until_cheaper),
        ),
        *_each(
            "", ("baseline", "date", "budget_share"),
            ("affordable_budget",
             _up_to("Budget on trend for one run, up to {budget_share} of world GDP"), "USD",
             "amount", _budget),
        ),
        # Single charts, and shares of them.
        *CHARTS,
        # Runs before the jump, and of any size.
        *RUNS,
        # The world.
        *_each(
            "", ("baseline", "date"),
            ("world_electricity", _in_year("Yearly world generation"), "TWh/year", "amount",
             lambda asked: asked.grid.world.to("TWh/year").log10),
            ("us_electricity", _in_year("Yearly US consumption"), "TWh/year", "amount",
             lambda asked: asked.grid.us.to("TWh/year").log10),
            ("world_gdp", _in_year("World GDP"), "USD", "amount", _world_gdp),
        ),
        Quantity("frontier_flop", "Training compute of the largest run", "FLOP", "amount",
                 "", ("date",), lambda asked: frontier.at_date(asked, "training_flop"),
                 rests_on=frontier.observed),
        Quantity("frontier_cost", "Cost of the largest run", "USD", "amount",
                 "", ("date",), lambda asked: frontier.at_date(asked, "cost"),
                 rests_on=frontier.observed),
        Quantity("frontier_rl_share", "RL over pre-training of one more model", "dimensionless",
                 "multiplier", "", ("date",), frontier.rl_share_at, rests_on=rl_share.rests_on),
        *_each(
            "", (),
            ("efficiency_growth", "Growth a year: FLOP per joule", "dimensionless",
             "multiplier", lambda asked: asked.trends.efficiency),
            ("price_growth", "Growth a year: FLOP per dollar", "dimensionless", "multiplier",
             lambda asked: asked.trends.price),
            ("electricity_growth", "Growth a year: world electricity", "dimensionless",
             "multiplier", lambda asked: asked.trends.electricity),
            ("compute_growth", "Growth a year: compute of frontier runs", "dimensionless",
             "multiplier", lambda asked: asked.trends.compute),
            ("budget_growth", "Growth a year: cost of frontier runs", "dimensionless",
             "multiplier", lambda asked: asked.trends.budget),
        ),
    )
}  # fmt: skip
"""Every quantity by name, in the order in which they are listed."""
