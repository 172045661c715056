"""Predictions of unseen series in words: tables, lines and doubts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tenfold.unseen.rivals import METHODS
from tenfold.words.numbers import figures, fixed, number, share
from tenfold.words.tables import Table

NAMES = {
    "pooled": "Tenfold",
    "alone": "no pooling",
    "essay": "essay's slopes",
    "same": "no change",
}

LEAST_P = 1e-6
"""Below it a p-value is told as a bound: how far below says nothing more."""


def doubts(series: Mapping[str, Any]) -> list[str]:
    """Why the prediction of a series is doubtful; empty where it is not."""
    p = series["surprise_p"]
    told = f"below {number(math.log10(LEAST_P))}" if p <= LEAST_P else figures(p, 1)
    reasons = {
        "effective_draws": f"only {fixed(series['effective_draws'], 0)} effective draws carry its "
        "prediction",
        "surprise_p": f"its given points are unlikely one after another (p {told})",
    }
    return [reasons[key] for key in series["doubts"]]


def score_lines(answer: Mapping[str, Any]) -> list[str]:
    """What the scores say in short."""
    rows = {row["method"]: row for row in answer["summary"]["overall"]}
    own = rows["pooled"]
    beaten = [NAMES[name] for name in METHODS[1:] if rows[name]["crps"] > own["crps"]]
    verdict = f"lower CRPS than {', '.join(beaten)}" if beaten else "no lower CRPS than any rival"
    lines = [
        f"{own['points']} points of {own['series']} series: {verdict}; the 90% intervals hold "
        f"{share(own['coverage_90'])} of the points"
    ]
    if answer["skipped"]:
        lines.append(f"nothing left to predict in: {', '.join(answer['skipped'])}")
    return lines


def prediction_table(series: Mapping[str, Any]) -> Table:
    """Title, columns and rows of one series of `foresight.predictions`."""
    new = f"; new {' and '.join(series['new'])}" if series["new"] else ""
    title = f"{series['series']} ({series['regime']}, {series['benchmark']}{new})"
    columns = (series["compute_unit"], "score, 5%", "50%", "95%", "expected, 5%", "50%", "95%")
    rows = [
        (
            figures(row["compute"]),
            *(fixed(row[kind][key], 3) for kind in ("score", "expected_score")
              for key in ("p05", "p50", "p95")),
        )
        for row in series["predictions"]
    ]  # fmt: skip
    return title, columns, rows


def score_tables(answer: Mapping[str, Any]) -> list[Table]:
    """Title, columns and rows of every group of `foresight.scores`."""
    columns = ("forecast", "CRPS", "above Tenfold", "log score", "in 50%", "in 90%")
    found: list[Table] = []
    for group, rows in answer["summary"].items():
        printed = []
        for row in rows:
            above, error = row["crps_above_pooled"], row["crps_above_pooled_se"]
            excess = "" if above is None else fixed(above, 4)
            excess += "" if error is None else f" ± {fixed(error, 4)}"
            printed.append(
                (
                    NAMES[row["method"]],
                    fixed(row["crps"], 4),
                    excess,
                    fixed(row["log_score"], 2),
                    share(row["coverage_50"]),
                    share(row["coverage_90"]),
                )
            )
        title = f"{group}: {rows[0]['points']} points, {rows[0]['series']} series"
        found.append((title, columns, printed))
    return found
