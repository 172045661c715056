"""What a user may say: priors, constants, scenarios, claims and settings, read strictly from TOML.

Every mistake in a file becomes one `SpecError` line that names the file, the key, the value and
what was expected. Nothing in a spec is ever evaluated as code.
"""

from __future__ import annotations

import datetime
import difflib
import os
import tomllib
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from tenfold.curves import Form

if TYPE_CHECKING:
    import numpy as np

MAX_FILE_BYTES = 8 * 1024 * 1024
"""Largest input file that is read; evidence tables and specs are thousands of times smaller."""


class SpecError(ValueError):
    """Bad input, in one line. The command line prints it and exits with status 2."""


class Strict(BaseModel):
    """Base of every spec table: frozen, unknown keys are errors, `"1.5"` is not a number."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


Words = Annotated[tuple[str, ...], Field(strict=False)]
"""A TOML array of strings; frozen as a tuple, which strict validation would not accept."""


def data_path(*parts: str) -> Path:
    """Path of a shipped data file: inside the wheel, or `data/` of a checkout.

    Raises:
        SpecError: the file is not part of this installation.
    """
    installed = Path(str(resources.files("tenfold"))) / "data"
    base = installed if installed.is_dir() else Path(__file__).resolve().parents[2] / "data"
    path = base.joinpath(*parts)
    if not path.exists():
        raise SpecError(f"{path}: not part of this installation; reinstall tenfold")
    return path


def read_text(path: Path) -> str:
    """Text of an input file, size-bounded.

    Raises:
        SpecError: missing, unreadable, too large or not UTF-8.
    """
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise SpecError(f"{path}: {size} bytes; expected at most {MAX_FILE_BYTES}")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SpecError(f"{path}: not UTF-8 text at byte {error.start}") from None
    except OSError as error:
        raise SpecError(f"{path}: cannot be read ({error.strerror or error})") from None


def read_toml(path: Path) -> dict[str, Any]:
    """Parsed TOML table.

    Raises:
        SpecError: as `read_text`, or a syntax error with its line.
    """
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise SpecError(f"{path}: not valid TOML: {error}") from None


def load_toml[T: BaseModel](path: Path, kind: type[T]) -> T:
    """A TOML file as a validated spec table.

    Raises:
        SpecError: one line with file, key path, value and what was expected.
    """
    return validate(read_toml(path), kind, str(path))


def validate[T: BaseModel](value: Any, kind: type[T], where: str) -> T:
    """`value` as a `kind`, or the first mistake as a `SpecError` whose line begins with `where`."""
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise SpecError(f"{where}: {describe(error, kind)}") from None


def describe(error: ValidationError, kind: type[BaseModel]) -> str:
    """The first mistake of a validation error in one line: key path, value, what was expected.

    A missing key that is there under a misspelled name is told by that name.
    """
    first = error.errors()[0]
    if first["type"] == "missing" and (misspelled := _misspelled(error)):
        return misspelled
    location = [part for part in first["loc"] if part != "[key]"]
    if location and location[-1] in ("float", "str"):  # pydantic's name for a member of a union
        location.pop()
    key = ".".join(str(part) for part in location) or "(file)"
    if first["type"] == "extra_forbidden":
        known = fields_at(kind, location[:-1])
        return f"{key}: unknown key{did_you_mean(str(location[-1]), known)}"
    if first["type"] == "missing":
        return f"{key}: missing; it is required"
    message = first["msg"].removeprefix("Value error, ")
    if isinstance(first["input"], dict):  # a rule between keys; the whole table would say nothing
        return f"{key}: {message}"
    value = repr(first["input"])
    return f"{key}: got {value if len(value) <= 80 else value[:77] + '...'}; {message}"


def _misspelled(error: ValidationError) -> str:
    """The first unknown key that is nearly the name of a missing one of its table, or nothing."""
    missing = [item["loc"] for item in error.errors() if item["type"] == "missing"]
    for item in error.errors():
        if item["type"] == "extra_forbidden":
            *table, word = item["loc"]
            absent = [str(name) for *other, name in missing if other == table]
            if near := difflib.get_close_matches(str(word), absent, n=1):
                key = ".".join(map(str, item["loc"]))
                return f"{key}: unknown key; did you mean {near[0]!r}?"
    return ""


def fields_at(kind: Any, location: list[Any]) -> list[str]:
    """Field names of the table at `location` below `kind`, looking through dicts and unions."""
    for part in location:
        models = _models(kind)
        named = [m.model_fields[part].annotation for m in models if part in m.model_fields]
        kind = named[0] if named else kind
    return sorted({name for model in _models(kind) for name in model.model_fields})


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    found: list[type[BaseModel]] = []
    for inner in getattr(annotation, "__args__", ()):
        found += _models(inner)
    return found


def did_you_mean(word: str, known: list[str]) -> str:
    """`"; did you mean 'x'?"` for a near miss, else the list of what is known."""
    near = difflib.get_close_matches(word, known, n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(known)}" if known else ""


def write_atomic(path: Path, text: str) -> None:
    """Write a text file so that readers see the old file or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


class ClaimSource(Strict):
    """Where the quotes of a claims file come from."""

    title: str = Field(min_length=1)
    author: str = Field(min_length=1)
    published: datetime.date
    url: str = Field(pattern=r"^https://")


class Claim(Strict):
    """A published sentence as a statement about one positive quantity.

    The quantity is an `estimand` (a posterior quantity) or a `function` of inputs; `given` holds
    the inputs that the text states. It is compared with `value` as `relation` says, up to a factor
    `tolerance`: "about" is within the factor either way, "at most" up to value * tolerance, "at
    least" from value / tolerance. An arithmetic claim recomputes `function` from `given` alone;
    `evidence_tolerance`, where set, replaces `tolerance` when the same function is then evaluated
    with what the evidence says of its inputs.
    """

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    quote: str = Field(min_length=1)
    source: str
    kind: Literal["arithmetic", "evidence", "assumption"]
    estimand: str | None = None
    function: str | None = None
    given: dict[str, float | str] = Field(default_factory=dict)
    relation: Literal["about", "at least", "at most"]
    value: float = Field(gt=0)
    unit: str
    tolerance: float = Field(ge=1)
    evidence_tolerance: float | None = Field(default=None, ge=1)
    as_of: datetime.date
    reason: str = Field(min_length=1)

    @model_validator(mode="after")
    def _one_quantity(self) -> Claim:
        if (self.estimand is None) == (self.function is None):
            raise ValueError("exactly one of `estimand` and `function` is required")
        if self.kind == "arithmetic" and self.function is None:
            raise ValueError("an arithmetic claim needs a `function`")
        if self.kind != "arithmetic" and self.evidence_tolerance is not None:
            raise ValueError("`evidence_tolerance` belongs to arithmetic claims")
        return self


class ClaimsFile(Strict):
    """A claims file: its sources by name, and the claims in the order in which they are printed."""

    version: Literal[1]
    source: dict[str, ClaimSource]
    claim: Annotated[tuple[Claim, ...], Field(strict=False, min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> ClaimsFile:
        ids = [claim.id for claim in self.claim]
        for claim in self.claim:
            if ids.count(claim.id) > 1:
                raise ValueError(f"claim id {claim.id!r} is used twice")
            if claim.source not in self.source:
                known = did_you_mean(claim.source, sorted(self.source))
                raise ValueError(f"claim {claim.id!r}: unknown source {claim.source!r}{known}")
        return self


Distribution = Literal["point", "normal", "lognormal", "logitnormal", "uniform", "loguniform"]


class Constant(Strict):
    """A number of the world with its uncertainty: 5%, 50% and 95% quantiles, unit and source.

    The quantile function is two-piece: on the distribution's scale (natural, log or logit) each
    side of the median is a half-normal (or half-uniform) with the spread that its own quantile
    asks for. `low`, `central` and `high` are therefore met exactly, skewed or not; where they are
    symmetric on that scale this is the plain normal, log-normal, logit-normal, uniform or
    log-uniform. The density has a step at the median when the sides differ.
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
    parents: Annotated[tuple[str, ...], Field(strict=False)] = ()
    formula: str = ""

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

    def draw(self, n: int | tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """`n` draws (or a shape of them) in `unit`, by inversion: the same generator state gives
        draws that move together when a constant is changed."""
        return self.quantile((rng.integers(0, 2**53, n) + 0.5) / 2**53)


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

    One of each pair is given and the other follows: training or pre-training FLOP, GPU-hours or
    throughput, GPUs or duration, energy or power, cost or price.
    """

    title: str = Field(min_length=1)
    year: float
    rl_share: str
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
    constant: dict[str, Constant]
    baseline: dict[str, Baseline]

    @model_validator(mode="after")
    def _references(self) -> Constants:
        from tenfold import units

        for name, constant in self.constant.items():
            for parent in constant.parents:
                self._known(parent, f"constant {name!r}, parents")
        for name, baseline in self.baseline.items():
            for field, unit in BASELINE_UNITS.items():
                reference = getattr(baseline, field)
                if reference is None:
                    continue
                found = self._known(reference, f"baseline {name!r}, {field}")
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
        down, unless the patch names its distribution. Derived rows are not recomputed.

        Raises:
            SpecError: as above, in one line that begins with `where`.
        """
        tables = self.model_dump()
        for name, fields in patch.items():
            if name not in tables["constant"]:
                known = did_you_mean(name, sorted(tables["constant"]))
                raise SpecError(f"{where}: unknown constant {name!r}{known}")
            table = tables["constant"][name]
            table.update(fields)
            if "distribution" not in fields:
                if table["low"] == table["high"]:
                    table["distribution"] = "point"
                elif table["distribution"] == "point":
                    table["distribution"] = "lognormal" if table["low"] > 0 else "normal"
        return validate(tables, Constants, where)


def load_constants(path: Path | None = None) -> Constants:
    """Constants and baselines from a file, by default the shipped `constants.toml`.

    Raises:
        SpecError: one line with file, key path, value and what was expected.
    """
    return load_toml(data_path("constants.toml") if path is None else path, Constants)


PriorFamily = Literal["normal", "half_normal", "log_normal", "gamma", "beta"]


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
    "source", "series", "benchmark", "family", "regime", "unit", "model", "mode",
    "shift", "tradeoff",
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
        "linear",
        "power",
    )
    noise: Literal["student_t", "normal"] = "student_t"
    thinking_shift: bool = True
    estimate_lambda: bool = True
    pool_benchmark: bool = True
    pool_family: bool = True
    slope_sign: Literal["positive", "any"] = "positive"
    series_evidence: bool = True
    shift_evidence: bool = True


class Settings(Strict):
    """Sampler settings. `tune` and `draws` are per chain."""

    chains: int = Field(default=4, ge=2, le=64)
    tune: int = Field(default=800, ge=10, le=100_000)
    draws: int = Field(default=1500, ge=10, le=100_000)
    target_accept: float = Field(default=0.93, gt=0.5, lt=1)
    seed: int = Field(default=20251020, ge=0, lt=2**31)


class ConstantPatch(Strict):
    """New values of a named constant, in its own unit (5%, central, 95%)."""

    low: float
    central: float
    high: float


class Scenario(Strict):
    """A named change to the base: what differs, and why anyone would want it."""

    reason: str = Field(min_length=1)
    extends: str | None = None
    points: PointsChoice = PointsChoice()
    priors: dict[str, Prior] = {}
    constants: dict[str, ConstantPatch] = {}
    model: ModelChoice = ModelChoice()
    settings: Settings = Settings()


class ScenarioFile(Strict):
    """`scenarios.toml`: the format's version and one table per scenario."""

    version: Literal[1]
    scenario: dict[str, Scenario]


def load_scenarios(path: Path | None = None) -> dict[str, Scenario]:
    """Scenarios by name with `extends` resolved: tables merge key by key, the child's word wins.

    Raises:
        SpecError: as `load_toml`; an unknown parent; a circle of parents.
    """
    path = path or data_path("scenarios.toml")
    raw = read_toml(path)
    validate(raw, ScenarioFile, str(path))
    tables: dict[str, dict[str, Any]] = raw["scenario"]

    def resolve(name: str, seen: tuple[str, ...]) -> dict[str, Any]:
        parent = tables[name].get("extends")
        if parent is None:
            return tables[name]
        where = f"{path}: scenario.{name}.extends"
        if parent not in tables:
            raise SpecError(f"{where}: no scenario {parent!r}{did_you_mean(parent, list(tables))}")
        if parent in seen:
            raise SpecError(f"{where}: {' -> '.join((*seen, parent))} goes round in a circle")
        return _merged(resolve(parent, (*seen, parent)), tables[name])

    return {
        name: validate(resolve(name, (name,)), Scenario, f"{path}: scenario.{name}")
        for name in tables
    }


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
