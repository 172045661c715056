"""What a user says, as tables: every kind of name, and every mistake at once."""

import pytest

from tenfold.answers.constants import load_constants
from tenfold.files import SpecError
from tenfold.posterior import priors
from tenfold.scenarios import tables


def parsed(*sets, drops=(), onlys=(), forms=()):
    return tables.tables(sets, drops, onlys, forms, load_constants(), priors.load())


def test_every_kind_of_name():
    found = parsed(
        "inference_per_training=1,1.2,1.5",
        "WE25=3e4",
        "baseline.grok-4.energy=0.5 TWh",
        "priors.cell_sd.sigma=0.6",
        "log_slope_mean=-1,-0.2,0.6",
        "points.reading_error_scale=2.0",
        "model.drift=false",
        "fixed_tokens=true",
        drops=["source=tan2025", "source=dapo"],
        onlys=["regime=rl"],
        forms=["logistic", "power", "power"],
    )
    assert found["values"] == {"inference_per_training": {"low": 1, "central": 1.2, "high": 1.5}}
    assert found["constants"]["WE25"]["high"] == 3e4
    assert found["baselines"]["grok-4"]["energy"]["central"] == pytest.approx(500.0)  # GWh
    assert found["priors"]["cell_sd"]["sigma"] == 0.6
    assert found["priors"]["log_slope_mean"]["p50"] == -0.2
    assert "mu" not in found["priors"]["log_slope_mean"]
    assert found["points"] == {
        "reading_error_scale": 2.0,
        "exclude": {"source": ["tan2025", "dapo"]},
        "include": {"regime": ["rl"]},
    }
    assert found["model"] == {"drift": False, "forms": ["logistic", "power"]}
    assert found["fixed_tokens"] is True


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("inference_per_trainin=1", "did you mean 'inference_per_training'"),
        ("inference_per_training=2,1,3", "quantiles out of order; expected p05 <= p50 <= p95"),
        ("inference_per_training=1,2", "got 2 numbers; expected one, or p05,p50,p95"),
        ("inference_per_training=high", "expected a number, or p05,p50,p95"),
        ("inference_per_training", "expected NAME=VALUE"),
        ("rl_jump_ooms=6", "rl_jump_ooms is an answer; set what it comes from"),
        ("WE25=3 kg", "got unit 'kg'; expected one such as TWh/year"),
        ("baseline.grok4.rl_share=1", "no baseline 'grok4'; did you mean 'grok-4'?"),
        ("baseline.grok-4.rl_shares=1", "no field 'rl_shares'; did you mean 'rl_share'?"),
        ("priors.cell_sd.mu=1", "half_normal has no 'mu'"),
        ("cell_sd=0.3", "got one number; expected p05,p50,p95 of the prior"),
        ("priors.cel_sd.sigma=1", "unknown parameter; did you mean 'cell_sd'?"),
        ("model.drif=false", "did you mean 'drift'?"),
    ],
)
def test_a_mistake_is_one_line_with_a_remedy(text, told):
    with pytest.raises(SpecError) as error:
        parsed(text)
    (line,) = error.value.lines
    assert line.startswith("--set ")
    assert told in line


def test_all_mistakes_are_told_at_once():
    with pytest.raises(SpecError) as error:
        parsed(
            "nothing=1",
            "WE25=x",
            "WE25=1",
            "WE25=2",
            drops=["source", "sauce=tan2025"],
            forms=["logistc"],
        )
    told = "\n".join(error.value.lines)
    assert len(error.value.lines) == 6
    for part in ("nothing", "got 'x'", "set twice", "--drop source: expected KEY=PATTERN",
                 "did you mean 'source'", "did you mean 'logistic'"):  # fmt: skip
        assert part in told
