"""Figures of what the evidence says of the model: slopes with shrinkage, predictive checks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tenfold.report.evidence_panels import REGIMES, SCORE_TICKS
from tenfold.report.material import Material
from tenfold.report.svg import (
    GRID,
    MUTED,
    PAPER,
    PRIOR,
    REGIME_COLOUR,
    Drawn,
    Sheet,
    Styles,
)
from tenfold.words.numbers import fixed, share


def slopes(material: Material, folder: Path, styles: Styles) -> Drawn | None:
    """Forest of slopes by cell: alone, and pooled with everything else; None of an edition."""
    cells = material.cells
    if cells is None:
        return None
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


def calibration(material: Material, folder: Path, styles: Styles) -> Drawn | None:
    """Posterior predictive check: histograms of where points fall; None of an edition."""
    points, pit = material.stored.points, material.pit
    if pit is None:
        return None
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


def prior_predictive(material: Material, folder: Path, styles: Styles) -> Drawn | None:
    """Scores that the priors alone expect, and what was observed; None of an edition."""
    ranges, points = material.prior_ranges, material.stored.points
    if ranges is None:
        return None
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
            scores = np.unique(points["score"].values[own].round(3))
            # one line with gaps: a marker each would take a tenth of the page's bytes
            x, y = np.repeat(scores, 3), np.tile([at - 0.28, at + 0.28, np.nan], scores.size)
            ax.plot(x, y, color=REGIME_COLOUR[name], linewidth=0.8)
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
