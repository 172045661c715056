"""Files that users and runs bring: read with bounds, written whole, each mistake one line."""

from __future__ import annotations

import difflib
import os
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

MAX_FILE_BYTES = 8 * 1024 * 1024
"""Largest input file that is read; evidence tables and specs are thousands of times smaller."""


class SpecError(ValueError):
    """Bad input, in one line. The command line prints it and exits with status 2."""


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


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write a file so that readers see the old one or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_bytes(content.encode() if isinstance(content, str) else content)
    os.replace(part, path)


def did_you_mean(word: str, known: list[str]) -> str:
    """`"; did you mean 'x'?"` for a near miss, else the list of what is known."""
    near = difflib.get_close_matches(word, known, n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(known)}" if known else ""
