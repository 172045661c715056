"""Scenarios in words: what was changed, and how it was answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tenfold.inert import NUMBER
from tenfold.mixture import PROBABILITIES
from tenfold.words.numbers import (
    count,
    figures,
    fixed,
    percent,
    quantile,
    signed,
    spread,
    told,
    unit,
)
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
        k = _k(what_if["pareto_k"])
        weights = f"Pareto k {k}, {count(round(what_if['effective_draws']))} effective draws"
        how += f"; weights fell short: {weights}" if what_if["fell_short"] else f", {weights}"
    lines = [f"what if: {name}; changed: {changed}", f"gear: {gear} ({how})"]
    return [*lines, *(f"note: {note}" for note in what_if["notes"])]


LEAST = 0.01
"""Share of an interval below which nothing is said to narrow it."""
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
        k = _k(row["pareto_k"])
        status = GOOD.get(row["status"], row["status"])
        listed.append((name, *cells, row["gear"], k, status))
    title = f"{len(listed)} scenarios: median (90% interval); shift of the RL jump's median, OOMs"
    return title, columns, listed


def records(found: Mapping[str, Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """The same as rows of CSV, one for each scenario, quantity and form ("mixture" for all).

    Numbers have seven digits, as many as the stored draws.
    """
    head = ("scenario", "gear", "pareto_k", "status", "quantity", "unit", "scale", "form")
    rows: list[tuple[Any, ...]] = [(*head, *PROBABILITIES)]
    for name, row in found.items():
        start = (name, row["gear"], row["pareto_k"], row["status"])
        for quantity, of in row["quantities"].items():
            for form, one in {"mixture": of, **of["forms"]}.items():
                values = (float(f"{one[key]:.7g}") for key in PROBABILITIES)
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


def influence(found: Mapping[str, Any]) -> Table:
    """The table of `tenfold influence`."""
    columns = (
        found["by"], "series", found["title"], "shift", "interval", "in its 50%", "gear", "k",
        "gates",
    )  # fmt: skip
    rows = []
    for row in found["rows"]:
        cells = ["", "", "", ""]
        if row["row"]:
            cells[0], cells[3] = told(row["row"]), "yes" if row["inside"] else "NO"
            if row["shift"] is not None:
                cells[1:3] = [fixed(row["shift"], 2), f"{fixed(row['width'], 2)} as wide"]
        status = _status(row)
        listed = (row["label"], row["series"], *cells, row["gear"], _k(row["pareto_k"]), status)
        rows.append(listed)
    base = told(found["base"])
    return f"{found['title']}, {base}: each {found['by']} left out in turn", columns, rows


def _status(row: Mapping[str, Any]) -> str:
    """What gates say of an answer, or how well the chains of a short fit agree."""
    if row["r_hat"] is not None:
        return f"R-hat {fixed(row['r_hat'], 3)}"
    status: str = row["status"]
    return GOOD.get(status, status)


def influence_lines(found: Mapping[str, Any]) -> list[str]:
    """Whether the median stays in the 50% interval of all evidence, and what is not known."""
    known = sum(row["row"] is not None for row in found["rows"])
    left = sum(row["status"] == "not fitted" for row in found["rows"])
    lines, leaves = [], " or ".join(moving(found))
    if known:
        ends = f"{quantile(found['base'], 'p25')} to {quantile(found['base'], 'p75')}"
        where = f"the 50% interval of all evidence, {ends} {unit(found)}".rstrip()
        if leaves:
            stays = f"without any other of {count(known)} it stays inside"
            lines.append(f"Without {leaves} the median leaves {where}; {stays}.")
        else:
            lines.append(f"Without any one of {count(known)} the median stays inside {where}.")
    if left:
        lines.append(f"{count(left)} others take a fit, which has not been made.")
    return lines


def moving(found: Mapping[str, Any]) -> dict[str, str]:
    """Labels without which the median leaves the 50% interval of all evidence, and it then."""
    return {
        row["label"]: quantile(row["row"], "p50") for row in found["rows"] if row["inside"] is False
    }


def influence_records(found: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The same as rows of CSV."""
    about = ("label", "series", "gear", "pareto_k", "effective_draws", "status", "shift", "width",
             "inside")  # fmt: skip
    rows: list[tuple[Any, ...]] = [("by", "quantity", "unit", "scale", *about, *PROBABILITIES)]
    for row in found["rows"]:
        values = [row["row"][key] if row["row"] else None for key in PROBABILITIES]
        kind = (found["by"], found["quantity"], found["unit"], found["scale"])
        known = {**row, "status": row["status"] if row["r_hat"] is None else _status(row)}
        rows.append((*kind, *(known[key] for key in about), *values))
    return rows


def tornado(found: Mapping[str, Any]) -> Iterator[Table]:
    """The tables of `tenfold tornado`: inputs at their ends, and measures of the whole."""
    like = {"unit": found["unit"], "scale": found["scale"]}

    def median(value: Any) -> str:
        return quantile(like | {"p50": value}, "p50")

    columns = ("input", "kind", "at its low end", "at its high end", "then", "and", "moves")
    rows = [
        (row["input"], row["kind"], _end(row["at_low"]), _end(row["at_high"]),
         median(row["low"]), median(row["high"]), row["direction"])
        for row in found["inputs"]
    ]  # fmt: skip
    middle = f"{median(found['median'])} {unit(like)}".rstrip()
    yield f"{found['title']}, median {middle}: each input at its ends", columns, rows
    columns = ("input", "Shapley effect", "PAWN", "PAWN of noise", "variance explained", "rank")
    keys = ("shapley", "pawn", "pawn_noise", "variance_explained", "rank_correlation")
    yield (
        "What its spread comes from",
        columns,
        [
            (row["input"], *("" if row[key] is None else fixed(row[key], 2) for key in keys))
            for row in found["measures"]
        ],
    )


def tornado_records(found: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The inputs as rows of CSV."""
    keys = ("input", "kind", "at_low", "at_high", "low", "high", "swing", "direction")
    rows: list[tuple[Any, ...]] = [("quantity", "unit", "scale", "median", *keys)]
    start = tuple(found[key] for key in ("quantity", "unit", "scale", "median"))
    return rows + [(*start, *(row[key] for key in keys)) for row in found["inputs"]]


def _end(text: str) -> str:
    """What an input was set to: words, or a number with few digits."""
    return figures(float(text), 3) if NUMBER.fullmatch(text) else text


def _k(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else fixed(value, 2)


def sweep(records: Sequence[tuple[Any, ...]], inputs: int) -> Table:
    """The table of `tenfold sweep`, from its tidy rows, which begin with so many inputs."""
    columns = (*records[0][:inputs], "quantity", "median", "90% interval", "gear")
    rows = []
    for row in records[1:]:
        name, named, scale, middle, low, high, gear, _ = row[inputs:]
        values = ["", ""]
        if middle is not None:
            like = {"unit": named, "scale": scale, "p50": middle, "p05": low, "p95": high}
            values = [f"{quantile(like, 'p50')} {unit(like)}".rstrip(), spread(like)[1]]
        rows.append((*map(_end, map(str, row[:inputs])), name, *values, gear))
    return f"{count(len(rows))} answers", columns, rows


def pool(found: Mapping[str, Any], weights: Mapping[str, float]) -> Table:
    """The table of `tenfold scenarios --pool`: each scenario, and their pool."""
    names = [*weights, "pool"]
    columns = ("quantity", *(f"{n} ({percent(weights[n])})" for n in weights), "pool")
    rows = [
        (of["title"], *(told(of["rows"][name] | {"scale": of["scale"]}) for name in names))
        for quantity, of in found.items()
        if quantity
    ]
    return "Scenarios and their pool: median (90% interval)", columns, rows


def next_lines(found: Mapping[str, Any]) -> list[str]:
    """A sentence for each study: by how much it would shrink the interval of a quantity."""
    lines = [f"{found['title']}: what would narrow its interval most, as the posterior expects"]
    for row in found["studies"]:
        what = row["what"][0].upper() + row["what"][1:]
        if row["narrower"] < LEAST:
            lines.append(f"{what} would hardly narrow it.")
        else:
            lines.append(f"{what} would narrow it by about {percent(row['narrower'])}.")
    return lines
