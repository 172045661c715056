"""Tenfold: how many tenfolds of compute a capability jump takes, as a posterior distribution.

The public names below are loaded on first use, so `import tenfold` costs nothing and never imports
the sampler. Everything after a fit works from a stored run alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0.dev0"

_HOME = {
    "Question": ("answers.question", "Question"),
    "SpecError": ("files", "SpecError"),
    "check_claims": ("claims.verdicts", "check_claims"),
    "cost_answer": ("answers.answer", "cost_answer"),
    "fit_scenario": ("fit.stages", "run"),
    "headline_draws": ("answers.headline", "of_run"),
    "jump_answer": ("answers.answer", "jump_answer"),
    "latest_run": ("runs.store", "latest"),
    "load": ("notebook", "load"),
    "load_claims": ("claims.verdicts", "load_claims"),
    "load_constants": ("answers.constants", "load_constants"),
    "load_points": ("evidence.dataset", "load"),
    "load_scenarios": ("posterior.scenario", "load_scenarios"),
}
"""Public name -> the module that defines it, and its name there."""

if TYPE_CHECKING:
    from tenfold.answers.answer import cost_answer, jump_answer
    from tenfold.answers.constants import load_constants
    from tenfold.answers.headline import of_run as headline_draws
    from tenfold.answers.question import Question
    from tenfold.claims.verdicts import check_claims, load_claims
    from tenfold.evidence.dataset import load as load_points
    from tenfold.files import SpecError
    from tenfold.fit.stages import run as fit_scenario
    from tenfold.notebook import load
    from tenfold.posterior.scenario import load_scenarios
    from tenfold.runs.store import latest as latest_run

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
    "load",
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
