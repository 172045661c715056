"""What the tables of `calibrate.py` say: uniformity of ranks, recovery, ceilings.

Ranks should be uniform. Their ECDF is held against simultaneous 95% bands, and its most extreme
step gives a p value per quantity, both by simulating uniform ranks (Säilynoja, Bürkner and Vehtari
2022, Statistics and Computing 32:32, doi 10.1007/s11222-022-10090-6). Ranks take few values, so the
ECDF is looked at where it can step: bands for continuous values would need ranks blurred at random.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import calibrate
import numpy as np
from scipy import stats

NOT_PARAMETERS = (
    "task", "key", "code", "divergences", "draws", "attempts", "least_ess", "least_ess_parameter",
    "largest_rhat", "seconds",
)  # fmt: skip
LEVELS = calibrate.KEPT + 1
STEPS = np.arange(1, LEVELS) / LEVELS
"""Expected ECDF of uniform ranks at 0, 1, ..., KEPT - 1."""
WANTED = {"ranks": 300, "recovery": 30, "ceiling": 30}
"""Data sets (per true rate, for recovery) of a complete table."""
UNIFORM_DRAWS = 20_000
QUANTILES = ("p05", "p25", "p50", "p75", "p95")

# --- uniformity ----------------------------------------------------------------------------------


def steps(ranks: np.ndarray) -> np.ndarray:
    """Number of ranks at or below 0, 1, ..., KEPT - 1."""
    return np.bincount(ranks, minlength=LEVELS).cumsum()[:-1]


def extreme(below: np.ndarray, n: int) -> np.ndarray:
    """Least two-sided binomial tail probability of an ECDF of `n` ranks, over its last axis."""
    low = stats.binom.cdf(below, n, STEPS)
    high = stats.binom.sf(below - 1, n, STEPS)
    return 2 * np.minimum(low, high).min(axis=-1)


def uniform_extremes(n: int, draws: int = UNIFORM_DRAWS) -> np.ndarray:
    """`extreme` of `n` uniform ranks, `draws` times, sorted."""
    rng = np.random.default_rng([calibrate.SEED, n])
    counts = rng.multinomial(n, np.full(LEVELS, 1 / LEVELS), size=draws)
    return np.sort(extreme(counts.cumsum(axis=1)[:, :-1], n))


def bands(n: int, uniform: np.ndarray, coverage: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Simultaneous bands of the ECDF of `n` uniform ranks at its steps."""
    tail = float(np.quantile(uniform, 1 - coverage)) / 2
    return stats.binom.ppf(tail, n, STEPS) / n, stats.binom.isf(tail, n, STEPS) / n


def uniformity(ranks: np.ndarray, uniform: np.ndarray) -> dict[str, Any]:
    """What the ranks of one quantity say: p value, coverage of central intervals, shift, spread.

    Args:
        ranks: integers from 0 to KEPT.
        uniform: as `uniform_extremes` of as many ranks.
    """
    n = ranks.size
    found = float(extreme(steps(ranks)[None], n)[0])
    p = (1 + np.searchsorted(uniform, found * (1 + 1e-9), "right")) / (1 + uniform.size)
    scaled = (ranks + 0.5) / LEVELS - 0.5
    expected_sd = np.sqrt((1 - LEVELS**-2.0) / 12)
    tenth, quarter = LEVELS // 20, LEVELS // 4
    return {
        "p": float(p),
        "covered_90": int(((ranks >= tenth) & (ranks < LEVELS - tenth)).sum()),
        "covered_50": int(((ranks >= quarter) & (ranks < LEVELS - quarter)).sum()),
        "shift_z": round(float(scaled.mean() / expected_sd * np.sqrt(n)), 2),
        "spread_ratio": round(float(np.sqrt((scaled**2).mean()) / expected_sd), 3),
    }


def holm(p: Mapping[str, float]) -> dict[str, float]:
    """Holm's step-down adjustment: valid however the tests depend on each other."""
    adjusted, highest = {}, 0.0
    for place, name in enumerate(sorted(p, key=lambda k: p[k])):
        highest = max(highest, min(1.0, (len(p) - place) * p[name]))
        adjusted[name] = highest
    return adjusted


def consistent_with(hits: int, n: int) -> list[float]:
    """95% Clopper-Pearson interval of a share."""
    interval = stats.binomtest(hits, n).proportion_ci(0.95)
    return [round(float(interval.low), 3), round(float(interval.high), 3)]


# --- results -------------------------------------------------------------------------------------


def ranks(rows: list[dict[str, str]], code: str) -> dict[str, Any]:
    """Results of one form's table of ranks.

    Args:
        code: `calibrate.code()`; the rows that it fitted are also judged by themselves.
    """
    table = rank_table(rows)
    found = tested(table)
    present = np.array([row["code"] == code for row in rows])
    today: dict[str, Any] = {"data_sets": int(present.sum())}
    if present.any():
        own = tested({name: values[present] for name, values in table.items()})
        today["least_p"] = round(min(item["p"] for item in own.values()), 5)
        today["least_p_holm"] = min(item["p_holm"] for item in own.values())
    divergent, draws = column(rows, "divergences"), column(rows, "draws")
    ess, attempts = column(rows, "least_ess"), column(rows, "attempts")
    clean = (ess >= calibrate.LEAST_ESS) & (divergent <= 0.01 * draws)
    uniform = uniform_extremes(int(clean.sum()))
    for name, item in found.items():
        ours = uniformity(table[name][clean], uniform)["p"] if clean.any() else 1.0
        item |= {"p": round(item["p"], 5), "p_clean_fits": round(ours, 4)}
    n, several = len(rows), len(found)
    in_90 = sum(item["covered_90"] for item in found.values())
    in_50 = sum(item["covered_50"] for item in found.values())
    return {
        "data_sets": n,
        "today": today,
        "wanted": WANTED["ranks"],
        "ranks": LEVELS,
        "repeated_with_more_draws": int((attempts > 1).sum()),
        "below_least_ess": int((ess < calibrate.LEAST_ESS).sum()),
        "least_ess": calibrate.LEAST_ESS,
        "median_of_least_ess": round(float(np.median(ess)), 1),
        "with_divergences": int((divergent > 0).sum()),
        "divergences": int(divergent.sum()),
        "draws": int(draws.sum()),
        "clean_fits": int(clean.sum()),
        "median_seconds": round(float(np.median(column(rows, "seconds"))), 1),
        "quantities": several,
        "least_p": min(item["p"] for item in found.values()),
        "least_p_holm": min(item["p_holm"] for item in found.values()),
        "rejected_after_holm": [k for k, item in found.items() if item["p_holm"] < 0.05],
        "outside_bands": [k for k, item in found.items() if item["p"] < 0.05],
        "mean_covered_90": round(in_90 / (n * several), 4),
        "mean_covered_50": round(in_50 / (n * several), 4),
        "binomial_sd_90": round(float(np.sqrt(0.9 * 0.1 / n)), 4),
        "binomial_sd_50": round(float(np.sqrt(0.25 / n)), 4),
        "parameters": found,
    }


def tested(table: Mapping[str, np.ndarray]) -> dict[str, dict[str, Any]]:
    """`uniformity` of every quantity, with Holm's correction for all of them."""
    uniform = uniform_extremes(len(next(iter(table.values()))))
    found = {name: uniformity(values, uniform) for name, values in table.items()}
    for name, value in holm({name: item["p"] for name, item in found.items()}).items():
        found[name]["p_holm"] = round(value, 4)
    return found


def rank_table(rows: list[dict[str, str]]) -> dict[str, np.ndarray]:
    """Quantity to its ranks."""
    names = [name for name in rows[0] if name not in NOT_PARAMETERS]
    return {name: column(rows, name).astype(int) for name in names}


def column(rows: list[dict[str, str]], name: str) -> np.ndarray:
    """One column as numbers."""
    return np.array([float(row[name]) for row in rows])


def recovery(rows: list[dict[str, str]]) -> dict[str, Any]:
    """Coverage and bias of the exchange rate where it is known, by true rate."""
    found: dict[str, Any] = {}
    for rate in sorted({float(row["rate"]) for row in rows}):
        own = [row for row in rows if float(row["rate"]) == rate]
        p05, p25, p50, p75, p95 = (column(own, name) for name in QUANTILES)
        in_90 = int(((p05 <= rate) & (rate <= p95)).sum())
        in_50 = int(((p25 <= rate) & (rate <= p75)).sum())
        found[f"{rate:g}"] = {
            "repeats": len(own),
            "wanted": WANTED["recovery"],
            "covered_90": in_90,
            "covered_90_consistent_with": consistent_with(in_90, len(own)),
            "covered_50": in_50,
            "covered_50_consistent_with": consistent_with(in_50, len(own)),
            "median_of_medians": round(float(np.median(p50)), 3),
            "median_width_90": round(float(np.median(p95 / p05)), 3),
            "slopes_covered_90": round(float(column(own, "slopes_covered").mean()), 3),
            "divergences": int(column(own, "divergences").sum()),
        }
    every = list(found.values())
    repeats = sum(item["repeats"] for item in every)
    total: dict[str, Any] = {"repeats": repeats}
    for name in ("covered_90", "covered_50"):
        hits = sum(item[name] for item in every)
        total |= {name: hits, f"{name}_consistent_with": consistent_with(hits, repeats)}
    return {"rates": found, "all": total}


def ceiling(rows: list[dict[str, str]]) -> dict[str, Any]:
    """How often the intervals of a known ceiling hold it, on half of the compute and on all."""
    truth, n = calibrate.CEILING, len(rows)
    found: dict[str, Any] = {"repeats": n, "wanted": WANTED["ceiling"], "true_ceiling": truth}
    for name in ("half", "all"):
        p05, p25, p50, p75, p95 = (column(rows, f"{name}_{p}") for p in QUANTILES)
        in_90 = int(((p05 <= truth) & (truth <= p95)).sum())
        over = int((p05 > truth).sum())
        found[name] = {
            "covered_90": in_90,
            "covered_90_consistent_with": consistent_with(in_90, n),
            "covered_50": int(((p25 <= truth) & (truth <= p75)).sum()),
            "median_above": int((p50 > truth).sum()),
            "above_the_90_interval": int((p95 < truth).sum()),
            "below_the_90_interval": over,
            "overstated_consistent_with": consistent_with(over, n),
            "median_of_medians": round(float(np.median(p50)), 3),
            "median_interval_90": [round(float(np.median(p)), 3) for p in (p05, p95)],
            "divergences": int(column(rows, f"{name}_divergences").sum()),
        }
    free = column(rows, "least_squares_half")
    found["least_squares_half"] = {
        "median": round(float(np.median(free)), 3),
        "quantiles_10_90": [round(float(q), 3) for q in np.quantile(free, [0.1, 0.9])],
        "above": int((free > truth).sum()),
        "above_by_more_than_0.1": int((free > truth + 0.1).sum()),
    }
    return found
