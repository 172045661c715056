"""From slopes to a jump: OOMs of RL or of inference that one GPT level takes, draw by draw.

Three definitions, all on draws with dims `form, chain, draw`:

- `exchange`: log-linear, gpt_level_ooms * inference_per_training * exchange_rate;
- `on_curve`: from a stated score, the RL compute that reaches what the inference jump reaches,
  with ceilings: at or above the RL ceiling the answer is +inf, never;
- `between_scores`: from one score to another on a named benchmark.

`joint` mixes RL and inference at least cost. The draws are those of `headline`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from scipy import special

from tenfold import curves, units
from tenfold.answers import places
from tenfold.answers.headline import slope_ratio
from tenfold.answers.places import NEW_BENCHMARK, NEW_MODEL, POPULATION
from tenfold.files import SpecError


def exchange(draws: xr.Dataset, benchmark: str | None = None) -> xr.Dataset:
    """The log-linear jump: `exchange_rate`, `inference_jump_ooms`, `rl_jump_ooms`.

    Args:
        benchmark: None for the population, "new benchmark", "new model" (on a new benchmark), or a
            benchmark. Where a benchmark has evidence in one regime only, the other slope is the
            hierarchy's prediction.

    Raises:
        SpecError: no such benchmark.
    """
    if benchmark is None or benchmark == POPULATION:
        rate = draws["exchange_rate"]
    elif benchmark == NEW_BENCHMARK:
        rate = draws["exchange_rate_new_benchmark"]
    elif benchmark == NEW_MODEL:
        rate = draws["exchange_rate_new_model"]
    elif benchmark in draws["shared_benchmark"].values:
        rate = draws["exchange_rate_benchmark"].sel(shared_benchmark=benchmark, drop=True)
    else:
        rate = slope_ratio(curve(draws, benchmark)[0]) * np.exp(draws["steepness"])
    inference = draws["gpt_level_ooms"] * draws["inference_per_training"]
    return _jump(rate, inference, inference * rate, draws["weight"])


def on_curve(draws: xr.Dataset, start: float, benchmark: str | None = None) -> xr.Dataset:
    """The jump on the curve: RL OOMs that reach the score which the inference jump reaches.

    Both curves start at score `start`. Under the logistic and power forms, whose regimes
    share one ceiling, this equals `exchange`. Where the inference curve's ceiling lies at or below
    the start, inference gains nothing and RL has nothing to match: 0 OOMs, `reached_score` = start
    (`no_gain`).

    Args:
        benchmark: a benchmark, "new benchmark", "new model", or None for a population slope under
            the median ceiling over benchmarks (floor 0; so for a new benchmark).

    Returns:
        As `exchange` (`exchange_rate` is the ratio of slopes), `reached_score` and `no_gain`
        (boolean). `rl_jump_ooms` is +inf where the score reached is at or above the RL ceiling.

    Raises:
        SpecError: unknown benchmark; a start outside (floor, 1).
    """
    slope, floor, ceiling = curve(draws, benchmark)
    _check_scores(floor, start)
    inference = draws["gpt_level_ooms"] * draws["inference_per_training"]
    ooms, reached, idle = [], [], []
    for form in draws["form"].values:
        at = {"form": form}
        one = (slope.sel(at), ceiling.sel(at), inference.sel(at))
        found = matched(start, floor, *one, form)
        ooms.append(found[0])
        reached.append(found[1])
        idle.append(found[2])
    jump = _jump(slope_ratio(slope), inference, xr.concat(ooms, draws["form"]), draws["weight"])
    jump["reached_score"] = xr.concat(reached, draws["form"])
    jump["no_gain"] = xr.concat(idle, draws["form"])
    return jump


def matched(
    start: Any, floor: float, slope: Any, ceiling: Any, inference: Any, form: curves.Form
) -> tuple[Any, Any, Any]:
    """RL OOMs, the score reached from `start`, and whether inference is stuck there.

    All in shortfalls (1 - share), which keep their precision next to the ceiling where shares
    round to one."""
    top_i, top_r = (ceiling.sel(regime=r, drop=True) for r in ("inference", "rl"))
    slope_i, slope_r = (slope.sel(regime=r, drop=True) for r in ("inference", "rl"))
    with np.errstate(divide="ignore", invalid="ignore"):
        eta_i = curves.eta_at_score(start, floor, top_i, form)
        short_i = _shortfall(eta_i + slope_i * inference, form)
        short_r = ((top_r - top_i) + (top_i - floor) * short_i) / (top_r - floor)
        ooms = (_eta(short_r, form) - curves.eta_at_score(start, floor, top_r, form)) / slope_r
    reached = top_i - (top_i - floor) * np.maximum(short_i, 0.0)
    never = (slope_r <= 0) | (short_r <= 0) | (start >= top_r)
    ooms = xr.where(never, np.inf, ooms)
    stuck = (slope_i <= 0) | (start >= top_i)
    return xr.where(stuck, 0.0, ooms), xr.where(stuck, start, reached), stuck


def _shortfall(eta: Any, form: curves.Form) -> Any:
    """1 - `curves.expected_share`, exact where the share is near one."""
    if form == "power":
        return 0.5 * np.exp(-0.5 * eta)
    return xr.apply_ufunc(special.expit, -eta)


def _eta(shortfall: Any, form: curves.Form) -> Any:
    """Inverse of `_shortfall`."""
    if form == "power":
        return -2.0 * np.log(2.0 * shortfall)
    return np.log1p(-shortfall) - np.log(shortfall)


def between_scores(
    draws: xr.Dataset, start: float, target: float, benchmark: str | None = None
) -> xr.Dataset:
    """`rl_jump_ooms` and `inference_jump_ooms` from one score to another; +inf for never.

    Benchmark and errors as `on_curve`; `target` must lie above `start` and be at most 1.
    """
    slope, floor, ceiling = curve(draws, benchmark)
    _check_scores(floor, start, target)
    found = xr.Dataset({"weight": draws["weight"]})
    for regime in ("rl", "inference"):
        parts = [
            curves.ooms_between(
                start,
                target,
                slope.sel(form=form, regime=regime, drop=True),
                floor,
                ceiling.sel(form=form, regime=regime, drop=True),
                form,
            )
            for form in draws["form"].values
        ]
        found[f"{regime}_jump_ooms"] = xr.concat(parts, draws["form"])
    return found


def curve(draws: xr.Dataset, benchmark: str | None) -> tuple[xr.DataArray, float, xr.DataArray]:
    """Slope and ceiling (form, chain, draw, regime) and floor of a benchmark."""
    if benchmark is None or benchmark == POPULATION:
        return xr.ufuncs.exp(draws["log_slope_mean"]), 0.0, draws["ceiling_typical"]
    if benchmark in (NEW_BENCHMARK, NEW_MODEL):
        slope = draws[f"slope_{benchmark}".replace(" ", "_")]
        return slope, 0.0, draws["ceiling_new_benchmark"]
    places.check(benchmark, draws["benchmark"].values)
    one = draws[["slope_at_benchmark", "ceiling", "floor"]].sel(benchmark=benchmark, drop=True)
    floors = np.unique(one["floor"].values)
    return one["slope_at_benchmark"], float(floors[0]), one["ceiling"]


def _check_scores(floor: float, start: float, target: float = 1.0) -> None:
    if not floor < start < 1:
        raise SpecError(f"start score {start:g}: expected between the chance level {floor:g} and 1")
    if not start < target <= 1:
        raise SpecError(f"target score {target:g}: expected above the start {start:g}, at most 1")


def joint(
    jump: xr.Dataset, log10_rl_share: xr.DataArray, log10_deployment: xr.DataArray | float
) -> xr.Dataset:
    """The cheapest mix of RL and inference that makes the same jump, in closed form.

    RL alone takes X = `rl_jump_ooms`, inference alone Y = `inference_jump_ooms`; a mix of x and y
    makes the jump where x / X + y / Y = 1. That is exact where both curves share one ceiling, and
    a straight line between the two pure ways where they do not. With pre-training 1, RL r and
    deployment D = ratio * (1 + r), the mix costs 1 + r 10^x + D 10^y. The cost is convex on the
    line; its minimum is where one more unit of gain costs the same either way,
    r 10^x X / Y = D 10^y, or the nearer end of the line. What is never reached one way is left to
    the other; where neither reaches it, all is +inf. A jump of no OOMs asks for no compute.

    Args:
        jump: `rl_jump_ooms`, `inference_jump_ooms`, `weight`.
        log10_rl_share: log10 of r, RL over pre-training.
        log10_deployment: log10 of the ratio of deployment to training spending.

    Returns:
        `joint_rl_ooms`, `joint_inference_ooms`, `rl_gain_share` (x / X), and log10
        `joint_multiplier` (of training and deployment spending together), `weight`.
    """
    rl, inference = (jump[f"{way}_jump_ooms"].clip(min=0.0) for way in ("rl", "inference"))
    one_plus_r = units.log10_sum(0.0, log10_rl_share)
    deploy = one_plus_r + log10_deployment
    both = np.isfinite(rl) & np.isfinite(inference) & (rl > 0) & (inference > 0)
    x, y = rl.where(both, 1.0), inference.where(both, 1.0)
    free = (y - (log10_rl_share + np.log10(x / y) - deploy)) / (1 + y / x)
    share = xr.where(both, free.clip(0.0, x) / x, 0.0)
    share = xr.where(np.isinf(inference) & np.isfinite(rl), 1.0, share)
    nothing, never = (rl == 0) | (inference == 0), np.isinf(rl) & np.isinf(inference)

    def part(ooms: xr.DataArray, of_gain: xr.DataArray) -> Any:
        taken = xr.where(of_gain > 0, of_gain * ooms.where(of_gain > 0, 0.0), 0.0)
        return xr.where(never, np.inf, xr.where(nothing, 0.0, taken))

    rl_ooms, inference_ooms = part(rl, share), part(inference, 1 - share)
    spent = units.log10_sum(0.0, log10_rl_share + rl_ooms)
    after = units.log10_sum(spent, deploy + inference_ooms)
    return xr.Dataset(
        {
            "weight": jump["weight"],
            "joint_rl_ooms": rl_ooms,
            "joint_inference_ooms": inference_ooms,
            "rl_gain_share": xr.where(never, np.inf, xr.where(nothing, 0.0, share)),
            "joint_multiplier": after - units.log10_sum(one_plus_r, deploy),
        }
    )


def _jump(rate: Any, inference: Any, rl: Any, weight: Any) -> xr.Dataset:
    return xr.Dataset(
        {
            "weight": weight,
            "exchange_rate": rate,
            "inference_jump_ooms": inference,
            "rl_jump_ooms": rl,
        }
    )
