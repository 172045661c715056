"""Answers in words and as printed tables: plain dictionaries in, text out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tenfold.words.findings import budget_path, dates, shares, untested
from tenfold.words.numbers import (
    Row,
    beside_essay,
    chance,
    fixed,
    interval,
    number,
    percent,
    share,
    stated,
    told,
)
from tenfold.words.tables import QUANTITY_COLUMNS, Table, cells


def takes(what: str, rows: Mapping[str, Row]) -> str:
    """The jump in one line, from rows of its two quantities."""
    return (
        f"{what} takes {told(rows['inference_jump_ooms'])} of inference, "
        f"or {told(rows['rl_jump_ooms'])} of RL training (median and 90% interval)."
    )


def written(row: Row, asked: str, given: str | None, more: int) -> list[str]:
    """What an export says, by one of its quantities, and what to do next."""
    under = f", given {given}" if given else ""
    others = f"; and {stated(more)} more quantities" if more else ""
    return [
        f"{row['title']}{under}: {told(row)} (median and 90% interval){others}.",
        f"Next: `tenfold ask '{asked}'`, `tenfold report`.",
    ]


def jump_lines(answer: dict[str, Any]) -> list[str]:
    """The jump in words; every number with its 90% interval."""
    q = answer["quantities"]
    lines = [takes(_what(answer["question"]), q)]
    rate = answer["exchange_rates"]["population"]
    new = answer["exchange_rates"]["new benchmark"]
    lines.append(
        f"RL needs {interval(rate)} times the OOMs that inference needs; on a benchmark not seen "
        f"yet, {interval(new)}. Ten times the RL is worth "
        f"{told(q['inference_equal_to_tenfold_rl'])} times the inference."
    )
    lines.append(rows_apart(answer))
    never = answer["on_curve"]["quantities"]["rl_jump_ooms"].get("p_never", 0.0)
    error = answer["on_curve"]["quantities"]["rl_jump_ooms"].get("p_never_mcse")
    if answer["question"]["target"] is not None:
        found = answer["p_never"]
        lines.append(
            "No amount of RL gets there with probability "
            f"{chance(found['probability'], found['mcse'])}."
        )
    elif error is not None:
        lines.append(
            f"From a score of {share(answer['on_curve']['start'])}, no amount of RL reaches what "
            f"the inference jump reaches, with probability {chance(never, error)}."
        )
    lines += [found] if (found := untested(answer["tested"])) else []
    idle = answer["on_curve"]["p_no_gain"]
    if answer["question"]["target"] is None and idle["probability"] > 0:
        lines.append(
            f"With probability {chance(idle['probability'], idle['mcse'])} inference gains nothing "
            f"from {share(answer['on_curve']['start'])}, its ceiling being lower: RL then has "
            "nothing to match and counts as 0 OOMs on the curve."
        )
    joint = answer["joint"]
    lines.append(
        f"Scaled together at least cost: {told(joint['joint_rl_ooms'])} of RL and "
        f"{told(joint['joint_inference_ooms'])} of inference."
    )
    essay = [
        f"{row['title']}: {said}"
        for row in (q["exchange_rate"], q["rl_jump_ooms"], q["inference_jump_ooms"])
        if (said := beside_essay(row))
    ]
    lines += [f"{'; '.join(essay)}."] if essay else []
    return lines


def rows_apart(answer: Mapping[str, Any]) -> str:
    """P(the rate is above 1), and the rate without generation rows where that is known."""
    found = answer["p_above_one"]
    more = f"RL needs more OOMs with probability {chance(found['probability'], found['mcse'])}"
    if "without_shifts" not in answer:
        return f"{more}."
    curves = answer["without_shifts"]
    if curves is None:
        fit = "`tenfold scenarios --fit --only slopes-only`"
        return f"{more}. {fit} finds the rate without generation shifts."
    return f"{more}. From curves alone, without generation shifts: {interval(curves)} times."


def cost_lines(answer: dict[str, Any]) -> list[str]:
    """The cost in words; every number with its 90% interval."""
    q, ask = answer["quantities"], answer["question"]
    part = "the RL part of the run" if ask["reading"] == "rl" else "the whole run"
    world = q["years_of_world_electricity"]
    lines = [
        f"{answer['baseline']}, {part} scaled: training compute times "
        f"{told(q['training_multiplier'])}, "
        f"{told(q['training_energy'])} of electricity, "
        f"{told(world)} of {world['title'][0].lower()}{world['title'][1:]}, "
        f"{told(q['training_cost'])}."
    ]
    lines.append(shares(answer["shares"]))
    room = answer["room_left"]
    lines.append(
        f"RL has already multiplied the baseline's training compute by "
        f"{told(room['multiplier_spent'])}; the next tenfold of RL multiplies it by "
        f"{told(room['next_tenfold'])}, and it doubles after "
        f"{told(room['cheap_rl_ooms'])} of RL."
    )
    binds = answer["binding"][0]
    lines.append(
        f"On trend (budget up to {share(ask['budget_share'])} of world GDP, electricity up to "
        f"{share(ask['energy_share'])} of world generation) it is affordable "
        f"{dates(answer['dates'])}. That rests on {budget_path(answer)}. What binds most often "
        f"is {binds['title'].lower()} ({chance(binds['probability'], binds['mcse'])})."
    )
    even = answer["break_even"]
    lines.append(
        f"Paying once for RL beats paying for inference over {stated(ask['horizon'])} years from "
        f"{told(even['break_even_volume'])} on, at "
        f"{told(even['price_per_token'])} today, falling as hardware gets cheaper."
    )
    lines.append(leading(answer["drivers"]))
    return lines


def jump_tables(answer: dict[str, Any]) -> list[Table]:
    """The tables of a jump answer, for printing."""
    start = f"On the curve, from {share(answer['on_curve']['start'])}"
    forms = [
        (name, fixed(row["weight"], 2), *found[1:4], found[5])
        for (name, row), found in zip(answer["forms"].items(), cells(answer["forms"]), strict=True)
    ]
    return [
        ("The jump and its cost", QUANTITY_COLUMNS, cells(answer["quantities"])),
        (start, QUANTITY_COLUMNS, cells(answer["on_curve"]["quantities"])),
        ("RL OOMs per inference OOM", QUANTITY_COLUMNS, cells(answer["exchange_rates"])),
        ("RL OOMs by curve form", ("form", "weight", "5%", "50%", "95%", "never"), forms),
        ("RL and inference together, at least cost", QUANTITY_COLUMNS, cells(answer["joint"])),
    ]


def cost_tables(answer: dict[str, Any]) -> list[Table]:
    """The tables of a cost answer, for printing."""
    events = [
        (row["title"], percent(row["probability"], row["mcse"]), percent(row["mcse"]))
        for row in answer["dates"].values()
    ]
    bounds = [
        (row["title"], percent(row["probability"], row["mcse"]), percent(row["mcse"]))
        for row in answer["shares"].values()
    ]
    waits = [
        (str(row["years"]), *(interval(row[name]) for name in list(row)[1:]))
        for row in answer["waiting"]
    ]
    volumes = []
    for row, found in zip(
        answer["break_even_curve"],
        cells({str(i): row["years"] for i, row in enumerate(answer["break_even_curve"])}),
        strict=True,
    ):
        cheaper = chance(row["p_rl_cheaper"], row["mcse"])
        volumes.append((number(math.log10(row["tokens_per_day"])), cheaper, *found[1:4]))
    driving = [
        (
            row["input"],
            fixed(row["pawn"], 2),
            fixed(row["pawn_noise"], 2),
            "" if row["variance_explained"] is None else share(row["variance_explained"]),
            fixed(row["rank_correlation"], 2),
        )
        for row in answer["drivers"]
    ]
    return [
        (answer["baseline"], QUANTITY_COLUMNS, cells(answer["quantities"])),
        ("How far cheap RL goes", QUANTITY_COLUMNS, cells(answer["room_left"])),
        ("When trend affords it", QUANTITY_COLUMNS, cells(answer["timing"])),
        ("What it comes to", ("event", "probability", "MCSE"), bounds),
        ("Dates", ("event", "probability", "MCSE"), events),
        (
            "Waiting for better hardware",
            ("years", "TWh", "years of world electricity", "USD"),
            waits,
        ),
        ("RL once or inference for years", QUANTITY_COLUMNS, cells(answer["break_even"])),
        (
            "By volume served",
            ("tokens per day", "RL ends up cheaper", "years, 5%", "50%", "95%"),
            volumes,
        ),
        (
            "What drives years of world electricity",
            ("input", "PAWN", "noise", "variance explained", "rank correlation"),
            driving,
        ),
    ]


def leading(rows: list[dict[str, Any]]) -> str:
    """A plain-language line naming the strongest driver."""
    first = rows[0]
    explained = first["variance_explained"]
    alone = "" if explained is None else f", {share(explained)} of the variance alone"
    rest = ", ".join(row["input"] for row in rows[1:3])
    return f"The spread is driven most by {first['input']}{alone}; then {rest}."


def quantity_table(listed: list[dict[str, Any]]) -> Table:
    """The registry, for printing: what can be asked for and what the answer is now."""
    rows = [
        (
            item["name"],
            item["title"],
            told(item["row"]) if item["row"] else item["why"],
            item["level"],
            example(item),
        )
        for item in listed
    ]
    columns = ("name", "title", "median and 90% interval", "level", "a condition on it")
    return "Quantities", columns, rows


EXAMPLE = {
    "series": '"o1/AIME 2024/test-time compute"',
    "other": '"o1/AIME 2024/training compute"',
    "start": "0.2",
    "target": "0.8",
    "multiplier": "100",
    "compute": "1000",
    "volume": "1e12",
    "shift": '"o1 to o3"',
    "technique": '"pruning"',
}
"""Arguments that some quantities cannot do without."""


def example(item: dict[str, Any]) -> str:
    """A condition on a quantity, as `ask` and `--given` take it: "exchange_rate > 2.1"."""
    row = item["row"]
    if row is None:
        given = ", ".join(f"{k}={EXAMPLE[k]}" for k in item["arguments"] if k in EXAMPLE)
        value = "2030" if item["kind"] == "date" else "0.5"
        return f"{item['name']}({given}) > {value}" if given else f"{item['name']} > {value}"
    if isinstance(row["p50"], str):
        return f"{item['name']} < never"
    if row["scale"] == "calendar":
        return f"{item['name']} < {math.floor(row['p50'])}"
    middle = 10 ** row["p50"] if row["scale"] == "log10" else row["p50"]
    unit = "" if item["unit"] == "dimensionless" else f" {item['unit']}"
    return f"{item['name']} > {middle:.2g}{unit}"


def _what(question: dict[str, Any]) -> str:
    where = question["benchmark"]
    on = "" if where in (None, "population") else f" on {where}"
    if question["target"] is not None:
        return f"From {share(question['start'])} to {share(question['target'])}{on}"
    start = "" if question["start"] is None else f", from a score of {share(question['start'])},"
    return f"One GPT level{on}{start}"
