"""Response curves: linear predictor to expected score, with slopes and inverses.

A curve takes the linear predictor `eta` (link units), a benchmark's `floor` (chance level) and
`ceiling` (asymptote) to an expected score. All five forms pass halfway between floor and ceiling at
`eta = 0` with the same gradient there, (ceiling - floor) / 4 per link unit, so that one prior on
slopes means the same thing under every form:

==========  ==================================================  =================================
form        expected score, as a share of ceiling - floor       reading
==========  ==================================================  =================================
logistic    1 / (1 + exp(-eta)), ceiling 1                      odds are a power of compute
saturating  the same with an estimated ceiling                  ScaleRL (arXiv 2510.13786)
earlier     as saturating; what an RL run starts with counts    a run starts at its model's score
            as compute before its own
power       1 - exp(-eta / 2) / 2, ceiling 1, unbounded below   error is a power of compute
start       as saturating; an RL run has a floor of     from a start to a ceiling of its own
            its own, the score that it starts from      (arXiv 2510.13786)
==========  ==================================================  =================================

Everything works elementwise on numpy arrays, on labelled `xarray` objects, and (for
`expected_share` and `share_gradient`) on symbolic tensors through the `xp` argument.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np

Form = Literal["logistic", "saturating", "earlier", "power", "start"]
FORMS: tuple[Form, ...] = get_args(Form)
CEILINGS: tuple[Form, ...] = ("saturating", "earlier", "start")
"""Forms that level off below 1, at a height that is estimated."""
EARLIER: tuple[Form, ...] = ("earlier",)
"""Forms in which an RL run starts with compute that counts already."""
STARTS: tuple[Form, ...] = ("start",)
"""Forms in which an RL run starts from a share of its own of the way from floor to ceiling."""
SHAPES: tuple[Form, ...] = ("logistic", "power")
"""Curves that differ as functions; other forms are `logistic` below a ceiling of their own."""


def expected_share(eta: Any, form: Form, xp: Any = np) -> Any:
    """Share of the way from floor to ceiling at linear predictor `eta` (dimensionless).

    `xp` supplies `exp`: numpy by default, or a module of symbolic tensors.
    """
    if form == "power":
        return 1.0 - 0.5 * xp.exp(-0.5 * eta)
    return 1.0 / (1.0 + xp.exp(-eta))


def share_gradient(eta: Any, form: Form, xp: Any = np) -> Any:
    """d expected_share / d eta, per link unit."""
    if form == "power":
        return 0.25 * xp.exp(-0.5 * eta)
    share = expected_share(eta, form, xp)
    return share * (1.0 - share)


def with_earlier(x: Any, earlier: Any) -> tuple[Any, Any]:
    """OOMs that compute has grown since `x` = 0, what came before it counted; derivative by `x`.

    Args:
        x, earlier: log10 compute on one scale; -inf where nothing came before.
    """
    own = 1.0 / (1.0 + 10.0 ** (earlier - x))
    return x - np.log10(own) - np.log10(1.0 + 10.0**earlier), own


def eta_at_share(share: Any, form: Form) -> Any:
    """Linear predictor at which the curve has come `share` of the way from floor to ceiling.

    +inf at or above the curve's upper bound, -inf at or below its lower bound (0 for the logistic
    forms; none below for `power`).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        if form == "power":
            eta = -2.0 * np.log(2.0 * (1.0 - share))
            return _where(share >= 1.0, np.inf, eta)
        eta = np.log(share) - np.log1p(-share)
        return _where(share >= 1.0, np.inf, _where(share <= 0.0, -np.inf, eta))


def expected_score(eta: Any, floor: Any, ceiling: Any, form: Form) -> Any:
    """Expected score (no noise) at linear predictor `eta`; shapes broadcast."""
    return floor + (ceiling - floor) * expected_share(eta, form)


def score_gradient(eta: Any, floor: Any, ceiling: Any, form: Form) -> Any:
    """d expected_score / d eta, score per link unit."""
    return (ceiling - floor) * share_gradient(eta, form)


def eta_at_score(score: Any, floor: Any, ceiling: Any, form: Form) -> Any:
    """Linear predictor at which the expected score is `score`; infinities as `eta_at_share`."""
    return eta_at_share((score - floor) / (ceiling - floor), form)


def ooms_between(start: Any, target: Any, slope: Any, floor: Any, ceiling: Any, form: Form) -> Any:
    """OOMs of compute that take the expected score from `start` to `target`.

    Args:
        start, target: scores in [0, 1]. A target at or below the start, or at or below the lower
            bound of the curve, costs zero OOMs.
        slope: link units per OOM.

    Returns:
        OOMs >= 0; +inf where no amount of compute reaches the target: the target is at or above
        the ceiling, the start at or below the lower bound, or the slope is not positive. NaN
        never appears for finite inputs.

    >>> round(float(ooms_between(0.2, 0.8, slope=1.386, floor=0, ceiling=1, form="logistic")), 2)
    2.0
    >>> float(ooms_between(0.2, 0.8, slope=1.386, floor=0, ceiling=0.7, form="saturating"))
    inf
    """
    eta_start = eta_at_score(start, floor, ceiling, form)
    eta_target = eta_at_score(target, floor, ceiling, form)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ooms = np.true_divide(eta_target - eta_start, slope)
    never = (slope <= 0) | (eta_target == np.inf)
    arrived = (target <= start) | (eta_target == -np.inf)
    return _where(arrived, 0.0, _where(never, np.inf, ooms))


def _where(condition: Any, yes: Any, no: Any) -> Any:
    """`np.where` that keeps the labels of xarray operands."""
    if any(hasattr(value, "dims") for value in (condition, yes, no)):
        import xarray as xr

        return xr.where(condition, yes, no)
    return np.where(condition, yes, no)
