"""Which evidence moves the answer: each publication (source, benchmark, model) left out in turn."""

from __future__ import annotations

import glob
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import xarray as xr

from tenfold import mixture
from tenfold.answers import registry
from tenfold.answers.question import Asked, Question, under
from tenfold.files import SpecError, did_you_mean
from tenfold.posterior.scenario import load_scenarios
from tenfold.runs.store import Run
from tenfold.scenarios import lighter
from tenfold.scenarios.answering import answering, fitted, scenario_of
from tenfold.scenarios.changes import labels_of
from tenfold.scenarios.gears import NeedsFit
from tenfold.scenarios.said import Said

By = Literal["publication", "source", "benchmark", "model"]
QUANTITY = "rl_jump_ooms"

Row = dict[str, Any]


def influence(
    run: Run,
    runs: Path,
    by: str = "publication",
    quantity: str = QUANTITY,
    fit: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """The answer without each label in turn, by how far its median moves, largest first.

    Args:
        run: that of the base.
        runs: where refits are kept.
        by: of `By`.
        fit: fit where weights are not good enough (`lighter`: forms keep their weights); those are
            told as not fitted otherwise.

    Returns:
        `quantity`, `title`, `unit`, `scale`, `by`, `base` (a row of `mixture.summarise`) and
        `rows`: `label`, `series` (how many go), `gear`, `pareto_k`, `effective_draws`, `status`
        ("PASS", ..., "short fit", "not fitted" or "the last of a regime"), `r_hat` of a short fit,
        `row`, `shift` of the median, `width` of the 90% interval over the base's, and `inside`,
        whether the median lies in the base's 50% interval; the last five None where not known.

    Raises:
        SpecError: an unknown `by` or quantity.
    """
    if by not in get_args(By):
        raise SpecError(f"--by {by}: unknown{did_you_mean(by, list(get_args(By)))}")
    entry = registry.named(quantity)
    base, asked = _answer(Said(), run, runs, quantity, say)
    rows = []
    for label in labels(run, by):
        said = without(run, by, label)
        row: Row = {"label": label, "series": _series(run.points, by, label), "gear": "refit"}
        unknown = ("pareto_k", "effective_draws", "r_hat", "row", "shift", "width", "inside")
        row |= dict.fromkeys(unknown)
        if _last_of_regime(run.points, by, label):
            rows.append(row | {"status": "the last of a regime"})
            continue
        row["status"] = "not fitted"
        say(f"without {by} {label}")
        try:
            found, _ = _answer(said, fitted(said, runs) or run, runs, quantity, say)
        except NeedsFit:
            name, whole = f"without {by} {label}", scenario_of(said, run)
            refit = lighter.told(run, runs, name, whole, asked.constants, quantity, fit, say)
            if refit is not None:
                there = refit["quantities"][quantity]
                row |= {"status": "short fit", "r_hat": refit["r_hat"], "row": there}
                row |= _moved(base["row"], there)
            rows.append(row)
            continue
        about = found.pop("about")
        gear = "refit" if fitted(said, runs) and about["gear"] == "none" else about["gear"]
        row |= {"gear": gear, "status": found.pop("status"), "row": found["row"]}
        row |= {key: about[key] for key in ("pareto_k", "effective_draws")}
        row |= _moved(base["row"], found["row"])
        rows.append(row)
    return {
        "quantity": quantity,
        "title": entry.titled(asked),
        "unit": entry.unit,
        "scale": entry.scale,
        "by": by,
        "base": base["row"],
        "rows": sorted(rows, key=_rank),
    }


def labels(run: Run, by: str) -> list[str]:
    """Labels of the evidence; publications of trade-offs and generation shifts as well."""
    found = set(labels_of(run.points, by).tolist())
    if by == "publication":
        for kind in ("tradeoff", "shift"):
            found |= set(run.points[f"{kind}_publication"].values.astype(str).tolist())
    return sorted(found)


def without(run: Run, by: str, label: str) -> Said:
    """What leaves a label out: the shipped scenario that does, else what would be said."""
    points, drops = run.points, []
    if label in labels_of(points, by):
        drops.append(f"{by}={glob.escape(label)}")
    for kind in ("tradeoff", "shift") if by == "publication" else ():
        own = points[f"{kind}_publication"].values.astype(str) == label
        names = points.coords[kind].values[own].astype(str)
        drops += [f"{kind}={glob.escape(name)}" for name in names]
    if by == "publication" and len(drops) == 1:
        for name, scenario in load_scenarios().items():
            if scenario.points.exclude == {"publication": [label]}:
                return Said((name,))
    return Said(drops=tuple(drops))


def _answer(
    said: Said, run: Run, runs: Path, quantity: str, say: Callable[[str], None]
) -> tuple[dict[str, Any], Asked]:
    found = answering(said, run, runs, say=say, fit=False)
    asked = Asked(found.draws, found.constants, under(Question(), found.question))
    values = registry.draws_of(quantity, asked)
    table = xr.Dataset({"value": values, "weight": asked.draws["weight"]})
    row = mixture.table(table)["value"]
    return {"row": row, "about": found.about(), "status": found.run.info["status"]}, asked


def _moved(base: Row, row: Row) -> Row:
    inside = float(base["p25"]) <= float(row["p50"]) <= float(base["p75"])
    ends = [np.array([float(each[key]) for key in ("p05", "p50", "p95")]) for each in (base, row)]
    if not np.isfinite(ends).all():
        return {"inside": inside, "shift": None, "width": None}
    width = float((ends[1][2] - ends[1][0]) / (ends[0][2] - ends[0][0]))
    return {"inside": inside, "shift": float(ends[1][1] - ends[0][1]), "width": width}


def _series(points: xr.Dataset, by: str, label: str) -> int:
    index = points["series_index"].values[labels_of(points, by) == label]
    return int(np.unique(index).size)


def _last_of_regime(points: xr.Dataset, by: str, label: str) -> bool:
    """Whether one of the regimes would have no evidence left."""
    regime = points["series_regime"].values[points["series_index"].values]
    return set(regime[labels_of(points, by) != label]) < set(regime)


def _rank(row: Row) -> tuple[float, str]:
    return (-abs(row["shift"]) if row["shift"] is not None else 1.0, row["label"])
