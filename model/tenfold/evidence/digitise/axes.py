"""Axes of a chart: what a user says of them in `AXES.toml`, and the map from pixels to values.

Pixels: x to the right, y down. Any origin and half-pixel convention will do, as long as clicks and
points share it (images are read with whole numbers at pixel centres).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from tenfold.evidence.columns import Label, Regime, Unit
from tenfold.files import SpecError
from tenfold.spec import Strict

CLICK_SE = 0.5
"""Default standard error of a click, pixels per coordinate: to the pixel, either way."""
DRAWING_SE = 0.4
"""All markers against all ticks, pixels: programs put ticks on whole pixels (up to 0.5 either way),
by rules that differ by up to half a pixel from those for markers."""


class Axis(Strict):
    """One axis of an upright chart: at which pixel column (x) or row (y) which value is printed."""

    scale: Literal["linear", "log"]
    ticks: list[Annotated[list[float], Field(min_length=2, max_length=2)]] = Field(min_length=2)

    @model_validator(mode="after")
    def _usable(self) -> Axis:
        check_calibration(
            [pixel for pixel, _ in self.ticks], [v for _, v in self.ticks], self.scale == "log"
        )
        return self


class Chart(Strict):
    """What a chart does not say of itself. Empty fields are left for the user to fill."""

    x: Axis | None = None
    y: Axis | None = None
    benchmark: str = ""
    regime: Regime | Literal[""] = ""
    compute_unit: Unit | Literal[""] = ""
    score_scale: Literal["fraction", "percent"] | None = None
    n_questions: int | None = Field(default=None, ge=1)
    n_samples: float | None = Field(default=None, gt=0)
    click_se: float = Field(default=CLICK_SE, gt=0)
    marker_diameter: float = Field(default=0.0, ge=0)
    log10_axis_scale_se: float = Field(default=0.0, ge=0)
    region: Annotated[list[int], Field(min_length=4, max_length=4)] | None = None
    exclude: list[Annotated[list[int], Field(min_length=4, max_length=4)]] = []
    background: str | None = Field(default=None, pattern="^#[0-9a-fA-F]{6}$")


class Series(Strict):
    """One series: its labels and where to find it (datasets of a project, or a marker colour)."""

    name: Label
    family: str = ""
    model: str = ""
    setting: str = ""
    mode: Literal["thinking", "non-thinking"] = "thinking"
    datasets: list[str] = []
    colour: str | None = Field(default=None, pattern="^#[0-9a-fA-F]{6}$")
    tolerance: float = Field(default=60.0, gt=0, le=200)
    hollow: bool = False
    anchor: Literal["centroid", "box"] | None = None


class AxesFile(Strict):
    """`AXES.toml`: the calibration of an image, or the labels of a project's datasets.

    An image needs the two axes and a colour per series; everything else may be left out::

        version = 1

        [chart]
        benchmark = "AIME 2024"
        regime = "inference"
        compute_unit = "tokens"
        score_scale = "percent"          # or "fraction"
        n_questions = 30                 # adds the sampling error to score_se
        click_se = 0.5                   # of a calibration click, pixels
        log10_axis_scale_se = 0.0        # stated, for an axis without numbers
        region = [90, 20, 760, 480]      # left, top, right, bottom of the plot
        exclude = [[600, 400, 750, 470]] # the legend
        background = "#ffffff"           # else the most common colour of the region

        [chart.x]
        scale = "log"
        ticks = [[121.0, 1000], [701.0, 100000]]  # [pixel column, value], two or more

        [chart.y]
        scale = "linear"
        ticks = [[460.0, 0], [40.0, 100]]         # [pixel row, value]

        [[series]]
        name = "reasoner on AIME"
        family = "reasoner"
        model = "reasoner-1"
        colour = "#1f77b4"
        tolerance = 60                   # distance in RGB
        hollow = false                   # outlines with the background inside
        anchor = "centroid"              # or "box": where triangles put their value
        # datasets = ["a", "a #2"]       # of a project: repeats of this series
    """

    version: Literal[1]
    chart: Chart = Chart()
    series: list[Series] = []

    @model_validator(mode="after")
    def _distinct(self) -> AxesFile:
        datasets = [d for s in self.series for d in s.datasets or [s.name]]
        for what in ([s.name for s in self.series], datasets):
            if twice := sorted({name for name in what if what.count(name) > 1}):
                raise ValueError(f"{twice[0]!r} appears twice; expected each series once")
        return self


@dataclass(frozen=True)
class Calibration:
    """Affine map from pixels to axis values (log10 on a log axis), with its calibration clicks.

    `clicks` (k, 2) pixels; `values` (k,) on the axis' own scale; `axis` (k,) 0 for x, 1 for y;
    `along`: for upright axes the pixel coordinate each axis runs along, None for rotated ones.
    `percent`: the scores are written with per cent signs.
    """

    clicks: np.ndarray
    values: np.ndarray
    axis: np.ndarray
    log: tuple[bool, bool]
    along: tuple[int, int] | None
    click_se: float = CLICK_SE
    percent: bool = False

    def affine(self, clicks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Matrix (2, 2) and offset (2,) of the map when the clicks are at `clicks` (k, 2).

        Rotated axes: the x value does not change along the y axis' direction, and conversely.
        Upright axes: least squares over the ticks.
        """
        matrix, offset = np.zeros((2, 2)), np.zeros(2)
        if self.along is None:
            x, y = clicks[self.axis == 0], clicks[self.axis == 1]
            u, v = self.values[self.axis == 0], self.values[self.axis == 1]
            directions = np.column_stack([x[1] - x[0], y[1] - y[0]])
            matrix = np.diag([u[1] - u[0], v[1] - v[0]]) @ np.linalg.inv(directions)
            return matrix, np.array([u[0] - matrix[0] @ x[0], v[0] - matrix[1] @ y[0]])
        for axis, along in enumerate(self.along):
            pixel, value = clicks[self.axis == axis, along], self.values[self.axis == axis]
            centre = pixel.mean()
            slope = (pixel - centre) @ value / ((pixel - centre) ** 2).sum()
            matrix[axis, along] = slope
            offset[axis] = value.mean() - slope * centre
        return matrix, offset

    def read(self, pixels: np.ndarray, clicks: np.ndarray | None = None) -> np.ndarray:
        """Values (n, 2) on the axes' own scales (log10 on a log axis) at `pixels` (n, 2)."""
        matrix, offset = self.affine(self.clicks if clicks is None else clicks)
        return pixels @ matrix.T + offset

    def point_se(self, pixel_se: np.ndarray) -> np.ndarray:
        """Errors (n, 2) on the axes' own scales from independent pixel errors (n, 2)."""
        matrix, _ = self.affine(self.clicks)
        return np.sqrt(pixel_se**2 @ (matrix**2).T)

    def shared(self, pixels: np.ndarray) -> np.ndarray:
        """Moves (n, 2, 2k + 2) of the values under each shared error of one standard error.

        Each click coordinate is off by `click_se` (central differences), and the whole drawing by
        `DRAWING_SE` across and down; the errors of all points are `shared @ standard normals`.
        """
        moves, step = [], 0.01
        for index in np.ndindex(*self.clicks.shape):
            ahead, behind = self.clicks.astype(float), self.clicks.astype(float)
            ahead[index] += step
            behind[index] -= step
            moves.append((self.read(pixels, ahead) - self.read(pixels, behind)) / (2 * step))
        matrix, _ = self.affine(self.clicks)
        drawing = np.broadcast_to(matrix * DRAWING_SE, (len(pixels), 2, 2))
        return np.concatenate([np.stack(moves, axis=-1) * self.click_se, drawing], axis=-1)


def check_calibration(pixels: Sequence[float], values: Sequence[float], log: bool) -> None:
    """Raise ValueError, in one line, for a calibration that defines no axis."""
    if log and min(values) <= 0:
        raise ValueError(f"log axis calibrated at {min(values):g}; expected values > 0")
    if len(set(values)) < len(values):
        raise ValueError(f"degenerate: value {values[0]:g} twice; expected distinct values")
    if len(set(pixels)) < len(pixels):
        raise ValueError(f"degenerate: pixel {pixels[0]:g} twice; expected distinct pixels")


def calibrate(chart: Chart, where: str) -> Calibration:
    """Calibration of an upright chart from the ticks of `AXES.toml`.

    Raises:
        SpecError: an axis is missing, swapped, or its ticks do not lie on its scale.
    """
    if chart.x is None or chart.y is None:
        missing = "x" if chart.x is None else "y"
        raise SpecError(f"{where}: chart.{missing}: missing; expected scale and ticks of the axis")
    clicks, values, axis = [], [], []
    for number, item in enumerate((chart.x, chart.y)):
        for pixel, value in item.ticks:
            clicks.append([pixel, 0.0] if number == 0 else [0.0, pixel])
            values.append(math.log10(value) if item.scale == "log" else value)
            axis.append(number)
    found = Calibration(
        np.array(clicks),
        np.array(values),
        np.array(axis),
        (chart.x.scale == "log", chart.y.scale == "log"),
        (0, 1),
        chart.click_se,
    )
    check_directions(found, where)
    matrix, _ = found.affine(found.clicks)
    for number, name in enumerate("xy"):
        own = found.axis == number
        off = (found.read(found.clicks[own])[:, number] - found.values[own]) / matrix[number].sum()
        if np.abs(off).max() > 5 * chart.click_se:
            worst = int(np.abs(off).argmax())
            raise SpecError(
                f"{where}: chart.{name}.ticks: tick {worst + 1} is {abs(off[worst]):.1f} px off "
                "the line through the ticks; expected the axis' own scale (linear or log)"
            )
    return found


def check_directions(calibration: Calibration, where: str) -> None:
    """Values must rise to the right and upwards; a falling axis is almost always a swap.

    Raises:
        SpecError: naming the axis.
    """
    matrix, _ = calibration.affine(calibration.clicks)
    for row, name in zip(matrix, "xy", strict=True):
        right = abs(row[0]) >= abs(row[1])
        if (row[0] if right else -row[1]) < 0:
            raise SpecError(
                f"{where}: {name} axis: values fall {'to the right' if right else 'upwards'}, so "
                "its calibration points are swapped; expected values that rise (if the axis "
                "really runs backwards, mirror the image)"
            )


def offset_and_scale(shared: np.ndarray, values: np.ndarray) -> tuple[float, float]:
    """Standard errors of the offset (at the mean) and the relative scale of an axis.

    `shared` (n, m): errors of the `values` (n,) under m independent standard normals. The scale
    is the slope of the errors on the values by least squares; 0 with fewer than two values.
    """
    centred = values - values.mean()
    spread = float((centred**2).sum())
    offset = float(np.linalg.norm(shared.mean(axis=0)))
    if spread == 0:
        return offset, 0.0
    return offset, float(np.linalg.norm(centred @ shared / spread))
