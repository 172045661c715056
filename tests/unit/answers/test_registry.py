"""The registry: every printed number has a name by which it can be asked for, and one label."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tenfold.answers import registry
from tenfold.answers.answer import cost_answer, jump_answer
from tenfold.answers.chart_quantities import CHARTS
from tenfold.answers.conditions import conditions
from tenfold.answers.quantities import QUANTITIES
from tenfold.answers.question import Asked, Question, decimal_year
from tenfold.files import SpecError
from tenfold.words import answers, findings, numbers

QUESTIONS = [
    Question(),
    Question(benchmark="new model", reading="whole"),
    Question(benchmark="HLE", baseline="gpt-5", split="flop", date=2030.0),
    Question(benchmark="AIME 2024", start=0.3),
    Question(benchmark="AIME 2024", start=0.3, target=0.7, horizon=1.0, deployment=2.0),
]
ENDS = ("p05", "p25", "p50", "p75", "p95")


def rows_of(found):
    """Every row of quantiles in an answer, wherever it stands."""
    if isinstance(found, list):
        return [row for item in found for row in rows_of(item)]
    if not isinstance(found, dict):
        return []
    own = [found] if "p50" in found else []
    return own + [row for value in found.values() for row in rows_of(value)]


@pytest.fixture(
    scope="module", params=QUESTIONS, ids=lambda question: question.baseline + str(question.start)
)
def asked(request, headline_draws, constants):
    return Asked(headline_draws, constants, request.param)


@pytest.fixture(scope="module")
def both(asked):
    """Jump and cost answers to one question."""
    question = (asked.draws, asked.constants, asked.question)
    return [jump_answer(*question), cost_answer(*question)]


def test_each_row_of_an_answer_can_be_asked_for_by_name(asked, both):
    for answer in both:
        shown = {k: v for k, v in answer.items() if k not in ("multiplier_curve", "forms")}
        for row in rows_of(shown):
            again = registry.question(row["quantity"], row["arguments"])
            found = registry.table(Asked(asked.draws, asked.constants, again), [row["quantity"]])
            for key in ENDS:
                assert found[row["quantity"]][key] == row[key], (row["quantity"], key)
        for form, row in answer.get("forms", {}).items():
            alone = registry.draws_of("rl_jump_ooms", asked).sel(form=form)
            assert row["p50"] == pytest.approx(float(np.median(alone)), rel=0.01)


def test_each_number_of_a_sentence_stands_in_a_row(asked, both):
    """Numbers of the lines, less those of rows, of probabilities and of the question."""
    for answer, lines in zip(both, (answers.jump_lines, answers.cost_lines), strict=True):
        said = " ".join(lines(answer))
        texts = [numbers.told(row) for row in rows_of(answer)]
        texts += [numbers.interval(row) for row in rows_of(answer)]
        texts += [row["title"] for row in rows_of(answer) if "title" in row]
        texts += [title[0].lower() + title[1:] for title in texts]
        texts += [asked.constants.run(asked.question.baseline).title]
        if "shares" in answer:  # its numbers are the baseline's cost and the budget's growth
            said = said.replace(findings.budget_path(answer), "")
        known = [*answer.get("dates", {}).values(), *answer.get("shares", {}).values()]
        for row in [*known, *answer.get("binding", [])]:
            texts += [numbers.chance(row["probability"], row["mcse"]), row["title"].lower()]
            texts += [numbers.percent(row["probability"], row["mcse"])]
        for key in ("p_never", "on_curve", "p_above_one"):
            for found in (answer.get(key, {}), answer.get(key, {}).get("p_no_gain", {})):
                if "probability" in found:
                    texts.append(numbers.chance(found["probability"], found["mcse"]))
        texts += [numbers.never(row) for row in rows_of(answer)]
        beside = [row for row in rows_of(answer) if row.get("essay_percentile") is not None]
        texts += [numbers.beside_essay(row) for row in beside]
        for text in sorted(filter(None, texts), key=len, reverse=True):
            said = said.replace(text, "")
        # before shares, one of which may be the end of another number
        said = re.sub(r"by (the end of )?20(30|35|50)|over \d years|\d+% of the variance", "", said)
        asks = {numbers.share(v) for v in vars(asked.question).values() if isinstance(v, float)}
        asks |= {numbers.share(asked.start), "90%"}
        for ask in sorted(asks, key=len, reverse=True):
            said = said.replace(ask, "")
        assert not re.findall(r"\d", said), said


def test_no_two_quantities_share_a_label(asked, both):
    default = Asked(asked.draws, asked.constants, Question())
    titles = [entry.titled(default) for entry in QUANTITIES.values()]
    assert len(set(titles)) == len(titles)
    for answer in both:
        tables = ("quantities", "on_curve", "joint", "room_left", "timing", "break_even")
        seen: dict[str, tuple[object, ...]] = {}
        for row in rows_of([answer.get(name, {}) for name in tables]):
            value = tuple(row[key] for key in ENDS)
            assert seen.setdefault(row["title"], value) == value, row["title"]


def test_a_benchmark_without_series_of_a_regime_says_so(headline_draws, constants):
    at = Asked(headline_draws, constants, Question(benchmark="HLE"))
    row = registry.table(at, ["exchange_rate"])["exchange_rate"]
    assert row["title"] == "RL OOMs per inference OOM (no RL series)"
    there = registry.table(at.but(benchmark="GPQA"), ["exchange_rate"])["exchange_rate"]
    assert "series" not in there["title"]


def test_scores_reach_everything_under_them(headline_draws, constants):
    """The joint optimum makes the jump that was asked, not a GPT level."""
    at = Asked(headline_draws, constants, Question(benchmark="GPQA", start=0.5, target=0.6))
    rl, inference = (at.jump[f"{way}_jump_ooms"] for way in ("rl", "inference"))
    mixed = at.joint["joint_rl_ooms"] / rl + at.joint["joint_inference_ooms"] / inference
    both = np.isfinite(rl) & np.isfinite(inference)
    assert np.allclose(mixed.where(both, 1.0), 1.0)
    assert both.any()


def test_the_worlds_electricity_is_that_of_one_date(headline_draws, constants):
    for date in (None, 2035.0):
        at = Asked(headline_draws, constants, Question(date=date))
        energy, years, supply = (
            registry.draws_of(name, at)
            for name in ("training_energy", "years_of_world_electricity", "world_electricity")
        )
        assert np.allclose(energy - supply, years)


def test_the_essays_values_stand_beside_ours(headline_draws, constants):
    at = Asked(headline_draws, constants, Question())
    rows = registry.table(at, ["rl_jump_ooms", "exchange_rate", "training_multiplier"])
    assert (rows["rl_jump_ooms"]["essay"], rows["exchange_rate"]["essay"]) == (6, 2)
    below = float((at.jump["rl_jump_ooms"] <= 6).mean(("chain", "draw", "repeat")).dot(
        headline_draws["weight"]
    ))  # fmt: skip
    assert rows["rl_jump_ooms"]["essay_percentile"] == pytest.approx(below)
    scores = registry.table(at.but(start=0.2, target=0.8), ["rl_jump_ooms"])["rl_jump_ooms"]
    assert scores["essay"] == 4
    assert "essay" not in registry.table(at.but(baseline="gpt-5"), ["rl_share"])["rl_share"]


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("rl_jump_oom", {}, "did you mean 'rl_jump_ooms'?"),
        ("exchange_rate", {"baselin": "grok-4"}, "takes benchmark"),
        ("gpt_level_ooms", {"benchmark": "GPQA"}, "takes no arguments"),
        ("rl_jump_ooms", {"start": "0.2"}, "start: got '0.2'; expected a number"),
        ("rl_jump_ooms", {"benchmark": 3.0}, "benchmark: got 3.0; expected a text"),
        ("slope", {"regime": "both"}, "regime 'both'"),
        ("rl_jump_ooms", {"target": 0.8}, "needs a start"),
    ],
)
def test_bad_arguments_are_one_line(name, given, said):
    with pytest.raises(SpecError) as error:
        registry.question(name, given)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_what_a_baseline_does_not_tell_is_said(headline_draws, constants):
    at = Asked(headline_draws, constants, Question(baseline="gpt-5"))
    assert registry.table(at, ["water"]) == {}
    with pytest.raises(SpecError, match="water: not known of baseline 'gpt-5'"):
        registry.draws_of("water", at)
    with pytest.raises(SpecError, match="`volume` is needed"):
        registry.draws_of("years_until_rl_is_cheaper", at)


def test_the_listing_has_every_quantity(headline_draws, constants):
    listed = registry.listing(Asked(headline_draws, constants, Question()))
    assert [row["name"] for row in listed] == list(QUANTITIES)
    for row in listed:
        assert (row["row"] is None) == bool(row["why"])
    untold = {row["name"] for row in listed if row["row"] is None}
    assert untold == {entry.name for entry in CHARTS if entry.arguments} | {
        "years_until_rl_is_cheaper",
        "affordable_year",
        "rl_slope_tokens_free",
        "rl_slope_fixed_tokens",
        "answer_length_growth",
        "rl_jump_across_runs",
    }


def test_every_listed_quantity_has_a_condition_that_is_understood(headline_draws, constants):
    listed = registry.listing(Asked(headline_draws, constants, Question()))
    for item in listed:
        (found,) = conditions(answers.example(item))
        assert found.quantity == item["name"]


@pytest.mark.parametrize(
    ("text", "year"),
    [("2030", 2030.0), ("2030.5", 2030.5), ("2030-01-01", 2030.0), ("2028-07-02", 2028.5)],
)
def test_dates(text, year):
    assert decimal_year(text) == pytest.approx(year, abs=1e-9)


@pytest.mark.parametrize("text", ["soon", "12-2030", "2030-13-01", "nan", "1e9", "-2030", ""])
def test_bad_dates_are_one_line(text):
    with pytest.raises(SpecError, match="expected a year or a day"):
        decimal_year(text)


def test_the_essay_speaks_of_a_level_and_of_20_to_80_percent():
    for name, level, between in (("inference_jump_ooms", 3, 2), ("rl_jump_ooms", 6, 4)):
        essay = registry.named(name).essay
        assert essay(Question()) == level
        assert essay(Question(start=0.2, target=0.8)) == between
        assert essay(Question(start=0.3, target=0.8)) is None


def test_what_a_regime_is_asked_for_has_no_regime(headline_draws, constants):
    asked = Asked(headline_draws, constants, Question())
    for name in ("slope", "ceiling"):
        assert "regime" not in registry.draws_of(name, asked).coords
    tenfold = registry.draws_of("inference_equal_to_tenfold_rl", asked)
    rate = registry.draws_of("exchange_rate", asked)
    np.testing.assert_allclose(tenfold, 1 / rate)
