"""Exports are read by the programs that they are for, and say there what the draws say."""

from __future__ import annotations

import csv
import json
import math
import shutil
import subprocess
import sys

import numpy as np
import pytest

from tenfold.answers import ask, headline
from tenfold.answers.constants import load_constants
from tenfold.answers.quantiles import PROBABILITIES, records, told
from tenfold.answers.question import Asked, Question
from tenfold.answers.registry import named
from tenfold.cli.app import main
from tenfold.evidence.digitise.read import digitise_chart
from tenfold.export import metaculus, samples, squiggle, tables, vega, wpd
from tenfold.files import SpecError
from tenfold.mixture import quantile

SQUIGGLE = "@quri/squiggle-lang@0.10.0"
RUNNER = """
import { run } from "@quri/squiggle-lang";
import fs from "node:fs";
const { result } = await run(fs.readFileSync(process.argv[2], "utf8"));
if (!result.ok) { console.error(String(result.value)); process.exit(1); }
console.log(JSON.stringify(result.value.result.asJS()));
"""


@pytest.fixture(scope="module")
def asked(prior_run):
    return Asked(headline.of_run(prior_run), load_constants(), Question())


@pytest.fixture(scope="module")
def found(asked):
    return records(asked, ["rl_jump_ooms", "training_cost", "first_year", "ceiling"])


def export(prior_run, monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["tenfold", "export", str(prior_run.path), *arguments])
    return main(), *capsys.readouterr()


# --- quantiles ----------------------------------------------------------------------------------


def test_csv_holds_every_quantile(asked, found):
    rows = list(csv.DictReader(tables.as_csv(found).splitlines()))
    own = {row["statistic"]: row for row in rows if row["quantity"] == "training_cost"}
    assert set(own) == {*PROBABILITIES, "p_never"}
    draws = named("training_cost").draws(asked)
    for key, p in PROBABILITIES.items():
        at = float(quantile(draws, asked.draws["weight"], p).item())
        assert float(own[key]["on_scale"]) == pytest.approx(at)
        assert math.isinf(at) or at > 300 or float(own[key]["value"]) == pytest.approx(10**at)


def test_json_says_which_run_speaks(prior_run, monkeypatch, capsys):
    status, out, _ = export(prior_run, monkeypatch, capsys, "--format", "json")
    answer = json.loads(out)
    assert status == 0
    assert answer["run"] == prior_run.path.name
    assert len(answer["quantities"]) > 40
    row = answer["quantities"]["exchange_rate"]
    assert row["values"] == row["quantiles"]
    assert row["unit"] == "OOM/OOM"


def test_a_hub_reads_the_model_output(found, tmp_path):
    from hubdata import connect_hub

    text = tables.as_hubverse(found, "2026-11-27T12:00:00+00:00")
    rows = list(csv.DictReader(text.splitlines()))
    values = {
        key: {"required": None, "optional": sorted({row[key] for row in rows})}
        for key in ("origin_date", "target", "arguments", "unit")
    }
    levels = {"required": list(PROBABILITIES.values())}
    kind = {"output_type_id": levels, "value": {"type": "double"}, "is_required": True}
    task = {"task_ids": values, "output_type": {"quantile": kind}, "target_metadata": []}
    config = {"schema_version": "", "rounds": [{"round_id": "origin_date", "model_tasks": [task]}]}
    for name, content in (("tasks", config), ("admin", {"file_format": ["csv"]})):
        (tmp_path / "hub-config").mkdir(exist_ok=True)
        (tmp_path / "hub-config" / f"{name}.json").write_text(json.dumps(content))
    (tmp_path / "model-output" / "tenfold").mkdir(parents=True)
    (tmp_path / "model-output" / "tenfold" / "2026-11-27-tenfold.csv").write_text(text)
    read = connect_hub(tmp_path).to_table().to_pandas()
    assert len(read) == len(found) * len(PROBABILITIES)
    own = read[(read["target"] == "rl_jump_ooms") & (read["output_type_id"] == 0.5)]
    assert float(own["value"].iloc[0]) == float(found["rl_jump_ooms"]["quantiles"]["p50"])
    for _, part in read.groupby("target"):
        assert part.sort_values("output_type_id")["value"].is_monotonic_increasing


# --- draws --------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["nc", "zarr"])
def test_labelled_draws_come_back(asked, tmp_path, suffix):
    import xarray as xr

    draws = samples.labelled({name: (name, asked) for name in ("rl_jump_ooms", "training_cost")})
    path = tmp_path / f"draws.{suffix}"
    samples.write(draws, path)
    read = xr.open_zarr(path) if suffix == "zarr" else xr.open_dataset(path, engine="h5netcdf")
    xr.testing.assert_identical(read.load(), draws)
    assert read["training_cost"].attrs["units"] == "USD"
    read.close()
    if suffix == "zarr":
        with pytest.raises(SpecError, match="is there already"):
            samples.write(draws, path)


def test_rows_of_draws_count_the_same(asked, tmp_path):
    draws = samples.labelled({"a": ("rl_jump_ooms", asked), "b": ("inference_jump_ooms", asked)})
    rows = samples.equally_weighted(draws, 4000)
    weight = asked.draws["weight"]
    for name in ("a", "b"):
        at = quantile(draws[name].broadcast_like(asked.like), weight, [0.25, 0.5, 0.75]).values
        assert np.mean(rows[name][:, None] <= at, axis=0) == pytest.approx(
            [0.25, 0.5, 0.75], abs=0.01
        )
    # together: where inference needs most, so does RL
    assert np.corrcoef(np.argsort(np.argsort([rows["a"], rows["b"]])))[0, 1] > 0.2


def test_samples_are_a_table(prior_run, monkeypatch, capsys):
    named_so = 'rl_jump_ooms(start=0.2, benchmark="MATH500")'
    arguments = ("--format", "samples", "--quantity", named_so, "--quantity", "gpus")
    status, out, _ = export(prior_run, monkeypatch, capsys, *arguments, "--draws", "150")
    rows = list(csv.DictReader(out.splitlines()))
    assert (status, len(rows)) == (0, 150)
    assert set(rows[0]) == {named_so, "log10_gpus"}


# --- forecasting sites --------------------------------------------------------------------------

RANGES = {
    "rl_jump_ooms": metaculus.Range(low="0", high="15"),
    "training_cost": metaculus.Range(low="1e7 USD", high="1e25 USD"),
    "first_year": metaculus.Range(low="2020", high="2060-06-30"),
    "inference_per_training": metaculus.Range(low="0", high="8", open_low=False),
    "exchange_rate": metaculus.Range(log=True),
    "gpus": metaculus.Range(high="1e12 GPU", log=True, open_high=False),
}


@pytest.mark.parametrize("name", RANGES)
def test_the_site_takes_the_distribution_function(asked, name):
    entry, sample, wanted = named(name), ask.sample_of(asked, name, None), RANGES[name]
    found = metaculus.record(entry, sample, wanted)
    cdf = np.array(found["continuous_cdf"])
    steps = np.diff(cdf)
    assert cdf.size == 201
    assert steps.min() >= 5e-5
    assert steps.max() <= 0.2
    assert cdf[0] == 0 if not wanted.open_low else cdf[0] >= 0.001
    assert cdf[-1] == pytest.approx(1) if not wanted.open_high else cdf[-1] <= 0.999 + 1e-12
    for i in range(5, 200, 40):  # against the draws, at the values that the site shows
        x = found["x"][i]
        at = metaculus.decimal_year(x) if entry.kind == "date" else x
        at = math.log10(at) if entry.scale == "log10" else at
        exact = float(
            (asked.draws["weight"] * (sample.values <= at).mean(("chain", "draw", "repeat"))).sum()
        )
        apart = abs(cdf[i] - exact)
        assert apart <= found["largest_difference"] + 1e-9
        assert apart <= 0.005 or not wanted.open_high  # a closed bound cuts what lies beyond


def test_a_function_that_had_to_be_bent_says_how_far(asked):
    sample = ask.sample_of(asked, "ceiling", None)  # a form's ceilings are all 1: a step too high
    wanted = metaculus.Range(low="0", high="1", open_low=False, open_high=False)
    found = metaculus.record(named("ceiling"), sample, wanted)
    assert np.diff(found["continuous_cdf"]).max() == pytest.approx(0.2)
    assert found["largest_difference"] > 0.05


@pytest.mark.parametrize("name", RANGES)
def test_the_sites_own_library_takes_it(asked, name):
    report = pytest.importorskip(
        "forecasting_tools.data_models.numeric_report",
        reason="forecasting-tools is not installed: uv run --with forecasting-tools pytest ...",
    )
    found = metaculus.record(named(name), ask.sample_of(asked, name, None), RANGES[name])
    pairs = zip(found["continuous_cdf"], found["x"], strict=True)
    taken = report.NumericDistribution(
        declared_percentiles=[report.Percentile(percentile=p, value=x) for p, x in pairs],
        open_upper_bound=found["open_upper_bound"],
        open_lower_bound=found["open_lower_bound"],
        upper_bound=found["range_max"],
        lower_bound=found["range_min"],
        zero_point=found["zero_point"],
        cdf_size=201,
    )
    places = [point.value for point in taken.get_cdf()]  # where the site puts the 201 points
    assert places == pytest.approx(found["x"], rel=1e-9)


@pytest.mark.parametrize(
    ("wanted", "told_of"),
    [
        (metaculus.Range(low="5", high="2"), "below the high one"),
        (metaculus.Range(low="5 USD"), "unit"),
        (metaculus.Range(low="-3", high="4", log=True), "above 0"),
        (metaculus.Range(low="200", high="300"), "no draw lies inside"),
        (metaculus.Range(low="-1e6", high="1e6", open_low=False, open_high=False), "too narrow"),
    ],
)
def test_ranges_that_hold_no_distribution_are_refused(asked, wanted, told_of):
    with pytest.raises(SpecError, match=told_of):
        metaculus.record(
            named("exchange_rate"), ask.sample_of(asked, "exchange_rate", None), wanted
        )


@pytest.fixture(scope="session")
def node(request):
    """A folder with Squiggle's own package, kept from one session to the next."""
    if not (shutil.which("npm") and shutil.which("node")):
        pytest.skip("no npm: Squiggle's own package cannot run here")
    folder = request.config.cache.mkdir("squiggle")
    if not (folder / "node_modules" / "@quri").is_dir():
        command = ["npm", "install", "--silent", "--prefix", str(folder), SQUIGGLE]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            pytest.skip(f"Squiggle's own package cannot be installed: {done.stderr[-200:]}")
    (folder / "run.mjs").write_text(RUNNER)
    return folder


def test_squiggle_runs_the_code(asked, found, node, tmp_path):
    code, questions, wanted = [], [], []
    for name in ("rl_jump_ooms", "training_cost", "first_year"):  # the second with a long tail
        drawn = samples.equally_weighted(samples.labelled({name: (name, asked)}), 1000)[name]
        code.append(squiggle.code(name, found[name], drawn))
        own = f"log10_{name}" if found[name]["scale"] == "log10" else name
        finite = drawn[np.isfinite(drawn)]
        for p in (0.1, 0.5, 0.9):
            at = float(np.quantile(finite, p))
            questions += [f"cdf({own}, {at})", f"cdf({own}_fitted, {at})"]
            wanted += [np.mean(finite <= at)] * 2
        questions.append(f"{own}_never")
        wanted.append(1 - finite.size / drawn.size)
    path = tmp_path / "answer.squiggle"
    path.write_text("".join(code) + f"[{', '.join(questions)}]\n")
    command = ["node", str(node / "run.mjs"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    for question, got, want in zip(questions, json.loads(done.stdout), wanted, strict=True):
        fitted = "fitted" in question
        assert got == pytest.approx(want, abs=(0.1 if fitted else 0.005)), question


def test_equal_draws_have_a_mixture(found):
    assert "fitted" in squiggle.code("x", found["ceiling"], np.full(100, 1.0))
    assert "fitted" not in squiggle.code("x", found["ceiling"], np.full(100, np.inf))


# --- charts -------------------------------------------------------------------------------------


def test_the_chart_is_drawn(asked, found):
    import altair
    import vl_convert

    sample = ask.sample_of(asked, "rl_jump_ooms", None)
    text = vega.chart(found["rl_jump_ooms"], ask.histogram(sample), ask.cdf(sample))
    altair.Chart.from_dict(json.loads(text))  # validates against the schema of Vega-Lite
    svg = vl_convert.vegalite_to_svg(text)
    assert "probability of at most that" in svg


def test_points_come_back_from_a_project(prior_run, monkeypatch, capsys, tmp_path):
    path, axes = tmp_path / "o1.json", tmp_path / "axes.toml"
    arguments = ("--format", "wpd", "--source", "o1_test", "--out", str(path))
    status, out, _ = export(prior_run, monkeypatch, capsys, *arguments)
    assert (status, out) == (0, f"written: {path}\n")
    lines = ['version = 1', '[chart]', 'benchmark = "AIME 2024"', 'regime = "inference"',
             'compute_unit = "relative"', 'score_scale = "fraction"']  # fmt: skip
    axes.write_text("\n".join(lines))
    read = digitise_chart(path, axes).points
    points = prior_run.points
    own = points["source"].values == "o1_test"
    wanted = sorted(
        zip(points["log10_compute"].values[own], points["score"].values[own], strict=True)
    )
    got = sorted(
        zip(np.log10(read["compute"].astype(float)), read["score"].astype(float), strict=True)
    )
    assert np.array(got) == pytest.approx(np.array(wanted), abs=1e-6)
    with pytest.raises(SpecError, match="did you mean 'o1_test'"):
        wpd.project(points, "o1_tst")


# --- what is asked for --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--format", "metaculus"), "is of one quantity"),
        (("--quantity", "rl_jump_oms"), "did you mean 'rl_jump_ooms'"),
        (("--quantity", "rl_jump_ooms(start=x)"), "expected a number"),
        (("--quantity", "gpt_level_ooms(start=0.2)"), "takes no arguments"),
        (("--quantity", "rl_jump_ooms > 3"), "expected a quantity such as"),
        (("--given", "exchange_rate > 2"), "has no conditions"),
        (("--format", "wpd"), "expected --source NAME"),
        (("--format", "samples", "--out", "x.txt"), "ends with .csv, .nc or .zarr"),
    ],
)
def test_a_mistake_is_one_line(prior_run, monkeypatch, capsys, arguments, error):
    status, _, err = export(prior_run, monkeypatch, capsys, *arguments)
    assert status == 2
    assert error in err


def test_every_quantity_that_is_told_is_exported(asked, prior_run, monkeypatch, capsys):
    status, out, _ = export(prior_run, monkeypatch, capsys)
    assert status == 0
    assert {row["quantity"] for row in csv.DictReader(out.splitlines())} == set(told(asked))
