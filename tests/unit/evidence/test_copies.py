"""Copied evidence is named, whatever it is called and in whatever unit; other evidence is not."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.evidence import audit, dataset
from tenfold.evidence.copies import Curve, compared, copies, curves_of, told
from tenfold.files import data_path

SOURCE = """[mine]
title = "A copy"
publisher = "Somebody"
date = "2026-01-01"
url = "https://example.org/table"
figure = "table 1"
terms = "CC BY 4.0"
method = "tabulated"
"""


@cache
def evidence() -> list[Curve]:
    """All shipped series."""
    return curves_of(dataset.load())


@pytest.fixture
def shipped() -> list[Curve]:
    """All shipped series."""
    return evidence()


def lively(curve: Curve) -> bool:
    """Whether a curve has enough to be known by: three points, and scores that differ."""
    return len(curve.score) >= 3 and float(np.ptp(curve.score)) > 0.1


def disguised(curve: Curve, factor: float, pixel: float, rng: np.random.Generator) -> Curve:
    """The curve in another unit, with up to one pixel of jitter each way."""
    size = len(curve.score)
    score = curve.score + pixel * rng.uniform(-0.004, 0.004, size)
    x = curve.log10_compute + np.log10(factor) + pixel * rng.uniform(-0.008, 0.008, size)
    return replace(curve, label="mine", unit="relative", run="", score=score, log10_compute=x)


@settings(max_examples=60, deadline=None)
@given(
    number=st.integers(0, 10_000),
    factor=st.floats(1e-6, 1e6),
    pixel=st.sampled_from([0.0, 1.0]),
    seed=st.integers(0, 100),
)
def test_a_disguised_copy_is_named(number: int, factor: float, pixel: float, seed: int) -> None:
    candidates = [curve for curve in evidence() if lively(curve)]
    original = candidates[number % len(candidates)]
    copy = disguised(original, factor, pixel, np.random.default_rng(seed))
    found = compared(copy, original)
    assert found is not None
    assert found.matched >= 0.8 * len(original.score)
    assert found.exact == (pixel == 0)
    # a pixel of score is worth so much compute on this curve
    slope = np.ptp(original.score) / np.ptp(original.log10_compute)
    assert abs(np.log10(found.factor * factor)) < 0.025 + 2 * pixel * 0.004 / slope


def test_a_copy_of_two_points_is_named_even_without_a_slope(shipped: list[Curve]) -> None:
    pairs = [curve for curve in shipped if len(curve.score) == 2]
    rng = np.random.default_rng(0)
    assert len(pairs) > 300
    for original in pairs:
        assert compared(disguised(original, 7.0, 0.0, rng), original) is not None, original.label


def test_scores_far_apart_or_other_spacings_are_no_copy(shipped: list[Curve]) -> None:
    original = next(curve for curve in shipped if curve.label == "o1/AIME 2024/training compute")
    x = original.log10_compute
    assert compared(replace(original, label="a", score=original.score - 0.05), original) is None
    assert compared(replace(original, label="a", log10_compute=1.4 * x), original) is None
    elsewhere = replace(original, label="a", cell=("AIME 2025", "rl"))
    assert compared(elsewhere, original) is None
    assert compared(original, original) is None


def test_the_shipped_evidence_has_no_copies_but_reviewed_ones() -> None:
    points = dataset.load()
    overlaps = json.loads(points.attrs["overlaps"])
    assert copies(curves_of(points), [], overlaps) == []


def test_every_reviewed_overlap_still_names_series(shipped: list[Curve]) -> None:
    """A row of the list that matches nothing would hide a misspelling."""
    from fnmatch import fnmatchcase

    labels = [curve.label for curve in shipped]
    for row in json.loads(dataset.load().attrs["overlaps"]):
        for key in ("series", "other"):
            assert any(fnmatchcase(label, row[key]) for label in labels), row[key]


def test_a_message_names_a_few_and_counts_the_rest(shipped: list[Curve]) -> None:
    some = [curve for curve in shipped if lively(curve)][:5]
    renamed = [replace(curve, label=f"mine/{curve.label}") for curve in some]
    line = told(copies(renamed, shipped), "mine.csv")
    assert line.count("equal") == 3
    assert "and 2 series more" in line


# --- where copies come in -----------------------------------------------------------------------


@pytest.fixture
def copied(tmp_path: Path) -> Callable[..., Path]:
    """Writes a folder that holds a shipped file with its series renamed, and perhaps changed."""

    def _copied(stem: str, **change: str) -> Path:
        with data_path("points", f"{stem}.csv").open(newline="", encoding="utf-8") as lines:
            rows = [
                row | {"series": f"my/{row['series']}"} | change for row in csv.DictReader(lines)
            ]
        with (tmp_path / "mine.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        (tmp_path / "sources.toml").write_text(SOURCE, encoding="utf-8")
        return tmp_path

    return _copied


@pytest.mark.parametrize("change", [{}, {"compute_unit": "tokens"}])
def test_check_and_load_name_a_copy(copied: Callable[..., Path], change: dict[str, str]) -> None:
    folder = copied("o1_test", **change)
    wanted = "7 of 7 points of 'my/o1/AIME 2024/test-time compute' equal 'o1/AIME 2024/test-time"
    for path in (folder, folder / "mine.csv"):
        report = audit.check(path)
        assert report.errors == ()
        assert sum(wanted in note for note in report.warnings) == 1
    with pytest.warns(dataset.PointsWarning, match=wanted):
        points = dataset.load(extra=folder)
    assert any(wanted in note for note in json.loads(points.attrs["doubts"]))


def test_prediction_of_a_copy_says_that_its_points_have_been_seen(
    copied: Callable[..., Path], prior_run: object
) -> None:
    from tenfold.unseen.series import read_series

    points: xr.Dataset = prior_run.points  # type: ignore[attr-defined]
    with pytest.warns(dataset.PointsWarning, match=r"points of 'my/o1/.* equal 'o1/AIME 2024"):
        read_series(copied("o1_test") / "mine.csv", points)


def another(curve: Curve, way: str, rng: np.random.Generator) -> Curve:
    """A made-up model on the same benchmark: near the curve, with 30 questions of its own."""
    size = int(rng.integers(3, 9))
    ends = curve.log10_compute.min(), curve.log10_compute.max()
    x = {
        "same": curve.log10_compute,
        "other": np.sort(rng.uniform(*ends, size)),
        "doubled": np.round(ends[0]) + np.log10(2.0 ** np.arange(size)),
    }[way]
    order = np.argsort(curve.log10_compute)
    level = np.interp(x, curve.log10_compute[order], curve.score[order]).clip(0.01, 0.99)
    share = 1 / (1 + np.exp(-np.log(level / (1 - level)) - rng.normal(0, 0.5)))
    score, se = rng.binomial(30, share) / 30, np.sqrt(np.maximum(share * (1 - share), 0.01) / 30)
    about = {"label": "mine", "run": "", "score": score, "score_se": se}
    return replace(curve, **about, log10_compute=x, log10_compute_se=np.full(len(x), 0.02))


def test_another_model_is_seldom_taken_for_a_copy(shipped: list[Curve]) -> None:
    originals, alarms = [curve for curve in shipped if lively(curve)], 0
    assert len(originals) > 200
    for way in ("same", "other", "doubled"):
        rng = np.random.default_rng([0, 1])
        made = [another(curve, way, rng) for curve in 2 * originals]
        alarms += sum(bool(copies([curve], shipped)) for curve in made)
    assert alarms <= 0.004 * 6 * len(originals)  # it was 0.011 with matches of one side alone
