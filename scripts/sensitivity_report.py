"""Fit every scenario and write what moves: table, figure and page in reports/sensitivity.

    python scripts/sensitivity_report.py --runs runs

Fits that are stored in RUNS/sensitivity.json and still current are kept. Every number on the page
comes from results.json.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import drawing
from scipy import stats

from tenfold.cli import terminal
from tenfold.files import write_atomic
from tenfold.scenarios import sensitivity

FOLDER = Path(__file__).parents[1] / "reports" / "sensitivity"
BASE = "baseline"
COLOURS = {"logistic": "#4269d0", "saturating": "#ff725c", "power": "#3ca951", "linear": "#9c6b4e"}


def rows(results: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(scenario, form, quantities) of every fit."""
    for name, entry in results["scenarios"].items():
        for form, row in entry["forms"].items():
            yield name, form, row


def conflict(one: dict[str, Any], other: dict[str, Any]) -> dict[str, float]:
    """Difference of two log exchange rates from separate evidence, taken as normal.

    Returns:
        `ratio` of the rates (median, p05, p95) and `p`, the two-sided tail probability of no
        difference. Both posteriors hold the same wide prior, so the difference is a little too
        small rather than too large.
    """
    a, b = one["log_exchange_rate"], other["log_exchange_rate"]
    mean, sd = a["mean"] - b["mean"], math.hypot(a["sd"], b["sd"])
    low, middle, high = (math.exp(mean + z * sd) for z in stats.norm.ppf([0.05, 0.5, 0.95]))
    return {"p05": low, "p50": middle, "p95": high, "p": float(2 * stats.norm.sf(abs(mean) / sd))}


def add_contrasts(results: dict[str, Any]) -> None:
    """Conflict between curves and shifts, and how the reading error moves and widens the rate."""
    known = results["scenarios"]
    results["conflict"], results["reading_error"] = {}, {}
    for form in sensitivity.FORMS:
        if all(
            form in known.get(n, {"forms": {}})["forms"] for n in ("slopes-only", "shifts-only")
        ):
            slopes, shifts = (known[n]["forms"][form] for n in ("slopes-only", "shifts-only"))
            results["conflict"][form] = conflict(slopes, shifts)
        names = (BASE, "no-reading-error", "double-reading-error")
        if all(form in known.get(n, {"forms": {}})["forms"] for n in names):
            base, none, double = (known[n]["forms"][form]["log_exchange_rate"] for n in names)
            results["reading_error"][form] = {
                "mean_ratio_without": math.exp(none["mean"] - base["mean"]),
                "mean_ratio_doubled": math.exp(double["mean"] - base["mean"]),
                "sd_ratio_without": none["sd"] / base["sd"],
                "sd_ratio_doubled": double["sd"] / base["sd"],
            }


def figure(results: dict[str, Any], path: Path) -> None:
    """Forest plot of the population exchange rate, one line per scenario and form."""
    plt = drawing.start()

    names = list(results["scenarios"])
    canvas, axis = plt.subplots(figsize=(8, 0.42 * len(names) + 1), layout="constrained")
    seen: set[str] = set()
    for name, form, row in rows(results):
        place = names.index(name) + 0.2 * (list(COLOURS).index(form) - 1)
        q = row["exchange_rate"]
        axis.plot([q["p05"], q["p95"]], [place, place], color=COLOURS[form], lw=1.2)
        axis.plot([q["p25"], q["p75"]], [place, place], color=COLOURS[form], lw=3)
        label = form if form not in seen else None
        axis.plot(q["p50"], place, "o", ms=4, color=COLOURS[form], label=label)
        seen.add(form)
    axis.axvline(2, color="0.5", lw=0.8, ls=":")
    axis.set_yticks(range(len(names)), names)
    axis.set(xscale="log", ylim=(len(names) - 0.5, -0.5))
    axis.set_xticks([0.25, 0.5, 1, 2, 4, 8], ["0.25", "0.5", "1", "2", "4", "8"])
    axis.minorticks_off()
    axis.set_xlabel(
        "exchange rate, RL OOMs per inference OOM (median, 50% and 90% equal-tailed intervals);\n"
        "dotted: the essay's 2"
    )
    axis.legend(frameon=False, ncols=len(seen), loc="lower center", bbox_to_anchor=(0.5, 1.0))
    drawing.save(canvas, path)


def page(results: dict[str, Any]) -> str:
    """README.md from results."""

    def interval(q: dict[str, Any], digits: int = 2) -> str:
        numbers = (q[key] for key in ("p50", "p05", "p95"))
        return "{} ({} to {})".format(*(f"{float(value):.{digits}f}" for value in numbers))

    lines = [
        "# What moves the answer",
        "",
        "Made by `uv run python scripts/sensitivity_report.py`; the numbers are in `results.json`.",
        "Every scenario of `data/scenarios.toml` is fitted anew, one form at a time, unmixed;",
        "medians with equal-tailed 90% intervals. A scenario that changes constants alone moves",
        "costs, not slopes. FAIL: not converged even with the larger number of draws, not to be",
        "used.",
        "",
        "![Exchange rate by scenario](exchange_rate.svg)",
        "",
        "| scenario | form | exchange rate, population | RL OOMs of a jump | gates |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {form} | {interval(row['exchange_rate'])} | "
        f"{interval(row['rl_jump_ooms'], 1)} | {row['status']} |"
        for name, form, row in rows(results)
    ]
    lines += ["", "## Reading error", ""]
    lines += [
        "The exchange rate without the reading error along the compute axis, and with twice it:",
        "",
    ]
    for form, item in results["reading_error"].items():
        mean = f"{item['mean_ratio_without'] - 1:+.1%} and {item['mean_ratio_doubled'] - 1:+.1%}"
        sd = f"{item['sd_ratio_without'] - 1:+.1%} and {item['sd_ratio_doubled'] - 1:+.1%}"
        lines.append(f"- {form}: geometric mean {mean}; standard deviation on the log scale {sd}.")
    lines += ["", "## Do the two kinds of evidence agree?", ""]
    lines += [
        "The ratio of the exchange rate that curves alone give to the one that generation shifts",
        "alone give (difference of two posteriors on the log scale, taken as normal; both hold the",
        "same wide prior), and the two-sided probability of so wide a gap if they agree:",
        "",
    ]
    for form, item in results["conflict"].items():
        lines.append(f"- {form}: ratio {interval(item)}, p = {item['p']:.2f}.")
    families = [
        (name, form, row["family_sd"])
        for name, form, row in rows(results)
        if "family_sd" in row and name in (BASE, "shuffled-families")
    ]
    lines += [
        "",
        "## Families shuffled",
        "",
        "`family_sd` (posterior median) with the real names and dealt out at random:",
        "",
    ]
    lines += [f"- {name}, {form}: {value:.2f}" for name, form, value in families]
    lines += ["", "## Scenarios", ""]
    lines += [f"- **{name}**: {entry['reason']}" for name, entry in results["scenarios"].items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Fit what is not current, then write the folder."""
    parser = argparse.ArgumentParser(description="Sensitivity of the answer to every scenario")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--folder", type=Path, default=FOLDER)
    chosen = parser.parse_args()
    chosen.runs.mkdir(parents=True, exist_ok=True)
    results = sensitivity.fit_scenarios((), chosen.runs, say=terminal.warn)
    add_contrasts(results)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    write_atomic(chosen.folder / "results.json", json.dumps(results, indent=1) + "\n")
    figure(results, chosen.folder / "exchange_rate.svg")
    write_atomic(chosen.folder / "README.md", page(results))


if __name__ == "__main__":
    main()
