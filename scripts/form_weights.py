"""Curve forms by how far ahead they predict, and what each way of weighing them is worth.

    uv run python scripts/form_weights.py --runs runs

From what a run keeps of its refits without the upper half of every series. The first table has the
forms' log scores and weights by distance ahead; the second leaves out one publication at a time,
weighs the forms on the others in several ways, and scores the mixtures on that publication's points
at the horizon. Writes results.json and README.md in reports/weights.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from tenfold.files import write_atomic
from tenfold.fit import judge, weights
from tenfold.runs import store

FOLDER = Path(__file__).parents[1] / "reports" / "weights"
AHEAD = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
LEAST = 20
"""Points from which a distance is told."""
WAYS = {
    "all": "all points held out",
    "all, resampled": "all points, mean over publications resampled",
    "horizon": "the horizon's points",
    "horizon, resampled": "the horizon's points, mean over publications resampled (the model's)",
    "equal": "equal weights",
}


class Held:
    """Held-out points of a run: log densities (form, point), distance, regime, publication."""

    def __init__(self, run: store.Run) -> None:
        points, self.forms = run.points, run.forms
        told = [run.group(judge.FUTURE, form, ("log_density",)) for form in run.forms]
        self.table = np.stack([each["log_density"].values for each in told])
        held = np.zeros(points.sizes["obs"], dtype=bool)
        held[told[0]["obs"].values] = True
        series = points["series_index"].values[held]
        self.ahead = weights.ahead(points, held)
        self.regime = points["series_regime"].values[series]
        self.publication = points["series_publication"].values[series]
        self.far, self.horizon = weights.farthest(points, held)
        self.seed = run.info["seed"]

    def weighed(self, chosen: np.ndarray, resampled: bool) -> np.ndarray:
        """Weights of the forms on some of the points."""
        table = self.table[:, chosen]
        if resampled:
            return weights.resampled(table, self.publication[chosen], self.seed).mean(axis=0)
        return weights.stacked(table, np.ones((1, table.shape[1])))[0]


def by_distance(held: Held) -> list[dict[str, Any]]:
    """Log scores of the forms, less the best, and resampled weights from each distance on."""
    rows = []
    for regime in ("rl", "inference"):
        for ooms in AHEAD:
            own = (held.regime == regime) & (held.ahead >= ooms)
            if own.sum() < LEAST:
                continue
            score = held.table[:, own].sum(axis=1)
            row: dict[str, Any] = {"regime": regime, "ahead": ooms, "points": int(own.sum())}
            row["publications"] = int(np.unique(held.publication[own]).size)
            row["log_score"] = dict(zip(held.forms, (score - score.max()).tolist(), strict=True))
            found = held.weighed(own, True)
            rows.append(row | {"weights": dict(zip(held.forms, found.tolist(), strict=True))})
    return rows


def by_way(held: Held) -> list[dict[str, Any]]:
    """Log score at the horizon of publications left out, by how forms were weighed on the rest."""
    gains: dict[str, list[float]] = {way: [] for way in (*WAYS, *held.forms)}
    for name in np.unique(held.publication[held.far]):
        rest, own = held.publication != name, held.far & (held.publication == name)
        mixed = {
            "all": held.weighed(rest, False),
            "all, resampled": held.weighed(rest, True),
            "horizon": held.weighed(rest & held.far, False),
            "horizon, resampled": held.weighed(rest & held.far, True),
            "equal": np.full(len(held.forms), 1 / len(held.forms)),
        }
        mixed |= dict(zip(held.forms, np.eye(len(held.forms)), strict=True))
        top = held.table[:, own].max(axis=0)
        for way, share in mixed.items():
            density = share @ np.exp(held.table[:, own] - top)
            with np.errstate(divide="ignore"):
                gains[way].append(float((np.log(density) + top).sum()))
    ours = np.array(gains["horizon, resampled"])
    rows = []
    for way, found in gains.items():
        gap = np.array(found) - ours
        error = float(gap.std(ddof=1) * np.sqrt(gap.size))
        rows.append({"way": way, "log_score": sum(found), "gap": float(gap.sum()), "se": error})
    return rows


def page(results: dict[str, Any]) -> str:
    """README.md from the results."""
    forms = results["forms"]
    lines = [
        "# Curve forms by how far ahead they predict",
        "",
        "Made by `uv run python scripts/form_weights.py`; numbers are in `results.json`. Run",
        f"`{results['run']}`; every series was cut in the middle of its compute, and each form",
        "refitted without the upper halves.",
        "",
        "## By distance ahead",
        "",
        "Points at least so many OOMs beyond the last one that was seen; log score of a form less",
        "that of the best on them, and its weight on them (mean over a bootstrap of publications).",
        "",
        "| regime | OOMs ahead | points (publications) | "
        + " | ".join(f"{form} | weight" for form in forms) + " |",
        "|---|---:|---:|" + "---:|" * 2 * len(forms),
    ]  # fmt: skip
    for row in results["by_distance"]:
        cells = " | ".join(
            f"{row['log_score'][form]:.0f} | {row['weights'][form]:.2f}" for form in forms
        )
        lines.append(
            f"| {row['regime']} | {row['ahead']:.1f} | {row['points']} ({row['publications']}) | "
            f"{cells} |"
        )
    lines += [
        "", "## Ways of weighing", "",
        f"The model weighs on {results['points']} points: of each regime the",
        f"{weights.FAR_POINTS} farthest ahead. Each publication with such points was left out in",
        "turn, forms were weighed on the others, and the mixture was scored on it. *Gap*: log",
        "score less that of the model's, ± one standard error with publications as independent.",
        "",
        "| weighed on | log score | gap |",
        "|---|---:|---:|",
    ]  # fmt: skip
    for row in results["by_way"]:
        words = WAYS.get(row["way"], f"{row['way']} alone")
        gap = "" if row["gap"] == 0 else f"{row['gap']:+.1f} ± {row['se']:.1f}"
        lines.append(f"| {words} | {row['log_score']:.1f} | {gap} |")
    return "\n".join(lines).replace(" -", " \N{MINUS SIGN}") + "\n"


def main() -> None:
    """Read, weigh, write."""
    parser = argparse.ArgumentParser(description="Curve forms by how far ahead they predict")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    chosen = parser.parse_args()
    run = store.latest(chosen.runs)
    held = Held(run)
    results = {
        "run": run.path.name,
        "forms": list(held.forms),
        "points": int(held.far.sum()),
        "horizon": held.horizon,
        "by_distance": by_distance(held),
        "by_way": by_way(held),
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    write_atomic(FOLDER / "results.json", json.dumps(results, indent=1) + "\n")
    write_atomic(FOLDER / "README.md", page(results))


if __name__ == "__main__":
    main()
