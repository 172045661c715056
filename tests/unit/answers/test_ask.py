"""Questions: statistics by hand on made-up draws, parsed conditions, own baselines, comparisons."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import xarray as xr

from tenfold import mixture
from tenfold.answers import ask, compare, conditions, registry
from tenfold.answers.conditional import Sample
from tenfold.answers.own import with_own
from tenfold.answers.question import Asked, Question
from tenfold.files import SpecError
from tenfold.words import ask as words

DIMS = ("form", "chain", "draw", "repeat")


def made(values, weight=(1.0,), event=None) -> Sample:
    """A sample of one chain and one repeat: rows of `values` are forms."""
    array = np.asarray(values, float)[:, None, :, None]
    forms = [f"form {i}" for i in range(array.shape[0])]
    coords = {"form": forms}
    met = np.ones_like(array, bool) if event is None else np.asarray(event)[:, None, :, None]
    return Sample(
        xr.DataArray(array, dims=DIMS, coords=coords),
        xr.DataArray(list(weight), dims="form", coords=coords),
        xr.DataArray(met, dims=DIMS, coords=coords),
    )


def test_ties_and_infinities_by_hand():
    """1 1 2 inf, a quarter each."""
    sample = made([[1, 1, 2, math.inf]])
    found, _ = sample.quantile(np.array([0.25, 0.5, 0.51, 0.75, 0.76]))
    assert found.tolist() == [1, 1, 2, 2, math.inf]
    assert sample.probability(sample.values <= 1)[0] == 0.5
    assert sample.probability(sample.values == np.inf)[0] == 0.25


def test_weights_of_forms_and_conditions_by_hand():
    """Form 0 (weight 0.75) has 1 2 3 4, form 1 has 5 5 5 inf; only 2 3 and 5 inf meet it."""
    event = [[False, True, True, False], [False, False, True, True]]
    sample = made([[1, 2, 3, 4], [5, 5, 5, math.inf]], (0.75, 0.25), event)
    assert sample.share() == pytest.approx(0.5)
    assert sample.probability(sample.values < 3)[0] == pytest.approx(0.375)
    assert sample.probability(sample.values == np.inf)[0] == pytest.approx(0.125)
    found, _ = sample.quantile(np.array([0.3, 0.7, 0.8, 0.9]))
    assert found.tolist() == [2, 3, 5, math.inf]
    # Weights 0.1875 twice and 0.0625 twice.
    expected = (2 * 0.1875 + 2 * 0.0625) ** 2 / (2 * 0.1875**2 + 2 * 0.0625**2)
    assert sample.effective() == pytest.approx(expected)


def test_conditioning_equals_filtering():
    """With one form, the draws that meet a condition answer alone."""
    rng = np.random.default_rng(4)
    values = np.round(rng.standard_normal(4000), 1)
    values[rng.random(4000) < 0.1] = np.inf
    event = rng.random(4000) < 0.4
    kept = made([values[event]])
    both = made([values], event=[event])
    probs = np.array([0.01, 0.05, 0.25, 0.5, 0.75, 0.89])
    assert both.quantile(probs)[0].tolist() == kept.quantile(probs)[0].tolist()
    for at in (-1.0, 0.0, 0.5, np.inf):
        p, error = both.probability(both.values <= at)
        q, other = kept.probability(kept.values <= at)
        assert p == pytest.approx(q)
        assert error == pytest.approx(other, rel=0.35, abs=1e-3)
    np.testing.assert_allclose(ask.cdf(both), ask.cdf(kept))
    assert both.effective() == pytest.approx(event.sum())


def test_errors_cover():
    """Errors of conditional probabilities and medians against repetition."""
    found = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        values, event = rng.standard_normal((1, 900)), rng.random((1, 900)) < 0.5
        sample = made(values, event=event)
        p, error = sample.probability(sample.values < 0.3)
        (middle,), (spread,) = sample.quantile(np.array([0.5]))
        found.append((p, error, middle, spread))
    p, error, middle, spread = np.array(found).T
    assert np.mean(error) == pytest.approx(np.std(p), rel=0.2)
    assert np.mean(spread) == pytest.approx(np.std(middle), rel=0.25)


def test_without_a_condition_it_is_the_table(headline_draws, constants):
    asked = Asked(headline_draws, constants, Question(benchmark="AIME 2024", start=0.3))
    found = ask.ask(asked, "rl_jump_ooms")
    row = registry.table(asked, ["rl_jump_ooms"])["rl_jump_ooms"]
    assert found["median"] == row["p50"]
    assert found["median_mcse"] == pytest.approx(row["p50_mcse"])
    assert found["intervals"]["90"]["low"] == row["p05"]
    assert found["intervals"]["90"]["high"] == row["p95"]
    assert found["intervals"]["50"]["low"] == row["p25"]
    assert found["p_never"]["probability"] == pytest.approx(row.get("p_never", 0))
    weights = [row["weight"] for row in found["forms"].values()]
    assert sum(weights) == pytest.approx(1)


@pytest.mark.parametrize("name", ["rl_jump_ooms", "training_cost", "first_year", "rl_gain_share"])
def test_an_answer_is_plain_json_and_words(headline_draws, constants, name):
    asked = Asked(headline_draws, constants, Question(benchmark="AIME 2024", start=0.3))
    entry = registry.named(name)
    texts = {"date": ("2030", "2040"), "amount": ("1e9 USD", "1e12 USD")}
    low, high = texts.get(entry.kind, ("0.3", "5"))
    wanted = [
        conditions.threshold(entry, "over", low),
        conditions.threshold(entry, "between", low, high),
    ]
    found = ask.ask(asked, name, wanted, "exchange_rate > 1.5")
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    over, between = (row["probability"] for row in found["probabilities"])
    assert between <= over <= 1
    shares = [bar["share"] for bar in found["histogram"]]
    assert sum(shares) + found["p_never"]["probability"] == pytest.approx(1)
    assert min(shares) >= 0
    assert all("nan" not in line for line in words.lines(found))
    for _, columns, rows in words.tables(found):
        assert all(len(row) == len(columns) for row in rows)
    header, *records = words.records(found)
    assert all(len(record) == len(header) for record in records)


def test_what_drives_it_and_what_to_ask_next(headline_draws, constants):
    asked = Asked(headline_draws, constants, Question())
    found = ask.ask(asked, "rl_jump_ooms")
    assert found["drivers"]
    command = words.command(found["next"])
    condition = command.split('"')[1]
    again = ask.ask(asked, "rl_jump_ooms", given=condition)
    assert again["median"] > found["median"]
    assert again["next"] is None
    exact = constants.patched({"GR_WE": {"low": 0.03, "central": 0.03, "high": 0.03}})
    still = ask.ask(Asked(headline_draws, exact, Question()), "electricity_growth")
    assert still["drivers"] == []


def test_the_distribution_function_rises_to_what_is_not_never(headline_draws, constants):
    asked = Asked(headline_draws, constants, Question(benchmark="AIME 2024", start=0.3))
    sample = ask.sample_of(asked, "rl_jump_ooms")
    x, p = np.array(ask.cdf(sample)).T
    assert (np.diff(p) >= 0).all()
    assert (np.diff(x) > 0).all()
    never = mixture.probability(asked.jump["rl_jump_ooms"] == np.inf, sample.weight)[0]
    assert never > 0
    assert p[-1] == pytest.approx(1 - never)


def test_a_yes_or_no_question(headline_draws, constants):
    asked = Asked(headline_draws, constants, Question())
    found = ask.ask_event(asked, "first_year < 2031")
    p, mcse = mixture.probability(asked.timing["first_year"] < 2031, headline_draws["weight"])
    assert (found["probability"], found["mcse"]) == (p, pytest.approx(mcse))
    assert set(found["forms"]) == {"logistic", "saturating"}
    both = ask.ask_event(asked, "budget_year >= first_year and exchange_rate > 2")
    event = asked.timing["budget_year"] >= asked.timing["first_year"]
    event = event & (headline_draws["exchange_rate"] > 2)
    assert both["probability"] == mixture.probability(event, headline_draws["weight"])[0]
    certain = ask.ask_event(asked, "exchange_rate > 2", "exchange_rate > 2.1")
    assert certain["probability"] == 1


def test_units_and_dates_of_values():
    value, named = conditions.value, registry.named
    cost, jump = named("training_cost"), named("rl_jump_ooms")
    assert value(cost, "1e12 USD") == pytest.approx(12)
    assert value(cost, "1,000,000") == pytest.approx(6)
    assert value(cost, "1e400 USD") == pytest.approx(400)
    assert value(cost, "$10 trillion") == value(cost, "10 trillion USD") == pytest.approx(13)
    assert value(cost, "5×10¹² USD") == value(cost, "5e12") == value(cost, "5 trillion")
    assert value(cost, "1e999999 trillion USD") == pytest.approx(1_000_011)
    assert value(cost, "10⁻² USD") == pytest.approx(-2)
    assert value(named("training_energy"), "310 GWh") == pytest.approx(math.log10(0.31))
    assert value(jump, "6") == value(jump, "6 OOM") == value(jump, "1e6x") == 6
    assert value(named("ceiling"), "80%") == pytest.approx(0.8)
    assert value(named("first_year"), "2030-01-01") == 2030
    assert value(named("years_until_rl_is_cheaper"), "18 month") == pytest.approx(1.5, rel=0.01)
    assert value(jump, "never") == math.inf
    assert value(cost, "0") == -math.inf
    assert conditions.end_of("2030") == conditions.end_of("2030-12-31") == pytest.approx(2031)
    assert conditions.threshold(named("first_year"), "by", "2030").high == 2031


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("training_cost", "1e12 TWh", "unit 'TWh': training_cost is in USD"),
        ("training_cost", "1e12 euro", "unit 'euro'"),
        ("training_cost", "lots", "expected a value of training_cost in USD"),
        ("training_cost", "1,5", "a decimal comma? expected a point: 1.5"),
        ("training_cost", "$5 TWh", "unit 'USDTWh'"),
        ("training_cost", "-5", "training_cost is positive"),
        ("first_year", "1e12 USD", "expected a year or a day"),
        ("rl_jump_ooms", "0x", "positive multiple"),
        ("rl_jump_ooms", "__import__('os')", "expected a value"),
    ],
)
def test_wrong_values_are_one_clear_line(name, text, said):
    with pytest.raises(SpecError) as error:
        conditions.value(registry.named(name), text)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("exchange_rate", "expected a comparison"),
        ("exchange_rate = 2", "expected a comparison"),
        ("exchange_rat > 2", "did you mean 'exchange_rate'?"),
        ("exchange_rate > 2 and", "expected a comparison"),
        ("exchange_rate > 2 or rl_jump_ooms > 3", "unit"),
        ("exchange_rate > rl_jump_oomss", "did you mean 'rl_jump_ooms'?"),
        ("exchange_rate > training_cost", "cannot be compared"),
        ("exchange_rate(baseline=o3) > 2", "baseline: unknown"),
        ("rl_jump_ooms(start=low) > 2", "start: got 'low'; expected a number"),
        ("rl_jump_ooms(0.2) > 2", "expected such as start=0.2"),
        ("training_cost > baseline_energy", "baseline_energy is in GWh"),
        ("exchange_rate > 1000", "0 effective draws"),
    ],
)
def test_wrong_conditions_are_one_clear_line(headline_draws, constants, text, said):
    asked = Asked(headline_draws, constants, Question())
    with pytest.raises(SpecError) as error:
        ask.ask(asked, "gpt_level_ooms", given=text)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_conditions_take_arguments_of_their_own(headline_draws, constants):
    asked = Asked(headline_draws, constants, Question())
    text = 'rl_jump_ooms(benchmark="AIME 2024", start=0.3) < never'
    found = conditions.holds(conditions.conditions(text), asked)
    there = asked.but(benchmark="AIME 2024", start=0.3)
    assert (found == np.isfinite(there.jump["rl_jump_ooms"])).all()


def test_quantities_in_other_units_are_compared_in_one(headline_draws, constants):
    """TWh of a run that is little larger, against GWh of the baseline."""
    asked = Asked(headline_draws, constants, Question())
    larger = registry.named("training_energy").draws(asked.but(start=0.2, target=0.25))
    wanted = larger + 3 > registry.named("baseline_energy").draws(asked)
    text = "training_energy(start=0.2, target=0.25) > baseline_energy"
    found = conditions.holds(conditions.conditions(text), asked)
    assert (found == wanted.transpose(*found.dims)).all()
    assert 0.1 < float((larger < 0).mean()), "below a TWh"


def test_the_frontier_grows_from_its_last_observation(headline_draws, constants):
    asked = Asked(headline_draws, constants, Question(date=2028.4))
    found = ask.ask(asked, "frontier_flop")
    now = ask.ask(asked.but(date=None), "frontier_flop")
    run = constants.run("frontier-2026")
    growth = constants.named("GR_COMP").central
    wanted = now["median"] + (2028.4 - run.year) * math.log10(growth)
    assert found["median"] == pytest.approx(wanted, abs=0.1)
    assert any(run.title in line for line in found["rests_on"])
    with pytest.raises(SpecError, match="date 2020"):
        ask.ask(asked.but(date=2020.0), "frontier_flop")


OWN = """
version = 1
title = "Mine"
year = 2026.0
{more}
"""


def own(tmp_path, constants, more):
    path = tmp_path / "mine.toml"
    path.write_text(OWN.format(more=more))
    return with_own(constants, path)


def test_a_baseline_of_ones_own(tmp_path, headline_draws, constants):
    more = """
training_flop = { central = 1e26, unit = "FLOP" }
rl_share = { low = 0.5, central = 1.0, high = 2.0, unit = "dimensionless" }
cost = { central = 2e8, unit = "USD" }
"""
    found, name = own(tmp_path, constants, more)
    asked = Asked(headline_draws, found, Question(baseline=name))
    assert name == "mine"
    assert np.allclose(asked.base["training_flop"].to("FLOP").log10, 26)
    assert np.allclose(asked.base["cost"].to("USD").log10, math.log10(2e8))
    # What is missing follows, with error, from generic constants.
    hours = asked.base["gpu_hours"].to("GPU*hour").log10
    assert float(hours.std()) > 0.05
    answer = ask.ask(asked, "training_cost", given="rl_share < 1")
    assert answer["rests_on"][1] == "Mine"


def test_gpu_hours_alone_are_enough(tmp_path, headline_draws, constants):
    more = 'gpu_hours = { low = 1e7, central = 2e7, high = 4e7, unit = "GPU*hour" }\n'
    more += 'gpu_throughput = { central = 4e14, unit = "FLOP/(GPU*second)" }\n'
    found, name = own(tmp_path, constants, more)
    base = Asked(headline_draws, found, Question(baseline=name)).base
    ratio = base["training_flop"].to("FLOP").log10 - base["gpu_hours"].to("GPU*second").log10
    assert np.allclose(ratio, math.log10(4e14))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("", "expected `training_flop`, `pretraining_flop` or `gpu_hours`"),
        ('training_flop = { central = 1e26, unit = "USD" }', "training_flop: got unit 'USD'"),
        ('training_flop = { central = 1e26, low = 1e25, unit = "FLOP" }', "both `low` and `high`"),
        ('trainig_flop = { central = 1e26, unit = "FLOP" }', "did you mean"),
    ],
)
def test_a_bad_baseline_is_one_line(tmp_path, constants, more, said):
    with pytest.raises(SpecError) as error:
        own(tmp_path, constants, more)
    assert said in str(error.value)
    assert "mine.toml" in str(error.value)


def test_the_same_compared_with_itself_is_alike(headline_draws, constants):
    asked = Asked(headline_draws, constants, Question())
    rows = compare.compare(compare.rows(asked), compare.rows(asked))
    assert all(row["alike"] and not row["shift"] for row in rows)
    assert {"rl_jump_ooms", "training_cost", "first_year"} <= {row["quantity"] for row in rows}


def test_baselines_side_by_side(headline_draws, constants):
    asked = Asked(headline_draws, constants, Question())
    other = asked.but(baseline="o3")
    found = compare.compare(compare.rows(asked), compare.rows(other))
    rows = {row["quantity"]: row for row in found}
    assert rows["rl_jump_ooms"]["alike"]
    flop = rows["training_flop"]
    assert not flop["alike"]
    assert flop["shift"] == pytest.approx(flop["second"]["p50"] - flop["first"]["p50"])
    _, columns, cells = words.compare_table(list(rows.values()), ("grok-4", "o3"))
    assert all(len(row) == len(columns) for row in cells)


def test_another_seed_differs_within_errors(headline_draws, constants):
    """A fresh fit against a stored one: constants drawn anew leave the answers alike."""
    asked = Asked(headline_draws, constants, Question())
    ours = compare.rows(asked)
    rows = compare.compare(ours, compare.rows(asked.but(seed=5)))
    assert np.mean([row["alike"] for row in rows]) >= 0.95
    ends = rows[0]["first"], rows[0]["second"] | {"p95": 1.01 * float(rows[0]["second"]["p95"]) + 9}
    assert not compare.shift(rows[0]["quantity"], *ends)["alike"], "an end alone counts, too"
    moved = constants.patched({"E_G4": {"low": 400.0, "central": 620.0, "high": 960.0}})
    other = Asked(headline_draws, moved, Question())
    rows = {row["quantity"]: row for row in compare.compare(ours, compare.rows(other))}
    assert not rows["training_energy"]["alike"]
    assert rows["training_energy"]["shift"] == pytest.approx(math.log10(2))


def test_differences_of_records_are_told():
    first = {"scenario": "a", "constants": {"X": {"low": 1, "high": 2}}}
    second = {"scenario": "b", "constants": {"X": {"low": 1, "high": 3}}, "more": 1}
    assert compare.differences(first, second) == [
        "constants.X.high: 2 / 3",
        "more: None / 1",
        "scenario: 'a' / 'b'",
    ]


def test_between_holds_its_ends_and_over_does_not():
    at = xr.DataArray([1.0, 1.5, 2.0, np.inf])
    assert conditions.Threshold("between", 1.0, 2.0).event(at).values.tolist() == [
        True,
        True,
        True,
        False,
    ]
    assert conditions.Threshold("over", low=1.0).event(at).values.tolist() == [
        False,
        True,
        True,
        True,
    ]
    assert conditions.Threshold("under", high=2.0).event(at).values.tolist() == [
        True,
        True,
        False,
        False,
    ]


def test_a_threshold_is_what_was_asked_for():
    jump, year = registry.named("rl_jump_ooms"), registry.named("first_year")
    assert conditions.threshold(jump, "over", "6") == conditions.Threshold("over", low=6.0)
    assert conditions.threshold(jump, "under", "6") == conditions.Threshold("under", high=6.0)
    between = conditions.Threshold("between", 6.0, 8.0)
    assert conditions.threshold(jump, "between", "8", "6") == between
    for day in ("2030", "2030-12-31"):
        assert conditions.threshold(year, "by", day).high == pytest.approx(2031.0)
    assert conditions.threshold(year, "by", "2030-06-30").high == pytest.approx(2030 + 181 / 365)
