"""Figures of the model: priors against posteriors, forms, drivers and scenarios."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tenfold import mixture
from tenfold.answers.scale import MOST_OOMS
from tenfold.posterior import priors as prior_table
from tenfold.report.answer_figures import density, quantiles_of, whisker
from tenfold.report.material import Material, posterior_draws
from tenfold.report.stored import Frame
from tenfold.report.svg import (
    ACCENT,
    GRID,
    GROUPS,
    INFERENCE,
    MUTED,
    PAPER,
    PRIOR,
    RL,
    Drawn,
    Sheet,
    Styles,
    Ticks,
    frame,
)
from tenfold.words.numbers import figures, interval, plain, power, share

FAR = 30.0
"""OOMs, or powers of ten of years: where a median that is further away, or never, is drawn."""


def priors(material: Material, folder: Path, styles: Styles) -> Drawn:
    """Prior density and the posterior under each form, of every top-level parameter."""
    stored, whole = material.stored, material.parameters
    table: Frame = whole[whole["parameter"] != "exchange_rate"]
    sheet = Sheet(
        "priors", len(table), columns=5, size=(200.0, 122.0), margins=(8.0, 8.0, 22.0, 22.0)
    )
    alts, rows = [], []
    cache = {name: posterior_draws(stored, str(name)) for name in table["parameter"].unique()}
    shade = dict(zip(map(str, stored.weights), GROUPS, strict=False))
    for ax, row in zip(sheet.axes, table.itertuples(), strict=True):
        values, weight = next((v, w) for label, v, w in cache[row.parameter] if label == row.label)
        low = min(row.prior_p05, float(row.p05)) - 0.12 * (row.prior_p95 - row.prior_p05)
        high = max(row.prior_p95, float(row.p95)) + 0.12 * (row.prior_p95 - row.prior_p05)
        prior = stored.priors[row.parameter]
        frozen = prior_table.distribution(prior.family, prior_table.hyperparameters(prior))
        if prior.family != "normal":
            low = max(low, prior.shift)
        if prior.family == "beta":
            high = min(high, 1.0)
        grid = np.linspace(low, high, 60)
        before = frozen.pdf(grid - prior.shift)
        # each form by itself: parameters of different curves are no mixture of one parameter
        after = {
            str(form): density(drawn.ravel(), grid)
            for form, drawn in zip(weight["form"].values, values, strict=True)
        }
        ax.plot(grid, before, color=PRIOR, linestyle=(0, (4, 2)))
        for form, own in after.items():
            ax.plot(grid, own, color=shade[form])
        ax.set_xlim(low, high)
        ax.set_ylim(bottom=0)
        frame(ax, _few(low, high), [], "", f"{row.parameter} {row.label}".strip())
        alts.append(
            f"{row.parameter} {row.label}: prior median {plain(row.prior_p50)}, "
            f"posterior {interval({'p05': row.p05, 'p50': row.p50, 'p95': row.p95})} {row.unit}"
        )
        rows.append(
            pd.DataFrame(
                {
                    "parameter": row.parameter,
                    "label": row.label,
                    "x": grid,
                    "prior": before,
                }
                | {f"posterior_{form}": own for form, own in after.items()}
            )  # fmt: skip
        )
    return sheet.save(folder, styles, pd.concat(rows), alts)


def _few(low: float, high: float) -> Ticks:
    """Three or four round ticks of a linear axis."""
    rough = (high - low) / 3
    unit = 10 ** np.floor(np.log10(rough))
    step = max(m * unit for m in (1, 2, 5, 10) if m * unit <= rough * 1.01)
    marks = np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step
    return [(float(at), figures(at + 0.0)) for at in marks]


def forms(material: Material, folder: Path, styles: Styles) -> Drawn:
    """Weights of the curve forms and each form's own answer."""
    rows = material.answer["forms"]
    table: Frame = pd.DataFrame(
        [{"form": form, "weight": row["weight"]} | quantiles_of(row) for form, row in rows.items()]
        + [
            {"form": "mixture", "weight": 1.0}
            | quantiles_of(material.answer["quantities"]["rl_jump_ooms"])
        ]
    )
    sheet = Sheet(
        "forms", 1, size=(360.0, 80.0 + 24 * len(table)), margins=(108.0, 14.0, 38.0, 24.0)
    )
    (ax,) = sheet.axes
    end = MOST_OOMS
    order = list(range(len(table)))[::-1]
    for at, (_, row) in zip(order, table.iterrows(), strict=True):
        whisker(ax, row, at, RL if row["form"] == "mixture" else ACCENT, end)
    ax.set_yticks(
        order,
        [
            row["form"] if row["form"] == "mixture" else f"{row['form']} ({share(row['weight'])})"
            for _, row in table.iterrows()
        ],
    )
    ax.set_xlim(0, end)
    ax.set_ylim(-0.6, len(table) - 0.4)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("OOMs of RL for one GPT level")
    ax.set_title("Each form's own answer (weight)")
    alt = "RL OOMs for one GPT level by curve form: " + "; ".join(
        f"{row['form']} {plain(row['p50'])}, weight {share(row['weight'])}"
        for _, row in table.iterrows()
    )
    return sheet.save(folder, styles, table, [alt])


def drivers(material: Material, folder: Path, styles: Styles) -> Drawn:
    """Where the answer lies with each input at its 5% and at its 95%, for OOMs and electricity."""
    answer, paid = material.answer["quantities"], material.paid
    sets = (
        ("RL OOMs", answer["rl_jump_ooms"], material.drivers, figures),
        ("Years of world electricity", paid["quantities"]["years_of_world_electricity"],
         paid["drivers"], power),
    )  # fmt: skip
    most = max(len(rows) for _, _, rows, _ in sets)
    sheet = Sheet("drivers", 2, columns=2, size=(360.0, 74.0 + 19 * most),
                  margins=(138.0, 20.0, 38.0, 24.0))  # fmt: skip
    alts, table = [], []
    for ax, (title, whole, rows, mark) in zip(sheet.axes, sets, strict=True):
        ends = [(min(float(r["low"]), FAR), min(float(r["high"]), FAR)) for r in rows]
        order = sorted(range(len(rows)), key=lambda i: abs(ends[i][1] - ends[i][0]))
        for at, i in enumerate(order):
            low, high = ends[i]
            ax.plot([low, high], [at, at], color=GRID, linewidth=5, solid_capstyle="butt")
            ax.plot([low], [at], "o", color=INFERENCE, markerfacecolor=PAPER, markersize=5)
            ax.plot([high], [at], "o", color=RL, markersize=5)
        middle = min(float(whole["p50"]), FAR)
        ax.axvline(middle, color=MUTED, linewidth=0.9, linestyle=(0, (3, 2)))
        ax.set_yticks(np.arange(len(rows)), [rows[i]["input"] for i in order])
        ax.set_ylim(-0.6, len(rows) - 0.4)
        ax.margins(x=0.08)
        low, high = ax.get_xlim()
        step = max(1, round((high - low) / 5))
        marks = np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step
        ax.set_xticks(marks, [mark(float(x)) for x in marks])
        ax.grid(axis="y", visible=False)
        ax.set_xlabel("median of the answer")
        ax.set_title(title)
        alts.append(
            f"{title}, its median with each input at its 5% and its 95%: "
            + ", ".join(f"{r['input']} {mark(x)} and {mark(y)}"
                        for r, (x, y) in zip(rows, ends, strict=True))
        )  # fmt: skip
        table += [{"output": title} | row for row in rows]
    return sheet.save(folder, styles, pd.DataFrame(table), alts)


def scenarios(material: Material, folder: Path, styles: Styles) -> Drawn | None:
    """Exchange rate by stored scenario; None where no other scenario is stored."""
    if not material.scenarios:
        return None
    own = material.answer["exchange_rates"]["population"]
    rows: list[dict[str, Any]] = [{"scenario": material.info["scenario"]} | quantiles_of(own)]
    rows += [{"scenario": row["scenario"]} | quantiles_of(row) for row in material.scenarios]
    sheet = Sheet("scenarios", 1, size=(360.0, 74.0 + 17 * len(rows)),
                  margins=(128.0, 14.0, 38.0, 24.0))  # fmt: skip
    (ax,) = sheet.axes
    order = list(range(len(rows)))[::-1]
    for at, row in zip(order, rows, strict=True):
        logs = {key: np.log10(max(float(row[key]), 1e-3)) for key in mixture.PROBABILITIES}
        whisker(ax, logs, at, RL if at == order[0] else ACCENT, 1.2)
    ax.axvline(np.log10(float(own["p50"])), color=MUTED, linewidth=0.8, linestyle=(0, (3, 2)))
    marks = [0.25, 0.5, 1, 2, 4, 8]
    ax.set_xticks(np.log10(marks), [figures(mark) for mark in marks])
    ax.set_xlim(-0.9, 1.2)
    ax.set_yticks(order, [row["scenario"] for row in rows])
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("RL OOMs per inference OOM (log scale)")
    ax.set_title("Exchange rate by scenario")
    alt = "Exchange rate by scenario: " + "; ".join(
        f"{row['scenario']} {plain(row['p50'])}" for row in rows
    )
    return sheet.save(folder, styles, pd.DataFrame(rows), [alt])
