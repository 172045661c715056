"""Foreign evaluation results as points; every file is made up in the format of its publisher."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from tenfold.evidence import audit, dataset, inventory
from tenfold.evidence.interchange.common import (
    Imported,
    Options,
    family_of,
    save,
    split_effort,
)
from tenfold.evidence.interchange.read import read_results
from tenfold.files import SpecError

EPOCH = """Model version,Score,Reasoning level,Cost per task,Tokens per task,Release date,Notes
gpt-5.9_low,0.40,Low,1.10,5000,2026-01-01,
gpt-5.9_high,0.60,High,5.20,50000,2026-01-01,"slow, but good"
claude-opus-9_none,0.30,,0.50,2000,2026-02-01,
claude-opus-9_16K,0.50,,2.50,20000,2026-02-01,
no-tokens_high,0.70,High,9,,2026-02-01,
,0.757,,3,1000,,
"""


def write(path: Path, text: str) -> Path:
    """`text` at `path`."""
    path.write_text(text, encoding="utf-8")
    return path


def read_epoch(path: Path, benchmark: str | None = None, questions: int | None = None) -> Imported:
    return read_results(path, Options(benchmark, questions))


read_every_eval = read_epoch


def record(results: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """An aggregate record with the parts that the schema requires."""
    return {
        "schema_version": "0.2.1",
        "evaluation_id": "quiz/lab/model/1",
        "retrieved_timestamp": "1",
        "source_metadata": {
            "source_name": "Quiz board",
            "source_type": "documentation",
            "source_organization_name": "Quiz lab",
            "source_organization_url": "https://example.org",
            "evaluator_relationship": "third_party",
        },
        "eval_library": {"name": "unknown", "version": "unknown"},
        "model_info": {"name": "o3-2025-04-16-high", "id": "openai/o3"},
        "evaluation_results": results,
    } | more


def result(score: float, lower: bool = False, **more: Any) -> dict[str, Any]:
    """One result of the evaluation `Quiz`; keys of `more` replace those of its parts."""
    return {
        "evaluation_name": "Quiz",
        "source_data": {"dataset_name": "quiz", "source_type": "other"},
        "metric_config": {"lower_is_better": lower} | more.pop("metric", {}),
        "score_details": {"score": score} | more.pop("details", {}),
    } | more


def test_an_epoch_table_becomes_series_by_model(tmp_path: Path) -> None:
    found = read_epoch(write(tmp_path / "quiz_external.csv", EPOCH), questions=100)
    table = found.points
    assert list(table["series"].unique()) == [
        "quiz_external/gpt-5.9/quiz",
        "quiz_external/claude-opus-9/quiz",
    ]
    assert list(table["compute"]) == [5000, 50000, 2000, 20000], "tokens before cost"
    assert set(table["compute_unit"]) == {"tokens"}
    assert list(table["setting"]) == ["low", "high", "none", "16k"]
    assert list(table["mode"]) == ["thinking", "thinking", "non-thinking", "thinking"]
    assert list(table["family"].unique()) == ["GPT-5", "Claude"]
    assert found.notes[1] == (
        "left out: 1 rows without 'Tokens per task'; 1 rows without 'Model version'"
    )
    assert "CC BY 4.0" in found.source.terms


def test_an_epoch_table_can_be_saved_checked_and_loaded(tmp_path: Path) -> None:
    found = read_epoch(write(tmp_path / "quiz.csv", EPOCH), "AIME 2024")
    folder = tmp_path / "mine"
    path = save(found.points, found.source, folder, "epoch-quiz")
    report = audit.check(folder)
    assert (report.errors, report.warnings, report.points) == ((), (), 4)
    both = dataset.load(extra=folder)
    chain = inventory.chain(both, "quiz/gpt-5.9/AIME 2024")
    assert chain["points"][1]["score_se"] == pytest.approx(math.sqrt(0.6 * 0.4 / 30))
    with pytest.raises(SpecError, match="exists already"):
        save(found.points, found.source, folder, "epoch-quiz")
    with pytest.raises(SpecError, match="expected a name of letters"):
        save(found.points, found.source, folder, "../escape")
    with pytest.raises(SpecError, match="expected a series in one file only"):
        save(found.points, found.source, folder, "second")
    save(
        found.points.assign(series="again/" + found.points["series"]),
        found.source,
        folder,
        "second",
    )
    assert path.is_file()
    assert len(audit.check(folder).files) == 2


def test_epoch_percent_scores_and_standard_errors_are_scaled(tmp_path: Path) -> None:
    text = (
        "Model version,Percent correct,stderr,Mean cost (USD)\nm-1,79.6,2.5,$1.50\nm-1,40,3,0.5\n"
    )
    found = read_epoch(write(tmp_path / "polyglot.csv", text))
    assert list(found.points["score"]) == pytest.approx([0.796, 0.4])
    assert list(found.points["score_se"]) == pytest.approx([0.025, 0.03])
    assert list(found.points["compute"]) == [1.5, 0.5]
    assert set(found.points["compute_unit"]) == {"usd"}
    assert any("percent" in note for note in found.notes)


@pytest.mark.parametrize(
    ("scores", "errors", "expected", "expected_errors"),
    [
        (["42%", "62%"], ["3%", "3%"], [0.42, 0.62], [0.03, 0.03]),
        (["0.4%", "0.9%"], ["0.1%", "0.1%"], [0.004, 0.009], [0.001, 0.001]),
        (["0.42", "62%"], ["0.03", "3%"], [0.42, 0.62], [0.03, 0.03]),
        (["42", "62"], ["3", "2.5"], [0.42, 0.62], [0.03, 0.025]),
        (["42", "0.62"], ["3", "0.4"], [0.42, 0.0062], [0.03, 0.004]),
        (["42", "62"], ["0.03", "0.02"], [0.42, 0.62], [0.03, 0.02]),
        (["42%", "62%"], ["3", "2.5"], [0.42, 0.62], [0.03, 0.025]),
        (["42%", "62%"], ["0.03", "0.02"], [0.42, 0.62], [0.03, 0.02]),
        (["0.42", "0.62"], ["3%", ""], [0.42, 0.62], [0.03, None]),
    ],
)
def test_a_per_cent_sign_belongs_to_its_cell(
    tmp_path: Path, scores: list[str], errors: list[str], expected: list[float],
    expected_errors: list[float | None],
) -> None:  # fmt: skip
    lines = [f"m_{i},{s},{i + 1},{e}" for i, (s, e) in enumerate(zip(scores, errors, strict=True))]
    text = "\n".join(["Model version,Score,Cost per task,stderr", *lines])
    table = read_epoch(write(tmp_path / "q.csv", text), questions=100).points
    assert list(table["score"]) == pytest.approx(expected)
    own = [None if math.isnan(se) else se for se in table["score_se"].astype(float).tolist()]
    assert own == pytest.approx(expected_errors)


@pytest.mark.parametrize(
    ("column", "unit", "compute"),
    [
        ("Cost per run", "usd", 2.0), ("Avg. Cost ($)", "usd", 2.0), ("Average costs", "usd", 2.0),
        ("cost per task", "usd", 2.0), ("Cost per test (USD)", "usd", 2.0),
        ("Mean output tokens", "tokens", 2.0), ("Cost", "usd", 0.02), ("Total cost", "usd", 0.02),
        ("Total output tokens", "tokens", 0.02), ("cost_per_task", "usd", 2.0),
        ("costPerTask", "usd", 2.0), (" COST  PER  TASK ", "usd", 2.0), ("Cost/task", "usd", 2.0),
        ("Estimated cost (USD)", "usd", 0.02), ("Cost per task (cents)", "", None),
        ("Cost per task (\u20ac)", "", None),
    ],
)  # fmt: skip
def test_columns_of_all_editions(
    tmp_path: Path, column: str, unit: str, compute: float | None
) -> None:
    text = f"model_version,% Resolved,{column}\na_low,0.4,2\na_high,0.5,3\n"
    path = write(tmp_path / "q.csv", text)
    if compute is None:
        with pytest.raises(SpecError, match="no column with compute per question"):
            read_epoch(path, questions=100)
        return
    table = read_epoch(path, questions=100).points
    assert table["compute"][0] == pytest.approx(compute)
    assert set(table["compute_unit"]) == {unit}


def test_a_column_can_be_named(tmp_path: Path) -> None:
    text = "Model,Points,Spend,Cost per task\na,40,2,9\na,50,3,9\n"
    path = write(tmp_path / "q.csv", text)
    named = Options(questions=10, compute="spend", unit="gpu_hours", score="Points")
    table = read_results(path, named).points
    assert (list(table["compute"]), set(table["compute_unit"])) == ([2, 3], {"gpu_hours"})
    with pytest.raises(SpecError, match="state what it is in with --unit"):
        read_results(path, Options(questions=10, compute="Spend", score="Points"))
    with pytest.raises(SpecError, match="no column 'Spent'; did you mean 'Spend'"):
        read_results(path, Options(questions=10, compute="Spent", score="Points"))


def test_rows_without_compute_people_and_repeats_are_counted(tmp_path: Path) -> None:
    text = (
        "Model version,Score,Cost per task\na,0.4,2\na,0.4,2\nb,0.4,0\nb,0.4,n/a\n"
        "c,0.4,free\nd,TBD,1\ne,#DIV/0!,1\nf,--,1\n"
        'Human Panel,0.9,17\n"a",0.5,"1,500"\n'
    )
    found = read_epoch(write(tmp_path / "q.csv", text), questions=100)
    assert list(found.points["compute"]) == [2, 1500]
    notes = " ".join(found.notes)
    for words in (
        "1 rows with 'Cost per task' 0",
        "2 rows without 'Cost per task'",
        "3 rows without 'Score'",
        "1 rows of people",
        "1 results repeat others",
        "1 cells of 'Cost per task' have",
    ):
        assert words in notes  # fmt: skip


def test_decimal_commas_are_told_row_by_row(tmp_path: Path) -> None:
    text = 'Model version,Score,Cost per task\na,0.4,"1,5"\na,"0,5","12,25"\n'
    with pytest.raises(SpecError) as caught:
        read_epoch(write(tmp_path / "q.csv", text), questions=100)
    assert ["row 2, Cost" in caught.value.lines[0], "row 3, Cost" in caught.value.lines[1]] == [
        True,
        True,
    ]
    assert all("a decimal comma?" in line for line in caught.value.lines)


def test_a_half_width_is_a_standard_error_times_1_96(tmp_path: Path) -> None:
    text = "Model version,Pass@1,95% CI half-width,Mean output tokens\na,0.4,0.0392,9\n"
    table = read_epoch(write(tmp_path / "q.csv", text)).points
    assert table["score_se"][0] == pytest.approx(0.02, rel=1e-3)


def test_what_a_model_ran_in_keeps_its_rows_apart(tmp_path: Path) -> None:
    text = (
        "Model version,Harness,Autonudge,Score,Cost per task\na_low,x,,0.3,1\na_high,x,,0.5,2\n"
        "a_high,x,True,0.6,4\na_high,y,,0.4,3\nb_low,x,,0.2,1\nb_high,x,,0.3,2\n"
    )
    found = read_epoch(write(tmp_path / "q.csv", text), questions=100)
    labels = ["q/a/q/x", "q/a/q/x", "q/a/q/x Autonudge", "q/a/q/y", "q/b/q", "q/b/q"]
    assert list(found.points["series"]) == labels
    assert "1 models ran in several harnesses: a series for each" in found.notes


def test_the_name_of_a_row_may_say_what_its_model_ran_in(tmp_path: Path) -> None:
    text = "Model version,Name,Score,Cost per task\nm,A + M 1,0.3,1\nm,B + M 1,0.5,2\nn,N,0.1,1\n"
    table = read_epoch(write(tmp_path / "q.csv", text), questions=100).points
    assert list(table["series"]) == ["q/m/q/A", "q/m/q/B", "q/n/q"]


@pytest.mark.parametrize(
    ("name", "benchmark"),
    [
        ("external_benchmark_arc_agi.csv", "ARC-AGI-1 semi-private"),
        ("arc_agi_external (1).csv", "ARC-AGI-1 semi-private"),
        ("gpqa-diamond.csv", "GPQA Diamond"), ("my_quiz.csv", "my quiz"),
    ],
)  # fmt: skip
def test_benchmarks_by_the_name_of_the_file(tmp_path: Path, name: str, benchmark: str) -> None:
    text = "Model version,Score,Cost per task\nm,0.3,1\n"
    table = read_epoch(write(tmp_path / name, text), questions=100).points
    assert list(table["benchmark"]) == [benchmark]


def test_a_table_of_several_benchmarks_is_not_one(tmp_path: Path) -> None:
    text = "Model,Benchmark,Score,Cost per task\nm,{},0.3,1\nm,aime 2025,0.5,2\n"
    path = write(tmp_path / "q.csv", text.format("HLE"))
    with pytest.raises(SpecError, match="2 benchmarks; expected one: --benchmark, of .AIME 2025, "):
        read_epoch(path)
    assert list(read_epoch(path, benchmark="AIME 2025").points["score"]) == [0.5]
    alone = read_epoch(write(tmp_path / "r.csv", text.format("AIME25"))).points
    assert list(alone["benchmark"]) == ["AIME 2025", "AIME 2025"]


def test_efforts_of_a_column_of_switches(tmp_path: Path) -> None:
    rows = [("m", "off"), ("m", "Yes"), ("m_16K", "enabled"), ("n_low", "default"), ("n", "High")]
    lines = [f"{name},{said},0.{i + 2},{i + 1}" for i, (name, said) in enumerate(rows)]
    text = "\n".join(["Model,Thinking,Score,Cost per task", *lines])
    table = read_epoch(write(tmp_path / "q.csv", text), questions=100).points
    assert list(table["setting"]) == ["none", "thinking", "16k", "low", "high"]
    assert list(table["mode"]) == ["non-thinking", *["thinking"] * 4]


@pytest.mark.parametrize(("cells", "doubted"), [(("1.200", "15.000"), 1), (("1.25", "9.000"), 0)])
def test_points_that_may_separate_thousands(
    tmp_path: Path, cells: tuple[str, str], doubted: int
) -> None:
    text = f"Model,Score,Mean output tokens\na_low,0.4,{cells[0]}\na_high,0.5,{cells[1]}\n"
    found = read_epoch(write(tmp_path / "q.csv", text), questions=100)
    assert sum("if the point separates thousands" in note for note in found.notes) == doubted


def test_errors_that_are_no_numbers_follow_from_the_questions(tmp_path: Path) -> None:
    text = "Model version,Score,95% CI,Cost per task\na,0.4,[0.3; 0.5],1\na,0.5,0.098,2\n"
    found = read_epoch(write(tmp_path / "q.csv", text), questions=100)
    first, second = found.points["score_se"].tolist()
    assert (math.isnan(first), second) == (True, pytest.approx(0.05, rel=1e-3))
    assert any("1 cells of '95% CI' that are no numbers" in note for note in found.notes)


def test_one_large_error_does_not_make_all_of_them_per_cent(tmp_path: Path) -> None:
    text = "Model version,Score,stderr,Cost per task\na,0.4,{},1\nb,0.5,0.03,2\nc,0.5,0.02,2\n"
    table = read_epoch(write(tmp_path / "q.csv", text.format(0.9))).points
    assert list(table["score_se"]) == [0.9, 0.03, 0.02]
    with pytest.raises(SpecError, match="row 2: score_se: got 1e"):
        read_epoch(write(tmp_path / "q.csv", text.format("1e308")))


def test_a_setting_left_unsaid_beside_others_is_flagged(tmp_path: Path) -> None:
    text = "Model version,Score,Cost per task\nflash,0.33,0.04\nflash_1K,0.16,0.03\n"
    table = read_epoch(write(tmp_path / "q.csv", text), questions=100).points
    assert list(table["outlier"]) == [True, False]


def test_units_of_one_model_are_kept_apart(tmp_path: Path) -> None:
    for name, details in (("a", {"cost_per_task": "2"}), ("b", {"mean_output_tokens": "90"})):
        given = {"details": details, "uncertainty": {"num_samples": 50}}
        write(tmp_path / f"{name}.json", json.dumps(record([result(0.5, details=given)])))
    series = read_every_eval(tmp_path).points["series"]
    assert sorted(label.rpartition("/")[2] for label in series) == ["tokens", "usd"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Model version,Score\na,0.5\n", "no column with compute per question (name it: --comp"),
        (
            "Model version,Score,Training compute (FLOP)\na,0.5,1e25\n",
            "no column with compute per question",
        ),
        ("Model version,Cost per task\na,0.5\n", "no column with a score (--score COLUMN)"),
        ("Name,Score,Cost per task\na,0.5,1\n", "missing column 'Model version'"),
        ("Model version,Score,Cost per task\na,good,1\n", "row 2, Score: got 'good'"),
        ("Model version,Score,Cost per task,stderr\na,250,1,3\n", "row 2: score: got 2.5"),
        ("Model version,Score,Cost per task\na,0.5,-1\n", "got '-1'; expected 0 or more"),
        ("Model version,Score,Cost per task\na,0.5,1%\n", "got '1%'; expected compute"),
        ("Model version,Score,Cost per task\na,0.5,\u20ac1\n", "another currency; expected US"),
        ("Model version,Score,Cost per task\na,$0.5,1\n", "expected no amount of money"),
        ("Model version,Score,Mean output tokens\na,0.5,$1\n", "expected compute in tokens"),
        ("Model version,Score,Mean output tokens,CI\na,0.5,9\n", "row 2: 3 cells"),
        ("Model version,Score,Cost per task,stderr\na,0.5,1,x\n", "row 2, stderr: got 'x'"),
        ("model_version;score;cost_per_task\na;0.5;1\n", "separated by semicolons"),
        ("", "empty; expected a table"),
        ("Model version,Score,Cost per task\na,0.5,0\n", "1 rows with 'Cost per task' 0"),
        ("Model version,Score,Cost per task\na,0.5,1\n", "state the number of questions with --q"),
        ("Model version,Score,Cost\na,0.5,1\n", "'Cost' holds totals of the whole benchmark"),
        ("Model version,Score,Cost per task\n,,\n", "no result with model, score and compute"),
        ("Model version,Score,Score,Cost per task\na,1,1,1\n", "column 'Score' appears twice"),
        ("Model version;Score;Cost per task\na;0,5;1\n", "separated by semicolons"),
        ("Model version\tScore\tCost per task\na\t0.5\t1\n", "separated by tabs"),
        ("sep=;\nModel version;Score;Cost per task\na;0,5;1\n", "separated by semicolons"),
        ("series,compute,score\na,1,0.5\n", "a points file of Tenfold's own"),
    ],
)
def test_an_epoch_table_that_does_not_fit_is_refused(
    tmp_path: Path, text: str, expected: str
) -> None:
    path = write(tmp_path / "quiz.csv", text)
    with pytest.raises(SpecError, match=re.escape(expected)):
        read_epoch(path)


def test_every_eval_cost_as_a_result_beside_the_score(tmp_path: Path) -> None:
    cost = result(1.5, True, metric={"metric_kind": "cost", "metric_unit": "usd"})
    given = {"uncertainty": {"standard_error": {"value": 0.05}}}
    path = write(tmp_path / "a.json", json.dumps(record([result(0.4, details=given), cost])))
    found = read_every_eval(path)
    row = found.points.iloc[0]
    assert (row["compute"], row["compute_unit"], row["score"]) == (1.5, "usd", 0.4)
    assert (row["model"], row["setting"], row["family"]) == ("o3-2025-04-16", "high", "o-series")
    assert row["score_se"] == 0.05
    assert found.source.publisher == "Quiz lab"


def test_every_eval_tokens_from_the_instances_win(tmp_path: Path) -> None:
    details = {"details": {"costPerTask": "0.7"}, "uncertainty": {"num_samples": 50}}
    value = record(
        [result(0.5, details=details)],
        detailed_evaluation_results={"format": "jsonl", "file_path": "elsewhere/samples.jsonl"},
    )
    samples = [
        {"evaluation_id": "quiz/lab/model/1", "evaluation_name": "Quiz", "token_usage": usage}
        for usage in ({"output_tokens": 100}, {"output_tokens": 300}, None)
    ]
    samples.append(samples[0] | {"evaluation_id": "another", "token_usage": {"output_tokens": 9}})
    path = write(tmp_path / "a.json", json.dumps(value))
    without = read_every_eval(path).points.iloc[0]
    assert (without["compute"], without["compute_unit"]) == (0.7, "usd")
    write(tmp_path / "samples.jsonl", "\n".join(map(json.dumps, samples)) + "\n\n")
    with_ = read_every_eval(path).points.iloc[0]
    assert (with_["compute"], with_["compute_unit"]) == (200, "tokens")
    assert with_["n_questions"] == 50
    write(tmp_path / "samples.jsonl", "{}\n[1]\n")
    with pytest.raises(SpecError, match="line 1: not an instance-level record"):
        read_every_eval(path)


def test_every_eval_scales_scores_and_intervals(tmp_path: Path) -> None:
    details = {
        "details": {"mean_output_tokens": "1e3"},
        "uncertainty": {"confidence_interval": {"lower": 30, "upper": 50}},
    }
    metric = {"min_score": 0, "max_score": 100}
    generation = {"generation_args": {"reasoning": False}}
    value = record(
        [result(40, details=details, metric=metric, generation_config=generation)],
        model_info={"name": "Llama-9", "id": "meta/llama-9"},
    )
    row = read_every_eval(write(tmp_path / "a.json", json.dumps(value))).points.iloc[0]
    assert row["score"] == pytest.approx(0.4)
    assert row["score_se"] == pytest.approx(0.2 / (2 * 1.959964), rel=1e-5)
    assert (row["setting"], row["mode"]) == ("non-reasoning", "non-thinking")


def test_every_eval_folder_makes_one_series_of_efforts(tmp_path: Path) -> None:
    for effort, tokens, score in (("low", 100, 0.3), ("high", 1000, 0.6)):
        value = record(
            [result(score, details={"details": {"outputTokensPerTask": str(tokens)}})],
            model_info={"name": f"gpt-5-2025-08-07-{effort}", "id": "openai/gpt-5"},
        )
        write(tmp_path / f"{effort}.json", json.dumps(value))
    found = read_every_eval(tmp_path, benchmark="AIME 2025")
    assert len(set(found.points["series"])) == 1
    assert sorted(found.points["compute"]) == [100, 1000]
    assert set(found.points["n_questions"]) == {30}
    assert not [note for note in found.notes if "single point" in note]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "a list of a format that is not known; read are tables of the Epoch AI hub"),
        ("{}", "JSON of a format that is not known"),
        ('{"evaluation_id": 1}', "JSON of a format that is not known"),
        (json.dumps(record([])), "no result with model, score and compute"),
        (json.dumps(record([result(0.5)])), "1 results without tokens or cost"),
        (json.dumps(record([result(float("nan"))])), "1 results that are not of the schema"),
        (json.dumps(record([result(1.5)])), "1 results with a score outside its bounds"),
        (json.dumps(record([result(0.5)], model_info={})), "1 records without the name of a model"),
        (
            json.dumps(record([result(0.5, metric={"max_score": 0.0}, details={
                "details": {"cost_per_task": "1"}})])),
            "1 results without finite bounds",
        ),
    ],
)  # fmt: skip
def test_a_record_that_does_not_fit_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(SpecError, match=re.escape(expected)):
        read_every_eval(write(tmp_path / "a.json", text))


@pytest.mark.parametrize(
    ("name", "model", "effort"),
    [
        ("gpt-5.4-2026-03-05_xhigh", "gpt-5.4-2026-03-05", "xhigh"),
        ("claude-opus-4-5-20251101-thinking-none", "claude-opus-4-5-20251101", "none"),
        ("GPT-5 (minimal)", "GPT-5", "minimal"),
        ("gemini-2.5-pro_32K", "gemini-2.5-pro", "32k"),
        ("model-b_unknown", "model-b", ""),
        ("DeepSeek-V9_thinking", "DeepSeek-V9", "thinking"),
        ("Opus 9 (Adaptive Reasoning, Max Effort)", "Opus 9", "max"),
        ("Model A (Thinking 16K)", "Model A", "16k"),
        ("claude-3-7-sonnet (thinking)", "claude-3-7-sonnet", "thinking"),
        ("Kimi K2 Thinking", "Kimi K2 Thinking", ""),
        ("qwen3-8b (non-thinking)", "qwen3-8b", "non-thinking"),
        ("gemini-2.5-flash (16K thinking)", "gemini-2.5-flash", "16k"),
        ("mistral-medium", "mistral-medium", ""),
        ("qwen3-max", "qwen3-max", ""),
        ("qwen3.7-max", "qwen3.7-max", ""),
        ("qwen3.8-max_xhigh", "qwen3.8-max", "xhigh"),
        ("gpt-5.1-codex-max", "gpt-5.1-codex-max", ""),
        ("gpt-5.1-codex-max-high", "gpt-5.1-codex-max", "high"),
        ("gpt-4-32k", "gpt-4-32k", ""),
        ("o1-mini-2024-09-12", "o1-mini-2024-09-12", ""),
    ],
)
def test_efforts_are_split_from_names(name: str, model: str, effort: str) -> None:
    assert split_effort(name) == (model, effort)


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("openai/o4-mini", "o-series"),
        ("o3", "o-series"),
        ("GPT-5.2", "GPT-5"),
        ("gpt-oss-120b", "gpt-oss"),
        ("anthropic/claude-sonnet-9", "Claude"),
        ("olmo-3-32b", "olmo"),
    ],
)
def test_families_of_known_lines(model: str, family: str) -> None:
    assert family_of(model) == family
