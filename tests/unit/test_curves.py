"""Properties of the response curves, over the range of link values that fits produce."""

from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from tenfold.curves import (
    FORMS,
    eta_at_score,
    eta_at_share,
    expected_score,
    expected_share,
    ooms_between,
    score_gradient,
    share_gradient,
    with_earlier,
)

forms = st.sampled_from(FORMS)
etas = st.floats(-12, 12)
floors = st.floats(0, 0.5)
ceilings = st.floats(0.55, 1)
slopes = st.floats(0.05, 5)
UPPER = dict.fromkeys(FORMS, 1.0)
LOWER = dict.fromkeys(FORMS, 0.0) | {"power": -math.inf}


@given(etas, forms)
def test_inverse_recovers_the_linear_predictor(eta, form):
    # 1 - share loses digits near the upper bound: the error in eta is that of the share over its
    # gradient.
    error = 4e-16 * max(1, abs(expected_share(eta, form))) / share_gradient(eta, form)
    assert eta_at_share(expected_share(eta, form), form) == pytest.approx(eta, abs=1e-9 + 4 * error)


@given(etas, floors, ceilings, forms)
def test_score_inverse_recovers_the_linear_predictor(eta, floor, ceiling, form):
    score = expected_score(eta, floor, ceiling, form)
    error = 1e-15 * max(1, abs(score)) / score_gradient(eta, floor, ceiling, form)
    assert eta_at_score(score, floor, ceiling, form) == pytest.approx(eta, abs=1e-9 + 10 * error)


@given(etas, floors, ceilings, forms)
def test_gradient_agrees_with_central_differences(eta, floor, ceiling, form):
    h = 1e-5
    difference = (
        expected_score(eta + h, floor, ceiling, form)
        - expected_score(eta - h, floor, ceiling, form)
    ) / (2 * h)
    exact = score_gradient(eta, floor, ceiling, form)
    assert difference == pytest.approx(exact, rel=1e-6, abs=1e-8)


@given(etas, st.floats(1e-3, 5), forms)
def test_every_form_rises_and_keeps_its_bounds(eta, step, form):
    low, high = expected_share(eta, form), expected_share(eta + step, form)
    assert LOWER[form] < low < high <= UPPER[form]
    assert share_gradient(eta, form) > 0


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_share_value_and_gradient_at_zero(form):
    assert expected_score(0.0, 0.2, 0.8, form) == pytest.approx(0.5)
    assert score_gradient(0.0, 0.2, 0.8, form) == pytest.approx(0.6 / 4)


@pytest.mark.parametrize(
    ("form", "share", "eta"),
    [
        ("logistic", 1.0, math.inf),
        ("logistic", 1.2, math.inf),
        ("logistic", 0.0, -math.inf),
        ("logistic", -0.1, -math.inf),
        ("saturating", 1.0, math.inf),
        ("saturating", 0.0, -math.inf),
        ("power", 1.0, math.inf),
        ("power", 1.5, math.inf),
        ("power", 0.0, -2 * math.log(2)),
        ("earlier", 1.0, math.inf),
    ],
)
def test_inverse_at_and_beyond_the_bounds(form, share, eta):
    assert float(eta_at_share(share, form)) == pytest.approx(eta)


def test_compute_from_before_a_run_counts_with_its_own():
    spent, own = with_earlier(np.array([2.0, 2.0, 2.0]), np.array([-math.inf, 2.0, 4.0]))
    assert spent == pytest.approx([2.0, math.log10(200 / 101), math.log10(10_100 / 10_001)])
    assert own == pytest.approx([1.0, 0.5, 1 / 101])


def test_the_logistic_form_is_the_odds_formula():
    # 20% to 80% is log(16) link units, whatever the code does inside.
    assert ooms_between(0.2, 0.8, 1.0, 0.0, 1.0, "logistic") == pytest.approx(math.log(16))
    # error 0.8 to 0.2 is a factor of 4, and the error falls as compute ** (-slope / 2 / ln 10).
    assert ooms_between(0.2, 0.8, 2.0, 0.0, 1.0, "power") == pytest.approx(math.log(4))


scores = st.floats(0.3, 0.5)


@given(scores, scores, slopes, st.floats(0, 0.25), ceilings, forms)
def test_ooms_are_travelled_back_on_the_curve(start, target, slope, floor, ceiling, form):
    ooms = float(ooms_between(start, target, slope, floor, ceiling, form))
    assert ooms >= 0
    if target <= start:
        assert ooms == 0
    else:
        arrived = expected_score(
            eta_at_score(start, floor, ceiling, form) + slope * ooms, floor, ceiling, form
        )
        assert arrived == pytest.approx(target, abs=1e-9)


@given(st.floats(0.05, 0.7), st.floats(0.01, 0.2), st.floats(0.01, 0.2), slopes, forms)
def test_ooms_add_up_along_the_curve(start, first, second, slope, form):
    legs = ooms_between(start, start + first, slope, 0, 1.0, form) + ooms_between(
        start + first, start + first + second, slope, 0, 1.0, form
    )
    whole = ooms_between(start, start + first + second, slope, 0, 1.0, form)
    assert whole == pytest.approx(legs, rel=1e-9, abs=1e-12)


@given(
    st.floats(-0.5, 1.5),
    st.floats(-0.5, 1.5),
    st.floats(-2, 2),
    floors,
    ceilings,
    forms,
)
def test_ooms_are_never_nan_or_negative(start, target, slope, floor, ceiling, form):
    ooms = float(ooms_between(start, target, slope, floor, ceiling, form))
    assert not math.isnan(ooms)
    assert ooms >= 0


@pytest.mark.parametrize(
    ("start", "target", "slope", "ceiling", "expected"),
    [
        (0.4, 0.61, 1.0, 0.61, math.inf),  # at the ceiling
        (0.4, 0.9, 1.0, 0.61, math.inf),  # above it
        (0.4, 0.5, 0.0, 1.0, math.inf),  # a flat curve
        (0.4, 0.5, -1.0, 1.0, math.inf),  # a falling curve
        (0.5, 0.5, 0.0, 1.0, 0.0),  # nothing to do, however flat
        (0.9, 0.5, 1.0, 0.61, 0.0),  # already past the target
        (-0.5, 0.0, 1.0, 0.61, 0.0),  # the whole curve lies above the target
        (0.0, 0.5, 1.0, 0.61, math.inf),  # chance level is infinitely far down the curve
    ],
)
def test_never_is_infinite_and_arrived_is_zero(start, target, slope, ceiling, expected):
    assert float(ooms_between(start, target, slope, 0.0, ceiling, "saturating")) == expected


def test_labels_survive_and_elements_are_independent():
    slope = xr.DataArray([1.0, -1.0, 2.0], dims="draw", coords={"draw": [7, 8, 9]})
    ceiling = xr.DataArray([1.0, 0.6], dims="benchmark", coords={"benchmark": ["a", "b"]})
    ooms = ooms_between(0.2, 0.8, slope, 0.0, ceiling, "saturating")
    assert set(ooms.dims) == {"draw", "benchmark"}
    for draw in (7, 8, 9):
        for name in ("a", "b"):
            scalar = ooms_between(
                0.2,
                0.8,
                float(slope.sel(draw=draw)),
                0.0,
                float(ceiling.sel(benchmark=name)),
                "saturating",
            )
            assert float(ooms.sel(draw=draw, benchmark=name)) == float(scalar)


@pytest.mark.parametrize("form", FORMS)
def test_another_array_module_gives_the_same_curve(form):
    # Stands for the symbolic tensors that the model passes: only `exp` may be asked of the module.
    class OnlyExp:
        exp = staticmethod(np.exp)

    eta = np.linspace(-3, 3, 13)
    np.testing.assert_allclose(expected_share(eta, form, OnlyExp), expected_share(eta, form))
    np.testing.assert_allclose(share_gradient(eta, form, OnlyExp), share_gradient(eta, form))
