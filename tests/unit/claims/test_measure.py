"""How claims are measured: relations, rooms, and the most that any value could have."""

from __future__ import annotations

import datetime
import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from tenfold.answers.chart_quantities import CHARTS
from tenfold.answers.constants import load_constants
from tenfold.answers.quantities import QUANTITIES
from tenfold.answers.question import Asked, Question
from tenfold.claims import verdicts
from tenfold.claims.measure import Measure, evidence, measure
from tenfold.claims.spec import Claim

BASE = {
    "id": "a-claim", "quote": "q", "source": "s", "kind": "evidence",
    "estimand": "jump_multiplier", "as_of": datetime.date(2026, 1, 1), "reason": "r",
}  # fmt: skip


def claim(**changes) -> Claim:
    return Claim.model_validate({**BASE, "value": 100.0, **changes})


def draws(values) -> tuple[xr.DataArray, xr.DataArray]:
    """Draws of two forms of equal weight, from a flat list that is dealt out to both."""
    array = np.resize(np.asarray(values, dtype=float), (2, 1, max(4, math.ceil(len(values) / 2))))
    labels = {"form": ["logistic", "power"]}
    weight = xr.DataArray([0.5, 0.5], labels)
    return xr.DataArray(array, labels, dims=("form", "chain", "draw")), weight


numbers = st.floats(-6, 6).map(lambda x: round(x, 1)) | st.sampled_from([math.inf, -math.inf])
lists = st.lists(numbers, min_size=4, max_size=40)
RELATIONS = ("about", "equals", "at least", "at most", "more than", "less than")


@given(lists, st.sampled_from(RELATIONS), st.floats(-3, 3), st.floats(0, 2))
def test_every_relation_with_infinities_and_ties(values, relation, log10, slack):
    log10, slack = round(log10, 1), round(slack, 1)
    made = claim(relation=relation, value=10.0**log10, tolerance=10.0**slack)
    drawn, weight = draws(values)
    found = evidence(made, measure(made), drawn, weight)
    low = log10 - slack - 1e-9 if relation not in ("at most", "less than") else -math.inf
    high = log10 + slack + 1e-9 if relation not in ("at least", "more than") else math.inf
    inside = (drawn >= low) & (drawn <= high)
    if slack == 0 and relation == "more than":
        inside = drawn > log10 + 1e-9
    if slack == 0 and relation == "less than":
        inside = drawn < log10 - 1e-9
    tied = np.isclose(drawn.values, log10, atol=1e-8) & (slack == 0)
    if relation in ("more than", "less than") and tied.any():
        return  # 10 ** 0.3 has a log10 that may differ in the last digit
    assert found.probability == pytest.approx(float(inside.mean()))
    assert found.p_below + found.probability + found.p_above == pytest.approx(1.0, abs=1e-9)
    if relation in ("about", "equals"):
        assert found.best is not None
        assert found.best >= found.probability - 1e-9
        assert found.side >= found.probability - 1e-9
        assert all(at.best is not None and at.best >= at.probability for at in found.by_tolerance)
    else:
        assert found.best is None
        assert found.side == found.probability
    steps = [at.probability for at in found.by_tolerance]
    assert steps == sorted(steps)


@given(lists, st.floats(0, 2))
def test_the_most_that_any_value_has_is_reached_by_one_and_by_none_passed(values, slack):
    made = claim(tolerance=10.0 ** round(slack, 1))
    drawn, weight = draws(values)
    found = evidence(made, measure(made), drawn, weight)
    finite = drawn.values[np.isfinite(drawn.values)]
    room = round(slack, 1) + 1e-9
    tried = [float((abs(drawn - (x + room - 1e-9)) <= room).mean()) for x in finite]
    assert found.best == pytest.approx(max(tried, default=0.0), abs=1e-9)
    if found.decisive is not None and math.isfinite(found.decisive):
        wide = claim(tolerance=max(1.0, found.decisive) * 1.0001)
        again = evidence(wide, measure(wide), drawn, weight)
        assert again.best is not None
        assert again.best >= 0.66 - 1e-9


def test_never_lies_above_everything():
    made = claim(relation="at least", value=1e300)
    drawn, weight = draws([2.0, math.inf])
    found = evidence(made, measure(made), drawn, weight)
    assert found.probability == 0.5
    assert found.distance > 0
    assert evidence(made, measure(made), *draws([math.inf] * 8)).distance == -math.inf


@pytest.mark.parametrize(
    ("changes", "factor", "low", "high", "slack"),
    [
        ({}, True, 2.0, 2.0, 0.5),
        ({"relation": "at most"}, True, -math.inf, 2.0, 0.0),
        ({"relation": "between", "upper": 1000.0}, True, 2.0, 3.0, 0.0),
        ({"estimand": "rl_jump_ooms", "value": 6.0}, False, 6.0, 6.0, 0.5),
        ({"estimand": "rl_gain_share", "value": 0.2}, False, 0.2, 0.2, 0.05),
        (
            {"estimand": "first_year", "value": None, "date": "2030-07-02", "relation": "before"},
            False, -math.inf, 2030.5, 0.0,
        ),
        ({"estimand": "exchange_rate", "value": 2.0}, True, math.log10(2), math.log10(2), None),
        (
            {"estimand": "first_year", "than": {"estimand": "budget_year"}, "value": 3.0},
            False, 3.0, 3.0, 1.0,
        ),
    ],
)  # fmt: skip
def test_each_kind_of_quantity_has_its_scale_and_room(changes, factor, low, high, slack):
    fields = {**BASE, "value": 100.0, **changes}
    if "date" in fields:
        fields["date"] = datetime.date.fromisoformat(fields["date"])
    found = measure(Claim.model_validate(fields))
    assert (found.factor, found.low, found.high) == (factor, low, pytest.approx(high))
    assert found.slack == pytest.approx(math.log10(4 / 3) if slack is None else slack)


UNTOLD = {"rl_slope_tokens_free", "rl_slope_fixed_tokens", "answer_length_growth"}
"""Quantities that the made-up posterior does not have."""


@pytest.mark.parametrize("name", sorted(QUANTITIES.keys() - UNTOLD - {q.name for q in CHARTS}))
def test_a_claim_at_the_median_of_a_quantity_is_never_unlikely(headline_draws, name):
    entry = QUANTITIES[name]
    answers = {"volume": 1e13, "multiplier": 1e6}
    stated = {key: value for key, value in answers.items() if key in entry.arguments}
    made = claim(estimand=name, given=stated, value=1.0)
    asked = Asked(headline_draws, load_constants(), Question())
    values = verdicts.values_of(made, asked)
    middle = float(values.median())
    if not math.isfinite(middle):
        return  # "never" is no value that a text could claim
    for tolerance in (1.001, 1.2, 3.0):
        measured = measure(made)
        room = math.log10(tolerance) if measured.factor else tolerance / 20
        at = Measure(measured.kind, measured.unit, measured.factor, middle, middle, room)
        found = evidence(made, at, values, headline_draws["weight"])
        word = verdicts.judged(made, found)
        assert "unlikely" not in word, (name, tolerance, found.probability)
        assert word != verdicts.CONTRADICTED
