"""Tenfold: how many tenfolds of compute a capability jump takes, as a posterior distribution.

The public names below are loaded on first use, so `import tenfold` costs nothing and never imports
the sampler. Everything after a fit works from a stored run alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "Question": ("answers", "Question"),
    "SpecError": ("spec", "SpecError"),
    "check_claims": ("claims", "check_claims"),
    "cost_answer": ("answers", "cost_answer"),
    "fit_scenario": ("scenarios", "run"),
    "headline_draws": ("scenarios", "draws"),
    "jump_answer": ("answers", "jump_answer"),
    "latest_run": ("fit", "latest"),
    "load_claims": ("claims", "load_claims"),
    "load_constants": ("constants", "load_constants"),
    "load_points": ("points", "load"),
    "load_scenarios": ("spec", "load_scenarios"),
}
"""Public name -> the module that defines it, and its name there."""

if TYPE_CHECKING:
    from tenfold.answers import Question, cost_answer, jump_answer
    from tenfold.claims import check_claims, load_claims
    from tenfold.constants import load_constants
    from tenfold.fit import latest as latest_run
    from tenfold.points import load as load_points
    from tenfold.scenarios import draws as headline_draws
    from tenfold.scenarios import run as fit_scenario
    from tenfold.spec import SpecError, load_scenarios

__all__ = [
    "Question",
    "SpecError",
    "__version__",
    "check_claims",
    "cost_answer",
    "fit_scenario",
    "headline_draws",
    "jump_answer",
    "latest_run",
    "load_claims",
    "load_constants",
    "load_points",
    "load_scenarios",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'tenfold' has no attribute {name!r}")
    module, attribute = _HOME[name]
    return getattr(import_module(f"tenfold.{module}"), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
