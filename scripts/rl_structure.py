"""RL runs of unknown publications under other structures of the model.

    uv run python scripts/rl_structure.py run model no-drift no-publication
    uv run tenfold fit --scenario reports/rl_structure/every-form.toml --draws 1200
    uv run python scripts/rl_structure.py forms runs/every-form-...
    uv run python scripts/rl_structure.py page

Publications with RL runs are held out in three folds, one curve form is refitted without them (and
without pairs of modes, which say nothing of RL) with short chains, and each held-out run is
predicted from its lowest point and from its five lowest, as `tenfold score` does. `run` adds rows
to scores.csv.xz (predictions) and fits.csv (how well the chains of each fit mixed) in
reports/rl_structure, with the commit that made them; `forms` keeps of a run how its forms predict
what comes later in series that the fit has seen the beginning of, in forms.json; `page` writes
README.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import stored_tables
import xarray as xr
from stored_tables import Rows

from tenfold.curves import Form
from tenfold.evidence import dataset as evidence
from tenfold.files import write_atomic
from tenfold.fit import convergence
from tenfold.posterior import structure
from tenfold.posterior.plan import Plan, prepare
from tenfold.posterior.scenario import load_scenario
from tenfold.sampler import sample
from tenfold.unseen import predict, rivals
from tenfold.unseen.series import of_points

FOLDER = Path(__file__).parents[1] / "reports" / "rl_structure"
SEED = 20251020
FOLDS, GIVEN = 3, (1, 5)
METHODS = ("pooled", "alone")
"""No pooling is the same under every structure: it stands beside the model alone."""
MEASURES = [f"{kind}_{method}" for method in METHODS for kind in ("crps", "log_score", "inside_90")]
LEFT_OUT = ("artificial_analysis_pairs",)
SETTINGS = {"chains": 2, "tune": 400, "draws": 500}
SHORT = {"drift_length": {"mu": -0.7, "sigma": 0.4}}
HEAVY = {"nu": {"shift": 2.0}}
FORMS = ("short-drift", "power-short", "logistic-short", "earlier-short")
"""Structures that differ in the curve form alone, to be mixed."""
LATER = 0.4
"""OOMs beyond the last given point from which a run's points are its later part."""
STRUCTURES: dict[str, tuple[str, dict[str, Any], dict[str, dict[str, float]]]] = {
    "model": ("as it is", {}, {}),
    "no-drift": ("checkpoints err independently", {"drift": False}, {}),
    "short-drift": ("drift length near 0.5 OOM", {}, SHORT),
    "no-publication": ("no effect of publications", {"pool_publication": False}, {}),
    "wide-publication": ("its spread half-N(0.6)", {}, {"publication_sd": {"sigma": 0.6}}),
    "any-slope": ("slopes normal, which may fall", {"slope_sign": "any"}, {}),
    "plain": (
        "no drift, no effects of models and publications",
        {"drift": False, "pool_model": False, "pool_publication": False}, {},
    ),
    "earlier": ("compute before the run (form `earlier`)", {"forms": ("earlier",)}, {}),
    "earlier-short": ("`earlier`, short drift", {"forms": ("earlier",)}, SHORT),
    "earlier-alike": (
        "`earlier`, short drift, all runs start alike",
        {"forms": ("earlier",)}, SHORT | {"early_sd": {"sigma": 0.05}},
    ),
    "logistic": ("no ceilings (form `logistic`)", {"forms": ("logistic",)}, {}),
    "logistic-short": ("`logistic`, short drift", {"forms": ("logistic",)}, SHORT),
    "power": ("error a power of compute (form `power`)", {"forms": ("power",)}, {}),
    "power-short": ("`power`, short drift", {"forms": ("power",)}, SHORT),
    "heavy": ("noise from 2 degrees of freedom, not 8", {}, HEAVY),
    "logistic-heavy": ("`logistic`, noise from 2", {"forms": ("logistic",)}, HEAVY),
    "power-heavy": ("`power`, noise from 2", {"forms": ("power",)}, HEAVY),
}  # fmt: skip
"""Name, and what differs from the model under the saturating form: words, switches, priors."""
GONE = {"start": "a start and a ceiling of its own (form `start`)"}
"""Structures that the model does not have: rows stay as made, at the commit that fits.csv names."""
SLOW = {
    "model": "slow-course", "logistic": "logistic-slow-course", "power": "power-slow-course"
}  # fmt: skip
"""Rows of a structure that the model no longer has, beside what it has: they stay as they were made
at the commit that they name, where drift was an Ornstein-Uhlenbeck course of a run with independent
errors on top, and not an autoregression."""


def folds(points: xr.Dataset) -> list[list[str]]:
    """Publications of each fold, in random order, each to the fold with fewest points so far."""
    rng = np.random.default_rng(SEED)
    of_point = points["series_publication"].values[points["series_index"].values]
    found: list[list[str]] = [[] for _ in range(FOLDS)]
    filled = np.zeros(FOLDS)
    for name in rng.permutation(structure.publications(points)):
        fold = int(np.argmin(filled))
        found[fold].append(str(name))
        filled[fold] += (of_point == name).sum()
    return found


def plan_of(name: str, held: list[str]) -> Plan:
    """The baseline under another structure, without some RL runs."""
    base = prepare("baseline", load_scenario("baseline"))
    _, switches, priors = STRUCTURES[name]
    kept = evidence.usable(evidence.load(exclude={"series": tuple(held), "source": LEFT_OUT}))
    changed = {key: base.priors[key].model_copy(update=new) for key, new in priors.items()}
    scenario = base.scenario.model_copy(
        update={
            "model": base.choice.model_copy(update={"forms": ("saturating",), **switches}),
            "settings": base.settings.model_copy(update=SETTINGS),
        }
    )
    return replace(base, points=kept, priors={**base.priors, **changed}, scenario=scenario)


def rows_of(name: str) -> tuple[Rows, Rows]:
    """One row per held-out point and number of points given, and one per fit."""
    points = prepare("baseline", load_scenario("baseline")).points
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    series = {item.label: item for item in of_points(points)}
    rows, fits = [], []
    for fold, names in enumerate(folds(points)):
        mask = structure.rl(points) & np.isin(points["series_publication"].values, names)
        held = points["series"].values[mask].tolist()
        plan = plan_of(name, held)
        form: Form = plan.choice.forms[0]
        compiled, begin = sample.compile_plan(plan), time.process_time()
        tree = sample.sample(compiled, form)
        about = {"structure": name, "commit": commit, "fold": fold}
        fits.append(about | _mixing(tree) | {"cpu_s": round(time.process_time() - begin, 1)})
        draws = predict.Hierarchy.of(form, tree["posterior"].to_dataset(), plan.priors)
        for label in held:
            for given in GIVEN:
                scored = rivals.score_series([(1.0, draws)], series[label], given, plan.priors, 1)
                if scored is not None:
                    own, methods = about | {"given": given}, METHODS[: 1 + (name == "model")]
                    made = _points(scored, series[label].publication, methods)
                    rows += [own | row for row in made]
        print(name, fold, len(held), "runs", flush=True)
    return rows, fits


def _mixing(tree: Any) -> dict[str, Any]:
    found = convergence.measured(tree)
    worst = {"r_hat": max(found["r_hat"].items(), key=lambda item: item[1])}
    worst["ess_bulk"] = min(found["ess_bulk"].items(), key=lambda item: item[1])
    row = {"draws": found["draws"], "divergent": found["divergent"]}
    for key, (parameter, value) in worst.items():
        row |= {key: round(float(value), 3), f"{key}_of": parameter}
    return row


def _points(scored: rivals.Scored, publication: str, methods: tuple[str, ...]) -> Rows:
    found = []
    for i, score in enumerate(scored.targets.score):
        ahead = scored.targets.log10_compute[i] - scored.given.log10_compute.max()
        row = {"publication": publication, "series": scored.given.label}
        row |= {"ooms_ahead": round(float(ahead), 3), "score": round(float(score), 5)}
        for method in methods:
            row[f"crps_{method}"] = float(f"{scored.crps[method][i]:.3g}")
            row[f"log_score_{method}"] = round(float(scored.log_score[method][i]), 2)
            row[f"inside_90_{method}"] = int(scored.covered[method][0.9][i])
        found.append(row)
    return found


def forms_of(run: Path) -> dict[str, Any]:
    """Of each form of a stored run: its weight, its chains, and how neighbours err."""
    record = json.loads((run / "run.json").read_text())
    ahead, found = record["leave_future_out"], {}
    for form in record["forms"]:
        chains, serial = record["convergence"][form], record["diagnostics"][form]
        found[form] = {
            "weight": ahead["weights"][form],
            "weight_90": ahead["weights_90"][form],
            "difference": ahead["forms"][form]["difference"],
            "difference_se": ahead["forms"][form]["difference_se"],
            "r_hat": max(chains["r_hat"].values()),
            "ess_bulk": min(chains["ess_bulk"].values()),
            "seconds": record["timings_s"][f"sample {form}"],
            "neighbours_rl": serial["serial_correlation"]["rl"]["correlation"],
        }
        draws = chains["draws"]
    return {"draws": draws, "points": ahead["held_out_points"], "forms": found}


def main() -> None:
    """Run structures, or write the page."""
    parser = argparse.ArgumentParser(description="RL runs of unknown publications, by structure")
    parser.add_argument("what", choices=("run", "forms", "page"))
    parser.add_argument("names", nargs="*", help="structures, or the folder of a run")
    chosen = parser.parse_args()
    if chosen.what == "forms":
        text = json.dumps(forms_of(Path(chosen.names[0])), indent=1) + "\n"
        write_atomic(FOLDER / "forms.json", text)
    paths = (FOLDER / "scores.csv.xz", FOLDER / "fits.csv")
    kept = [_long(stored_tables.read(paths[0])), stored_tables.read(paths[1])]
    for name in chosen.names if chosen.what == "run" else ():
        for k, found in enumerate(rows_of(name)):
            kept[k] = [row for row in kept[k] if row["structure"] != name] + found
        stored_tables.write(paths[0], _wide(kept[0]))
        stored_tables.write(paths[1], kept[1])
    if chosen.what == "page":
        from rl_structure_page import page

        write_atomic(FOLDER / "README.md", page(*kept))


LABELS = ("fold", "given", "publication", "series", "ooms_ahead", "score")


def _wide(rows: Rows) -> Rows:
    """One row per held-out point and number of points given: what each structure says of it."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in rows:
        key = tuple(str(row[label]) for label in LABELS)
        own = found.setdefault(key, dict(zip(LABELS, key, strict=True)))
        own |= {
            f"{k} of {row['structure']}": v for k, v in row.items() if k in MEASURES and v != ""
        }
    return list(found.values())


def _long(rows: Rows) -> Rows:
    """One row per held-out point, number of points given, and structure."""
    names = dict.fromkeys(key.split(" of ")[1] for key in (rows or [{}])[0] if " of " in key)
    return [
        {"structure": name} | {label: row[label] for label in LABELS}
        | {key: row.get(f"{key} of {name}", "") for key in MEASURES}
        for name in names for row in rows
    ]  # fmt: skip


if __name__ == "__main__":
    main()
