"""Tables of the page: plain rows of text, from plain dictionaries."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import xarray as xr

from tenfold import mixture
from tenfold.claims import verdicts
from tenfold.claims.spec import ClaimsFile
from tenfold.evidence import inventory
from tenfold.fit.checks import Gate
from tenfold.report import words
from tenfold.report.material import Material

Row = dict[str, Any]
JUMP = ("exchange_rate", "inference_jump_ooms", "rl_jump_ooms")


def gates(listed: Iterable[Gate]) -> list[Row]:
    """Gates, the worst first, with what was found and what was asked for."""
    order = {"FAIL": 0, "REVIEW": 1, "PASS": 2}
    rows = [
        {
            "name": gate.name,
            "status": gate.status,
            "value": "not a number" if math.isnan(gate.value) else f"{gate.value:.4g}",
            "threshold": f"{gate.threshold:g}",
            "detail": gate.detail,
        }
        for gate in listed
    ]
    return sorted(rows, key=lambda row: order[row["status"]])


def quantities(rows: dict[str, Row], names: Iterable[str] | None = None) -> list[Row]:
    """Rows of `mixture.table` as text: title, p05, p50, p95, unit, never."""
    found = []
    for name in rows if names is None else names:
        row = rows[name]
        never = "p_never" in row
        found.append(
            {"title": row["title"], "unit": words.unit_text(row)}
            | {key: words.quantile_text(row, key) for key in ("p05", "p50", "p95")}
            | {"never": mixture.chance(row["p_never"], row["p_never_mcse"]) if never else ""}
        )
    return found


def both_regimes(points: xr.Dataset, benchmarks: Iterable[str]) -> list[Row]:
    """The series in either regime of benchmarks that have both."""
    rows = inventory.table(points)
    return [
        {"benchmark": name}
        | {
            regime: [
                row["series"]
                for row in rows
                if (row["benchmark"], row["regime"], row["left_out"]) == (name, regime, "")
            ]
            for regime in ("rl", "inference")
        }
        for name in benchmarks
    ]


def on_curve(rows: list[Row]) -> list[Row]:
    """The jump on the curve by place."""
    return [
        {
            "place": row["place"],
            "start": f"{row['start']:.0%}",
            "reached": words.spread(row["reached_score"], "{:.0%}".format),
            "rl": words.spread(row["rl_jump_ooms"], mixture.format_plain),
            "never": mixture.chance(row["p_never"], row["mcse"]),
            "by_form": ", ".join(
                f"{form} {mixture.chance(*found)}" for form, found in row["p_never_by_form"].items()
            ),
            "no_gain": mixture.chance(row["p_no_gain"], row["p_no_gain_mcse"]),
        }
        for row in rows
    ]


def rates(rows: dict[str, Row]) -> list[Row]:
    """Exchange rates by place."""
    return [
        {"place": name} | {k: mixture.format_plain(float(row[k])) for k in mixture.PROBABILITIES}
        for name, row in rows.items()
    ]


def rl_slopes(draws: xr.Dataset) -> Row | None:
    """RL slope with tokens free and at a fixed token budget, of the one series that tells them
    apart: `series` and `rows`; None where no series does."""
    if "answer_length_growth" not in draws:
        return None
    titles = {
        "rl_slope_tokens_free": "RL slope, answers free to lengthen",
        "rl_slope_fixed_tokens": "RL slope at a fixed token budget",
        "answer_length_growth": "OOMs of answer length per OOM of RL",
    }
    rows = []
    for name, title in titles.items():
        row = mixture.summarise(draws[name], draws["weight"], "")
        rows.append(
            {"title": title}
            | {k: mixture.format_plain(float(row[k])) for k in ("p05", "p50", "p95")}
        )
    return {**draws["answer_length_growth"].attrs, "rows": rows}


def parameters(material: Material) -> list[Row]:
    """Prior against posterior of every top-level parameter."""
    rows = []
    for row in material.parameters.to_dict("records"):
        name = str(row["parameter"])
        prior = material.stored.priors.get(name)
        rows.append(
            {
                "name": f"{name} {row['label']}".strip(),
                "unit": row["unit"],
                "prior": _three(row, "prior_"),
                "posterior": _three(row, ""),
                "ratio": f"{row['ratio']:.2f}",
                "sensitivity": row["sensitivity"] or "not computed",
                "reason": prior.reason if prior else "Follows from log_slope_mean.",
            }
        )
    return rows


def _three(row: Row, prefix: str) -> str:
    low, middle, high = (f"{row[prefix + k]:.2g}" for k in ("p05", "p50", "p95"))
    return f"{middle} ({low} to {high})".replace("-", "\N{MINUS SIGN}")


def narrowing(material: Material) -> list[Row]:
    """How far the data moved the inputs of the headline: ratio of standard deviations."""
    wanted = ("exchange_rate", "log_inference_per_training_mean", "gpt_level_mean")
    table = material.parameters
    return [
        {"name": row["parameter"], "ratio": f"{row['ratio']:.2f}"}
        for row in table[table["parameter"].isin(wanted)].to_dict("records")
    ]


def forms(material: Material) -> list[Row]:
    """Weight, held-out predictive density and own headline of every form."""
    compared = material.info.get("leave_future_out") or {}
    future, ends = compared.get("forms", {}), compared.get("weights_90", {})
    loo = material.info.get("loo") or {}
    rows = []
    for form, row in material.answer["forms"].items():
        scored, inside = future.get(form), loo.get(form)
        rows.append(
            {
                "form": form,
                "weight": f"{row['weight']:.2f}",
                "ends": "{:.2f} to {:.2f}".format(*ends[form]) if form in ends else "",
                "elpd": f"{scored['elpd']:.1f} ± {scored['elpd_se']:.1f}" if scored else "",
                "difference": _difference(scored),
                "loo": f"{inside['elpd']:.1f} ± {inside['elpd_se']:.1f}" if inside else "",
                "k": f"{inside['pareto_k_above_0.7']} of {inside['points']}" if inside else "",
                "jump": words.spread(row, mixture.format_plain),
            }
        )
    return rows


def _difference(scored: Row | None) -> str:
    if scored is None:
        return ""
    if scored["difference"] == 0:
        return "best"
    found = f"{scored['difference']:.1f} ± {scored['difference_se']:.1f}"
    return found.replace("-", "\N{MINUS SIGN}")


def coverage(material: Material) -> list[Row]:
    """In-sample predictive coverage by regime and benchmark; by regime what was left out, too.

    Single points are left out under the form that predicts best, the future under the mixture.
    """
    best = (material.info.get("diagnostics") or {}).get(material.stored.best, {})
    left_out = {
        "loo": best.get("loo_coverage", {}),
        "future": (material.info.get("leave_future_out") or {}).get("coverage", {}),
    }
    rows = []
    for row in material.coverage.to_dict("records"):
        rows.append(
            {
                "regime": row["regime"],
                "benchmark": row["benchmark"],
                "points": row["points"],
                "inside_50": f"{row['inside_50']:.0%}",
                "inside_90": f"{row['inside_90']:.0%}",
            }
            | {key: _held_out(found, row) for key, found in left_out.items()}
        )
    return rows


def _held_out(coverage: Row, row: Row) -> str:
    """Coverage of 90% intervals that did not see the points, with its standard error."""
    if row["benchmark"] != "all":
        return ""
    found = coverage.get("regime", {}).get(row["regime"], {})
    inside, error = found.get("inside_90"), found.get("inside_90_se")
    if inside is None:
        return ""
    return f"{inside:.0%}" if error is None else f"{inside:.0%} ± {100 * error:.0f}"


def cost(material: Material) -> list[Row]:
    """Cost under both readings of the sentence, one row per quantity."""
    part, whole = material.paid["quantities"], material.whole
    rows = []
    for name in part:
        if name in JUMP or name not in whole:
            continue
        first, second = quantities({"": part[name]})[0], quantities({"": whole[name]})[0]
        rows.append({"title": first["title"], "unit": first["unit"], "rl": first, "whole": second})
    return rows


def dates(rows: dict[str, Row]) -> list[Row]:
    """Probabilities of dates with their Monte Carlo errors."""
    return [
        {"title": row["title"], "chance": mixture.chance(row["probability"], row["mcse"])}
        for row in rows.values()
    ]


def waiting(rows: list[Row]) -> list[Row]:
    """Electricity and cost when the run waits for better hardware."""
    return [
        {
            "years": row["years"],
            "energy": words.spread(row["log10_energy_twh"], words.number),
            "world": words.spread(row["log10_years_of_world_electricity"], words.duration),
            "usd": words.spread(row["log10_cost_usd"], words.money),
        }
        for row in rows
    ]


def volumes(rows: list[Row]) -> list[Row]:
    """Whether RL ends up cheaper, by tokens served per day."""
    return [
        {
            "tokens": words.number(math.log10(row["tokens_per_day"])),
            "chance": mixture.chance(row["p_rl_cheaper"], row["mcse"]),
            "years": words.spread(row["years"], mixture.format_plain),
        }
        for row in rows
    ]


def scenarios(material: Material) -> list[Row]:
    """Exchange rate of every stored scenario."""
    return [
        {
            "scenario": row["scenario"],
            "reason": row["reason"],
            "status": row["status"],
            "rate": words.spread(row, mixture.format_plain),
        }
        for row in material.scenarios
    ]


def conflict(found: Row | None) -> Row | None:
    """Curves alone against generation shifts alone."""
    if found is None:
        return None
    return {
        "slopes": words.spread(found["slopes"], mixture.format_plain),
        "shifts": words.spread(found["shifts"], mixture.format_plain),
        "chance": mixture.chance(found["probability"], found["mcse"]),
    }


def claim(result: verdicts.Result, file: ClaimsFile) -> Row:
    """A claim with its two answers, kept apart, and its source."""
    asked, evidence = result.claim, result.evidence
    source = file.source[asked.source]

    def told(log10: float) -> str:
        unit = verdicts.PRINTED_UNIT.get(asked.unit, asked.unit)
        return f"{words.number(log10)} {unit}".strip()

    arithmetic = None
    if result.recomputed is not None:
        arithmetic = {
            "verdict": "follows" if result.follows else "does not follow",
            "recomputed": told(result.recomputed),
            "given": ", ".join(
                f"{k.replace('_', ' ')} {v:g}" if isinstance(v, float) else f"{v}"
                for k, v in asked.given.items()
            ),  # fmt: skip
        }
    found = None
    if evidence is not None:
        found = {
            "words": evidence.words,
            "chance": mixture.chance(evidence.probability, evidence.mcse),
            "middle": told(evidence.p50),
            "ends": f"{words.number(evidence.p05)} to {words.number(evidence.p95)}",
            "outside": f"{words.percent(evidence.p_below)} below, "
            f"{words.percent(evidence.p_above)} above",
            "tolerance": f"{asked.evidence_tolerance or asked.tolerance:.3g}",
            "likely": verdicts.likelihood(evidence.probability).split()[-1],
        }
    return {
        "id": asked.id,
        "kind": asked.kind,
        "quote": asked.quote,
        "claimed": f"{asked.relation} {asked.value:,g} "
        f"{verdicts.PRINTED_UNIT.get(asked.unit, asked.unit)}".strip(),
        "arithmetic": arithmetic,
        "evidence": found,
        "contradicted": result.contradicted,
        "reason": asked.reason,
        "url": source.url,
        "source": f"{source.author}, {source.title}",
        "as_of": asked.as_of.isoformat(),
    }


def sources(points: xr.Dataset) -> list[Row]:
    """Sources with their links and terms; those that rows of the fit come from first."""
    rows = inventory.sources(points)
    for row in rows:
        row["link"] = row["url"] if row["url"].startswith("https://") else ""
    return sorted(rows, key=lambda row: -row["points"])
