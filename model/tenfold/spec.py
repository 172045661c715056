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
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

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
    """The first mistake of a validation error in one line: key path, value, what was expected."""
    first = error.errors()[0]
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
