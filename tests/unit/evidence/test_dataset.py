"""Reading evidence: what a dataset holds; every mistake is named by file, row and column."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from tenfold.evidence import audit, dataset, inventory
from tenfold.evidence.rows import binomial_se, file_hash
from tenfold.files import SpecError, data_path

ROW = {
    "series": "mine/A/AIME 2024",
    "family": "A",
    "model": "A-1",
    "setting": "low",
    "mode": "thinking",
    "benchmark": "AIME 2024",
    "regime": "inference",
    "compute_unit": "tokens",
    "compute": "1000",
    "score": "0.4",
    "n_questions": "30",
}
SOURCE = """
title = "A table"
publisher = "Somebody"
date = "2026-01-01"
url = "https://example.org/table"
figure = "table 1"
terms = "CC BY 4.0"
method = "tabulated"
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a folder of the user's evidence: rows (changes to `ROW`) and source tables."""

    def _write(*rows: dict[str, str], name: str = "mine", source: str = SOURCE) -> Path:
        full = [ROW | row for row in rows]
        with (tmp_path / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(dict.fromkeys(k for row in full for k in row)))
            writer.writeheader()
            writer.writerows(full)
        if source:
            with (tmp_path / "sources.toml").open("a", encoding="utf-8") as file:
                file.write(f"[{name}]\n{source}")
        return tmp_path

    return _write


@pytest.fixture(scope="module")
def shipped() -> xr.Dataset:
    """All shipped evidence; loading it must not warn."""
    return dataset.load()


TWO = ({}, {"compute": "10000", "score": "0.6", "setting": "high"})


def line(raised: pytest.ExceptionInfo[SpecError]) -> str:
    """The message: one line for every mistake."""
    message = str(raised.value)
    assert message.splitlines() == list(raised.value.lines)
    return message


# --- what a dataset holds ---------------------------------------------------------------------


def test_every_row_of_every_file_arrives(shipped: xr.Dataset) -> None:
    names = ("source", "row", "series_index", "score", "score_se", "log10_compute", "non_thinking")
    obs = {name: shipped[name].values for name in names}
    place = {(s, r): i for i, (s, r) in enumerate(zip(obs["source"], obs["row"], strict=True))}
    label = {name: shipped[name].values for name in ("series", "series_unit", "series_benchmark")}
    start = dict(zip(label["series"], shipped["start_score"].values, strict=True))
    arrived = starts = 0
    for file in sorted(data_path("points").glob("*.csv")):
        with file.open(newline="", encoding="utf-8") as lines:
            for row, cells in enumerate(csv.DictReader(lines), start=2):
                if float(cells["compute"]) == 0:
                    assert start[cells["series"]] == float(cells["score"])
                    starts += 1
                    continue
                i = place[file.stem, row]
                s = obs["series_index"][i]
                assert label["series"][s] == cells["series"]
                assert obs["score"][i] == float(cells["score"])
                assert obs["score_se"][i] == float(cells["score_se"])
                expected = math.log10(float(cells["compute"]))
                assert obs["log10_compute"][i] == pytest.approx(expected, abs=1e-12)
                assert obs["non_thinking"][i] == (cells["mode"] == "non-thinking")
                assert label["series_unit"][s] == cells["compute_unit"]
                assert label["series_benchmark"][s] == cells["benchmark"]
                arrived += 1
    assert arrived == shipped.sizes["obs"] == len(place)
    assert starts == np.isfinite(shipped["start_score"].values).sum() > 0


def test_indices_point_at_their_labels(shipped: xr.Dataset) -> None:
    for key in ("benchmark", "family", "regime", "unit", "publication"):
        labels = shipped[key].values[shipped[f"{key}_index"].values]
        assert list(labels) == list(shipped[f"series_{key}"].values)
    assert list(shipped["regime"].values) == ["rl", "inference"]
    assert (np.diff(shipped["series_index"].values) >= 0).all(), "obs are sorted by series"
    assert set(shipped["series_index"].values) == set(range(shipped.sizes["series"]))
    named = shipped["chart_index"].values >= 0
    charts = shipped["chart"].values[shipped["chart_index"].values[named]]
    assert list(charts) == list(shipped["series_source"].values[named])
    assert set(charts) == {"o1_train", "o1_test", "o3_launch", "kimi_dev", "justrl"}


def test_reference_is_the_weighted_mean_of_log_compute(shipped: xr.Dataset) -> None:
    names = ("series_index", "score_se", "log10_compute")
    rows = list(zip(*(shipped[name].values.tolist() for name in names), strict=True))
    for number in range(0, shipped.sizes["series"], 17):
        top = bottom = 0.0
        for series, score_se, x in rows:
            if series == number:
                top += x / score_se**2
                bottom += 1 / score_se**2
        assert float(shipped["reference"][number]) == pytest.approx(top / bottom, rel=1e-12)


@pytest.mark.parametrize(
    ("series", "slope", "logit_slope"),
    [
        ("o1/AIME 2024/training compute", 0.172, 0.71),
        ("o1/AIME 2024/test-time compute", 0.349, 1.54),
    ],
)
def test_the_o1_chart_has_its_known_slopes(
    shipped: xr.Dataset, series: str, slope: float, logit_slope: float
) -> None:
    """Least squares on the digitised points, computed once by hand: 17.2 and 34.9 score points."""
    chain = inventory.chain(shipped, series)
    x = np.array([point["log10_compute"] for point in chain["points"]])
    y = np.array([point["score"] for point in chain["points"]])
    assert np.polyfit(x, y, 1)[0] == pytest.approx(slope, abs=0.001)
    assert np.polyfit(x, np.log(y / (1 - y)), 1)[0] == pytest.approx(logit_slope, abs=0.01)


def test_everything_is_finite_and_in_range(shipped: xr.Dataset) -> None:
    for name in ("log10_compute", "log10_compute_se", "score", "score_se", "reference", "floor"):
        assert np.isfinite(shipped[name].values).all(), name
    assert (shipped["score_se"].values > 0).all()
    assert (shipped["log10_compute_se"].values >= 0).all()
    assert (shipped["n_questions"].values > 0).all()


def test_side_tables(shipped: xr.Dataset) -> None:
    assert list(shipped["gpt"].values) == ["GPT-1", "GPT-2", "GPT-3", "GPT-4"]
    steps = np.diff(shipped["log10_flop"].values)
    assert ((steps > 1.5) & (steps < 2.5)).all(), "about two OOMs a level"
    # 90% interval of 8.2e24 to 4.4e25 FLOP is 2 x 1.645 standard errors wide
    gpt4 = float(shipped["log10_flop_se"].sel(gpt="GPT-4"))
    assert gpt4 == pytest.approx(math.log10(4.4e25 / 8.2e24) / 3.28971, rel=1e-5)
    assert (shipped["shift_ooms"].values > 0).all()
    assert "o3 to GPT-5, announced range" not in shipped["shift"].values, "use = false"
    assert "the essay's reading" not in shipped["tradeoff"].values


def test_it_survives_netcdf(shipped: xr.Dataset, tmp_path: Path) -> None:
    empty = dataset.load(exclude={"shift": ["*"], "tradeoff": ["*"]})
    for data in (shipped, empty):
        data.to_netcdf(tmp_path / "points.nc", engine="h5netcdf")
        with xr.open_dataset(tmp_path / "points.nc", engine="h5netcdf") as back:
            xr.testing.assert_equal(back.load(), data)
            assert inventory.counts(back) == inventory.counts(data)


# --- subsets ----------------------------------------------------------------------------------


def test_usable_leaves_out_series_without_a_slope(shipped: xr.Dataset) -> None:
    kept = dataset.usable(shipped)
    reasons = json.loads(kept.attrs["excluded"])
    assert set(reasons) == set(shipped["series"].values) - set(kept["series"].values)
    assert "no slope" in reasons["GPT-5 launch/o3/SWE-bench Verified"]
    assert "selection artefact" in reasons["s1/s1-32B/AIME 2024/rejection sampling"]
    for number in range(kept.sizes["series"]):
        own = kept["log10_compute"].values[kept["series_index"].values == number]
        assert len(np.unique(own)) >= 2
    assert dataset.usable(kept).identical(kept), "what is usable stays usable"


def test_a_full_subset_is_the_same_dataset(shipped: xr.Dataset) -> None:
    everything = np.ones(shipped.sizes["obs"], dtype=bool)
    xr.testing.assert_identical(dataset.subset(shipped, everything), shipped)


def test_reading_errors_can_be_left_out_or_doubled(shipped: xr.Dataset) -> None:
    # printed scores are rounded, and with them the part of the error that the questions explain
    xr.testing.assert_allclose(dataset.rescale_errors(shipped, 1.0), shipped, rtol=5e-5)
    without, doubled = dataset.rescale_errors(shipped, 0.0), dataset.rescale_errors(shipped, 2.0)
    assert without.sizes["chart"] == 0
    assert (without["chart_index"] == -1).all()
    assert not without["log10_compute_se"].any()
    assert np.allclose(doubled["chart_scale_se"], 2 * shipped["chart_scale_se"])
    # o1: 0.0003 of reading beside 0.09 of 30 questions; the o3 launch chart: 0.01
    for source, reading in (("o1_train", 0.0003), ("o3_launch", 0.01)):
        at = np.flatnonzero(shipped["source"].values == source)
        share = shipped["score"].values[at]
        least = np.sqrt(share * (1 - share) / 30)
        assert np.allclose(without["score_se"].values[at], least, rtol=1e-5)
        assert np.allclose(doubled["score_se"].values[at], np.hypot(least, 2 * reading), rtol=1e-4)
    for source in ("scalerl", "tan2025", "artificial_analysis"):
        at = shipped["source"].values == source
        assert (doubled["score_se"].values[at] == shipped["score_se"].values[at]).all(), source


def test_an_empty_subset_is_refused(shipped: xr.Dataset) -> None:
    with pytest.raises(SpecError, match="no point is left"):
        dataset.subset(shipped, np.zeros(shipped.sizes["obs"], dtype=bool))


def test_filters_keep_and_drop(shipped: xr.Dataset) -> None:
    tokens = dataset.load(include={"unit": ["tokens"], "regime": ["inference"]})
    assert set(tokens["series_unit"].values) == {"tokens"}
    assert tokens.sizes["shift"] == shipped.sizes["shift"]
    rest = dataset.load(exclude={"unit": ["tokens"]})
    assert rest.sizes["obs"] + tokens.sizes["obs"] == shipped.sizes["obs"]
    assert (
        dataset.load(exclude={"series": ["AA/*"]}).sizes["series"] == shipped.sizes["series"] - 123
    )
    both = dataset.load(exclude={"source": ["s1"], "unit": ["usd"]})
    assert "s1" not in both["source"].values
    assert "usd" not in both["unit"].values
    assert not dataset.load(exclude={"mode": ["non-thinking"]})["non_thinking"].any()
    assert dataset.load(exclude={"shift": ["o3*"]})["shift"].values == ["o1 to o3"]
    assert json.loads(tokens.attrs["filters"])["include"]["unit"] == ["tokens"]


def test_outliers_can_be_dropped(shipped: xr.Dataset) -> None:
    flagged = int(shipped["outlier"].sum())
    dropped = dataset.load(outliers="drop")
    assert flagged > 0
    assert dropped.sizes["obs"] == shipped.sizes["obs"] - flagged


def test_a_scenario_filters_by_every_key_that_the_loader_knows():
    from tenfold.evidence.dataset import POINT_KEYS, TABLE_KEYS
    from tenfold.posterior.plan import prepare
    from tenfold.posterior.scenario import PointKey, Scenario
    from tenfold.spec import validate

    assert get_args(PointKey) == (*POINT_KEYS, *TABLE_KEYS)
    filters = {"include": {"mode": ["thinking"]}, "exclude": {"model": ["o1*"], "shift": ["o3*"]}}
    scenario = validate({"reason": "x", "points": filters}, Scenario, "mine.toml")
    found = prepare("mine", scenario).points
    assert not found["non_thinking"].any()
    assert not any(str(model).startswith("o1") for model in found["model"].values)
    assert found["shift"].values == ["o1 to o3"]
    misspelled = {"reason": "x", "points": {"include": {"modle": ["o1"]}}}
    with pytest.raises(SpecError) as caught:
        validate(misspelled, Scenario, "mine.toml")
    assert str(caught.value).startswith("mine.toml: points.include.modle: got 'modle'; ")
    assert all(f"'{key}'" in str(caught.value) for key in get_args(PointKey))


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"include": {"units": ["tokens"]}}, "points.include: unknown key 'units'.*'unit'"),
        ({"exclude": {"unit": ["token"]}}, "points.exclude.unit: 'token' matches nothing.*tokens"),
        ({"exclude": {"shift": ["o9*"]}}, "points.exclude.shift: 'o9.*matches nothing"),
        ({"exclude": {"regime": ["*"]}}, "no point is left"),
    ],
)
def test_a_filter_that_does_nothing_is_an_error(filters: dict, expected: str) -> None:
    with pytest.raises(SpecError, match=expected):
        dataset.load(**filters)


# --- a user's evidence ------------------------------------------------------------------------


def test_a_users_folder_is_read_beside_the_shipped_evidence(
    shipped: xr.Dataset, write: Write
) -> None:
    both = dataset.load(extra=write(*TWO))
    assert both.sizes["obs"] == shipped.sizes["obs"] + 2
    mine = inventory.chain(both, "mine/A/AIME 2024")
    assert mine["source_table"]["publisher"] == "Somebody"
    assert mine["points"][0]["score_se"] == pytest.approx(math.sqrt(0.4 * 0.6 / 30))
    assert mine["points"][0]["log10_compute_se"] == 0
    hashes = json.loads(both.attrs["files"])
    assert hashes["points/s1.csv"] == file_hash(data_path("points", "s1.csv"))
    assert sum(name.endswith("/mine.csv") for name in hashes) == 1


def test_a_users_folder_can_stand_alone(write: Write) -> None:
    alone = dataset.load(write(*TWO))
    assert alone.sizes["obs"] == 2
    assert alone.sizes["gpt"] == alone.sizes["shift"] == 0


def test_spreadsheet_habits_are_accepted(write: Write) -> None:
    folder = write(*TWO)
    text = (folder / "mine.csv").read_text(encoding="utf-8").replace("\n", "\r\n")
    (folder / "mine.csv").write_text("\ufeff" + text + "\r\n,,,,,,,,,,\r\n", encoding="utf-8")
    assert dataset.load(folder).sizes["obs"] == 2


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"score": "1.2"}, "row 3: score: got '1.2'.*less than or equal to 1"),
        ({"score": "-0.1"}, "row 3: score: got '-0.1'"),
        ({"score": "nan"}, "row 3: score: got 'nan'.*finite"),
        ({"score": ""}, "row 3: score: missing"),
        ({"score": "40%"}, "row 3: score: got '40%'.*number"),
        ({"compute": "0"}, "row 3: compute: got '0'.*expected more than 0"),
        ({"compute": "inf"}, "row 3: compute: got 'inf'.*finite"),
        ({"compute": "1,000"}, "row 3: compute: got '1,000'"),
        ({"regime": "train"}, "row 3: regime: got 'train'.*'rl' or 'inference'"),
        ({"compute_unit": "dollars"}, "row 3: compute_unit: got 'dollars'"),
        ({"mode": "fast"}, "row 3: mode: got 'fast'"),
        ({"n_questions": "0"}, "row 3: n_questions: got '0'"),
        ({"n_questions": "2.5"}, "row 3: n_questions: got '2.5'"),
        ({"n_questions": ""}, "row 3, score_se: empty"),
        ({"score_se": "0"}, "row 3: score_se: got '0'"),
        ({"log10_compute_se": "-1"}, "row 3: log10_compute_se: got '-1'"),
        ({"series": "a\x1b[31m"}, "row 3: series: got .*control characters"),
        ({"benchmark": "AIME 2025"}, "row 3, benchmark: got 'AIME 2025'; expected 'AIME 2024'"),
        ({"compute_unit": "usd"}, "row 3, compute_unit: got 'usd'; expected 'tokens'"),
        ({"regime": "rl"}, "row 3, regime: got 'rl'; expected 'inference'"),
        ({"family": "B"}, "row 3, family: got 'B'; expected 'A'"),
        ({"series": "o1/AIME 2024/training compute"}, "row 3, series: .*is also in .*o1_train.csv"),
        ({"setting": "low", "compute": "1000", "score": "0.4"}, "row 3: repeats row 2"),
    ],
)
def test_a_bad_row_is_named(write: Write, change: dict[str, str], expected: str) -> None:
    folder = write({}, TWO[1] | change)
    with pytest.raises(SpecError) as raised:
        dataset.load(extra=folder)
    assert re.search(expected, line(raised))
    assert str(folder / "mine.csv") in line(raised)


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda f: f.write_text(""), "empty; expected the columns series, family"),
        (lambda f: f.write_text("series,family\n"), "row 1: missing column 'model'"),
        (lambda f: f.write_text("seires,family\n"), "unknown column 'seires'; did you mean 'ser"),
        (lambda f: f.write_text("series,series\n"), "row 1: column 'series' appears twice"),
        (lambda f: f.write_text(f.read_text().splitlines()[0]), "no rows below the header"),
        (lambda f: f.write_text(f.read_text() + "a,b\n"), "row 4: 2 cells; expected 11"),
        (lambda f: f.write_text(f.read_text() + 'a"b,"c\n'), "not a valid CSV file|cells"),
        (lambda f: f.write_bytes(b"\xff\xfe\x00"), "UTF-16 text; expected UTF-8"),
        (lambda f: f.write_bytes(b"series\xe9"), "not UTF-8 text at byte 6"),
        (lambda f: f.unlink(), r"no \*\.csv file of points"),
        (lambda f: f.rename(f.with_name("other.csv")), "mine.csv does not exist"),
    ],
)
def test_a_bad_file_is_named(write: Write, spoil: Callable[[Path], None], expected: str) -> None:
    folder = write(*TWO)
    spoil(folder / "mine.csv")
    with pytest.raises(SpecError) as raised:
        dataset.load(extra=folder)
    assert re.search(expected, line(raised))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", "sources.toml: cannot be read"),
        (SOURCE + 'calibation = "2 ticks"', "mine: calibation: unknown key; .* 'calibration'"),
        (SOURCE.replace('url = "https://example.org/table"', ""), "mine: url: missing"),
        (SOURCE.replace("tabulated", "guessed"), "mine: method: got 'guessed'"),
        (SOURCE + f'sha256 = "{"0" * 64}"', "mine.sha256: got 000000000000"),
        (SOURCE + 'file = "gone.csv"', "mine: file .*gone.csv does not exist"),
    ],
)
def test_a_bad_source_is_named(write: Write, source: str, expected: str) -> None:
    with pytest.raises(SpecError) as raised:
        dataset.load(extra=write(*TWO, source=source))
    assert re.search(expected, line(raised))


def test_a_file_without_a_source_is_refused(write: Write) -> None:
    folder = write(*TWO)
    write({"series": "other"}, name="minee", source="")
    with pytest.raises(SpecError, match=r"no table \[minee\].*did you mean 'mine'"):
        dataset.load(extra=folder)


def test_a_file_named_like_a_shipped_one_is_refused(write: Write) -> None:
    with pytest.raises(SpecError, match="s1: also a source in"):
        dataset.load(extra=write(*TWO, name="s1"))


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="nowhere: not a folder"):
        dataset.load(extra=tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"benchmark": "AIME2024"}, r"row 2, benchmark: 'AIME2024'.*did you mean 'AIME 2024'"),
        ({"benchmark": "gpqa diamond"}, r"did you mean 'GPQA Diamond'"),
        ({"benchmark": "Brand New Exam"}, r"row 2, benchmark: 'Brand New Exam'.*chance level 0"),
        ({"compute_unit": "usd"}, r"row 2, compute_unit: 'usd' differs .* tokens"),
    ],
)
def test_doubtful_rows_warn_once(write: Write, change: dict[str, str], expected: str) -> None:
    folder = write(*(row | change for row in TWO))
    with pytest.warns(dataset.PointsWarning, match=expected) as caught:
        dataset.load(extra=folder)
    assert len(caught) == 1


RUN = {
    "series": "mine/A/AIME 2024 steps",
    "regime": "rl",
    "compute_unit": "steps",
    "run": "A-1",
    "axis_start": "base",
    "active_params_b": "7",
    "pretraining_compute": "1e6",
    "compute_group": "",
}


def test_a_series_carries_what_is_known_of_its_run(write: Write) -> None:
    start = RUN | {"compute": "0", "score": "0.1"}
    points = dataset.load(write(start, RUN, RUN | TWO[1]))
    assert points.sizes["obs"] == 2, "a score before the run is no point of the curve"
    own = points.isel(series=0)
    assert float(own["start_score"]) == 0.1
    assert float(own["start_score_se"]) == pytest.approx(binomial_se(0.1, 30))
    assert float(own["active_params_b"]) == 7
    assert float(own["log10_pretraining_compute"]) == 6
    assert str(own["series_axis_start"].values) == "base"
    assert str(points["run"].values[int(own["run_index"])]) == "A-1"
    assert str(points["llm"].values[int(own["llm_index"])]) == "A-1"
    assert str(points["publication"].values[int(own["publication_index"])]) == "mine"
    kept = dataset.subset(points, np.array([True, False]))
    for name in ("start_score", "active_params_b", "log10_pretraining_compute"):
        assert float(kept[name][0]) == pytest.approx(float(own[name]))


def test_a_publication_joins_sources(shipped: xr.Dataset) -> None:
    for number, publication in enumerate(shipped["publication"].values):
        own = shipped["publication_index"].values == number
        assert set(shipped["series_publication"].values[own]) == {publication}
    sources = shipped["series_source"].values[shipped["series_publication"].values == "ARC Prize"]
    assert set(sources) == {"arc_agi", "arc_agi_o1", "arc_agi_o3_preview"}


def test_one_observation_on_two_axes_is_linked(shipped: xr.Dataset, write: Write) -> None:
    twin = shipped["twin_index"].values
    first, second = twin[twin >= 0], np.flatnonzero(twin >= 0)
    assert len(second) == 12, "WeirdML"
    assert set(shipped["series_unit"].values[first]) == {"tokens"}
    assert set(shipped["series_unit"].values[second]) == {"usd"}
    index, score = shipped["series_index"].values, shipped["score"].values
    for one, two in zip(first, second, strict=True):
        assert sorted(score[index == one]) == sorted(score[index == two])
    rows = [row | {"run": "sweep"} for row in TWO]
    dollars = {"series": "mine/A/usd", "compute_unit": "usd"}
    folder = write(*rows, *(row | dollars for row in rows))
    assert list(dataset.load(folder)["twin_index"].values) == [-1, 0]
    folder = write(*rows, *(row | dollars | {"score": "0.7"} for row in rows), source="")
    with pytest.raises(SpecError, match="run: 'sweep' is also that of .* same scores on both axes"):
        dataset.load(folder)


def test_points_of_one_budget_share_its_error(shipped: xr.Dataset, write: Write) -> None:
    index = shipped["shared_error_index"].values
    assert set(shipped["source"].values[index >= 0]) == {"justrl"}
    assert shipped.sizes["shared_error"] == 4
    for number in range(4):
        assert len(set(shipped["log10_compute"].values[index == number])) == 1
    # a straight line through the four budgets, each 0.3 wrong, by its hat matrix
    places = [np.flatnonzero(index == number)[0] for number in range(4)]
    lever = np.column_stack([np.ones(4), shipped["log10_compute"].values[places]])
    inverse = np.linalg.inv(lever.T @ lever)
    stretch = shipped["chart_scale_se"].sel(chart="justrl")
    np.testing.assert_allclose(stretch, 0.3 * np.sqrt(inverse[1, 1]))
    left = 0.3 * np.sqrt(1 - np.diag(lever @ inverse @ lever.T))
    for number in range(4):
        np.testing.assert_allclose(
            shipped["log10_compute_se"].values[index == number], left[number]
        )
    again = dataset.subset(shipped, np.ones(index.size, dtype=bool))
    assert again["log10_compute_se"].equals(shipped["log10_compute_se"])
    group = {"compute_group": "recipe", "log10_compute_se": "0.3"}
    folder = write(group, group | TWO[1] | {"log10_compute_se": "0.2"})
    with pytest.raises(SpecError, match=r"row 3, log10_compute_se: got 0.2; expected 0.3"):
        dataset.load(folder)


def test_pairs_are_two_points_in_two_modes(shipped: xr.Dataset) -> None:
    index, mode = shipped["series_index"].values, shipped["non_thinking"].values
    for number in np.flatnonzero(shipped["is_pair"].values):
        assert sorted(mode[index == number]) == [False, True]
    assert shipped["is_pair"].values.sum() > 300


def test_a_series_that_counts_elsewhere_is_left_out_only_beside_it(shipped: xr.Dataset) -> None:
    label = "JustRL/R1-Distill-1.5B recipes/AIME 2024"
    assert "counted in JustRL/JustRL-DeepSeek-1.5B run" in inventory.unusable(shipped)[label]
    assert label in dataset.usable(dataset.load(include={"source": ["justrl"]}))["series"].values


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([RUN | {"compute": "0"}], "has a score before its run and no point"),
        ([RUN, RUN | {"compute": "0"}, RUN | {"compute": "0"}], "row 4, compute: 0 again"),
        ([{"axis_start": "base"}], "row 2: axis_start: got 'base'.*it describes a run of RL"),
        ([{"pretraining_compute": "9"}], "row 2: pretraining_compute: got '9'.*a run of RL"),
        ([RUN | {"axis_start": "sft"}], "row 2: axis_start: got 'sft'.*'base', 'tuned' or 'rl'"),
        ([RUN | {"active_params_b": "0"}], "row 2: active_params_b: got '0'"),
        ([RUN, RUN | TWO[1] | {"axis_start": "rl"}], "axis_start: got 'rl'; expected 'base'"),
        (
            [RUN, RUN | TWO[1] | {"pretraining_compute": ""}],
            "pretraining_compute: got nan; expected",
        ),
    ],
)
def test_what_is_said_of_a_run_must_hold_together(
    write: Write, rows: list[dict[str, str]], expected: str
) -> None:
    with pytest.raises(SpecError, match=expected):
        dataset.load(write(*rows))


def test_a_model_of_two_families_is_doubtful(write: Write) -> None:
    folder = write(*(row | {"model": "GPT-5", "family": "Other"} for row in TWO))
    with pytest.warns(dataset.PointsWarning, match="'GPT-5' also stands under 'GPT-5'"):
        dataset.load(extra=folder)


def test_a_new_benchmark_can_bring_its_chance_level(write: Write) -> None:
    folder = write(*(row | {"benchmark": "Quiz"} for row in TWO))
    (folder / "benchmarks.toml").write_text(
        '[Quiz]\nfloor = 0.2\nquestions = 50\nreason = "five options"\n', encoding="utf-8"
    )
    assert float(dataset.load(extra=folder)["floor"].sel(benchmark="Quiz")) == 0.2
    (folder / "benchmarks.toml").write_text("[Quiz]\nfloor = 1.0\n", encoding="utf-8")
    with pytest.raises(SpecError, match=r"Quiz: floor: got 1\.0"):
        dataset.load(extra=folder)


# --- check ------------------------------------------------------------------------------------


def test_check_passes_a_good_folder(write: Write) -> None:
    report = audit.check(write(*TWO))
    assert (report.errors, report.warnings, report.points) == ((), (), 2)
    assert report.series == ("mine/A/AIME 2024",)


def test_check_lists_an_error_per_file_and_a_missing_source(write: Write) -> None:
    write(*TWO)
    write({"score": "7"}, name="bad", source="")
    folder = write({"compute": "-1"}, name="worse", source="")
    report = audit.check(folder)
    assert len(report.errors) == 2
    assert "bad.csv: row 2: score" in report.errors[0]
    assert "worse.csv: row 2: compute" in report.errors[1]
    assert any("no table [bad]" in note for note in report.warnings)
    assert report.points == 2


def test_check_takes_a_single_file_without_a_source(write: Write) -> None:
    folder = write({"benchmark": "AIME2024"}, source="")
    report = audit.check(folder / "mine.csv")
    assert report.errors == ()
    assert [("no table" in note, "did you mean" in note) for note in report.warnings] == [
        (True, False),
        (False, True),
    ]


def test_check_finds_a_series_that_is_shipped_already(write: Write) -> None:
    report = audit.check(write({"series": "DeepSeek-R1-Zero/AIME 2024"}) / "mine.csv")
    assert "is also in" in report.errors[0]


def test_a_series_that_is_there_already_is_told_once(write: Write) -> None:
    label = {"series": "o1/AIME 2024/training compute"}
    report = audit.check(write(label, label | TWO[1]))
    assert len(report.errors) == 1
    assert "row 2, series: 'o1/AIME 2024/training compute' is also in" in report.errors[0]


def test_the_shipped_files_pass_their_own_check() -> None:
    for path in (data_path(), data_path("points"), data_path("points", "s1.csv")):
        report = audit.check(path)
        assert (report.errors, report.warnings) == ((), ()), path
    assert audit.check(data_path()).points == dataset.load().sizes["obs"]


def test_check_of_a_missing_file_is_an_error(tmp_path: Path) -> None:
    assert "cannot be read" in audit.check(tmp_path / "gone.csv").errors[0]


# --- what it says about itself ----------------------------------------------------------------


def test_table_counts_and_sources_agree(shipped: xr.Dataset) -> None:
    rows, counts = inventory.table(shipped), inventory.counts(shipped)
    assert sum(row["points"] for row in rows) == counts["points"] == shipped.sizes["obs"]
    assert len(rows) == counts["series"] == shipped.sizes["series"]
    assert counts["fitted"]["series"] == dataset.usable(shipped).sizes["series"]
    assert set(counts["left_out"]) == set(inventory.unusable(shipped))
    assert sum(entry["points"] for entry in counts["regime"].values()) == counts["points"]
    assert sum(row["points"] for row in inventory.sources(shipped)) == counts["points"]
    rl = [row for row in rows if row["regime"] == "rl"]
    assert counts["regime"]["rl"]["publications"] == len({row["publication"] for row in rl}) > 10
    assert counts["regime"]["rl"]["models"] == len({row["model"] for row in rl})
    assert [row["regime"] for row in rows] == sorted((r["regime"] for r in rows), reverse=True)
    json.dumps(counts)


def test_the_chain_leads_back_to_the_pixel(shipped: xr.Dataset) -> None:
    chain = inventory.chain(shipped, "o1/AIME 2024/training compute")
    assert chain["source_table"]["url"].startswith("https://openai.com/")
    assert "16 minor ticks" in chain["source_table"]["calibration"]
    assert (chain["points"][0]["pixel_x"], chain["points"][0]["pixel_y"]) == (234.0, 710.0)
    # the axis is linear in log compute: one decade is the same number of pixels everywhere
    x = np.array([point["pixel_x"] for point in chain["points"]])
    log = np.array([point["log10_compute"] for point in chain["points"]])
    pixels = np.polyfit(log, x, 1)
    assert np.abs(np.polyval(pixels, log) - x).max() < 1
    y = np.array([point["pixel_y"] for point in chain["points"]])
    score = np.array([point["score"] for point in chain["points"]])
    assert np.abs(np.polyval(np.polyfit(score, y, 1), score) - y).max() < 1
    json.dumps(chain)


def test_an_unknown_series_gets_a_hint(shipped: xr.Dataset) -> None:
    with pytest.raises(SpecError, match="no series 'o1/AIME 2024/training'; did you mean 'o1/"):
        inventory.chain(shipped, "o1/AIME 2024/training")
    with pytest.raises(SpecError, match="did you mean 'DeepSeek-R1-Zero/AIME 2024'"):
        inventory.chain(shipped, "r1-zero")
    with pytest.raises(SpecError, match="did you mean 'o1-mini/AIME 2024/majority vote'"):
        inventory.chain(shipped, "o1-mini/AIME 2024/majorty vot")


# --- errors -----------------------------------------------------------------------------------


@given(st.integers(1, 5000), st.floats(0, 1))
def test_a_binomial_error_is_never_zero_and_symmetric(n: int, share: float) -> None:
    se = binomial_se(share, n)
    assert 0 < se <= 0.5
    assert se == pytest.approx(binomial_se(1 - share, n), rel=1e-6)


def test_a_binomial_error_by_hand() -> None:
    assert binomial_se(0.5, 100) == pytest.approx(0.05)
    # nobody right of 30: (0 + 2) / 34, over 34
    assert binomial_se(0.0, 30) == pytest.approx(math.sqrt(2 / 34 * 32 / 34 / 34))
    assert binomial_se(1.0, 30) == pytest.approx(binomial_se(0.0, 30))
