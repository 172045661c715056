"""How specs are read: strictly, from TOML, every mistake one line of file, key, value and remedy.

Every mistake in a file becomes one `SpecError` line that names the file, the key, the value and
what was expected. Nothing in a spec is ever evaluated as code.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from tenfold.files import SpecError, abridged, did_you_mean, key_path, read_toml, shown
from tenfold.inert import CONTROL

MEMBER = re.compile(r"float|str|int|none|literal\[.*\]|constrained-\w+")
"""What pydantic calls the member of a union that it held a value against."""


class Strict(BaseModel):
    """Base of every spec table: frozen, unknown keys are errors, `"1.5"` is not a number."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @field_validator("*", mode="after")
    @classmethod
    def _controls_nothing(cls, value: Any) -> Any:
        for text in _texts(value):
            if odd := CONTROL.search(text):
                raise ValueError(
                    f"expected text without control characters; it holds U+{ord(odd[0]):04X}"
                )
        return value


def _texts(value: Any) -> Iterator[str]:
    """All text of a value: itself, or what its lists and tables hold."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(key)
            yield from _texts(inner)
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from _texts(inner)


Words = Annotated[tuple[str, ...], Field(strict=False)]
"""A TOML array of strings; frozen as a tuple, which strict validation would not accept."""


def load_toml[T: BaseModel](path: Path, kind: type[T]) -> T:
    """A TOML file as a validated spec table.

    Raises:
        SpecError: per mistake a line with file, key path, value and what was expected.
    """
    return validate(read_toml(path), kind, str(path))


def validate[T: BaseModel](value: Any, kind: type[T], where: str) -> T:
    """`value` as a `kind`, or its mistakes as a `SpecError` whose lines begin with `where`."""
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise SpecError(*(f"{where}: {line}" for line in describe(error, kind))) from None


def describe(error: ValidationError, kind: type[BaseModel]) -> list[str]:
    """The mistakes of a validation error, one line each: key path, value, what was expected.

    A missing key that is there under a misspelled name is told by that name alone.
    """
    told: dict[tuple[Any, ...], str] = {}
    items = error.errors(include_url=False)
    # a list whose items are wrong may be called too short: that follows from them
    above = {item["loc"][:end] for item in items for end in range(1, len(item["loc"]))}
    missing = [item["loc"] for item in items if item["type"] == "missing"]
    found = set()
    for item in items:
        if item["type"] == "too_short" and item["loc"] in above:
            continue
        location = tuple(part for part in item["loc"] if part != "[key]")
        if location and MEMBER.fullmatch(str(location[-1])):
            location = location[:-1]
        key = key_path(location) or "(file)"
        if item["type"] == "extra_forbidden":
            *table, word = item["loc"]
            absent = [str(name) for *other, name in missing if other == table]
            near = difflib.get_close_matches(str(word)[:200], absent, n=1)
            found |= {(*table, name) for name in near}
            hint = did_you_mean(str(word), near or fields_at(kind, list(location[:-1])))
            told.setdefault(location, f"{key}: unknown key{hint}")
        elif item["type"] == "missing":
            told.setdefault(location, f"{key}: missing; it is required")
        else:
            message = item["msg"].removeprefix("Value error, ") + _meant(item)
            # of a rule between keys, the whole table would say nothing
            got = "" if isinstance(item["input"], dict) else f"got {shown(item['input'])}; "
            told.setdefault(location, f"{key}: {got}{message}")
    return abridged([line for location, line in told.items() if location not in found])


def _meant(item: Any) -> str:
    """The word that is meant where one of a few was expected and something near it is there."""
    if item["type"] != "literal_error" or not isinstance(item["input"], str):
        return ""
    hint = did_you_mean(item["input"], re.findall(r"'([^']*)'", item["ctx"]["expected"]))
    return hint if "mean" in hint.split("'")[0] else ""


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
