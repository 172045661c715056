"""Whole answers: plain JSON, words without contradictions, and what drives them."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from tenfold import mixture
from tenfold.answers import drivers
from tenfold.answers.answer import cost_answer, jump_answer, what_drives
from tenfold.answers.question import Asked, Question
from tenfold.files import SpecError
from tenfold.words import answers

QUESTIONS = [
    Question(),
    Question(benchmark="new benchmark"),
    Question(benchmark="GPQA"),
    Question(benchmark="GPQA", start=0.4, reading="whole"),
    Question(benchmark="HLE", start=0.2, target=0.8, baseline="gpt-5", split="gpu_time", date=2030),
    Question(baseline="olmo-3.1", deployment=0.5),
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_answers_are_plain_json_and_print(headline_draws, constants, question):
    for answer, tables, lines in (
        (
            jump_answer(headline_draws, constants, question),
            answers.jump_tables,
            answers.jump_lines,
        ),
        (
            cost_answer(headline_draws, constants, question),
            answers.cost_tables,
            answers.cost_lines,
        ),
    ):
        assert json.loads(json.dumps(answer, allow_nan=False)) == answer
        for row in answer["quantities"].values():
            assert {"p05", "p25", "p50", "p75", "p95", "unit", "level", "kind"} <= set(row)
            assert (row["level"], row["kind"]) == (0.9, "equal-tailed")
        for title, columns, rows in tables(answer):
            assert title
            assert rows
            assert all(len(row) == len(columns) for row in rows)
        assert all(line.endswith(".") and "nan" not in line for line in lines(answer))


def test_the_default_answer_holds_the_headline_quantities(headline_draws, constants):
    found = jump_answer(headline_draws, constants, Question())
    names = {"exchange_rate", "inference_jump_ooms", "rl_jump_ooms", "training_multiplier"}
    names |= {"training_flop", "gpus", "training_energy", "training_cost"}
    assert names | {"years_of_world_electricity"} <= set(found["quantities"])
    places = {"population", "new benchmark", "new model", "AIME 2024", "GPQA"}
    assert set(found["exchange_rates"]) == places
    assert found["p_never"]["probability"] == 0
    assert found["on_curve"]["quantities"]["rl_jump_ooms"]["p_never"] > 0
    assert sum(row["weight"] for row in found["forms"].values()) == pytest.approx(1)
    assert 0 <= found["between_form_share"] < 0.2
    line = answers.jump_lines(found)[1]
    assert "2.0 (1.6 to 2.5)" in line or "2.0 (1.6 to 2.6)" in line


def test_answers_repeat_and_follow_their_constants(headline_draws, constants):
    first = cost_answer(headline_draws, constants, Question())
    assert first == cost_answer(headline_draws, constants, Question())
    patched = constants.patched({"E_G4": {"low": 400.0, "central": 620.0, "high": 960.0}})
    second = cost_answer(headline_draws, patched, Question())
    name = "training_energy"
    moved = second["quantities"][name]["p50"] - first["quantities"][name]["p50"]
    assert moved == pytest.approx(np.log10(2))
    assert second["quantities"]["training_cost"] == first["quantities"]["training_cost"]


def test_waiting_falls_and_curves_rise(headline_draws, constants):
    found = cost_answer(headline_draws, constants, Question())
    waits = [row["years_of_world_electricity"]["p50"] for row in found["waiting"]]
    assert waits == sorted(waits, reverse=True)
    multipliers = [row["p50"] for row in found["multiplier_curve"]]
    assert multipliers == sorted(multipliers)
    assert multipliers[0] == pytest.approx(0)
    chances = [row["p_rl_cheaper"] for row in found["break_even_curve"]]
    assert chances == sorted(chances)


def test_bad_questions_are_one_line(headline_draws, constants):
    with pytest.raises(SpecError, match="needs a start"):
        Question(target=0.8)
    for question, said in (
        (Question(deployment=-1.0), "deployment ratio -1"),
        (Question(baseline="gpt5"), "did you mean 'gpt-5'"),
    ):
        with pytest.raises(SpecError, match=said):
            jump_answer(headline_draws, constants, question)


def made_up(n: int = 2000) -> tuple[dict[str, xr.DataArray], xr.DataArray]:
    rng = np.random.default_rng(8)
    labels = {"form": ["a", "b"], "chain": range(2), "draw": range(n // 4)}
    inputs = {
        name: xr.DataArray(rng.standard_normal((2, 2, n // 4)), labels)
        for name in ("strong", "weak", "silent")
    }
    inputs["copy of strong"] = inputs["strong"] + 0.1 * inputs["silent"]
    inputs["constant"] = xr.zeros_like(inputs["strong"])
    return inputs, xr.DataArray([0.5, 0.5], {"form": ["a", "b"]})


def test_drivers_rank_sign_and_leave_noise_alone():
    inputs, weight = made_up()
    output = 3 * inputs["strong"] - inputs["weak"]
    rows = {row["input"]: row for row in drivers.drivers(output, inputs, weight)}
    assert set(list(rows)[:2]) == {"strong", "copy of strong"}
    assert "constant" not in rows
    assert rows["strong"]["variance_explained"] == pytest.approx(0.9, abs=0.05)
    assert rows["weak"]["variance_explained"] == pytest.approx(0.1, abs=0.05)
    assert rows["strong"]["rank_correlation"] == pytest.approx(0.94, abs=0.02)
    assert rows["weak"]["rank_correlation"] < -0.2
    # A dependent input shares the credit, which a split of independent inputs could not give.
    assert rows["copy of strong"]["variance_explained"] > 0.8
    assert rows["silent"]["pawn"] < 2 * rows["silent"]["pawn_noise"]
    assert rows["strong"]["pawn"] > 3 * rows["strong"]["pawn_noise"]


def test_pawn_is_the_median_distance_of_classes():
    rng = np.random.default_rng(3)
    x = rng.standard_normal(500)
    y = np.round(x + rng.standard_normal(500), 1)
    classes = np.array_split(y[np.argsort(x)], drivers.CLASSES)
    distances = [stats.ks_2samp(own, y).statistic for own in classes]
    assert drivers.pawn(x, y) == pytest.approx(np.median(distances))


def test_drivers_take_never_in_their_stride():
    inputs, weight = made_up()
    output = inputs["strong"].where(inputs["strong"] < 1, np.inf)
    rows = drivers.drivers(output, inputs, weight)
    assert rows[0]["input"] == "strong"
    assert rows[0]["variance_explained"] is None
    assert rows[0]["rank_correlation"] > 0.9
    assert "variance" not in answers.leading(rows)
    with pytest.raises(ValueError, match="does not vary"):
        drivers.drivers(xr.zeros_like(output), inputs, weight)


def test_the_energy_of_the_baseline_hardly_matters(headline_draws, constants):
    """The jump's exponents drive the years; Grok 4's energy and its RL share hardly do."""
    asked = Asked(headline_draws, constants, Question())
    rows = what_drives(asked, "years_of_world_electricity", drivers.COST)
    shares = {row["input"]: row["variance_explained"] for row in rows}
    assert shares["energy of the baseline"] < 0.05
    assert shares["world electricity"] < 0.05
    assert shares["inference per training"] + shares["exchange rate"] > 0.5
    years = asked.cost["years_of_world_electricity"]
    assert mixture.summarise(years, headline_draws["weight"], "x")["p50"] < 2
