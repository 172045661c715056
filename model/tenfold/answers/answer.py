"""Ready answers: one question about a jump to plain JSON, in tables that are lists of quantities.

Everything is computed from headline draws (`headline.of_run`) and constants; no posterior is
read and nothing is sampled. The dictionaries hold only JSON values; an infinite quantile is the
string "inf".
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import xarray as xr

from tenfold.answers import cost, drivers, jump, timing
from tenfold.answers.constants import Constants
from tenfold.answers.question import Asked, Question
from tenfold.answers.registry import draws_of, table
from tenfold.answers.scale import bounded, shares
from tenfold.mixture import between_share, probability, summarise

JUMP = ("exchange_rate", "inference_equal_to_tenfold_rl", "inference_jump_ooms", "rl_jump_ooms")
LINKS = (
    "gpt_level_ooms",
    "inference_per_training",
    "inference_jump_ooms",
    "exchange_rate",
    "rl_jump_ooms",
    "training_multiplier",
    "years_of_world_electricity",
)
"""What the essay's argument goes through, in its order."""
ON_CURVE = ("rl_jump_ooms", "reached_score")
JOINT = ("joint_rl_ooms", "joint_inference_ooms", "rl_gain_share", "joint_multiplier")
COST = (
    "rl_share",
    "training_multiplier",
    "gpu_time_multiplier",
    "training_flop",
    "gpu_hours",
    "gpus",
    "datacentres",
    "training_energy",
    "training_power",
    "years_of_world_electricity",
    "years_of_us_electricity",
    "training_cost",
    "datacentre_cost",
    "water",
    "emissions",
)
ROOM = ("multiplier_spent", "next_tenfold", "cheap_rl_ooms")
TIMING = ("first_year", "budget_year", "energy_year", "power_year", "chips_year", "compute_year")
BREAK_EVEN = ("rl_cost", "price_per_token", "equal_tokens", "break_even_volume")
BUDGET = ("baseline_cost", "budget_growth")
WAITING = ("training_energy", "years_of_world_electricity", "training_cost")

WAITS = (0, 5, 10, 20)
"""Years of waiting for better hardware that a cost answer shows."""


def jump_answer(draws: xr.Dataset, constants: Constants, question: Question) -> dict[str, Any]:
    """OOMs for the jump, exchange rates by benchmark, each form's own answer, the joint optimum.

    Keys: `question`; `quantities` (rows of `registry.table`: OOMs, then cost); `p_never` with
    its MCSE; `on_curve` (`curve_start` unless stated; `p_no_gain` of inference);
    `exchange_rates` by benchmark; `p_above_one` of the rate; `tested` (by regime, how far ahead
    forms were weighed and tested, OOMs); `forms` (weight and rows of rl_jump_ooms);
    `between_form_share` of the variance of rl_jump_ooms; `joint`.
    """
    asked, weight = Asked(draws, constants, question), draws["weight"]
    curve = asked.but(start=asked.start, target=None)
    ooms = draws_of("rl_jump_ooms", asked)
    p_never, mcse = probability(ooms == np.inf, weight)
    p_idle, idle_mcse = probability(curve.on_curve["no_gain"], weight)
    above = probability(draws_of("exchange_rate", asked) > 1, weight)
    return {
        "question": asdict(question),
        "quantities": bounded(table(asked, (*JUMP, *costs(question))), constants),
        "p_never": {"probability": p_never, "mcse": mcse},
        "on_curve": {
            "start": asked.start,
            "quantities": table(curve, ON_CURVE),
            "p_no_gain": {"probability": p_idle, "mcse": idle_mcse},
        },
        "exchange_rates": exchange_rates(asked),
        "p_above_one": dict(zip(("probability", "mcse"), above, strict=True)),
        "tested": tested(draws),
        "forms": by_form(ooms, weight),
        "between_form_share": _finite(between_share(ooms, weight)),
        "joint": table(asked, JOINT),
    }


def cost_answer(draws: xr.Dataset, constants: Constants, question: Question) -> dict[str, Any]:
    """What the jump costs, when trend affords it, whether it pays, and what drives the answer.

    Keys: `question`; `quantities`; `shares` (probabilities of known bounds); `room_left` and
    `multiplier_curve` for cheap RL; `timing`, `budget` (`budget_path`), `binding` (how often
    each limit is the last) and `dates` (P(by 2030), ...); `waiting`; `break_even` and
    `break_even_curve`; `drivers` of log10 years of world electricity.
    """
    asked, weight = Asked(draws, constants, question), draws["weight"]
    share = asked.cost["rl_share"]
    return {
        "question": asdict(question),
        "baseline": constants.run(question.baseline).title,
        "quantities": bounded(table(asked, (*JUMP, *costs(question))), constants),
        "shares": shares(asked),
        "room_left": table(asked, ROOM),
        "multiplier_curve": cost.multiplier_curve(share, weight, np.arange(0.0, 8.01, 0.5)),
        "timing": table(asked, TIMING),
        "budget": budget_path(asked),
        "binding": timing.binding(asked.timing),
        "dates": timing.dated(asked.timing),
        "waiting": waiting(asked, WAITS),
        "break_even": table(asked, BREAK_EVEN),
        "break_even_curve": break_even_curve(asked),
        "drivers": what_drives(asked, "years_of_world_electricity", drivers.COST),
    }


def tested(draws: xr.Dataset) -> dict[str, dict[str, float]]:
    """By regime the OOMs beyond what was seen from which forms are weighed (`weighed_from`) and up
    to which they were tested (`tested_to`); nothing where forms were not weighed."""
    if "tested_ahead" not in draws:
        return {}
    at = {"weighed_from": draws["weighed_ahead"], "tested_to": draws["tested_ahead"]}
    return {
        str(regime): {key: float(values.sel(regime=regime)) for key, values in at.items()}
        for regime in draws["regime"].values
    }


def costs(question: Question) -> tuple[str, ...]:
    """`COST`; processor time grows otherwise than operations only where the split says so."""
    return tuple(n for n in COST if question.split == "gpu_time" or n != "gpu_time_multiplier")


def budget_path(asked: Asked) -> dict[str, Any]:
    """Rows of `BUDGET`, the `year` they start from, and the budget `then`, at the median date."""
    path: dict[str, Any] = table(asked, BUDGET)
    path["year"] = asked.constants.run(asked.question.baseline).year
    date = float(table(asked, ["first_year"])["first_year"]["p50"])
    if np.isfinite(date):
        path["then"] = table(asked.but(date=date), ["affordable_budget"])["affordable_budget"]
    return path


def waiting(asked: Asked, years: tuple[int, ...]) -> list[dict[str, Any]]:
    """Years of electricity and dollars when the run waits, one row of summaries for each wait."""
    start = asked.constants.run(asked.question.baseline).year
    rows = []
    for wait in years:
        rows.append({"years": wait} | table(asked.but(date=start + wait), WAITING))
    return rows


def break_even_curve(
    asked: Asked, volumes: tuple[float, ...] = timing.DAY_RATES
) -> list[dict[str, Any]]:
    """For each volume: P(RL cheaper within the horizon), its MCSE, and years until then (a row)."""
    rows = []
    name, weight = "years_until_rl_is_cheaper", asked.draws["weight"]
    for volume in volumes:
        at = asked.but(volume=volume)
        p, mcse = probability(draws_of(name, at) <= asked.question.horizon, weight)
        row = {"tokens_per_day": volume, "p_rl_cheaper": p, "mcse": mcse}
        rows.append(row | {"years": table(at, [name])[name]})
    return rows


def what_drives(asked: Asked, name: str, inputs: drivers.Inputs) -> list[dict[str, Any]]:
    """`drivers.drivers` of a quantity: which of the inputs its spread comes from."""
    found = {label: draws_of(key, asked.but(**given)) for label, (key, given) in inputs.items()}
    output, weight = draws_of(name, asked), asked.draws["weight"]
    return drivers.drivers(output, found, weight, seed=asked.question.seed)


def exchange_rates(asked: Asked) -> dict[str, dict[str, Any]]:
    """Exchange rate rows for the population, a new benchmark, a new model there, and each benchmark
    with both regimes."""
    shared = [str(name) for name in asked.draws["shared_benchmark"].values]
    rows = {}
    for place in (jump.POPULATION, jump.NEW_BENCHMARK, jump.NEW_MODEL, *shared):
        row = table(asked.but(benchmark=place), ["exchange_rate"])["exchange_rate"]
        rows[place] = row | {"title": place}
    return rows


def by_form(values: xr.DataArray, weight: xr.DataArray) -> dict[str, dict[str, Any]]:
    """Each form's own summary row and its weight in the mixture."""
    rows = {}
    for form in weight["form"].values:
        alone = xr.ones_like(weight.sel(form=[form]))
        row = summarise(values.sel(form=[form]), alone, values.attrs["unit"])
        scale = {"title": str(form), "scale": values.attrs["scale"]}
        rows[str(form)] = {"weight": float(weight.sel(form=form))} | scale | row
    return rows


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
