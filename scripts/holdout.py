"""Whole series held out, the model refitted without them, and their points predicted.

    uv run python scripts/holdout.py --runs runs
    uv run python scripts/holdout.py --runs runs --designs new-model --folds 5

Two designs, both in folds of whole groups of series. `new-model`: all series of a model (of a run,
in RL) are held out while its benchmarks stay, as when a new model appears. `new-benchmark`: all
series of a benchmark (of a publication, in RL) are held out, as when somebody measures something
new. Every held-out series is then predicted from its lowest point, and from its five lowest, as
`tenfold score` does, and scored against the same rivals. Forms are compared on the same series, one
at a time: leave-one-series-out, by refits. Chains start at what is typical of a fit of everything,
which moves where they start and not where they go. Writes scores.csv.xz, results.json, README.md
and a figure; folds that are there already, of the same evidence, priors and code, are kept.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import calibration_design
import holdout_page
import numpy as np
import stored_tables
import xarray as xr

from tenfold.curves import Form
from tenfold.evidence import dataset as evidence
from tenfold.files import write_atomic
from tenfold.fit import diagnose, stages
from tenfold.posterior import structure
from tenfold.posterior.plan import Plan, prepare
from tenfold.posterior.scenario import load_scenario
from tenfold.runs import store
from tenfold.sampler import sample
from tenfold.scenarios import workers
from tenfold.unseen import predict, rivals
from tenfold.unseen.series import blind, lowest, of_points

FOLDER = Path(__file__).parents[1] / "reports" / "holdout"
DESIGNS = ("new-model", "new-benchmark")
CONDITIONS = (1, 5)
SEED = 20251020
SETTINGS = {"chains": 2, "tune": 150, "draws": 300}
"""Of the refits: predictions need far fewer draws than the gates of a run."""
KINDS = ("pairs of modes", "effort sweeps", "dollars")
LATER = 0.4
"""OOMs beyond the last given point from which a run's points are its later part."""


def groups(points: xr.Dataset, design: str) -> np.ndarray:
    """Label of the group that each series is held out with."""
    rl = points["series_regime"].values == "rl"
    if design == "new-model":
        return np.where(rl, points["series"].values, structure.models(points))
    return np.where(rl, points["series_publication"].values, points["series_benchmark"].values)


def kinds(points: xr.Dataset) -> dict[str, str]:
    """What is asked of each series, by its label."""
    pair = structure.paired(points)
    dollars = points["series_unit"].values == "usd"
    kind = np.where(dollars, "dollars", np.where(pair, "pairs of modes", "effort sweeps"))
    kind = np.where(structure.rl(points), "RL", kind)
    return dict(zip(points["series"].values.tolist(), kind.tolist(), strict=True))


def folds(points: xr.Dataset, design: str, count: int) -> np.ndarray:
    """Fold of each series: groups in random order, each to the fold with fewest series so far.

    The two regimes are dealt out apart, so that every fold holds some of both.
    """
    rng = np.random.default_rng([SEED, DESIGNS.index(design)])
    label, found = groups(points, design), np.zeros(points.sizes["series"], dtype=int)
    for regime in ("rl", "inference"):
        of_regime = points["series_regime"].values == regime
        filled = np.zeros(count)
        for group in rng.permutation(np.unique(label[of_regime])):
            own = of_regime & (label == group)
            fold = int(np.argmin(filled))
            found[own] = fold
            filled[fold] += own.sum()
    return found


ENOUGH = 20
"""Points of a benchmark from which its own figures are told."""


def without(held: list[str]) -> Plan:
    """The baseline without some series."""
    plan = baseline()
    kept = evidence.usable(evidence.load(exclude={"series": tuple(held)}))
    # a copy of what is held out, which counts where that one is not there, is held out too
    known = np.isin(kept["series"].values, plan.points["series"].values)
    kept = evidence.subset(kept, known[kept["series_index"].values])
    there = set(kept["series"].values.tolist())
    if there & set(held) or len(there) + len(held) != plan.points.sizes["series"]:
        raise SystemExit("a series label reads as a pattern: folds would not be what they seem")
    settings = plan.settings.model_copy(update=SETTINGS)
    scenario = plan.scenario.model_copy(update={"settings": settings})
    return replace(plan, points=kept, scenario=scenario)


class Fold(NamedTuple):
    """One fold of `count` of a design; chains start at what is typical of the run."""

    run: Path
    design: str
    number: int
    count: int


@cache
def baseline() -> Plan:
    """The plan of everything."""
    return prepare("baseline", load_scenario("baseline"))


def one_fold(fold: Fold) -> list[dict[str, Any]]:
    """Refit without the held series, predict them; one row per condition, series and target."""
    run, points = store.load(fold.run), baseline().points
    held = folds(points, fold.design, fold.count) == fold.number
    labels = points["series"].values[held].tolist()
    plan = without(labels)
    compiled = sample.compile_plan(plan)
    draws = []
    for form in plan.choice.forms:
        typical = stages.typical(run, form, plan)
        tree = sample.sample(compiled, form, typical=typical)
        posterior = tree["posterior"].to_dataset()
        draws.append(predict.Hierarchy.of(form, posterior, plan.priors))
    seed = plan.settings.seed
    forms = predict.weighed(draws, of_points(plan.points), seed)
    rows = []
    wanted, kind = set(labels), kinds(points)
    for series in of_points(points):
        if series.label not in wanted:
            continue
        for count in CONDITIONS:
            scored = rivals.score_series(forms, series, count, plan.priors, seed)
            if scored is None:
                continue
            mask = lowest(series, count)
            given, targets = series.at(mask), series.at(~mask)
            alone = {
                item.form: predict.forecast(
                    [(1.0, item)], given, blind(targets), seed, 1000
                ).log_score(targets.score)
                for item in draws
            }
            rows += _rows(fold, count, scored, alone, kind)
    weights = ", ".join(f"{item.form} {weight:.2f}" for weight, item in forms)
    print(f"{fold.design}, fold {fold.number}: {len(labels)} series; {weights}", flush=True)
    return rows


def _rows(
    fold: Fold,
    count: int,
    scored: rivals.Scored,
    alone: dict[Form, np.ndarray],
    kind: dict[str, str],
) -> list[dict[str, Any]]:
    found = []
    for i, score in enumerate(scored.targets.score):
        row: dict[str, Any] = {
            "design": fold.design, "fold": fold.number, "condition": count,
            "series": scored.given.label, "benchmark": scored.given.benchmark,
            "regime": scored.given.regime, "kind": kind[scored.given.label],
            "ooms_ahead": round(
                float(scored.targets.log10_compute[i] - scored.given.log10_compute.max()), 4
            ),
            "score": round(float(score), 5),
        }  # fmt: skip
        for key, value in zip(("p05", "p50", "p95"), scored.quantiles[:, i], strict=True):
            row[key] = round(float(value), 4)
        for method in rivals.METHODS:
            row[f"crps_{method}"] = float(f"{scored.crps[method][i]:.3g}")
            row[f"log_score_{method}"] = round(float(scored.log_score[method][i]), 2)
            for level, inside in scored.covered[method].items():
                row[f"inside_{round(100 * level)}_{method}"] = int(inside[i])
        row |= {f"log_score_{form}": round(float(values[i]), 2) for form, values in alone.items()}
        found.append(row)
    return found


# --- summaries -----------------------------------------------------------------------------------


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Scores per method and log scores per form, of some rows of one design and condition."""
    _, series = np.unique([row["series"] for row in rows], return_inverse=True)

    def column(name: str) -> np.ndarray:
        return np.array([float(row[name]) for row in rows])

    found: dict[str, Any] = {"points": len(rows), "series": int(series.max() + 1)}
    for method in rivals.METHODS:
        crps, crps_se = diagnose.mean_over_points(column(f"crps_{method}"), series)
        above, above_se = diagnose.mean_over_points(
            column(f"crps_{method}") - column("crps_pooled"), series
        )
        item = {"crps": crps, "crps_se": crps_se, "above": above, "above_se": above_se}
        item["log_score"] = float(column(f"log_score_{method}").mean())
        for level in (50, 90):
            inside = diagnose.mean_over_points(column(f"inside_{level}_{method}"), series)
            item[f"inside_{level}"], item[f"inside_{level}_se"] = inside
        found[method] = item
    forms = [k.removeprefix("log_score_") for k in rows[0] if k.startswith("log_score_")]
    forms = [form for form in forms if form not in rivals.METHODS]
    best = max(forms, key=lambda form: column(f"log_score_{form}").sum())
    found["forms"] = {}
    for form in forms:
        gap, error = diagnose.mean_over_points(
            column(f"log_score_{form}") - column(f"log_score_{best}"), series
        )
        item = {"log_score": float(column(f"log_score_{form}").sum())}
        item |= {"difference": gap * len(rows), "difference_se": error * len(rows)}
        found["forms"][form] = item
    return found


def tables(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Summaries by design, condition and regime."""
    found: dict[str, Any] = {}
    for design in DESIGNS:
        for count in sorted({int(row["condition"]) for row in rows}):
            some = [r for r in rows if r["design"] == design and int(r["condition"]) == count]
            if some:
                parts = {"all": some}
                parts |= {k: [r for r in some if r["regime"] == k] for k in ("rl", "inference")}
                parts |= {k: [r for r in some if r.get("kind") == k] for k in KINDS}
                parts["ARC"] = [r for r in some if r["benchmark"].startswith("ARC-AGI")]
                later = [r for r in parts["rl"] if float(r["ooms_ahead"]) > LATER]
                parts = {k: v for k, v in (parts | {"RL, later": later}).items() if v}
                found.setdefault(design, {})[str(count)] = {k: summary(v) for k, v in parts.items()}
    return found


def by_benchmark(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Pooling against no pooling on each benchmark with `ENOUGH` points, by kind of series."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        place = (row["design"], int(row["condition"]), row["kind"], row["benchmark"])
        groups.setdefault(place, []).append(row)
    found = []
    for place, own in sorted(groups.items()):
        if len(own) < ENOUGH:
            continue
        both = summary(own)
        pooled, worse = both["pooled"], -both["alone"]["above"]
        error = both["alone"]["above_se"] if both["series"] > 1 else None
        about = dict(zip(("design", "given", "kind", "benchmark"), place, strict=True))
        about |= {"points": both["points"], "series": both["series"]}
        about |= {"crps": pooled["crps"], "inside_90": pooled["inside_90"]}
        about |= {"worse": worse, "worse_se": error}
        found.append(about | {"loses": error is not None and worse > 2 * error})
    return found


def summaries(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Everything that the page says: settings, folds that are there, and summaries."""
    parts = sorted({(row["design"], int(row["fold"])) for row in rows})
    return {
        "settings": SETTINGS,
        "later": LATER,
        "enough": ENOUGH,
        "folds": {d: [fold for design, fold in parts if design == d] for d, _ in parts},
        "of": int(rows[0]["key"].rsplit("-", 1)[1]),
        "designs": tables(rows),
        "benchmarks": by_benchmark(rows),
    }


def main() -> None:
    """Run what is asked for and write the folder."""
    parser = argparse.ArgumentParser(description="Prediction of series that were held out")
    parser.add_argument("--designs", nargs="+", choices=DESIGNS, default=DESIGNS)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--processes", type=int, default=1, help="folds at a time")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--page-only", action="store_true", help="from the scores in FOLDER")
    chosen = parser.parse_args()
    path = chosen.folder / "scores.csv.xz"
    rows = stored_tables.read(path)
    if not chosen.page_only:
        key = f"{calibration_design.key(baseline())}-{calibration_design.code()}-{chosen.folds}"
        rows = [row for row in rows if row["key"] == key]
        there = {(row["design"], int(row["fold"])) for row in rows}
        run = store.latest(chosen.runs).path.resolve()
        wanted = [
            Fold(run, design, number, chosen.folds)
            for number in range(chosen.folds)
            for design in chosen.designs
            if (design, number) not in there
        ]
        for _, found in workers.finished(one_fold, wanted, chosen.processes, print):
            rows += [{"key": key} | row for row in found]
            stored_tables.write(path, rows)  # a fold takes minutes
    if not rows:
        sys.exit("nothing to predict")
    results = stored_tables.few(summaries(rows))
    write_atomic(chosen.folder / "results.json", json.dumps(results, indent=1) + "\n")
    holdout_page.figure(results["designs"], chosen.folder / "holdout.svg")
    write_atomic(chosen.folder / "README.md", holdout_page.page(results))


if __name__ == "__main__":
    main()
