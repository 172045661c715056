"""Ready answers about unseen series: a points file to plain JSON.

`doubts` of a series names the keys whose value makes its prediction doubtful.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tenfold.evidence import numbers
from tenfold.files import SpecError, shown
from tenfold.mixture import KIND, LEVEL, PROBABILITIES
from tenfold.runs.store import Run
from tenfold.unseen.predict import ENOUGH, SURPRISING, Hierarchy, forecast, hierarchies, surprise
from tenfold.unseen.rivals import METHODS, Scored, score_series, summary
from tenfold.unseen.series import Series, read_series


def compute_values(text: str) -> list[float]:
    """The numbers of `--at`, ascending.

    Raises:
        SpecError: not numbers above zero, separated by commas.
    """
    found = set()
    if group := re.search(r"(?<![0-9.])[1-9][0-9]{0,2}(,[0-9]{3})+(?![0-9])", text):
        whole, parts = group[0].replace(",", ""), group[0].replace(",", ", ")
        raise SpecError(f"--at: got {group[0]!r}: {whole}, or several? write {whole} or '{parts}'")
    for part in text.split(","):
        try:
            value = numbers.plain(part)
        except ValueError as error:
            raise SpecError(f"--at: got {shown(part.strip())}; {error}, as in 1e4,1e5") from None
        if value <= 0:
            raise SpecError(f"--at: got {part.strip()!r}; expected numbers above 0, as in 1e4,1e5")
        found.add(value)
    return sorted(found)


def conditioning(text: str) -> int:
    """How many of the lowest compute values `--condition` gives.

    Raises:
        SpecError: neither "lowest" nor a whole number above zero.
    """
    if text == "lowest":
        return 1
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise SpecError(f"--condition: got {text!r}; expected lowest, or a whole number above 0")
    return int(text)


def predictions(
    run: Run, path: Path, at: list[float], mode: Literal["thinking", "non-thinking"]
) -> dict[str, Any]:
    """Predictive distributions of the series of a points file, every row of which is given.

    Scores at new compute carry the noise of the model: `lambda` times the error of the benchmark's
    questions (of the given points, on average, where their number is not known), `sigma`, and the
    series' noise scale. `expected_score` leaves noise out.

    Raises:
        SpecError: a bad file.
    """
    given = read_series(path, run.points)
    forms = hierarchies(run)
    probs = np.array(list(PROBABILITIES.values()))
    listed = []
    for series in given:
        found = forecast(forms, series, _wanted(series, at, mode), run.info["seed"])
        quantiles, expected = found.quantile(probs), found.expected_quantile(probs)
        rows = [
            {
                "compute": compute,
                "mode": mode,
                "score": dict(zip(PROBABILITIES, quantiles[:, i].tolist(), strict=True)),
                "expected_score": dict(zip(PROBABILITIES, expected[:, i].tolist(), strict=True)),
            }
            for i, compute in enumerate(at)
        ]
        about = _about(series, forms, found.effective, run.info["seed"])
        listed.append(about | {"predictions": rows})
    return {"level": LEVEL, "kind": KIND, "form_weights": _weights(forms), "series": listed}


def _wanted(series: Series, at: list[float], mode: str) -> Series:
    """Targets at new compute values; their scores are not known."""
    n = len(at)
    printed = math.nan if series.questions else float(series.score_se.mean())
    return replace(
        series,
        log10_compute=np.log10(at),
        log10_compute_se=np.zeros(n),
        score=np.full(n, np.nan),
        score_se=np.full(n, printed),
        non_thinking=np.full(n, mode == "non-thinking"),
    )


def scores(run: Run, path: Path, count: int) -> dict[str, Any]:
    """Predictions of held-back points given the `count` lowest of each series, scored.

    Raises:
        SpecError: a bad file, or no series with a point left to predict.
    """
    given = read_series(path, run.points)
    forms = hierarchies(run)
    priors, seed = forms[0][1].priors, run.info["seed"]
    scored: list[Scored] = []
    skipped: list[str] = []
    for series in given:
        found = score_series(forms, series, count, priors, seed)
        if found is None:
            skipped.append(series.label)
        else:
            scored.append(found)
    if not scored:
        raise SpecError(
            f"{path}: no series has a point left to predict; expected more than {count} distinct "
            "compute values in one series"
        )
    groups = {"overall": scored}
    groups |= {
        regime: own
        for regime in ("rl", "inference")
        if (own := [item for item in scored if item.given.regime == regime])
    }
    tables = {name: summary(items) for name, items in groups.items()}
    listed = [_scored(item, forms, seed) for item in scored]
    answer = {"condition": count, "form_weights": _weights(forms), "skipped": skipped}
    return answer | {"summary": tables, "series": listed}


def _scored(item: Scored, forms: list[tuple[float, Hierarchy]], seed: int) -> dict[str, Any]:
    """One scored series: the forecast and the CRPS of every method at every target."""
    rows = [
        {
            "compute": float(10 ** item.targets.log10_compute[i]),
            "score": float(item.targets.score[i]),
            **dict(zip(("p05", "p50", "p95"), item.quantiles[:, i].tolist(), strict=True)),
            "crps": {name: float(item.crps[name][i]) for name in METHODS},
            "log_score": {name: float(item.log_score[name][i]) for name in METHODS},
        }
        for i in range(item.targets.score.size)
    ]
    return _about(item.given, forms, item.effective, seed) | {"predictions": rows}


def _about(
    series: Series, forms: list[tuple[float, Hierarchy]], effective: float, seed: int
) -> dict[str, Any]:
    p = surprise(forms, series, seed)
    doubts = ["effective_draws"] if effective < ENOUGH else []
    doubts += ["surprise_p"] if p < SURPRISING else []
    labels = forms[0][1].labels
    known = {"benchmark": series.benchmark, "family": series.family}
    return {
        "series": series.label,
        "benchmark": series.benchmark,
        "family": series.family,
        "regime": series.regime,
        "compute_unit": series.unit,
        "new": [dim for dim, label in known.items() if label not in labels[dim]],
        "given": [
            {"compute": float(10**x), "score": float(y), "score_se": float(se)}
            for x, y, se in zip(series.log10_compute, series.score, series.score_se, strict=True)
        ],
        "effective_draws": effective,
        "surprise_p": p,
        "doubtful": bool(doubts),
        "doubts": doubts,
    }


def _weights(forms: list[tuple[float, Hierarchy]]) -> dict[str, float]:
    return {item.form: float(weight) for weight, item in forms}
