"""Ready answers: one question about a jump to plain JSON.

Everything is computed from headline draws (`headline.of_run`) and constants; no posterior is
read and nothing is sampled. The dictionaries hold only JSON values; an infinite quantile is the
string "inf".
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from tenfold.answers import cost, drivers, jump, timing
from tenfold.answers.baseline import baseline_run, draw
from tenfold.answers.constants import Constants
from tenfold.files import SpecError
from tenfold.mixture import between_share, probability, summarise, table

WAITS = (0, 5, 10, 20)
"""Years of waiting for better hardware that a cost answer shows."""

CURVE_START = 0.2
"""Score at which the jump on the curve starts where none is stated: the essay's 20%."""


def curve_start(draws: xr.Dataset, benchmark: str | None) -> float:
    """`CURVE_START`; where chance does as well, as far above chance as that is above 0."""
    if benchmark not in draws["benchmark"].values:
        return CURVE_START
    floor = float(draws["floor"].sel(benchmark=benchmark))
    return CURVE_START if floor < CURVE_START else floor + CURVE_START * (1 - floor)


@dataclass(frozen=True)
class Question:
    """What is asked: which jump, from which baseline run, read how.

    benchmark: None is the population, "new benchmark" a new one, "new model" a new model there.
    start: a score makes the jump one on the curve, start and target one between two scores. year:
    run in that year. deployment: ratio of deployment to training spending for the joint optimum;
    None takes the constants'.
    """

    benchmark: str | None = None
    start: float | None = None
    target: float | None = None
    baseline: str = "grok-4"
    reading: cost.Reading = "rl"
    split: cost.Split = "gpu_time"
    year: float | None = None
    energy_share: float = 0.01
    budget_share: float = 0.01
    horizon: float = timing.HORIZON
    deployment: float | None = None
    seed: int = 0


def chosen_jump(draws: xr.Dataset, question: Question) -> xr.Dataset:
    """The jump that the question defines, as `rl_jump_ooms` and `inference_jump_ooms` (draws).

    Raises:
        SpecError: a target without a start; as `jump.exchange`, `on_curve`, `between_scores`.
    """
    if question.start is None:
        if question.target is not None:
            raise SpecError("a target score needs a start score as well")
        return jump.exchange(draws, question.benchmark)
    if question.target is None:
        return jump.on_curve(draws, question.start, question.benchmark)
    found = jump.between_scores(draws, question.start, question.target, question.benchmark)
    return found.rename(rl_ooms="rl_jump_ooms", inference_ooms="inference_jump_ooms")


def jump_answer(draws: xr.Dataset, constants: Constants, question: Question) -> dict[str, Any]:
    """OOMs for the jump, exchange rates by benchmark, each form's own answer, the joint optimum.

    Keys: `question`; `quantities` (rows of `mixture.table`: OOMs, then cost); `p_never` with its
    MCSE; `on_curve` (`curve_start` unless stated; `p_no_gain` of inference); `exchange_rates` by
    benchmark; `forms` (weight and rows of rl_jump_ooms); `between_form_share` of the variance of
    rl_jump_ooms; `joint`.
    """
    weight = draws["weight"]
    found = chosen_jump(draws, question)
    paid = _cost(found, constants, question)
    start = question.start
    if start is None:
        start = curve_start(draws, question.benchmark)
    curve = jump.on_curve(draws, start, question.benchmark)
    p_never, mcse = probability(found["rl_jump_ooms"] == np.inf, weight)
    p_idle, idle_mcse = probability(curve["no_gain"], weight)
    answer: dict[str, Any] = {
        "question": asdict(question),
        "quantities": table(found) | table(paid),
        "p_never": {"probability": p_never, "mcse": mcse},
        "on_curve": {
            "start": start,
            "quantities": table(curve),
            "p_no_gain": {"probability": p_idle, "mcse": idle_mcse},
        },
        "exchange_rates": exchange_rates(draws),
        "forms": by_form(found["rl_jump_ooms"], weight),
        "between_form_share": _finite(between_share(found["rl_jump_ooms"], weight)),
        "joint": table(_joint(draws, constants, question)),
    }
    return answer


def cost_answer(draws: xr.Dataset, constants: Constants, question: Question) -> dict[str, Any]:
    """What the jump costs, when trend affords it, whether it pays, and what drives the answer.

    Keys: `question`; `quantities`; `room_left` and `multiplier_curve` for cheap RL; `timing` and
    `dates` (P(by 2030), ...); `waiting`; `break_even` and `break_even_curve`; `drivers` of log10
    years of world electricity.
    """
    weight = draws["weight"]
    found = chosen_jump(draws, question)
    paid = _cost(found, constants, question)
    chosen: dict[str, Any] = {
        "baseline": question.baseline,
        "reading": question.reading,
        "split": question.split,
        "seed": question.seed,
    }
    years = timing.first_year(
        found,
        constants,
        energy_share=question.energy_share,
        budget_share=question.budget_share,
        **chosen,
    )
    even = timing.break_even(found, constants, horizon=question.horizon, **chosen)
    share = paid["log10_rl_share"]
    output = paid["log10_years_of_world_electricity"]
    inputs = drivers.cost_inputs(draws, found, constants, question.baseline, question.seed)
    answer: dict[str, Any] = {
        "question": asdict(question),
        "baseline": constants.run(question.baseline).title,
        "quantities": table(found) | table(paid),
        "room_left": table(cost.room_left(share, weight)),
        "multiplier_curve": cost.multiplier_curve(share, weight, np.arange(0.0, 8.01, 0.5)),
        "timing": table(years),
        "binding": timing.binding(years),
        "dates": timing.dated(years),
        "waiting": waiting(found, constants, question, WAITS),
        "break_even": table(even),
        "break_even_curve": timing.break_even_curve(even, constants, seed=question.seed),
        "drivers": drivers.drivers(output, inputs, weight, seed=question.seed),
    }
    return answer


def waiting(
    found: xr.Dataset, constants: Constants, question: Question, years: tuple[int, ...]
) -> list[dict[str, Any]]:
    """Years of electricity and dollars when the run waits, one row of summaries for each wait."""
    start = constants.run(question.baseline).year
    rows = []
    for wait in years:
        later = table(_cost(found, constants, replace(question, year=start + wait)))
        names = ("log10_energy_twh", "log10_years_of_world_electricity", "log10_cost_usd")
        rows.append({"years": wait} | {name: later[name] for name in names})
    return rows


def exchange_rates(draws: xr.Dataset) -> dict[str, dict[str, Any]]:
    """Exchange rate rows for the population, a new benchmark, a new model there, and each benchmark
    with both regimes."""
    shared = [str(name) for name in draws["shared_benchmark"].values]
    places = [jump.POPULATION, jump.NEW_BENCHMARK, jump.NEW_MODEL, *shared]
    rows = {}
    for place in places:
        values = jump.exchange(draws, place)["exchange_rate"]
        rows[place] = {"title": place, "scale": "linear"} | summarise(
            values, draws["weight"], "OOM/OOM"
        )
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


def _cost(found: xr.Dataset, constants: Constants, question: Question) -> xr.Dataset:
    return cost.cost(
        found,
        constants,
        question.baseline,
        question.reading,
        question.split,
        question.year,
        question.seed,
    )


def _joint(draws: xr.Dataset, constants: Constants, question: Question) -> xr.Dataset:
    """The joint optimum of the log-linear jump on the question's benchmark."""
    linear = jump.exchange(draws, question.benchmark)
    like, seed = linear["rl_jump_ooms"], question.seed
    base = baseline_run(constants, question.baseline, like, seed)
    if question.deployment is None:
        # A year of serving against the final training runs of the same year.
        serving = draw(constants, "OAI_INF24", "USD/year", like, seed)
        training = draw(constants, "OAI_FINAL24", "USD", like, seed)
        ratio = serving.log10 - training.log10
    elif question.deployment > 0:
        ratio = float(np.log10(question.deployment))
    else:
        raise SpecError(f"deployment ratio {question.deployment:g}: expected above 0")
    return jump.joint(linear, base["rl_share"].log10, ratio)


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
