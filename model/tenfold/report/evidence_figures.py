"""Figures of the evidence: points with fitted curves, slopes with shrinkage, predictive checks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup, escape
from matplotlib.collections import PolyCollection

from tenfold.report.fitted import GRID as GRID_POINTS
from tenfold.report.material import Material
from tenfold.report.stored import Frame
from tenfold.report.svg import (
    GRID,
    GROUPS,
    MUTED,
    PAPER,
    PRIOR,
    REGIME_COLOUR,
    Drawn,
    Sheet,
    Styles,
    frame,
    log_ticks,
)
from tenfold.words.numbers import fixed, share

RICH = 3
"""Panels of a regime with most points, which stand first and large; others are shown on demand."""
REGIMES = {"rl": "RL training", "inference": "Inference"}
UNITS = {
    "tokens": "tokens per answer",
    "usd": "US dollars per task",
    "gpu_hours": "GPU-hours of RL",
    "flop": "FLOP of RL",
    "rollout_tokens": "tokens of RL rollouts",
    "steps": "steps of RL",
    "relative": "compute, first point = 1",
}
SCORE_TICKS = ([0, 0.25, 0.5, 0.75, 1.0], ["0%", "25%", "50%", "75%", "100%"])


def families(material: Material) -> dict[str, str]:
    """Family -> colour, the same in every panel."""
    names = np.unique(material.stored.points["series_family"].values)
    return {str(name): GROUPS[i % len(GROUPS)] for i, name in enumerate(names)}


def evidence(material: Material, folder: Path, styles: Styles) -> Drawn:
    """One panel per benchmark, regime and unit of compute: points, curves, 90% bands."""
    points = material.stored.points
    about: Frame = pd.DataFrame(
        {
            key: points[f"series_{key}"].values
            for key in ("regime", "benchmark", "unit", "family", "source")
        }
        | {"series": points["series"].values}
    )
    series = points["series_index"].values
    observed: Frame = pd.DataFrame(
        {
            key: points[key].values
            for key in (
                "log10_compute", "log10_compute_se", "score", "score_se", "non_thinking", "model",
                "setting",
            )
        }
    )  # fmt: skip
    observed = pd.concat([about.iloc[series].reset_index(drop=True), observed], axis=1)
    fitted = material.curves.merge(about, on="series", sort=False)
    order = {"rl": 0, "inference": 1}
    keys = sorted(
        set(map(tuple, about[["regime", "benchmark", "unit"]].values.tolist())),
        key=lambda key: (order[key[0]], key[1].casefold(), key[2]),
    )
    size = observed.groupby(["regime", "benchmark", "unit"]).size()
    richest = [
        key
        for regime in REGIMES
        for key in sorted((k for k in keys if k[0] == regime), key=lambda key: -size[key])[:RICH]
    ]
    keys = [key for key in keys if key in richest] + [key for key in keys if key not in richest]
    sheet = Sheet("evidence", len(keys), columns=3, size=(300.0, 205.0))
    colour, alts, notes = families(material), [], []
    for ax, key in zip(sheet.axes, keys, strict=True):
        own = observed[(observed[["regime", "benchmark", "unit"]] == list(key)).all(axis=1)]
        lines = fitted[(fitted[["regime", "benchmark", "unit"]] == list(key)).all(axis=1)]
        _panel(ax, own, lines, colour, key)
        count = own["series"].nunique()
        floor = float(points["floor"].sel(benchmark=key[1]))
        if floor > 0:
            ax.axhline(floor, color=MUTED, linewidth=0.7, linestyle=(0, (2, 2)))
        alts.append(
            f"{key[1]}, {REGIMES[key[0]]}: score against {UNITS[key[2]]}; {len(own)} points of "
            f"{count} series from {share(own['score'].min())} to {share(own['score'].max())}"
        )
        notes.append(_sources(own["source"].unique(), count, len(own)))
    data = pd.concat([observed.assign(kind="point"), material.curves.assign(kind="curve")])
    return sheet.save(folder, styles, data, alts, notes)


def _panel(ax: Any, own: Frame, lines: Frame, colour: dict[str, str], key: Any) -> None:
    many = own["series"].nunique() > 4
    for family, part in lines.groupby("family", sort=False):
        shade = colour[str(family)]
        # One artist for all series of a family: drawing each alone takes several times longer.
        x, low, middle, high = (
            part[name].values.reshape(-1, GRID_POINTS)
            for name in ("log10_compute", "p05", "p50", "p95")
        )
        outline = np.concatenate([np.stack([x, low], 2), np.stack([x, high], 2)[:, ::-1]], 1)
        ax.add_collection(
            PolyCollection(
                list(outline), facecolor=shade, alpha=0.07 if many else 0.2, linewidth=0
            ),
            autolim=False,
        )
        ax.plot(*_broken(x, middle), color=shade, linewidth=0.8 if many else 1.3)
    for family, part in own.groupby("family", sort=False):
        shade = colour[str(family)]
        x, y = part["log10_compute"].values, part["score"].values
        for error, across in ((part["score_se"].values, False), (part["log10_compute_se"], True)):
            bars = np.full((len(part), 3, 2), np.nan)
            bars[:, 0], bars[:, 1] = np.column_stack([x, y]), np.column_stack([x, y])
            bars[:, 0, 0 if across else 1] -= error
            bars[:, 1, 0 if across else 1] += error
            flat = bars.reshape(-1, 2)
            if np.any(np.asarray(error) > 0.02 if across else np.asarray(error) > 0):
                ax.plot(flat[:, 0], flat[:, 1], color=shade, linewidth=0.6, alpha=0.6)
        for hollow in (False, True):
            some = part["non_thinking"].values == hollow
            if some.any():
                ax.plot(
                    x[some], y[some], "o",
                    color=shade, markersize=3.2, markeredgewidth=0.9,
                    markerfacecolor=PAPER if hollow else shade,
                )  # fmt: skip
    low, high = own["log10_compute"].min(), own["log10_compute"].max()
    pad = 0.05 * max(high - low, 0.3)
    ax.set_xlim(low - pad, high + pad)
    ax.set_ylim(-0.03, 1.03)
    regime = "RL" if key[0] == "rl" else "inference"
    ticks = log_ticks(low - pad, high + pad)
    score = list(zip(*SCORE_TICKS, strict=True))
    frame(ax, ticks, score, UNITS[key[2]], f"{key[1]}, {regime}")


def _broken(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of x and y as one line with gaps between the rows."""
    gap = np.full((x.shape[0], 1), np.nan)
    return np.hstack([x, gap]).ravel(), np.hstack([y, gap]).ravel()


def _sources(names: Any, series: int, n: int) -> Markup:
    links = ", ".join(f'<a href="#source-{escape(name)}">{escape(name)}</a>' for name in names)
    kind = "1 series" if series == 1 else f"{series} series"
    return Markup(f"{kind}, {n} points: {links}")


def slopes(material: Material, folder: Path, styles: Styles) -> Drawn:
    """Forest of slopes by cell: alone, and pooled with everything else."""
    cells = material.cells
    groups = [cells[cells["regime"] == name] for name in REGIMES if (cells["regime"] == name).any()]
    tall = max(len(group) for group in groups)
    sheet = Sheet(
        "slopes", len(groups), columns=2, size=(360.0, 70.0 + 17 * tall),
        margins=(128.0, 12.0, 40.0, 26.0),
    )  # fmt: skip
    limit = 1.06 * float(cells["p95"].max())
    alts = []
    for ax, group in zip(sheet.axes, groups, strict=True):
        regime = group["regime"].iloc[0]
        shade = REGIME_COLOUR[regime]
        y = np.arange(len(group))
        centre = group["population"].iloc[0]
        ax.axvline(0, color=MUTED, linewidth=0.7)
        ax.axvline(centre, color=shade, linewidth=0.9, linestyle=(0, (4, 2)))
        wide = 1.645 * group["alone_se"].values
        for at, value, half in zip(y, group["alone"].values, wide, strict=True):
            ax.plot([value - half, value + half], [at + 0.16, at + 0.16], color=PRIOR, linewidth=1)
        ax.plot(group["alone"], y + 0.16, "o", color=PRIOR, markerfacecolor=PAPER, markersize=3.4)
        for at, low, high in zip(y, group["p05"], group["p95"], strict=True):
            ax.plot([low, high], [at - 0.16, at - 0.16], color=shade, linewidth=1.8)
        ax.plot(group["p50"], y - 0.16, "o", color=shade, markersize=3.8)
        ax.set_xlim(-0.35, limit)
        ax.set_ylim(-0.7, len(group) - 0.3)
        ax.set_yticks(
            y, [f"{b} ({n})" for b, n in zip(group["benchmark"], group["series"], strict=True)]
        )
        ax.grid(axis="y", visible=False)
        ax.set_xlabel("slope at the midpoint, link units per OOM")
        ax.set_title(REGIMES[regime])
        alts.append(
            f"Slopes of {len(group)} benchmarks, {REGIMES[regime]}: each alone and pooled; "
            f"population {fixed(centre, 2)} link units per OOM"
        )
    return sheet.save(folder, styles, cells, alts)


def calibration(material: Material, folder: Path, styles: Styles) -> Drawn:
    """Posterior predictive check: histograms of where points fall, and coverage by benchmark."""
    points, pit = material.stored.points, material.pit
    regime = points["series_regime"].values[points["series_index"].values]
    sheet = Sheet("calibration", 2, columns=2, size=(340.0, 190.0))
    edges, rows, alts = np.linspace(0, 1, 11), [], []
    for ax, name in zip(sheet.axes, REGIMES, strict=True):
        own = pit[regime == name]
        count = np.histogram(own, edges)[0]
        expected = len(own) / 10
        ax.axhspan(
            max(0.0, expected - 1.96 * np.sqrt(0.9 * expected)),
            expected + 1.96 * np.sqrt(0.9 * expected),
            color=GRID, linewidth=0, alpha=0.8,
        )  # fmt: skip
        ax.bar(edges[:-1] + 0.05, count, width=0.092, color=REGIME_COLOUR[name], alpha=0.85)
        ax.set_xlim(0, 1)
        ax.set_xlabel("predictive probability of a lower score")
        ax.set_ylabel("points")
        ax.set_title(REGIMES[name])
        rows += [{"regime": name, "from": a, "points": int(n)} for a, n in zip(edges, count)]  # noqa: B905
        alts.append(
            f"{REGIMES[name]}: where {len(own)} observed scores fall in their predictive "
            "distributions, in ten bins"
        )
    return sheet.save(folder, styles, pd.DataFrame(rows), alts)


def prior_predictive(material: Material, folder: Path, styles: Styles) -> Drawn:
    """Scores that the priors alone expect, by regime and benchmark, and what was observed."""
    ranges, points = material.prior_ranges, material.stored.points
    series = points["series_index"].values
    labels = {k: points[f"series_{k}"].values[series] for k in ("regime", "benchmark")}
    groups = [ranges[ranges["regime"] == name] for name in REGIMES]
    groups = [group for group in groups if len(group)]
    tall = max(len(group) for group in groups)
    sheet = Sheet(
        "prior_predictive", len(groups), columns=2, size=(360.0, 70.0 + 14 * tall),
        margins=(128.0, 12.0, 40.0, 26.0),
    )  # fmt: skip
    alts = []
    for ax, group in zip(sheet.axes, groups, strict=True):
        name = group["regime"].iloc[0]
        for at, row in enumerate(group.itertuples()):
            ax.plot([row.p05, row.p95], [at, at], color=PRIOR, linewidth=5, alpha=0.3,
                    solid_capstyle="butt")  # fmt: skip
            ax.plot([row.p25, row.p75], [at, at], color=PRIOR, linewidth=5, alpha=0.5,
                    solid_capstyle="butt")  # fmt: skip
            own = (labels["regime"] == name) & (labels["benchmark"] == row.benchmark)
            scores = points["score"].values[own]
            ax.plot(scores, np.full(scores.size, at), "|", color=REGIME_COLOUR[name],
                    markersize=6, markeredgewidth=0.8)  # fmt: skip
        ax.set_xlim(-0.15, 1.05)
        ax.set_ylim(-0.7, len(group) - 0.3)
        ax.set_xticks(*SCORE_TICKS)
        ax.set_yticks(np.arange(len(group)), group["benchmark"])
        ax.grid(axis="y", visible=False)
        ax.set_xlabel("score")
        ax.set_title(REGIMES[name])
        alts.append(
            f"{REGIMES[name]}: prior 50% and 90% intervals of scores for {len(group)} benchmarks, "
            f"which hold {share(group['inside_90'].mean())} of the observed scores on average"
        )
    return sheet.save(folder, styles, ranges, alts)
