"""Evidence in words: series, points and what a chart's reading rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tenfold.words.numbers import count, figures, fixed, share
from tenfold.words.tables import Table

UNITS = {
    "tokens": "tokens per answer",
    "usd": "US dollars per task",
    "gpu_hours": "GPU-hours of RL",
    "flop": "FLOP of RL",
    "rollout_tokens": "tokens of RL rollouts",
    "steps": "steps of RL",
    "relative": "compute, first point = 1",
}
"""Units of compute, as axes have them."""


def listed_point(row: Mapping[str, Any], models: Sequence[str]) -> tuple[str, str, str]:
    """A point: model (where the series has several `models`) and setting, compute and score, each
    with its standard error."""
    named = [row["model"]] if len(models) > 1 else []
    what = ", ".join([*named, *([row["setting"]] if row["setting"] else [])])
    error = figures(10 ** float(row["log10_compute_se"]), 3)
    spent = figures(10 ** float(row["log10_compute"]), 3)
    scored = f"{fixed(100 * row['score'], 1)}%"
    return (
        what,
        spent if error == "1" else f"{spent} ×/÷ {error}",
        f"{scored} ± {fixed(100 * row['score_se'], 1)}" if row["score_se"] > 0 else scored,
    )


def inventory(regime: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    """The series of a regime, rows of `inventory.table`."""
    columns = ("series", "benchmark", "unit", "points", "OOMs", "score", "source")
    listed = [
        (
            row["series"],
            row["benchmark"],
            row["unit"],
            row["points"],
            fixed(row["ooms"], 1),
            " to ".join(share(score) for score in row["score"]),
            row["source"],
        )
        for row in rows
    ]
    return f"{regime}: {len(rows)} series", columns, listed


def total(counts: Mapping[str, Any]) -> str:
    """How much evidence there is, and how much of it can be fitted."""
    fitted = counts["fitted"]
    return (
        f"{count(counts['points'])} points in {counts['series']} series; "
        f"{count(fitted['points'])} points in {fitted['series']} series can be fitted"
    )


def points(rows: Sequence[Mapping[str, Any]]) -> Table:
    """The points of a series, as `inventory.chain` has them."""
    columns = ("row", "model", "setting", "compute", "± log10", "score", "±", "pixel", "flag")
    listed = [
        (
            point["row"],
            point["model"],
            point["setting"],
            figures(point["compute"]),
            fixed(point["log10_compute_se"], 3),
            fixed(point["score"], 3),
            fixed(point["score_se"], 3),
            ""
            if point["pixel_x"] is None
            else f"{fixed(point['pixel_x'], 1)}, {fixed(point['pixel_y'], 1)}",
            point["reason"] if point["outlier"] else "",
        )
        for point in rows
    ]
    return f"{len(rows)} points", columns, listed


def counted(what: int, series: int) -> str:
    """So many points in so many series."""
    return f"{count(what)} points in {series} series"


def shared_error(rows: Iterable[Mapping[str, Any]]) -> Table:
    """The error that all points of a chart share, by chart."""
    columns = (
        "chart",
        "log10 compute, offset",
        "log10_axis_scale_se",
        "score, offset",
        "score, scale",
    )
    listed = [(row["chart"], *(fixed(row[key], 4) for key in list(row)[1:])) for row in rows]
    return "Error shared by all points of a chart (for its source)", columns, listed
