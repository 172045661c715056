"""What commands print: tables for people, JSON for programs. Rich is imported when a table is."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

WIDE = 160
"""Columns assumed where output is not a terminal: a file or a pipe has no width to wrap at."""


def print_json(payload: dict[str, Any]) -> None:
    """One JSON object, with the format version first; NaN or infinity is a programming error."""
    say(json.dumps({"version": 1} | payload, indent=2, allow_nan=False, ensure_ascii=False))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table; columns of integers are right-aligned, and only the last column wraps."""
    from rich import box
    from rich.table import Table

    listed = [list(row) for row in rows]
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    for position, name in enumerate(columns):
        numbers = listed and all(isinstance(row[position], int) for row in listed)
        last = position == len(columns) - 1
        table.add_column(
            name,
            justify="right" if numbers else "left",
            overflow="fold" if last else "ellipsis",
            no_wrap=not last,
        )
    for row in listed:
        table.add_row(*(_cell(value) for value in row))
    console = _console()
    with console.capture() as drawn:
        console.print(table)
    say(drawn.get().removesuffix("\n"))


def plot(x: Sequence[float], y: Sequence[float], labels: tuple[str, str]) -> str:
    """A scatter plot in text, 12 lines by 60 columns, with the range of both axes."""
    height, width = 12, 60
    (x_low, x_high), (y_low, y_high) = (min(x), max(x)), (min(y), max(y))
    grid = [[" "] * width for _ in range(height)]
    for a, b in zip(x, y, strict=True):
        column = round((a - x_low) / ((x_high - x_low) or 1) * (width - 1))
        row = round((b - y_low) / ((y_high - y_low) or 1) * (height - 1))
        grid[height - 1 - row][column] = "●"
    edges = {0: f"{y_high:.3g}", height - 1: f"{y_low:.3g}"}
    lines = [f"{edges.get(i, ''):>8} │{''.join(row).rstrip()}" for i, row in enumerate(grid)]
    ends = f"{x_low:<{width - 8}.3g}{x_high:>8.3g}"
    return "\n".join([labels[1], *lines, " " * 9 + "└" + "─" * width, " " * 10 + ends, labels[0]])


def say(text: str) -> None:
    """Text on standard output, without markup.

    Where the reader has gone (`| head`), the rest is dropped and the exit status stays the work's.
    """
    _write(text, sys.stdout)


def warn(text: str) -> None:
    """A line on standard error; as `say` where its reader has gone."""
    _write(text, sys.stderr)


def _write(text: str, stream: TextIO) -> None:
    try:
        print(text, file=stream, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _cell(value: Any) -> Any:
    from rich.text import Text  # labels are data: their brackets are not markup

    return Text(f"{value:,}" if isinstance(value, int) else str(value))


def _console() -> Any:
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else WIDE, highlight=False)
