"""Constants of the world with their uncertainty, and the baseline runs that are built from them.

`data/constants.toml`, read as strictly as every other file of a user.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from tenfold.files import SpecError, data_path, did_you_mean
from tenfold.kept import kept
from tenfold.mixture import stratified
from tenfold.posterior.scenario import load_scenarios
from tenfold.spec import Strict, load_toml, validate

if TYPE_CHECKING:
    import numpy as np

Distribution = Literal["point", "normal", "lognormal", "logitnormal", "uniform", "loguniform"]


class Earlier(Strict):
    """What was known of a constant until a day: 5%, 50% and 95% quantiles in its unit."""

    until: datetime.date
    low: float
    central: float
    high: float
    source: str = Field(min_length=1)
    quote: str


class Constant(Strict):
    """A number of the world with its uncertainty: 5%, 50% and 95% quantiles, unit and source.

    The quantile function is two-piece: on the distribution's scale (natural, log or logit) each
    side of the median is a half-normal (or half-uniform) with the spread that its own quantile
    asks for. `low`, `central` and `high` are therefore met exactly, skewed or not; where they are
    symmetric on that scale this is the plain normal, log-normal, logit-normal, uniform or
    log-uniform. The density has a step at the median when the sides differ.

    A row with a `numerator` is the product of those constants over that of the `denominator`: its
    draws are made of theirs, and its quantiles here are for reading (tests hold them together).
    `context` rows are read by no answer. `earlier` values, and the day since which it is `known`
    where that is late, are for claims made before (`Constants.at`).
    """

    name: str = Field(min_length=1)
    low: float
    central: float
    high: float
    distribution: Distribution
    unit: str
    year: int
    source: str = Field(min_length=1)
    reference: str = Field(min_length=1)
    quote: str
    confidence: Literal["high", "medium", "low"]
    numerator: Annotated[tuple[str, ...], Field(strict=False)] = ()
    denominator: Annotated[tuple[str, ...], Field(strict=False)] = ()
    context: bool = False
    parents: Annotated[tuple[str, ...], Field(strict=False)] = ()
    formula: str = ""
    known: datetime.date | None = None
    earlier: Annotated[tuple[Earlier, ...], Field(strict=False)] = ()

    @field_validator("unit")
    @classmethod
    def _unit_parses(cls, unit: str) -> str:
        from tenfold import units

        units.parse(unit)
        return unit

    @model_validator(mode="after")
    def _ordered(self) -> Constant:
        if not self.low <= self.central <= self.high:
            raise ValueError("expected low <= central <= high")
        if (self.low == self.high) != (self.distribution == "point"):
            raise ValueError("expected distribution 'point' exactly where low equals high")
        if self.distribution in ("lognormal", "loguniform") and self.low <= 0:
            raise ValueError(f"expected positive values for {self.distribution!r}")
        if self.distribution == "logitnormal" and not 0 < self.low <= self.high < 1:
            raise ValueError("expected values strictly between 0 and 1 for 'logitnormal'")
        if bool(self.parents) != bool(self.formula):
            raise ValueError("expected both `parents` and `formula`, or neither")
        if self.parents and not self.context:
            raise ValueError("expected a `numerator` in a derived row that answers read")
        if self.denominator and not self.numerator:
            raise ValueError("expected a `numerator` beside the `denominator`")
        return self

    def quantile(self, probability: Any) -> np.ndarray:
        """Values (in `unit`) at probabilities strictly inside (0, 1); any shape."""
        import numpy as np
        from scipy import special

        p = np.asarray(probability, dtype=float)
        if self.distribution == "point":
            return np.full(p.shape, self.central)
        log, logit = self.distribution.startswith("log"), self.distribution == "logitnormal"
        link = special.logit if logit else np.log if log else np.asarray
        inverse = special.expit if logit else np.exp if log else np.asarray
        low, central, high = (float(link(x)) for x in (self.low, self.central, self.high))
        if self.distribution.endswith("normal"):
            t = special.ndtri(p) / special.ndtri(0.95)
        else:
            t = (p - 0.5) / 0.45
        return inverse(central + np.where(t < 0, central - low, high - central) * t)

    def draw(self, shape: int | tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Draws of some shape in `unit`, stratified within each row (curve form) of its first axis.

        By inversion: the same generator state gives draws that move together when a constant is
        changed."""
        rows, *rest = (1, shape) if isinstance(shape, int) else shape
        return self.quantile(stratified(rows, math.prod(rest), rng)).reshape(shape)


BASELINE_UNITS = {
    "rl_share": "dimensionless",
    "rl_utilisation": "dimensionless",
    "training_flop": "FLOP",
    "pretraining_flop": "FLOP",
    "gpu_hours": "GPU*hour",
    "gpu_throughput": "FLOP/(GPU*second)",
    "gpus": "GPU",
    "duration": "day",
    "energy": "GWh",
    "gpu_power": "kW/GPU",
    "cost": "USD",
    "gpu_hour_price": "USD/(GPU*hour)",
    "water": "liter",
    "emissions": "tCO2e",
    "datacentre_cost": "USD",
}
"""Baseline field -> a unit of the dimension that its constant must have."""


class Baseline(Strict):
    """A training run to be scaled; each quantity is the name of a constant.

    `rl_share` is the estimate made of this very run, weighed by `rl_share.share` against what
    others disclosed by then, unless `rl_share_weighed` is off; without one they alone speak.
    `rl_share_row` names its row among theirs, which is then left out.

    One of each pair is given and the other follows: training or pre-training FLOP, GPU-hours or
    throughput, GPUs or duration, energy or power, cost or price.
    """

    title: str = Field(min_length=1)
    year: float
    rl_share: str | None = None
    rl_share_row: str | None = None
    rl_share_weighed: bool = True
    rl_share_basis: Literal["flop", "gpu_time"]
    rl_utilisation: str
    training_flop: str | None = None
    pretraining_flop: str | None = None
    gpu_hours: str | None = None
    gpu_throughput: str | None = None
    gpus: str | None = None
    duration: str | None = None
    energy: str | None = None
    gpu_power: str | None = None
    cost: str | None = None
    gpu_hour_price: str | None = None
    water: str | None = None
    emissions: str | None = None
    datacentre_cost: str | None = None
    reason: str = Field(min_length=1)

    @model_validator(mode="after")
    def _one_of_each_pair(self) -> Baseline:
        for one, other in (
            ("training_flop", "pretraining_flop"),
            ("gpu_hours", "gpu_throughput"),
            ("gpus", "duration"),
            ("energy", "gpu_power"),
            ("cost", "gpu_hour_price"),
        ):
            if (getattr(self, one) is None) == (getattr(self, other) is None):
                raise ValueError(f"expected exactly one of `{one}` and `{other}`")
        return self


class Constants(Strict):
    """`constants.toml`: constants and the baseline runs that refer to them."""

    version: Literal[1]
    as_of: datetime.date
    constant: dict[str, Constant]
    baseline: dict[str, Baseline]

    @model_validator(mode="after")
    def _references(self) -> Constants:
        from tenfold import units

        for name, constant in self.constant.items():
            for parent in constant.parents:
                self._known(parent, f"constant {name!r}, parents")
            for parent in (*constant.numerator, *constant.denominator):
                self._known(parent, f"constant {name!r}, numerator or denominator")
        for name, baseline in self.baseline.items():
            for field, unit in BASELINE_UNITS.items():
                reference = getattr(baseline, field)
                if reference is None:
                    continue
                found = self._known(reference, f"baseline {name!r}, {field}")
                if found.context:
                    raise ValueError(f"baseline {name!r}, {field}: {reference!r} is context only")
                if not units.compatible(found.unit, unit):
                    message = f"{reference!r} is in {found.unit}; expected a unit such as {unit}"
                    raise ValueError(f"baseline {name!r}, {field}: {message}")
        return self

    def _known(self, name: str, where: str) -> Constant:
        if name not in self.constant:
            known = did_you_mean(name, sorted(self.constant))
            raise ValueError(f"{where}: unknown constant {name!r}{known}")
        return self.constant[name]

    def named(self, name: str) -> Constant:
        """The constant `name`.

        Raises:
            SpecError: there is none; with the nearest known name.
        """
        try:
            return self._known(name, "constants")
        except ValueError as error:
            raise SpecError(str(error)) from None

    def run(self, name: str) -> Baseline:
        """The baseline run `name`.

        Raises:
            SpecError: there is none; with the known names.
        """
        if name not in self.baseline:
            known = did_you_mean(name, sorted(self.baseline))
            raise SpecError(f"unknown baseline {name!r}{known}")
        return self.baseline[name]

    def patched(self, patch: dict[str, dict[str, Any]], where: str = "constants") -> Constants:
        """A copy in which fields of named constants are replaced, for a scenario.

        `low`, `central` or `high` alone keep the other two; a patch that breaks their order, names
        an unknown constant or an unknown field is an error. Three equal values make the constant
        exact ("point"); an exact one that gets a spread becomes log-normal, or normal from zero
        down, unless the patch names its distribution. Rows derived from a patched one follow; a
        patched derived row leaves its parents. A context row is read by no answer, so a patch of
        it would change nothing and is refused.

        Raises:
            SpecError: as above, in one line that begins with `where`.
        """
        tables = self.model_dump()
        for name, fields in patch.items():
            if name not in tables["constant"]:
                known = did_you_mean(name, sorted(tables["constant"]))
                raise SpecError(f"{where}: unknown constant {name!r}{known}")
            table = tables["constant"][name]
            if table["context"]:
                raise SpecError(f"{where}: {name!r} is context: no answer reads it")
            table.update(fields, numerator=(), denominator=())
            if "distribution" not in fields:
                if table["low"] == table["high"]:
                    table["distribution"] = "point"
                elif table["distribution"] == "point":
                    table["distribution"] = "lognormal" if table["low"] > 0 else "normal"
        return validate(tables, Constants, where)

    def at(self, day: datetime.date) -> tuple[Constants, dict[str, str]]:
        """Constants as they were known on a day, and what differs by name: "earlier" values, or
        "later", where nothing is known of the time before and today's value stands."""
        patch, differs = {}, {}
        for name, constant in self.constant.items():
            if constant.known and constant.known > day:
                differs[name] = "later"
            then = [each for each in constant.earlier if each.until > day]
            if then:
                first = min(then, key=lambda each: each.until)
                patch[name] = first.model_dump(include={"low", "central", "high"})
                differs[name] = "earlier"
        return self.patched(patch).model_copy(update={"as_of": day}), differs


def load_constants(path: Path | None = None) -> Constants:
    """Constants and baselines from a file, by default the shipped `constants.toml`.

    Raises:
        SpecError: one line with file, key path, value and what was expected.
    """
    return kept(_read, data_path("constants.toml") if path is None else path)


def _read(path: Path) -> Constants:
    return load_toml(path, Constants)


def constants_of(info: Mapping[str, Any]) -> Constants:
    """The shipped constants as the scenario of a run has them, from the run's record.

    Raises:
        SpecError: a patch of a constant that is not there.
    """
    name, now = info["scenario"], load_scenarios()
    then = info["spec"]["constants"]  # where the scenario is no more
    patch = now[name].model_dump()["constants"] if name in now else then
    return load_constants().patched(patch, f"scenario.{name}.constants")
