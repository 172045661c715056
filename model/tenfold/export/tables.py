"""Quantiles of quantities as CSV, as JSON, and as a hubverse model-output table."""

from __future__ import annotations

import csv
import datetime
import io
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from tenfold.answers.quantiles import PROBABILITIES
from tenfold.inert import cell
from tenfold.words.ask import in_unit

COLUMNS = (
    "quantity", "arguments", "title", "unit", "scale", "level", "statistic", "probability", "value",
    "on_scale", "mcse",
)  # fmt: skip
"""`value` is in the unit, `on_scale` on the scale of the draws (log10 of the value where that is
"log10"), and `mcse` the Monte Carlo error of `on_scale`."""

Records = Mapping[str, Mapping[str, Any]]
"""`quantiles.records` by quantity."""


def as_csv(records: Records) -> str:
    """One row for each statistic of each quantity, under `COLUMNS`."""
    rows: list[tuple[Any, ...]] = [COLUMNS]
    for name, row in records.items():
        about = (name, _arguments(row), row["title"], row["unit"], row["scale"], row["level"])
        for key, at in row["quantiles"].items():
            value = in_unit(row["scale"], at)
            rows.append((*about, key, PROBABILITIES[key], value, at, row["mcse"][key]))
        never = row["p_never"]
        told = (never["probability"], never["probability"], never["mcse"])
        rows.append((*about, "p_never", "", *told))
    return _csv(rows)


def as_json(records: Records, about: Mapping[str, Any]) -> str:
    """The records with `values`, their quantiles in the unit; `about` says which run speaks."""
    found = {
        name: {**row, "values": {k: in_unit(row["scale"], x) for k, x in row["quantiles"].items()}}
        for name, row in records.items()
    }
    told = {"version": 1, **about, "quantities": found}
    return json.dumps(told, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def as_hubverse(records: Records, made: str) -> str:
    """A model-output table: task ids `origin_date`, `target`, `arguments` and `unit`, then
    `output_type`, `output_type_id` and `value` (in the unit; `Inf` is never).

    Args:
        made: day that the run was made, of any date and time in ISO form.
    """
    day = str(datetime.date.fromisoformat(made[:10]))
    names = ("origin_date", "target", "arguments", "unit", "output_type", "output_type_id", "value")
    rows: list[tuple[Any, ...]] = [names]
    for name, row in records.items():
        for key, at in row["quantiles"].items():
            value = _finite(in_unit(row["scale"], at))
            task = (day, name, _arguments(row), row["unit"])
            rows.append((*task, "quantile", PROBABILITIES[key], value))
    return _csv(rows)


def _finite(value: Any) -> Any:
    """A number that a float holds; beyond, and where it is never, infinity as R writes it."""
    found = float(value)
    return found if math.isfinite(found) else "Inf" if found > 0 else "-Inf"


def _arguments(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value}" for key, value in row["arguments"].items())


def _csv(rows: Iterable[tuple[Any, ...]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([map(cell, row) for row in rows])
    return buffer.getvalue()
