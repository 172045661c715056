"""The figure of the evidence: a panel for each benchmark, regime and unit of compute; every series
can be told from the others, and every point leads to its row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from tenfold.report.material import Material
from tenfold.report.stored import Frame
from tenfold.report.svg import GROUPS, MUTED, PAPER, Drawn, Sheet, Styles, frame, log_ticks
from tenfold.words.evidence import UNITS, listed_point
from tenfold.words.numbers import count, share

RICH = 3
"""Panels of a regime with most points, which stand first and large; others are shown on demand."""
REGIMES = {"rl": "RL training", "inference": "Inference"}
KEY = ["regime", "benchmark", "unit"]
SCORE_TICKS = ([0, 0.25, 0.5, 0.75, 1.0], ["0%", "25%", "50%", "75%", "100%"])

DASHES = {"━━": "-", "╍╍": (0, (5, 2)), "┅┅": (0, (1.5, 1.5)), "━·": (0, (6, 2, 1, 2))}
MARKERS = {"●": "o", "■": "s", "▲": "^", "◆": "D", "▼": "v"}
"""Signs of a series beside the colour of its family: in words, and as matplotlib has them."""


@dataclass(frozen=True)
class Listed:
    """A series in the table below its panel.

    number: among all series. colour: place of the family's. sign: how it is drawn. rows: of each
    point its number among all, and its cells.
    """

    number: int
    name: str
    colour: int
    sign: str
    models: tuple[str, ...]
    source: str
    regime: str
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def families(material: Material) -> dict[str, int]:
    """Family -> place of its colour among `GROUPS`, the same in every panel."""
    names = np.unique(material.stored.points["series_family"].values)
    return {str(name): i % len(GROUPS) for i, name in enumerate(names)}


def filters(points: Any) -> dict[str, list[str]]:
    """What the evidence can be chosen by: models, sources and regimes, each with its labels."""
    there = {"model": points["model"], "source": points["series_source"]}
    found = {key: sorted(set(map(str, own.values)), key=str.casefold) for key, own in there.items()}
    return found | {"regime": list(REGIMES)}


def evidence(material: Material, folder: Path, styles: Styles) -> Drawn:
    """One panel per benchmark, regime and unit of compute: points, curves, 90% bands."""
    points, observed, fitted = material.stored.points, *_tables(material)
    keys = _ordered(observed)
    sheet = Sheet("evidence", len(keys), columns=3, size=(300.0, 205.0))
    colour, alts, notes, tables = families(material), [], [], []
    for ax, key in zip(sheet.axes, keys, strict=True):
        own = observed[(observed[KEY] == list(key)).all(axis=1)]
        many, listed = own["series"].nunique() > 4, []
        place: dict[str, int] = {}
        for number, part in own.groupby("number"):
            family = str(part["family"].iloc[0])
            nth = place[family] = place.get(family, -1) + 1
            signs = [list(each)[nth % len(each)] for each in (DASHES, MARKERS)]
            _series(ax, part, fitted.get(number), GROUPS[colour[family]], signs, many)
            listed.append(_listed(int(str(number)), part, colour[family], "".join(signs)))
        _frame(ax, own, key)
        floor = float(points["floor"].sel(benchmark=key[1]))
        if floor > 0:
            ax.axhline(floor, color=MUTED, linewidth=0.7, linestyle=(0, (2, 2)))
        alts.append(
            f"{key[1]}, {REGIMES[key[0]]}: score against {UNITS[key[2]]}; {len(own)} points of "
            f"{len(listed)} series from {share(own['score'].min())} to {share(own['score'].max())}"
        )
        notes.append(_sources(own["source"].unique(), len(listed), len(own)))
        tables.append(tuple(listed))
    kept = [name for name in observed if name not in ("number", "point")]
    data = observed[kept].assign(kind="point")
    if material.curves is not None:
        data = pd.concat([data, material.curves.assign(kind="curve")])
    drawn = sheet.save(folder, styles, data, alts, notes)
    panels = zip(drawn.panels, tables, strict=True)
    return replace(drawn, panels=tuple(replace(one, series=table) for one, table in panels))


def _tables(material: Material) -> tuple[Frame, dict[Any, Frame]]:
    """Points with what is known of their series and its `number`, and fitted curves by number."""
    points = material.stored.points
    names = ("regime", "benchmark", "unit", "family", "source")
    about: Frame = pd.DataFrame(
        {key: points[f"series_{key}"].values for key in names} | {"series": points["series"].values}
    )
    about["number"] = np.arange(len(about))
    keys = ("log10_compute", "log10_compute_se", "score", "score_se", "non_thinking", "model",
            "setting")  # fmt: skip
    observed: Frame = pd.DataFrame({key: points[key].values for key in keys})
    observed["point"] = np.arange(len(observed))
    series = about.iloc[points["series_index"].values].reset_index(drop=True)
    curves = {} if material.curves is None else dict(list(material.curves.groupby("series")))
    fitted = {number: curves.get(name) for number, name in enumerate(about["series"])}
    return pd.concat([series, observed], axis=1), fitted


def _ordered(observed: Frame) -> list[Any]:
    """Panels: the richest of either regime, then the others, by regime and name."""
    size = observed.groupby(KEY).size()
    order = list(REGIMES)
    keys = sorted(size.index, key=lambda key: (order.index(key[0]), key[1].casefold(), key[2]))
    richest = [
        key
        for regime in REGIMES
        for key in sorted((k for k in keys if k[0] == regime), key=lambda key: -size[key])[:RICH]
    ]
    return [key for key in keys if key in richest] + [key for key in keys if key not in richest]


def _series(
    ax: Any, own: Frame, line: Frame | None, shade: str, signs: list[str], many: bool
) -> None:
    """A series: its band, its curve, its errors and its points, all named by its number."""
    name = f"series-{own['number'].iloc[0]}"
    if line is not None:
        x, low, middle, high = (line[key].values for key in ("log10_compute", "p05", "p50", "p95"))
        alpha, width = (0.07, 0.8) if many else (0.2, 1.3)
        ax.fill_between(x, low, high, facecolor=shade, alpha=alpha, linewidth=0, gid=name)
        ax.plot(x, middle, color=shade, linewidth=width, linestyle=DASHES[signs[0]], gid=name)
    x, y = own["log10_compute"].values, own["score"].values
    for key, least, across in (("score_se", 0.0, False), ("log10_compute_se", 0.02, True)):
        error = own[key].values
        if (error > least).any():
            bars = np.stack([np.column_stack([x, y])] * 3, axis=1)
            bars[:, 0, 0 if across else 1] -= error
            bars[:, 1, 0 if across else 1] += error
            bars[:, 2] = np.nan
            ax.plot(*bars.reshape(-1, 2).T, color=shade, linewidth=0.6, alpha=0.6, gid=name)
    for hollow in (False, True):
        some = own["non_thinking"].values == hollow
        if some.any():
            numbers = "_".join(map(str, own["point"].values[some]))
            ax.plot(
                x[some], y[some], MARKERS[signs[1]], color=shade, markersize=3.2,
                markeredgewidth=0.9, markerfacecolor=PAPER if hollow else shade,
                gid=f"{name}-{numbers}",
            )  # fmt: skip


def _frame(ax: Any, own: Frame, key: Any) -> None:
    low, high = own["log10_compute"].min(), own["log10_compute"].max()
    pad = 0.05 * max(high - low, 0.3)
    ax.set_xlim(low - pad, high + pad)
    ax.set_ylim(-0.03, 1.03)
    regime = "RL" if key[0] == "rl" else "inference"
    score = list(zip(*SCORE_TICKS, strict=True))
    frame(ax, log_ticks(low - pad, high + pad), score, UNITS[key[2]], f"{key[1]}, {regime}")


def _listed(number: int, own: Frame, colour: int, sign: str) -> Listed:
    models = [str(name) for name in own["model"].unique()]
    rows = tuple((int(row["point"]), listed_point(row, models)) for row in own.to_dict("records"))
    first = own.iloc[0]
    about = (tuple(models), str(first["source"]), str(first["regime"]))
    return Listed(number, str(first["series"]), colour, sign, *about, rows)


def _sources(names: Any, series: int, n: int) -> Markup:
    links = ", ".join(f'<a href="#source-{escape(name)}">{escape(name)}</a>' for name in names)
    kind = "1 series" if series == 1 else f"{count(series)} series"
    return Markup(f"{kind}, {n} points: {links}")
