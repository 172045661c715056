"""One fit of a small part of the evidence, shared by every question that is asked of it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from tenfold.posterior.plan import prepare
from tenfold.posterior.scenario import PointsChoice, Scenario, Settings
from tenfold.sampler import sample

SMALL = PointsChoice(
    include={"source": ["o1_train", "o1_test", "r1_zero", "s1", "justrl", "claude_37",
                        "gpt5_launch", "qwen3_budget", "o3_launch", "o1_mini"]}
)  # fmt: skip


@pytest.fixture(scope="session")
def small():
    """The model on a small part of the evidence, ready for sampling."""
    settings = Settings(chains=4, tune=800, draws=1000)
    scenario = Scenario(reason="test", points=SMALL, settings=settings)
    return sample.compile_plan(prepare("small", scenario))


@pytest.fixture(scope="session")
def posterior(small):
    """Its posterior under the logistic form."""
    return sample.sample(small, "logistic")


@pytest.fixture(scope="session")
def calibrate():
    """The calibration script as a module."""
    path = Path(__file__).parents[2] / "scripts" / "calibrate.py"
    spec = importlib.util.spec_from_file_location("tenfold_calibrate", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
