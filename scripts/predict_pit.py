"""Does `predict` do what the model says: PIT of its forecasts on series simulated from the model.

    uv run python scripts/predict_pit.py --runs runs --series 300

The design (compute, errors, benchmark, modes) of a fitted series is given to a new model of a new
publication; its curve and scores are simulated from one draw of the hierarchy, and later points are
predicted from 1, 2, 5 or 10 of the lowest, with all draws, as `tenfold predict` does. If
conditioning is exact, the truth's place in each forecast is uniform. Writes predict_pit.json and a
table into reports/calibration.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from tenfold.files import write_atomic
from tenfold.runs import store
from tenfold.unseen import condition, predict
from tenfold.unseen.series import Series, lowest, of_points

FOLDER = Path(__file__).parents[1] / "reports" / "calibration"
GIVEN = (1, 2, 5, 10)
SEED = 20251020


def simulated(draws: predict.Hierarchy, design: Series, rng: np.random.Generator) -> Series:
    """The design with scores drawn from one draw of the hierarchy, noise and drift included."""
    part = predict.particles(draws, design, 1, rng)
    slope, shift = (
        mean + sd * rng.standard_normal(1)
        for mean, sd in ((part.slope_mean, part.slope_sd), (part.shift, part.shift_sd))
    )
    part = replace(part, shift=shift)
    slope = slope if part.signed else np.exp(slope)
    level = part.intercept_mean + part.intercept_sd * rng.standard_normal(1)
    tau = np.ones(1) if part.nu is None else np.sqrt(part.nu / rng.chisquare(part.nu))
    score, before = np.empty(design.score.size), np.zeros(1)
    for i in range(score.size):
        # an error that is that of a share of the questions follows from the score that is drawn
        mean, sd = condition.curve(part, design, i, level, slope, design.score_se[i])
        rho = np.zeros(1)
        if i and part.drift is not None and part.length is not None:
            step = design.log10_compute[i] - design.log10_compute[i - 1]
            rho = part.drift * np.exp(-step / part.length)
        before = rho * before + np.sqrt(1 - rho**2) * rng.standard_normal(1)
        score[i] = (mean + sd * tau * before)[0]
    return replace(design, score=score)


def pits(draws: predict.Hierarchy, designs: list[Series], count: int) -> list[dict[str, Any]]:
    """One row per condition and simulated series: the PIT of a target taken at random."""
    rng = np.random.default_rng(SEED)
    rows = []
    for number in range(count):
        design = designs[number % len(designs)]
        design = replace(design, label=f"{design.label} {number}", model="", publication="")
        series = simulated(draws, design, rng)
        for given in GIVEN:
            mask = lowest(series, given)
            if mask.all():
                continue
            targets = series.at(~mask)
            found = predict.forecast([(1.0, draws)], series.at(mask), targets, SEED + number)
            below = float(rng.choice(found.cdf(targets.score)))
            row = {"regime": series.regime, "given": given, "series": number, "pit": below}
            rows.append(row | {"effective": found.effective})
    return rows


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Per regime and number of points given: Kolmogorov-Smirnov p, coverage, least particles."""
    found = []
    for regime in ("rl", "inference"):
        for given in GIVEN:
            own = [row for row in rows if row["regime"] == regime and row["given"] == given]
            if not own:
                continue
            pit = np.array([row["pit"] for row in own])
            found.append(
                {
                    "regime": regime,
                    "given": given,
                    "series": len(own),
                    "p": float(stats.kstest(pit, "uniform").pvalue),
                    "inside_50": float((np.abs(pit - 0.5) <= 0.25).mean()),
                    "inside_90": float((np.abs(pit - 0.5) <= 0.45).mean()),
                    "least_effective": min(row["effective"] for row in own),
                }
            )
    return found


def page(results: dict[str, Any]) -> str:
    """The table in words."""
    lines = [
        "# PIT of `predict` on simulated series",
        "",
        "Made by `uv run python scripts/predict_pit.py`; numbers are in `predict_pit.json`.",
        "Designs of fitted series; curve and scores of a new model (RL: new publication) are drawn",
        f"from the hierarchy of run `{results['run']}`, one form at a time, and one later point",
        "predicted from the lowest ones. p: Kolmogorov-Smirnov against uniform.",
        "",
        "| form | regime | given | series | p | inside 50% | inside 90% | least effective draws |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for form, table in results["forms"].items():
        for row in table:
            lines.append(
                f"| {form} | {row['regime']} | {row['given']} | {row['series']} | {row['p']:.3f} | "
                f"{row['inside_50']:.0%} | {row['inside_90']:.0%} | {row['least_effective']:.0f} |"
            )
    tests = [row["p"] for table in results["forms"].values() for row in table]
    least = min(1.0, min(tests) * len(tests))
    lines += ["", f"Least p of {len(tests)}, Bonferroni-corrected: {least:.2f}."]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Simulate, predict, write."""
    parser = argparse.ArgumentParser(description="PIT of predictions on simulated series")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--series", type=int, default=300, help="per regime")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    chosen = parser.parse_args()
    run = store.latest(chosen.runs)
    results: dict[str, Any] = {"run": run.path.name, "forms": {}}
    rng = np.random.default_rng(SEED)
    for _, draws in predict.hierarchies(run):
        rows = []
        for regime in ("rl", "inference"):
            own = [item for item in of_points(run.points) if item.regime == regime]
            own = [own[i] for i in rng.permutation(len(own)) if not lowest(own[i], 1).all()]
            rows += pits(draws, own, chosen.series)
        results["forms"][draws.form] = summary(rows)
        print(draws.form, *results["forms"][draws.form], sep="\n", flush=True)
    write_atomic(chosen.folder / "predict_pit.json", json.dumps(results, indent=1) + "\n")
    write_atomic(chosen.folder / "predict_pit.md", page(results))


if __name__ == "__main__":
    main()
