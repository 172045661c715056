"""Constants: quantiles met exactly, units parsed, derived rows recomputed from their parents."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from tenfold import units
from tenfold.answers import baseline
from tenfold.answers.constants import Constant, Constants
from tenfold.evidence.columns import RlShare
from tenfold.evidence.rows import read_rows
from tenfold.files import SpecError, data_path
from tenfold.spec import validate

FIELDS = {
    "name": "a constant",
    "low": 1.0,
    "central": 2.0,
    "high": 4.0,
    "distribution": "lognormal",
    "unit": "GWh",
    "year": 2025,
    "source": "a source",
    "reference": "https://example.org",
    "quote": "",
    "confidence": "high",
}


def constant(**changes) -> Constant:
    return Constant.model_validate(FIELDS | changes)


def test_shipped_constants_are_complete(constants):
    # 98 quantities of the evidence, and what baselines and break-even need beside them.
    assert len(constants.constant) >= 98
    runs = {"grok-4", "deepseek-r1", "gpt-5", "o1", "o3", "olmo-3.1", "frontier-2026"}
    assert set(constants.baseline) == runs
    for name, row in constants.constant.items():
        assert row.low <= row.central <= row.high, name
        assert row.reference in ("derived", "judgement") or row.reference.startswith("https://")
        assert (row.reference == "derived") == bool(row.parents or row.numerator), name


def test_every_constant_keeps_its_three_quantiles(constants):
    for name, row in constants.constant.items():
        met = row.quantile([0.05, 0.5, 0.95])
        assert np.allclose(met, [row.low, row.central, row.high], rtol=1e-9), name


def test_draws_have_the_quantiles_and_stay_in_the_support(constants):
    rng = np.random.default_rng(7)
    for name, row in constants.constant.items():
        drawn = row.draw((200, 250), rng)
        assert drawn.shape == (200, 250)
        assert np.isfinite(drawn).all()
        for value, share in ((row.low, 0.05), (row.central, 0.5), (row.high, 0.95)):
            below, at_most = np.mean(drawn < value * (1 - 1e-12)), np.mean(drawn <= value)
            assert below - 0.01 <= share <= at_most + 0.01, name
        if row.distribution == "logitnormal":
            assert ((drawn > 0) & (drawn < 1)).all(), name
        if row.distribution in ("lognormal", "loguniform"):
            assert (drawn > 0).all(), name


@given(
    low=st.floats(1e-20, 1e20),
    up=st.tuples(st.floats(1.0, 1e6), st.floats(1.0, 1e6)),
    p=st.lists(st.floats(1e-9, 1 - 1e-9), min_size=2, max_size=6, unique=True),
    distribution=st.sampled_from(["normal", "lognormal", "uniform", "loguniform"]),
)
def test_quantiles_rise_with_probability(low, up, p, distribution):
    central, high = low * up[0], low * up[0] * up[1]
    if low == high:
        distribution = "point"
    row = constant(low=low, central=central, high=high, distribution=distribution)
    assert (np.diff(row.quantile(sorted(p))) >= 0).all()


def test_symmetric_quantiles_give_the_plain_distributions():
    z = 1.2815515655446004  # 90% point of the standard normal
    sd = (14 - 10) / 1.6448536269514722
    plain = constant(low=6.0, central=10.0, high=14.0, distribution="normal")
    assert plain.quantile(0.9) == pytest.approx(10 + z * sd)
    logged = constant(low=0.01, central=1.0, high=100.0, distribution="lognormal")
    assert np.log10(logged.quantile(0.9)) == pytest.approx(2 * z / 1.6448536269514722)
    flat = constant(low=1.0, central=10.0, high=19.0, distribution="uniform")
    assert flat.quantile([1e-12, 0.25, 1 - 1e-12]) == pytest.approx([0, 5, 20], abs=1e-9)


def test_the_same_generator_moves_draws_with_the_constant():
    before, after = constant(), constant(low=2.0, central=4.0, high=8.0)
    a = before.draw(1000, np.random.default_rng(3))
    b = after.draw(1000, np.random.default_rng(3))
    assert np.allclose(b, 2 * a)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"low": 3.0}, "low <= central <= high"),
        ({"high": 1.5}, "low <= central <= high"),
        ({"distribution": "point"}, "'point'"),
        ({"low": 2.0, "high": 2.0}, "'point'"),
        ({"low": -1.0}, "positive"),
        ({"distribution": "logitnormal"}, "between 0 and 1"),
        ({"unit": "GWhh"}, "unit: got 'GWhh'"),
        ({"unit": "3*GWh"}, "unit: got '3*GWh'"),
        ({"unit": "__import__('os')"}, "unit: got"),
        ({"distribution": "triangular"}, "distribution: got 'triangular'"),
        ({"low": "1"}, "low: got '1'"),
        ({"low": math.nan}, "low: got nan"),
        ({"high": math.inf}, "high: got inf"),
        ({"parents": ["A"]}, "`parents` and `formula`"),
        ({"parents": ["A"], "formula": "A"}, "`numerator` in a derived row"),
        ({"denominator": ["A"]}, "`numerator` beside the `denominator`"),
        ({"centre": 2.0}, "did you mean 'central'"),
    ],
)
def test_a_bad_constant_is_one_line(changes, said):
    with pytest.raises(SpecError) as error:
        validate(FIELDS | changes, Constant, "constants.toml")
    assert str(error.value).startswith("constants.toml: ")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_patches_replace_fields_and_refuse_nonsense(constants):
    patched = constants.patched({"E_G4": {"central": 155.0, "low": 100.0}})
    assert patched.constant["E_G4"].central == 155
    assert patched.constant["E_G4"].high == constants.constant["E_G4"].high
    assert constants.constant["E_G4"].central == 310
    exact = constants.patched({"E_G4": {"low": 9.0, "central": 9.0, "high": 9.0}})
    assert (exact.constant["E_G4"].quantile([0.01, 0.99]) == 9).all()
    spread = {"low": 8.0, "central": 9.0, "high": 10.0}
    assert exact.patched({"E_G4": spread}).constant["E_G4"].distribution == "lognormal"
    for patch, said in (
        ({"E_G5": {"central": 1.0}}, "unknown constant 'E_G5'; did you mean"),
        ({"E_G4": {"centrl": 1.0}}, "did you mean 'central'"),
        ({"E_G4": {"low": 1e9}}, "low <= central <= high"),
        ({"A_JONES": {"central": 1.2}}, "'A_JONES' is context: no answer reads it"),
        ({"E_G4": {"unit": "USD"}}, "'E_G4' is in USD; expected a unit such as GWh"),
    ):
        with pytest.raises(SpecError, match="scenario x: ") as error:
            constants.patched(patch, "scenario x")
        assert said in str(error.value)


def test_baselines_name_known_constants_of_the_right_dimension(constants):
    table = constants.model_dump()
    for field, value, said in (
        ("energy", "E_G9", "unknown constant 'E_G9'"),
        ("energy", "USD_G4", "'USD_G4' is in USD"),
        ("gpu_power", "KW_FAC", "exactly one of `energy` and `gpu_power`"),
        ("cost", None, "exactly one of `cost` and `gpu_hour_price`"),
    ):
        broken = table | {"baseline": {"x": table["baseline"]["grok-4"] | {field: value}}}
        with pytest.raises(SpecError) as error:
            validate(broken, Constants, "c.toml")
        assert said in str(error.value)
    with pytest.raises(SpecError, match="did you mean 'grok-4'"):
        constants.run("grok4")
    with pytest.raises(SpecError, match="unknown constant"):
        constants.named("nothing")


def recomputed(constants: Constants) -> dict[str, Any]:
    """Derived rows from their parents' central values, through pint so that units are held too."""
    ureg = units.registry()

    def q(name: str):
        row = constants.constant[name]
        return ureg.Quantity(row.central, units.parse(row.unit))

    def part(r):
        return r / (1 + r)

    return {
        "G_LEVEL": (q("C_GPT4") / q("C_GPT1")) ** (1 / 3),
        "G_34": q("C_GPT4") / q("C_GPT3"),
        "G_445": q("C_GPT45") / q("C_GPT4"),
        "RL_G4_FLOP": (0.1 * q("C_GROK3") / 1.01 * q("C_GROK3") / 1.1) ** 0.5,
        "A_ORD": ureg.Quantity(100 ** q("A_EPOCH").magnitude, "dimensionless"),
        "D_G4": q("H_G4") / q("N_GPU"),
        "E_G4_RL": q("E_G4") * part(q("RL_G4_OVER_P")),
        "KW_H100F": q("E_G4") / q("H_G4"),
        "PUE": q("P_COL") / (q("N_GPU") * q("KW_H100IT")),
        "FLOPJ_G4": q("C_GROK4") / q("E_G4"),
        "FLOPJ_H100": q("F_H100_16") / q("TDP_H100"),
        "INF_SHARE24": part(q("OAI_INF24") / q("OAI_RD24")),
        "Y_ESSAY": 1e6 * q("E_G4") / q("WE25"),
        "Y_RLHALF": 1e6 * q("E_G4") / 2 / q("WE25"),
        "Y_1E5": 1e5 * q("E_G4_RL") / q("WE25"),
    }


BY_MONTE_CARLO = {"M_RL", "I_RATIO"}


def test_derived_rows_recompute_from_their_parents(constants):
    derived = {name for name, row in constants.constant.items() if row.parents}
    found = recomputed(constants)
    assert derived == set(found) | BY_MONTE_CARLO
    for name, value in found.items():
        row = constants.constant[name]
        magnitude = value.to(units.parse(row.unit)).magnitude  # raises if dimensions differ
        assert magnitude == pytest.approx(row.central, rel=0.03), name


def test_derived_rows_of_answers_have_the_quantiles_of_their_parents(constants):
    like = xr.DataArray(np.zeros((1, 4, 20_000)), dims=("form", "chain", "draw"))
    derived = {name: row for name, row in constants.constant.items() if row.numerator}
    assert set(derived) == {"F_EFF_G4", "KW_FAC"}
    for name, row in derived.items():
        drawn = baseline.draw(constants, name, row.unit, like, 0).log10
        stated = np.log10([row.low, row.central, row.high])
        assert np.quantile(drawn, [0.05, 0.5, 0.95]) == pytest.approx(stated, abs=0.02), name


GROWTH = {
    # constant: what its quote says, and the yearly rate or factor that this is
    "GR_PP": ("becomes 30% cheaper each year", 1 / (1 - 0.30) - 1),
    "GR_EFF": ("frontier fit to the chip table 51% (39-63), A100 to B200 32%", (0.51 + 0.32) / 2),
    "GR_GWP": ("117.17 trillion in 2025 to about 123.6 in 2026", 123.6 / 117.17 - 1),
    "GR_WE": ("IEA demand +4.4% 2024, +3% 2025", 0.03),
    "GR_COMP": ("top-10 5.3x (4.9-5.7); post-2018 4.2x (3.6-4.9)", (5.3 * 4.2) ** 0.5),
    "GR_POW": ("2.2 to 2.9x a year", (2.2 * 2.9) ** 0.5),
    "GR_COST": ("growing at about 2.4x per year", 2.4),
    "GR_CHIP": ("approximately 3.3x per year", 3.3),
}


def test_growth_constants_are_what_their_quotes_say(constants):
    growing = {n for n, row in constants.constant.items() if n.startswith("GR_")}
    assert growing == set(GROWTH)
    for name, (quote, value) in GROWTH.items():
        row = constants.constant[name]
        assert quote in row.quote, name
        assert row.central == pytest.approx(value, rel=0.05), name
        assert row.low < value < row.high, name


def test_rl_shares_of_baselines_are_rows_of_the_table(constants):
    """One figure, one value: a baseline's own estimate is the row that is left out for it."""
    rows = {row.model: row for row in read_rows(data_path("rl_share.csv"), RlShare)}
    for run in constants.baseline.values():
        if run.rl_share is not None:
            own, row = constants.constant[run.rl_share], rows[run.rl_share_row]
            stated = (row.rl_share_low, row.rl_share, row.rl_share_high)
            assert (own.low, own.central, own.high) == stated, row.model


def test_the_utilisation_of_rl_covers_every_row_with_both_measures(constants):
    rows = read_rows(data_path("rl_share.csv"), RlShare)
    found = [
        (row.rl_flop / row.rl_gpu_hours) / (row.pretrain_flop / row.pretrain_gpu_hours)
        for row in rows
        if row.rl_flop and row.rl_gpu_hours and row.pretrain_flop and row.pretrain_gpu_hours
    ]
    row = constants.constant["RL_UTIL"]
    assert [round(ratio, 3) for ratio in sorted(found)] == [1.008, 1.009, 1.154]
    assert row.low < min(found) <= max(found) < row.high
    assert row.central == pytest.approx(np.prod(found) ** (1 / 3), rel=0.01)


def test_derived_quantiles_recompute_by_monte_carlo(constants):
    rng = np.random.default_rng(11)

    def drawn(name):
        return constants.constant[name].draw(400_000, rng)

    level, rate = np.log10(drawn("G_LEVEL")), drawn("A_POOLED") * drawn("B_RLINF")
    per_flop = drawn("I_PRE") * drawn("I_RL") * 8 / 6  # RL costs 8N a token with its update
    for name, logs in (("M_RL", level * rate), ("I_RATIO", np.log10(per_flop))):
        row = constants.constant[name]
        expected = np.log10([row.low, row.central, row.high])
        assert np.quantile(logs, [0.05, 0.5, 0.95]) == pytest.approx(expected, abs=0.02), name


def test_gpt_ladder_ratios(constants):
    """Epoch AI, Notable AI Models: 109x, 164x and 67x, geometric mean 106x."""
    ladder = [constants.constant[name].central for name in ("C_GPT1", "C_GPT2", "C_GPT3", "C_GPT4")]
    ratios = np.array(ladder[1:]) / np.array(ladder[:-1])
    assert ratios.round() == pytest.approx([109, 164, 67])
    assert np.exp(np.log(ratios).mean()) == pytest.approx(106, abs=0.5)


def test_jones_trades_100x_training_for_225_to_251x_inference(constants):
    """Jones 2021: 15x test time for 10x training (log10 15 = 1.18), or the fitted slope of 1.2."""
    assert 15**2 == 225
    assert 100 ** constants.constant["A_JONES"].central == pytest.approx(251, abs=0.5)
