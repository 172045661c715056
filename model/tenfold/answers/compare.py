"""Two sets of answers side by side: runs, scenarios or baselines."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from tenfold.answers.answer import COST, JUMP, TIMING
from tenfold.answers.question import Asked
from tenfold.answers.registry import named, table
from tenfold.answers.rows import Compared, Rows

HEADLINE = (*JUMP, "gpt_level_ooms", "inference_per_training", *COST, *TIMING)
"""Quantities that two runs are compared on."""

ERRORS = 3.0
"""Monte Carlo errors within which two answers count as the same."""

ENDS = ("p05", "p50", "p95")
"""Quantiles that have to be the same."""


def rows(asked: Asked, names: Iterable[str] = HEADLINE) -> Rows:
    """What is compared, as it is told now."""
    return table(asked, names)


def compare(ours: Rows, theirs: Rows) -> list[Compared]:
    """Every quantity that both tell, side by side; alike within `ERRORS` Monte Carlo errors."""
    both = [(name, row, theirs[name]) for name, row in ours.items() if name in theirs]
    return [
        Compared(
            quantity=name,
            title=other["title"],
            first=row,
            second=other,
            **shift(name, row, other),
        )
        for name, row, other in both
    ]


def differences(first: Mapping[str, Any], second: Mapping[str, Any], at: str = "") -> list[str]:
    """Where two records (`run.json`'s scenario, priors, weights) differ: one line for each key."""
    found = []
    for key in sorted({*first, *second}):
        one, other, place = first.get(key), second.get(key), f"{at}{key}"
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            found += differences(one, other, f"{place}.")
        elif one != other:
            found.append(f"{place}: {one!r} / {other!r}")
    return found


def shift(name: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Keys `shift`, `mcse` and `alike` of `compare`, from rows of quantiles and their errors."""
    kind = named(name).kind
    found = {key: _moved(kind, one, other, key) for key in ENDS if key in one and key in other}
    return found["p50"] | {"alike": all(end["alike"] for end in found.values())}


def _moved(kind: str, one: Mapping[str, Any], other: Mapping[str, Any], key: str) -> dict[str, Any]:
    """How far a quantile moved, its error, and whether it is within `ERRORS` of them."""
    before, after = float(one[key]), float(other[key])
    errors = [float(row[f"{key}_mcse"]) for row in (one, other)]
    if kind in ("ratio", "slope", "duration") and before > 0 and after > 0:
        # Errors of a logarithm are relative ones.
        errors = [errors[0] / before / math.log(10), errors[1] / after / math.log(10)]
        before, after = math.log10(before), math.log10(after)
    error = math.hypot(*errors)
    if math.isinf(before) or math.isinf(after):
        same = before == after
        near = same or math.isinf(error)  # never is within the error of one of them
        return {"shift": None if same else str(after - before), "mcse": None, "alike": near}
    moved = after - before
    return {"shift": moved, "mcse": error, "alike": abs(moved) <= ERRORS * error or moved == 0}
