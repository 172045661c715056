"""The log density of `hierarchy` and its gradient, written out and compiled once per machine.

One pass over the points per evaluation, without intermediate arrays: several times faster than a
generated graph, and compiled in seconds (numba keeps the machine code on disk). Nothing here is a
model of its own: tests hold value and gradient against `hierarchy` for every form and switch.

`Inputs` are flat float arrays that `packing` makes; the sampler's vector `u` is laid out there
too. Names: `x_bar` is the derivative of the log density by `x` (reverse accumulation).
"""

# compiled code has no useful static types
# pyright: reportPrivateImportUsage=false
from __future__ import annotations

from math import cos, erfc, exp, lgamma, log, log1p, pi, sin, sqrt
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import types

FAMILIES = ("normal", "half_normal", "log_normal", "gamma", "beta")
NORMAL, HALF_NORMAL, LOG_NORMAL, GAMMA, BETA = range(5)
SHAPES = ("logistic", "power")
LOGISTIC, POWER = range(2)
LOG_2PI = log(2 * pi)
LOG_10 = log(10)

OWN = (
    "log_slope_mean unit_offset unit_sd benchmark_sd cell_sd family_sd model_sd "
    "publication_sd series_sd intercept_mean intercept_cell_sd intercept_sd "
    "thinking_shift_mean thinking_shift_sd thinking_family_sd thinking_model_sd "
    "thinking_rest_mean thinking_rest_sd ceiling_mean ceiling_sd early_mean early_sd "
    "start_mean start_sd lambda_ sigma nu drift_share drift_length log_inference_per_training_mean "
    "inference_per_training_sd gpt_level_mean gpt_level_sd"
).split()
"""Parameters with a prior of their own: one number each, or one per regime or unit."""

BLOCKS = (
    "cell_slope family_z model_z publication_z thinking_family_z thinking_model_z cell_level "
    "ceiling_logit early_z start_z intercept log_slope thinking_shift thinking_rest_z log_kappa "
    "shift_z"
).split()
"""What follows them in the sampler's vector."""


def _record(integers: str, floats: str = "") -> np.dtype:
    fields = [*((f, "i8") for f in integers.split()), *((f, "f8") for f in floats.split())]
    return np.dtype(fields, align=True)


TABLES = {
    # where each parameter stands in u (-1: not in this model), switches, and sizes
    "layout": _record(
        " ".join((*OWN, *(f"u_{name}" for name in BLOCKS)))
        + " shape saturating positive polar n_nodes",
        "radius grid_start grid_step",
    ),
    "own": _record("family", "a b shift"),  # priors: hyperparameters as in spec.HYPERPARAMETERS
    # partner: the cell it is conditioned on, or -1; floats: see `geometry`
    "cells": _record(
        "regime partner first_share last_share ceiling",
        "level_information slope_information level_error slope_error level_spread0 slope_spread0",
    ),
    # of inference cells and of RL runs; rows of `ceilings` elsewhere, -1 for none
    # follows: how far a ceiling goes along with its prior, whose typical mean and sd are given
    "ceilings": _record("regime", "p0 p1 p2 p3 p4 follows mean0 sd0"),
    "shares": _record("is_group place", "weight"),
    # one row per family, model and publication: where its standard normal stands in u, and its sd
    "groups": _record("place sd"),
    "series": _record(
        "first last regime cell ceiling unit thinking chart count_row drifts early start "
        "group1 group2 group3 thinking1 thinking2",  # rows of `groups`, or -1
        "floor position level0 level_weight slope0 slope_weight by_shift1 by_shift2 shift0 "
        "p0 p1 p2 p3 p4 variance0 score_variance other_variance begin ground0 "
        "early_information early_pointed start0 by_start1 by_start2 "
        "start_information start_pointed",
    ),
    "thinking": _record("", "information pointed"),  # benchmarks with a thinking shift
    "counts": _record("", "n"),  # distinct sums of `seen` within a series
    "points": _record("", "score score_se x x_se non_thinking seen step"),  # step: OOMs since last
    # two points of one model, of which the one in a non-thinking mode is told from the other
    "pairs": _record(
        "regime cell ceiling unit thinking group1 group2 group3 thinking1 thinking2",
        "floor given given_se score score_se ooms seen",
    ),
    "charts": _record("", "sd"),
    "axes": _record("first second", "log_ratio"),  # places of two units' offsets in u, or -1
    "shifts": _record("", "rl_ooms rl_ooms_se shift_ooms shift_ooms_se seen"),
    "techniques": _record("", "log_ratio se"),
    "steps": _record("", "ooms axis variance"),  # of the ladder, along the axes of their errors
    # the normal approximations of `pilot` at each ceiling of its grid, and their derivatives: of
    # every series, then of every cell
    "maps": _record("", "m1 m2 g1 g12 g2 m1_by m2_by g1_by g12_by g2_by"),
}


class Inputs(NamedTuple):
    """All that the density depends on besides `u`: one structured array per entry of TABLES."""

    layout: np.ndarray
    own: np.ndarray
    cells: np.ndarray
    ceilings: np.ndarray
    shares: np.ndarray
    groups: np.ndarray
    series: np.ndarray
    thinking: np.ndarray
    counts: np.ndarray
    points: np.ndarray
    pairs: np.ndarray
    charts: np.ndarray
    axes: np.ndarray
    shifts: np.ndarray
    techniques: np.ndarray
    steps: np.ndarray
    maps: np.ndarray


# forceinline: a function left apart is compiled on its own and again beside its caller, with other
# roundings; the process that compiles would run the first copy, one that loads the cache the second
jit = numba.njit(
    cache=True,
    error_model="numpy",
    fastmath={"contract", "nsz", "reassoc", "arcp"},
    forceinline=True,
)


@jit
def _digamma(x: Any) -> Any:
    """Digamma for x > 0: recurrence up to 8, then its asymptotic series (Abramowitz 6.3.18)."""
    value = 0.0
    while x < 8.0:
        value -= 1.0 / x
        x += 1.0
    r = 1.0 / (x * x)
    tail = r * (1 / 252 - r * (1 / 240 - r * (1 / 132 - r * 691 / 32760)))
    return value + log(x) - 0.5 / x - r * (1 / 12 - r * (1 / 120 - tail))


@jit
def _normal(x: Any, mean: Any, sd: Any) -> Any:
    r = (x - mean) / sd
    return -0.5 * r * r - log(sd) - 0.5 * LOG_2PI


@jit
def _prior(u: Any, family: Any, a: Any, b: Any) -> Any:
    """Value of a parameter, d value / du, log prior of `u` with its Jacobian, and its gradient."""
    if family == NORMAL:
        r = (u - a) / b
        return u, 1.0, -0.5 * r * r - log(b) - 0.5 * LOG_2PI, -r / b
    if family == BETA:
        value = 1.0 / (1.0 + exp(-u))
        tail = log1p(exp(-abs(u)))
        constant = lgamma(a + b) - lgamma(a) - lgamma(b)
        density = constant - a * (tail + max(-u, 0.0)) - b * (tail + max(u, 0.0))
        return value, value * (1.0 - value), density, a * (1.0 - value) - b * value
    if family == HALF_NORMAL:  # value is a times the integral of the normal CDF: light tails
        cdf = 0.5 * erfc(-u / sqrt(2.0))
        pdf = exp(-0.5 * (u * u + LOG_2PI))
        r = pdf + u * cdf
        return a * r, a * cdf, log(2.0 * cdf) - 0.5 * (r * r + LOG_2PI), pdf / cdf - r * cdf
    value = exp(u)
    if family == LOG_NORMAL:
        r = (u - a) / b
        return value, value, -0.5 * r * r - log(b) - 0.5 * LOG_2PI, -r / b
    return value, value, a * log(b) - lgamma(a) + a * u - b * value, a - b * value


@jit
def _log_prior(x: Any, family: Any, a: Any, b: Any) -> Any:
    """Log prior of a positive value and its derivative, without a change of variables."""
    if family == HALF_NORMAL:
        r = x / a
        return log(2.0 / a) - 0.5 * (r * r + LOG_2PI), -r / a
    if family == LOG_NORMAL:
        r = (log(x) - a) / b
        return -0.5 * (r * r + LOG_2PI) - log(b * x), -(r / b + 1.0) / x
    return a * log(b) - lgamma(a) + (a - 1.0) * log(x) - b * x, (a - 1.0) / x - b


@jit
def _interpolate(maps: Any, k: Any, t: Any, at: Any) -> Any:
    """Cubic Hermite interpolation between nodes k and k + 1: five values, five derivatives."""
    left = maps[k]
    if at.n_nodes == 1:
        return left.m1, left.m2, left.g1, left.g12, left.g2, 0.0, 0.0, 0.0, 0.0, 0.0
    right, step = maps[k + 1], at.grid_step
    h00, h01 = (1.0 + 2.0 * t) * (1.0 - t) ** 2, t * t * (3.0 - 2.0 * t)
    h10, h11 = t * (1.0 - t) ** 2 * step, t * t * (t - 1.0) * step
    g0 = 6.0 * t * (t - 1.0) / step
    g10, g11 = (1.0 - t) * (1.0 - 3.0 * t), t * (3.0 * t - 2.0)
    return (
        h00 * left.m1 + h01 * right.m1 + h10 * left.m1_by + h11 * right.m1_by,
        h00 * left.m2 + h01 * right.m2 + h10 * left.m2_by + h11 * right.m2_by,
        h00 * left.g1 + h01 * right.g1 + h10 * left.g1_by + h11 * right.g1_by,
        h00 * left.g12 + h01 * right.g12 + h10 * left.g12_by + h11 * right.g12_by,
        h00 * left.g2 + h01 * right.g2 + h10 * left.g2_by + h11 * right.g2_by,
        g0 * (left.m1 - right.m1) + g10 * left.m1_by + g11 * right.m1_by,
        g0 * (left.m2 - right.m2) + g10 * left.m2_by + g11 * right.m2_by,
        g0 * (left.g1 - right.g1) + g10 * left.g1_by + g11 * right.g1_by,
        g0 * (left.g12 - right.g12) + g10 * left.g12_by + g11 * right.g12_by,
        g0 * (left.g2 - right.g2) + g10 * left.g2_by + g11 * right.g2_by,
    )


@jit
def _curved(u: Any, row: Any) -> Any:
    """`maps.normal_curves` at u: value, derivative, and d log derivative / du."""
    room = row.p4 * (u - row.p3)
    tail = exp(-abs(room))
    part = (1.0 if room > 0.0 else tail) / (1.0 + tail)
    soft = (log1p(tail) + max(room, 0.0)) / row.p4
    by = row.p1 + row.p2 * part
    return row.p0 + row.p1 * u + row.p2 * soft, by, row.p2 * part * (1.0 - part) * row.p4 / by


@jit
def _standardised(u: Any, prior: Any, v: Any, information: Any, pointed: Any) -> Any:
    """A normal effect from a coordinate `u` that is standard normal if what is known holds.

    Prior mean and variance are `prior` and `v`; the data know it with a precision `information`,
    and `pointed` is that precision times the value they point to. Returns the effect, its
    conditional sd, and the pull of the data relative to the prior mean.
    """
    spread = sqrt(v / (1.0 + information * v))
    known = pointed - information * prior
    return prior + spread * (spread * known + u), spread, known


@jit
def _clarity(spread: Any, spread0: Any, error: Any) -> Any:
    """How much more a cell's series say of it than where their spread is spread0, and by spread."""
    clarity = (spread0 * spread0 + error) / (spread * spread + error)
    return clarity, -2.0 * spread * clarity / (spread * spread + error)


@jit
def _standardised_bar(
    effect_bar: Any,
    u: Any,
    prior: Any,
    effect: Any,
    v: Any,
    information: Any,
    spread: Any,
    known: Any,
) -> Any:
    """Reverse of `_standardised` with the effect's own log prior and the Jacobian.

    Args:
        effect_bar: derivative of all else by the effect.

    Returns:
        Log prior plus log Jacobian, and derivatives by u, prior, v, pointed and information.
    """
    r = effect - prior
    density = -0.5 * (r * r / v + LOG_2PI + log(v)) + log(spread)
    own_bar = effect_bar - r / v
    known_bar = own_bar * spread * spread
    spread_bar = own_bar * (2.0 * spread * known + u) + 1.0 / spread
    v_bar = 0.5 * spread_bar * spread**3 / (v * v) + 0.5 * (r * r / v - 1.0) / v
    prior_bar = own_bar - information * known_bar + r / v
    information_bar = -prior * known_bar - 0.5 * spread_bar * spread**3
    return density, own_bar * spread, prior_bar, v_bar, known_bar, information_bar


@jit
def _curve(eta: Any, shape: Any) -> Any:
    """Share of the way to the ceiling, and its first and second derivative by eta."""
    if shape == LOGISTIC:
        share = 1.0 / (1.0 + exp(-eta))
        by_eta = share * (1.0 - share)
        return share, by_eta, by_eta * (1.0 - 2.0 * share)
    by_eta = 0.25 * exp(-0.5 * eta)
    return 1.0 - 2.0 * by_eta, by_eta, -0.5 * by_eta


@jit
def _compute(x: Any, ground: Any) -> Any:
    """log10 of (10^x + ground) / (1 + ground), and its derivative by x: what of it is the run's."""
    if ground == 0.0:
        return x, 1.0
    own = exp(LOG_10 * x)
    return log((own + ground) / (1.0 + ground)) / LOG_10, own / (own + ground)


@jit
def _inverse(share: Any, shape: Any) -> Any:
    """eta at a share inside (0, 1), and the first and second derivative of the curve there."""
    if shape == LOGISTIC:
        eta = log(share / (1.0 - share))
    else:
        eta = -2.0 * log(2.0 * (1.0 - share))
    _, by_eta, by_eta_twice = _curve(eta, shape)
    return eta, by_eta, by_eta_twice


@jit
def _drift(points: Any, first: Any, last: Any, gaps: Any, variances: Any, share: Any, length: Any):
    """Sum of squared innovations and of the logarithms of their variances along one run.

    Standardised errors z of neighbours correlate by share exp(-step / length), and a point tells
    nothing of the next but one that it does not tell of the next: an autoregression of order one.
    Points that are not seen are passed over.
    """
    squares, logs, before, along = 0.0, 0.0, 0.0, 0.0
    for i in range(first, last):
        z, rho = gaps[i - first] / sqrt(variances[i - first]), 0.0
        along *= share * exp(-points[i].step / length)
        rho = along
        if points[i].seen > 0.0:
            left = 1.0 - rho * rho
            squares += points[i].seen * (z - rho * before) ** 2 / left
            logs += points[i].seen * log(left)
            before, along = z, 1.0
    return squares, logs


@jit
def _drift_bar(
    points: Any, first: Any, last: Any, gaps: Any, variances: Any, share: Any, length: Any,
    weight: Any, z_bars: Any,
):  # fmt: skip
    """Reverse of `_drift`: fills `z_bars`, returns derivatives by share and length.

    Args:
        weight: minus twice the derivative of the log density by the sum of squares.
    """
    share_bar, length_bar = 0.0, 0.0
    before, along, ooms, links, last_seen = 0.0, 0.0, 0.0, 0, -1
    for i in range(first, last):
        z_bars[i - first] = 0.0
        z = gaps[i - first] / sqrt(variances[i - first])
        along *= share * exp(-points[i].step / length)
        ooms += points[i].step
        links += 1
        seen = points[i].seen
        if seen > 0.0:
            left = 1.0 - along * along
            innovation = z - along * before
            pull = seen * weight * innovation / left
            z_bars[i - first] -= pull
            if last_seen >= 0:
                z_bars[last_seen - first] += pull * along
                by_rho = pull * before - pull * innovation * along / left + seen * along / left
                share_bar += by_rho * along * links / share
                length_bar += by_rho * along * ooms / (length * length)
            before, along, ooms, links, last_seen = z, 1.0, 0.0, 0, i
    return share_bar, length_bar


@jit
def log_density(u: Any, u_bar: Any, d: Any) -> Any:
    """Log density of the sampler's vector `u`; its gradient is written to `u_bar`."""
    at = d.layout[0]
    shape, saturating = at.shape, at.saturating > 0
    pooled, positive = at.benchmark_sd >= 0, at.positive > 0
    u_bar[:] = 0.0
    total = 0.0

    # --- parameters with a prior of their own
    n_own = d.own.size
    value: Any = np.empty(n_own)
    by_u, bar = np.zeros(n_own), np.zeros(n_own)
    for i in range(n_own):
        if at.polar > 0 and (i == at.benchmark_sd or i == at.cell_sd):
            continue
        x, dx, density, gradient = _prior(u[i], d.own[i].family, d.own[i].a, d.own[i].b)
        value[i], by_u[i] = x + d.own[i].shift, dx
        u_bar[i] = gradient
        total += density
    # what cells tell is how far apart they are, not how much of it their benchmarks share: the two
    # spreads are drawn as the root of their squares' sum and an angle, of which only one is known
    sine = cosine = by_radius = by_angle = radius = 0.0
    if at.polar > 0:
        first, second = at.benchmark_sd, at.cell_sd
        cdf, pdf = 0.5 * erfc(-u[first] / sqrt(2.0)), exp(-0.5 * (u[first] ** 2 + LOG_2PI))
        radius, by_radius = at.radius * (pdf + u[first] * cdf), at.radius * cdf
        by_angle = 0.5 * pi * exp(-0.5 * (u[second] ** 2 + LOG_2PI))
        angle = 0.25 * pi * erfc(-u[second] / sqrt(2.0))
        sine, cosine = sin(angle), cos(angle)
        value[first], value[second] = radius * sine, radius * cosine
        total += log(radius * by_radius * by_angle)
        u_bar[first] = by_radius / radius + pdf / cdf
        u_bar[second] = -u[second]
        for i in (first, second):
            density, bar[i] = _log_prior(value[i], d.own[i].family, d.own[i].a, d.own[i].b)
            total += density
    rl, inference = at.log_slope_mean, at.log_slope_mean + 1
    cell_sd = value[at.cell_sd]

    # --- families, models, publications
    n_groups = d.groups.size
    group, group_bar = np.zeros(n_groups + 1), np.zeros(n_groups + 1)  # row -1: no effect
    for k in range(n_groups):
        group[k] = value[d.groups[k].sd] * u[d.groups[k].place]
    n_cells = d.cells.size
    # --- cells: typical intercepts, ceilings, and where those stand in the grid of `pilot`
    level, level_bar = np.empty(n_cells), np.zeros(n_cells)
    level_spread, level_known = np.zeros(n_cells), np.zeros(n_cells)
    map1, map2 = np.zeros(n_cells), np.zeros(n_cells)
    map1_by, map2_by = np.zeros(n_cells), np.zeros(n_cells)
    level_clarity, level_by = np.ones(n_cells), np.zeros(n_cells)
    slope_clarity, slope_by = np.ones(n_cells), np.zeros(n_cells)
    n_ceilings = d.ceilings.size  # the last row stands for no ceiling below 1
    most, logit_bar = np.ones(n_ceilings + 1), np.zeros(n_ceilings + 1)
    node, into = np.zeros(n_ceilings + 1, dtype=np.int64), np.zeros(n_ceilings + 1)
    logit_by = np.ones(n_ceilings)
    for c in range(n_ceilings):
        mean, sd = at.ceiling_mean + d.ceilings[c].regime, at.ceiling_sd + d.ceilings[c].regime
        place = at.u_ceiling_logit + c
        bare, bare_by, u_bar[place] = _curved(u[place], d.ceilings[c])
        follows, away = d.ceilings[c].follows, bare - d.ceilings[c].mean0
        wider = 1.0 + follows * (value[sd] / d.ceilings[c].sd0 - 1.0)
        logit = d.ceilings[c].mean0 + follows * (value[mean] - d.ceilings[c].mean0) + wider * away
        logit_by[c] = wider * bare_by
        total += log(logit_by[c])
        bar[sd] += follows / (d.ceilings[c].sd0 * wider)
        r = (logit - value[mean]) / value[sd]
        total -= 0.5 * (r * r + LOG_2PI) + log(value[sd])
        logit_bar[c] = -r / value[sd]
        bar[mean] += r / value[sd]
        bar[sd] += (r * r - 1.0) / value[sd]
        most[c] = 1.0 / (1.0 + exp(-logit))
        along = min(max((logit - at.grid_start) / at.grid_step, 0.0), at.n_nodes - 1.0)
        node[c] = min(int(along), at.n_nodes - 2)
        into[c] = along - node[c]
    for c in range(n_cells):
        own = d.cells[c].ceiling
        m1, m2, _, _, _, m1_by, m2_by, _, _, _ = _interpolate(
            d.maps, (d.series.size + c) * at.n_nodes + node[own], into[own], at
        )
        map2[c], map1_by[c], map2_by[c] = m2, m1_by, m2_by
        cell = d.cells[c]
        level_clarity[c], level_by[c] = _clarity(
            value[at.intercept_sd], cell.level_spread0, cell.level_error
        )
        slope_clarity[c], slope_by[c] = _clarity(
            value[at.series_sd], cell.slope_spread0, cell.slope_error
        )
        map1[c] = m1
        level[c], level_spread[c], level_known[c] = _standardised(
            u[at.u_cell_level + c],
            value[at.intercept_mean + d.cells[c].regime],
            value[at.intercept_cell_sd] ** 2,
            level_clarity[c] * cell.level_information,
            level_clarity[c] * m1,
        )

    # --- cells: slopes. `typical` is what stands above a cell, `prior` what its partner says
    slope_total, slope_total_bar = np.zeros(n_cells), np.zeros(n_cells)
    slope_known, slope_spread, slope_prior = np.zeros(n_cells), np.zeros(n_cells), np.zeros(n_cells)
    slope_typical = np.zeros(n_cells)
    correlation = 0.0
    variances_of = np.zeros(2)  # of a cell alone, and given its partner
    if pooled:
        benchmark_sd = value[at.benchmark_sd]
        variances_of[0] = benchmark_sd**2 + cell_sd**2
        correlation = benchmark_sd**2 / variances_of[0]
        variances_of[1] = cell_sd**2 * (1.0 + correlation)
        for second in range(2):
            for c in range(n_cells):
                cell = d.cells[c]
                if (cell.partner >= 0) != (second == 1):
                    continue
                typical = value[rl + cell.regime]
                for k in range(cell.first_share, cell.last_share):
                    share = d.shares[k]
                    typical += share.weight * (
                        group[share.place] if share.is_group > 0 else value[share.place]
                    )
                slope_prior[c] = correlation * slope_total[cell.partner] if second == 1 else 0.0
                slope_total[c], slope_spread[c], slope_known[c] = _standardised(
                    u[at.u_cell_slope + c],
                    slope_prior[c],
                    variances_of[second],
                    slope_clarity[c] * cell.slope_information,
                    slope_clarity[c] * (map2[c] - cell.slope_information * typical),
                )
                slope_typical[c] = typical

    # --- thinking shifts
    n_thinking = d.thinking.size
    shifts, shifts_bar = np.zeros(n_thinking), np.zeros(n_thinking)
    shifts_spread, shifts_known = np.zeros(n_thinking), np.zeros(n_thinking)
    for k in range(n_thinking):
        shifts[k], shifts_spread[k], shifts_known[k] = _standardised(
            u[at.u_thinking_shift + k],
            value[at.thinking_shift_mean],
            value[at.thinking_shift_sd] ** 2,
            d.thinking[k].information,
            d.thinking[k].pointed,
        )

    rest, rest_bar = np.zeros(n_thinking), np.zeros(n_thinking)  # spread of what is left of it
    if at.thinking_rest_mean >= 0:
        for k in range(n_thinking):
            z = u[at.u_thinking_rest_z + k]
            rest[k] = exp(value[at.thinking_rest_mean] + value[at.thinking_rest_sd] * z)

    # --- noise
    student = at.nu >= 0
    nu = value[at.nu] if student else 1.0
    scale = value[at.lambda_] if at.lambda_ >= 0 else 1.0
    scale_bar = nu_bar = 0.0
    drift_share = value[at.drift_share] if at.drift_share >= 0 else 0.0
    drift_length = value[at.drift_length] if at.drift_share >= 0 else 1.0
    drift_share_bar = drift_length_bar = 0.0
    n_counts = d.counts.size
    constant, constant_by_nu = np.empty(n_counts), np.empty(n_counts)
    for k in range(n_counts):
        n = d.counts[k].n
        if student:
            constant[k] = lgamma(0.5 * (nu + n)) - lgamma(0.5 * nu) - 0.5 * n * log(nu * pi)
            constant_by_nu[k] = 0.5 * (_digamma(0.5 * (nu + n)) - _digamma(0.5 * nu) - n / nu)
        else:
            constant[k], constant_by_nu[k] = -0.5 * n * LOG_2PI, 0.0
    pair_constant = pair_by_nu = 0.0
    if student and d.pairs.size > 0:
        pair_constant = lgamma(0.5 * (nu + 1.0)) - lgamma(0.5 * nu) - 0.5 * log(nu * pi)
        pair_by_nu = 0.5 * (_digamma(0.5 * (nu + 1.0)) - _digamma(0.5 * nu) - 1.0 / nu)

    # --- series: their priors, and the density of their points
    kappa_bar = np.zeros(d.charts.size)
    longest = 0
    for s in range(d.series.size):
        longest = max(longest, d.series[s].last - d.series[s].first)
    gaps, variances, shares = np.empty(longest), np.empty(longest), np.empty(longest)
    z_bars = np.empty(longest)
    intercept_sd, series_sd = value[at.intercept_sd], value[at.series_sd]
    intercept_sd_bar = series_sd_bar = w1_bar = w2_bar = 0.0
    w1, w2 = 1.0 / intercept_sd**2, 1.0 / series_sd**2
    jacobian = 1.0
    for s in range(d.series.size):
        one = d.series[s]
        c, regime, unit = one.cell, one.regime, one.unit
        thinking, top = one.thinking, one.ceiling
        shift = moved = spare = 0.0
        if thinking >= 0:
            shift = shifts[thinking] + group[one.thinking1] + group[one.thinking2]
            moved, spare = shift - one.shift0, rest[thinking]
        typical = value[rl + regime] + slope_total[c]
        typical += group[one.group1] + group[one.group2] + group[one.group3]
        if unit >= 0:
            typical += value[unit]

        # `pilot` knows the series with mode m and precision h at the ceiling, where what stands
        # above it has precision w: `u` is a standard normal in the Cholesky factor l of h + weight.
        # More noise than `pilot` took for granted makes all of h smaller by one factor
        sigma = value[at.sigma + regime]
        noise = scale * scale * one.score_variance + sigma * sigma + one.other_variance
        quiet = one.variance0 / noise
        m1, m2, g1, g12, g2, m1_by, m2_by, g1_by, g12_by, g2_by = _interpolate(
            d.maps, s * at.n_nodes + node[top], into[top], at
        )
        h11, h12, h22 = quiet * g1 * g1, quiet * g1 * g12, quiet * (g12 * g12 + g2 * g2)
        weight2, middle2 = (w2, typical) if positive else (one.slope_weight, one.slope0)
        l11 = sqrt(h11 + w1)
        l21 = h12 / l11
        l22 = sqrt(h22 + weight2 - l21 * l21)
        r1 = one.level_weight * (m1 - one.level0)
        r2 = one.slope_weight * (m2 - one.slope0)
        # compute that counts before the run's own: the more, the steeper for the same scores
        ground = early = early_spread = early_known = 0.0
        if one.early >= 0:
            early, early_spread, early_known = _standardised(
                u[one.early], value[at.early_mean], value[at.early_sd] ** 2,
                one.early_information, one.early_pointed,
            )  # fmt: skip
            ground = exp(LOG_10 * (one.begin + early))
            if positive:
                m2 += log((1.0 + ground) / (1.0 + one.ground0))
        # what a run starts from, as a share of its way to the ceiling; `pilot` took one for granted
        begun = start = start_spread = start_known = risen = 0.0
        if one.start >= 0:
            start, start_spread, start_known = _standardised(
                u[one.start], value[at.start_mean], value[at.start_sd] ** 2,
                one.start_information, one.start_pointed,
            )  # fmt: skip
            begun = 1.0 / (1.0 + exp(-start))
            risen = begun - 1.0 / (1.0 + exp(-one.start0))
        r1 += h11 * m1 + h12 * m2 + quiet * one.by_start1 * risen
        r2 += h12 * m1 + h22 * m2 + quiet * one.by_start2 * risen
        r1 += w1 * level[c] + quiet * one.by_shift1 * moved
        r2 += weight2 * middle2 + quiet * one.by_shift2 * moved
        y1 = r1 / l11
        from2 = (r2 - l21 * y1) / l22
        v, v_by, u_bar[at.u_log_slope + s] = _curved(u[at.u_log_slope + s], one)
        own = (from2 + v) / l22
        # far below its mode a log slope matters no more, and the intercept stays where it is
        by_bent = exp(own - m2) if positive else 1.0
        bent = m2 + by_bent - 1.0 if positive else own
        intercept = (y1 + u[at.u_intercept + s] - l21 * bent) / l11
        jacobian *= v_by / (l11 * l22)
        if jacobian < 1e-200 or jacobian > 1e200:  # one logarithm for many series
            total += log(jacobian)
            jacobian = 1.0

        r = (intercept - level[c]) / intercept_sd
        total -= 0.5 * r * r
        intercept_bar = -r / intercept_sd
        level_bar[c] += r / intercept_sd
        intercept_sd_bar += r * r / intercept_sd
        if positive:
            slope = exp(own)
            r = (own - typical) / series_sd
            own_bar = -r / series_sd
            typical_bar = r / series_sd
        else:
            slope = own
            middle = exp(typical)
            r = (slope / middle - 1.0) / series_sd
            own_bar = -r / (series_sd * middle)
            typical_bar = r * slope / (middle * series_sd) - 1.0
            total -= typical
        total -= 0.5 * r * r
        series_sd_bar += r * r / series_sd

        chart = one.chart
        kappa = exp(u[at.u_log_kappa + chart]) if chart >= 0 else 1.0
        whole = (1.0 - one.floor) * most[top]
        bottom, height = one.floor + whole * begun, whole * (1.0 - begun)
        first, last = one.first, one.last
        squares, logs, product = 0.0, 0.0, 1.0
        drifts = one.drifts > 0 and at.drift_share >= 0
        for i in range(first, last):
            x, new = _compute(d.points[i].x, ground)
            eta = intercept + kappa * slope * x - shift * d.points[i].non_thinking
            if shape == LOGISTIC:
                share = 1.0 / (1.0 + exp(-eta))
                by_eta = share * (1.0 - share)
            else:
                by_eta = 0.25 * exp(-0.5 * eta)
                share = 1.0 - 2.0 * by_eta
            by_one = height * by_eta  # per logit, and what is not known in logits
            unsure = (slope * new * d.points[i].x_se) ** 2
            unsure += (spare * d.points[i].non_thinking) ** 2
            variance = (scale * d.points[i].score_se) ** 2 + sigma * sigma
            variance += by_one * by_one * unsure
            gap = d.points[i].score - bottom - height * share
            gaps[i - first], variances[i - first], shares[i - first] = gap, variance, share
            if not drifts:
                squares += d.points[i].seen * gap * gap / variance
            if d.points[i].seen == 1.0:  # one logarithm for many points
                product *= variance
                if product < 1e-200 or product > 1e200:
                    logs += log(product)
                    product = 1.0
            else:
                logs += d.points[i].seen * log(variance)
        if drifts:  # innovations of an autoregression along the run: see `_drift`
            innovations, lost = _drift(
                d.points, first, last, gaps, variances, drift_share, drift_length
            )
            squares += innovations
            logs += lost
        logs += log(product)
        k = one.count_row
        weight = 1.0
        total += constant[k] - 0.5 * logs
        if student:
            weight = (nu + d.counts[k].n) / (nu + squares)
            tail = log1p(squares / nu)
            total -= 0.5 * (nu + d.counts[k].n) * tail
            nu_bar += constant_by_nu[k] - 0.5 * tail + 0.5 * weight * squares / nu
        else:
            total -= 0.5 * squares
        if drifts:
            by_share, by_length = _drift_bar(
                d.points, first, last, gaps, variances, drift_share, drift_length, weight, z_bars
            )
            drift_share_bar += by_share
            drift_length_bar += by_length
        else:
            for i in range(first, last):
                z_bars[i - first] = (
                    -d.points[i].seen * weight * gaps[i - first] / sqrt(variances[i - first])
                )
        height_bar = slope_bar = eta_bar_sum = eta_bar_x = eta_bar_shift = 0.0
        spare_bar = early_bar = expected_bar_sum = 0.0
        variance_bar_sum = variance_bar_se = 0.0
        for i in range(first, last):
            share, inverse = shares[i - first], 1.0 / variances[i - first]
            if shape == LOGISTIC:
                by_eta = share * (1.0 - share)
                by_eta_twice = by_eta * (1.0 - 2.0 * share)
            else:
                by_eta = 0.5 * (1.0 - share)
                by_eta_twice = -0.5 * by_eta
            by_z = z_bars[i - first]
            x, new = _compute(d.points[i].x, ground)
            expected_bar = -by_z * sqrt(inverse)
            variance_bar = -0.5 * (by_z * gaps[i - first] * sqrt(inverse) + d.points[i].seen)
            variance_bar *= inverse
            by_one = height * by_eta
            unsure = (slope * new * d.points[i].x_se) ** 2
            unsure += (spare * d.points[i].non_thinking) ** 2
            by_one_bar = 2.0 * variance_bar * by_one * unsure
            eta_bar = height * (expected_bar * by_eta + by_one_bar * by_eta_twice)
            height_bar += expected_bar * share + by_one_bar * by_eta
            expected_bar_sum += expected_bar
            unsure_bar = 2.0 * variance_bar * by_one * by_one
            of_x = unsure_bar * slope * (new * d.points[i].x_se) ** 2
            slope_bar += of_x
            early_bar += kappa * slope * eta_bar * (1.0 / (1.0 + ground) - new)
            early_bar -= LOG_10 * slope * of_x * (1.0 - new)
            spare_bar += unsure_bar * spare * d.points[i].non_thinking ** 2
            eta_bar_sum += eta_bar
            eta_bar_x += eta_bar * x
            eta_bar_shift += eta_bar * d.points[i].non_thinking
            variance_bar_sum += variance_bar
            variance_bar_se += variance_bar * d.points[i].score_se ** 2
        scale_bar += 2.0 * scale * variance_bar_se
        bar[at.sigma + regime] += 2.0 * sigma * variance_bar_sum
        intercept_bar += eta_bar_sum
        slope_bar += kappa * eta_bar_x
        if chart >= 0:
            kappa_bar[chart] += slope * eta_bar_x
        own_bar += slope_bar * slope if positive else slope_bar
        # back through the triangular solves and the Cholesky factor
        y1_bar = intercept_bar / l11
        l11_bar = -(intercept_bar * intercept + 1.0) / l11
        bent_bar = -intercept_bar * l21 / l11
        own_bar += bent_bar * by_bent
        y2_bar = own_bar / l22
        l22_bar = -(own_bar * own + y2_bar * from2 + 1.0) / l22
        u_bar[at.u_intercept + s] += y1_bar
        u_bar[at.u_log_slope + s] += y2_bar * v_by
        r2_bar = y2_bar / l22
        l21_bar = -intercept_bar * bent / l11 - r2_bar * y1
        y1_bar -= r2_bar * l21
        r1_bar = y1_bar / l11
        l11_bar -= r1_bar * y1
        h22_bar = 0.5 * l22_bar / l22
        l21_bar -= 2.0 * h22_bar * l21
        h12_bar = l21_bar / l11
        h11_bar = 0.5 * (l11_bar - h12_bar * l21) / l11
        by_shift_bar = one.by_shift1 * r1_bar + one.by_shift2 * r2_bar
        by_start_bar = one.by_start1 * r1_bar + one.by_start2 * r2_bar
        w1_bar += h11_bar + r1_bar * level[c]
        level_bar[c] += r1_bar * w1
        if positive:
            w2_bar += h22_bar + r2_bar * typical
            typical_bar += r2_bar * w2
        if thinking >= 0:
            shift_bar = quiet * by_shift_bar - eta_bar_shift
            shifts_bar[thinking] += shift_bar
            group_bar[one.thinking1] += shift_bar
            group_bar[one.thinking2] += shift_bar
            rest_bar[thinking] += spare_bar
        h11_bar += r1_bar * m1
        h12_bar += r1_bar * m2 + r2_bar * m1
        h22_bar += r2_bar * m2
        noise_bar = h11_bar * h11 + h12_bar * h12 + h22_bar * h22
        noise_bar += quiet * (moved * by_shift_bar + risen * by_start_bar)
        noise_bar /= -noise
        scale_bar += 2.0 * scale * one.score_variance * noise_bar
        bar[at.sigma + regime] += 2.0 * sigma * noise_bar
        if saturating:
            m1_bar = r1_bar * (h11 + one.level_weight) + r2_bar * h12
            m2_bar = r1_bar * h12 + r2_bar * h22
            if positive:
                m2_bar += bent_bar * (1.0 - by_bent)
                early_bar += m2_bar * LOG_10 * ground / (1.0 + ground)
            m2_bar += r2_bar * one.slope_weight
            g1_bar = quiet * (2.0 * g1 * h11_bar + g12 * h12_bar)
            g12_bar = quiet * (g1 * h12_bar + 2.0 * g12 * h22_bar)
            g2_bar = 2.0 * quiet * g2 * h22_bar
            whole_bar = begun * expected_bar_sum + (1.0 - begun) * height_bar
            logit_bar[top] += whole * whole_bar * (1.0 - most[top])
            logit_bar[top] += m1_by * m1_bar + m2_by * m2_bar
            logit_bar[top] += g1_by * g1_bar + g12_by * g12_bar + g2_by * g2_bar
        if one.early >= 0:
            sd = value[at.early_sd]
            density, z_bar, mean_bar, v_bar, _, _ = _standardised_bar(
                early_bar, u[one.early], value[at.early_mean], early, sd * sd,
                one.early_information, early_spread, early_known,
            )  # fmt: skip
            total += density
            u_bar[one.early] += z_bar
            bar[at.early_mean] += mean_bar
            bar[at.early_sd] += 2.0 * sd * v_bar
        if one.start >= 0:
            sd = value[at.start_sd]
            begun_bar = whole * (expected_bar_sum - height_bar) + quiet * by_start_bar
            density, z_bar, mean_bar, v_bar, _, _ = _standardised_bar(
                begun_bar * begun * (1.0 - begun), u[one.start], value[at.start_mean], start,
                sd * sd, one.start_information, start_spread, start_known,
            )  # fmt: skip
            total += density
            u_bar[one.start] += z_bar
            bar[at.start_mean] += mean_bar
            bar[at.start_sd] += 2.0 * sd * v_bar
        bar[rl + regime] += typical_bar
        slope_total_bar[c] += typical_bar
        if unit >= 0:
            bar[unit] += typical_bar
        group_bar[one.group1] += typical_bar
        group_bar[one.group2] += typical_bar
        group_bar[one.group3] += typical_bar
    n_series = d.series.size
    total += log(jacobian)
    total -= n_series * (log(intercept_sd) + log(series_sd) + LOG_2PI)
    bar[at.intercept_sd] += intercept_sd_bar - (n_series + 2.0 * w1 * w1_bar) / intercept_sd
    bar[at.series_sd] -= (n_series + 2.0 * w2 * w2_bar) / series_sd

    # --- pairs: the score in a non-thinking mode given the score of the same model thinking
    for i in range(d.pairs.size):
        one = d.pairs[i]
        c, unit, thinking = one.cell, one.unit, one.thinking
        typical = value[rl + one.regime] + slope_total[c]
        typical += group[one.group1] + group[one.group2] + group[one.group3]
        if unit >= 0:
            typical += value[unit]
        shift = spare = 0.0
        if thinking >= 0:
            shift = shifts[thinking] + group[one.thinking1] + group[one.thinking2]
            spare = rest[thinking]
        sigma = value[at.sigma + one.regime]
        height = (1.0 - one.floor) * most[one.ceiling]
        raw = (one.given - one.floor) / height
        edge = min(0.5 * one.given_se / (1.0 - one.floor), 0.25)
        above = min(max(raw, edge), 1.0 - edge)
        inside = raw > edge and raw < 1.0 - edge
        eta_above, by_above, _ = _inverse(above, shape)
        climb = exp(typical) * one.ooms
        share, by_eta, by_eta_twice = _curve(eta_above - climb - shift, shape)
        ratio, by_one = by_eta / by_above, height * by_eta
        ground, unsure = scale * scale, spare * spare + (climb * series_sd) ** 2
        of_given = ground * one.given_se**2 + sigma * sigma
        variance = ground * one.score_se**2 + sigma * sigma + ratio * ratio * of_given
        variance += by_one * by_one * unsure
        gap = one.score - one.floor - height * share
        squares = gap * gap / variance
        weight = 1.0
        if student:
            weight, tail = (nu + 1.0) / (nu + squares), log1p(squares / nu)
            total += one.seen * (pair_constant - 0.5 * (nu + 1.0) * tail - 0.5 * log(variance))
            nu_bar += one.seen * (pair_by_nu - 0.5 * tail + 0.5 * weight * squares / nu)
        else:
            total -= 0.5 * one.seen * (squares + LOG_2PI + log(variance))
        share_bar = one.seen * weight * gap / variance * height
        variance_bar = 0.5 * one.seen * (weight * squares - 1.0) / variance
        ratio_bar = 2.0 * variance_bar * ratio * of_given
        by_one_bar = 2.0 * variance_bar * by_one * unsure
        unsure_bar = variance_bar * by_one * by_one
        eta_bar = share_bar * by_eta + (ratio_bar / by_above + by_one_bar * height) * by_eta_twice
        climb_bar = 2.0 * unsure_bar * climb * series_sd**2 - eta_bar
        typical_bar = climb_bar * climb
        series_sd_bar += 2.0 * unsure_bar * climb * climb * series_sd
        scale_bar += (
            2.0 * scale * variance_bar * (one.score_se**2 + ratio * ratio * one.given_se**2)
        )
        bar[at.sigma + one.regime] += 2.0 * sigma * variance_bar * (1.0 + ratio * ratio)
        if thinking >= 0:
            shifts_bar[thinking] -= eta_bar
            group_bar[one.thinking1] -= eta_bar
            group_bar[one.thinking2] -= eta_bar
            rest_bar[thinking] += 2.0 * unsure_bar * spare
        if saturating:
            height_bar = share_bar * share / height + by_one_bar * by_eta
            if inside:
                twice = 1.0 - 2.0 * above  # d by_above / d above of the logistic curve
                above_bar = (eta_bar - ratio_bar * ratio * twice) / by_above
                height_bar -= above_bar * above / height
            part = most[one.ceiling] * (1.0 - most[one.ceiling])
            logit_bar[one.ceiling] += (1.0 - one.floor) * height_bar * part
        bar[rl + one.regime] += typical_bar
        slope_total_bar[c] += typical_bar
        if unit >= 0:
            bar[unit] += typical_bar
        group_bar[one.group1] += typical_bar
        group_bar[one.group2] += typical_bar
        group_bar[one.group3] += typical_bar

    bar[at.series_sd] += series_sd_bar
    if student:
        bar[at.nu] += nu_bar
    if at.lambda_ >= 0:
        bar[at.lambda_] += scale_bar
    if at.drift_share >= 0:
        bar[at.drift_share] += drift_share_bar
        bar[at.drift_length] += drift_length_bar

    # --- what series handed up: cells, families, charts, thinking
    for c in range(n_cells):
        mean, sd = at.intercept_mean + d.cells[c].regime, value[at.intercept_cell_sd]
        place, information = at.u_cell_level + c, d.cells[c].level_information
        density, z_bar, mean_bar, v_bar, known_bar, information_bar = _standardised_bar(
            level_bar[c], u[place], value[mean], level[c], sd * sd,
            level_clarity[c] * information, level_spread[c], level_known[c],
        )  # fmt: skip
        clarity_bar = information * information_bar + map1[c] * known_bar
        bar[at.intercept_sd] += clarity_bar * level_by[c]
        total += density
        u_bar[place] += z_bar
        bar[mean] += mean_bar
        bar[at.intercept_cell_sd] += 2.0 * sd * v_bar
        logit_bar[d.cells[c].ceiling] += level_clarity[c] * map1_by[c] * known_bar
    if pooled:
        correlation_bar = 0.0
        variances_bar = np.zeros(2)
        for second in range(1, -1, -1):
            for c in range(n_cells):
                cell = d.cells[c]
                if (cell.partner >= 0) != (second == 1):
                    continue
                place, information = at.u_cell_slope + c, cell.slope_information
                density, z_bar, prior_bar, v_bar, known_bar, information_bar = _standardised_bar(
                    slope_total_bar[c], u[place], slope_prior[c], slope_total[c],
                    variances_of[second], slope_clarity[c] * information, slope_spread[c],
                    slope_known[c],
                )  # fmt: skip
                clarity_bar = (map2[c] - information * slope_typical[c]) * known_bar
                clarity_bar += information * information_bar
                bar[at.series_sd] += clarity_bar * slope_by[c]
                total += density
                u_bar[place] += z_bar
                variances_bar[second] += v_bar
                logit_bar[cell.ceiling] += slope_clarity[c] * map2_by[c] * known_bar
                typical_bar = -slope_clarity[c] * information * known_bar
                bar[rl + cell.regime] += typical_bar
                for k in range(cell.first_share, cell.last_share):
                    share = d.shares[k]
                    if share.is_group > 0:
                        group_bar[share.place] += share.weight * typical_bar
                    else:
                        bar[share.place] += share.weight * typical_bar
                if second == 1:
                    slope_total_bar[cell.partner] += prior_bar * correlation
                    correlation_bar += prior_bar * slope_total[cell.partner]
        # variances: b^2 + c^2 and c^2 (1 + correlation); correlation: b^2 / (b^2 + c^2)
        benchmark_sd = value[at.benchmark_sd]
        correlation_bar += variances_bar[1] * cell_sd**2
        by = 2.0 * correlation_bar * benchmark_sd * cell_sd / variances_of[0] ** 2
        bar[at.benchmark_sd] += 2.0 * variances_bar[0] * benchmark_sd + by * cell_sd
        bar[at.cell_sd] += 2.0 * variances_bar[0] * cell_sd - by * benchmark_sd
        bar[at.cell_sd] += 2.0 * variances_bar[1] * cell_sd * (1.0 + correlation)
    if saturating:
        for c in range(n_ceilings):
            cap = d.ceilings[c]
            bare, _, _ = _curved(u[at.u_ceiling_logit + c], cap)
            u_bar[at.u_ceiling_logit + c] += logit_bar[c] * logit_by[c]
            bar[at.ceiling_mean + cap.regime] += logit_bar[c] * cap.follows
            wider_bar = logit_bar[c] * (bare - cap.mean0)
            bar[at.ceiling_sd + cap.regime] += wider_bar * cap.follows / cap.sd0
    for k in range(n_groups):
        i, sd = d.groups[k].place, d.groups[k].sd
        total -= 0.5 * (u[i] * u[i] + LOG_2PI)
        u_bar[i] += group_bar[k] * value[sd] - u[i]
        bar[sd] += group_bar[k] * u[i]
    for k in range(d.charts.size):
        i, r = at.u_log_kappa + k, u[at.u_log_kappa + k] / d.charts[k].sd
        total += _normal(u[i], 0.0, d.charts[k].sd)
        u_bar[i] += kappa_bar[k] * exp(u[i]) - r / d.charts[k].sd
    for k in range(n_thinking):
        place, sd = at.u_thinking_shift + k, value[at.thinking_shift_sd]
        density, z_bar, mean_bar, v_bar, _, _ = _standardised_bar(
            shifts_bar[k], u[place], value[at.thinking_shift_mean], shifts[k], sd * sd,
            d.thinking[k].information, shifts_spread[k], shifts_known[k],
        )  # fmt: skip
        total += density
        u_bar[place] += z_bar
        bar[at.thinking_shift_mean] += mean_bar
        bar[at.thinking_shift_sd] += 2.0 * sd * v_bar
        if at.thinking_rest_mean >= 0:
            place, r_bar = at.u_thinking_rest_z + k, rest_bar[k] * rest[k]
            total -= 0.5 * (u[place] * u[place] + LOG_2PI)
            u_bar[place] += r_bar * value[at.thinking_rest_sd] - u[place]
            bar[at.thinking_rest_mean] += r_bar
            bar[at.thinking_rest_sd] += r_bar * u[place]

    # --- runs on two axes: one curve, two units
    for j in range(d.axes.size):
        first, second = d.axes[j].first, d.axes[j].second
        gap, sd = d.axes[j].log_ratio, value[at.unit_sd]
        if first >= 0:
            gap += value[first]
        if second >= 0:
            gap -= value[second]
        total += _normal(gap, 0.0, sd)
        if first >= 0:
            bar[first] -= gap / (sd * sd)
        if second >= 0:
            bar[second] += gap / (sd * sd)
        bar[at.unit_sd] += (gap * gap / (sd * sd) - 1.0) / sd

    # --- the other evidence
    model_sd = value[at.model_sd] if at.model_sd >= 0 else 0.0
    apart = sqrt(2.0 * (cell_sd**2 + model_sd**2 + series_sd**2))
    for j in range(d.shifts.size):
        i = at.u_shift_z + j
        log_rate = value[inference] - value[rl] + apart * u[i]
        rate = exp(-log_rate)
        mean, by_rate = d.shifts[j].rl_ooms * rate, d.shifts[j].rl_ooms_se * rate
        variance = d.shifts[j].shift_ooms_se ** 2 + by_rate * by_rate
        gap = d.shifts[j].shift_ooms - mean
        total -= 0.5 * d.shifts[j].seen * (gap * gap / variance + log(variance) + LOG_2PI)
        total -= 0.5 * (u[i] * u[i] + LOG_2PI)
        log_rate_bar = d.shifts[j].seen * (
            -mean * gap / variance - by_rate * by_rate * (gap * gap / variance - 1.0) / variance
        )
        bar[inference] += log_rate_bar
        bar[rl] -= log_rate_bar
        apart_bar = 2.0 * log_rate_bar * u[i] / apart
        bar[at.cell_sd] += apart_bar * cell_sd
        bar[at.series_sd] += apart_bar * series_sd
        if at.model_sd >= 0:
            bar[at.model_sd] += apart_bar * model_sd
        u_bar[i] += log_rate_bar * apart - u[i]
    for j in range(d.techniques.size):
        mean, sd = value[at.log_inference_per_training_mean], value[at.inference_per_training_sd]
        variance = sd * sd + d.techniques[j].se ** 2
        gap = d.techniques[j].log_ratio - mean
        total -= 0.5 * (gap * gap / variance + log(variance) + LOG_2PI)
        bar[at.log_inference_per_training_mean] += gap / variance
        bar[at.inference_per_training_sd] += sd * (gap * gap / variance - 1.0) / variance
    for j in range(d.steps.size):
        mean, sd = value[at.gpt_level_mean], value[at.gpt_level_sd]
        variance = sd * sd + d.steps[j].variance
        gap = d.steps[j].ooms - mean * d.steps[j].axis
        total -= 0.5 * (gap * gap / variance + log(variance) + LOG_2PI)
        bar[at.gpt_level_mean] += gap * d.steps[j].axis / variance
        bar[at.gpt_level_sd] += sd * (gap * gap / variance - 1.0) / variance
    for i in range(n_own):
        u_bar[i] += bar[i] * by_u[i]
    if at.polar > 0:
        first_bar, second_bar = bar[at.benchmark_sd], bar[at.cell_sd]
        u_bar[at.benchmark_sd] += by_radius * (first_bar * sine + second_bar * cosine)
        u_bar[at.cell_sd] += by_angle * radius * (first_bar * cosine - second_bar * sine)
    return total


def pack(inputs: Inputs) -> np.ndarray:
    """The inputs as one buffer of bytes: its size, where each table begins and ends, the tables."""
    parts = [np.ascontiguousarray(table).view(np.uint8).ravel() for table in inputs]
    begin = 8 * (2 + len(parts))
    ends = begin + np.cumsum([0, *(part.size for part in parts)])
    header = np.array([ends[-1], *ends], dtype=np.int64)
    return np.concatenate([header.view(np.uint8), *parts])


(
    LAYOUT, OWN_, CELLS, CEILINGS, SHARES, GROUPS, SERIES, THINKING, COUNTS, POINTS, PAIRS, CHARTS,
    AXES, SHIFTS, TECHNIQUES, STEPS, MAPS,
) = TABLES.values()  # fmt: skip


@jit
def unpack(packed: Any) -> Any:
    """`pack` undone, without copying."""
    e = packed[: 8 * 19].view(np.int64)[1:]
    return Inputs(
        packed[e[0] : e[1]].view(LAYOUT),
        packed[e[1] : e[2]].view(OWN_),
        packed[e[2] : e[3]].view(CELLS),
        packed[e[3] : e[4]].view(CEILINGS),
        packed[e[4] : e[5]].view(SHARES),
        packed[e[5] : e[6]].view(GROUPS),
        packed[e[6] : e[7]].view(SERIES),
        packed[e[7] : e[8]].view(THINKING),
        packed[e[8] : e[9]].view(COUNTS),
        packed[e[9] : e[10]].view(POINTS),
        packed[e[10] : e[11]].view(PAIRS),
        packed[e[11] : e[12]].view(CHARTS),
        packed[e[12] : e[13]].view(AXES),
        packed[e[13] : e[14]].view(SHIFTS),
        packed[e[14] : e[15]].view(TECHNIQUES),
        packed[e[15] : e[16]].view(STEPS),
        packed[e[16] : e[17]].view(MAPS),
    )


_NUMBERS, _BYTES = types.CPointer(types.float64), types.CPointer(types.uint8)


@numba.cfunc(types.int64(types.uint64, _NUMBERS, _NUMBERS, _NUMBERS, _BYTES), cache=True)
def log_density_pointer(size: Any, u: Any, u_bar: Any, total: Any, packed: Any) -> Any:
    """`log_density` as the sampler calls it; 0, or 1 where value or gradient is not finite."""
    n = numba.carray(packed, (8,)).view(np.int64)[0]
    gradient = numba.carray(u_bar, (size,))
    value = log_density(numba.carray(u, (size,)), gradient, unpack(numba.carray(packed, (n,))))
    total[0] = value
    return 0 if np.isfinite(value) and np.all(np.isfinite(gradient)) else 1


@numba.cfunc(types.int64(types.uint64, types.uint64, _NUMBERS, _NUMBERS, _BYTES), cache=True)
def copy_pointer(size: Any, size_out: Any, u: Any, out: Any, packed: Any) -> Any:
    """What the sampler stores of a draw: `u`, or the first places of it."""
    for i in range(size_out):
        out[i] = u[i]
    return 0
