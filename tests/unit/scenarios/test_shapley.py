"""Shapley effects against their closed form for a linear function of correlated normals."""

import numpy as np
import pytest

from tenfold.scenarios import shapley


@pytest.mark.parametrize("rho", [0.0, 0.8])
def test_correlated_normals_have_the_effects_of_the_closed_form(rho):
    """y = x1 + 2 x2 with correlation rho (Song, Nelson & Staum 2016, section 5.1)."""
    rng = np.random.default_rng(1)
    x1, z, noise = rng.standard_normal((3, 20_000))
    x2 = rho * x1 + np.sqrt(1 - rho**2) * z
    found = shapley.effects({"one": x1, "two": x2, "noise": noise}, x1 + 2 * x2)
    total = 1 + 4 + 4 * rho
    # b1^2 (1 - rho^2 / 2) + b1 b2 rho + b2^2 rho^2 / 2, with sds of one
    first = 1 - rho**2 / 2 + 2 * rho + 4 * rho**2 / 2
    assert found["one"] == pytest.approx(first / total, abs=0.06)
    assert found["noise"] == pytest.approx(0.0, abs=0.04)
    assert sum(found.values()) == pytest.approx(1.0)
    assert next(iter(found)) == "two"


def test_never_keeps_its_place_and_a_monotone_scale_changes_nothing():
    rng = np.random.default_rng(2)
    x = {name: rng.standard_normal(4000) for name in "abc"}
    y = 2 * x["a"] + x["b"]
    far = np.where(y > 3, np.inf, np.exp(y))
    found, plain = shapley.effects(x, far), shapley.effects(x, y)
    assert list(found)[:2] == ["a", "b"]
    assert found["a"] == pytest.approx(plain["a"], abs=0.05)


def test_what_cannot_be_told_is_refused():
    ones = np.ones(100)
    with pytest.raises(ValueError, match="does not vary"):
        shapley.effects({"a": np.arange(100.0)}, ones)
    many = {str(i): np.random.default_rng(i).random(100) for i in range(9)}
    with pytest.raises(ValueError, match="9 inputs; expected at most 8"):
        shapley.effects(many, many["0"])
