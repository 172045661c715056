"""Text fitted to a width: tables that never cut a number, paragraphs, facts, a plot.

A table that is too wide first has its labels wrapped, then each "5%, 50%, 95%" put into one cell
"50% (5% to 95%)", and at last its rows stacked, a line for each cell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len, chop_cells

from tenfold.words.numbers import count, figures

GAP = INDENT = "  "
LABEL = 18
"""No label is wrapped to less, unless it is shorter."""
PIECE = 24
"""Parts of words that are longer may be cut where there is no room."""
NARROW = 20
"""Terminals that say they are narrower are written to as if they were this wide."""
VALUE = re.compile(r"[<>±+$−-]?\d|never|best$|not a number")
"""How the cells of a column of numbers begin; no such cell is wrapped."""
BREAK = re.compile(r"(?<=[/_-])(?=[^\W\d])")
"""Where a word may be broken: behind / _ and - before a letter, never inside a number."""
ENDS = ("5%", "50%", "95%")
JOINED = "50% (5% to 95%)"
WHOLE = "\N{NO-BREAK SPACE}"
"""Keeps a number with its unit where an interval goes on in the next line."""


@dataclass(frozen=True)
class _Grid:
    """Columns, cells, and which columns are counts."""

    columns: list[str]
    rows: list[list[str]]
    counts: list[bool]

    def column(self, place: int) -> list[str]:
        """The cells of a column."""
        return [row[place] for row in self.rows]


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], width: int) -> str:
    """A table under its title, no line wider than `width` and no number cut.

    Integers are written and aligned as counts. Columns without any cell are left out.
    """
    given = [list(row) for row in rows]
    listed = [[_text(value) for value in row] for row in given]
    kept = [i for i in range(len(columns)) if not listed or any(row[i] for row in listed)]
    grid = _Grid(
        [columns[i] for i in kept],
        [[row[i] for i in kept] for row in listed],
        [bool(given) and all(isinstance(row[i], int) for row in given) for i in kept],
    )
    width = max(width, NARROW)
    for shaped in (grid, _joined(grid)):
        widths = _widths(shaped, width)
        if widths is not None:
            return "\n".join([*paragraph(title, width), *_drawn(shaped, widths)])
    return "\n".join([*paragraph(title, width), *_stacked(_joined(grid), width)])


def paragraph(text: str, width: int, hang: str = "") -> list[str]:
    """Lines of at most `width`, under the text's own indent and, from the second on, `hang`."""
    indent = text[: len(text) - len(text.lstrip(" "))]
    within = max(width, NARROW) - len(indent) - len(hang)
    first, *rest = fold(text.strip(), within)
    lines = (first, *(hang + line for line in rest))
    return [f"{indent}{line}".rstrip().replace(WHOLE, " ") for line in lines]


def facts(rows: Mapping[str, Any], width: int) -> list[str]:
    """Names with their values in two columns; long values go on below themselves."""
    longest = max((cell_len(name) for name in rows), default=0)
    return [
        line
        for name, value in rows.items()
        for line in paragraph(
            " " * (longest - cell_len(name)) + f"{name}{GAP}{_text(value)}", width, " " * 4
        )
    ]


def plot(x: Sequence[float], y: Sequence[float], labels: tuple[str, str], width: int) -> list[str]:
    """A scatter plot in text, 12 lines high, with the range of both axes."""
    height, across = 12, max(10, min(60, width - 12))
    (x_low, x_high), (y_low, y_high) = (min(x), max(x)), (min(y), max(y))
    grid = [[" "] * across for _ in range(height)]
    for a, b in zip(x, y, strict=True):
        column = _place(a, x_low, x_high, across)
        grid[height - 1 - _place(b, y_low, y_high, height)][column] = "●"
    edges = {0: figures(y_high, 3), height - 1: figures(y_low, 3)}
    lines = [f"{edges.get(i, '').rjust(8)} │{''.join(row).rstrip()}" for i, row in enumerate(grid)]
    low, high = figures(x_low, 3), figures(x_high, 3)
    ends = low + high.rjust(across - len(low))
    return [labels[1], *lines, " " * 9 + "└" + "─" * across, " " * 10 + ends, labels[0]]


def _place(value: float, low: float, high: float, cells: int) -> int:
    return round((value - low) / ((high - low) or 1) * (cells - 1))


def fold(text: str, width: int) -> list[str]:
    """A text in lines of at most `width` cells, broken at spaces, inside names where it must be."""
    lines = [""]
    for word in text.split(" "):
        glue = " " if lines[-1] else ""
        if cell_len(lines[-1] + glue + word) <= width:
            lines[-1] += glue + word
            continue
        for part in [word] if cell_len(word) <= width else BREAK.split(word):
            if cell_len(lines[-1] + glue + part) <= width:
                lines[-1] += glue + part
            else:
                lines += chop_cells(part, width) if cell_len(part) > width else [part]
            glue = ""
    return lines if lines[0] or len(lines) == 1 else lines[1:]


def _text(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return count(value)
    return " ".join(str(value).split())


def _joined(grid: _Grid) -> _Grid:
    """The grid with each three columns that end in 5%, 50% and 95% as one."""
    columns, counts, writers = [], [], []
    place = 0
    while place < len(grid.columns):
        names = grid.columns[place : place + 3]
        if len(names) == 3 and all(map(str.endswith, names, ENDS)):
            columns.append(names[0].removesuffix(ENDS[0]) + JOINED)
            writers.append(_interval(place))
            counts.append(False)
            place += 3
        else:
            columns.append(grid.columns[place])
            writers.append(_cell(place))
            counts.append(grid.counts[place])
            place += 1
    return _Grid(columns, [[write(row) for write in writers] for row in grid.rows], counts)


def _interval(place: int) -> Callable[[list[str]], str]:
    def write(row: list[str]) -> str:
        low, middle, high = (cell.replace(" ", WHOLE) for cell in row[place : place + 3])
        return f"{middle} ({low} to {high})"

    return write


def _cell(place: int) -> Callable[[list[str]], str]:
    return lambda row: row[place]


def _widths(grid: _Grid, width: int) -> list[int] | None:
    """Widths of columns that fit, the widest labels wrapped first; None where they cannot."""
    natural = [_widest([name, *grid.column(i)]) for i, name in enumerate(grid.columns)]
    least = []
    for i, name in enumerate(grid.columns):
        cells = grid.column(i)
        if all(not cell or VALUE.match(cell) for cell in cells) and not name.endswith(JOINED):
            least.append(_widest([*name.split(), *cells]))
        else:
            parts = [
                part for text in (name, *cells) for w in text.split() for part in BREAK.split(w)
            ]
            least.append(max(min(PIECE, _widest(parts)), min(LABEL, natural[i])))
    widths, room = list(natural), width - len(GAP) * (len(natural) - 1)
    while sum(widths) > room:
        spare = [w if w > low else 0 for w, low in zip(widths, least, strict=True)]
        if not any(spare):
            return None
        widths[spare.index(max(spare))] -= 1
    return widths


def _widest(texts: Iterable[str]) -> int:
    return max((cell_len(text) for text in texts), default=0)


def _drawn(grid: _Grid, widths: list[int]) -> list[str]:
    rule = GAP.join("─" * width for width in widths)
    lines = ["", *_row(grid.columns, widths, grid.counts), rule]
    for row in grid.rows:
        lines += _row(row, widths, grid.counts)
    return lines


def _row(cells: list[str], widths: list[int], right: list[bool]) -> list[str]:
    folded = [fold(cell, width) for cell, width in zip(cells, widths, strict=True)]
    lines = []
    for i in range(max(map(len, folded), default=0)):
        padded = [
            _padded(parts[i] if i < len(parts) else "", width, aligned)
            for parts, width, aligned in zip(folded, widths, right, strict=True)
        ]
        lines.append(GAP.join(padded).rstrip().replace(WHOLE, " "))
    return lines


def _padded(text: str, width: int, right: bool) -> str:
    space = " " * (width - cell_len(text))
    return space + text if right else text + space


def _stacked(grid: _Grid, width: int) -> list[str]:
    """Each row as a block: its first cell, and the others below it with their columns' names."""
    lines = []
    for row in grid.rows:
        lines += ["", *paragraph(row[0], width, INDENT)]
        for name, cell in zip(grid.columns[1:], row[1:], strict=True):
            if cell:
                lines += paragraph(f"{INDENT}{name}: {cell}", width, INDENT)
    return lines
