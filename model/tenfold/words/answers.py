"""Answers in words and as printed tables: plain dictionaries in, text out."""

from __future__ import annotations

from typing import Any

from tenfold.answers import drivers
from tenfold.mixture import chance, percent, table_rows, text_of
from tenfold.units import format_log10

Table = tuple[str, tuple[str, ...], list[tuple[str, ...]]]
"""Title, column names, rows."""

QUANTITY_COLUMNS = ("quantity", "5%", "50%", "95%", "unit", "never")


def jump_lines(answer: dict[str, Any]) -> list[str]:
    """The jump in words; every number with its 90% interval."""
    q = answer["quantities"]
    rl, inference = q["rl_jump_ooms"], q["inference_jump_ooms"]
    lines = [
        f"{_what(answer['question'])} takes {inference['text']} of inference, "
        f"or {rl['text']} of RL training (median and 90% interval)."
    ]
    rate = answer["exchange_rates"]["population"]
    new = answer["exchange_rates"]["new benchmark"]
    same = [format_log10(1 / float(rate[key])) for key in ("p50", "p95", "p05")]
    lines.append(
        f"RL needs {text_of(rate)} times the OOMs that inference needs; on a benchmark not seen "
        f"yet, {text_of(new)}. Ten times the RL is worth "
        f"{same[0]} ({same[1]} to {same[2]}) times the inference."
    )
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
            f"From a score of {answer['on_curve']['start']:.0%}, no amount of RL reaches what the "
            f"inference jump reaches, with probability {chance(never, error)}."
        )
    idle = answer["on_curve"]["p_no_gain"]
    if answer["question"]["target"] is None and idle["probability"] > 0:
        lines.append(
            f"With probability {chance(idle['probability'], idle['mcse'])} inference gains nothing "
            f"from {answer['on_curve']['start']:.0%}, its ceiling being lower: RL then has nothing "
            "to match and counts as 0 OOMs on the curve."
        )
    joint = answer["joint"]
    lines.append(
        f"Scaled together at least cost: {joint['joint_rl_ooms']['text']} of RL and "
        f"{joint['joint_inference_ooms']['text']} of inference."
    )
    return lines


def cost_lines(answer: dict[str, Any]) -> list[str]:
    """The cost in words; every number with its 90% interval."""
    q, ask = answer["quantities"], answer["question"]
    part = "the RL part of the run" if ask["reading"] == "rl" else "the whole run"
    world = q["log10_years_of_world_electricity"]
    lines = [
        f"{answer['baseline']}, {part} scaled: training compute times "
        f"{q['log10_training_multiplier']['text']}, "
        f"{q['log10_energy_twh']['text']} of electricity, "
        f"{world['text']} of {world['title'][0].lower()}{world['title'][1:]}, "
        f"{q['log10_cost_usd']['text']}."
    ]
    room = answer["room_left"]
    lines.append(
        f"RL has already multiplied the baseline's training compute by "
        f"{room['log10_multiplier_spent']['text']}; the next tenfold of RL multiplies it by "
        f"{room['log10_next_tenfold']['text']}, and it doubles after "
        f"{room['cheap_rl_ooms']['text']} of RL."
    )
    first, dates, binds = answer["timing"]["first_year"], answer["dates"], answer["binding"][0]
    listed = ", ".join(
        f"{row['title'][0].lower()}{row['title'][1:]} {chance(row['probability'], row['mcse'])}"
        for row in (dates[key] for key in ("by_2030", "by_2035", "by_2050", "later_or_never"))
    )
    lines.append(
        f"On trend (budget up to {ask['budget_share']:.1%} of world GDP, electricity up to "
        f"{ask['energy_share']:.1%} of world generation) it is affordable in {first['text']}: "
        f"{listed}. What binds most often is {binds['title'].lower()} "
        f"({chance(binds['probability'], binds['mcse'])})."
    )
    even = answer["break_even"]
    lines.append(
        f"Paying once for RL beats paying for inference over {ask['horizon']:g} years from "
        f"{even['log10_break_even_tokens_per_day']['text']} on, at "
        f"{even['log10_price_per_token']['text']} today, falling as hardware gets cheaper."
    )
    lines.append(drivers.leading(answer["drivers"]))
    return lines


def jump_tables(answer: dict[str, Any]) -> list[Table]:
    """The tables of a jump answer, for printing."""
    start = f"On the curve, from {answer['on_curve']['start']:.0%}"
    forms = [
        (name, f"{row['weight']:.2f}", *cells[1:4], cells[5])
        for (name, row), cells in zip(
            answer["forms"].items(), table_rows(answer["forms"]), strict=True
        )
    ]
    return [
        ("The jump and its cost", QUANTITY_COLUMNS, table_rows(answer["quantities"])),
        (start, QUANTITY_COLUMNS, table_rows(answer["on_curve"]["quantities"])),
        ("RL OOMs per inference OOM", QUANTITY_COLUMNS, table_rows(answer["exchange_rates"])),
        ("RL OOMs by curve form", ("form", "weight", "5%", "50%", "95%", "never"), forms),
        ("RL and inference together, at least cost", QUANTITY_COLUMNS, table_rows(answer["joint"])),
    ]


def cost_tables(answer: dict[str, Any]) -> list[Table]:
    """The tables of a cost answer, for printing."""
    dates = [
        (row["title"], percent(row["probability"]), percent(row["mcse"]))
        for row in answer["dates"].values()
    ]
    waits = [
        (str(row["years"]), *(text_of(row[name]) for name in list(row)[1:]))
        for row in answer["waiting"]
    ]
    volumes = []
    for row, cells in zip(
        answer["break_even_curve"],
        table_rows({str(i): _years_row(row) for i, row in enumerate(answer["break_even_curve"])}),
        strict=True,
    ):
        cheaper = chance(row["p_rl_cheaper"], row["mcse"])
        volumes.append((f"{row['tokens_per_day']:.0e}", cheaper, *cells[1:4]))
    driving = [
        (
            row["input"],
            f"{row['pawn']:.2f}",
            f"{row['pawn_noise']:.2f}",
            "" if row["variance_explained"] is None else f"{row['variance_explained']:.0%}",
            f"{row['rank_correlation']:+.2f}",
        )
        for row in answer["drivers"]
    ]
    return [
        (answer["baseline"], QUANTITY_COLUMNS, table_rows(answer["quantities"])),
        ("How far cheap RL goes", QUANTITY_COLUMNS, table_rows(answer["room_left"])),
        ("When trend affords it", QUANTITY_COLUMNS, table_rows(answer["timing"])),
        ("Dates", ("event", "probability", "MCSE"), dates),
        (
            "Waiting for better hardware",
            ("years", "TWh", "years of world electricity", "USD"),
            waits,
        ),
        ("RL once or inference for years", QUANTITY_COLUMNS, table_rows(answer["break_even"])),
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


def _years_row(row: dict[str, Any]) -> dict[str, Any]:
    return {"title": "", "scale": "linear"} | row["years"]


def _what(question: dict[str, Any]) -> str:
    where = question["benchmark"]
    on = "" if where in (None, "population") else f" on {where}"
    if question["target"] is not None:
        return f"From {question['start']:.0%} to {question['target']:.0%}{on}"
    start = "" if question["start"] is None else f", from a score of {question['start']:.0%},"
    return f"One GPT level{on}{start}"
