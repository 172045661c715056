"""Answers of `tenfold ask` and `tenfold compare` in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tenfold.answers.rows import Compared
from tenfold.words.numbers import (
    Row,
    chance,
    count,
    day,
    figures,
    percent,
    plain,
    quantile,
    share,
    stated,
    told,
    unit,
)
from tenfold.words.tables import Table

BAR = 40
"""Columns of the longest bar of a histogram."""


def value(answer: Row, x: Any, mcse: Any = 0.0) -> str:
    """A value on the scale of an answer, with its unit."""
    row = {"scale": answer["scale"], "unit": answer["unit"], "x": x, "x_mcse": mcse}
    if "intervals" in answer:  # its digits are those of all its numbers
        ends = answer["intervals"]["90"]
        row |= {"p05": ends["low"], "p95": ends["high"]}
    return f"{quantile(row, 'x')} {unit(row)}".rstrip()


def in_unit(scale: str, x: Any) -> Any:
    """A value in its unit, for programs: a number, or text where it is infinite or too large."""
    if scale != "log10" or not math.isfinite(float(x)):
        return x if x != "-inf" else 0.0 if scale == "log10" else x
    power = math.floor(x)
    return 10**x if abs(x) < 300 else f"{10 ** (x - power):.6g}e{power}"


def with_values(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer with `values`, its quantiles in the unit, beside those on the draws' scale."""
    _, *rows = records(answer)
    named = {name: number for name, number, _, of in rows if of == answer["unit"]}
    return answer | {"values": named}


def lines(answer: dict[str, Any]) -> list[str]:
    """The answer in sentences, before its tables."""
    name = answer["quantity"]
    middle = value(answer, answer["median"], answer["median_mcse"])
    ends = answer["intervals"]["90"]
    low, high = (value(answer, ends[end], ends[f"{end}_mcse"]) for end in ("low", "high"))
    said = [f"{answer['title']}{_where(answer)}: {middle} (90% interval {low} to {high})."]
    if answer["p_given"]:
        met = chance(answer["p_given"]["probability"], answer["p_given"]["mcse"])
        said.append(f"The condition holds with probability {met}.")
    never = answer["p_never"]
    if never["probability"] > 0:
        said.append(f"Never with probability {chance(never['probability'], never['mcse'])}.")
    if "essay" in answer:
        of = math.log10(answer["essay"]) if answer["scale"] == "log10" else answer["essay"]
        below = percent(answer["essay_percentile"], answer["essay_percentile_mcse"])
        said.append(f"The essay says {value(answer, of)}; {below} of the draws are at most that.")
    if answer["drivers"]:
        by = ", ".join(row["input"] for row in answer["drivers"][:3])
        said.append(f"What drives it most: {by}.")
    said.append(f"Rests on {', '.join(answer['rests_on'])}.")
    said.append(f"Effective draws: {stated(round(answer['effective_draws']))}.")
    if answer["takes"]:
        said.append(f"{name} takes {', '.join(answer['takes'])}.")
    if answer["next"]:
        said.append(f"Next: {command(answer['next'])}")
    return said


def command(following: dict[str, Any]) -> str:
    """What to ask next, as a command."""
    above = in_unit(following["scale"], following["above"])
    arguments = ", ".join(f"{key}={text}" for key, text in following["arguments"].items())
    called = following["input"] + (f"({arguments})" if arguments else "")
    bound = above if isinstance(above, str) else figures(above, 3)
    return f'tenfold ask {following["quantity"]} --given "{called} > {bound}"'


def tables(answer: dict[str, Any]) -> list[Table]:
    """Intervals, probabilities, curve forms where they differ, and a histogram."""
    rows = []
    for level, ends in answer["intervals"].items():
        cells = [value(answer, ends[end], ends[f"{end}_mcse"]) for end in ("low", "high")]
        rows.append((f"{level}%", *cells))
    found: list[Table] = [("Intervals", ("interval", "from", "to"), rows)]
    asked = [
        (relation(answer, row), chance(row["probability"], row["mcse"]))
        for row in answer["probabilities"]
    ]
    if asked:
        found.append(("Probabilities", ("event", "probability"), asked))
    if _forms_differ(answer):
        by_form = [
            (
                form,
                share(row["weight"]),
                value(answer, row["median"], row["median_mcse"]),
                value(answer, row["intervals"]["90"]["low"]),
                value(answer, row["intervals"]["90"]["high"]),
                percent(row["p_never"]["probability"], row["p_never"]["mcse"]),
            )
            for form, row in answer["forms"].items()
        ]
        columns = ("form", "weight", "median", "5%", "95%", "never")
        found.append(("Curve forms differ", columns, by_form))
    found.append(("Distribution", ("from", "to", "share", ""), histogram(answer)))
    return found


def relation(answer: dict[str, Any], row: dict[str, Any]) -> str:
    """The event of a threshold: "over 6.0 OOMs"."""
    low, high = (value(answer, row[end]) for end in ("low", "high"))
    if row["relation"] == "between":
        return f"between {low} and {high}"
    if row["relation"] == "by":
        return f"before {day(row['high'])}"
    return f"over {low}" if row["relation"] == "over" else f"under {high}"


def histogram(answer: dict[str, Any]) -> list[tuple[str, ...]]:
    """A row for each bin, with a bar; the first and the last are open."""
    bins = answer["histogram"]
    most = max((row["share"] for row in bins), default=1.0) or 1.0
    rows = [
        (
            value(answer, row["low"]) if place else "below",
            value(answer, row["high"]) if row is not bins[-1] else "above",
            percent(row["share"]),
            "█" * round(BAR * row["share"] / most),
        )
        for place, row in enumerate(bins)
    ]
    never = answer["p_never"]["probability"]
    if never > 0:
        rows.append(("never", "", percent(never), "█" * round(BAR * never / most)))
    return rows


def event_lines(answer: dict[str, Any]) -> list[str]:
    """A yes-or-no question answered, form by form."""
    given = f" given {answer['given']}" if answer["given"] else ""
    said = [f"P({answer['event']}{given}) = {chance(answer['probability'], answer['mcse'])}."]
    forms = ", ".join(
        f"{form} {chance(row['probability'], row['mcse'])} (weight {share(row['weight'])})"
        for form, row in answer["forms"].items()
    )
    said.append(f"By curve form: {forms}.")
    return [*said, f"Effective draws: {stated(round(answer['effective_draws']))}."]


def compare_table(rows: Sequence[Compared], names: tuple[str, str]) -> Table:
    """Two sets of answers side by side."""
    cells = [
        (
            row["title"],
            told(row["first"]),
            told(row["second"]),
            "never" if isinstance(row["shift"], str) else plain(row["shift"] or 0.0),
            "" if row["alike"] else "differs",
        )
        for row in rows
    ]
    return "Side by side", ("quantity", *names, "shift, in OOMs or its unit", ""), cells


def compared(rows: Sequence[Compared]) -> str:
    """How many quantities of `compare` differ, in a sentence."""
    apart = sum(not row["alike"] for row in rows)
    return f"{count(apart)} of {count(len(rows))} quantities differ beyond Monte Carlo error."


def records(answer: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The answer as rows of a CSV: statistic, value in the unit, Monte Carlo error, unit."""
    scale, of = answer["scale"], answer["unit"]
    rows: list[tuple[Any, ...]] = [("statistic", "value", "mcse", "unit")]
    log = "log10 " if scale == "log10" else ""
    rows.append(("p50", in_unit(scale, answer["median"]), answer["median_mcse"], of))
    for level, ends in answer["intervals"].items():
        for end, p in (("low", 50 - int(level) / 2), ("high", 50 + int(level) / 2)):
            name = f"p{p:02g}"
            rows.append((name, in_unit(scale, ends[end]), ends[f"{end}_mcse"], of))
    for row in answer["probabilities"]:
        event = relation(answer, row)
        rows.append((event, row["probability"], row["mcse"], "probability"))
    never = answer["p_never"]
    rows.append(("never", never["probability"], never["mcse"], "probability"))
    if log:
        rows[0] = ("statistic", "value", "mcse (of log10, for quantiles)", "unit")
    return rows


def _where(answer: dict[str, Any]) -> str:
    own = [_argument(key, text) for key, text in answer["arguments"].items() if text is not None]
    parts = [", ".join(own), f"given {answer['given']}" if answer["given"] else ""]
    said = "; ".join(filter(None, parts))
    return f" ({said})" if said else ""


def _argument(key: str, text: Any) -> str:
    number = stated(text) if isinstance(text, float) else text
    return f"{key.replace('_', ' ')} {day(text) if key == 'date' else number}"


def _forms_differ(answer: dict[str, Any]) -> bool:
    """Whether some form's median is further from the mixture's than its errors allow."""
    middle, error = float(answer["median"]), float(answer["median_mcse"])
    return any(
        float(row["median"]) != middle
        and not abs(float(row["median"]) - middle)
        <= 3 * math.hypot(error, float(row["median_mcse"]))
        for row in answer["forms"].values()
    )
