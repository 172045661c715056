"""Tenfold: how many tenfolds of compute a capability jump takes, as a posterior distribution.

The public names below are loaded on first use, so `import tenfold` costs nothing and never imports
the sampler. Everything after a fit works from a stored run alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "SpecError": "tenfold.spec",
    "check_claims": "tenfold.claims",
    "load_claims": "tenfold.claims",
}
"""Public name -> the module that defines it."""

if TYPE_CHECKING:
    from tenfold.claims import check_claims, load_claims
    from tenfold.spec import SpecError

__all__ = ["SpecError", "__version__", "check_claims", "load_claims"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'tenfold' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
