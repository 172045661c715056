"""Two sets of answers side by side: runs, scenarios or baselines."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from tenfold.answers.answer import COST, JUMP, TIMING
from tenfold.answers.question import Asked
from tenfold.answers.registry import named, table

HEADLINE = (*JUMP, "gpt_level_ooms", "inference_per_training", *COST, *TIMING)
"""Quantities that two runs are compared on."""

ERRORS = 3.0
"""Monte Carlo errors within which two answers count as the same."""


def compare(first: Asked, second: Asked, names: Iterable[str] = HEADLINE) -> list[dict[str, Any]]:
    """Every quantity that both tell, side by side; plain JSON.

    Keys: `quantity`, `title`, `first` and `second` (rows of `registry.table`), `shift` of the
    median from first to second: in OOMs for positive quantities, in the unit for OOMs, dates,
    scores and shares (None where both are never; "inf" where one is), `mcse` of the shift, and
    `alike`: whether it is within `ERRORS` of them.
    """
    ours, theirs = table(first, names), table(second, names)
    return [
        {"quantity": name, "title": ours[name]["title"]}
        | {"first": ours[name], "second": theirs[name]}
        | shift(name, ours[name], theirs[name])
        for name in ours
        if name in theirs
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
    """The keys `shift`, `mcse` and `alike` of `compare`, from rows with `p50` and its error."""
    before, after = float(one["p50"]), float(other["p50"])
    error = math.hypot(float(one["p50_mcse"]), float(other["p50_mcse"]))
    if named(name).kind in ("ratio", "slope", "duration") and before > 0 and after > 0:
        # Errors of a logarithm are relative ones.
        error = math.hypot(float(one["p50_mcse"]) / before, float(other["p50_mcse"]) / after)
        error, before, after = error / math.log(10), math.log10(before), math.log10(after)
    if math.isinf(before) or math.isinf(after):
        same = before == after
        return {"shift": None if same else str(after - before), "mcse": None, "alike": same}
    moved = after - before
    return {"shift": moved, "mcse": error, "alike": abs(moved) <= ERRORS * error or moved == 0}
