"""Scenarios in words: what was changed, and how it was answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenfold.mixture import PROBABILITIES
from tenfold.words.numbers import count, fixed, signed, told
from tenfold.words.tables import Table

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
    how = GEARS[gear]
    if what_if["effective_draws"]:
        k = what_if["pareto_k"]
        k = k if isinstance(k, str) else fixed(k, 2)
        weights = f"Pareto k {k}, {count(round(what_if['effective_draws']))} effective draws"
        how += f"; weights fell short: {weights}" if what_if["fell_short"] else f", {weights}"
    lines = [f"what if: {name}; changed: {changed}", f"gear: {gear} ({how})"]
    return [*lines, *(f"note: {note}" for note in what_if["notes"])]


SHOWN = ("exchange_rate", "rl_jump_ooms", "years_of_world_electricity")
GOOD = {"PASS": "", "REVIEW": "review", "FAIL": "FAIL"}


def table(found: Mapping[str, Mapping[str, Any]]) -> Table:
    """The table of `tenfold scenarios`: medians and 90% intervals, all forms mixed."""
    columns = (
        "scenario", "exchange rate", "RL OOMs", "shift", "years of electricity", "gear", "k",
        "gates",
    )  # fmt: skip
    listed = []
    for name, row in found.items():
        cells = ["", "", "", ""]
        if row["quantities"]:
            cells = [told(row["quantities"][key]) for key in SHOWN]
            shift = row["shift_ooms"]
            cells.insert(2, "never" if shift is None else signed(fixed(shift, 1)))
        k = row["pareto_k"]
        k = "" if k is None else k if isinstance(k, str) else fixed(k, 2)
        status = GOOD.get(row["status"], row["status"])
        listed.append((name, *cells, row["gear"], k, status))
    title = f"{len(listed)} scenarios: median (90% interval); shift of the RL jump's median, OOMs"
    return title, columns, listed


def records(found: Mapping[str, Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """The same as rows of CSV, one for each scenario, quantity and form ("mixture" for all)."""
    head = ("scenario", "gear", "pareto_k", "status", "quantity", "unit", "scale", "form")
    rows: list[tuple[Any, ...]] = [(*head, *PROBABILITIES)]
    for name, row in found.items():
        start = (name, row["gear"], row["pareto_k"], row["status"])
        for quantity, of in row["quantities"].items():
            for form, one in {"mixture": of, **of["forms"]}.items():
                values = (one[key] for key in PROBABILITIES)
                rows.append((*start, quantity, of["unit"], of["scale"], form, *values))
    return rows


def checked(path: str, found: Mapping[str, Any]) -> Table:
    """What the scenarios of a file change, and by which gear on a run of the baseline."""
    rows = [
        (name, one.changes.gear, ", ".join(one.changes.gears) or "nothing", one.scenario.reason)
        for name, one in found.items()
    ]
    columns = ("scenario", "gear", "changes", "reason")
    return f"{path}: {len(rows)} scenarios, no mistake", columns, rows
