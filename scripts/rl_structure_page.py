"""The page of `rl_structure.py`, from its rows."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from rl_structure import FOLDER, FORMS, GIVEN, GONE, LATER, SETTINGS, SLOW, STRUCTURES
from stored_tables import Rows

from tenfold.fit.diagnose import mean_over_points

WORDS = {name: words for name, (words, *_) in STRUCTURES.items()} | GONE


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
        for name in WORDS:
            own = _rows(rows, name, given)
            if not own:
                continue
            lines.append(_line(WORDS[name], own, base, "pooled"))
            if name == "model":
                lines.append(_line("no pooling", own, base, "alone"))
    kept = FOLDER / "forms.json"
    futures = _futures(json.loads(kept.read_text())) if kept.is_file() else []
    lines += [*_start(fits), *_slow(rows, fits), *_mixed(rows), *futures, *_chains(fits)]
    return "\n".join(lines) + "\n"


def _start(fits: Rows) -> list[str]:
    """Why the rival of ceilings is no form of the model."""
    own = [row for row in fits if row["structure"] == "start"]
    worst, least = (pick(float(row[key]) for row in own)
                    for key, pick in (("r_hat", max), ("ess_bulk", min)))  # fmt: skip
    return [
        "", "## A start and a ceiling", "",
        "`start`: as `saturating`, but an RL run rises from a score of its own instead of the",
        f"benchmark's chance level (kernel, graph and prediction at commit {own[0]['commit']}).",
        "It predicts no better (tables above), and its chains do not mix (R-hat up to",
        f"{worst:.1f}, {least:.0f} effective draws): the bend at the beginning of a run is told by",
        "a high start or by drift, two modes of one posterior. So it is no form of the model, and",
        "its rows are to be read with that doubt.",
    ]  # fmt: skip


def _slow(rows: Rows, fits: Rows) -> list[str]:
    """What a slow course with independent errors on top would change."""
    kept = json.loads((FOLDER / "slow-course.json").read_text())["forms"]
    commit = next(row["commit"] for row in fits if row["structure"] == SLOW["model"])
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
    words = " | ".join(WORDS[name] for name in FORMS)
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
            gone = WORDS[left_out] if left_out else ""
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
    for name in WORDS:
        own = [row for row in fits if row["structure"] == name]
        if own:
            hat = max(own, key=lambda row: float(row["r_hat"]))
            least = min(own, key=lambda row: float(row["ess_bulk"]))
            seconds = np.mean([float(row["cpu_s"]) for row in own])
            lines.append(
                f"| {WORDS[name]} | {float(hat['r_hat']):.2f} | `{hat['r_hat_of']}` | "
                f"{float(least['ess_bulk']):.0f} | `{least['ess_bulk_of']}` | {seconds:.0f} |"
            )
    return lines


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
