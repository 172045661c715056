"""Printed tables: what their parts are, and the tables of quantities."""

from __future__ import annotations

from collections.abc import Mapping

from tenfold.words.numbers import Row, never, quantile, unit

Table = tuple[str, tuple[str, ...], list[tuple[str, ...]]]
"""Title, column names, rows."""

QUANTITY_COLUMNS = ("quantity", "5%", "50%", "95%", "unit", "never")


def cells(rows: Mapping[str, Row]) -> list[tuple[str, ...]]:
    """Cells under `QUANTITY_COLUMNS` of each row of `mixture.table`."""
    ends = ("p05", "p50", "p95")
    return [
        (row["title"], *(quantile(row, key) for key in ends), unit(row), never(row))
        for row in rows.values()
    ]
