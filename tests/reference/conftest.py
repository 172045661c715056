"""The second implementation as a fixture, in double precision."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def equations():
    """The module `equations.py` beside this file."""
    import numpyro

    numpyro.enable_x64()
    path = Path(__file__).with_name("equations.py")
    spec = importlib.util.spec_from_file_location("tenfold_equations", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module
