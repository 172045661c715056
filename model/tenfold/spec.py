"""What a user may say: priors, constants, scenarios, claims and settings, read strictly from TOML.

Every mistake in a file becomes one `SpecError` line that names the file, the key, the value and
what was expected. Nothing in a spec is ever evaluated as code.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

MAX_FILE_BYTES = 8 * 1024 * 1024
"""Largest input file that is read; evidence tables and specs are thousands of times smaller."""


class SpecError(ValueError):
    """Bad input, in one line. The command line prints it and exits with status 2."""


class Strict(BaseModel):
    """Base of every spec table: frozen, unknown keys are errors, no coercion of strings."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


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
    key = ".".join(str(part) for part in location) or "(file)"
    if first["type"] == "extra_forbidden":
        known = fields_at(kind, location[:-1])
        return f"{key}: unknown key{did_you_mean(str(location[-1]), known)}"
    if first["type"] == "missing":
        return f"{key}: missing; it is required"
    message = first["msg"].removeprefix("Value error, ")
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
