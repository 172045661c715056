"""Figures of the answers: the jump, by benchmark too, the exchange rate, and what it costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tenfold import mixture
from tenfold.answers.scale import MOST_OOMS
from tenfold.report.material import Material, prior_draws
from tenfold.report.svg import (
    ACCENT,
    INFERENCE,
    INK,
    MUTED,
    PAPER,
    PRIOR,
    RL,
    Drawn,
    Sheet,
    Styles,
)
from tenfold.words.numbers import figures, plain, power, share, told

EQUAL_DRAWS = 8000


def _drawn(material: Material, *names: str) -> dict[str, np.ndarray]:
    """Equally weighted draws of headline quantities."""
    draws = material.stored.draws
    from tenfold.answers import jump

    linear = jump.exchange(draws)
    values = {name: linear[name] if name in linear else draws[name] for name in names}
    return mixture.sample(values, draws["weight"], EQUAL_DRAWS, material.info["seed"])


def density(values: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Gaussian kernel density on an even grid by binning; `values` outside the grid are lost."""
    step = grid[1] - grid[0]
    low, high = np.quantile(values, [0.25, 0.75])
    spread = min(float(values.std()), float(high - low) / 1.34) or step
    width = max(1.1 * spread * values.size**-0.2, step)
    edges = np.append(grid - step / 2, grid[-1] + step / 2)
    count = np.histogram(values, edges)[0] / (values.size * step)
    reach = int(np.ceil(4 * width / step))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step / width) ** 2)
    # Reflected at the ends, so that a density does not sink at a boundary such as zero.
    padded = np.pad(count, min(reach, count.size - 1), mode="symmetric")
    smooth = np.convolve(padded, kernel / kernel.sum(), mode="same")
    return smooth[(padded.size - count.size) // 2 :][: count.size]


def jump_density(material: Material, folder: Path, styles: Styles) -> Drawn:
    """Posterior of the OOMs of RL and of inference for one GPT level."""
    drawn = _drawn(material, "rl_jump_ooms", "inference_jump_ooms")
    high = min(float(np.quantile(drawn["rl_jump_ooms"], 0.99)), MOST_OOMS)
    grid = np.linspace(0, high, 200)
    sheet = Sheet("jump", 1, size=(360.0, 235.0), margins=(14.0, 14.0, 58.0, 24.0))
    (ax,) = sheet.axes
    rows, marks = [], []
    # Kernel densities are scaled to a common peak: their areas need not be compared.
    for name, colour, at in (("inference_jump_ooms", INFERENCE, 1), ("rl_jump_ooms", RL, 0)):
        y = density(drawn[name], grid)
        ax.fill_between(grid, y, color=colour, alpha=0.22, linewidth=0)
        ax.plot(grid, y, color=colour)
        row = material.answer["quantities"][name]
        low, middle, top = (min(float(row[k]), high) for k in ("p05", "p50", "p95"))
        word = "RL" if name.startswith("rl") else "inference"
        beside = int(np.searchsorted(grid, float(np.quantile(drawn[name], 0.72))))
        ax.text(grid[beside] + 0.1, y[beside], f" {word}", color=colour, va="bottom",
                fontweight="bold")  # fmt: skip
        level = -0.035 - 0.05 * (1 - at)
        rows.append((level, low, middle, top, colour))
        if name in material.essay:
            marks.append((material.essay[name], colour))
    top = ax.get_ylim()[1] * 1.06
    for level, low, middle, end, colour in rows:
        ax.plot([low, end], [level * top] * 2, color=colour, linewidth=2, clip_on=False)
        ax.plot([middle], [level * top], "o", color=colour, clip_on=False)
    for at, colour in marks:
        ax.plot([at, at], [0, 0.96 * top], color=colour, linestyle=(0, (3, 2)), linewidth=0.9)
        ax.text(at + 0.1, 0.97 * top, "essay", color=colour, va="top", fontsize=7)
    beyond = float((drawn["rl_jump_ooms"] > high).mean())
    told_beyond = f"RL: {share(beyond)}\nbeyond {figures(high, 2)}"
    ax.text(high, 0.5 * top, told_beyond, color=RL, ha="right", fontsize=7.5)
    ax.set_ylim(-0.12 * top, top)
    ax.set_xlim(0, high)
    ax.set_yticks([])
    ax.grid(axis="y", visible=False)
    ax.spines["left"].set_visible(False)
    ticks = np.arange(0, high, 1 if high < 9 else 2)
    ax.set_xticks(ticks, [f"{figures(t)}\n{power(t)}×" for t in ticks])
    ax.set_xlabel("orders of magnitude (OOMs), and the multiple of compute")
    ax.set_title("One GPT level takes …")
    data = pd.DataFrame(
        {"ooms": grid} | {name: density(values, grid) for name, values in drawn.items()}
    )
    q = material.answer["quantities"]
    alt = (
        f"Posterior densities for one GPT level: inference {told(q['inference_jump_ooms'])}, "
        f"RL {told(q['rl_jump_ooms'])}"
    )
    return sheet.save(folder, styles, data, [alt])


def places(material: Material, folder: Path, styles: Styles) -> Drawn:
    """RL OOMs for one GPT level by benchmark, log-linear and on the curve with its ceilings."""
    rows = []
    for linear, curve in zip(material.places, material.curve, strict=True):
        for kind, row in (("log-linear", linear), ("on the curve", curve)):
            found = row["rl_jump_ooms"]
            rows.append(
                {"place": linear["place"], "kind": kind}
                | {key: float(found[key]) for key in mixture.PROBABILITIES}
                | {"beyond": row["beyond"], "p_never": row.get("p_never", 0.0)}
            )
    data = pd.DataFrame(rows)
    end = MOST_OOMS
    names = [row["place"] for row in material.places]
    sheet = Sheet(
        "places", 1, size=(360.0, 80.0 + 30 * len(names)), margins=(92.0, 40.0, 38.0, 24.0)
    )
    (ax,) = sheet.axes
    for at, name in enumerate(reversed(names)):
        for kind, colour, lift in (("log-linear", PRIOR, 0.17), ("on the curve", RL, -0.17)):
            row = data[(data["place"] == name) & (data["kind"] == kind)].iloc[0]
            whisker(ax, row, at + lift, colour, end)
            if row["beyond"] > 0.0005:
                ax.text(1.02, at + lift, share(row["beyond"]), color=colour, va="center",
                        transform=ax.get_yaxis_transform(), fontsize=7.5)  # fmt: skip
    if "rl_jump_ooms" in material.essay:
        ax.axvline(material.essay["rl_jump_ooms"], color=MUTED, linestyle=(0, (3, 2)))
    ax.text(1.02, len(names) - 0.45, "beyond", color=MUTED, transform=ax.get_yaxis_transform(),
            fontsize=7.5)  # fmt: skip
    ax.set_xlim(0, end)
    ax.set_ylim(-0.6, len(names) - 0.4)
    ax.set_yticks(np.arange(len(names)), list(reversed(names)))
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("OOMs of RL for one GPT level")
    ax.set_title("RL alone, by benchmark")
    alt = "RL orders of magnitude for one GPT level by benchmark: " + "; ".join(
        f"{row['place']} {told(row['rl_jump_ooms'])}" for row in material.curve
    )
    return sheet.save(folder, styles, data, [alt])


def whisker(ax: Any, row: Any, at: float, colour: str, end: float) -> None:
    """90% line, 50% bar and median; an arrow where it goes on to infinity or off the axis."""
    low, q1, middle, q3, high = (min(float(row[k]), end) for k in mixture.PROBABILITIES)
    ax.plot([low, high], [at, at], color=colour, linewidth=1.1)
    ax.plot([q1, q3], [at, at], color=colour, linewidth=3.2, solid_capstyle="butt", alpha=0.75)
    if float(row["p50"]) < end:
        ax.plot([middle], [at], "o", color=colour, markersize=4.2, markeredgecolor=PAPER,
                markeredgewidth=0.6)  # fmt: skip
    if float(row["p95"]) >= end:
        ax.plot([end], [at], ">", color=colour, markersize=4, clip_on=False)


def exchange_rate(material: Material, folder: Path, styles: Styles) -> Drawn:
    """Exchange rate: prior and posterior densities, and intervals by place and by form."""
    prior = np.log10(prior_draws(material.stored, "exchange_rate"))
    drawn = _drawn(material, "exchange_rate", "exchange_rate_new_benchmark")
    values = {name: np.log10(found[found > 0]) for name, found in drawn.items()}
    grid = np.linspace(-0.9, 1.2, 240)
    rates = material.answer["exchange_rates"]
    rows: list[dict[str, Any]] = [{"place": "prior"} | _quantiles(10**prior)]
    rows += [{"place": name} | quantiles_of(row) for name, row in rates.items()]
    rows += [{"place": f"{form} alone"} | row for form, row in _rates_by_form(material).items()]
    rows += _shift_rows(material)
    table = pd.DataFrame(rows)
    sheet = Sheet(
        "exchange_rate", 2, columns=2, size=(360.0, 90.0 + 17 * len(rows)),
        margins=(154.0, 12.0, 38.0, 24.0),
    )  # fmt: skip
    first, second = sheet.axes
    box = first.get_position()
    first.set_position((box.x0 * 0.1, box.y0, box.width + 0.9 * box.x0, box.height))
    shown = (
        ("prior", prior, PRIOR), ("population", values["exchange_rate"], ACCENT),
        ("new benchmark", values["exchange_rate_new_benchmark"], INK),
    )  # fmt: skip
    curves = {"log10_rate": grid}
    for name, found, colour in shown:
        curves[name] = density(found, grid)
        first.plot(grid, curves[name], color=colour, label=name,
                   linestyle="-" if name != "prior" else (0, (4, 2)))  # fmt: skip
        if name == "population":
            first.fill_between(grid, curves[name], color=colour, alpha=0.2, linewidth=0)
    first.legend(loc="upper left", handlelength=1.6)
    first.set_yticks([])
    first.set_ylim(bottom=0)
    first.set_title("Prior and posterior")
    order = list(range(len(rows)))[::-1]
    for at, row in zip(order, rows, strict=True):
        colour = PRIOR if row["place"] == "prior" else MUTED if "kind" in row else ACCENT
        logs = {key: np.log10(max(float(row[key]), 1e-3)) for key in mixture.PROBABILITIES}
        whisker(second, logs, at, colour, grid[-1])
    second.set_yticks(order, [row["place"] for row in rows])
    second.set_ylim(-0.7, len(rows) - 0.3)
    second.grid(axis="y", visible=False)
    second.set_title("By benchmark, form, shift")
    for ax in sheet.axes:
        if "exchange_rate" in material.essay:
            ax.axvline(np.log10(material.essay["exchange_rate"]), color=MUTED,
                       linestyle=(0, (3, 2)), linewidth=0.9)  # fmt: skip
        ax.set_xlim(grid[0], grid[-1])
        marks = [0.25, 0.5, 1, 2, 4, 8]
        ax.set_xticks(np.log10(marks), [figures(mark) for mark in marks])
        ax.set_xlabel("RL OOMs per inference OOM (log scale)")
    alts = [
        "Exchange rate: prior density, and posterior density of the population and a new benchmark",
        "Exchange rate, median with 50% and 90% intervals: "
        + "; ".join(f"{row['place']} {plain(row['p50'])}" for row in rows),
    ]
    drawn_figure = sheet.save(folder, styles, table, alts)
    pd.DataFrame(curves).to_csv(
        folder / "data" / "exchange_rate_density.csv", index=False, float_format="%.6g"
    )
    return drawn_figure


def quantiles_of(row: dict[str, Any]) -> dict[str, float]:
    """The probabilities of `mixture` -> a row's quantiles, as numbers."""
    return {key: float(row[key]) for key in mixture.PROBABILITIES}


def _quantiles(values: np.ndarray) -> dict[str, float]:
    found = np.quantile(values, list(mixture.PROBABILITIES.values()))
    return dict(zip(mixture.PROBABILITIES, map(float, found), strict=True))


def _rates_by_form(material: Material) -> dict[str, dict[str, float]]:
    return {
        form: _quantiles(posterior["exchange_rate"].values.ravel())
        for form, posterior in material.stored.posterior.items()
    }


def _shift_rows(material: Material) -> list[dict[str, Any]]:
    """What each generation shift says alone: RL OOMs over OOMs saved, by their errors."""
    points, rows = material.stored.points, []
    if not points.sizes.get("shift"):
        return rows
    rng = np.random.default_rng([material.info["seed"], 4])
    for i, name in enumerate(points["shift"].values):
        rl, saved = (
            points[key].values[i] + points[f"{key}_se"].values[i] * rng.standard_normal(20_000)
            for key in ("rl_ooms", "shift_ooms")
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = np.where((rl > 0) & (saved > 0), rl / saved, np.where(saved <= 0, np.inf, 0.0))
        found = np.quantile(rate, list(mixture.PROBABILITIES.values()), method="lower")
        rows.append(
            {"place": str(name), "kind": "shift"}
            | dict(zip(mixture.PROBABILITIES, map(float, found), strict=True))
        )
    return rows


def cost(material: Material, folder: Path, styles: Styles) -> Drawn:
    """Training multiplier against RL OOMs, and the probability that trend affords the jump."""
    curve = material.paid["multiplier_curve"]
    x = np.array([row["rl_ooms"] for row in curve])
    bands = {key: np.array([float(row[key]) for row in curve]) for key in mixture.PROBABILITIES}
    sheet = Sheet("cost", 2, columns=2, size=(360.0, 235.0), margins=(46.0, 16.0, 40.0, 24.0))
    first, second = sheet.axes
    first.fill_between(x, bands["p05"], bands["p95"], color=RL, alpha=0.15, linewidth=0)
    first.fill_between(x, bands["p25"], bands["p75"], color=RL, alpha=0.25, linewidth=0)
    first.plot(x, bands["p50"], color=RL)
    first.plot(x, x, color=MUTED, linestyle=(0, (3, 2)))
    first.text(x[-1] * 0.55, x[-1] * 0.62, "whole run", color=MUTED, ha="right")
    row = material.answer["quantities"]["rl_jump_ooms"]
    low, middle, high = (min(float(row[k]), x[-1]) for k in ("p05", "p50", "p95"))
    first.plot([low, high], [0.12] * 2, color=INK, linewidth=2)
    first.plot([middle], [0.12], "o", color=INK)
    first.text(middle, 0.35, "one GPT level", color=INK, ha="center", fontsize=7.5)
    first.set_xlim(0, x[-1])
    first.set_ylim(0, x[-1])
    first.set_yticks(
        range(0, int(x[-1]) + 1, 2), [f"{power(k)}×" for k in range(0, int(x[-1]) + 1, 2)]
    )
    first.set_xlabel("OOMs of RL")
    first.set_ylabel("total training compute")
    first.set_title(f"RL scaled, from {material.paid['baseline'].split(' (')[0]}")
    drawn = mixture.sample(
        {"year": material.years["first_year"]}, material.years["weight"], EQUAL_DRAWS, 0
    )["year"]
    years = np.arange(2026, 2061)
    afforded = np.array([(drawn < year + 1).mean() for year in years])
    second.step(years, afforded, where="post", color=ACCENT)
    second.fill_between(years, afforded, step="post", color=ACCENT, alpha=0.15, linewidth=0)
    second.set_xlim(years[0], years[-1])
    second.set_ylim(0, 1)
    second.set_yticks([0, 0.25, 0.5, 0.75, 1.0], ["0%", "25%", "50%", "75%", "100%"])
    second.set_xlabel("by the end of the year")
    second.set_title("Probability that trend affords it")
    data = pd.concat(
        [
            pd.DataFrame({"rl_ooms": x} | {f"log10_multiplier_{k}": v for k, v in bands.items()}),
            pd.DataFrame({"year": years, "p_affordable": afforded}),
        ]
    )
    alts = [
        "Total training compute against OOMs of RL, median with 50% and 90% bands; RL alone is "
        "cheap at first and grows tenfold per OOM in the end",
        f"Probability that the jump is affordable: {share(afforded[years == 2030][0])} by 2030, "
        f"{share(afforded[years == 2040][0])} by 2040",
    ]
    return sheet.save(folder, styles, data, alts)
