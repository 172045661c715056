"""A stored report held against what is found now: verdicts and numbers that no longer hold."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from tenfold.answers import registry
from tenfold.answers.question import Asked, Question
from tenfold.files import SpecError

ENDS = ("p05", "p50", "p95")
APART = 4.0
"""Monte Carlo errors of both numbers together by which they may differ."""
ROUNDING = 1e-6

Stored = Mapping[str, Any]


def changed(stored: Stored, now: Sequence[Stored], asked: Asked) -> tuple[int, list[str]]:
    """What of a stored answer no longer holds: how many things were compared, and a line for each.

    Args:
        stored: of `tenfold claims --json`, or of any command whose rows name their quantity.
        now: records of the same claims today.

    Raises:
        SpecError: there is nothing in it to compare.
    """
    found: list[str] = []
    records = {record["id"]: record for record in now}
    claims = stored.get("claims", [])
    for then in claims:
        if then["id"] not in records:
            found.append(f"claim {then['id']!r}: not among the claims any more")
            continue
        found += _claim(then, records[then["id"]])
    rows = list(_rows({key: value for key, value in stored.items() if key != "claims"}))
    for row in rows:
        found += _row(row, asked)
    if not claims and not rows:
        raise SpecError("no claims and no rows with a `quantity`: nothing to compare")
    return len(claims) + len(rows), found


def _claim(then: Stored, now: Stored) -> Iterator[str]:
    where = f"claim {then['id']!r}"
    for part, key in (("arithmetic", "follows"), ("evidence", "word")):
        before, today = ((record.get(part) or {}).get(key) for record in (then, now))
        if before != today:
            yield f"{where}: {key} was {before!r}, is {today!r}"
    old, new = then.get("arithmetic") or {}, now.get("arithmetic") or {}
    if old and new and abs(old["log10_recomputed"] - new["log10_recomputed"]) > ROUNDING:
        sums = [round(each["log10_recomputed"], 6) for each in (old, new)]
        yield f"{where}: the sum was {sums[0]}, is {sums[1]}"
    old, new = then.get("evidence") or {}, now.get("evidence") or {}
    if old and new:
        errors = math.hypot(old["mcse"], new["mcse"])
        if abs(old["probability"] - new["probability"]) > APART * errors:
            told = f"{round(old['probability'], 3)}, is {round(new['probability'], 3)}"
            yield f"{where}: the probability was {told}"
        yield from _ends(where, old, new)


def _row(then: Stored, asked: Asked) -> list[str]:
    name = str(then["quantity"])
    known = {field.name for field in fields(Question)}
    given = {key: value for key, value in then.get("arguments", {}).items() if key in known}
    try:
        own = asked.put(registry.question(name, given))
        now = registry.table(own, [name]).get(name)
    except SpecError as error:
        return [f"{name}: {error}"]
    told = f"{name}({', '.join(f'{k}={v}' for k, v in given.items())})" if given else name
    if now is None:
        return [f"{told}: not known of this run"]
    return list(_ends(told, then, now))


def _ends(where: str, then: Stored, now: Stored) -> Iterator[str]:
    for key in ENDS:
        before, today = float(then[key]), float(now[key])
        errors = [float(of.get(f"{key}_mcse", math.nan)) for of in (then, now)]
        known = [error for error in errors if math.isfinite(error)]
        room = APART * math.hypot(*known) if known else 0.0
        if before != today and not abs(before - today) <= room + ROUNDING * max(1.0, abs(before)):
            yield f"{where}: {key} was {round(before, 6)}, is {round(today, 6)}"


def _rows(found: Any) -> Iterator[Stored]:
    """Rows of a table, wherever they stand."""
    if isinstance(found, list):
        for item in found:
            yield from _rows(item)
    elif isinstance(found, dict):
        if {"quantity", *ENDS} <= set(found):
            yield found
        else:
            for item in found.values():
                yield from _rows(item)
