"""Figures of the model: priors against posteriors, forms, drivers and scenarios."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tenfold import mixture
from tenfold.posterior import priors as prior_table
from tenfold.report.answer_figures import density, quantiles_of, whisker
from tenfold.report.material import Material, posterior_draws
from tenfold.report.stored import Frame
from tenfold.report.svg import (
    ACCENT,
    MUTED,
    PRIOR,
    RL,
    Drawn,
    Sheet,
    Styles,
    Ticks,
    frame,
)
from tenfold.words.numbers import figures, fixed, interval, plain, share


def priors(material: Material, folder: Path, styles: Styles) -> Drawn:
    """Prior density and posterior of every top-level parameter."""
    stored, whole = material.stored, material.parameters
    table: Frame = whole[whole["parameter"] != "exchange_rate"]
    sheet = Sheet(
        "priors", len(table), columns=5, size=(200.0, 122.0), margins=(8.0, 8.0, 22.0, 22.0)
    )
    alts, rows = [], []
    cache = {name: posterior_draws(stored, str(name)) for name in table["parameter"].unique()}
    for ax, row in zip(sheet.axes, table.itertuples(), strict=True):
        values, weight = next((v, w) for label, v, w in cache[row.parameter] if label == row.label)
        flat = np.concatenate([v.ravel() for v in values])
        each = np.repeat(weight.values / values[0].size, values[0].size)
        low = min(row.prior_p05, float(row.p05)) - 0.12 * (row.prior_p95 - row.prior_p05)
        high = max(row.prior_p95, float(row.p95)) + 0.12 * (row.prior_p95 - row.prior_p05)
        prior = stored.priors[row.parameter]
        frozen = prior_table.distribution(prior.family, prior_table.hyperparameters(prior))
        if prior.family != "normal":
            low = max(low, prior.shift)
        if prior.family == "beta":
            high = min(high, 1.0)
        grid = np.linspace(low, high, 90)
        before = frozen.pdf(grid - prior.shift)
        rng = np.random.default_rng(0)
        after = density(rng.choice(flat, 4000, p=each / each.sum()), grid)
        ax.plot(grid, before, color=PRIOR, linestyle=(0, (4, 2)))
        ax.plot(grid, after, color=ACCENT)
        ax.fill_between(grid, after, color=ACCENT, alpha=0.2, linewidth=0)
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
                    "posterior": after,
                }
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
    finite = table["p95"][np.isfinite(table["p95"])]
    end = 1.1 * float(finite.max()) if len(finite) else 15.0
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
    """Share of the variance that each input explains alone, for the OOMs and the electricity."""
    sets = (
        ("RL OOMs for one GPT level", material.drivers),
        ("Years of world electricity", material.paid["drivers"]),
    )
    most = max(len(rows) for _, rows in sets)
    sheet = Sheet("drivers", 2, columns=2, size=(360.0, 74.0 + 19 * most),
                  margins=(138.0, 34.0, 38.0, 24.0))  # fmt: skip
    alts, table = [], []
    for ax, (title, rows) in zip(sheet.axes, sets, strict=True):
        explained = all(row["variance_explained"] is not None for row in rows)
        key = "variance_explained" if explained else "pawn"
        rows = sorted(rows, key=lambda row: -float(row[key]))
        for at, row in enumerate(reversed(rows)):
            value = float(row[key])
            ax.barh(at, value, height=0.62, color=ACCENT, alpha=0.85)
            text = share(value) if explained else fixed(value, 2)
            ax.text(value, at, f" {text}", va="center", color=MUTED)
        ax.set_yticks(np.arange(len(rows)), [row["input"] for row in reversed(rows)])
        ax.set_ylim(-0.6, len(rows) - 0.4)
        ax.set_xlim(0, max(0.5, 1.05 * max(float(row[key]) for row in rows)))
        if explained:
            ax.xaxis.set_major_formatter(lambda value, _: share(value))
        ax.grid(axis="y", visible=False)
        ax.set_xlabel("variance explained alone" if explained else "PAWN distance, 0 to 1")
        ax.set_title(title)
        alts.append(
            f"{title}, by input: "
            + ", ".join(f"{r['input']} {fixed(float(r[key]), 2)}" for r in rows)
        )
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
