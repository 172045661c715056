"""CSV tables of any origin: rows with their numbers, and a clear word where it is no such table."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from pathlib import Path

from tenfold.files import SpecError, read_text, shown

MAX_ROWS, MAX_COLUMNS = 100_000, 500
SEPARATED = {";": "semicolons", "\t": "tabs", "|": "bars"}


def read_table(
    path: Path, known: Collection[str], required: Collection[str] = ()
) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Header and rows of a CSV file, without blank rows and columns with neither name nor cells.

    Args:
        known: names of columns, by which another separator than the comma is found out.
        required: names of columns whose absence may explain a row with too many cells.

    Returns:
        Names of the columns, and per row its number (the header is row 1) and its cells, stripped
        and as many as there are names.

    Raises:
        SpecError: not text, not CSV, another separator, a row too long or too short, or a column
            with cells and no name.
    """
    text = read_text(path)
    header: list[str] = []
    rows: list[tuple[int, list[str]]] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for number, cells in enumerate(reader, start=1):
            cells = [cell.strip() for cell in cells]
            if number == 1:
                header = cells
                _check_separator(path, text, header, known)
                if len(header) > MAX_COLUMNS:
                    raise SpecError(f"{path}: more than {MAX_COLUMNS} columns; expected fewer")
            elif any(cells):
                while len(cells) > len(header) and not cells[-1]:
                    cells.pop()
                if len(cells) != len(header):
                    absent = [name for name in required if name not in header]
                    hint = f" or, in row 1, also {', '.join(absent)}" if absent else ""
                    raise SpecError(
                        f"{path}: row {number}: {len(cells)} cells; expected {len(header)}{hint}"
                    )
                rows.append((number, cells))
            if len(rows) > MAX_ROWS:
                raise SpecError(f"{path}: more than {MAX_ROWS} rows; expected fewer")
    except csv.Error as error:
        raise SpecError(f"{path}: not a valid CSV file: line {reader.line_num}: {error}") from None
    named = [i for i, name in enumerate(header) if name]
    for i in set(range(len(header))) - set(named):
        for number, cells in rows:
            if cells[i]:
                index = " (an index column? leave it out)" if i == 0 else ""
                raise SpecError(
                    f"{path}: row 1: column {i + 1} has no name, but row {number} holds "
                    f"{shown(cells[i])} in it; expected a name{index}"
                )
    return [header[i] for i in named], [(n, [cells[i] for i in named]) for n, cells in rows]


def _check_separator(path: Path, text: str, header: list[str], known: Collection[str]) -> None:
    """Refuse a table whose columns are separated by something else, by name."""
    first, _, rest = text.partition("\n")
    if first.lower().startswith("sep=") and len(first) == 5:
        first = rest.partition("\n")[0]
    elif set(header) & set(known):
        return
    for sign, name in SEPARATED.items():
        words = {word.strip().strip('"') for word in first.split(sign)}
        if len(words & set(known)) > 1:
            raise SpecError(
                f"{path}: row 1: columns are separated by {name}; expected commas (and points in "
                "numbers)"
            )
