"""Turn the tables of `calibrate.py` into results.json, figures and README.md.

    python scripts/calibration_report.py

Every number on the page comes from results.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import calibrate
import calibration_design
import stored_tables
from calibration_figures import ceiling_figure, ecdf_figure, recovery_figure
from calibration_results import ceiling, rank_table, ranks, recovery

from tenfold.curves import FORMS
from tenfold.files import write_atomic

DRAWN = 100
"""Data sets from which on the distribution of ranks is drawn: that of fewer shows little."""

# --- the page ------------------------------------------------------------------------------------

INTRODUCTION = """\
# Calibration

Does the sampler return the posterior of the model that [`model/README.md`](../../model/README.md)
states, on the design that the evidence has? `scripts/calibrate.py` appends one row per simulated
data set to the CSV files here, and goes on where it was stopped; `scripts/calibration_report.py`
writes `results.json`, the figures and this page from them.
"""

RANKS = """\
## Simulation-based calibration

Parameters are drawn from the prior; scores, generation shifts, trade-offs and the GPT ladder are
simulated from them with the series, compute and errors of the real evidence; the model is refitted
with one chain. Over many data sets the rank of the true value among nearly independent posterior
draws is uniform when simulation, density and sampler agree
([Talts et al. 2018](https://arxiv.org/abs/1804.06788)). The log likelihood of all scores is ranked
too, because it sees errors that single parameters hide
([Modrak et al. 2023](https://doi.org/10.1214/23-BA1404)).
"""


def page(results: dict[str, Any]) -> str:
    """README.md from the results alone."""
    parts = [INTRODUCTION]
    designs = results["designs"]
    if set(designs.values()) - {results["current_design"]}:
        old = [name for name, key in designs.items() if key != results["current_design"]]
        parts.append(
            f"**Made with other evidence or priors than those of today: {', '.join(old)}.** "
            "The figures below hold for that design.\n"
        )
    counted = [f"{name} {now} of {n}" for name, (now, n) in results["fitted_today"].items()]
    told = f"Rows fitted by the code as it is now: {', '.join(counted)}."
    others = any(now < n for now, n in results["fitted_today"].values())
    parts.append(told + (" The others come from earlier code.\n" if others else "\n"))
    if results["ranks"]:
        chain = results["settings"]
        parts.append(
            RANKS + f"\nThe chain has {chain['tune']} steps to adapt and {chain['draws']} draws; "
            f"where that is too little, it is made again with {chain['longer']}.\n"
        )
        parts += [*(_rank_part(form, item) for form, item in results["ranks"].items())]
    if results["recovery"]:
        parts.append(_recovery_part(results["recovery"]))
    if results["ceiling"]:
        parts.append(_ceiling_part(results["ceiling"]))
    missing = [name for name in ("ranks", "recovery", "ceiling") if not results[name]]
    if missing:
        parts.append(f"Not run yet: {', '.join(missing)}.\n")
    return "\n".join(parts)


def _partial(done: int, wanted: int) -> str:
    if done >= wanted:
        return ""
    return f" **The table is partial: {done} of {wanted} data sets.**"


def _today(item: dict[str, Any]) -> str:
    """What the rows that the present code fitted say by themselves."""
    if not item["data_sets"]:
        return "None of them was fitted by the code as it is now."
    return (
        f"The {item['data_sets']} that the code as it is now fitted have, by themselves, a least p "
        f"value of {item['least_p']:.2g}, corrected {item['least_p_holm']:.3f}."
    )


def _again(farthest: float) -> str:
    """Why data sets of a form without a floor are drawn again."""
    return (
        "Scores of this form have no floor, and those of most parameters that the prior draws "
        "cannot be scores; there chains find second modes. Data sets with a score more than "
        f"{farthest:g} below 0 or above 1 are therefore drawn again. Ranks stay uniform by that, "
        "since the posterior depends on the data alone."
    )


def _rank_part(form: str, item: dict[str, Any]) -> str:
    n, several = item["data_sets"], item["quantities"]
    farthest = calibration_design.FARTHEST.get(form)
    rejected, outside = item["rejected_after_holm"], item["outside_bands"]
    verdict = (
        "no quantity departs from uniformity at the 5% level"
        if not rejected
        else "these depart from uniformity at the 5% level: "
        + ", ".join(f"`{name}`" for name in rejected)
    )
    chance = f"{0.05 * several:.1f}"
    drawing = [
        f"![ECDF of ranks less uniform, {form}](ranks-{form}-ecdf.svg)",
        "",
        "Grey: simultaneous 95% bands "
        "([Säilynoja et al. 2022](https://doi.org/10.1007/s11222-022-10090-6)); orange where the "
        "ECDF leaves them.",
        "",
    ]
    lines = [
        f"### {form.capitalize()}",
        "",
        f"{n} data sets, ranks 0 to {item['ranks'] - 1}.{_partial(n, item['wanted'])} "
        f"{item['repeated_with_more_draws']} were refitted with more draws, because an effective "
        f"sample size was below {item['least_ess']:g}; {item['below_least_ess']} were below it "
        f"still. {item['with_divergences']} fits had divergent transitions, "
        f"{item['divergences']} among {item['draws']} draws. All fits are kept. "
        f"The median fit took {item['median_seconds']:g} seconds.",
        "",
        *([_again(farthest), ""] if farthest is not None else []),
        _today(item["today"]),
        "",
        f"With Holm's correction for {several} quantities, {verdict}: the least p value is "
        f"{item['least_p']:.2g}, corrected {item['least_p_holm']:.3f} (the last column of the "
        f"table takes only the {item['clean_fits']} fits with enough effective draws and at most "
        f"1% divergences). Without correction {len(outside)} leave the 95% bands, where chance "
        f"alone gives {chance} on average. Over all quantities, 90% intervals hold the truth "
        f"{_percent(item['mean_covered_90'])} of the time and 50% intervals "
        f"{_percent(item['mean_covered_50'])}; for one quantity the binomial standard errors are "
        f"{_percent(item['binomial_sd_90'])} and {_percent(item['binomial_sd_50'])}.",
        "",
        *(drawing if n >= DRAWN else []),
        "| quantity | p | p (Holm) | in 90% interval | in 50% interval | shift z | spread | "
        "p, clean fits |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| `{name}` | {row['p']:.3f} | {row['p_holm']:.3f} | {_percent(row['covered_90'] / n)} | "
        f"{_percent(row['covered_50'] / n)} | {row['shift_z']:+.2f} | {row['spread_ratio']:.3f} | "
        f"{row['p_clean_fits']:.3f} |"
        for name, row in item["parameters"].items()
    ]
    lines += [
        "",
        "Shift z: mean rank less its expectation, in standard errors; positive where the truth is "
        "larger than the posterior says. Spread: root mean square of ranks about their middle "
        "over that of uniform ranks; above one where posteriors are too narrow.",
        "",
    ]
    return "\n".join(lines)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def _range(interval: list[float]) -> str:
    return f"{100 * interval[0]:.0f} to {100 * interval[1]:.0f}%"


def _recovery_part(item: dict[str, Any]) -> str:
    total = item["all"]
    partial = [
        _partial(row["repeats"], row["wanted"]) + f" (true rate {rate})"
        for rate, row in item["rates"].items()
        if row["repeats"] < row["wanted"]
    ]
    lines = [
        "## Recovery of known exchange rates",
        "",
        "Data simulated on the real design with a given exchange rate and moderate spreads "
        "(`MODERATE` in `scripts/calibrate.py`); effects and noise are new each time, the form is "
        f"logistic.{''.join(partial)} Over all rates the 90% interval holds the true rate in "
        f"{total['covered_90']} of {total['repeats']} data sets (binomial 95% interval "
        f"{_range(total['covered_90_consistent_with'])}), the 50% interval in "
        f"{total['covered_50']} ({_range(total['covered_50_consistent_with'])}). With the truth "
        "held fixed, coverage need not be exactly nominal: the prior pulls towards a rate of 1.",
        "",
        "![Intervals of the exchange rate](recovery.svg)",
        "",
        "Thin: 90% intervals, orange where they miss; thick: 50%; dots: medians.",
        "",
        "| true rate | data sets | in 90% interval (binomial 95%) | in 50% interval | "
        "median of medians | p95 / p05 | slopes in their 90% intervals | divergences |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {rate} | {row['repeats']} | {row['covered_90']} "
        f"({_range(row['covered_90_consistent_with'])}) | {row['covered_50']} "
        f"({_range(row['covered_50_consistent_with'])}) | {row['median_of_medians']:.2f} | "
        f"{row['median_width_90']:.2f} | {_percent(row['slopes_covered_90'])} | "
        f"{row['divergences']} |"
        for rate, row in item["rates"].items()
    ]
    return "\n".join([*lines, ""])


def _ceiling_part(item: dict[str, Any]) -> str:
    n, half, free = item["repeats"], item["half"], item["least_squares_half"]
    truth = f"{item['true_ceiling']:g}"
    benchmark, regime = calibrate.CEILING_CELL
    lines = [
        f"## A ceiling of {truth} seen from its first half",
        "",
        f"{n} data sets simulated under the saturating form, in which the cell {benchmark} / "
        f"{regime} levels off at {truth}; its curves are halfway up at the middle of "
        f"their compute, their slopes come from the hierarchy.{_partial(n, item['wanted'])} "
        f"Fitted to the first half of the compute, {half['covered_90']} of {n} 90% intervals "
        f"hold {truth} (binomial 95% interval "
        f"{_range(half['covered_90_consistent_with'])}). In {half['below_the_90_interval']} the "
        "whole interval lies above it: there the fit overstates the ceiling more than it admits "
        f"({_range(half['overstated_consistent_with'])}; nominal 5%). The posterior median is "
        f"above {truth} in {half['median_above']}.",
        "",
        "A least-squares logistic curve with a free ceiling, fitted to the first half of the "
        f"longest series alone, is above {truth} in {free['above']} of {n} and by more than 0.1 in "
        f"{free['above_by_more_than_0.1']}; its median is {free['median']:.2f}, its middle 80% run "
        f"from {free['quantiles_10_90'][0]:.2f} to {free['quantiles_10_90'][1]:.2f}.",
        "",
        "![Intervals of the ceiling](ceiling.svg)",
        "",
        "| fitted to | 90% interval holds it (binomial 95%) | wholly above | wholly below | "
        "50% interval holds it | median above | typical 90% interval | divergences |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {label} | {row['covered_90']} ({_range(row['covered_90_consistent_with'])}) | "
        f"{row['below_the_90_interval']} | {row['above_the_90_interval']} | {row['covered_50']} | "
        f"{row['median_above']} | {row['median_interval_90'][0]:.2f} to "
        f"{row['median_interval_90'][1]:.2f} | {row['divergences']} |"
        for label, row in (("first half", half), ("all", item["all"]))
    ]
    return "\n".join([*lines, ""])


# --- running -------------------------------------------------------------------------------------


def current_design() -> str:
    """Key of today's evidence and priors."""
    from tenfold.posterior.plan import prepare
    from tenfold.posterior.scenario import PointsChoice, Scenario

    scenario = Scenario(reason="calibration", points=PointsChoice(), settings=calibrate.SETTINGS)
    return calibrate.key(prepare("calibration", scenario))


def main(arguments: list[str] | None = None) -> None:
    """Write results.json, figures and README.md."""
    parser = argparse.ArgumentParser(description="Report on calibration")
    parser.add_argument("--folder", type=Path, default=calibrate.FOLDER)
    folder = parser.parse_args(arguments).folder
    rows = {
        path.name.removesuffix(".csv.xz"): stored_tables.read(path)
        for path in sorted(folder.glob("*.csv.xz"))
    }
    tables = {name: sorted(table, key=lambda row: row["task"]) for name, table in rows.items()}
    tables = {name: table for name, table in tables.items() if table}
    forms = [form for form in FORMS if f"ranks-{form}" in tables]
    code = calibrate.code()
    results: dict[str, Any] = {
        "format": 1,
        "current_design": current_design(),
        "code": code,
        "settings": {
            "tune": calibrate.SETTINGS.tune,
            "draws": calibrate.SETTINGS.draws,
            "longer": calibrate.LONGER.draws,
        },
        "designs": {name: table[0]["key"] for name, table in tables.items()},
        "fitted_today": {
            name: [sum(row["code"] == code for row in table), len(table)]
            for name, table in tables.items()
        },
        "ranks": {form: ranks(tables[f"ranks-{form}"], code) for form in forms},
        "recovery": recovery(tables["recovery"]) if "recovery" in tables else None,
        "ceiling": ceiling(tables["ceiling"]) if "ceiling" in tables else None,
    }
    for form in forms:
        table, found = rank_table(tables[f"ranks-{form}"]), results["ranks"][form]["parameters"]
        if len(tables[f"ranks-{form}"]) >= DRAWN:
            ecdf_figure(folder / f"ranks-{form}-ecdf.svg", table, found)
    if results["recovery"]:
        recovery_figure(folder / "recovery.svg", tables["recovery"], results["recovery"])
    if results["ceiling"]:
        ceiling_figure(folder / "ceiling.svg", tables["ceiling"], results["ceiling"])
    write_atomic(folder / "results.json", json.dumps(stored_tables.few(results), indent=1) + "\n")
    write_atomic(folder / "README.md", page(results))


if __name__ == "__main__":
    main()
