"""What a user may say: claims, priors, scenarios and settings, read strictly from TOML.

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
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from tenfold.curves import Form

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
    tune: int = Field(default=600, ge=10, le=100_000)
    draws: int = Field(default=1500, ge=10, le=100_000)
    target_accept: float = Field(default=0.8, gt=0.5, lt=1)
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
