"""Calibration, WebPlotDigitizer projects, and the errors that come out of them."""

from __future__ import annotations

import copy
import gzip
import io
import json
import math
import re
import tarfile
import textwrap
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.evidence.columns import Point
from tenfold.evidence.digitise import (
    AxesFile,
    Axis,
    Calibration,
    Chart,
    digitise_chart,
    digitise_project,
)
from tenfold.evidence.digitise.axes import DRAWING_SE, calibrate, offset_and_scale
from tenfold.evidence.digitise.projects import number
from tenfold.evidence.rows import binomial_se, read_points
from tenfold.files import SpecError

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "digitise"


def project(points, values=("100", "10000", "0", "100"), log=(True, False), **axes):
    """A version 4 project with upright axes: x from pixel 100 to 500, y from 400 up to 0."""
    clicks = [(100, 400), (500, 400), (100, 400), (100, 0)]
    calibration = [
        {"px": px, "py": py, "dx": values[i] if i < 2 else "0", "dy": values[i] if i > 1 else "0"}
        for i, (px, py) in enumerate(clicks)
    ]
    own = {"name": "XY", "type": "XYAxes", "isLogX": log[0], "isLogY": log[1]}
    return {
        "version": [4, 2],
        "axesColl": [own | {"calibrationPoints": calibration} | axes],
        "datasetColl": [
            {"name": "a", "axesName": "XY", "data": [{"x": x, "y": y} for x, y in points]}
        ],
    }


def axis(scale, ticks) -> Axis:
    return Axis.model_validate({"scale": scale, "ticks": ticks})


def digitise(body, folder: Path, toml: str | None = None):
    path = folder / "chart.json"
    path.write_text(body if isinstance(body, str) else json.dumps(body))
    if toml is None:
        return digitise_project(path)
    (folder / "axes.toml").write_text("version = 1\n" + toml)
    return digitise_project(path, folder / "axes.toml")


def refused(body, folder: Path, *words: str, toml: str | None = None) -> str:
    """What a bad file is refused with: a line per mistake, naming the file; it holds the words."""
    with pytest.raises(SpecError) as caught:
        digitise(body, folder, toml)
    line = str(caught.value)
    assert all(own.startswith(str(folder)) and own.isprintable() for own in caught.value.lines)
    for word in words:
        assert word in line
    return line


# --- values


def test_values_by_hand(tmp_path):
    read = digitise(project([(100, 400), (300, 200), (500, 0), (200, 100)]), tmp_path).points
    np.testing.assert_allclose(read["compute"], [100, 1000, 10000, 10**2.5], rtol=1e-12)
    np.testing.assert_allclose(read["score"], [0, 0.5, 1, 0.75], atol=1e-12)


@pytest.mark.parametrize("name", ["version3", "version4"])
def test_recomputed_values_agree_with_the_stored_ones(name):
    body = json.loads((FIXTURES / f"{name}.json").read_text())
    datasets = body["wpd"]["dataSeries"] if "wpd" in body else body["datasetColl"]
    stored = np.array([mark["value"] for d in datasets for mark in d["data"]])
    read = digitise_project(FIXTURES / f"{name}.json").points
    percent = 100 if name == "version3" else 1
    np.testing.assert_allclose(read["compute"], stored[:, 0], rtol=1e-6)
    np.testing.assert_allclose(read["score"], stored[:, 1] / percent, atol=1e-6)
    assert list(read.columns) == list(Point.model_fields)


def test_thousands_separators_are_read_whole_and_reported():
    # the program read "1,000" as 1 and "100,000" as 100: its stored values are a thousand too small
    found = digitise_project(FIXTURES / "version42_repeats.json")
    body = json.loads((FIXTURES / "version42_repeats.json").read_text())
    program = [mark["value"][0] for mark in body["datasetColl"][0]["data"]]
    np.testing.assert_allclose(found.points["compute"] / program, 1000, rtol=0.01)
    assert any("only up to its separator" in note for note in found.notes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1000", 1000), (" 1e3 ", 1000), ("1,234,567.5", 1234567.5), ("-2", -2), (".5", 0.5),
     ("75%", 75), ("2 000", 2000), (3, 3), (0.25, 0.25), ("1E-3", 0.001)],
)  # fmt: skip
def test_calibration_numbers(text, expected):
    assert number(text, "x") == expected


@pytest.mark.parametrize("text", ["1,5", "10^3", "", None, "abc", "1,0000", "nan", "1e999", "12k"])
def test_calibration_values_that_are_no_numbers(text):
    with pytest.raises(SpecError, match=r"^here: got .*; expected a number"):
        number(text, "here")


@pytest.mark.parametrize("text", ["2024/09/12", "2024-09", "2024/1/1 12:30", "9:30", "2024/5"])
def test_dates_are_refused_as_dates(text):
    with pytest.raises(SpecError, match="date axis"):
        number(text, "here")


@given(
    st.floats(-500, 3000), st.floats(-500, 3000), st.floats(0.3, 3), st.floats(-40, 40),
    st.floats(-0.4, 0.4),
)  # fmt: skip
def test_moving_zooming_and_turning_the_image_changes_nothing(x, y, zoom, shift, angle):
    clicks = np.array([[100, 400], [500, 410], [90, 380], [105, 20.0]])
    values, axis = np.array([2, 4, 0, 100.0]), np.array([0, 0, 1, 1])
    turn = zoom * np.array(
        [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    )
    at = np.array([[x, y]])
    plain = Calibration(clicks, values, axis, (True, False), None)
    moved = Calibration(clicks @ turn.T + shift, values, axis, (True, False), None)
    np.testing.assert_allclose(
        moved.read(at @ turn.T + shift), plain.read(at), rtol=1e-9, atol=1e-7
    )


def test_every_calibration_click_reads_its_own_value():
    clicks = np.array([[100, 400], [500, 410], [90, 380], [105, 20.0]])
    values = np.array([2, 4, 0, 100.0])
    read = Calibration(clicks, values, np.array([0, 0, 1, 1]), (True, False), None).read(clicks)
    np.testing.assert_allclose([read[0, 0], read[1, 0], read[2, 1], read[3, 1]], values, atol=1e-9)


def test_axes_snapped_to_a_quarter_turn(tmp_path):
    body = project([(220, 300)], noRotation=True)
    # compute runs up the image, score to the right
    for point, (px, py) in zip(
        body["axesColl"][0]["calibrationPoints"],
        [(100, 400), (102, 0), (100, 400), (500, 403)],
        strict=True,
    ):
        point["px"], point["py"] = px, py
    read = digitise(body, tmp_path).points
    np.testing.assert_allclose(read[["compute", "score"]].to_numpy(), [[10**2.5, 0.3]])


# --- errors


def test_point_errors_follow_the_click_and_the_marker(tmp_path):
    toml = "[chart]\nclick_se = 0.8\nmarker_diameter = 12\n"
    body = project([(300, 200), (400, 100)])
    pixel = math.hypot(0.8, 12 / (4 * math.sqrt(3)))
    read = digitise(body, tmp_path, toml)
    np.testing.assert_allclose(read.points["log10_compute_se"], pixel * 2 / 400)
    np.testing.assert_allclose(read.points["score_se"], pixel / 400)
    assert any("reading error only" in note for note in read.notes)


def test_a_linear_compute_axis_has_errors_in_log10(tmp_path):
    body = project([(150, 200), (450, 100)], values=("0", "4000", "0", "1"), log=(False, False))
    read = digitise(body, tmp_path)
    np.testing.assert_allclose(read.points["compute"], [500, 3500])
    np.testing.assert_allclose(
        read.points["log10_compute_se"], 0.5 * 10 / np.array([500, 3500]) / math.log(10)
    )
    # an error of the left click moves the small compute by many OOMs more than the large one
    small, large = read.readings["log10_compute_axis_se"].to_numpy()
    assert small > 5 * large


def test_shared_error_has_its_closed_form():
    """Var t = sigma^2 |Y|^2 / det^2 ((1 - t)^2 + t^2 + 2 s^2), with p - X1 = t X + s Y."""
    clicks = np.array([[100, 400], [520, 430], [90, 380], [125, 20.0]])
    found = Calibration(
        clicks, np.array([2, 6, 0, 1.0]), np.array([0, 0, 1, 1]), (True, False), None, 0.7
    )
    x, y = clicks[1] - clicks[0], clicks[3] - clicks[2]
    det = x[0] * y[1] - x[1] * y[0]
    for t, s in [(0, 0), (0.5, 0.2), (0.9, 0.7), (1.3, -0.1)]:
        moves = found.shared((clicks[0] + t * x + s * y)[None])[0, 0]
        drawing = 4 * DRAWING_SE * np.hypot(*y) / abs(det)
        own = 4 * 0.7 * np.hypot(*y) / abs(det) * math.sqrt((1 - t) ** 2 + t**2 + 2 * s**2)
        assert np.linalg.norm(moves) == pytest.approx(math.hypot(own, drawing), rel=1e-6)


def test_shared_error_covers_simulated_clicks():
    """Clicks drawn with the stated error: offset and scale errors of the readings as stated."""
    rng = np.random.default_rng(4)
    ticks_x, ticks_y = [[120, 1e2], [300, 1e3], [481, 1e4]], [[500, 0.0], [40, 1.0]]
    chart = Chart(x=axis("log", ticks_x), y=axis("linear", ticks_y), click_se=0.6)
    found = calibrate(chart, "here")
    pixels = np.column_stack([np.linspace(130, 700, 6), np.linspace(450, 100, 6)])
    exact, errors = found.read(pixels), []
    for _ in range(4000):
        moved = found.clicks + rng.normal(0, 0.6, found.clicks.shape)
        drawn = pixels + rng.normal(0, DRAWING_SE, 2)
        errors.append(found.read(drawn, moved) - exact)
    shared = found.shared(pixels)
    stated = np.einsum("nam,kam->ank", shared, shared)
    observed = np.einsum("rna,rka->ank", np.array(errors), np.array(errors)) / len(errors)
    np.testing.assert_allclose(observed, stated, rtol=0.12, atol=1e-6)


def test_offset_and_scale_of_two_clicks():
    """Two clicks a distance L apart: scale error sqrt(2) sigma / L, offset sigma / sqrt(2)."""
    clicks, values = np.array([[100, 0], [500, 0], [0, 400], [0, 0.0]]), np.array([2, 4, 0, 1.0])
    found = Calibration(clicks, values, np.array([0, 0, 1, 1]), (True, False), (0, 1), 0.5)
    pixels = np.column_stack([np.array([200, 300, 400.0]), np.full(3, 200.0)])
    offset, scale = offset_and_scale(found.shared(pixels)[:, 0], found.read(pixels)[:, 0])
    assert scale == pytest.approx(math.sqrt(2) * 0.5 / 400)
    assert offset == pytest.approx(2 / 400 * math.hypot(0.5 / math.sqrt(2), DRAWING_SE))


def test_the_stated_scale_error_of_an_axis_without_numbers_adds_up(tmp_path):
    body = project([(200, 300), (300, 200), (450, 80)])
    plain = digitise(body, tmp_path).charts.iloc[0]
    stated = digitise(body, tmp_path, "[chart]\nlog10_axis_scale_se = 0.03\n")
    both = math.hypot(plain["log10_axis_scale_se"], 0.03)
    np.testing.assert_allclose(stated.charts["log10_axis_scale_se"], both)
    # the points' own errors know nothing of it
    np.testing.assert_allclose(stated.points["log10_compute_se"], 0.5 * 2 / 400)


def test_repeated_digitisations_are_pooled():
    path = FIXTURES / "version42_repeats.json"
    found = digitise_project(path, FIXTURES / "version42_axes.toml")
    body = json.loads(path.read_text())
    clicks = [
        sorted(([m["x"], m["y"]] for m in d["data"]), key=lambda p: p[0])
        for d in body["datasetColl"]
    ]
    spread = np.sqrt(np.var(clicks, axis=0, ddof=1).mean(axis=0))
    expected = np.hypot(spread / math.sqrt(3), 9 / (4 * math.sqrt(3)))
    assert len(found.points) == 4
    np.testing.assert_allclose(found.points[["pixel_x", "pixel_y"]], np.mean(clicks, axis=0))
    np.testing.assert_allclose(found.readings["pixel_x_se"], expected[0])
    np.testing.assert_allclose(found.readings["pixel_y_se"], expected[1])
    assert set(found.points["series"]) == {"reasoner on AIME"}


def test_repeats_are_known_by_name_too():
    assert set(digitise_project(FIXTURES / "version42_repeats.json").points["series"]) == {
        "reasoner"
    }


def test_labelled_points_are_a_points_file(tmp_path):
    found = digitise_project(FIXTURES / "version42_repeats.json", FIXTURES / "version42_axes.toml")
    found.points.to_csv(tmp_path / "reasoner.csv", index=False)
    rows = read_points(tmp_path / "reasoner.csv")
    assert len(rows) == 4
    assert {row["benchmark"] for row in rows} == {"AIME 2024"}
    # sampling and reading error together
    reading = found.readings["score_reading_se"]
    for row, own in zip(rows, reading, strict=True):
        assert row["score_se"] == pytest.approx(math.hypot(own, binomial_se(row["score"], 30)))
    assert not any("to be filled in" in note for note in found.notes)


def test_what_the_chart_does_not_say_is_named():
    notes = digitise_project(FIXTURES / "version4.json").notes
    assert any(
        "to be filled in: family, model, benchmark, regime, compute_unit" in n for n in notes
    )
    assert any("'Default Dataset' has no points" in note for note in notes)


def test_a_score_just_outside_is_set_to_the_bound_and_says_so(tmp_path):
    found = digitise(project([(300, 200), (400, -1)]), tmp_path)
    assert found.points["score"].tolist() == pytest.approx([0.5, 1.0])
    assert found.points["reason"].tolist() == ["", "read as 1.0025"]
    refused(project([(300, 200), (400, -9)]), tmp_path, "score 1.022", "score_scale")


# --- what is refused


def changed(**axes):
    return project([(200, 300), (300, 200)], **axes)


def with_click(index: int, **values):
    body = changed()
    body["axesColl"][0]["calibrationPoints"][index] |= values
    return body


def with_dataset(**values):
    body = changed()
    body["datasetColl"][0] |= values
    return body


def without(*path):
    body = copy.deepcopy(changed())
    at = body
    for key in path[:-1]:
        at = at[key]
    del at[path[-1]]
    return body


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{", ["not JSON"]),
        ("[" * 100_000, ["nested too deeply"]),
        ('{"version": [4, 2], "axesColl": NaN, "datasetColl": []}', ["axesColl: got nan"]),
        ("[]", ["version"]),
        ("{}", ["version: got None", "3 or 4"]),
        (changed() | {"version": [5, 0]}, ["version: got [5, 0]"]),
        ({"wpd": {"version": [2, 6]}}, ["version: got [2, 6]"]),
        (
            {"wpd": {"version": [3, 8], "axesType": "XYAxes", "axesParameters": [1]}},
            ["wpd.axesParameters: got [1]; expected a table"],
        ),
        (with_dataset(data=[{"x": 300, "y": 200, "value": [True, 50]}]), ["stored x value 1,"]),
        (without("axesColl"), ["axesColl: missing"]),
        (without("datasetColl", 0, "data"), ["no dataset has points"]),
        (without("axesColl", 0, "calibrationPoints", 1, "px"), ["point without its pixel"]),
        (with_dataset(data=[{"x": None, "y": 1}]), ["dataset 'a', point 1: without its pixel"]),
        (with_click(0, dx=True), ["x axis: X1", "got 'True'"]),
        (with_click(0, dx="100%"), ["x axis", "one value with a per cent sign"]),
        (changed(values=("1%", "100%", "0", "100")), ["x axis: a per cent sign"]),
        (changed(values=("100", "10000", "20", "80%")), ["y axis: one value with a per cent"]),
        (with_dataset(data=[]), ["no dataset has points"]),
        (with_dataset(data=[{"x": "left", "y": 1}]), ["datasetColl.0.data.0.x", "'left'"]),
        (with_dataset(axesName=None), ["dataset 'a'", "no axes"]),
        (with_dataset(axesName="XX"), ["'XX'", "not in the project", "XY"]),
        (changed(values=("0", "10000", "0", "100")), ["x axis", "log axis", "at 0"]),
        (changed(values=("-1", "-10", "0", "100")), ["x axis", "log axis", "at -10"]),
        (changed(values=("10000", "100", "0", "100")), ["x axis", "to the right", "swapped"]),
        (changed(values=("100", "10000", "100", "0")), ["y axis", "upwards", "swapped"]),
        (changed(values=("100", "100", "0", "100")), ["x axis", "degenerate", "value 100 twice"]),
        (with_click(1, px=100, py=400), ["x axis", "degenerate", "pixel"]),
        (with_click(3, px=300, py=400), ["degenerate", "same line"]),
        (with_click(0, dx="2024/01/01"), ["x axis: X1", "date axis"]),
        (with_click(3, dy="high"), ["y axis: Y2", "'high'"]),
        (with_click(2, dy=None), ["y axis: Y1", "expected a number"]),
        (without("axesColl", 0, "calibrationPoints", 3), ["3 calibration points", "expected 4"]),
        (changed(type="BarAxes"), ["BarAxes: refused", "bar chart"]),
        (changed(type="PolarAxes"), ["PolarAxes: refused"]),
        (changed(type="TernaryAxes"), ["TernaryAxes: refused"]),
        (changed(type="MapAxes"), ["MapAxes: refused"]),
        (changed(type="ImageAxes"), ["ImageAxes: refused"]),
        (changed(type="NewAxes"), ["NewAxes: refused"]),
        (changed(isPiecewiseX=True), ["piecewise", "refused"]),
        (
            with_dataset(data=[{"x": 300, "y": 200, "value": [1000.01, 50]}]),
            ["point 1", "stored x value 1000.01", "give 1000"],
        ),
        (
            with_dataset(data=[{"x": 300, "y": 200, "value": [1000, 50.001]}]),
            ["point 1", "stored y value"],
        ),
        (
            with_dataset(data=[{"x": 3, "y": 2, "metadata": {"overrides": {"y": 4}}}]),
            ["point 1", "overrides"],
        ),
        (project([(90_000, 200)]), ["reads 10^±452", "on the chart"]),
        (
            with_dataset(data=[{"x": 90_000, "y": 200, "value": [1, 1]}]),
            ["point 1: reads 10^452", "on the chart"],
        ),
        (
            project([(50, 200)], values=("0", "10000", "0", "100"), log=(False, False)),
            ["compute -1250", "compute > 0"],
        ),
    ],
)
def test_bad_projects_are_one_clear_line(body, words, tmp_path):
    refused(body, tmp_path, *words)


def test_stored_values_may_be_rounded(tmp_path):
    """Other writers of projects keep six digits; a unit of the last one is too much."""
    body = with_dataset(data=[{"x": 301, "y": 200, "value": [1011.58, 50]}])
    assert digitise(body, tmp_path).points["compute"].tolist() == pytest.approx([1011.5794542])
    body["datasetColl"][0]["data"][0]["value"] = [1011.59, 50]
    refused(body, tmp_path, "stored x value 1011.59")
    body["datasetColl"][0]["data"][0]["value"] = [1010, 50]
    refused(body, tmp_path, "stored x value 1010")


def test_a_point_stored_right_passes(tmp_path):
    body = with_dataset(data=[{"x": 300, "y": 200, "value": [1000.0000005, 50]}])
    read = digitise(body, tmp_path).points
    np.testing.assert_allclose(read["compute"], [1000], rtol=1e-12)


def test_a_version_3_project_without_axes(tmp_path):
    body = json.loads((FIXTURES / "version3.json").read_text())
    del body["wpd"]["axesType"]
    refused(body, tmp_path, "dataset 'large'", "no axes")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d[1].update(data=d[0]["data"]) or d[2].update(data=d[0]["data"]), ["identical"]),
        (lambda d: d[1]["data"].pop(), ["repeat 2 has 3 points, not 4"]),
        (lambda d: d[2]["data"][0].update(x=300, value=None), ["repeat 3", "px off"]),
        (lambda d: d[2].update(name="reasoner"), ["two datasets have one name"]),
    ],
)
def test_bad_repeats(change, words, tmp_path):
    body = json.loads((FIXTURES / "version42_repeats.json").read_text())
    change(body["datasetColl"])
    refused(body, tmp_path, *words)


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("[chart]\nbenchmrk = 'AIME'\n", ["chart.benchmrk", "did you mean 'benchmark'"]),
        ("[chart]\nregime = 'pretraining'\n", ["chart.regime"]),
        ("[chart]\nclick_se = 0.0\n", ["chart.click_se"]),
        ("[[series]]\nname = 'b'\n", ["series 'b'", "no dataset 'b'"]),
        ("[[series]]\nname = 'b'\ndatasets = ['aa']\n", ["no dataset 'aa'", "did you mean 'a'"]),
        ("[[series]]\nname = 'a'\n[[series]]\nname = 'a'\n", ["'a' appears twice"]),
        (
            "[chart.x]\nscale = 'log'\nticks = [[1, 1], [2, 10]]\n",
            ["a project has its own calibration"],
        ),
    ],
)
def test_bad_labels_are_one_clear_line(toml, words, tmp_path):
    refused(changed(), tmp_path, *words, toml=toml)


def notes(found) -> str:
    return "\n".join(found.notes)


def test_a_dataset_left_out_of_the_labels_is_left_out(tmp_path):
    body = changed()
    body["datasetColl"].append(body["datasetColl"][0] | {"name": "b"})
    found = digitise(body, tmp_path, toml="[[series]]\nname = 'a'\n")
    assert set(found.points["series"]) == {"a"}
    assert "dataset 'b' is in no series of" in notes(found)


BAR = {"name": "Bar", "type": "BarAxes", "calibrationPoints": [{"px": None, "dx": 0}]}
DATES = {"name": "When", "type": "XYAxes", "calibrationPoints": [
    {"px": px, "py": py, "dx": f"2024/{px}/01", "dy": str(py)}
    for px, py in [(1, 9), (9, 9), (1, 9), (1, 1)]]}  # fmt: skip


@pytest.mark.parametrize(
    ("axes", "words"),
    [
        (BAR, "BarAxes: refused: a bar chart"),
        (BAR | {"type": "ImageAxes"}, "ImageAxes: refused"),
        (DATES, "a date axis has no compute"),
        (None, "no axes; expected a dataset on calibrated axes"),
    ],
)
def test_what_is_no_curve_is_passed_over_beside_one(axes, words, tmp_path):
    body = changed()
    name = axes and axes["name"]
    body["axesColl"] += [axes] if axes else []
    marks = [{"x": 1, "y": 1, "metadata": "Bar0"}, {"x": None, "y": None}]
    body["datasetColl"].append({"name": "other", "axesName": name, "data": marks})
    body["datasetColl"].append({"name": "none", "axesName": name, "data": None})
    found = digitise(body, tmp_path)
    assert set(found.points["series"]) == {"a"}
    assert "dataset 'other' is passed over: " in notes(found)
    assert words in notes(found)
    refused(body, tmp_path, words, toml="[[series]]\nname = 'other'\n")


@pytest.mark.parametrize("version", ["4.2", "4", "v4.1", 4, 4.2, [4, 2], ["4", "2"]])
def test_versions_in_any_writing(version, tmp_path):
    assert len(digitise(changed() | {"version": version}, tmp_path).points) == 2


@pytest.mark.parametrize("version", [None, [], "5.0", "14", 40, [5, 0], {"a": 1}, "4x", True])
def test_other_versions(version, tmp_path):
    refused(changed() | {"version": version}, tmp_path, "version: got", "version 3 or 4")


def test_null_flags_are_no_flags_and_metadata_may_be_a_list(tmp_path):
    body = project([(300, 200)], noRotation=None, isPiecewiseX=None)
    body["axesColl"][0]["isLogY"] = None
    body["datasetColl"][0] |= {"metadataKeys": ["label"], "autoDetectionData": None}
    body["datasetColl"][0]["data"][0] |= {"metadata": ["P0"], "value": None}
    assert digitise(body, tmp_path).points["compute"].tolist() == pytest.approx([1000])
    body["datasetColl"][0]["data"][0]["metadata"] = {"overrides": {"x": None, "y": None}}
    assert len(digitise(body, tmp_path).points) == 1
    body["datasetColl"][0] |= {"metadataKeys": ["overrides"]}
    body["datasetColl"][0]["data"][0]["metadata"] = [{"y": 4}]
    refused(body, tmp_path, "overrides")


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        (("0,100", "0,900"), "a decimal comma?"), (("0,5", "0,9"), "a decimal comma?"),
        (("0,001", "1,000"), "a decimal comma?"), (("1k", "100k"), "an abbreviated number"),
        (("$0.10", "$10"), "a currency sign"), (("10\u00b3", "10\u2075"), "a power"),
        (("1,00,000", "10,00,000"), "groups of three digits"),
    ],
)  # fmt: skip
def test_calibrations_that_can_be_read_in_two_ways(pair, words, tmp_path):
    refused(changed(values=(*pair, "0", "100")), tmp_path, "x axis: X1", words)


@pytest.mark.parametrize(
    ("low", "high", "top"),
    [("0%", "100%", 1), ("0", "100%", 1), ("0%", "1%", 0.01), ("0", "0.5%", 0.005), ("0%", "1", 1)],
)
def test_scores_with_per_cent_signs(low, high, top, tmp_path):
    table = digitise(project([(300, 200)], values=("100", "10000", low, high)), tmp_path).points
    assert table["score"].tolist() == pytest.approx([top / 2])


@pytest.mark.parametrize("text", ["01/2024", "2024\u5e741\u6708"])
def test_dates_without_a_year_first(text, tmp_path):
    refused(with_click(0, dx=text), tmp_path, "a date axis has no compute")


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        (("1704067200", "1735689600"), "dates as seconds since 1970"),
        (("1704067200000", "1735689600000"), "dates as milliseconds"),
        (("20240101", "20250131"), "dates as YYYYMMDD"),
        (("2024", "2026"), "looks like years"),
        (("44927", "45657"), "looks like dates of a spreadsheet"),
        (("1.000", "100.000"), "if the point separates thousands"),
    ],
)
def test_calibrations_that_are_doubted(pair, words, tmp_path):
    body = project([(300, 200)], values=(*pair, "0", "100"), log=(False, False))
    assert words in notes(digitise(body, tmp_path))
    body["axesColl"][0]["isLogX"] = True
    assert words in notes(digitise(body, tmp_path))


def test_points_at_zero_are_left_out_with_a_note(tmp_path):
    body = project([(100, 300), (100.3, 250), (99, 280), (300, 200)],
                   values=("0", "8000", "0", "100"), log=(False, False))  # fmt: skip
    found = digitise(body, tmp_path)
    assert found.points["compute"].tolist() == pytest.approx([4000])
    for words in ("pixel (100.0, 300.0) left out: its compute 0 ", "pixel (100.3", "pixel (99.0"):
        assert words in notes(found)


# --- saved projects


def saved(path: Path, members: dict[str, bytes | str], **settings) -> Path:
    """A tar archive with the members."""
    with tarfile.open(path, "w", **settings) as archive:
        for name, content in members.items():
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


WHOLE = {
    "proj/info.json": '{"version": [4, 0], "json": "wpd.json", "images": ["image.png"]}',
    "proj/wpd.json": json.dumps(changed()),
    "proj/image.png": b"\x89PNG",
}


@pytest.mark.parametrize(
    "members",
    [
        WHOLE,
        {name.removeprefix("proj/"): content for name, content in WHOLE.items()},
        {"./" + name: content for name, content in WHOLE.items()},
        {"proj/wpd.json": WHOLE["proj/wpd.json"]},
        {"p/info.json": '{"json": "other.json"}', "p/other.json": WHOLE["proj/wpd.json"]},
    ],
)
@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_what_the_program_saves(members, format, tmp_path):
    path = saved(tmp_path / "chart.tar", members, format=format)
    assert digitise_chart(path).points["compute"].tolist() == pytest.approx([10**2.5, 1000])
    renamed = path.rename(tmp_path / "chart.download")
    assert len(digitise_chart(renamed).points) == 2


def test_projects_by_their_content(tmp_path):
    """Compressed by gzip, with files of macOS between, without the name of the JSON, or JSON under
    another name."""
    mac = {"proj/._info.json": b"\0\5\x16\x07", **WHOLE, "proj/._wpd.json": b"\0\5"}
    archive = saved(tmp_path / "mac.tar", mac).read_bytes()
    nameless = saved(tmp_path / "a.tar", WHOLE | {"proj/info.json": '{"json": null}'}).read_bytes()
    body = json.dumps(changed()).encode()
    for name, content in {
        "mac.tar": archive, "a.tar": nameless, "a.tar.gz": gzip.compress(archive),
        "a.tgz": gzip.compress(archive), "packed.tar": gzip.compress(archive),
        "a.json.gz": gzip.compress(body), "a.txt": body, "a.wpd": b"\xef\xbb\xbf\n " + body,
    }.items():  # fmt: skip
        (tmp_path / name).write_bytes(content)
        assert len(digitise_chart(tmp_path / name).points) == 2, name


@pytest.mark.parametrize(
    ("names", "curve"),
    [(["Primary", "Upper", "Lower"], 0), (["low", "Mean", "high"], 1), (["a", "b", "c"], 0)],
)
def test_ends_of_error_bars_are_no_points(names, curve, tmp_path):
    """As the program saves groups of points: a number of the tuple and one of the group."""
    body = project([(300, 100 + 10 * group) for group in range(3)] + [(400, 50)])
    body["datasetColl"][0]["groupNames"] = names
    for group in range(3):
        body["datasetColl"][0]["data"][group] |= {"tuple": 0, "group": group}
    found = digitise(body, tmp_path)
    assert found.points["pixel_y"].tolist() == [100 + 10 * curve, 50]
    assert f"2 points of other groups than '{names[curve]}' are left out" in notes(found)
    body["datasetColl"][0]["data"] = [{"x": 300, "y": 1, "group": 9}]
    refused(body, tmp_path, "no point in the group")


def test_bombs_and_damage_in_gzip(tmp_path, monkeypatch):
    path = tmp_path / "a.tar"
    path.write_bytes(gzip.compress(b"x" * 1000)[:-9])
    with pytest.raises(SpecError, match="damaged file of gzip"):
        digitise_chart(path)
    monkeypatch.setattr("tenfold.evidence.digitise.archive.MAX_ARCHIVE", 999)
    path.write_bytes(gzip.compress(b"x" * 1000))
    with pytest.raises(SpecError, match="more than 999 bytes"):
        digitise_chart(path)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"a.txt": "x"}, "no wpd.json in the archive"),
        ({}, "no wpd.json in the archive"),
        ({"p/info.json": "{}", "p/x.json": "{}"}, "no wpd.json in the archive"),
        ({"p/info.json": '{"json": "../wpd.json"}', "wpd.json": "{}"}, "no wpd.json"),
        ({"p/info.json": "[", "p/wpd.json": "{}"}, "p/info.json: not JSON"),
        ({"p/wpd.json": "["}, "p/wpd.json: not JSON"),
        ({f"{i}.json": "" for i in range(1001)}, "more than 1000 files"),
        (WHOLE | {"b/info.json": "{}"}, "2 projects in one archive; expected one"),
        ({"wpd.json": b" " * (8 * 1024 * 1024 + 1)}, "more than 8388608 bytes"),
    ],
)
def test_archives_that_are_no_project(members, words, tmp_path):
    path = saved(tmp_path / "chart.tar", members)
    with pytest.raises(SpecError, match=re.escape(words)):
        digitise_chart(path)


def test_links_in_an_archive_are_not_followed(tmp_path):
    path = tmp_path / "chart.tar"
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("wpd.json")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    with pytest.raises(SpecError, match="no wpd.json in the archive"):
        digitise_chart(path)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.dig", "Engauge"), ("a.pdf", "a PDF"), ("a.svg", "a vector drawing"),
        ("a.csv", "points check"), ("a.xlsx", "a spreadsheet"), ("a.tiff", "save it as PNG"),
        ("a.txt", "neither a project nor an image"),
    ],
)  # fmt: skip
def test_other_files_are_named(name, words, tmp_path):
    (tmp_path / name).write_text("x")
    with pytest.raises(SpecError, match=r"read are WebPlotDigitizer projects") as caught:
        digitise_chart(tmp_path / name)
    assert words in str(caught.value)
    (tmp_path / "a.png").write_text("x")
    with pytest.raises(SpecError, match="an image needs --axes"):
        digitise_chart(tmp_path / "a.png")


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"%PDF-1.4", "a PDF"), (b"PK\x03\x04", "a zip archive"), (b"<svg/>", "a vector drawing"),
        (b"<!DOCTYPE html>", "a web page"), (b"BZh9", "bzip2"),
    ],
)  # fmt: skip
def test_other_files_are_named_by_what_they_hold(start, words, tmp_path):
    for name in ("chart", "chart.png", "chart.docx"):
        (tmp_path / name).write_bytes(start)
        with pytest.raises(SpecError, match=words):
            digitise_chart(tmp_path / name)


def places(body, path=()):
    """All paths into a JSON value."""
    yield path
    if isinstance(body, dict | list):
        for key in body if isinstance(body, dict) else range(len(body)):
            yield from places(body[key], (*path, key))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@given(st.data())
def test_no_project_brings_it_down(tmp_path_factory, data):
    """Any value anywhere: points, or a clear line for every mistake."""
    body = json.loads((FIXTURES / "version4.json").read_text())
    where = data.draw(st.sampled_from([p for p in places(body) if p]))
    at = body
    for key in where[:-1]:
        at = at[key]
    at[where[-1]] = data.draw(JSON)
    path = tmp_path_factory.mktemp("fuzz") / "chart.json"
    path.write_text(json.dumps(body))
    lines, numbers = (), np.zeros(1)
    try:
        found = digitise_project(path)
        numbers = found.points[["compute", "score", "score_se"]].to_numpy(float)
    except SpecError as error:
        lines = error.lines
    assert all(line.isprintable() for line in lines)
    assert np.isfinite(numbers).all()


def test_the_documented_axes_file_is_valid():
    example = (AxesFile.__doc__ or "").split("::", 1)[1]
    table = AxesFile.model_validate(tomllib.loads(textwrap.dedent(example)))
    assert table.chart.n_questions == 30
    calibrate(table.chart, "here")


@pytest.mark.parametrize(
    ("scale", "ticks", "words"),
    [
        ("log", [[10, 0], [90, 10]], "log axis calibrated at 0"),
        ("linear", [[10, 5], [90, 5]], "value 5 twice"),
        ("linear", [[10, 5], [10, 6]], "pixel 10 twice"),
        ("linear", [[10, 5]], "at least 2"),
    ],
)
def test_bad_ticks(scale, ticks, words):
    with pytest.raises(ValueError, match=words):
        axis(scale, ticks)


def test_ticks_must_lie_on_their_scale():
    y = axis("linear", [[400, 0], [0, 1]])
    log = [[100, 1], [200, 10], [300, 100]]
    calibrate(Chart(x=axis("log", log), y=y), "here")
    with pytest.raises(SpecError, match=r"here: chart\.x\.ticks: tick 2 is .* px off"):
        calibrate(Chart(x=axis("linear", log), y=y), "here")
    with pytest.raises(SpecError, match="values fall to the right"):
        calibrate(Chart(x=axis("log", [[100, 9], [300, 3]]), y=y), "here")
    with pytest.raises(SpecError, match=r"chart\.y: missing"):
        calibrate(Chart(x=y), "here")
