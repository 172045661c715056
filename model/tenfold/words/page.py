"""Tables of the page: plain rows of text, from plain rows of numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from tenfold.claims.as_of import Then
from tenfold.claims.spec import ClaimsFile
from tenfold.claims.verdicts import Result
from tenfold.fit.checks import Gate
from tenfold.words import claim_chain, claims
from tenfold.words import scenarios as scenario_words
from tenfold.words.numbers import (
    Row,
    chance,
    figures,
    fixed,
    gate_value,
    interval,
    never,
    number,
    plain,
    quantile,
    share,
    spread,
    unit,
)

Text = dict[str, Any]

JUMP = ("exchange_rate", "inference_equal_to_tenfold_rl", "inference_jump_ooms", "rl_jump_ooms")


def gates(listed: Iterable[Gate]) -> list[Text]:
    """Gates, the worst first, with what was found and what was asked for."""
    order = {"FAIL": 0, "REVIEW": 1, "PASS": 2}
    rows = [
        {
            "name": gate.name,
            "status": gate.status,
            "value": gate_value(gate.value),
            "threshold": figures(gate.threshold),
            "detail": gate.detail,
        }
        for gate in listed
    ]
    return sorted(rows, key=lambda row: order[row["status"]])


def quantities(rows: Mapping[str, Row], names: Iterable[str] | None = None) -> list[Text]:
    """Rows of `mixture.table` as text: title, p05, p50, p95, unit, never."""
    return [
        {"title": row["title"], "unit": unit(row), "never": never(row)}
        | {key: quantile(row, key) for key in ("p05", "p50", "p95")}
        for row in (rows[name] for name in (rows if names is None else names))
    ]


def drivers(rows: Iterable[Row]) -> list[Text]:
    """Inputs: their 5% and 95%, the answer's median there, and how much each matters."""
    return [
        {"input": row["input"], "pawn": fixed(row["pawn"], 2)}
        | {key: plain(float(row[key])) for key in ("at_low", "low", "at_high", "high")}
        | {
            "explained": ""
            if row["variance_explained"] is None
            else share(row["variance_explained"])
        }
        for row in rows
    ]


def on_curve(rows: Iterable[Row]) -> list[Text]:
    """The jump on the curve by place."""
    return [
        {
            "place": row["place"],
            "start": share(row["start"]),
            "reached": spread(row["reached_score"]),
            "rl": spread(row["rl_jump_ooms"]),
            "never": chance(row["p_never"], row["mcse"]),
            "by_form": ", ".join(
                f"{form} {chance(*found)}" for form, found in row["p_never_by_form"].items()
            ),
            "no_gain": chance(row["p_no_gain"], row["p_no_gain_mcse"]),
        }
        for row in rows
    ]


def rates(rows: Mapping[str, Row]) -> list[Text]:
    """Exchange rates by place."""
    keys = ("p05", "p25", "p50", "p75", "p95")
    return [{"place": name} | {k: quantile(row, k) for k in keys} for name, row in rows.items()]


def parameters(rows: Iterable[Row], reasons: Mapping[str, str]) -> list[Text]:
    """Prior against posterior of every top-level parameter, with the reason for the prior."""
    return [
        {
            "name": f"{row['parameter']} {row['label']}".strip(),
            "unit": row["unit"],
            "prior": interval({key: row[f"prior_{key}"] for key in ("p05", "p50", "p95")}),
            "posterior": interval(row),
            "ratio": fixed(row["ratio"], 2),
            "sensitivity": row["sensitivity"] or "not computed",
            "reason": reasons.get(row["parameter"], "Follows from log_slope_mean."),
        }
        for row in ({**row, "scale": "linear"} for row in rows)
    ]


def narrowing(rows: Iterable[Row]) -> list[Text]:
    """How far the data moved the inputs of the headline: ratio of standard deviations."""
    wanted = ("exchange_rate", "log_inference_per_training_mean", "gpt_level_mean")
    return [
        {"name": row["parameter"], "ratio": fixed(row["ratio"], 2)}
        for row in rows
        if row["parameter"] in wanted
    ]


def forms(rows: Mapping[str, Row], info: Mapping[str, Any]) -> list[Text]:
    """Weight, held-out predictive density and own headline of every form.

    Args:
        rows: of `jump_answer`, by form. info: the run's `run.json`.
    """
    compared = info.get("leave_future_out") or {}
    future, ends = compared.get("forms", {}), compared.get("weights_90", {})
    loo = info.get("loo") or {}
    found = []
    for form, row in rows.items():
        scored, inside = future.get(form), loo.get(form)
        found.append(
            {
                "form": form,
                "weight": fixed(row["weight"], 2),
                "ends": " to ".join(fixed(end, 2) for end in ends.get(form, ())),
                "elpd": _with_error(scored["elpd"], scored["elpd_se"]) if scored else "",
                "difference": _difference(scored),
                "loo": _with_error(inside["elpd"], inside["elpd_se"]) if inside else "",
                "k": f"{inside['pareto_k_above_0.7']} of {inside['points']}" if inside else "",
                "jump": spread(row),
            }
        )
    return found


def _difference(scored: Row | None) -> str:
    if scored is None:
        return ""
    if scored["difference"] == 0:
        return "best"
    return _with_error(scored["difference"], scored["difference_se"])


def _with_error(value: float, error: float) -> str:
    return f"{fixed(value, 1)} ± {fixed(error, 1)}"


def coverage(rows: Iterable[Row], loo: Mapping[str, Any], future: Mapping[str, Any]) -> list[Text]:
    """In-sample predictive coverage by regime and benchmark; by regime what was left out, too.

    Args:
        loo, future: coverage of single points left out (under the form that predicts best) and of
            the future (under the mixture), as in `run.json`.
    """
    return [
        {
            "regime": row["regime"],
            "benchmark": row["benchmark"],
            "points": row["points"],
            "inside_50": share(row["inside_50"]),
            "inside_90": share(row["inside_90"]),
            "loo": _held_out(loo, row),
            "future": _held_out(future, row),
        }
        for row in rows
    ]


def _held_out(coverage: Mapping[str, Any], row: Row) -> str:
    """Coverage of 90% intervals that did not see the points, with its standard error."""
    if row["benchmark"] != "all":
        return ""
    found = coverage.get("regime", {}).get(row["regime"], {})
    inside, error = found.get("inside_90"), found.get("inside_90_se")
    if inside is None:
        return ""
    return share(inside) if error is None else f"{share(inside)} ± {share(error)}"


def cost(part: Mapping[str, Row], whole: Mapping[str, Row]) -> list[Text]:
    """Cost under both readings of the sentence, one row per quantity."""
    rows = []
    for name in part:
        if name in JUMP or name not in whole:
            continue
        first, second = quantities({"": part[name]})[0], quantities({"": whole[name]})[0]
        rows.append({"title": first["title"], "unit": first["unit"], "rl": first, "whole": second})
    return rows


def dates(rows: Mapping[str, Row]) -> list[Text]:
    """Probabilities of dates with their Monte Carlo errors."""
    return [
        {"title": row["title"], "chance": chance(row["probability"], row["mcse"])}
        for row in rows.values()
    ]


def waiting(rows: Iterable[Row]) -> list[Text]:
    """Electricity and cost when the run waits for better hardware."""
    return [
        {
            "years": row["years"],
            "energy": spread(row["training_energy"]),
            "world": spread(row["years_of_world_electricity"]),
            "usd": spread(row["training_cost"]),
        }
        for row in rows
    ]


def volumes(rows: Iterable[Row]) -> list[Text]:
    """Whether RL ends up cheaper, by tokens served per day."""
    return [
        {
            "tokens": number(math.log10(row["tokens_per_day"])),
            "chance": chance(row["p_rl_cheaper"], row["mcse"]),
            "years": spread(row["years"]),
        }
        for row in rows
    ]


def scenarios(rows: Iterable[Row]) -> list[Text]:
    """Exchange rate of every stored scenario."""
    return [
        {key: row[key] for key in ("scenario", "reason", "status")} | {"rate": spread(row)}
        for row in rows
    ]


def conflict(found: Row | None) -> Text | None:
    """Curves alone against generation shifts alone."""
    if found is None:
        return None
    return {
        "slopes": spread(found["slopes"]),
        "shifts": spread(found["shifts"]),
        "chance": chance(found["probability"], found["mcse"]),
    }


def claim(result: Result, file: ClaimsFile, known: Then | None = None) -> Text:
    """A claim with its two answers, kept apart, its source, and what was `known` on its day."""
    asked, evidence = result.claim, result.evidence
    held = result.repeats or asked
    source = file.source[asked.source]
    found = None
    if evidence is not None:
        found = {
            "words": claims.likely(result),
            "chance": chance(evidence.probability, evidence.mcse),
            "within": claims.within(held),
            "spread": claims.spread(held, evidence),
            "falls": claims.falls(held, evidence),
            "told": claims.said_of_it(result),
            "outside": claims.outside(evidence),
            "likely": result.word.split()[-1],
        }
    return {
        "id": asked.id,
        "kind": asked.kind,
        "quote": asked.quote,
        "claimed": claims.claimed(asked),
        "arithmetic": claims.sums(result),
        "evidence": found,
        "repeats": result.repeats and result.repeats.id,
        "why": result.why,
        "contradicted": result.contradicted,
        "reason": asked.reason,
        "url": source.url,
        "source": f"{source.author}, {source.title}",
        "as_of": asked.as_of.isoformat(),
        "then": claims.then(result, known) if known and evidence else "",
    }


def chain(found: dict[str, Any]) -> Text:
    """The essay's chain: a sentence for each link and for the whole, and its conclusion's table."""
    columns, rows = claim_chain.conditions(found)
    return {
        "links": [{"id": row["id"], "said": claim_chain.link(row)} for row in found["links"]],
        "whole": claim_chain.whole(found),
        "columns": columns,
        "rows": rows,
    }


def explored(found: Mapping[str, Row]) -> list[Text]:
    """What is kept beside the run of influence, tornado and studies: a heading each, with
    `tables` (title, columns, rows) or `lines`."""
    made = []
    for name, entry in found.items():
        kind = name.split(":")[0]
        if kind == "next":
            title, *lines = scenario_words.next_lines(entry)
            made.append({"title": title, "tables": [], "lines": lines})
            continue
        if kind == "tornado":
            title = f"What each input does to it: {entry['title']}"
            tables = list(scenario_words.tornado(entry))
            made.append({"title": title, "tables": tables, "lines": []})
            continue
        known = [row for row in entry["rows"] if row["row"]]
        title = f"Which {entry['by']} moves it: {entry['title']}"
        tables = [scenario_words.influence({**entry, "rows": known})]
        lines = scenario_words.influence_lines(entry)
        made.append({"title": title, "tables": tables, "lines": lines})
    return made
