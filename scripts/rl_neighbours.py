"""Why innovations of neighbouring checkpoints of RL runs correlate.

    uv run python scripts/rl_neighbours.py

One fit of all RL runs (as in `rl_structure.py`, nothing held out), how the errors of their points
go together step by step, and the same of scores that were simulated from that fit and fitted again.
Writes lags.json and neighbours.md into reports/rl_structure.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import xarray as xr
from rl_structure import FOLDER, SEED, plan_of

from tenfold.files import write_atomic
from tenfold.fit import diagnose
from tenfold.posterior import forward, structure
from tenfold.sampler import sample


def lags(most: int = 6) -> dict[str, Any]:
    """How errors of neighbouring points go together in a fit of all runs, and in simulated runs.

    Errors before the drift is taken out by distance in points, as they are and as the drift says;
    innovations as `tenfold fit` checks them, of the evidence and of scores simulated from draws of
    the fit and fitted again.
    """
    plan = plan_of("model", [])
    points, compiled = plan.points, sample.compile_plan(plan)
    posterior = _thinned(sample.sample(compiled, "saturating"))
    curve = forward.expected(posterior, points, "saturating")
    z = (points["score"].values - curve["expected_score"].values) / curve["score_sd"].values
    order, _ = structure.steps(points)
    z = z.reshape(-1, z.shape[-1])[:, order]
    series, x = points["series_index"].values[order], points["log10_compute"].values[order]
    long = structure.rl(points)[series] & (np.bincount(series)[series] >= diagnose.LONG)
    share, length = (posterior[f"drift_{key}"].values.ravel() for key in ("share", "length"))
    rows = []
    for lag in range(1, most + 1):
        pair = long[lag:] & (series[lag:] == series[:-lag])
        one, other, ooms = z[:, lag:][:, pair], z[:, :-lag][:, pair], (x[lag:] - x[:-lag])[pair]
        norm = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
        said = share**lag * np.exp(-ooms.mean() / length)
        row = {"lag": lag, "pairs": int(pair.sum()), "ooms": float(ooms.mean())}
        row |= {"correlation": float(np.mean((one * other).sum(axis=1) / norm))}
        rows.append(row | {"of_the_drift": float(said.mean())})

    def innovations(draws: xr.Dataset, seen: xr.Dataset) -> float:
        return diagnose.serial_correlation(draws, seen, "saturating", SEED)["rl"]["correlation"]

    replicas = []
    for draw in (20, 60):
        one = posterior.isel(chain=[0], draw=[draw])
        made = forward.scores(one, points, "saturating", np.random.default_rng([SEED, draw]))
        score = made.values.ravel()
        again = _thinned(sample.sample(compiled, "saturating", data={"score": score}))
        replicas.append(innovations(again, points.assign(score=("obs", score))))
    # correlation of z_i - rho z_(i-1) with the one before, from correlations at one and two steps
    first, second, rho = rows[0]["correlation"], rows[1]["correlation"], rows[0]["of_the_drift"]
    implied = (first - rho * second - rho + rho**2 * first) / (1 + rho**2 - 2 * rho * first)
    return {
        "drift_share": float(share.mean()), "drift_length": float(length.mean()), "lags": rows,
        "innovations": innovations(posterior, points), "implied": implied, "replicas": replicas,
    }  # fmt: skip


def _thinned(tree: Any) -> xr.Dataset:
    return tree["posterior"].to_dataset().isel(draw=slice(0, None, 5))


def page(found: dict[str, Any]) -> str:
    """neighbours.md."""
    lines = [
        "# Errors of neighbouring checkpoints", "",
        "Made by `uv run python scripts/rl_neighbours.py`; figures in `lags.json`.", "",
        "All runs of six points or more in one fit (`saturating`, the model as it is): errors of",
        "points so many steps apart, before the drift is taken out.", "",
        "| steps | pairs | OOM apart | correlation | as the drift says |",
        "|---:|---:|---:|---:|---:|",
    ]  # fmt: skip
    lines += [
        f"| {row['lag']} | {row['pairs']} | {row['ooms']:.2f} | {row['correlation']:.2f} | "
        f"{row['of_the_drift']:.2f} |"
        for row in found["lags"]
    ]
    replicas = " and ".join(f"{value:.2f}" for value in found["replicas"])
    lines += [
        "",
        f"Less the drift, errors of neighbours correlate by {found['innovations']:.2f}. Estimated",
        "parameters do not make that: scores simulated from this fit and fitted again have",
        f"{replicas}. The form of the drift does: {found['implied']:.2f} follows from the "
        "correlations",
        "at one and two steps. An autoregression loses its share at every step; a slow course with",
        "independent errors on top loses it once, as errors do here. The drift takes too much of",
        "the error of the point before, and too little of those before it. Such a course was",
        "tried: it predicts runs of unknown publications no better (*A slow course instead* in",
        "README.md).",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    known = lags()
    write_atomic(FOLDER / "lags.json", json.dumps(known, indent=1) + "\n")
    write_atomic(FOLDER / "neighbours.md", page(known))
