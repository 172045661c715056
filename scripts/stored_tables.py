"""Tables of the pages in `reports/`: CSV, compressed where the name ends with .xz."""

from __future__ import annotations

import csv
import io
import lzma
from pathlib import Path
from typing import Any

from tenfold.files import write_atomic

Rows = list[dict[str, Any]]


def read(path: Path) -> Rows:
    """Rows of a table, their values as text; none if it is not there."""
    if not path.is_file():
        return []
    data = path.read_bytes()
    text = (lzma.decompress(data) if path.suffix == ".xz" else data).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def write(path: Path, rows: Rows) -> None:
    """All rows, whole or not at all; columns in the order in which rows bring them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    columns = dict.fromkeys(key for row in rows for key in row)
    writer = csv.DictWriter(text, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    data = text.getvalue().encode()
    write_atomic(path, lzma.compress(data, preset=9) if path.suffix == ".xz" else data)


def few(value: Any, digits: int = 5) -> Any:
    """JSON of so many significant digits: nobody reads the others."""
    if isinstance(value, dict):
        return {key: few(each, digits) for key, each in value.items()}
    if isinstance(value, list):
        return [few(each, digits) for each in value]
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value
