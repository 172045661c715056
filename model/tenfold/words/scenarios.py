"""Scenarios in words: what was changed, and how it was answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenfold.words.numbers import count, fixed

GEARS = {
    "none": "nothing to compute",
    "propagate": "draw by draw, no refit",
    "block": "a part sampled anew alone",
    "reweight": "stored draws weighed",
    "refit": "fitted anew from the stored run",
    "rebuild": "fitted anew from the start",
}


def gear_lines(name: str, what_if: Mapping[str, Any]) -> list[str]:
    """What a scenario changes, the gear, and what has to be said of it."""
    changed = ", ".join(what_if["changes"]) or "nothing"
    gear = what_if["gear"]
    told = GEARS[gear]
    if what_if["effective_draws"]:
        k = what_if["pareto_k"]
        k = k if isinstance(k, str) else fixed(k, 2)
        weights = f"Pareto k {k}, {count(round(what_if['effective_draws']))} effective draws"
        told += f"; weights fell short: {weights}" if what_if["fell_short"] else f", {weights}"
    lines = [f"what if: {name}; changed: {changed}", f"gear: {gear} ({told})"]
    return [*lines, *(f"note: {note}" for note in what_if["notes"])]
