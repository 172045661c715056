"""Figures of `calibration_report.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from calibration_results import QUANTILES, STEPS, bands, column, steps, uniform_extremes
from drawing import save, start

BLUE, ORANGE = "#1f5c99", "#d9730d"


def ecdf_figure(path: Path, table: dict[str, np.ndarray], found: dict[str, Any]) -> None:
    """ECDF of ranks less the uniform one, a line per quantity, with simultaneous bands."""
    canvas, axis = start().subplots(figsize=(8, 4), layout="constrained")
    n = next(iter(table.values())).size
    low, high = bands(n, uniform_extremes(n))
    axis.fill_between(STEPS, low - STEPS, high - STEPS, color="0.87", step="mid")
    axis.axhline(0, color="0.6", lw=0.6)
    gaps = {name: steps(values) / n - STEPS for name, values in table.items()}
    outside = sorted(name for name in gaps if found[name]["p"] < 0.05)
    inside = [np.append(gap, np.nan) for name, gap in gaps.items() if name not in outside]
    x = np.tile(np.append(STEPS, np.nan), len(inside))
    axis.plot(x, np.concatenate([[], *inside]), color=BLUE, lw=0.6)  # one path is a small file
    for name in outside:
        label = f"{name}, p = {found[name]['p']:.3f}"
        axis.plot(STEPS, gaps[name], color=ORANGE, lw=1.2, label=label)
    if outside:
        axis.legend(frameon=False, fontsize=7, ncols=2)
    axis.set_xlabel("rank of the true value among posterior draws (share of draws below it)")
    axis.set_ylabel("ECDF of ranks less uniform (share of data sets)")
    save(canvas, path)


def _intervals(axis: Any, rows: list[dict[str, str]], prefix: str, truth: float) -> np.ndarray:
    """Intervals in the order of their medians, orange where the 90% one misses; that order."""
    p05, p25, p50, p75, p95 = (column(rows, f"{prefix}{p}") for p in QUANTILES)
    order = np.argsort(p50)
    for place, i in enumerate(order):
        color = BLUE if p05[i] <= truth <= p95[i] else ORANGE
        axis.plot([p05[i], p95[i]], [place, place], color=color, lw=0.9)
        axis.plot([p25[i], p75[i]], [place, place], color=color, lw=2.4, solid_capstyle="butt")
    axis.plot(p50[order], np.arange(order.size), ".", color="black", ms=2.5)
    axis.axvline(truth, color="0.3", lw=0.8, ls="--")
    axis.set_yticks([])
    return order


def recovery_figure(path: Path, rows: list[dict[str, str]], found: dict[str, Any]) -> None:
    """Intervals of the exchange rate, one panel per true rate."""
    rates = found["rates"]
    canvas, axes = start().subplots(
        1, len(rates), figsize=(11, 4), sharex=True, layout="constrained", squeeze=False
    )
    for axis, (label, item) in zip(axes.flat, rates.items(), strict=True):
        own = [row for row in rows if float(row["rate"]) == float(label)]
        axis.set_xscale("log")
        _intervals(axis, own, "", float(label))
        axis.set_xticks([0.25, 0.5, 1, 2, 4, 8], ["0.25", "0.5", "1", "2", "4", "8"])
        axis.minorticks_off()
        axis.set_title(
            f"true rate {label}: {item['covered_90']} of {item['repeats']} in the 90% interval"
        )
    canvas.supxlabel("exchange rate (RL OOMs per inference OOM)")
    canvas.supylabel("simulated data sets, by posterior median")
    save(canvas, path)


def ceiling_figure(path: Path, rows: list[dict[str, str]], found: dict[str, Any]) -> None:
    """Intervals of the ceiling, for half of the compute and all of it."""
    canvas, axes = start().subplots(1, 2, figsize=(9, 4), sharex=True, layout="constrained")
    titles = {"half": "fitted to the first half of the compute", "all": "fitted to all of it"}
    for axis, (name, title) in zip(axes, titles.items(), strict=True):
        order = _intervals(axis, rows, f"{name}_", found["true_ceiling"])
        held = f"{found[name]['covered_90']} of {found['repeats']} intervals hold"
        axis.set_title(f"{title}: {held}", fontsize=7)
        if name == "half":
            free = column(rows, "least_squares_half")[order]
            axis.plot(free, np.arange(order.size), "x", color="0.35", ms=4, label="least squares")
            axis.legend(frameon=False, loc="upper left")
    canvas.supxlabel("ceiling (score that no amount of RL compute exceeds)")
    canvas.supylabel("simulated data sets, by posterior median")
    save(canvas, path)
