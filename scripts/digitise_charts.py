"""Charts of known points in random styles, drawn, read with `digitise_image`, and compared.

The read points' errors are split into the offset and scale that all points of a chart share, and
what is left to each point. Used by `digitise_coverage.py` and the tests.
"""

from __future__ import annotations

import io
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from PIL import Image
from scipy.optimize import linear_sum_assignment

from tenfold.evidence.digitise import digitise_image
from tenfold.files import SpecError

mpl.use("Agg")
import matplotlib.pyplot as plt

CLICK_SE = 0.5
"""Stated error of a calibration click, pixels: the default of AXES.toml."""
HAND_SE = 0.4
"""Error of the simulated hand about the tick as drawn, pixels."""


@dataclass(frozen=True)
class Style:
    """How one chart is drawn."""

    placing: str  # "whole pixels", "sub-pixel" or "resampled"
    marker: str
    size: float  # points
    dpi: int
    line: bool
    bars: bool
    hollow: bool
    edge: bool
    grid: bool
    background: str
    colour: str
    others: int  # other series, drawn over this one
    crowded: bool  # markers may overlap
    log_x: bool
    quality: int | None  # JPEG quality; None is PNG
    points: int
    scale: float  # of the resampling


def draw_style(rng: np.random.Generator) -> Style:
    """A random style; hollow or edged markers and lines in the usual shares."""
    placing = str(rng.choice(["whole pixels", "sub-pixel", "resampled"], p=[0.4, 0.35, 0.25]))
    marker = str(rng.choice(["o", "s", "D", "^", "v", "*"], p=[0.5, 0.15, 0.15, 0.08, 0.06, 0.06]))
    hollow = bool(rng.random() < 0.12 and marker in "osD")
    line = bool(rng.random() < 0.4)
    return Style(
        placing=placing,
        marker=marker,
        size=float(rng.uniform(5, 11)) + (3 if marker in "^v*" else 0),
        dpi=int(rng.choice([80, 100, 120, 150, 200])),
        line=line,
        bars=bool(rng.random() < 0.15 and not line and not hollow),
        hollow=hollow,
        edge=bool(rng.random() < 0.1 and not hollow and marker in "osD"),
        grid=bool(rng.random() < 0.4),
        background=str(rng.choice(["#ffffff", "#eaeaf2", "#fafafa", "#111111"])),
        colour=str(rng.choice(["#1f77b4", "#d62728", "#2ca02c", "#ff7f0e", "#9467bd"])),
        others=int(rng.choice([0, 1, 2], p=[0.6, 0.25, 0.15])),
        crowded=bool(rng.random() < 0.35),
        log_x=bool(rng.random() < 0.7),
        quality=[None, 95, 85, 70, 50][int(rng.choice(5, p=[0.4, 0.1, 0.2, 0.2, 0.1]))],
        points=int(rng.integers(6, 26)),
        scale=float(rng.uniform(0.45, 0.85)),
    )


def draw_chart(style: Style, rng: np.random.Generator, path: Path) -> tuple[str, pd.DataFrame]:
    """Draw a chart to `path`; returns its AXES.toml and the true points.

    The truth has columns `compute`, `score` (0 to 1) and the pixel of each point, without the
    half pixel or so by which the drawing program moves markers or ticks.
    """
    shrink = style.scale if style.placing == "resampled" else 1.0
    figure = plt.figure(figsize=(7, 4.6), dpi=style.dpi / shrink)
    axes = figure.add_axes((0.13, 0.14, 0.82, 0.8), facecolor=style.background)
    axes.set_xscale("log" if style.log_x else "linear")
    axes.set_xlim((1e2, 1e6) if style.log_x else (0, 50))
    axes.set_ylim(0, 100)
    axes.set_xlabel("compute")
    axes.set_ylabel("score, %")
    if style.grid:
        axes.grid(True, color="#c8c8c8")
    axes.set_axisbelow(True)
    figure.canvas.draw()
    height = figure.canvas.get_width_height()[1]
    box, radius = axes.get_window_extent(), style.size / 72 * figure.dpi / 2
    low = np.array([box.x0, box.y0]) + radius + 4
    high = np.array([box.x1, box.y1]) - radius - 4
    places = np.empty((0, 2))
    while len(places) < style.points:
        place = rng.uniform(low, high)
        near = np.linalg.norm(places - place, axis=1).min(initial=np.inf)
        # markers nearer than a quarter of their size cannot be told from one
        if near > (0.5 * radius if style.crowded else 2 * radius + 6):
            places = np.vstack([places, place])
    places = places[places[:, 0].argsort()]
    data = axes.transData.inverted().transform(places)
    _mark(axes, style, data, (low, high), rng)
    ticks_x = [1e2, 1e6] if style.log_x else [0, 50]
    corners = axes.transData.transform([[ticks_x[0], 0], [ticks_x[1], 100]])
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=figure.dpi)
    plt.close(figure)
    picture = Image.open(buffer).convert("RGB")
    pixel = np.column_stack([places[:, 0], height - places[:, 1]])
    corners = np.column_stack([corners[:, 0], height - corners[:, 1]]) - 0.5
    tick = drawn_ticks(np.asarray(picture.convert("L"), dtype=float), corners) + 0.5
    if shrink != 1:
        size = (round(picture.width * shrink), round(picture.height * shrink))
        factor = np.array(size) / picture.size
        picture = picture.resize(size, Image.Resampling.LANCZOS)
        pixel, tick = pixel * factor, tick * factor
    if style.quality is None:
        picture.save(path, format="PNG")
    else:
        picture.save(path, format="JPEG", quality=style.quality)
    # the drawing program puts ticks on whole pixels (0.29 px), the hand adds 0.4 px: 0.5 in all
    clicks = tick - 0.5 + rng.normal(0, HAND_SE, tick.shape)
    area = [tick[0, 0], tick[1, 1], tick[1, 0], tick[0, 1]]
    region = [int(area[0]) + 2, int(area[1]) + 2, int(area[2]) - 2, int(area[3]) - 2]
    anchor = '\nanchor = "box"' if style.marker in "^v" else ""
    text = f"""version = 1
[chart]
score_scale = "percent"
click_se = {CLICK_SE}
background = "{style.background}"
region = {region}
[chart.x]
scale = "{"log" if style.log_x else "linear"}"
ticks = [[{clicks[0, 0]}, {ticks_x[0]}], [{clicks[1, 0]}, {ticks_x[1]}]]
[chart.y]
scale = "linear"
ticks = [[{clicks[0, 1]}, 0], [{clicks[1, 1]}, 100]]
[[series]]
name = "drawn"
colour = "{style.colour}"
hollow = {str(style.hollow).lower()}{anchor}
"""
    truth = pd.DataFrame({"compute": data[:, 0], "score": data[:, 1] / 100})
    return text, truth.assign(pixel_x=pixel[:, 0] - 0.5, pixel_y=pixel[:, 1] - 0.5)


def _mark(
    axes: Any,
    style: Style,
    data: np.ndarray,
    box: tuple[np.ndarray, np.ndarray],
    rng: np.random.Generator,
) -> None:
    """The series to be read, with its line and bars; others anywhere in the box, in pixels."""
    face = style.background if style.hollow else style.colour
    edge = ("#ffffff" if style.background == "#111111" else "#000000") if style.edge else None
    look = {"color": style.colour, "linewidth": 1.5}
    if style.line:
        axes.plot(*data.T, zorder=2.5, **look)
    if style.bars:
        axes.errorbar(*data.T, yerr=rng.uniform(3, 9, len(data)), fmt="none", ecolor=style.colour)
    if style.placing == "sub-pixel":
        # markers of unequal size are drawn as paths, which are not moved to whole pixels
        sizes = np.linspace(style.size**2, style.size**2 * 1.001, len(data))
        axes.scatter(
            *data.T, s=sizes, marker=style.marker, c=face, edgecolors=edge or style.colour, zorder=3
        )
    else:
        marks = {"markersize": style.size, "mfc": face, "mec": edge or style.colour}
        axes.plot(*data.T, linestyle="none", marker=style.marker, zorder=3, **marks)
    for number in range(style.others):
        other = rng.uniform(*box, (style.points // 2, 2))
        other = axes.transData.inverted().transform(other[other[:, 0].argsort()])
        colour = [c for c in ("#8c564b", "#17becf") if c != style.colour][number]
        axes.plot(
            *other.T, marker="s", ms=style.size * 0.8, ls="-" if style.line else "none",
            color=colour, zorder=4,
        )  # fmt: skip


def drawn_ticks(grey: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Centres, as drawn, of the ticks nearest to `corners` (2, 2): column of x, row of y ticks."""
    row, column = round(corners[0, 1]) + 3, round(corners[0, 0]) - 3
    found = np.empty((2, 2))
    for number, (x, y) in enumerate(corners):
        near_x, near_y = (
            np.arange(round(x) - 3, round(x) + 4),
            np.arange(round(y) - 3, round(y) + 4),
        )
        ink_x, ink_y = 255 - grey[row, near_x], 255 - grey[near_y, column]
        found[number] = (ink_x @ near_x / ink_x.sum(), ink_y @ near_y / ink_y.sum())
    return found


def read_chart(
    style: Style, rng: np.random.Generator, folder: Path
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Draw one chart, read it, and match what was read with the truth.

    Returns rows (one per matched marker and axis: error, point and axis standard error, whether
    flagged) and the chart's record (style, counts, shared errors found and stated).
    """
    path = folder / ("chart.png" if style.quality is None else "chart.jpg")
    text, truth = draw_chart(style, rng, path)
    (folder / "axes.toml").write_text(text)
    record: dict[str, Any] = asdict(style) | {"drawn": len(truth)}
    try:
        found = digitise_image(path, folder / "axes.toml")
    except SpecError as error:
        return pd.DataFrame(), record | {"refused": str(error), "missed": len(truth)}
    read, charts = found.readings, found.charts.iloc[0]
    gaps = np.linalg.norm(
        truth[["pixel_x", "pixel_y"]].to_numpy()[:, None]
        - read[["pixel_x", "pixel_y"]].to_numpy()[None],
        axis=2,
    )
    limit = max(6.0, style.size / 72 * style.dpi)
    one, two = linear_sum_assignment(np.minimum(gaps, 10 * limit))
    matched = gaps[one, two] < limit
    true, seen = truth.iloc[one[matched]], read.iloc[two[matched]]
    touched = seen["flag"].to_numpy() != ""
    record["missed"] = len(truth) - int(matched.sum())
    record["spurious"] = len(read) - int(matched.sum())
    if matched.sum() < 3:
        return pd.DataFrame(), record
    parts = []
    for axis, value, error, axis_error, target in (
        ("compute", "log10_compute", "log10_compute_se", "log10_compute_axis_se",
         np.log10(true["compute"].to_numpy())),
        ("score", "score", "score_reading_se", "score_axis_se", true["score"].to_numpy()),
    ):  # fmt: skip
        miss, se = seen[value].to_numpy() - target, seen[error].to_numpy()
        # on a linear compute axis the shared error is not linear in log10 compute: take it there
        rate = 1.0 if axis == "score" or style.log_x else 10**target * math.log(10)
        scale = np.asarray(target if axis == "score" or style.log_x else 10**target)
        offset, slope, left = shared_error(scale, miss * rate, se * rate, ~touched)
        parts.append(
            pd.DataFrame(
                {
                    "axis": axis,
                    "error": miss,
                    "point_se": se,
                    "pixel_se": seen[
                        "pixel_x_se" if axis == "compute" else "pixel_y_se"
                    ].to_numpy(),
                    "axis_se": seen[axis_error].to_numpy(),
                    "own_z": left,
                    "total_z": miss / np.hypot(se, seen[axis_error].to_numpy()),
                    "flagged": touched,
                }
            )
        )
        if axis == "score" or style.log_x:
            prefix = "log10_axis" if axis == "compute" else "score_axis"
            record[f"{axis}_offset_z"] = offset / charts[f"{prefix}_offset_se"]
            record[f"{axis}_scale_z"] = slope / charts[f"{prefix}_scale_se"]
    return pd.concat(parts, ignore_index=True), record


def shared_error(
    x: np.ndarray, miss: np.ndarray, se: np.ndarray, use: np.ndarray
) -> tuple[float, float, np.ndarray]:
    """Offset and scale error of a chart, and the points' own errors in standard errors.

    A weighted straight line through the errors takes the shared part away; each point's residual
    is divided by its standard error after that (its leverage is known), so that a standard normal
    stays one.
    """
    if use.sum() < 3:
        use = np.ones(len(x), dtype=bool)
    design = np.column_stack([np.ones(len(x)), x - x[use].mean()])
    weight = np.where(use, 1 / se**2, 0)
    covariance = np.linalg.inv(design.T @ (design * weight[:, None]))
    line = covariance @ (design.T @ (weight * miss))
    leverage = np.einsum("ij,jk,ik->i", design, covariance, design)
    # variance of a residual: smaller for the points that the line was fitted to
    variance = se**2 + np.where(use, -leverage, leverage)
    return float(line[0]), float(line[1]), (miss - design @ line) / np.sqrt(variance)
