"""Records and logs of other programs, in the shapes that they really have; numbers are made up.

The shapes follow public files: Every Eval Ever 0.1 to 0.3 with its HAL and ARC converters, the
leaderboard of arcprize.org, upload files of the HAL harness, logs of Inspect, METR's runs.jsonl.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tenfold.evidence import audit
from tenfold.evidence.interchange.common import Imported, Options, save
from tenfold.evidence.interchange.read import read_results
from tenfold.files import SpecError

METRIC = {"lower_is_better": False, "score_type": "continuous", "min_score": 0, "max_score": 1}


def result(score: float = 0.3, cost: str = "0.2", **changes: Any) -> dict[str, Any]:
    """One result with a cost per task; keys of `changes` replace its parts."""
    return {
        "evaluation_name": "SciCode",
        "source_data": {"dataset_name": "SciCode", "source_type": "url", "url": ["u"]},
        "metric_config": METRIC,
        "score_details": {"score": score, "details": {"cost_per_task": cost}},
        "generation_config": {"generation_args": {}, "additional_details": {}},
    } | changes


def record(*results: Any, name: str = "model-a_low", **changes: Any) -> dict[str, Any]:
    """An aggregate record."""
    return {
        "schema_version": "0.2.2",
        "evaluation_id": "b/x/1",
        "source_metadata": {"source_name": "Board", "source_organization_name": "Org"},
        "model_info": {"name": name, "id": "org/m", "additional_details": {}},
        "evaluation_results": list(results),
    } | changes


def imported(folder: Path, value: Any, name: str = "a.json", **options: Any) -> Imported:
    """What comes of a file with `value`."""
    path = folder / name
    text = value if isinstance(value, str) else json.dumps(value)
    path.write_text(text, encoding="utf-8")
    return read_results(path, Options(**options))


def checked(folder: Path, found: Imported) -> None:
    """What is written passes its own check."""
    out = folder / "out"
    save(found.points, found.source, out, "imported")
    report = audit.check(out)
    assert (report.errors, report.points) == ((), len(found.points))


@pytest.mark.parametrize(
    "value",
    [
        record(result()),
        record(result(generation_config=None)),
        record(result(score_details={"score": 0.3, "details": {"cost_per_task": 0.2},
                                     "uncertainty": None})),
        record(result(), detailed_evaluation_results=None),
        record(result(metric_config=METRIC | {"metric_unit": None, "metric_kind": None})),
        record(result(generation_config={"additional_details": "temperature=0.5"})),
        record(result(generation_config={"generation_args": None, "additional_details": None})),
        record(result(source_data=["https://example.org"]), schema_version="0.1.0"),
        record(result(metric_config={"lower_is_better": False})),
        record(result(score=30, metric_config=METRIC | {"max_score": 100.0})),
        record(result(score=30, metric_config={"lower_is_better": False,
                                               "metric_unit": "percent"})),
        record(result(), source_metadata=None),
        record(result(), model_info={"name": "model-a_low", "additional_details": None}),
        record(result(), model_info={"id": "org/model-a_low"}),
        record(result(generation_config="text", source_data={"samples_number": "many"})),
        record(result(generation_config={"generation_args": {"reasoning": "high"}})),
        record(result(score_details={"score": 0.3, "details": {"cost_per_task": "0.2"},
                                     "uncertainty": {"num_samples": 0, "standard_error": "x"}})),
        record(result(score_details={"score": 0.3, "details": {"cost_per_task": "0.2"},
                                     "uncertainty": {"confidence_interval":
                                                     {"lower": 0.6, "upper": 0.1}}})),
        record(result(score_details={"score": "0.3", "details": {
            "total_cost": "n/a", "avg_cost_usd": "$0.20", "cost_per_question": ""}})),
        [record(result())],
        "\ufeff" + json.dumps(record(result()), indent=1),
    ],
)  # fmt: skip
def test_null_absent_and_text_are_the_same_as_nothing(tmp_path, value):
    (point,) = imported(tmp_path, value).points.to_dict("records")
    assert (point["score"], point["compute"], point["setting"]) == (0.3, 0.2, "low")


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (result(metric_config=METRIC | {"max_score": None}), "without finite bounds"),
        (result(metric_config=METRIC | {"min_score": None, "max_score": None}), "without finite"),
        (result(metric_config=METRIC | {"max_score": "Infinity"}), "without finite bounds"),
        (result(metric_config=METRIC | {"min_score": "-Infinity"}), "without finite bounds"),
        (result(metric_config=METRIC | {"max_score": float("inf")}), "without finite bounds"),
        (result(metric_config=METRIC | {"max_score": 0}), "without finite bounds"),
        (result(score=-0.2), "score outside its bounds"),
        (result(score=1.2), "score outside its bounds"),
        (result(score=None), "not of the schema"),
        (result(metric_config={}), "not of the schema"),
        (result(metric_config=METRIC | {"metric_kind": "elo"}), "no share of questions"),
        (result(metric_config=METRIC | {"lower_is_better": True}), "no share of questions"),
        (result(cost="free"), "compute is no number"),
        (result(cost="1,5"), "compute is no number"),
        (result(cost="0"), "without tokens or cost"),
        (result(cost="20%"), "compute is no number"),
        (result(score_details={"score": 0.4, "details": {"mean_output_tokens": "$5"}}),
         "compute is no number"),
        (result(score_details={"score": 0.4, "details": {"cost_per_task": "1"},
                               "uncertainty": {"standard_error": {"value": 5}}}),
         "no point may be"),
        (result(metric_config=METRIC | {"metric_kind": "cost", "metric_unit": "cents",
                                        "lower_is_better": True}), "no share of questions"),
        ("text", "not of the schema"),
        (None, "not of the schema"),
    ],
)  # fmt: skip
def test_one_odd_result_is_left_out_and_counted(tmp_path, odd, reason):
    found = imported(tmp_path, record(result(), odd, result(score=0.5, cost="2")))
    assert list(found.points["score"]) == [0.3, 0.5]
    assert any("left out: 1 results" in note and reason in note for note in found.notes)


def test_a_folder_goes_on_after_a_file_that_is_something_else(tmp_path):
    home = tmp_path / "records"
    (home / "deep").mkdir(parents=True)
    (home / "a.json").write_text(json.dumps(record(result())))
    (home / "b.json").write_text(json.dumps({"data": [1]}))
    (home / "c.json").write_text("{")
    (home / "deep" / "d.json").write_text(json.dumps(record(result(), name="Human Panel")))
    found = read_results(home, Options())
    assert len(found.points) == 1
    notes = "\n".join(found.notes)
    for words in (
        "c.json: not JSON",
        "JSON of a format that is not known, 1 times",
        "1 records of people, not models",
    ):
        assert words in notes  # fmt: skip


def test_links_out_of_the_folder_are_not_followed(tmp_path):
    home = tmp_path / "records"
    home.mkdir()
    (tmp_path / "secret.json").write_text(json.dumps(record(result())))
    (home / "a.json").symlink_to("../secret.json")
    with pytest.raises(SpecError, match="leaves the folder"):
        read_results(home, Options())


def test_hal_records_state_the_total_cost_of_a_run(tmp_path):
    home = tmp_path / "hal"
    home.mkdir()
    for effort, cost, score in (("low", "165.9", 0.06), ("high", "610.5", 0.12)):
        details = {"agent_scaffold": "X", "total_cost_usd": cost}
        part = result(score, generation_config={"additional_details": details},
                      score_details={"score": score, "details": {}})  # fmt: skip
        value = record(part, part | {"evaluation_name": "SciCode - Level 1"},
                       name=f"model-a {effort.title()} (April 2025)",
                       model_info={"name": f"model-a {effort.title()} (April 2025)",
                                   "additional_details": {"inference_effort": effort}})  # fmt: skip
        (home / f"{effort}.json").write_text(json.dumps(value))
    found = read_results(home, Options(questions=65))
    assert set(found.points["series"]) == {"hal/model-a (April 2025)/SciCode/X"}
    assert sorted(found.points["compute"]) == pytest.approx([165.9 / 65, 610.5 / 65])
    assert "left out: 2 parts of a result, with a total of the whole alone" in found.notes[0]
    with pytest.raises(SpecError, match="--questions divides it"):
        read_results(home, Options())


def arc(effort: str, score: float, cost: float, **changes: Any) -> dict[str, Any]:
    return {"datasetId": "v1_Semi_Private", "modelId": f"model-a-{effort}", "score": score,
            "costPerTask": cost, "display": True} | changes  # fmt: skip


def test_arc_prize_evaluations_are_of_known_benchmarks(tmp_path):
    value = [
        arc("low", 0.3, 0.1),
        arc("high", 0.6, 0.9),
        arc("high", 0.1, 0.9, datasetId="v2_Public_Eval"),
        arc("x", 0.9, 17, modelId="human_panel"),
        arc("x", 0.9, 0),
        arc("x", None, 1),
        {},
    ]
    found = imported(tmp_path, value)
    assert sorted(set(found.points["benchmark"])) == ["ARC-AGI-1 semi-private", "ARC-AGI-2 public"]
    assert list(found.points["n_questions"]) == [100, 100, 120]
    checked(tmp_path, found)
    assert sum("1 evaluations" in part for part in found.notes[0].split("; ")) == 4


def test_a_run_of_the_hal_harness(tmp_path):
    value = {
        "config": {"agent_name": "Agent", "benchmark_name": "scicode",
                   "agent_args": {"model_name": "model-a", "reasoning_effort": "high"}},
        "results": {"accuracy": 0.25, "total_cost": 8.0, "successful_tasks": ["a"],
                    "failed_tasks": ["b", "c", "d"]},
    }  # fmt: skip
    (point,) = imported(tmp_path, value).points.to_dict("records")
    assert (point["compute"], point["n_questions"], point["benchmark"]) == (2.0, 4, "SciCode")
    assert (point["setting"], point["series"]) == ("high", "a/model-a/SciCode/Agent")


def test_an_inspect_log(tmp_path):
    scorer = {"name": "choice", "metrics": {"accuracy": {"value": 0.6}, "stderr": {"value": 0.02}}}
    value = {
        "version": 2, "status": "success",
        "eval": {"task": "inspect_evals/gpqa_diamond", "model": "openai/o9",
                 "config": {"epochs": 4}, "model_generate_config": {"reasoning_effort": "low"}},
        "results": {"total_samples": 792, "completed_samples": 792, "scores": [scorer]},
        "stats": {"model_usage": {"openai/o9": {"input_tokens": 9, "output_tokens": 792_000},
                                  "grader": {"output_tokens": 5}}},
    }  # fmt: skip
    (point,) = imported(tmp_path, value).points.to_dict("records")
    assert (point["compute"], point["compute_unit"], point["score_se"]) == (1000, "tokens", 0.02)
    assert (point["benchmark"], point["n_questions"], point["n_samples"]) == (
        "GPQA Diamond",
        198,
        4,
    )
    value["stats"] = {"model_usage": {}}
    with pytest.raises(SpecError, match="without output tokens of the model"):
        imported(tmp_path, value)


def test_runs_of_metr(tmp_path):
    runs = [
        {"task_id": f"t{n % 2}", "alias": "Model A", "task_source": "HCAST",
         "score_binarized": n % 2, "generation_cost": 2.0 + n}
        for n in range(4)
    ]  # fmt: skip
    runs += [{"task_id": "t", "alias": "human", "score_binarized": 1, "generation_cost": 9.0}]
    found = imported(tmp_path, "\n".join(map(json.dumps, runs)) + "\n", name="runs.jsonl")
    (point,) = found.points.to_dict("records")
    assert (point["score"], point["compute"], point["benchmark"]) == (0.5, 3.5, "METR HCAST")
    assert (point["n_questions"], point["n_samples"]) == (2, 2)


def test_records_one_per_line(tmp_path):
    lines = [record(result()), record(result(0.5, "2"), name="model-a_high")]
    found = imported(tmp_path, "\n".join(map(json.dumps, lines)), name="all.jsonl")
    checked(tmp_path, found)
    assert list(found.points["setting"]) == ["low", "high"]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("a.json", {"results": {"gpqa": {"acc,none": 0.3}}, "n-samples": {}},
         "an lm-evaluation-harness result; it holds scores, but neither"),
        ("a.json", {"status": 200, "data": [{"name": "M", "evaluations": {}}]},
         "an Artificial Analysis answer; it holds scores and prices"),
        ("a.json", [{"name": "M", "evaluations": {}, "pricing": {}}], "Artificial Analysis"),
        ("a.jsonl", {"doc_id": 0, "resps": [["x"]]}, "samples of lm-evaluation-harness"),
        ("a.jsonl", {"evaluation_id": "x", "sample_id": "1"}, "import the aggregate record"),
        ("runs.jsonl", "version https://git-lfs.github.com/spec/v1\noid x\n", "git lfs pull"),
        ("t.csv", "version https://git-lfs.github.com/spec/v1\noid x\n", "git lfs pull"),
        ("a.json", "<!DOCTYPE html>\n<html>", "a web page or XML"),
        ("a.yaml", "a: 1", "YAML (write it as CSV or JSON)"),
        ("a.json", "{}\n{}", "JSON of a format that is not known"),
        ("a.json", "{\n}\n{}", "a.json: not JSON"),
        ("a.json", {"axesColl": []}, "see `tenfold digitise`"),
        ("a.json", [1], "a list of a format that is not known"),
        ("a.json", 3, "JSON of a format that is not known"),
        ("a.eval", "PK", "inspect log convert"),
        ("a.xlsx", "PK", "save the sheet as CSV"),
        ("a.jsonl", "{", "line 1: not JSON"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_named(tmp_path, name, value, words):
    with pytest.raises(SpecError) as caught:
        imported(tmp_path, value, name=name)
    (line,) = caught.value.lines
    assert words in line


def test_costs_of_a_task_and_of_a_run_are_told_apart(tmp_path):
    """ARC Prize has both; other boards put the cost beside the score under a name of its own."""
    cost = {"metric_kind": "cost", "metric_unit": "usd", "lower_is_better": True}
    score = result(score_details={"score": 0.3})

    def paid(amount: float, metric: str, name: str = "SciCode") -> dict[str, Any]:
        return result(evaluation_name=name, metric_config=cost | {"metric_id": metric},
                      score_details={"score": amount})  # fmt: skip

    for value, questions, compute in (
        (record(score, paid(120, "cost")), 60, 2),
        (record(score, paid(120, "total_cost_usd"), paid(1.5, "cost_per_task")), 60, 1.5),
        (record(score | {"evaluation_name": "b.all.score"},
                paid(9, "b.all.avg_cost", "b.all.avg_cost"),
                paid(90, "b.all.total_cost", "b.all.total_cost")), 60, 9),
    ):  # fmt: skip
        (point,) = imported(tmp_path, value, questions=questions).points.to_dict("records")
        assert (point["score"], point["compute"]) == (0.3, compute)
    with pytest.raises(SpecError, match="a total of the run alone"):
        imported(tmp_path, record(score, paid(120, "cost")))
    two = [score | {"evaluation_name": f"b.{name}"} for name in "xy"]
    with pytest.raises(SpecError, match="2 results without tokens or cost"):
        imported(tmp_path, record(*two, paid(9, "cost_per_task", "b.cost")), questions=60)


def test_one_model_in_two_agents_is_two_series_and_one_metric_counts(tmp_path):
    lines = [
        record(result(score, str(score), generation_config={"generation_args": {
            "agentic_eval_config": {"additional_details": {"agent_name": agent}}}}))
        for agent, score in (("X", 0.3), ("Y", 0.4))
    ]  # fmt: skip
    lines[0]["evaluation_results"] = [
        part | {"metric_config": METRIC | {"metric_id": metric}}
        for metric in ("accuracy", "pass_at_8")
        for part in lines[0]["evaluation_results"]
    ]
    found = imported(tmp_path, "\n".join(map(json.dumps, lines)), name="all.jsonl")
    assert list(found.points["series"]) == ["all/model-a/SciCode/X", "all/model-a/SciCode/Y"]
    assert "left out: 1 further metrics of one evaluation" in found.notes


def test_a_line_that_is_cut_costs_no_more_than_itself(tmp_path):
    lines = [json.dumps(record(result(score, str(score)))) for score in (0.3, 0.5, 0.6)]
    for name in ("all.jsonl", "all.json", "all.txt"):
        if name == "all.txt":
            lines = [lines[0]]
        text = "\n".join([*lines[:2], lines[-1][:90]] if len(lines) > 1 else lines)
        found = imported(tmp_path, text, name=name)
        assert len(found.points) == min(2, len(lines))
        assert any("1 lines that are not JSON" in n for n in found.notes) == (len(lines) > 1)


def test_json_lines_in_a_folder_are_read_too(tmp_path):
    home = tmp_path / "records"
    home.mkdir()
    (home / "t.csv").write_text("x")
    with pytest.raises(SpecError, match=r"no \*.json or \*.jsonl file; tables \(CSV\) come one by"):
        read_results(home, Options())
    (home / "a.JSON").write_text(json.dumps(record(result())))
    (home / "b.jsonl").write_text(json.dumps(record(result(0.5, "2"), name="model-a_high")))
    samples = json.dumps({"evaluation_id": "x", "sample_id": "1"})
    (home / "c_samples.jsonl").write_text(f"{samples}\n{samples}\n")
    found = read_results(home, Options())
    assert list(found.points["score"]) == [0.3, 0.5]
    assert "passed over: instance-level records of Every Eval Ever, 1 times" in found.notes


@pytest.mark.parametrize(
    "value",
    [
        {"evaluations": [arc("low", 0.3, 0.1)], "models": [], "datasets": []},
        [{}, arc("low", 0.3, 0.1)],
        [arc("low", "0.3", "$0.1")],  # type: ignore[arg-type]
        [arc("low", "30%", "0.1")],  # type: ignore[arg-type]
        arc("low", 0.3, 0.1),
    ],
)
def test_evaluations_of_arc_in_other_wrappings(tmp_path, value):
    (point,) = imported(tmp_path, value).points.to_dict("records")
    assert (point["score"], point["compute"], point["setting"]) == (0.3, 0.1, "low")


@pytest.mark.parametrize(
    ("config", "usage", "model", "series"),
    [
        ({"agent_name": "A (model-a low)"}, {}, "model-a", "a/model-a/SciCode/A"),
        ({"agent_args": {"agent.model.name": "model-a",
                         "agent.model.reasoning_effort": "low"}}, {}, "model-a",
         "a/model-a/SciCode"),
        ({"agent_name": "A"}, {"org/model-a_low": {}}, "org/model-a", "a/org/model-a/SciCode/A"),
    ],
)  # fmt: skip
def test_the_model_of_a_hal_run(tmp_path, config, usage, model, series):
    value = {"config": {"benchmark_name": "scicode"} | config, "total_usage": usage,
             "results": {"success_rate": "0.25", "total_cost": "$8.0", "successful_tasks": {"a": 1},
                         "failed_tasks": {"b": 1}}}  # fmt: skip
    (point,) = imported(tmp_path, value).points.to_dict("records")
    assert (point["model"], point["setting"], point["series"]) == (model, "low", series)
    assert (point["compute"], point["n_questions"], point["score"]) == (4.0, 2, 0.25)


def inspected(**changes: Any) -> dict[str, Any]:
    """A log of Inspect; keys of `changes` replace its parts."""
    best = {"name": "c", "reducer": "pass_at_4", "metrics": {"accuracy": {"value": 0.9}}}
    mean = {"name": "c", "metrics": {"accuracy": 0.6, "stderr": {"value": 0.02}}}
    return {
        "status": "success",
        "eval": {"task": "gpqa.py@gpqa_diamond", "model": "openai/o9", "config": {"epochs": 1},
                 "dataset": {"samples": 198}},
        "plan": {"config": {"reasoning_effort": "low"}},
        "results": {"scores": [best, mean]},
        "stats": {"model_usage": {"o9": {"input_tokens": 9, "output_tokens": 98_000,
                                         "reasoning_tokens": 100_000, "total_tokens": 198_009}}},
    } | changes  # fmt: skip


def test_inspect_logs_of_other_versions(tmp_path):
    """Reasoning counted apart, the best of four tries, and settings of the plan."""
    old = {"scorer": {"name": "c"}, "metrics": {"accuracy": {"value": 0.6},
                                                "bootstrap_std": {"value": 0.02}}}  # fmt: skip
    for value in (inspected(), [inspected()], inspected(results=old)):
        (point,) = imported(tmp_path, value).points.to_dict("records")
        assert (point["compute"], point["score"], point["score_se"]) == (1000, 0.6, 0.02)
        assert (point["benchmark"], point["setting"]) == ("GPQA Diamond", "low")
    with pytest.raises(SpecError, match="1 logs of runs that did not end well"):
        imported(tmp_path, inspected(status="cancelled"))


def test_scaffolds_of_metr_are_kept_apart(tmp_path):
    runs = [
        {"task_id": "t", "alias": "M", "score_binarized": score, "generation_cost": 1}
        | {"scaffold": scaffold}
        for scaffold, score in (("x", True), ("y", "0"))
    ]
    found = imported(tmp_path, runs)
    assert list(found.points["series"]) == ["a/M/METR time horizon/x", "a/M/METR time horizon/y"]
    assert list(found.points["score"]) == [1, 0]


def test_json_that_would_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("tenfold.evidence.interchange.common.MAX_TABLES", 99)
    for value in ([[]] * 99, [{}] * 99):
        with pytest.raises(SpecError, match="a.json: more than 99 tables and lists"):
            imported(tmp_path, value)
    assert len(imported(tmp_path, [record(result())]).points) == 1
    monkeypatch.setattr("tenfold.evidence.interchange.common.MAX_VALUES", 99)
    with pytest.raises(SpecError, match="or 99 values; expected fewer"):
        imported(tmp_path, [0] * 100)
