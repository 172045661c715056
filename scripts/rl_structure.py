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
import csv
import io
import json
import lzma
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from tenfold.curves import Form
from tenfold.evidence import dataset as evidence
from tenfold.files import write_atomic
from tenfold.fit import convergence
from tenfold.fit.diagnose import mean_over_points
from tenfold.posterior import structure
from tenfold.posterior.plan import Plan, prepare
from tenfold.posterior.scenario import load_scenario
from tenfold.sampler import sample
from tenfold.unseen import predict, rivals
from tenfold.unseen.series import of_points

FOLDER = Path(__file__).parents[1] / "reports" / "rl_structure"
SEED = 20251020
FOLDS, GIVEN = 3, (1, 5)
LEFT_OUT = ("artificial_analysis_pairs",)
SETTINGS = {"chains": 2, "tune": 400, "draws": 500}
SHORT = {"drift_length": {"mu": -0.7, "sigma": 0.4}}
HEAVY = {"nu": {"shift": 2.0}}
FORMS = ("short-drift", "power-short", "logistic-short", "earlier-short")
"""Structures that differ in the curve form alone, to be mixed."""
Rows = list[dict[str, Any]]
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
                    own = about | {"given": given}
                    rows += [own | row for row in _points(scored, series[label].publication)]
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


def _points(scored: rivals.Scored, publication: str) -> Rows:
    found = []
    for i, score in enumerate(scored.targets.score):
        ahead = scored.targets.log10_compute[i] - scored.given.log10_compute.max()
        row = {"publication": publication, "series": scored.given.label}
        row |= {"ooms_ahead": round(float(ahead), 3), "score": round(float(score), 5)}
        for method in ("pooled", "alone"):
            row[f"crps_{method}"] = round(float(scored.crps[method][i]), 5)
            row[f"log_score_{method}"] = round(float(scored.log_score[method][i]), 3)
            row[f"inside_90_{method}"] = int(scored.covered[method][0.9][i])
        found.append(row)
    return found


def page(rows: Rows, fits: Rows) -> str:
    """README.md from all rows."""
    lines = [
        "# RL runs of unknown publications, by structure of the model",
        "",
        "Made by `uv run python scripts/rl_structure.py`; every prediction is in `scores.csv.xz`.",
        "Publications with RL runs are held out in three folds and the form `saturating` (unless",
        "another is named) is refitted without them, with short chains. Each run is predicted from",
        "its lowest point, or its five lowest. CRPS in score units, lower is better; *worse than",
        "the model*: on the same points, with a standard error that takes publications as",
        f"independent; *later*: points more than {LATER} OOM ahead.",
    ]
    for given in GIVEN:
        lines += [
            "", f"## Given {given} point{'s' if given > 1 else ''}", "",
            "| structure | CRPS | worse than the model | CRPS, later | inside 90% | later | "
            "log score |",
            "|---|---:|---:|---:|---:|---:|---:|",
        ]  # fmt: skip
        base = _column(rows, "model", given, "crps_pooled")
        for name in STRUCTURES:
            own = _rows(rows, name, given)
            if not own:
                continue
            lines.append(_line(STRUCTURES[name][0], own, base, "pooled"))
            if name == "model":
                lines.append(_line("no pooling", own, base, "alone"))
    kept = FOLDER / "forms.json"
    futures = _futures(json.loads(kept.read_text())) if kept.is_file() else []
    return "\n".join([*lines, *_slow(rows), *_mixed(rows), *futures, *_chains(fits)]) + "\n"


def _slow(rows: Rows) -> list[str]:
    """What a slow course with independent errors on top would change."""
    kept = json.loads((FOLDER / "slow-course.json").read_text())["forms"]
    commit = next(row["commit"] for row in rows if row["structure"] == SLOW["model"])
    lines = [
        "", "## A slow course instead", "",
        "Errors of a run as an Ornstein-Uhlenbeck course along log compute with independent errors",
        f"on top (commit {commit}) instead of an autoregression from point to point, everything",
        "else alike. It says better how neighbours err (correlation of innovations in a fit of all",
        "evidence), and predicts runs of unknown publications no better: from five points worse,",
        "by about a standard error, with intervals that hold clearly less, under every form. The",
        "model keeps the autoregression.", "",
        "| form | given | CRPS | slow course | worse | inside 90% | slow course | log score | "
        "slow course | neighbours, slow course |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]  # fmt: skip
    for name, other in SLOW.items():
        form = {"model": "saturating"}.get(name, name)
        for given in GIVEN:
            pair = [_rows(rows, kind, given) for kind in (name, other)]
            crps, inside, scores = (
                [np.array([float(row[column]) for row in own]) for own in pair]
                for column in ("crps_pooled", "inside_90_pooled", "log_score_pooled")
            )
            _, group = np.unique([row["publication"] for row in pair[0]], return_inverse=True)
            gap, error = mean_over_points(crps[1] - crps[0], group)
            lines.append(
                f"| {form} | {given} | {crps[0].mean():.4f} | {crps[1].mean():.4f} | "
                f"{gap:+.4f} ± {error:.4f} | {inside[0].mean():.0%} | {inside[1].mean():.0%} | "
                f"{scores[0].mean():.3f} | {scores[1].mean():.3f} | "
                f"{kept[form]['neighbours_rl']:.2f} |"
            )
    return lines


def _mixed(rows: Rows) -> list[str]:
    """What each form adds to a mixture: the weights with which it predicts best."""
    words = " | ".join(STRUCTURES[name][0] for name in FORMS)
    lines = [
        "", "## Mixed", "",
        "Mean log score of the best mixture of forms, all with the short drift, and its weights.",
        "", f"| given | without | log score | {words} |", "|---|---|---:|" + "---:|" * len(FORMS),
    ]  # fmt: skip
    for given in GIVEN:
        every = {name: _column(rows, name, given, "log_score_pooled") for name in FORMS}
        if not all(values.size for values in every.values()):
            continue
        for left_out in ("", "logistic-short", "earlier-short"):
            names = [name for name in FORMS if name != left_out]
            likely = np.exp(np.stack([every[name] for name in names], axis=1))
            weight = np.full(len(names), 1 / len(names))
            for _ in range(2000):  # EM
                part = weight * likely
                weight = (part / part.sum(axis=1, keepdims=True)).mean(axis=0)
            found = dict(zip(names, weight, strict=True))
            cells = [f"{found[name]:.2f}" if name in found else "" for name in FORMS]
            score = np.log(likely @ weight).mean()
            gone = STRUCTURES[left_out][0] if left_out else ""
            lines.append(f"| {given} | {gone} | {score:.3f} | {' | '.join(cells)} |")
    return lines


def _chains(fits: Rows) -> list[str]:
    """How well chains mixed, the worst of the folds."""
    lines = [
        "", "## Chains", "",
        f"{SETTINGS['chains']} chains of {SETTINGS['draws']} draws; the worst parameter of the "
        "worst fold.", "",
        "| structure | R-hat | of | effective draws | of | processor seconds a fold |",
        "|---|---:|---|---:|---|---:|",
    ]  # fmt: skip
    for name in STRUCTURES:
        own = [row for row in fits if row["structure"] == name]
        if own:
            hat = max(own, key=lambda row: float(row["r_hat"]))
            least = min(own, key=lambda row: float(row["ess_bulk"]))
            seconds = np.mean([float(row["cpu_s"]) for row in own])
            lines.append(
                f"| {STRUCTURES[name][0]} | {float(hat['r_hat']):.2f} | `{hat['r_hat_of']}` | "
                f"{float(least['ess_bulk']):.0f} | `{least['ess_bulk_of']}` | {seconds:.0f} |"
            )
    return lines


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


def _futures(found: dict[str, Any]) -> list[str]:
    """What comes later in series whose beginning was seen."""
    lines = [
        "", "## Futures of known series", "",
        "All forms in one fit with the short drift (`every-form.toml`), all evidence: weights and",
        f"elpd of {found['points']} later points of series whose earlier points were fitted, as in",
        f"every run; chains of {found['draws']} draws in all, on a machine with other work.",
        "*Neighbours*: correlation of neighbouring innovations of RL runs.", "",
        "| form | weight | 90% | elpd, less the best | R-hat | effective draws | seconds | "
        "neighbours |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]  # fmt: skip
    for form, row in found["forms"].items():
        low, high = row["weight_90"]
        lines.append(
            f"| {form} | {row['weight']:.2f} | {low:.2f} to {high:.2f} | "
            f"{row['difference']:.1f} ± {row['difference_se']:.1f} | {row['r_hat']:.3f} | "
            f"{row['ess_bulk']:.0f} | {row['seconds']:.0f} | {row['neighbours_rl']:.2f} |"
        )
    return lines


def _line(words: str, own: Rows, base: np.ndarray, method: str) -> str:
    crps = np.array([float(row[f"crps_{method}"]) for row in own])
    inside = np.array([float(row[f"inside_90_{method}"]) for row in own])
    later = np.array([float(row["ooms_ahead"]) > LATER for row in own])
    _, group = np.unique([row["publication"] for row in own], return_inverse=True)
    gap, error = mean_over_points(crps - base, group)
    worse = f"{gap:+.4f} ± {error:.4f}" if np.any(crps != base) else ""
    log_score = np.mean([float(row[f"log_score_{method}"]) for row in own])
    return (
        f"| {words} | {crps.mean():.4f} | {worse} | {crps[later].mean():.4f} | "
        f"{inside.mean():.0%} | {inside[later].mean():.0%} | {log_score:.2f} |"
    )


def _rows(rows: Rows, name: str, given: int) -> Rows:
    return [row for row in rows if row["structure"] == name and int(row["given"]) == given]


def _column(rows: Rows, name: str, given: int, column: str) -> np.ndarray:
    return np.array([float(row[column]) for row in _rows(rows, name, given)])


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
    kept = [_read(path) for path in paths]
    for name in chosen.names if chosen.what == "run" else ():
        for k, found in enumerate(rows_of(name)):
            kept[k] = [row for row in kept[k] if row["structure"] != name] + found
            _write(paths[k], kept[k])
    if chosen.what == "page":
        write_atomic(FOLDER / "README.md", page(*kept))


def _read(path: Path) -> Rows:
    if not path.is_file():
        return []
    text = path.read_bytes()
    text = lzma.decompress(text) if path.suffix == ".xz" else text
    return list(csv.DictReader(io.StringIO(text.decode())))


def _write(path: Path, rows: Rows) -> None:
    made = io.StringIO()
    writer = csv.DictWriter(made, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    text = made.getvalue().encode()
    write_atomic(path, lzma.compress(text, preset=9) if path.suffix == ".xz" else text)


if __name__ == "__main__":
    main()
