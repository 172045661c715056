"""What commands print: tables and sentences for people, JSON for programs.

Text from elsewhere is made harmless, and fitted to what the terminal can show: its width (`COLUMNS`
counts in pipes too) and its characters. There is no colour, so there is none to switch off.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from tenfold.inert import CONTROL, cell, printable

WIDE = 160
"""Columns assumed where output is not a terminal: a file or a pipe has no width to wrap at."""

PATIENCE = 1.0
"""Seconds that a command may take before it is said what it does."""

RAISED = re.compile("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")
NORMAL = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
SIMPLER = {
    "×": "x", "±": "+/-", "−": "-", "–": "-", "…": "...", "∞": "inf", "•": "*", "●": "*",
    "─": "-", "│": "|", "└": "+", "‘": "'", "’": "'", "“": '"', "”": '"', "µ": "u", "✓": "*",
    "▁": "_", "▂": ".", "▃": "-", "▄": "=", "▅": "+", "▆": "*", "▇": "#", "█": "#",
}  # fmt: skip
"""Characters -> what stands for them where a terminal cannot show them."""


class Closed(Exception):
    """Standard output cannot be written; says why."""


def prepare() -> None:
    """Make the standard streams safe to use, whatever they are.

    A descriptor that the shell closed would be given to the next file that is opened, and be
    written to by whatever prints; it becomes the null device. What a stream cannot encode is
    replaced, never an error.
    """
    for number, stream in enumerate((sys.stdin, sys.stdout, sys.stderr)):
        if stream is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
        elif number and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def print_json(payload: dict[str, Any]) -> None:
    """One JSON object, with the format version first; NaN or infinity is a programming error.

    Whatever could control a terminal, or cannot be shown there, is escaped.
    """
    plain = _encoding(sys.stdout).replace("-", "").startswith("utf")
    text = json.dumps({"version": 1} | payload, indent=2, allow_nan=False, ensure_ascii=not plain)
    _write(CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text), sys.stdout)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table, fitted to the terminal; integers are aligned as counts."""
    from tenfold.words import layout

    cells = [[shown(value) if isinstance(value, str) else value for value in row] for row in rows]
    say("\n" + layout.table(shown(title), [shown(name) for name in columns], cells, width()))


def print_csv(rows: Iterable[Sequence[Any]]) -> None:
    """Rows as CSV, the names of columns first; no cell is a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerows([cell(x) if isinstance(x, str) else x for x in row] for row in rows)
    say(buffer.getvalue().rstrip("\n"))


def print_lines(lines: Iterable[str], hang: str = "") -> None:
    """Sentences, wrapped at the terminal's width."""
    from tenfold.words import layout

    for line in lines:
        say("\n".join(layout.paragraph(shown(line), width(), hang)))


def print_facts(rows: Mapping[str, Any]) -> None:
    """Names and their values in two columns."""
    from tenfold.words import layout

    listed = {shown(name): shown(str(value)) for name, value in rows.items()}
    say("\n".join(layout.facts(listed, width())))


def print_plot(x: Sequence[float], y: Sequence[float], labels: tuple[str, str]) -> None:
    """A scatter plot in text."""
    from tenfold.words import layout

    say("\n".join(layout.plot(x, y, labels, width())))


def width() -> int:
    """Columns of the terminal, or `COLUMNS`; `WIDE` where there is neither."""
    return shutil.get_terminal_size((WIDE, 24)).columns


def shown(text: str) -> str:
    """The text as standard output can show it."""
    return _simpler(printable(text), _encoding(sys.stdout))


def say(text: str) -> None:
    """Text on standard output, without markup.

    Where the reader has gone (`| head`), the rest is dropped and the exit status stays the work's.

    Raises:
        Closed: it cannot be written for another reason (closed, a full disk).
    """
    _write(printable(text), sys.stdout)


def warn(text: str) -> None:
    """A line on standard error; dropped where that cannot be written."""
    try:
        _write(printable(text), sys.stderr)
    except Closed:
        return


@contextmanager
def working(command: str) -> Iterator[None]:
    """Shows on standard error that a command is at work, once it has taken `PATIENCE`.

    A spinner and the time taken, wiped away before anything is printed; only where standard error
    is a terminal that can.
    """
    global _spinner
    if sys.stderr is None or not sys.stderr.isatty() or os.environ.get("TERM") in ("", "dumb"):
        yield
        return
    _spinner = Spinner(command)
    try:
        yield
    finally:
        _spinner.stop()
        _spinner = None


class Spinner:
    """A line at the foot of the terminal that moves, drawn by rich from a timer's thread."""

    def __init__(self, text: str) -> None:
        self.text, self.began, self.lock = text, time.monotonic(), threading.RLock()
        self.live: Any = None
        self.timer = threading.Timer(PATIENCE, self.show)
        self.timer.daemon = True
        self.timer.start()

    def show(self) -> None:
        """Draw it, unless it is there already."""
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        with self.lock:
            if self.live is None:
                columns = SpinnerColumn(), TextColumn("{task.description}", markup=False)
                self.live = Progress(
                    *columns,
                    TimeElapsedColumn(),
                    console=Console(stderr=True, no_color=True),
                    transient=True,
                    redirect_stdout=False,
                    redirect_stderr=False,
                )
                self.live.add_task(_simpler(printable(self.text), _encoding(sys.stderr)))
                self.live.start()

    def stop(self) -> None:
        """Wipe it away for good."""
        self.timer.cancel()
        self.wipe()

    def wipe(self) -> None:
        """Wipe it away; it comes back after `PATIENCE` of silence."""
        with self.lock:
            if self.live is not None:
                self.live.stop()
                self.live = None

    def again(self) -> None:
        """Wait again before it is drawn."""
        self.timer.cancel()
        self.timer = threading.Timer(PATIENCE, self.show)
        self.timer.daemon = True
        self.timer.start()


_spinner: Spinner | None = None


def _write(text: str, stream: TextIO | None) -> None:
    if stream is None:
        raise Closed("closed")
    if _spinner:
        _spinner.wipe()
    try:
        print(_simpler(text, _encoding(stream)), file=stream, flush=True)
    except OSError as error:
        drop(stream)
        if not isinstance(error, BrokenPipeError):
            raise Closed(error.strerror) from None
    if _spinner:
        _spinner.again()


def drop(stream: TextIO) -> None:
    """Give up on a stream: what is left in its buffer would fail again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _encoding(stream: TextIO | None) -> str:
    return getattr(stream, "encoding", None) or "utf-8"


def _simpler(text: str, encoding: str) -> str:
    """The text with what `encoding` lacks replaced, numbers legibly: 10²⁶ as 10^26."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = RAISED.sub(lambda found: _raised(found[0], encoding), text)
        found = "".join(char if _fits(char, encoding) else SIMPLER.get(char, "?") for char in text)
        return found
    return text


def _raised(power: str, encoding: str) -> str:
    return power if _fits(power, encoding) else "^" + power.translate(NORMAL)


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
