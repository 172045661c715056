"""Prediction of unseen series: calibrated where truth is known, rivals computed by hand."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from scipy import special, stats

from tenfold.evidence import dataset
from tenfold.files import SpecError
from tenfold.posterior import forward, priors, simulate
from tenfold.posterior.plan import Plan
from tenfold.posterior.scenario import ModelChoice, Scenario, Settings
from tenfold.runs import build, store
from tenfold.unseen import foresight, rivals, series
from tenfold.unseen.condition import condition
from tenfold.unseen.forecast import Forecast
from tenfold.unseen.predict import (
    SURPRISING,
    Hierarchy,
    forecast,
    form_weights,
    particles,
    surprise,
)
from tenfold.words.unseen import doubts

PRIORS = priors.load()
TARGET = "AA/K2-V2/Humanity's Last Exam"
"""A series that starts in a non-thinking mode."""
RUN = "ScaleRL/8B-14k/AIME 2025/generation length"


@pytest.fixture(scope="module")
def evidence():
    """Few series in both regimes, with units, benchmarks and families of several kinds."""
    loaded = dataset.load(
        include={"family": ["K2-V2", "Nova", "Llama"]},
        exclude={"benchmark": ["Terminal*", "IFBench", "CritPt"]},
    )
    return dataset.usable(loaded)


def prior_draws(evidence, form, n, seed):
    rng = np.random.default_rng(seed)
    return simulate.prior(evidence, PRIORS, form, ModelChoice(), n, rng)


def one_draw(evidence, form, n, seed=1):
    """A posterior that knows everything: one draw of the prior, `n` times."""
    return prior_draws(evidence, form, 1, seed).isel(draw=[0] * n)


def series_named(evidence, label):
    (found,) = [s for s in series.of_points(evidence) if s.label == label]
    return replace(found, reference=float(evidence["reference"].sel(series=label)))


# --- calibration --------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [1, 2])
@pytest.mark.parametrize(
    ("form", "label", "known"),
    [
        *((form, TARGET, known) for form in ("saturating", "power") for known in (True, False)),
        *((form, RUN, False) for form in ("saturating", "power")),
        ("start", RUN, True),
    ],
)
def test_predictions_are_calibrated_where_the_posterior_is_the_prior(
    evidence, form, given, label, known
):
    """Truth by `simulate`, the run's draws from the same prior: PIT values must be uniform."""
    series = series_named(evidence, label)
    hidden = evidence["series_benchmark"].values == series.benchmark
    hidden |= evidence["series_family"].values == series.family
    rest = evidence if known else dataset.subset(evidence, ~hidden[evidence["series_index"].values])
    draws = Hierarchy.of(form, prior_draws(rest, form, 400, 2), PRIORS)
    truths = 200
    parameters = prior_draws(evidence, form, truths, 3)
    scores = forward.scores(parameters, evidence, form, np.random.default_rng(4)).values
    own = np.flatnonzero(evidence["series"].values[evidence["series_index"].values] == series.label)
    own = own[np.argsort(evidence["log10_compute"].values[own], kind="stable")]
    at = np.zeros(own.size, dtype=bool)
    at[:given] = True
    pit = []
    for i in range(truths):
        told = replace(series, score=scores[i, own])
        ahead = forecast([(1.0, draws)], told.at(at), told.at(~at), 10 + i, 300)
        pit.append(ahead.cdf(told.score[~at])[-1])
    assert stats.kstest(pit, "uniform").pvalue > 0.003
    inside = np.mean((np.array(pit) > 0.05) & (np.array(pit) < 0.95))
    assert 0.83 < inside < 0.96


def test_conditioning_agrees_with_quadrature(evidence):
    """One draw, five precise points: intercept and slope on a plain grid give the same curve."""
    known = one_draw(evidence, "logistic", 50, seed=5).drop_vars(["drift_share", "drift_length"])
    draws = Hierarchy.of("logistic", known, PRIORS)
    series = series_named(evidence, RUN)
    given, target = series.at(np.arange(5)), series.at(np.array([7]))
    given = replace(given, score_se=np.full(5, 0.004))
    found = condition(
        particles(draws, given, 8000, np.random.default_rng(1)), given, np.random.default_rng(2)
    )
    part = found.part
    a = np.linspace(-6, 6, 1601)[:, None, None]
    log_slope = np.linspace(-5, 3, 801)[None, :, None]
    slope, x = np.exp(log_slope), given.log10_compute - given.reference

    def curve(x):
        return special.expit(a + slope * x)

    sd = np.hypot(part.share[0] * given.score_se, part.sigma[0])
    log_density = (
        stats.norm.logpdf(a, part.intercept_mean[0], part.intercept_sd[0])[..., 0]
        + stats.norm.logpdf(log_slope, part.slope_mean[0], part.slope_sd[0])[..., 0]
        - (part.nu[0] + 5)
        / 2
        * np.log1p(np.sum(((given.score - curve(x)) / sd) ** 2, axis=2) / part.nu[0])
    )
    weight = np.exp(log_density - log_density.max())
    weight /= weight.sum()
    mean = curve(target.log10_compute - target.reference)[..., 0]
    wanted = np.sum(weight * mean)
    spread = np.sqrt(np.sum(weight * (mean - wanted) ** 2))
    to = target.log10_compute[0] - target.reference
    ours = special.expit(found.intercept + found.slope * to)
    assert found.weight @ ours == pytest.approx(wanted, abs=0.1 * spread)
    ours_sd = np.sqrt(found.weight @ (ours - found.weight @ ours) ** 2)
    assert ours_sd == pytest.approx(spread, rel=0.1)


def test_points_that_do_not_follow_one_another_are_surprising(evidence):
    draws = Hierarchy.of("logistic", prior_draws(evidence, "logistic", 400, 2), PRIORS)
    forms = [(1.0, draws)]
    rng = np.random.default_rng(6)
    truths = prior_draws(evidence, "logistic", 40, 7)
    scores = np.clip(forward.scores(truths, evidence, "logistic", rng).values, 0.0, 1.0)
    own = np.flatnonzero(evidence["series"].values[evidence["series_index"].values] == TARGET)
    own = own[np.argsort(evidence["log10_compute"].values[own], kind="stable")]
    series = series_named(evidence, TARGET)
    found = [surprise(forms, replace(series, score=row), i) for i, row in enumerate(scores[:, own])]
    # p values of the model's own data; Bonferroni makes them too large, Monte Carlo error noisy
    assert np.mean(np.array(found) < 0.1) < 0.2
    assert min(found) > SURPRISING
    assert surprise(forms, series.at(np.array([0])), 0) == 1.0
    fallen = replace(series, score=np.linspace(0.9, 0.05, series.score.size))
    assert 0 <= surprise(forms, fallen, 0) < SURPRISING


def test_a_new_benchmark_is_less_certain_than_a_known_one(evidence):
    draws = Hierarchy.of("logistic", one_draw(evidence, "logistic", 400), PRIORS)
    series = series_named(evidence, TARGET)
    series = replace(series, non_thinking=np.zeros_like(series.non_thinking))
    given, targets = series.at(np.arange(1)), series.at(np.array([-1]))
    widths = []
    known = {name: getattr(series, name) for name in ("benchmark", "family", "model")}
    for labels in (known, dict.fromkeys(known, "another")):
        told = replace(given, **labels)
        low, high = forecast([(1.0, draws)], told, targets, 1).quantile(np.array([0.05, 0.95]))
        widths.append((high - low).item())
    assert widths[1] > 1.1 * widths[0]


def test_more_compute_is_never_worse(evidence):
    """But for errors that go on for a while and then end: without them."""
    drawn = prior_draws(evidence, "power", 400, 5).drop_vars(["drift_share", "drift_length"])
    forms = [(1.0, Hierarchy.of("power", drawn, PRIORS))]
    series = series_named(evidence, RUN)
    n = 6
    targets = replace(
        series,
        log10_compute=series.reference + np.linspace(-2, 6, n),
        log10_compute_se=np.zeros(n),
        score_se=np.full(n, 0.01),
        non_thinking=np.zeros(n, dtype=bool),
    )
    found = forecast(forms, series, targets, 1)
    assert (np.diff(found.mean, axis=1) >= 0).all()
    middle = found.quantile(np.array([0.05, 0.5, 0.95]))
    assert (np.diff(middle[1]) > -1e-9).all()
    assert ((middle >= 0) & (middle <= 1)).all()


def test_a_series_is_predicted_alike_whatever_else_is_predicted(evidence):
    forms = [(1.0, Hierarchy.of("power", prior_draws(evidence, "power", 50, 5), PRIORS))]
    series = series_named(evidence, TARGET)
    given = series.at(np.arange(1))
    both = forecast(forms, given, series.at(np.array([1, 2])), 1)
    last = forecast(forms, given, series.at(np.array([2])), 1)
    assert np.array_equal(both.mean[:, 1:], last.mean)


@pytest.mark.parametrize("maker", ["logistic", "power"])
def test_forms_are_weighted_by_how_they_predict_unseen_series(evidence, maker):
    """Scores made by one form, and the same hierarchy under another: the maker gets the weight."""
    drawn = prior_draws(evidence, "logistic", 40, 11)
    made = forward.scores(drawn, evidence, maker, np.random.default_rng(1)).values
    # the draw whose scores least leave 0 to 1, where clipping would unmake the form
    best = int(((made < 0) | (made > 1)).mean(axis=1).argmin())
    truth, scores = drawn.isel(draw=[best]), made[best]
    made = evidence.assign(score=("obs", np.clip(scores, 0, 1)))
    draws = [Hierarchy.of(f, truth.isel(draw=[0] * 50), PRIORS) for f in ("logistic", "power")]
    weights = form_weights(draws, series.of_points(made), 1)
    assert sum(weights.values()) == pytest.approx(1)
    assert max(weights, key=lambda form: weights[form]) == maker


# --- forecasts ----------------------------------------------------------------------------------

NORMAL = Forecast(np.ones(1), np.array([[0.4, 0.98]]), np.array([[0.1, 0.1]]))


def test_a_forecast_of_one_normal_is_that_normal():
    p = np.array([0.05, 0.5, 0.95])
    assert NORMAL.quantile(p)[:, 0] == pytest.approx(stats.norm(0.4, 0.1).ppf(p), abs=1e-6)
    assert NORMAL.quantile(p)[2, 1] == 1.0
    y = np.array([0.55, 0.9])
    grid = (np.arange(20_000) + 0.5) / 20_000  # below 0 and above 1 nothing is left to miss
    upto = stats.norm.cdf(grid[:, None], NORMAL.mean[0], NORMAL.sd[0])
    wanted = np.mean((upto - (y <= grid[:, None])) ** 2, axis=0)
    assert NORMAL.crps(y, np.random.default_rng(1)) == pytest.approx(wanted, rel=0.01)
    assert NORMAL.log_score(y)[0] == pytest.approx(stats.norm.logpdf(0.55, 0.4, 0.1))
    assert NORMAL.covered(np.array([0.56, 0.98]), 0.9).tolist() == [True, True]
    assert NORMAL.covered(np.array([0.57, 0.8]), 0.9).tolist() == [False, False]


def test_mass_beyond_the_ends_stands_at_the_ends():
    y = np.array([0.0, 1.0])
    wanted = [stats.norm.logcdf(0, 0.4, 0.1), stats.norm.logsf(1, 0.98, 0.1)]
    assert NORMAL.log_score(y) == pytest.approx(wanted)
    assert NORMAL.covered(y, 0.9).tolist() == [False, True]


def test_weights_count_in_every_score():
    rng = np.random.default_rng(1)
    weight = np.array([0.75, 0.25])
    mixed = Forecast(weight, np.array([[0.3], [0.6]]), np.array([[0.02], [0.05]]))
    y = np.array([0.5])
    wanted = 0.75 * stats.norm.cdf(0.5, 0.3, 0.02) + 0.25 * stats.norm.cdf(0.5, 0.6, 0.05)
    assert mixed.cdf(y) == pytest.approx([wanted])
    assert mixed.members(rng).mean() == pytest.approx(0.375, abs=0.001)
    assert mixed.effective == pytest.approx(1 / (0.75**2 + 0.25**2))
    assert mixed.expected_quantile(np.array([0.5, 0.9]))[:, 0].tolist() == [0.3, 0.6]


# --- rivals -------------------------------------------------------------------------------------


def little(regime="inference", score=(0.2,), se=1e-6, x=(0.0,)):
    n = len(score)
    return series.Series(
        label="s", benchmark="b", family="f", model="m", publication="", regime=regime,
        unit="tokens", floor=0.0, questions=0,
        reference=0.0, log10_compute=np.array(x), log10_compute_se=np.zeros(n),
        score=np.array(score), score_se=np.full(n, se), non_thinking=np.zeros(n, dtype=bool),
    )  # fmt: skip


@pytest.mark.parametrize(("regime", "ooms"), [("inference", 2.0), ("rl", 4.0)])
def test_the_essay_goes_from_20_to_80_percent(regime, ooms):
    found = rivals.essay(little(regime), little(regime, x=(ooms,)), np.random.default_rng(1))
    assert found.mean == pytest.approx(0.8, abs=1e-4)


def test_no_change_is_the_highest_given_point_with_both_errors():
    given = little(score=(0.2, 0.4), se=0.03, x=(0.0, 1.0))
    found = rivals.same(given, little(se=0.04, x=(2.0,)))
    assert found.mean.item() == 0.4
    assert found.sd.item() == pytest.approx(0.05)


def test_alone_has_the_prior_slope_from_one_point_and_its_own_from_many():
    target = little(x=(1.0,))
    found = rivals.alone(little(), target, PRIORS, np.random.default_rng(1))
    slope = special.logit(found.mean[:, 0]) - special.logit(0.2)
    assert np.log(slope).mean() == pytest.approx(-0.2231, abs=0.1)
    assert np.log(slope).std() == pytest.approx(0.7, abs=0.07)
    x = np.array([-1.0, -0.5, 0.0])
    given = little(score=special.expit(2 * x - 1), se=1e-4, x=x)
    found = rivals.alone(given, target, PRIORS, np.random.default_rng(1))
    assert found.mean.mean() == pytest.approx(special.expit(1.0), abs=0.01)


def test_printed_binomial_errors_do_not_tell_the_score():
    told = replace(little(score=(0.25, 0.5), x=(0.0, 1.0)), questions=100)
    told = replace(told, score_se=np.array([np.sqrt(0.25 * 0.75 / 100), 0.02]))
    assert np.isnan(series.blind(told).score_se).tolist() == [True, False]


# --- commands -----------------------------------------------------------------------------------

HEADER = "series,family,model,mode,benchmark,regime,compute_unit,compute,score,score_se\n"
ROWS = [
    f"new,K2-V2,m,thinking,SciCode,inference,tokens,{c},{s},0.02\n"
    for c, s in ((1000, 0.2), (4000, 0.28), (16000, 0.33))
]
RL = [
    f"fresh,none,m,thinking,Unheard of,rl,flop,{c},{s},0.02\n"
    for c, s in ((1e20, 0.2), (1e21, 0.3))
]


told = pytest.mark.filterwarnings("default::tenfold.evidence.dataset.PointsWarning")
"""What a user is warned of goes to standard error."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory, evidence):
    """A stored run of two forms, its posterior drawn from the prior."""
    folder = tmp_path_factory.mktemp("runs")
    forms = ("logistic", "power")
    scenario = Scenario(reason="prior draws", settings=Settings(seed=1))
    with build.building(Plan("baseline", scenario, evidence, PRIORS), folder) as new:
        for form in forms:
            posterior = prior_draws(evidence, form, 50, 6).expand_dims(chain=2)
            tree = xr.DataTree.from_dict({"posterior": posterior, "constant_data": evidence})
            new.save(store.posterior_file(form), tree, form=form)
        gates = [{"name": "none", "status": "PASS"}]
        weights = {"logistic": 0.5, "power": 0.5}
        new.finish({"forms": forms, "weights": weights, "gates": gates, "status": "PASS"})
    return folder


@pytest.fixture
def run(runs, tmp_path, monkeypatch, capsys):
    """Runs a command on a points file with the given text."""
    from tenfold.cli.app import main

    def call(command, text, *options):
        (tmp_path / "new.csv").write_text(text)
        fixed = ["--points", str(tmp_path / "new.csv"), "--runs", str(runs)]
        monkeypatch.setattr(sys, "argv", ["tenfold", command, *fixed, *options])
        status = main()
        return status, *capsys.readouterr()

    return call


@told
def test_predict_prints_json(run):
    status, out, err = run("predict", HEADER + "".join(ROWS + RL), "--at", "1e5,1e4", "--json")
    assert status == 0, err
    found = json.loads(out)
    assert "benchmark: 'Unheard of' is not known" in err
    assert sum(found["form_weights"].values()) == pytest.approx(1)
    fresh, new = found["series"]
    assert (fresh["series"], fresh["new"]) == ("fresh", ["benchmark", "family"])
    assert (new["new"], new["doubtful"], len(new["given"])) == ([], False, 3)
    assert [row["compute"] for row in new["predictions"]] == [1e4, 1e5]
    for row in fresh["predictions"] + new["predictions"]:
        for kind in ("score", "expected_score"):
            values = [row[kind][key] for key in ("p05", "p25", "p50", "p75", "p95")]
            assert values == sorted(values)
            assert 0 <= values[0] <= values[-1] <= 1


@told
def test_points_that_fall_are_called_doubtful(run):
    fallen = "".join(ROWS).replace("0.2,", "0.95,", 1)
    status, out, err = run("predict", HEADER + fallen, "--at", "1e5", "--json")
    assert status == 0, err
    (series,) = json.loads(out)["series"]
    assert series["doubtful"]
    assert series["doubts"][-1] == "surprise_p"
    assert "unlikely one after another" in doubts(series)[-1]
    assert f"DOUBTFUL: {series['series']}: " in err


@told
def test_score_prints_json(run):
    status, out, err = run("score", HEADER + "".join(ROWS + RL), "--json")
    assert status == 0, err
    found = json.loads(out)
    assert set(found["summary"]) == {"overall", "rl", "inference"}
    for group, size in (("overall", 3), ("rl", 1), ("inference", 2)):
        rows = found["summary"][group]
        assert [row["method"] for row in rows] == ["pooled", "alone", "essay", "same"]
        for row in rows:
            assert row["points"] == size
            assert row["crps"] > 0
            assert 0 <= row["coverage_50"] <= row["coverage_90"] <= 1
    predicted = [row for series in found["series"] for row in series["predictions"]]
    mean = np.mean([row["crps"]["pooled"] for row in predicted])
    assert found["summary"]["overall"][0]["crps"] == pytest.approx(mean)


@told
def test_tables_and_what_is_left_over(run):
    status, out, _ = run("score", HEADER + "".join(ROWS + RL), "--condition", "2")
    assert status == 0
    assert "essay's slopes" in out
    assert "nothing left to predict in: fresh" in out
    status, out, _ = run("predict", HEADER + ROWS[0], "--at", "1e4")
    assert status == 0
    assert "new (inference, SciCode)" in out


@pytest.mark.parametrize(
    ("text", "options", "wanted"),
    [
        (HEADER, (), "no rows below the header"),
        (HEADER + ROWS[0].replace("0.2,", "1.2,"), (), "row 2"),
        (HEADER + ROWS[0] + ROWS[1].replace("SciCode", "AIME 2025"), (), "row 3, benchmark"),
        (HEADER + ROWS[0] + ROWS[0], (), "repeats row 2"),
        (HEADER + ROWS[0], (), "no series has a point left to predict"),
        (HEADER + "".join(ROWS), ("--condition", "highest"), "expected lowest, or a whole number"),
        (HEADER + "".join(ROWS), ("--condition", "0"), "expected lowest, or a whole number"),
    ],
)
def test_bad_input_is_one_line(run, text, options, wanted):
    status, _, err = run("score", text, *options)
    assert status == 2
    (line,) = err.splitlines()
    assert line.startswith("error: ")
    assert wanted in line


@pytest.mark.parametrize("text", ["1e4,many", "0", "-3", "nan", "inf", ""])
def test_compute_values_are_numbers_above_zero(text):
    with pytest.raises(SpecError, match="--at"):
        foresight.compute_values(text)


@pytest.mark.parametrize("text", ["1,500", "2e3,1,500", "100,200,300", "1,500,1e4"])
def test_a_comma_that_may_separate_thousands_is_asked_about(text):
    with pytest.raises(SpecError, match=r"or several\? write \d+ or '"):
        foresight.compute_values(text)


def test_values_apart_from_a_comma_and_a_space_are_several():
    assert foresight.compute_values("1, 500") == [1, 500]
    assert foresight.compute_values("1000,10000,0.100,1e2") == [0.1, 100, 1000, 10000]


def test_series_of_the_run_are_told(evidence, tmp_path):
    file = tmp_path / "again.csv"
    file.write_text(HEADER + "".join(ROWS).replace("new,", f"{TARGET},"))
    with pytest.warns(dataset.PointsWarning, match="evidence of the run"):
        series.read_series(file, evidence)
