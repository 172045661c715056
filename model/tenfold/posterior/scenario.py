"""What a scenario may say: points, priors, structure and settings; and those that ship."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, model_validator

from tenfold.curves import Form
from tenfold.files import (
    MAX_DEPTH,
    Mistakes,
    SpecError,
    data_path,
    did_you_mean,
    key_path,
    read_toml,
)
from tenfold.spec import Strict, validate

PriorFamily = Literal["normal", "half_normal", "log_normal", "gamma", "beta"]
FAMILIES: tuple[PriorFamily, ...] = get_args(PriorFamily)


class Prior(Strict):
    """A prior by hyperparameters, or by three quantiles that the family is matched to.

    `normal`: mu, sigma; `half_normal`: sigma; `log_normal`: mu, sigma (of the logarithm);
    `gamma`: alpha, beta (shape, rate); `beta`: alpha, beta. `shift` is added to the draw.
    """

    family: PriorFamily
    mu: float | None = None
    sigma: float | None = Field(default=None, gt=0)
    alpha: float | None = Field(default=None, gt=0)
    beta: float | None = Field(default=None, gt=0)
    p05: float | None = None
    p50: float | None = None
    p95: float | None = None
    shift: float = 0.0
    unit: str
    reason: str = Field(min_length=1)
    reference: str = ""

    @model_validator(mode="after")
    def _complete(self) -> Prior:
        needed = HYPERPARAMETERS[self.family]
        given = [
            name for name in ("mu", "sigma", "alpha", "beta") if getattr(self, name) is not None
        ]
        quantiles = [q for q in (self.p05, self.p50, self.p95) if q is not None]
        if quantiles and given:
            raise ValueError("give hyperparameters or quantiles, not both")
        if quantiles and (len(quantiles) < 3 or sorted(set(quantiles)) != quantiles):
            raise ValueError("expected p05 < p50 < p95, all three")
        if not quantiles and set(given) != set(needed):
            raise ValueError(f"{self.family} needs exactly {', '.join(needed)}")
        return self


HYPERPARAMETERS: dict[str, tuple[str, ...]] = {
    "normal": ("mu", "sigma"),
    "half_normal": ("sigma",),
    "log_normal": ("mu", "sigma"),
    "gamma": ("alpha", "beta"),
    "beta": ("alpha", "beta"),
}


class PriorFile(Strict):
    """`priors.toml`: the format's version and one table per parameter."""

    version: Literal[1]
    prior: dict[str, Prior]


PointKey = Literal[
    "source", "publication", "series", "benchmark", "family", "regime", "unit", "axis_start",
    "model", "mode", "shift", "tradeoff",
]  # fmt: skip
"""What a scenario may filter evidence by: the keys of `points.load`."""


class PointsChoice(Strict):
    """Which points a scenario uses. Patterns are shell-style (`AA/*`); empty means all."""

    include: dict[PointKey, list[str]] = {}
    exclude: dict[PointKey, list[str]] = {}
    outliers: Literal["keep", "drop"] = "keep"
    reading_error_scale: float = Field(default=1.0, ge=0, le=10)
    shuffle_families: bool = False


class ModelChoice(Strict):
    """Structure of the model. Each switch is a modelling choice that a scenario may turn."""

    forms: Annotated[tuple[Form, ...], Field(strict=False, min_length=1)] = (
        "logistic",
        "saturating",
        "power",
    )
    noise: Literal["student_t", "normal"] = "student_t"
    thinking_shift: bool = True
    estimate_lambda: bool = True
    pool_benchmark: bool = True
    pool_family: bool = True
    pool_model: bool = True
    pool_publication: bool = True
    drift: bool = True
    slope_sign: Literal["positive", "any"] = "positive"
    series_evidence: bool = True
    shift_evidence: bool = True


class Settings(Strict):
    """Sampler settings. `tune` and `draws` are per chain."""

    chains: int = Field(default=4, ge=2, le=64)
    tune: int = Field(default=700, ge=10, le=100_000)
    draws: int = Field(default=2400, ge=10, le=100_000)
    target_accept: float = Field(default=0.8, gt=0.5, lt=1)
    seed: int = Field(default=20251020, ge=0, lt=2**31)


class ConstantPatch(Strict):
    """New values of a number, in its own unit (5%, central, 95%); exact where they are equal."""

    low: float
    central: float
    high: float


class Scenario(Strict):
    """A named change to the base: what differs, and why anyone would want it.

    `points`, `priors`, `model` and `settings` are what is fitted. The rest is read by answers:
    `values` states numbers that a fit would estimate (`inference_per_training`, ...), `baselines`
    fields of training runs, `fixed_tokens` takes RL at a fixed token budget, and `question` holds
    arguments that differ from their defaults.
    """

    reason: str = Field(min_length=1)
    extends: str | None = None
    points: PointsChoice = PointsChoice()
    priors: dict[str, Prior] = {}
    constants: dict[str, ConstantPatch] = {}
    values: dict[str, ConstantPatch] = {}
    baselines: dict[str, dict[str, ConstantPatch]] = {}
    fixed_tokens: bool = False
    question: dict[str, str | float] = {}
    model: ModelChoice = ModelChoice()
    settings: Settings = Settings()


READ_BY_ANSWERS = frozenset({"constants", "values", "baselines", "fixed_tokens", "question"})
"""Tables of a scenario that no fit depends on."""


class ScenarioFile(Strict):
    """`scenarios.toml`: the format's version and one table per scenario."""

    version: Literal[1]
    scenario: dict[str, Scenario]


def load_scenarios(path: Path | None = None) -> dict[str, Scenario]:
    """Scenarios by name with `extends` resolved: tables merge key by key, the child's word wins.

    A user's file may extend what ships as well as its own.

    Raises:
        SpecError: as `load_toml`; an unknown parent; a circle of parents.
    """
    shipped = data_path("scenarios.toml")
    path = path or shipped
    raw = read_toml(path)
    validate(raw, ScenarioFile, str(path))
    own: dict[str, dict[str, Any]] = raw["scenario"]
    tables = own if path == shipped else read_toml(shipped)["scenario"] | own

    def resolve(name: str, seen: tuple[str, ...]) -> dict[str, Any]:
        parent = tables[name].get("extends")
        if parent is None:
            return tables[name]
        where = f"{path}: scenario.{key_path([name])}.extends"
        if parent not in tables:
            raise SpecError(f"{where}: no scenario {parent!r}{did_you_mean(parent, list(tables))}")
        if parent in seen:
            raise SpecError(f"{where}: {' -> '.join((*seen, parent))} goes round in a circle")
        if len(seen) > MAX_DEPTH:
            raise SpecError(f"{where}: more than {MAX_DEPTH} parents; expected fewer")
        return _merged(resolve(parent, (*seen, parent)), tables[name])

    found: dict[str, Scenario] = {}
    mistakes = Mistakes()
    for name in own:
        with mistakes.gather():
            where = f"{path}: scenario.{key_path([name])}"
            found[name] = validate(resolve(name, (name,)), Scenario, where)
    mistakes.tell()
    return found


def load_scenario(name: str, path: Path | None = None) -> Scenario:
    """One scenario by name.

    Raises:
        SpecError: no such scenario, or as `load_scenarios`.
    """
    scenarios = load_scenarios(path)
    if name not in scenarios:
        raise SpecError(f"no scenario {name!r}{did_you_mean(name, list(scenarios))}")
    return scenarios[name]


def _merged(base: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """Nested tables merged; a prior is replaced whole: half of one would be another family."""
    out = dict(base)
    for key, value in patch.items():
        nested = (
            isinstance(value, dict) and isinstance(base.get(key), dict) and "family" not in value
        )
        out[key] = _merged(base[key], value) if nested else value
    return out
