"""Printed costs and dates against a second Monte Carlo that shares no code with the first."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from tenfold import mixture
from tenfold.answers import registry
from tenfold.answers.constants import load_constants
from tenfold.answers.quantities import QUANTITIES
from tenfold.answers.question import Asked, Question

BASELINES = ["grok-4", "deepseek-r1", "gpt-5", "olmo-3.1", "frontier-2026"]
CHAINS, DRAWS, REPEATS = 4, 1000, 4
N = 20_000
PROBS = (0.05, 0.25, 0.5, 0.75, 0.95)


@pytest.fixture(scope="module")
def second():
    """The module `monte_carlo.py` beside this file."""
    path = Path(__file__).with_name("monte_carlo.py")
    spec = importlib.util.spec_from_file_location("tenfold_monte_carlo", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def inputs(shape: tuple[int, ...], seed: int) -> tuple[np.ndarray, ...]:
    """Made-up draws: exchange rate, inference per training, GPT level."""
    rng = np.random.default_rng(seed)
    rate = np.exp(np.log(1.8) + 0.25 * rng.standard_normal(shape))
    trade = np.exp(np.log(1.2) + 0.3 * rng.standard_normal(shape))
    return rate, trade, 2.0 + 0.2 * rng.standard_normal(shape)


@pytest.fixture(scope="module")
def draws():
    """A sample of one form with the dims of a stored one."""
    dims = ("form", "chain", "draw", "repeat")
    names = ("exchange_rate", "inference_per_training", "gpt_level_ooms")
    found = dict(zip(names, inputs((1, CHAINS, DRAWS, REPEATS), 7), strict=True))
    return xr.Dataset(
        {name: (dims, values) for name, values in found.items()}
        | {"weight": ("form", [1.0]), "floor": ("benchmark", [0.0])},
        coords={"form": ["logistic"], "benchmark": ["AIME"]},
    )


@pytest.mark.parametrize("split", ["flop", "gpu_time"])
@pytest.mark.parametrize("reading", ["rl", "whole"])
@pytest.mark.parametrize("name", BASELINES)
def test_every_printed_cost_and_date(second, draws, name, reading, split):
    rate, trade, level = inputs((N,), 8)
    expected = second.answers(name, reading, split, level * trade, level * trade * rate, seed=9)
    question = Question(baseline=name, reading=reading, split=split, volume=1e13)
    asked = Asked(draws, load_constants(), question)
    assert set(expected) <= set(QUANTITIES)
    for quantity, values in expected.items():
        ours = registry.draws_of(quantity, asked)
        ours = ours.broadcast_like(asked.like).transpose(*asked.like.dims)
        for p in PROBS:
            at = np.quantile(values, p, method="inverted_cdf")
            below, error = mixture.probability(ours <= at, draws["weight"])
            theirs = float(np.mean(values <= at))
            slack = 4 * np.hypot(error, np.sqrt(p * (1 - p) / values.size)) + 0.004
            assert abs(below - theirs) < slack, (quantity, p, below, theirs, at)
