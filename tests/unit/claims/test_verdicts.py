"""Claims against draws whose probabilities are known in closed form."""

from __future__ import annotations

import dataclasses
import json
import math
from statistics import NormalDist
from typing import get_args

import numpy as np
import pytest
import xarray as xr

from tenfold.answers.chart_quantities import CHARTS
from tenfold.answers.constants import load_constants
from tenfold.answers.quantities import QUANTITIES
from tenfold.claims import arithmetic as sums
from tenfold.claims import measure, verdicts
from tenfold.claims.spec import Claim, Kind
from tenfold.files import SpecError
from tenfold.words import claims

FORMS = ["logistic", "saturating"]
CHAINS, DRAWS = 4, 2000
RATE = NormalDist(math.log(2), 0.2)
"""Distribution of log(exchange_rate) in the draws below."""


@pytest.fixture(scope="module")
def draws():
    rng = np.random.default_rng(1)
    shape = (len(FORMS), CHAINS, DRAWS)
    dims = ("form", "chain", "draw")

    def normal(mean, sd, *extra):
        sizes = [len(values) for values in extra]
        return mean + sd * rng.standard_normal((*shape, *sizes))

    benchmarks, regimes = ["AIME 2024", "GPQA Diamond"], ["rl", "inference"]
    rate = np.exp(normal(RATE.mean, RATE.stdev))
    inference = normal(math.log(1.2), 0.1)
    log_slope = np.stack([inference - np.log(rate), inference], axis=-1)
    slope = np.exp(log_slope[..., None, :] + normal(0, 0.1, benchmarks, regimes))
    ceiling = np.ones((*shape, 2, 2))
    ceiling[1, ..., 0] = 0.7  # the saturating form: RL ends below 80%
    data = xr.Dataset(
        {
            "exchange_rate": (dims, rate),
            "exchange_rate_new_benchmark": (dims, rate),
            "inference_per_training": (dims, np.exp(normal(math.log(1.2), 0.1))),
            "gpt_level_ooms": (dims, normal(2.0, 0.1)),
            "inference_per_training_typical": (dims, np.exp(normal(math.log(1.2), 0.05))),
            "gpt_level_ooms_typical": (dims, normal(2.0, 0.05)),
            "log_slope_mean": ((*dims, "regime"), log_slope),
            "steepness": (dims, np.zeros(rate.shape)),
            "slope_at_benchmark": ((*dims, "benchmark", "regime"), slope),
            "ceiling": ((*dims, "benchmark", "regime"), ceiling),
            "ceiling_typical": ((*dims, "regime"), np.median(ceiling, axis=-2)),
            "floor": ("benchmark", [0.0, 0.25]),
            "series_count": (("benchmark", "regime"), [[2, 2], [2, 2]]),
            "exchange_rate_benchmark": (
                (*dims, "shared_benchmark"),
                (slope[..., 1] / slope[..., 0])[..., :1],
            ),
            "weight": ("form", [0.75, 0.25]),
        },
        coords={
            "form": FORMS,
            "chain": range(CHAINS),
            "draw": range(DRAWS),
            "regime": regimes,
            "benchmark": benchmarks,
            "shared_benchmark": benchmarks[:1],
        },
    )
    return data


@pytest.fixture(scope="module")
def constants():
    return load_constants()


def claim(**changes) -> Claim:
    fields = {
        "id": "a-claim",
        "quote": "q",
        "source": "s",
        "kind": "evidence",
        "estimand": "exchange_rate",
        "relation": "about",
        "value": 2.0,
        "unit": "dimensionless",
        "tolerance": 1.25,
        "as_of": "2025-10-20",
        "reason": "r",
    }
    return Claim.model_validate_json(json.dumps(fields | changes))


def one(draws, constants, **changes) -> verdicts.Result:
    made = claim(**changes)
    verdicts.check(made)
    return verdicts.check_claims(draws, [made], constants)[0]


@pytest.mark.parametrize(
    ("probability", "word"),
    [
        (0.0, "exceptionally unlikely"),
        (0.0099, "exceptionally unlikely"),
        (0.01, "very unlikely"),
        (0.1, "unlikely"),
        (0.329, "unlikely"),
        (0.33, "about as likely as not"),
        (0.659, "about as likely as not"),
        (0.67, "likely"),
        (0.9001, "very likely"),
        (0.9901, "virtually certain"),
        (1.0, "virtually certain"),
    ],
)
def test_likelihood_words(probability, word):
    assert verdicts.likelihood(probability) == word


@pytest.mark.parametrize(
    ("relation", "expected"),
    [
        ("about", RATE.cdf(math.log(2.5)) - RATE.cdf(math.log(1.6))),
        ("at most", RATE.cdf(math.log(2.5))),
        ("at least", 1 - RATE.cdf(math.log(1.6))),
    ],
)
def test_probability_of_a_relation_and_its_error(draws, constants, relation, expected):
    found = one(draws, constants, relation=relation).evidence
    assert found is not None
    assert found.probability == pytest.approx(expected, abs=4 * found.mcse)
    assert 0.5 / math.sqrt(16000) < found.mcse * 2 < 4 / math.sqrt(16000)
    parts = found.p_below + found.probability + found.p_above
    assert parts == pytest.approx(1.0)
    assert 10**found.p50 == pytest.approx(2.0, rel=0.02)
    assert 10**found.p95 == pytest.approx(math.exp(RATE.inv_cdf(0.95)), rel=0.03)


def test_never_is_larger_than_any_number(draws, constants):
    # The saturating quarter of the weight has an RL ceiling of 0.7.
    given = {"regime": "rl", "start": 0.2, "target": 0.8, "benchmark": "AIME 2024"}
    found = one(
        draws,
        constants,
        estimand="jump_multiplier",
        given=given,
        relation="at most",
        value=1e300,
    ).evidence
    assert found is not None
    assert found.probability == pytest.approx(0.75)
    assert found.p_above == pytest.approx(0.25)
    assert found.p95 == math.inf
    # log(16) link units at slope 1.2 / 2
    assert found.p05 < math.log(16) / 0.6 < found.p95


def test_scores_below_chance_are_refused(draws, constants):
    given = {"regime": "rl", "start": 0.2, "target": 0.8, "benchmark": "GPQA Diamond"}
    with pytest.raises(SpecError, match=r"claim 'a-claim': start score 0\.2"):
        one(draws, constants, estimand="jump_multiplier", given=given)


@pytest.mark.parametrize(
    ("function", "inputs", "expected"),
    [
        ("inference_multiplier_equal_to_rl", {"rl_multiplier": 10, "exchange_rate": 2}, 10**0.5),
        (
            "inference_multiplier_equal_to_training",
            {"training_multiplier": 100, "inference_per_training": 1.5},
            1000,
        ),
        (
            "rl_multiplier_per_gpt_level",
            {"gpt_level_ooms": 2, "inference_per_training": 1.5, "exchange_rate": 2},
            1e6,
        ),
        ("total_training_multiplier", {"rl_multiplier": 10, "rl_share": 1}, (1 + 10) / (1 + 1)),
        ("total_training_multiplier", {"rl_multiplier": 10, "rl_share": 0.1}, (1 + 1) / 1.1),
        ("datacentres_per_gpu", {"run_multiplier": 1e6, "gpu_count": 2e5}, 5),
        (
            "years_of_world_electricity",
            {"run_multiplier": 1e6, "run_energy": 310, "world_electricity": 31000},
            1e6 * 310e9 / 31000e12,  # Wh over Wh a year
        ),
        (
            "years_of_world_electricity_rl_part",
            {"run_multiplier": 1e6, "rl_share": 3, "run_energy": 310, "world_electricity": 31000},
            0.75 * 1e6 * 310e9 / 31000e12,
        ),
    ],
)
def test_functions_against_plain_arithmetic(constants, function, inputs, expected):
    found = one(
        None,
        constants,
        kind="arithmetic",
        estimand=None,
        function=function,
        given={key: float(value) for key, value in inputs.items()},
        value=expected,
        unit=sums.FUNCTIONS[function].unit,
        tolerance=1.0001,
    )
    assert found.follows is True
    assert found.sum is not None
    assert found.sum.recomputed == pytest.approx(math.log10(expected), abs=1e-12)
    assert found.evidence is None


def arithmetic(draws, constants, **changes):
    fields = {
        "kind": "arithmetic",
        "estimand": None,
        "function": "inference_multiplier_equal_to_rl",
        "given": {"rl_multiplier": 10.0, "exchange_rate": 2.0},
        "value": 3.0,
        "tolerance": 1.2,
        "evidence_tolerance": 1.2,
    }
    return one(draws, constants, **(fields | changes))


def test_arithmetic_and_evidence_are_answered_apart(draws, constants):
    shifted = draws.assign(exchange_rate=draws["exchange_rate"] * 0 + 4.0)
    for data, probability in ((draws, None), (shifted, 0.0)):
        found = arithmetic(data, constants)
        assert found.follows is True
        assert found.sum is not None
        assert found.sum.recomputed == pytest.approx(0.5)
        assert found.evidence is not None
        if probability is not None:
            assert found.evidence.probability == probability
            assert found.evidence.p50 == pytest.approx(0.25)  # 10^(1/4): the posterior's rate
    expected = RATE.cdf(math.log(1 / math.log10(2.5))) - RATE.cdf(math.log(1 / math.log10(3.6)))
    evidence = arithmetic(draws, constants).evidence
    assert evidence is not None
    assert evidence.probability == pytest.approx(expected, abs=4 * evidence.mcse)


def test_inputs_that_nothing_is_known_of_are_named():
    given = {"rl_multiplier": 10.0, "exchange_rate": 2.0}
    fields = {"kind": "arithmetic", "estimand": None, "given": given}
    fields["function"] = "inference_multiplier_equal_to_rl"
    known = claim(**fields, borrowed={"exchange_rate": [1.5, 3.0]})
    assert verdicts._unheard(known) == ""
    strange = claim(**fields, borrowed={"rl_multiplier": [5.0, 20.0]})
    assert verdicts._unheard(strange) == "rl multiplier"
    fields |= {"function": "rl_information_per_flop", "relation": "less than"}
    fields |= {"given": {"episode_tokens": 1e4, "bits_per_token": 1.0}}
    assert verdicts._unheard(claim(**fields)) == "episode tokens and bits per token"


def test_a_wrong_sum_does_not_follow(draws, constants):
    found = arithmetic(draws, constants, value=5.0)
    assert found.follows is False
    assert found.contradicted
    assert claims.verdict(found).startswith("does not follow (recomputed 3.2); evidence: ")


def test_evidence_tolerance_leaves_the_sum_alone(draws, constants):
    strict = arithmetic(draws, constants, tolerance=1.06, evidence_tolerance=1.06)
    loose = arithmetic(draws, constants, tolerance=1.06, evidence_tolerance=10.0)
    assert strict.follows is loose.follows is True
    assert strict.evidence is not None
    assert loose.evidence is not None
    assert strict.evidence.probability < 0.5
    assert loose.evidence.probability == 1.0


def test_what_an_evidence_claim_states_is_a_condition(draws, constants):
    fields = {"kind": "evidence", "estimand": None, "function": "rl_multiplier_per_gpt_level"}
    stated = one(draws, constants, **fields, given={"inference_per_training": 3.0}).evidence
    free = one(draws, constants, **fields).evidence
    assert stated is not None
    assert free is not None
    assert stated.p50 - free.p50 == pytest.approx(2 * 2 * (3.0 - 1.2), abs=0.3)


@pytest.mark.parametrize(
    ("changes", "contradicted"),
    [
        ({"value": 2.0}, False),
        ({"value": 20.0}, True),
        ({"value": 20.0, "kind": "assumption"}, False),
        ({"value": 2.5, "tolerance": 1.01}, False),  # a narrow band is no contradiction
        ({"relation": "at least", "value": 3.2, "tolerance": 1.0}, True),
        ({"relation": "at most", "value": 3.2, "tolerance": 1.0}, False),
    ],
)
def test_contradicted_means_that_the_claims_side_is_below_5_percent(
    draws, constants, changes, contradicted
):
    assert one(draws, constants, **changes).contradicted is contradicted


@pytest.mark.parametrize(
    ("found", "changes", "verdict"),
    [
        ({"side": 0.049, "side_mcse": 0.0004}, {}, verdicts.CONTRADICTED),
        ({"side": 0.049, "side_mcse": 0.001}, {"relation": "at most"}, "likely"),
        ({"side": 0.049, "side_mcse": 0.0}, {"kind": "assumption"}, "very unlikely"),
        ({"probability": 0.2, "percentile": verdicts.MIDDLE}, {}, verdicts.OPEN),
        ({"probability": 0.2, "percentile": 1 - verdicts.MIDDLE}, {}, verdicts.OPEN),
        ({"probability": 0.2, "percentile": 0.84}, {}, "unlikely"),
        ({"probability": 0.2, "percentile": 0.16}, {}, "unlikely"),
        ({"probability": 0.2, "percentile": 0.5}, {"relation": "at most"}, "unlikely"),
        ({"best": measure.DECISIVE}, {}, "likely"),
        ({"best": 0.65}, {}, verdicts.OPEN),
        ({"best": None}, {}, verdicts.OPEN),
    ],
)
def test_a_verdict_follows_from_the_numbers_of_the_evidence(
    draws, constants, found, changes, verdict
):
    known = one(draws, constants).evidence
    assert known is not None
    plain = {"side": 0.4, "side_mcse": 0.0, "probability": 0.7, "percentile": 0.5, "best": 0.9}
    assert (
        verdicts.judged(claim(**changes), dataclasses.replace(known, **(plain | found))) == verdict
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"estimand": "exchange_rat"}, "unknown quantity 'exchange_rat'; did you mean"),
        ({"unit": "OOM"}, "unit 'OOM': exchange_rate is in OOM/OOM"),
        ({"tolerance": 0.5}, "tolerance: got 0.5; expected a factor of at least 1"),
        (
            {"relation": "before", "value": None, "date": "2030-01-01"},
            "relation 'before': exchange_rate is no date",
        ),
        ({"relation": "between", "upper": 1.0}, "upper: expected above `value`"),
        ({"than": {"estimand": "first_year"}}, "unit 'OOM/OOM': first_year is in year"),
        ({"given": {"baseline": "x"}}, "given.baseline: unknown"),
        ({"given": {"benchmark": 3.0}}, "given.benchmark: got 3.0; expected a text"),
        (
            {"estimand": "jump_multiplier", "given": {"start": "low"}},
            "given.start: got 'low'; expected a number",
        ),
        (
            {"estimand": "jump_multiplier", "given": {"regime": "pre-training"}},
            "given.regime 'pre-training'",
        ),
        ({"estimand": None, "function": "__import__"}, "unknown function '__import__'"),
        (
            {"estimand": None, "function": "inference_multiplier_equal_to_rl"},
            "given.rl_multiplier: missing",
        ),
        (
            {
                "kind": "arithmetic",
                "estimand": None,
                "function": "inference_multiplier_equal_to_rl",
                "given": {"rl_multiplier": 10.0},
            },
            "given.exchange_rate: missing",
        ),
        (
            {
                "estimand": None,
                "function": "inference_multiplier_equal_to_rl",
                "given": {"rl_multiplier": -1.0},
            },
            "given.rl_multiplier: got -1.0; expected a positive number",
        ),
    ],
)
def test_the_registry_is_closed(changes, expected):
    with pytest.raises(ValueError, match="^" + expected.replace(".", r"\.")):
        verdicts.check(claim(**changes))


def test_two_quantities_are_set_against_each_other_draw_by_draw(draws, constants):
    """A quantity is once itself in each draw, however wide it is."""
    than = {"estimand": "exchange_rate"}
    found = one(draws, constants, than=than, relation="about", value=1.0, tolerance=1.01).evidence
    assert found is not None
    assert found.probability == 1


def test_an_unknown_benchmark_names_the_claim(draws, constants):
    given = {"benchmark": "AIME 2025"}
    with pytest.raises(SpecError, match=r"claim 'a-claim': .*AIME 2025"):
        one(draws, constants, estimand="exchange_rate", given=given)


def test_shipped_claims_and_their_arithmetic(draws, constants):
    shipped = verdicts.load_claims()
    results = verdicts.check_claims(draws, shipped.claim, constants)
    follows = {r.claim.id: r.follows for r in results if r.follows is not None}
    wrong = {"jones-1000x-for-100x", "five-years-of-electricity"}
    assert {name for name, yes in follows.items() if not yes} == wrong
    assert len(follows) == 15
    assert {r.claim.kind for r in results} == set(get_args(Kind))
    for result in results:
        assert (result.evidence is None) is bool(result.why), result.claim.id
        assert result.evidence is None or result.evidence.mcse > 0


def test_records_are_plain_json(draws, constants):
    given = {"regime": "rl", "start": 0.2, "target": 0.8, "benchmark": "AIME 2024"}
    results = [
        one(draws, constants, estimand="jump_multiplier", given=given),
        arithmetic(None, constants),
    ]
    first, second = json.loads(
        json.dumps([claims.record(result) for result in results], allow_nan=False)
    )
    assert first["evidence"]["p95"] == "inf"
    assert first["arithmetic"] is None
    assert second["arithmetic"]["follows"] is True
    assert second["arithmetic"]["log10_recomputed"] == 0.5
    assert second["evidence"] is None


UNTOLD = {"rl_slope_tokens_free", "rl_slope_fixed_tokens", "answer_length_growth"}
UNTOLD |= {"rl_jump_across_runs"}
UNTOLD |= {entry.name for entry in CHARTS if entry.arguments}
"""Quantities of series, and of rows of the evidence, which the draws above do not have."""


@pytest.mark.parametrize("name", sorted((QUANTITIES.keys() | sums.FUNCTIONS) - UNTOLD))
def test_every_registered_quantity_can_be_asked_of_a_run(draws, constants, name):
    entry = QUANTITIES.get(name)
    answers = {"regime": "rl", "benchmark": "AIME 2024", "volume": 1e13, "multiplier": 1e6}
    if entry is not None:
        given = {key: answers[key] for key in entry.arguments if key in answers}
        fields = {"estimand": name, "given": given}
        unit = entry.unit
    else:
        function = sums.FUNCTIONS[name]
        stated = [key for key in function.inputs if sums.INPUTS[key].quantity is None]
        if len(stated) == len(function.inputs):
            assert one(draws, constants, kind="arithmetic", estimand=None, function=name,
                       given=dict.fromkeys(stated, 10.0), unit=function.unit).why  # fmt: skip
            return
        fields = {"estimand": None, "function": name, "given": dict.fromkeys(stated, 10.0)}
        unit = function.unit
    found = one(draws, constants, **fields, unit=unit).evidence
    assert found is not None
    assert found.p05 <= found.p50 <= found.p95


def test_all_mistakes_that_a_run_shows_are_told_at_once(draws, constants):
    wrong = [
        claim(id="first", given={"benchmark": "AIME 2042"}),
        claim(id="second", estimand="rl_share", given={"baseline": "grok-5"}, value=1.0),
        claim(id="third"),
    ]
    with pytest.raises(SpecError) as caught:
        verdicts.check_claims(draws, wrong, constants)
    assert [line.split(":")[0] for line in caught.value.lines] == [
        "claim 'first'",
        "claim 'second'",
    ]
    assert "did you mean 'grok-4'" in caught.value.lines[1]
