"""The shipped evidence itself: complete, documented, consistent with its sources and its README."""

from __future__ import annotations

import csv
import json
import math
import re
import tomllib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from tenfold.evidence import dataset, inventory
from tenfold.evidence.columns import (
    OBS,
    UNITS,
    GptLevel,
    Overlap,
    Point,
    Quoted,
    RlShare,
    Shift,
    Tradeoff,
)
from tenfold.evidence.rows import binomial_se, file_hash, read_benchmarks, read_rows
from tenfold.files import SpecError, data_path

DATA = data_path()
SOURCES = tomllib.loads((DATA / "sources.toml").read_text(encoding="utf-8"))
FILES = sorted((DATA / "points").glob("*.csv"))
README = (DATA / "README.md").read_text(encoding="utf-8")
NON_THINKING = re.compile(r"non-reasoning.*|none|no thinking|minimal", re.IGNORECASE)
CHECKPOINT_NOISE = ("scalerl", "tan2025")
CONTINUOUS_SCORES = ("weirdml",)
OTHER_EDITIONS = {
    ("artificial_analysis_pairs", "Humanity's Last Exam"): 2684,
    ("kimi_dev", "SWE-bench Verified"): 500,
}


@pytest.fixture(scope="module")
def shipped() -> xr.Dataset:
    """All shipped evidence."""
    return dataset.load()


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    """Every row of every points file as text, with its file."""
    found = []
    for file in FILES:
        with file.open(newline="", encoding="utf-8") as lines:
            found += [row | {"file": file.stem} for row in csv.DictReader(lines)]
    return found


# --- sources ----------------------------------------------------------------------------------


def test_every_file_has_a_source_with_its_hash() -> None:
    tables = {"shifts", "tradeoff", "gpt_ladder", "rl_share", "overlaps"}
    with_file = {name for name, source in SOURCES.items() if "file" in source}
    assert {file.stem for file in FILES} == set(SOURCES) - with_file
    assert tables <= with_file
    for name, source in SOURCES.items():
        path = DATA / source.get("file", f"points/{name}.csv")
        assert source["sha256"] == file_hash(path), f"{name}: run scripts/hash_evidence.py"


def test_every_csv_in_the_folder_is_registered() -> None:
    listed = {source.get("file", f"points/{name}.csv") for name, source in SOURCES.items()}
    assert {path.relative_to(DATA).as_posix() for path in DATA.rglob("*.csv")} == listed


def test_every_source_says_where_it_is_from() -> None:
    for name, source in SOURCES.items():
        assert source["url"].startswith("https://") or source["url"] == "see the column url", name
        assert ("publication" in source) == ("file" not in source), name
        assert source["terms"], name
        assert re.match(r"20\d\d(-\d\d(-\d\d)?)?$", source["date"]), name
        if source["method"] == "digitised":
            assert source["calibration"], f"{name}: a digitised file states its calibration"


def test_flagged_rows_have_reasons_and_their_source_a_rule(rows: list[dict[str, str]]) -> None:
    flagged = Counter(row["file"] for row in rows if row["outlier"] == "true")
    for row in rows:
        assert row["outlier"] in ("true", "false")
        assert row["outlier"] == "false" or row["reason"]
    for name in (file.stem for file in FILES):
        assert ("outlier_rule" in SOURCES[name]) == (flagged[name] > 0), name


# --- README -----------------------------------------------------------------------------------


def table(title: str, level: str = "##") -> list[list[str]]:
    """Cells of the table below a heading, without its header."""
    section = README.split(f"\n{level} {title}\n")[1].split("\n#")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def test_readme_documents_every_column() -> None:
    documented = {cells[0].strip("`"): cells[1] for cells in table("Columns of a points file")}
    assert list(documented) == list(Point.model_fields)
    for name, item in Point.model_fields.items():
        assert (documented[name] == "yes") == item.is_required(), name
    for file in FILES:
        header = file.read_text(encoding="utf-8").splitlines()[0].split(",")
        assert header == [name for name in documented if name in header], file.name


def test_readme_documents_every_unit() -> None:
    assert [cells[0].strip("`") for cells in table("Units of compute", "###")] == list(UNITS)


def test_readme_documents_every_source_with_its_terms_and_counts(shipped: xr.Dataset) -> None:
    expected = [
        [
            f"`{row['source']}`",
            f"[{row['title']}]({row['url']})",
            row["publisher"],
            row["method"],
            str(row["series"]),
            str(row["points"]),
            row["terms"],
        ]
        for row in inventory.sources(shipped)
        if row["points"]
    ]
    assert table("Sources of points") == expected
    for name in SOURCES:
        assert f"`{name}`" in README, name


def test_readme_documents_the_dataset(shipped: xr.Dataset) -> None:
    documented: dict[str, str] = {}
    for dims, names in table("The dataset in memory"):
        if names != "labels only":
            documented |= dict.fromkeys(re.findall(r"`([a-z_0-9]+)`", names), dims.strip("`"))
    assert documented == {str(name): str(shipped[name].dims[0]) for name in shipped.data_vars}
    assert set(OBS) <= set(documented)


def test_readme_documents_families_and_side_tables(shipped: xr.Dataset) -> None:
    families = README.split("### Families")[1].split("\n#")[0]
    for family in shipped["family"].values:
        assert f"`{family}`" in families, family
    others = README.split("## Other tables")[1].split("\n#")[0]
    for kind in (Overlap, Shift, Tradeoff, GptLevel, RlShare, Quoted):
        for name in kind.model_fields:
            assert f"`{name}`" in others, f"{kind.__name__}.{name}"


def test_nothing_but_public_places_is_named() -> None:
    for path in (DATA, *DATA.rglob("*")):
        if path.is_file() and path.suffix in (".csv", ".toml", ".md"):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"/work\b|\.\./shared|/tmp/|\bin my notes\b", text), path


# --- points -----------------------------------------------------------------------------------


def test_benchmarks_are_all_known_and_all_used(shipped: xr.Dataset) -> None:
    known = read_benchmarks(DATA / "benchmarks.toml")
    assert set(known) == set(shipped["benchmark"].values)
    assert known["GPQA Diamond"].floor == 0.25
    for name, floor in zip(shipped["benchmark"].values, shipped["floor"].values, strict=True):
        assert floor == known[str(name)].floor


def test_questions_agree_with_the_benchmark(rows: list[dict[str, str]]) -> None:
    known = read_benchmarks(DATA / "benchmarks.toml")
    for row in rows:
        other = OTHER_EDITIONS.get((row["file"], row["benchmark"]))
        expected = {known[row["benchmark"]].questions, other}
        assert int(row["n_questions"]) in expected, row["series"]


def test_modes_follow_the_effort(rows: list[dict[str, str]]) -> None:
    for row in rows:
        expected = "non-thinking" if NON_THINKING.fullmatch(row["setting"]) else "thinking"
        assert row["mode"] == expected, (row["series"], row["setting"])


def test_a_score_error_is_never_less_than_its_questions_allow(rows: list[dict[str, str]]) -> None:
    for row in rows:
        if row["file"] in CHECKPOINT_NOISE + CONTINUOUS_SCORES:
            continue
        least = binomial_se(float(row["score"]), int(row["n_questions"]))
        given = float(row["score_se"])
        assert least * (1 - 1e-4) <= given <= math.hypot(least, 0.011), row["series"]


def test_checkpoint_noise_is_less_than_the_error_of_the_questions(
    rows: list[dict[str, str]],
) -> None:
    for row in rows:
        if row["file"] in CHECKPOINT_NOISE and 0.05 < float(row["score"]) < 0.95:
            questions = binomial_se(float(row["score"]), int(row["n_questions"]))
            assert 0 < float(row["score_se"]) < questions


def test_axes_without_numbers_carry_a_scale_error_and_no_others(
    rows: list[dict[str, str]],
) -> None:
    relative = {row["file"] for row in rows if row["compute_unit"] == "relative"}
    scaled = {name for name, source in SOURCES.items() if source.get("log10_axis_scale_se", 0) > 0}
    assert relative == scaled == {"o1_train", "o1_test", "o3_launch", "kimi_dev"}
    assert SOURCES["o3_launch"]["log10_axis_scale_se"] > SOURCES["o1_train"]["log10_axis_scale_se"]


def test_published_fits_are_not_data(shipped: xr.Dataset) -> None:
    assert inventory.counts(shipped)["source"]["scalerl"]["points"] == 119
    assert not any("fit" in reason for reason in shipped["reason"].values)


def test_leaderboard_editions_are_never_mixed(shipped: xr.Dataset) -> None:
    for name, source in zip(shipped["series"].values, shipped["series_source"].values, strict=True):
        if str(source).startswith("arc_agi"):
            assert (
                str(name).split("/")[0]
                == {
                    "arc_agi": "ARC",
                    "arc_agi_o1": "ARC 2025-04",
                    "arc_agi_o3_preview": "ARC 2024-12",
                }[str(source)]
            )


def test_both_regimes_share_benchmarks_and_families(shipped: xr.Dataset) -> None:
    """The exchange rate needs benchmarks on which both kinds of scaling were seen."""
    for key in ("series_benchmark", "series_family"):
        seen = {
            regime: set(shipped[key].values[shipped["series_regime"].values == regime])
            for regime in ("rl", "inference")
        }
        assert len(seen["rl"] & seen["inference"]) >= 2, key
    assert {"AIME 2024", "AIME 2025", "MATH500"} <= set(
        shipped["series_benchmark"].values[shipped["series_regime"].values == "rl"]
    )


def test_scores_of_r1_zero_are_whole_answers(shipped: xr.Dataset) -> None:
    """30 questions, 16 samples: every score is k / 480, and steps only go up."""
    chain = inventory.chain(shipped, "DeepSeek-R1-Zero/AIME 2024")["points"]
    counts = np.array([point["score"] * 480 for point in chain])
    assert np.abs(counts - np.round(counts)).max() < 0.01
    steps = [int(point["setting"].removeprefix("step ")) for point in chain]
    assert steps == sorted(steps)
    # compute is the running total of response length over steps: tokens per step grow
    tokens = np.array([point["compute"] for point in chain])
    length = np.diff(tokens) / np.diff(steps)
    assert (length > 0).all()
    assert length[-5:].mean() > 3 * length[:3].mean(), "RL lengthens answers"


# --- side tables ------------------------------------------------------------------------------


def test_shifts_are_like_the_essay_says(shipped: xr.Dataset) -> None:
    """About 3x fewer tokens for 10x RL; the exact row follows from two token counts."""
    rows = {row.shift: row for row in read_rows(DATA / "shifts.csv", Shift)}
    swe = rows["o3 to GPT-5, SWE-bench Verified"]
    o3 = inventory.chain(shipped, "GPT-5 launch/o3/SWE-bench Verified")["points"][0]
    gpt5 = inventory.chain(shipped, "GPT-5 launch/GPT-5/SWE-bench Verified")["points"][0]
    assert o3["score"] == gpt5["score"] == 0.691
    assert swe.shift_ooms == pytest.approx(o3["log10_compute"] - gpt5["log10_compute"], abs=1e-3)
    used = [row for row in rows.values() if row.use]
    assert len(used) == shipped.sizes["shift"] == 3
    for row in used:
        assert 0.3 <= (row.shift_ooms or 0) <= 0.7
        assert (row.shift_ooms_se or 0) >= 0.1
        assert (row.rl_ooms_se or 0) >= 0.2
    assert {row.shift for row in used if row.reading == "essay"} == {
        row.shift for row in used if "Toby Ord" in row.source
    }


def test_one_rl_step_has_one_error(shipped: xr.Dataset) -> None:
    """As independent rows, the two of the GPT-5 step weigh as one: 0.5 becomes 0.5 sqrt(2)."""
    steps = dict(zip(shipped["shift"].values, shipped["rl_step"].values, strict=True))
    gpt5 = [name for name, step in steps.items() if step == "o3 to GPT-5"]
    assert len(gpt5) == 2
    assert set(shipped["rl_step_se"].sel(shift=gpt5).values) == {0.5}
    assert shipped["rl_ooms_se"].sel(shift=gpt5).values == pytest.approx([0.5 * 2**0.5] * 2)
    assert float(shipped["rl_ooms_se"].sel(shift="o1 to o3")) == 0.2


def test_tradeoffs_are_of_one_fixed_model_and_count_each_technique_once(
    shipped: xr.Dataset,
) -> None:
    rows = read_rows(DATA / "tradeoff.csv", Tradeoff)
    used = [row for row in rows if row.use]
    assert [row.tradeoff for row in used] == list(shipped["tradeoff"].values)
    assert {row.tradeoff for row in used if row.direction == "saves"} == {
        "pruning",
        "scaling policy: overtraining",
    }
    size = {"samples": 0.0, "not stated": 0.25, "flop": 0.5}
    for row in used:
        if row.direction == "raises":
            assert row.size_per_training == size[row.counts], row.tradeoff
        assert 0.4 < row.inference_per_training < 3
        assert row.inference_per_training == pytest.approx(
            (row.printed or 0) + row.size_per_training
        )
    essay = next(row for row in rows if "essay" in row.tradeoff)
    assert not essay.use
    assert essay.inference_per_training == 1.5


@pytest.mark.parametrize(
    ("constant", "tradeoff"),
    [("EP_PRUNE", "pruning"), ("EP_CHIN", "scaling policy: overtraining")],
)
def test_one_figure_has_one_value(constant: str, tradeoff: str) -> None:
    constants = tomllib.loads((DATA / "constants.toml").read_text(encoding="utf-8"))["constant"]
    rows = {row.tradeoff: row for row in read_rows(DATA / "tradeoff.csv", Tradeoff)}
    assert constants[constant]["central"] == round(rows[tradeoff].inference_per_training, 2)


def test_gpt_levels_are_ordered() -> None:
    rows = read_rows(DATA / "gpt_ladder.csv", GptLevel)
    for row in rows:
        assert row.flop_low < row.flop < row.flop_high
    assert [row.flop for row in rows] == sorted(row.flop for row in rows)


def test_rl_shares_are_ordered_and_recompute_from_their_parents() -> None:
    rows = read_rows(DATA / "rl_share.csv", RlShare)
    assert len(rows) == 22
    recomputed = 0
    for row in rows:
        given = [row.rl_share_low, row.rl_share, row.rl_share_high]
        stated = [share for share in given if share is not None]
        assert stated == sorted(stated), row.model
        parents = {
            "FLOP": (row.rl_flop, row.pretrain_flop),
            "GPU-hours": (row.rl_gpu_hours, row.pretrain_gpu_hours),
        }.get(row.basis, (None, None))
        rl, pretrain = parents
        if rl is not None and pretrain is not None:
            assert row.rl_share == pytest.approx(rl / pretrain, rel=0.03), row.model
            recomputed += 1
        assert row.url.startswith("https://"), row.model
    assert recomputed >= 10


def test_quoted_numbers_name_a_source() -> None:
    for row in read_rows(DATA / "quoted.csv", Quoted):
        assert SOURCES[row.source]["file"] == "quoted.csv"
        assert row.unit != "share" or 0 <= row.value <= 1
    used = {row.source for row in read_rows(DATA / "quoted.csv", Quoted)}
    assert used == {name for name, s in SOURCES.items() if s.get("file") == "quoted.csv"}


def test_the_charts_of_the_essay_all_have_a_source() -> None:
    for name in (
        "o1_train",
        "o1_test",
        "o3_launch",
        "claude_37",
        "arc_agi",
        "arc_agi_o1",
        "o1_vs_o3",
        "o3_vs_gpt5",
        "base_vs_reasoning",
        "grok4_launch",
    ):
        assert name in SOURCES


def test_hashes_are_renewed_by_the_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a copy: a changed file gets its new hash, and nothing else changes."""
    import importlib.util
    import shutil

    copy = tmp_path / "data"
    shutil.copytree(DATA, copy)
    script = DATA.parent / "scripts" / "hash_evidence.py"
    if not script.is_file():
        pytest.skip("an installed wheel carries no scripts")
    spec = importlib.util.spec_from_file_location("hash_evidence", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "DATA", copy)
    before = (copy / "sources.toml").read_text(encoding="utf-8")
    module.main()
    assert (copy / "sources.toml").read_text(encoding="utf-8") == before
    text = (copy / "points" / "s1.csv").read_text(encoding="utf-8")
    (copy / "points" / "s1.csv").write_text(text.replace("0.64,", "0.65,", 1), encoding="utf-8")
    with pytest.raises(SpecError, match=r"s1\.sha256"):
        dataset.load(copy)
    module.main()
    changed = dataset.load(copy)
    assert json.loads(changed.attrs["sources"])["s1"]["sha256"] == file_hash(
        copy / "points" / "s1.csv"
    )
    after = (copy / "sources.toml").read_text(encoding="utf-8")
    assert sum(a != b for a, b in zip(before.split("\n"), after.split("\n"), strict=True)) == 1
