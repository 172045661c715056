"""Files that users and runs bring: read with bounds, written whole, each mistake one line."""

from __future__ import annotations

import codecs
import difflib
import json
import os
import re
import shutil
import stat
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

MAX_FILE_BYTES = 8 * 1024 * 1024
"""Largest input file that is read; evidence tables and specs are thousands of times smaller."""
MAX_TOML_BYTES = 1024 * 1024
"""Largest TOML file: its reader is slow, and the largest that ships is 20 times smaller."""
MAX_DEPTH = 50
"""Deepest nesting of tables and lists, and most parts of a dotted key."""
MAX_LINES = 20
"""Most mistakes that are told of one input; the others are counted."""
MAX_LINE = 1000
"""Longest message."""
MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32 text"),
    (codecs.BOM_UTF32_BE, "UTF-32 text"),
    (codecs.BOM_UTF16_LE, "UTF-16 text"),
    (codecs.BOM_UTF16_BE, "UTF-16 text"),
    (b"PK\x03\x04", "a zip archive, as spreadsheets are (save the sheet as CSV)"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet or document (save the sheet as CSV)"),
    (b"\x1f\x8b", "compressed with gzip (unpack it first)"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"PAR1", "a Parquet table (write it as CSV)"),
)
"""How files begin that are no UTF-8 text, and what they are."""
DOTTED = re.compile(
    r"(?<![\w-])(?:(?:[\w-]++|\"[^\"\n]*+\"|'[^'\n]*+')[ \t]*+\.[ \t]*+){50}"  # MAX_DEPTH
)
"""A key with too many dotted parts, for which the TOML reader takes quadratic time."""


class SpecError(ValueError):
    """Bad input, one line per mistake. The command line prints them and exits with status 2."""

    def __init__(self, *lines: str) -> None:
        self.lines = tuple(map(_one_line, lines))
        super().__init__("\n".join(self.lines))


def _one_line(text: str) -> str:
    """A message without line breaks, escape codes and other control characters, cut where long.

    Messages quote names and values that others chose.
    """
    if len(text) > MAX_LINE:
        text = f"{text[: MAX_LINE // 2]}...{text[-MAX_LINE // 2 :]}"
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


class Mistakes:
    """Mistakes of one input, gathered so that all of them are told at once."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    @contextmanager
    def gather(self) -> Iterator[None]:
        """Keep the mistake that ends the block, and go on after it."""
        try:
            yield
        except SpecError as error:
            self.lines.extend(error.lines)

    def tell(self) -> None:
        """Raise what was gathered, if anything, as one `SpecError`."""
        if self.lines:
            raise SpecError(*abridged(self.lines))


def abridged(lines: Sequence[str]) -> list[str]:
    """The first `MAX_LINES` lines, and how many more there are."""
    rest = len(lines) - MAX_LINES
    return [*lines[:MAX_LINES], *([f"and {rest:,} more mistakes"] if rest > 0 else [])]


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


def inside(folder: Path, name: str | Path, where: object) -> Path:
    """`folder / name`, which may not leave the folder, neither by its parts nor through a link.

    Raises:
        SpecError: beginning with `where`.
    """
    path = folder / name
    try:
        inner = path.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError) as error:  # NUL, a lone surrogate, a circle of links
        raise SpecError(f"{where}: got {shown(str(name))}; not a path ({error})") from None
    if not inner:
        raise SpecError(
            f"{where}: got {shown(str(name))}, which leaves the folder {folder}; expected a file "
            "inside it"
        )
    return path


def read_bytes(path: Path, limit: int = MAX_FILE_BYTES) -> bytes:
    """Content of a regular file of at most `limit` bytes.

    Raises:
        SpecError: missing, unreadable, too large, or a folder, pipe or device.
    """

    def at_once(name: str, flags: int) -> int:
        # without O_NONBLOCK, opening a pipe waits until somebody writes to it
        return os.open(name, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))

    try:
        with open(path, "rb", opener=at_once) as file:
            regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            data = file.read(limit + 1) if regular else b""
    except OSError as error:
        raise SpecError(f"{path}: cannot be read ({error.strerror or error})") from None
    except ValueError as error:  # a NUL or a lone surrogate in the name
        raise SpecError(f"{path}: cannot be read ({error})") from None
    if not regular:
        raise SpecError(f"{path}: a pipe or a device; expected a regular file")
    if len(data) > limit:
        raise SpecError(f"{path}: more than {limit} bytes; expected at most {limit}")
    return data


def read_text(path: Path, limit: int = MAX_FILE_BYTES) -> str:
    r"""Text of an input file, without byte-order mark, lines ended by "\n".

    Raises:
        SpecError: as `read_bytes`, or not UTF-8.
    """
    return decoded(read_bytes(path, limit), path)


def decoded(data: bytes, where: object) -> str:
    """UTF-8 `data` as text; anything else is refused by name, in a line that begins with `where`.

    Raises:
        SpecError: UTF-16, a spreadsheet, an image, an old 8-bit encoding.
    """
    for mark, name in MARKS:
        if data.startswith(mark):
            raise SpecError(f"{where}: {name}; expected UTF-8 text")
    head = data[:1000]
    if head.count(0) > len(head) / 4:
        raise SpecError(f"{where}: full of NUL bytes, as UTF-16 text is; expected UTF-8 text")
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise SpecError(
            f"{where}: not UTF-8 text at byte {error.start} (an old encoding, such as "
            "Windows-1252?); expected UTF-8"
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_toml(path: Path) -> dict[str, Any]:
    """Parsed TOML table, at most `MAX_DEPTH` deep, integers of at most 64 bits.

    Raises:
        SpecError: as `read_text`, or a syntax error with its line.
    """
    text = read_text(path, MAX_TOML_BYTES)
    if found := DOTTED.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise SpecError(
            f"{path}: line {line}: a key of more than {MAX_DEPTH} dotted parts; expected fewer"
        )
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError(f"{path}: not valid TOML: {error}") from None
    except RecursionError:
        raise SpecError(f"{path}: nested too deeply; expected at most {MAX_DEPTH} levels") from None
    except ValueError:  # of Python's reader of integers, which names no place
        found = re.search(r"\d[\d_]{999}", text)
        line = text.count("\n", 0, found.start()) + 1 if found else 1
        raise SpecError(
            f"{path}: line {line}: an integer of thousands of digits; expected at most 64 bits"
        ) from None
    for key, table in tables(value, path):
        for name, item in table.items() if isinstance(table, dict) else enumerate(table):
            if isinstance(item, int) and not -(2**63) <= item < 2**63:
                raise SpecError(
                    f"{path}: {key_path((*key, name))}: an integer beyond 64 bits; expected a "
                    "smaller number"
                )
    return value


def read_json(path: Path, limit: int = MAX_FILE_BYTES) -> Any:
    """Parsed JSON value, at most `MAX_DEPTH` deep; NaN and infinities are floats.

    Raises:
        SpecError: as `read_text`, or a syntax error with its line.
    """
    return parse_json(read_text(path, limit), path)


def parse_json(text: str, where: object) -> Any:
    """`text` as a JSON value; as `read_json`, in a line that begins with `where`."""
    try:
        value = json.loads(text, parse_int=_integer)
    except RecursionError:
        raise SpecError(f"{where}: not JSON that is read: nested too deeply") from None
    except ValueError as error:
        raise SpecError(f"{where}: not JSON: {error}") from None
    for _ in tables(value, where):
        pass
    return value


def _integer(text: str) -> int | float:
    """An integer; where no float is as large, infinity, which no reader takes for a number."""
    return int(text) if len(text) < 300 else float(text)


def tables(value: Any, where: object) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every table and list in a parsed value, itself included, with its key path.

    Raises:
        SpecError: deeper than `MAX_DEPTH`.
    """
    rest: list[tuple[tuple[Any, ...], Any]] = [((), value)]
    while rest:
        key, item = rest.pop()
        if len(key) > MAX_DEPTH:
            raise SpecError(
                f"{where}: {key_path(key[:3])}...: nested too deeply; expected at most "
                f"{MAX_DEPTH} levels"
            )
        if isinstance(item, dict | list):
            yield key, item
            pairs = item.items() if isinstance(item, dict) else enumerate(item)
            rest += [((*key, k), v) for k, v in pairs if isinstance(v, dict | list) and v]


def key_path(parts: Sequence[Any]) -> str:
    """Parts of a key joined by dots; a part with odd characters, or very long, is quoted."""
    return ".".join(
        text if (text := str(part)).isprintable() and len(text) <= 80 else shown(text)
        for part in parts
    )


def shown(value: Any, most: int = 80) -> str:
    """A value as text for a message: on one line, escaped, not longer than `most`."""
    if isinstance(value, str | bytes):
        value = value[: most + 1]
    try:
        text = repr(value)
    except ValueError:
        text = "an integer of thousands of digits"
    return text if len(text) <= most else text[: most - 3] + "..."


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write a file so that readers see the old one or the new one, never half of one.

    What writers that died have left in its folder goes.

    Raises:
        SpecError: no room, or no permission; the old file stands.
    """
    data = content.encode() if isinstance(content, str) else content
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path.parent)
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        raise SpecError(f"{path}: cannot be written ({error.strerror or error})") from None
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def together(folder: Path) -> Iterator[Path]:
    """A folder to write into, whose files go to `folder` once all of them are made, else none.

    Raises:
        SpecError: no room, or no permission; the old files stand.
    """
    part, made = folder / f".{folder.name}.{os.getpid()}.part", not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder)
        part.mkdir()
        yield part
        for file in sorted(path for path in part.rglob("*") if path.is_file()):
            target = folder / file.relative_to(part)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(file, target)
    except OSError as error:
        raise SpecError(f"{folder}: cannot be written ({error.strerror or error})") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
        if made and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def sweep(folder: Path) -> None:
    """Delete what writers that died have left in a folder: `.NAME.PID.part` of no process."""
    for part in folder.glob(".*.part"):
        pid = part.name.split(".")[-2]
        if not pid.isdigit() or _alive(int(pid)):
            continue
        if part.is_dir() and not part.is_symlink():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def did_you_mean(word: str, known: list[str]) -> str:
    """What to say after an unknown word: the one that is meant, in any case, or all known ones.

    >>> did_you_mean("Logstic", ["logistic", "power"])
    "; did you mean 'logistic'?"
    """
    folded = {name.casefold(): name for name in reversed(known)}
    near = difflib.get_close_matches(word[:200].casefold(), list(folded), n=1)
    if near:
        return f"; did you mean {folded[near[0]]!r}?"
    return f"; known: {', '.join(known)}" if known else ""
