"""Coordinates in which the posterior is near a standard normal, from the quick fits of `pilot`.

Series: standard deviations from the mode of `pilot`, given the ceiling and what stands above, and
bent where a slope may well be next to nothing. Cells: intercepts keep what their series know when
the mean above them moves; the slope total is standardised by its normal approximation given the
spreads above it, so that neither a small spread nor a well-informed cell makes a funnel. All
constants depend on data and priors alone; the kernel accounts for the change of variables exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tenfold.curves import SHAPES
from tenfold.posterior.scenario import ModelChoice
from tenfold.sampler import earlier, layout, maps, pilot
from tenfold.sampler.layout import Layout

ROUNDS = 10
"""Quick fits of all series, each with better typical values above them."""

CURVE = ("p0", "p1", "p2", "p3", "p4")
"""Fields of a curve from standard normals, in the kernel's tables: see `maps.normal_curves`."""


@dataclass(frozen=True)
class Guess:
    """Typical values under the priors, from which the quick fits set out.

    `level` and `slope` are those of each cell, with the standard deviations of cells around them.
    """

    center: np.ndarray
    where: Layout
    level: np.ndarray
    slope: np.ndarray
    level_sd: float
    slope_sd: float

    @classmethod
    def of(cls, tables: Mapping[str, np.ndarray], where: Layout) -> Guess:
        """From the prior table."""
        center, regime = layout.typical(tables["own"]), tables["cells"]["regime"]

        def prior(name: str) -> np.ndarray:
            return center[where.slice(*where.own[name])]

        def one(name: str, otherwise: float) -> float:
            return float(prior(name)[0]) if name in where.own else otherwise

        return cls(
            center=center,
            where=where,
            level=prior("intercept_mean")[regime],
            slope=prior("log_slope_mean")[regime],
            level_sd=one("intercept_cell_sd", 1.0),
            slope_sd=float(np.hypot(one("benchmark_sd", 0.0), one("cell_sd", 0.3))),
        )

    def prior(self, name: str) -> np.ndarray:
        """Typical values of one parameter."""
        return self.center[self.where.slice(*self.where.own[name])]

    def one(self, name: str, otherwise: float) -> float:
        """Typical value of a parameter of one number, if the model has it."""
        return float(self.prior(name)[0]) if name in self.where.own else otherwise


@dataclass(frozen=True)
class Settled:
    """Quick fits of every series at typical values that they themselves point to.

    Attributes:
        level, slope: of each cell.
        at: typical values of what stands above each series.
        shift: thinking shift of each benchmark that has one (one entry where none has).
        column: the likeliest ceiling of each cell, as a column of `fits`.
        own: the log slope of each series at that ceiling; `information1`, `information2`: what it
            says of the level and slope of its cell.
    """

    level: np.ndarray
    slope: np.ndarray
    at: pilot.Typical
    shift: np.ndarray
    fits: pilot.Fits
    column: np.ndarray
    information1: np.ndarray
    information2: np.ndarray


def adapt(
    tables: Mapping[str, np.ndarray], where: Layout, choice: ModelChoice
) -> dict[str, np.ndarray]:
    """The tables of the kernel that hold the coordinates: those of `packing.tables` completed.

    Args:
        tables: all that does not depend on quick fits.
    """
    bare, tables = tables, dict(tables) | earlier.counted(tables, where)
    guess = Guess.of(tables, where)
    settled = _settle(tables, where, choice, guess)
    follows = choice.slope_sign == "positive"
    of_cell, found = tables["series"]["cell"], settled.fits
    n_series, n_cells = of_cell.size, tables["cells"].size
    best = (np.arange(n_series), settled.column[tables["series"]["ceiling"]])

    cell = tables["cells"].copy()
    cell["level_information"] = np.bincount(of_cell, settled.information1, n_cells)
    cell["slope_information"] = np.bincount(of_cell, settled.information2, n_cells)
    # that information is size / (spread^2 + error): what it becomes under another spread
    size, at = np.bincount(of_cell, minlength=n_cells), settled.at
    for name, spread in (("level", at.intercept_sd), ("slope", at.series_sd)):
        cell[f"{name}_spread0"] = spread
        information = cell[f"{name}_information"]
        cell[f"{name}_error"] = np.maximum(size / np.maximum(information, 1e-9) - spread**2, 0.0)
    moved = np.zeros((2, n_cells, found.own.shape[1]))
    ceilings = tables["ceilings"].copy()
    if ceilings.size:
        log_density, moved, mean, sd = _ceilings(tables, guess, settled, follows)
        _set_curves(ceilings, maps.normal_curves(log_density, pilot.GRID))
        weight = np.exp(log_density - log_density.max(axis=1, keepdims=True))
        weight /= weight.sum(axis=1, keepdims=True)
        spread = weight @ pilot.GRID**2 - (weight @ pilot.GRID) ** 2
        ceilings["mean0"], ceilings["sd0"] = mean[ceilings["regime"]], sd[ceilings["regime"]]
        # what the data leave open of it goes along with the prior
        ceilings["follows"] = np.clip(spread / ceilings["sd0"] ** 2, 0.0, 1.0)
    shares = _shares(tables, settled.information2)
    cell["first_share"], cell["last_share"] = shares["first"], shares["last"]

    series = tables["series"].copy()
    series["level0"], series["level_weight"] = at.level, at.intercept_sd**-2
    series["slope0"], series["slope_weight"] = at.log_slope, at.series_sd**-2
    if not follows:  # in units of the slope itself
        series["slope0"] = np.exp(series["slope0"])
        series["slope_weight"] /= series["slope0"] ** 2
    series["by_shift1"], series["by_shift2"] = found.by_shift[:, *best]
    of_shift = np.maximum(series["thinking"], 0)
    series["shift0"] = settled.shift[of_shift]
    for name, values in pilot.variances(tables["points"], tables["series"], at, found).items():
        series[name] = values
    if {"early_z", "start_z"} & set(where.blocks):
        for name, values in earlier.known(
            bare, tables, sd[0], follows, settled.at, found, best
        ).items():
            series[name] = values
    shape = SHAPES[tables["layout"][0]["shape"]]
    straight = np.tile([0.0, 1.0, 0.0, 0.0, 1.0], (n_series, 1))
    _set_curves(series, straight)
    if follows:
        grid, log_density = pilot.slope_density(
            tables["points"], tables["series"], shape, at, found, best
        )
        _set_curves(series, maps.normal_curves(log_density, grid))

    return {
        "cells": cell,
        "ceilings": ceilings,
        "series": series,
        "shares": shares["rows"],
        "maps": _maps(found, guess, settled, cell, moved * np.array([1, follows])[:, None, None]),
        "thinking": _thinking(tables, where, settled, best),
    }


def _set_curves(table: np.ndarray, found: np.ndarray) -> None:
    for k, name in enumerate(CURVE):
        table[name] = found[:, k]


def _settle(
    tables: Mapping[str, np.ndarray], where: Layout, choice: ModelChoice, guess: Guess
) -> Settled:
    """Fit every series and move what stands above to where the fits point (EM), several times."""
    series, of_cell = tables["series"], tables["series"]["cell"]
    n_cells, positive = tables["cells"].size, choice.slope_sign == "positive"
    at_layout = tables["layout"][0]
    shape, ceilings = SHAPES[at_layout["shape"]], bool(at_layout["saturating"])
    ceiling_prior = np.zeros(1)
    if ceilings:
        spread = np.hypot(guess.prior("ceiling_sd")[0], 1.0)
        ceiling_prior = -0.5 * ((pilot.GRID - guess.prior("ceiling_mean")[0]) / spread) ** 2
    nu = guess.one("nu", np.inf)
    nus = np.array([np.inf])
    if "nu" in where.own:
        least = tables["own"][where.own["nu"][0]]["shift"]
        nus = least + (nu - least) * 2.0 ** np.arange(-5, 2)
    scales = np.linspace(0.1, 1.0, 10) if "lambda" in where.own else np.ones(1)
    of_shift = np.maximum(series["thinking"], 0)
    n_thinking = where.coords["shifted_benchmark"].size if "thinking_shift" in where.blocks else 0
    shift_mean, shift_sd = (
        guess.one(f"thinking_shift_{k}", v) for k, v in (("mean", 0), ("sd", 1))
    )

    level, slope = guess.level, guess.slope
    shift = np.full(max(n_thinking, 1), float(shift_mean))
    intercept_sd, series_sd = guess.one("intercept_sd", 1.0), guess.one("series_sd", 0.3)
    noise = (guess.one("lambda", 1.0), float(guess.prior("sigma").mean()), nu)
    drift = (guess.one("drift_share", 0.0), guess.one("drift_length", 1.0))
    begin = None
    for left in range(ROUNDS, 0, -1):
        at = pilot.Typical(
            level[of_cell],
            slope[of_cell],
            intercept_sd,
            series_sd,
            *noise,
            shift[of_shift],
            drift,
        )
        found = pilot.fits(tables["points"], series, shape, ceilings, positive, at, begin)
        begin = found.intercept, found.own if positive else np.log(found.own)
        # at the likeliest ceiling of each; the last row is of series without one
        tops = tables["ceilings"].size + 1
        of_ceiling = series["ceiling"] % tops
        likely = _sum_by(of_ceiling, found.log_marginal[None], tops)[0] + ceiling_prior
        column = np.argmax(likely, axis=1)
        best = (np.arange(series.size), column[of_ceiling])
        own, unit = found.own[best], np.ones(series.size)
        if not positive:
            own, unit = np.log(own), 1 / own
        # information on the cell from each series: its own spread added to the error of its fit
        v1 = found.c11[best] ** 2
        v2 = (found.c21[best] ** 2 + found.c22[best] ** 2) * unit**2
        w1 = 1 / intercept_sd**2 - v1 / intercept_sd**4
        w2 = np.maximum(1 / series_sd**2 - v2 / series_sd**4, 1e-3)
        if left == 1:
            return Settled(level, slope, at, shift, found, column, w1, w2)
        noise = pilot.noise(tables["points"], series, found.gap, scales, nus)
        offset1, offset2 = found.intercept[best] - level[of_cell], own - slope[of_cell]
        pull1 = np.bincount(of_cell, offset1 / intercept_sd**2, n_cells)
        pull2 = np.bincount(of_cell, offset2 / series_sd**2, n_cells)
        prior1, prior2, prior3 = guess.level_sd**-2, guess.slope_sd**-2, shift_sd**-2
        pull1, pull2 = (
            pull1 + prior1 * (guess.level - level),
            pull2 + prior2 * (guess.slope - slope),
        )
        level = level + pull1 / (np.bincount(of_cell, w1, n_cells) + prior1)
        slope = slope + pull2 / (np.bincount(of_cell, w2, n_cells) + prior2)
        pull3 = np.bincount(of_shift, found.shift_pull[best], shift.size)
        pull3 = pull3 + prior3 * (shift_mean - shift)
        known = np.bincount(of_shift, found.shift_information[best], shift.size)
        shift = shift + pull3 / (known + prior3)
        # expected spreads at each level, with the prior's guess as two observations
        intercept_sd = _spread(offset1, v1, guess.one("intercept_sd", 1.0))
        series_sd = _spread(offset2, v2, guess.one("series_sd", 0.3))
    raise AssertionError("ROUNDS is positive")


def _ceilings(
    tables: Mapping[str, np.ndarray], guess: Guess, settled: Settled, follows: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Log density of the ceiling of each cell along `pilot.GRID`, all below it integrated out.

    Returns:
        Shape (cells, ceilings), with a prior whose mean and sd are found by EM; and how level and
        slope of a cell move with its ceiling, shape (2, cells, ceilings), zero at the likeliest.
    """
    cell, of_cell, found = tables["cells"], tables["series"]["cell"], settled.fits
    n_cells, both, top = cell.size, int(follows), tables["ceilings"]
    weight1, weight2 = settled.at.intercept_sd**-2, settled.at.series_sd**-2
    prior1, prior2 = guess.level_sd**-2, guess.slope_sd**-2
    information = _sum_by(
        of_cell,
        np.stack(
            [
                weight1 - weight1**2 * found.c11**2,
                -both * weight1 * weight2 * found.c11 * found.c21,
                both * (weight2 - weight2**2 * (found.c21**2 + found.c22**2)),
            ]
        ),
        n_cells,
    )
    g1, g2 = _sum_by(of_cell, found.pull, n_cells)
    g1 = g1 - (prior1 * (settled.level - guess.level))[:, None]
    g2 = both * (g2 - (prior2 * (settled.slope - guess.slope))[:, None])
    h11, h12, h22 = information[0] + prior1, information[1], information[2] + prior2
    determinant = h11 * h22 - h12**2
    of_cells = -0.5 * np.log(determinant)
    of_cells += 0.5 * (h22 * g1**2 - 2 * h12 * g1 * g2 + h11 * g2**2) / determinant
    # level and slope of a cell move with its ceiling; a run's ceiling is its own
    tops = tables["series"]["ceiling"]
    density = _sum_by(tops, found.log_marginal[None], top.size)[0]
    shared = np.flatnonzero(cell["ceiling"] >= 0)
    density[cell["ceiling"][shared]] += of_cells[shared]
    start, mean = guess.prior("ceiling_mean"), guess.prior("ceiling_mean").copy()
    sd0, sd = guess.prior("ceiling_sd"), guess.prior("ceiling_sd").copy()
    prior_sd = tables["own"]["b"][guess.where.slice(*guess.where.own["ceiling_mean"])]
    posterior, regime = density, top["regime"]
    for _ in range(4):
        posterior = density - 0.5 * ((pilot.GRID - mean[regime, None]) / sd[regime, None]) ** 2
        weight = np.exp(posterior - posterior.max(axis=1, keepdims=True))
        weight /= weight.sum(axis=1, keepdims=True)
        expected = weight @ pilot.GRID
        for r in range(mean.size):
            own, pull = expected[regime == r], prior_sd[r] ** -2.0
            mean[r] = (own.sum() / sd[r] ** 2 + pull * start[r]) / (own.size / sd[r] ** 2 + pull)
            spread = (weight * (pilot.GRID - mean[regime, None]) ** 2)[regime == r].sum()
            sd[r] = np.sqrt((spread + 2 * sd0[r] ** 2) / (own.size + 2))
    moved = np.stack([h22 * g1 - h12 * g2, h11 * g2 - h12 * g1]) / determinant
    best = (np.arange(n_cells), settled.column[cell["ceiling"]])
    moved = moved - moved[:, *best][..., None]
    return posterior, moved * (cell["ceiling"] >= 0)[:, None], mean, sd


def _shares(tables: Mapping[str, np.ndarray], weight: np.ndarray) -> dict[str, np.ndarray]:
    """How much of each family, model, publication and unit is in the typical slope of each cell.

    Returns:
        `rows`, and where the rows of a cell begin (`first`) and end (`last`).
    """
    series, n_cells = tables["series"], tables["cells"].size
    rows, ends = [], [0]
    for c in range(n_cells):
        members = np.flatnonzero(series["cell"] == c)
        part = weight[members] / weight[members].sum()
        for label in ("group1", "group2", "group3", "unit"):
            for place in np.unique(series[label][members]):
                if place >= 0:
                    share = part[series[label][members] == place].sum()
                    rows.append((label != "unit", place, share))
        ends.append(len(rows))
    from tenfold.sampler import kernel

    found = np.array(rows, dtype=kernel.TABLES["shares"])
    return {"rows": found, "first": np.array(ends[:-1]), "last": np.array(ends[1:])}


def _maps(
    found: pilot.Fits, guess: Guess, settled: Settled, cell: np.ndarray, moved: np.ndarray
) -> np.ndarray:
    """Normal approximations of every series, then of every cell, along the grid of ceilings."""
    from tenfold.sampler import kernel

    n_series, n_ceilings = found.own.shape
    maps = np.zeros((n_series + cell.size, n_ceilings), dtype=kernel.TABLES["maps"])
    columns = {
        "m1": found.intercept, "m2": found.own,
        "g1": found.g11, "g12": found.g21, "g2": found.g22,
    }  # fmt: skip
    for name, values in columns.items():
        maps[name][:n_series] = values
    # precision times what the series of a cell point to, the prior taken out
    for name, information, sd, begin, end, by in (
        ("m1", cell["level_information"], guess.level_sd, guess.level, settled.level, moved[0]),
        ("m2", cell["slope_information"], guess.slope_sd, guess.slope, settled.slope, moved[1]),
    ):
        precision = information + sd**-2
        pointed = information * begin + (end - begin) * precision
        maps[name][n_series:] = pointed[:, None] + precision[:, None] * by
    for name in columns:
        maps[f"{name}_by"] = pilot.slopes(maps[name])
    return maps.ravel()


def _thinking(
    tables: Mapping[str, np.ndarray], where: Layout, settled: Settled, best: tuple
) -> np.ndarray:
    """What the series of each benchmark with a thinking shift say of it."""
    from tenfold.sampler import kernel

    size = where.coords["shifted_benchmark"].size if "thinking_shift" in where.blocks else 0
    thinking = np.zeros(size, dtype=kernel.TABLES["thinking"])
    if size:
        of_shift = np.maximum(tables["series"]["thinking"], 0)
        thinking["information"] = np.bincount(of_shift, settled.fits.shift_information[best], size)
        toward = np.bincount(of_shift, settled.fits.shift_pull[best], size)
        thinking["pointed"] = thinking["information"] * settled.shift + toward
    return thinking


def _spread(offset: np.ndarray, variance: np.ndarray, guess: float) -> float:
    """Standard deviation of effects from their modes and variances, a guess counting as two."""
    return float(np.sqrt(np.mean([*(offset**2 + variance), guess**2, guess**2])))


def _sum_by(index: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
    """Sums over the second axis by index: (k, n, m) -> (k, size, m)."""
    return (np.arange(size)[:, None] == index) @ values
