"""Turn the tables of `calibrate.py` into results.json, figures and README.md.

    python scripts/calibration_report.py

Ranks should be uniform. Their ECDF is held against simultaneous 95% bands, and its most extreme
step gives a p value per quantity, both by simulating uniform ranks (Säilynoja, Bürkner and Vehtari
2022, Statistics and Computing 32:32, doi 10.1007/s11222-022-10090-6). Ranks take few values, so the
ECDF is looked at where it can step: bands for continuous values would need ranks blurred at random.
Every number on the page comes from results.json.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import calibrate
import numpy as np
from scipy import stats

from tenfold.curves import FORMS

NOT_PARAMETERS = (
    "task", "key", "code", "divergences", "draws", "attempts", "least_ess", "least_ess_parameter",
    "largest_rhat", "seconds",
)  # fmt: skip
LEVELS = calibrate.KEPT + 1
STEPS = np.arange(1, LEVELS) / LEVELS
"""Expected ECDF of uniform ranks at 0, 1, ..., KEPT - 1."""
WANTED = {"ranks": 500, "recovery": 30, "ceiling": 30}
"""Data sets (per true rate, for recovery) of a complete table."""
UNIFORM_DRAWS = 20_000
QUANTILES = ("p05", "p25", "p50", "p75", "p95")

# --- uniformity ----------------------------------------------------------------------------------


def steps(ranks: np.ndarray) -> np.ndarray:
    """Number of ranks at or below 0, 1, ..., KEPT - 1."""
    return np.bincount(ranks, minlength=LEVELS).cumsum()[:-1]


def extreme(below: np.ndarray, n: int) -> np.ndarray:
    """Least two-sided binomial tail probability of an ECDF of `n` ranks, over its last axis."""
    low = stats.binom.cdf(below, n, STEPS)
    high = stats.binom.sf(below - 1, n, STEPS)
    return 2 * np.minimum(low, high).min(axis=-1)


def uniform_extremes(n: int, draws: int = UNIFORM_DRAWS) -> np.ndarray:
    """`extreme` of `n` uniform ranks, `draws` times, sorted."""
    rng = np.random.default_rng([calibrate.SEED, n])
    counts = rng.multinomial(n, np.full(LEVELS, 1 / LEVELS), size=draws)
    return np.sort(extreme(counts.cumsum(axis=1)[:, :-1], n))


def bands(n: int, uniform: np.ndarray, coverage: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Simultaneous bands of the ECDF of `n` uniform ranks at its steps."""
    tail = float(np.quantile(uniform, 1 - coverage)) / 2
    return stats.binom.ppf(tail, n, STEPS) / n, stats.binom.isf(tail, n, STEPS) / n


def uniformity(ranks: np.ndarray, uniform: np.ndarray) -> dict[str, Any]:
    """What the ranks of one quantity say: p value, coverage of central intervals, shift, spread.

    Args:
        ranks: integers from 0 to KEPT.
        uniform: as `uniform_extremes` of as many ranks.
    """
    n = ranks.size
    found = float(extreme(steps(ranks)[None], n)[0])
    p = (1 + np.searchsorted(uniform, found * (1 + 1e-9), "right")) / (1 + uniform.size)
    scaled = (ranks + 0.5) / LEVELS - 0.5
    expected_sd = np.sqrt((1 - LEVELS**-2.0) / 12)
    tenth, quarter = LEVELS // 20, LEVELS // 4
    return {
        "p": float(p),
        "covered_90": int(((ranks >= tenth) & (ranks < LEVELS - tenth)).sum()),
        "covered_50": int(((ranks >= quarter) & (ranks < LEVELS - quarter)).sum()),
        "shift_z": round(float(scaled.mean() / expected_sd * np.sqrt(n)), 2),
        "spread_ratio": round(float(np.sqrt((scaled**2).mean()) / expected_sd), 3),
    }


def holm(p: Mapping[str, float]) -> dict[str, float]:
    """Holm's step-down adjustment: valid however the tests depend on each other."""
    adjusted, highest = {}, 0.0
    for place, name in enumerate(sorted(p, key=lambda k: p[k])):
        highest = max(highest, min(1.0, (len(p) - place) * p[name]))
        adjusted[name] = highest
    return adjusted


def consistent_with(hits: int, n: int) -> list[float]:
    """95% Clopper-Pearson interval of a share."""
    interval = stats.binomtest(hits, n).proportion_ci(0.95)
    return [round(float(interval.low), 3), round(float(interval.high), 3)]


# --- results -------------------------------------------------------------------------------------


def ranks(rows: list[dict[str, str]], code: str) -> dict[str, Any]:
    """Results of one form's table of ranks.

    Args:
        code: `calibrate.code()`; the rows that it fitted are also judged by themselves.
    """
    table = rank_table(rows)
    found = tested(table)
    present = np.array([row["code"] == code for row in rows])
    today: dict[str, Any] = {"data_sets": int(present.sum())}
    if present.any():
        own = tested({name: values[present] for name, values in table.items()})
        today["least_p"] = round(min(item["p"] for item in own.values()), 5)
        today["least_p_holm"] = min(item["p_holm"] for item in own.values())
    divergent, draws = column(rows, "divergences"), column(rows, "draws")
    ess, attempts = column(rows, "least_ess"), column(rows, "attempts")
    clean = (ess >= calibrate.LEAST_ESS) & (divergent <= 0.01 * draws)
    uniform = uniform_extremes(int(clean.sum()))
    for name, item in found.items():
        ours = uniformity(table[name][clean], uniform)["p"] if clean.any() else 1.0
        item |= {"p": round(item["p"], 5), "p_clean_fits": round(ours, 4)}
    n, several = len(rows), len(found)
    in_90 = sum(item["covered_90"] for item in found.values())
    in_50 = sum(item["covered_50"] for item in found.values())
    return {
        "data_sets": n,
        "today": today,
        "wanted": WANTED["ranks"],
        "ranks": LEVELS,
        "repeated_with_more_draws": int((attempts > 1).sum()),
        "below_least_ess": int((ess < calibrate.LEAST_ESS).sum()),
        "least_ess": calibrate.LEAST_ESS,
        "median_of_least_ess": round(float(np.median(ess)), 1),
        "with_divergences": int((divergent > 0).sum()),
        "divergences": int(divergent.sum()),
        "draws": int(draws.sum()),
        "clean_fits": int(clean.sum()),
        "median_seconds": round(float(np.median(column(rows, "seconds"))), 1),
        "quantities": several,
        "least_p": min(item["p"] for item in found.values()),
        "least_p_holm": min(item["p_holm"] for item in found.values()),
        "rejected_after_holm": [k for k, item in found.items() if item["p_holm"] < 0.05],
        "outside_bands": [k for k, item in found.items() if item["p"] < 0.05],
        "mean_covered_90": round(in_90 / (n * several), 4),
        "mean_covered_50": round(in_50 / (n * several), 4),
        "binomial_sd_90": round(float(np.sqrt(0.9 * 0.1 / n)), 4),
        "binomial_sd_50": round(float(np.sqrt(0.25 / n)), 4),
        "parameters": found,
    }


def tested(table: Mapping[str, np.ndarray]) -> dict[str, dict[str, Any]]:
    """`uniformity` of every quantity, with Holm's correction for all of them."""
    uniform = uniform_extremes(len(next(iter(table.values()))))
    found = {name: uniformity(values, uniform) for name, values in table.items()}
    for name, value in holm({name: item["p"] for name, item in found.items()}).items():
        found[name]["p_holm"] = round(value, 4)
    return found


def rank_table(rows: list[dict[str, str]]) -> dict[str, np.ndarray]:
    """Quantity to its ranks."""
    names = [name for name in rows[0] if name not in NOT_PARAMETERS]
    return {name: column(rows, name).astype(int) for name in names}


def column(rows: list[dict[str, str]], name: str) -> np.ndarray:
    """One column as numbers."""
    return np.array([float(row[name]) for row in rows])


def recovery(rows: list[dict[str, str]]) -> dict[str, Any]:
    """Coverage and bias of the exchange rate where it is known, by true rate."""
    found: dict[str, Any] = {}
    for rate in sorted({float(row["rate"]) for row in rows}):
        own = [row for row in rows if float(row["rate"]) == rate]
        p05, p25, p50, p75, p95 = (column(own, name) for name in QUANTILES)
        in_90 = int(((p05 <= rate) & (rate <= p95)).sum())
        in_50 = int(((p25 <= rate) & (rate <= p75)).sum())
        found[f"{rate:g}"] = {
            "repeats": len(own),
            "wanted": WANTED["recovery"],
            "covered_90": in_90,
            "covered_90_consistent_with": consistent_with(in_90, len(own)),
            "covered_50": in_50,
            "covered_50_consistent_with": consistent_with(in_50, len(own)),
            "median_of_medians": round(float(np.median(p50)), 3),
            "median_width_90": round(float(np.median(p95 / p05)), 3),
            "slopes_covered_90": round(float(column(own, "slopes_covered").mean()), 3),
            "divergences": int(column(own, "divergences").sum()),
        }
    every = list(found.values())
    repeats = sum(item["repeats"] for item in every)
    total: dict[str, Any] = {"repeats": repeats}
    for name in ("covered_90", "covered_50"):
        hits = sum(item[name] for item in every)
        total |= {name: hits, f"{name}_consistent_with": consistent_with(hits, repeats)}
    return {"rates": found, "all": total}


def ceiling(rows: list[dict[str, str]]) -> dict[str, Any]:
    """How often the intervals of a known ceiling hold it, on half of the compute and on all."""
    truth, n = calibrate.CEILING, len(rows)
    found: dict[str, Any] = {"repeats": n, "wanted": WANTED["ceiling"], "true_ceiling": truth}
    for name in ("half", "all"):
        p05, p25, p50, p75, p95 = (column(rows, f"{name}_{p}") for p in QUANTILES)
        in_90 = int(((p05 <= truth) & (truth <= p95)).sum())
        over = int((p05 > truth).sum())
        found[name] = {
            "covered_90": in_90,
            "covered_90_consistent_with": consistent_with(in_90, n),
            "covered_50": int(((p25 <= truth) & (truth <= p75)).sum()),
            "median_above": int((p50 > truth).sum()),
            "above_the_90_interval": int((p95 < truth).sum()),
            "below_the_90_interval": over,
            "overstated_consistent_with": consistent_with(over, n),
            "median_of_medians": round(float(np.median(p50)), 3),
            "median_interval_90": [round(float(np.median(p)), 3) for p in (p05, p95)],
            "divergences": int(column(rows, f"{name}_divergences").sum()),
        }
    free = column(rows, "least_squares_half")
    found["least_squares_half"] = {
        "median": round(float(np.median(free)), 3),
        "quantiles_10_90": [round(float(q), 3) for q in np.quantile(free, [0.1, 0.9])],
        "above": int((free > truth).sum()),
        "above_by_more_than_0.1": int((free > truth + 0.1).sum()),
    }
    return found


# --- figures -------------------------------------------------------------------------------------

BLUE, ORANGE = "#1f5c99", "#d9730d"


def start() -> Any:
    """Matplotlib set up so that the same tables give the same files."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams |= {"svg.hashsalt": "tenfold", "font.size": 8, "axes.titlesize": 7}
    import matplotlib.pyplot as plt

    return plt


def save(canvas: Any, path: Path) -> None:
    """Write a figure without its date, and close it."""
    import matplotlib.pyplot as plt

    canvas.savefig(path, metadata={"Date": None})
    plt.close(canvas)


def _grid(count: int) -> tuple[Any, list[Any]]:
    rows = -(-count // 5)
    canvas, axes = start().subplots(
        rows, 5, figsize=(11, 1.6 * rows + 0.4), sharex=True, sharey=True, layout="constrained"
    )
    for axis in axes.flat[count:]:
        axis.set_axis_off()
    for axis in axes.flat[max(0, count - 5) : count]:
        axis.tick_params(labelbottom=True)
    return canvas, list(axes.flat[:count])


def ecdf_figure(path: Path, table: dict[str, np.ndarray], found: dict[str, Any]) -> None:
    """ECDF of ranks less the uniform one, one panel per quantity, with simultaneous bands."""
    canvas, axes = _grid(len(table))
    n = next(iter(table.values())).size
    low, high = bands(n, uniform_extremes(n))
    for axis, (name, values) in zip(axes, table.items(), strict=True):
        axis.fill_between(STEPS, low - STEPS, high - STEPS, color="0.87", step="mid")
        axis.axhline(0, color="0.6", lw=0.6)
        color = ORANGE if found[name]["p"] < 0.05 else BLUE
        axis.step(STEPS, steps(values) / n - STEPS, where="mid", color=color, lw=1.2)
        axis.set_title(f"{name}\np = {found[name]['p']:.3f}")
    canvas.supxlabel("rank of the true value among posterior draws (share of draws below it)")
    canvas.supylabel("ECDF of ranks less uniform (share of data sets)")
    save(canvas, path)


def histogram_figure(path: Path, table: dict[str, np.ndarray]) -> None:
    """Rank histograms, one panel per quantity, with pointwise 99% binomial bands."""
    canvas, axes = _grid(len(table))
    n = next(iter(table.values())).size
    bins = 20 if n >= 400 else 10 if n >= 100 else 5
    low, high = stats.binom.interval(0.99, n, 1 / bins)
    width = LEVELS // bins
    for axis, (name, values) in zip(axes, table.items(), strict=True):
        counts = np.bincount(values // width, minlength=bins)
        axis.axhspan(low, high, color="0.87")
        axis.bar((np.arange(bins) + 0.5) / bins, counts, 0.85 / bins, color=BLUE)
        axis.axhline(n / bins, color="0.3", lw=0.6)
        axis.set_title(name)
    canvas.supxlabel("rank of the true value among posterior draws (share of draws below it)")
    canvas.supylabel("data sets")
    save(canvas, path)


def _intervals(axis: Any, rows: list[dict[str, str]], prefix: str, truth: float) -> np.ndarray:
    """Intervals in the order of their medians, orange where the 90% one misses; that order."""
    p05, p25, p50, p75, p95 = (column(rows, f"{prefix}{p}") for p in QUANTILES)
    order = np.argsort(p50)
    for place, i in enumerate(order):
        color = BLUE if p05[i] <= truth <= p95[i] else ORANGE
        axis.plot([p05[i], p95[i]], [place, place], color=color, lw=0.9)
        axis.plot([p25[i], p75[i]], [place, place], color=color, lw=2.4, solid_capstyle="butt")
    axis.plot(p50[order], np.arange(order.size), ".", color="black", ms=2.5)
    axis.axvline(truth, color="0.3", lw=0.8, ls="--")
    axis.set_yticks([])
    return order


def recovery_figure(path: Path, rows: list[dict[str, str]], found: dict[str, Any]) -> None:
    """Intervals of the exchange rate, one panel per true rate."""
    rates = found["rates"]
    canvas, axes = start().subplots(
        1, len(rates), figsize=(11, 4), sharex=True, layout="constrained", squeeze=False
    )
    for axis, (label, item) in zip(axes.flat, rates.items(), strict=True):
        own = [row for row in rows if float(row["rate"]) == float(label)]
        axis.set_xscale("log")
        _intervals(axis, own, "", float(label))
        axis.set_xticks([0.25, 0.5, 1, 2, 4, 8], ["0.25", "0.5", "1", "2", "4", "8"])
        axis.minorticks_off()
        axis.set_title(
            f"true rate {label}: {item['covered_90']} of {item['repeats']} in the 90% interval"
        )
    canvas.supxlabel("exchange rate (RL OOMs per inference OOM)")
    canvas.supylabel("simulated data sets, by posterior median")
    save(canvas, path)


def ceiling_figure(path: Path, rows: list[dict[str, str]], found: dict[str, Any]) -> None:
    """Intervals of the ceiling, for half of the compute and all of it."""
    canvas, axes = start().subplots(1, 2, figsize=(9, 4), sharex=True, layout="constrained")
    titles = {"half": "fitted to the first half of the compute", "all": "fitted to all of it"}
    for axis, (name, title) in zip(axes, titles.items(), strict=True):
        order = _intervals(axis, rows, f"{name}_", found["true_ceiling"])
        axis.set_title(f"{title}: {found[name]['covered_90']} of {found['repeats']} intervals hold")
        if name == "half":
            free = column(rows, "least_squares_half")[order]
            axis.plot(free, np.arange(order.size), "x", color="0.35", ms=4, label="least squares")
            axis.legend(frameon=False, loc="upper left")
    canvas.supxlabel("ceiling (score that no amount of RL compute exceeds)")
    canvas.supylabel("simulated data sets, by posterior median")
    save(canvas, path)


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
    parts.append(
        f"Rows fitted by the code as it is now: {', '.join(counted)}. The others come from earlier "
        "code.\n"
    )
    if results["ranks"]:
        parts += [RANKS, *(_rank_part(form, item) for form, item in results["ranks"].items())]
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


def _rank_part(form: str, item: dict[str, Any]) -> str:
    n, several = item["data_sets"], item["quantities"]
    rejected, outside = item["rejected_after_holm"], item["outside_bands"]
    verdict = (
        "no quantity departs from uniformity at the 5% level"
        if not rejected
        else "these depart from uniformity at the 5% level: "
        + ", ".join(f"`{name}`" for name in rejected)
    )
    chance = f"{0.05 * several:.1f}"
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
        f"![ECDF of ranks less uniform, {form}](ranks-{form}-ecdf.svg)",
        "",
        "Grey: simultaneous 95% bands "
        "([Säilynoja et al. 2022](https://doi.org/10.1007/s11222-022-10090-6)); orange where the "
        "ECDF leaves them.",
        "",
        f"![Rank histograms, {form}](ranks-{form}-histogram.svg)",
        "",
        "Grey: where a single bar lies 99% of the time.",
        "",
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
    rows = {path.stem: calibrate.read(path) for path in sorted(folder.glob("*.csv"))}
    tables = {name: sorted(table, key=lambda row: row["task"]) for name, table in rows.items()}
    tables = {name: table for name, table in tables.items() if table}
    forms = [form for form in FORMS if f"ranks-{form}" in tables]
    code = calibrate.code()
    results: dict[str, Any] = {
        "format": 1,
        "current_design": current_design(),
        "code": code,
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
        ecdf_figure(folder / f"ranks-{form}-ecdf.svg", table, found)
        histogram_figure(folder / f"ranks-{form}-histogram.svg", table)
    if results["recovery"]:
        recovery_figure(folder / "recovery.svg", tables["recovery"], results["recovery"])
    if results["ceiling"]:
        ceiling_figure(folder / "ceiling.svg", tables["ceiling"], results["ceiling"])
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (folder / "README.md").write_text(page(results))


if __name__ == "__main__":
    main()
