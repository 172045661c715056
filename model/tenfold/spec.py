"""How specs are read: strictly, from TOML, every mistake one line of file, key, value and remedy.

Every mistake in a file becomes one `SpecError` line that names the file, the key, the value and
what was expected. Nothing in a spec is ever evaluated as code.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tenfold.files import SpecError, did_you_mean, read_toml


class Strict(BaseModel):
    """Base of every spec table: frozen, unknown keys are errors, `"1.5"` is not a number."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


Words = Annotated[tuple[str, ...], Field(strict=False)]
"""A TOML array of strings; frozen as a tuple, which strict validation would not accept."""


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
