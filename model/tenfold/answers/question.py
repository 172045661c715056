"""A question: the arguments that quantities take, and what they are computed from."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any, Literal, get_args

import numpy as np
import xarray as xr

from tenfold.answers import cost, jump, timing
from tenfold.answers.baseline import Grid, Trends, baseline_run, draw
from tenfold.answers.constants import Constants
from tenfold.files import SpecError, did_you_mean
from tenfold.units import Log10Quantity

Regime = Literal["rl", "inference"]

CURVE_START = 0.2
"""Score at which the jump on the curve starts where none is stated: the essay's 20%."""


@dataclass(frozen=True)
class Question:
    """What is asked: which jump, from which baseline run, read how. The arguments of quantities.

    benchmark: None is the population, "new benchmark" a new one, "new model" a new model there.
    start: a score makes the jump one on the curve, start and target one between two scores. date:
    run at that decimal year. volume: tokens served per day. energy_share, budget_share, chip_share:
    the most that one run takes of world electricity, of world GDP and of all processors made.
    horizon: years over which inference is paid. deployment: ratio of deployment to training
    spending for the joint optimum; None takes the constants'. series, other: labels of curves.
    multiplier: so many times the compute; compute: so much of it, on the axis of the series.
    shift, technique: rows of shifts.csv and tradeoff.csv.

    Raises:
        SpecError: an unknown regime, reading or split; a target without a start.
    """

    benchmark: str | None = None
    regime: Regime = "rl"
    start: float | None = None
    target: float | None = None
    baseline: str = "grok-4"
    reading: cost.Reading = "rl"
    split: cost.Split = "gpu_time"
    date: float | None = None
    volume: float | None = None
    energy_share: float = 0.01
    budget_share: float = 0.01
    chip_share: float = 0.1
    horizon: float = timing.HORIZON
    deployment: float | None = None
    series: str | None = None
    other: str | None = None
    multiplier: float | None = None
    compute: float | None = None
    shift: str | None = None
    technique: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        cost.check_choice("regime", self.regime, get_args(Regime))
        cost.check_choice("reading", self.reading, get_args(cost.Reading))
        cost.check_choice("split", self.split, get_args(cost.Split))
        if self.target is not None and self.start is None:
            raise SpecError("a target score needs a start score as well")


NUMBERS = {field.name for field in fields(Question) if "float" in str(field.type)}
"""Arguments that are numbers; the others are words."""


def under(question: Question, scenario: Mapping[str, Any]) -> Question:
    """A question with the arguments of a scenario, where it states none itself.

    Raises:
        SpecError: an argument that there is not, or of the wrong type.
    """
    default, taken = Question(), {}
    for name, value in scenario.items():
        if name not in vars(default):
            known = did_you_mean(name, [*vars(default)])
            raise SpecError(f"question.{name}: unknown argument{known}")
        if isinstance(value, str) is (name in NUMBERS):
            expected = "number" if name in NUMBERS else "text"
            raise SpecError(f"question.{name}: got {value!r}; expected a {expected}")
        if getattr(question, name) == getattr(default, name):
            taken[name] = value
    return replace(question, **taken)


def decimal_year(text: str) -> float:
    """A date as a decimal year: "2030" (its first day), "2030-07-02", "2030.5".

    Raises:
        SpecError: not a date, or before 1900 or after 3000.
    """
    try:
        if "-" in text.strip("-"):
            day = datetime.date.fromisoformat(text)
            first = datetime.date(day.year, 1, 1)
            year = day.year + (day - first) / (datetime.date(day.year + 1, 1, 1) - first)
        else:
            year = float(text)
    except ValueError:
        year = math.nan
    if not 1900 <= year <= 3000:
        raise SpecError(f"date {text!r}: expected a year or a day such as 2030 or 2030-06-30")
    return year


def curve_start(draws: xr.Dataset, benchmark: str | None) -> float:
    """`CURVE_START`; where chance does as well, as far above chance as that is above 0."""
    if benchmark not in draws["benchmark"].values:
        return CURVE_START
    floor = float(draws["floor"].sel(benchmark=benchmark))
    return CURVE_START if floor < CURVE_START else floor + CURVE_START * (1 - floor)


class Shared[Value]:
    """A property of `Asked`, computed once for all questions that agree on some arguments."""

    def __init__(self, arguments: tuple[str, ...], compute: Callable[[Asked], Value]) -> None:
        self.arguments, self.compute = arguments, compute
        self.__doc__ = compute.__doc__

    def __get__(self, asked: Asked, owner: type | None = None) -> Value:
        given = (getattr(asked.question, name) for name in self.arguments)
        key = (self.compute, *given)
        if key not in asked.known:
            asked.known[key] = self.compute(asked)
        return asked.known[key]


def shared[Value](*arguments: str) -> Callable[[Callable[[Asked], Value]], Shared[Value]]:
    """A property that depends on these arguments of the question and on no others."""
    return partial(Shared, arguments)


JUMP = ("benchmark", "start", "target")
BASE = ("baseline", "seed")
COST = (*JUMP, *BASE, "reading", "split")
"""What the jump, the baseline run and the way from one to the other depend on."""


@dataclass(frozen=True, eq=False)
class Asked:
    """A question put to headline draws and constants; what several quantities share is kept.

    Every property is computed when it is first read, and kept in `known` for every question put to
    the same draws and constants by `put` and `but`. Draws have the dims of `like`, or fewer.
    """

    draws: xr.Dataset
    constants: Constants
    question: Question
    known: dict[Hashable, Any] = field(default_factory=dict, repr=False)

    def put(self, question: Question) -> Asked:
        """Another question, to the same draws and constants."""
        return replace(self, question=question)

    def but(self, **given: Any) -> Asked:
        """The same with other arguments."""
        return self.put(replace(self.question, **given))

    @property
    def like(self) -> xr.DataArray:
        """Scalar draws with all dims: those of every constant's draws, so that there is one set."""
        return self.draws["gpt_level_ooms"]

    @shared("benchmark")
    def curves(self) -> tuple[xr.DataArray, float, xr.DataArray]:
        """Slope and ceiling (by regime) and floor on the question's benchmark."""
        return jump.curve(self.draws, self.question.benchmark)

    @shared("benchmark")
    def linear(self) -> xr.Dataset:
        """The jump on curves without a ceiling."""
        return jump.exchange(self.draws, self.question.benchmark)

    @property
    def start(self) -> float:
        """The score at which the jump on the curve starts."""
        asked = self.question
        return curve_start(self.draws, asked.benchmark) if asked.start is None else asked.start

    @shared("benchmark", "start")
    def on_curve(self) -> xr.Dataset:
        """The jump on the curve, from `start`."""
        return jump.on_curve(self.draws, self.start, self.question.benchmark)

    @shared(*JUMP)
    def jump(self) -> xr.Dataset:
        """The jump that the question defines: `rl_jump_ooms` and `inference_jump_ooms`."""
        asked = self.question
        if asked.start is None:
            found = self.linear
        elif asked.target is None:
            found = self.on_curve
        else:
            found = jump.between_scores(self.draws, asked.start, asked.target, asked.benchmark)
        ooms = {
            name: found[name].broadcast_like(self.like).transpose(*self.like.dims)
            for name in ("rl_jump_ooms", "inference_jump_ooms")
        }
        return found.assign(ooms)

    @shared(*BASE)
    def base(self) -> dict[str, Log10Quantity]:
        """The baseline run, before the jump."""
        return baseline_run(self.constants, self.question.baseline, self.like, self.question.seed)

    @shared(*COST, "date")
    def cost(self) -> xr.Dataset:
        """What the jump costs."""
        asked = self.question
        way = (asked.baseline, asked.reading, asked.split, asked.date, asked.seed)
        return cost.cost(self.jump, self.constants, *way)

    @shared(*COST, "date")
    def room(self) -> xr.Dataset:
        """How far cheap RL goes."""
        return cost.room_left(self.cost["rl_share"], self.draws["weight"])

    @shared(*COST, "energy_share", "budget_share", "chip_share")
    def timing(self) -> xr.Dataset:
        """When trend affords the jump."""
        asked = self.question
        way = (asked.baseline, asked.reading, asked.split)
        shares = (asked.energy_share, asked.budget_share, asked.chip_share)
        return timing.first_year(self.jump, self.constants, *way, *shares, asked.seed)

    @shared(*COST, "horizon")
    def even(self) -> xr.Dataset:
        """The volume from which RL is the cheaper way."""
        asked = self.question
        way = (asked.baseline, asked.reading, asked.split, asked.horizon, asked.seed)
        return timing.break_even(self.jump, self.constants, *way)

    @shared(*JUMP, *BASE, "deployment")
    def joint(self) -> xr.Dataset:
        """The cheapest mix of RL and inference.

        Raises:
            SpecError: a deployment ratio that is not positive.
        """
        asked = self.question
        if asked.deployment is None:
            # A year of serving against the final training runs of the same year.
            serving = draw(self.constants, "OAI_INF24", "USD/year", self.like, asked.seed)
            training = draw(self.constants, "OAI_FINAL24", "USD", self.like, asked.seed)
            ratio = serving.log10 - training.log10
        elif asked.deployment > 0:
            ratio = float(np.log10(asked.deployment))
        else:
            raise SpecError(f"deployment ratio {asked.deployment:g}: expected above 0")
        return jump.joint(self.jump, self.base["rl_share"].log10, ratio)

    @shared("seed")
    def trends(self) -> Trends:
        """Yearly growth of hardware, money and electricity."""
        return Trends.of(self.constants, self.like, self.question.seed)

    @property
    def date(self) -> float:
        """Decimal year of the run: the question's, else the baseline's."""
        asked = self.question
        return self.constants.run(asked.baseline).year if asked.date is None else asked.date

    @shared(*BASE, "date")
    def grid(self) -> Grid:
        """Electricity in the year of the run."""
        asked = self.question
        run = self.constants.run(asked.baseline)
        return Grid.of(self.constants, run, self.like, asked.seed, self.date)

    def need(self, argument: str) -> Any:
        """An argument without which the quantity has no meaning.

        Raises:
            SpecError: it was not given.
        """
        value = getattr(self.question, argument)
        if value is None:
            raise SpecError(f"`{argument}` is needed")
        return value
