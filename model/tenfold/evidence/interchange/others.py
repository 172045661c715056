"""Results in the formats of other programs: ARC Prize, HAL, Inspect and METR.

Only what holds a score and compute of the same questions is read. Each function takes a parsed
file and adds what it finds to a `Harvest`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeGuard

from tenfold.evidence.interchange.common import (
    HUMAN,
    Harvest,
    benchmark_of,
    effort_of,
    printable,
    split_effort,
    without_effort,
)


def harvest_arc(value: Iterable[Any], file: Path, questions: int | None, found: Harvest) -> None:
    """The evaluations of arcprize.org: a score and a cost per task for every model and set."""
    found.title, found.publisher = "ARC Prize leaderboard", "ARC Prize Foundation"
    found.url = "https://arcprize.org/leaderboard"
    for number, item in enumerate(value):
        item = _table(item)
        name, cost, score = item.get("modelId"), item.get("costPerTask"), item.get("score")
        if not isinstance(name, str) or not isinstance(item.get("datasetId"), str):
            found.left["evaluations without model or set"] += 1
        elif HUMAN.search(name):
            found.left["evaluations of people, not models"] += 1
        elif not (_number(cost) and cost > 0):
            found.left["evaluations without a cost per task"] += 1
        elif not (_number(score) and 0 <= score <= 1):
            found.left["evaluations whose score is no share"] += 1
        else:
            model, effort = split_effort(printable(name))
            benchmark = benchmark_of(printable(item["datasetId"]))
            found.rows.append(
                _row(f"{file}: {number}", model, effort, benchmark, score)
                | {"compute": cost, "compute_unit": "usd", "n_questions": questions}
            )


def harvest_hal(
    value: Mapping[str, Any], file: Path, questions: int | None, found: Harvest
) -> None:
    """A run of the HAL harness: its accuracy, and its total cost over its tasks."""
    found.title, found.publisher = "HAL harness", "Princeton"
    found.url = "https://hal.cs.princeton.edu"
    config, results = _table(value.get("config")), _table(value.get("results"))
    given = _table(config.get("agent_args"))
    tasks = [results.get(key) for key in ("successful_tasks", "failed_tasks")]
    size = questions or sum(len(own) for own in tasks if isinstance(own, list)) or None
    cost, score = results.get("total_cost"), results.get("accuracy")
    name = given.get("model_name") or config.get("model_name") or config.get("agent_name")
    if not isinstance(name, str):
        found.left["runs without the name of a model"] += 1
    elif not (_number(cost) and cost > 0):
        found.left["runs without a total cost"] += 1
    elif not (_number(score) and 0 <= score <= 1):
        found.left["runs whose accuracy is no share"] += 1
    elif not size:
        found.left["runs without a list of tasks (--questions states their number)"] += 1
    else:
        model, effort = split_effort(printable(name))
        effort = effort_of(printable(str(given.get("reasoning_effort") or ""), 50)) or effort
        benchmark = benchmark_of(printable(str(config.get("benchmark_name") or file.stem)))
        found.rows.append(
            _row(f"{file}: results", without_effort(model, effort), effort, benchmark, score)
            | {
                "compute": cost / size,
                "compute_unit": "usd",
                "n_questions": size,
                "group": printable(str(config.get("agent_name") or ""), 60),
            }
        )


def harvest_inspect(
    value: Mapping[str, Any], file: Path, questions: int | None, found: Harvest
) -> None:
    """A log of Inspect: accuracy of its first scorer that has one, and output tokens per sample."""
    found.title, found.publisher = "Inspect evaluation logs", "Inspect"
    found.url = "https://inspect.aisi.org.uk"
    about, results = _table(value.get("eval")), _table(value.get("results"))
    name = about.get("model")
    usage = _table(_table(_table(value.get("stats")).get("model_usage")).get(str(name)))
    samples = results.get("completed_samples") or results.get("total_samples")
    tokens = usage.get("output_tokens")
    score, se = _accuracy(results.get("scores"))
    if not isinstance(name, str):
        found.left["logs without the name of a model"] += 1
    elif score is None:
        found.left["logs without an accuracy"] += 1
    elif not (_number(tokens) and tokens > 0 and _number(samples) and samples > 0):
        found.left["logs without output tokens of the model and its samples"] += 1
    else:
        args = _table(about.get("model_generate_config"))
        effort = effort_of(printable(str(args.get("reasoning_effort") or ""), 50))
        model, suffix = split_effort(printable(name))
        task = printable(str(about.get("task") or file.stem)).rpartition("/")[2]
        epochs = _table(about.get("config")).get("epochs")
        epochs = epochs if _number(epochs) and epochs >= 1 else 1
        size = questions or max(round(samples / epochs), 1)
        found.rows.append(
            _row(f"{file}: results", model, effort or suffix, benchmark_of(task), score)
            | {
                "compute": tokens / samples,
                "compute_unit": "tokens",
                "score_se": se,
                "n_questions": size,
                "n_samples": epochs,
            }
        )


def harvest_metr(value: Iterable[Any], file: Path, questions: int | None, found: Harvest) -> None:
    """Runs of METR's time-horizon suites: share of runs that succeed, and mean cost of a run."""
    found.title, found.publisher = "METR time-horizon runs", "METR"
    found.url = "https://github.com/METR/eval-analysis-public"
    runs: dict[tuple[str, str], list[tuple[float, float, str]]] = {}
    for item in value:
        item = _table(item)
        name, score = item.get("alias") or item.get("model"), item.get("score_binarized")
        cost = item.get("generation_cost")
        if not isinstance(name, str) or HUMAN.search(name):
            found.left["runs of people, not models"] += 1
        elif not (_number(score) and 0 <= score <= 1):
            found.left["runs without a score"] += 1
        elif not (_number(cost) and cost > 0):
            found.left["runs without a cost"] += 1
        else:
            suite = printable(str(item.get("task_source") or "time horizon"))
            own = runs.setdefault((printable(name), suite), [])
            own.append((score, cost, str(item.get("task_id"))))
    for (name, suite), own in runs.items():
        tasks = len({task for _, _, task in own})
        model, effort = split_effort(name)
        share = sum(score for score, _, _ in own) / len(own)
        found.rows.append(
            _row(f"{file}: {name}", model, effort, benchmark_of(f"METR {suite}"), share)
            | {
                "compute": sum(cost for _, cost, _ in own) / len(own),
                "compute_unit": "usd",
                "n_questions": questions or tasks,
                "n_samples": len(own) / tasks,
            }
        )


def _row(where: str, model: str, effort: str, benchmark: str, score: float) -> dict[str, Any]:
    return {
        "where": where,
        "model": model,
        "setting": effort,
        "benchmark": benchmark,
        "score": score,
    }


def _accuracy(scores: Any) -> tuple[float | None, float | None]:
    """Accuracy, or a mean within [0, 1], of the first scorer that has it, and its error."""
    for scorer in scores if isinstance(scores, list) else []:
        metrics = _table(_table(scorer).get("metrics"))
        for key in ("accuracy", "mean"):
            value = _table(metrics.get(key)).get("value")
            if _number(value) and 0 <= value <= 1:
                se = _table(metrics.get("stderr")).get("value")
                return value, se if _number(se) and se > 0 else None
    return None, None


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> TypeGuard[float]:
    whole = isinstance(value, int | float) and not isinstance(value, bool)
    return whole and math.isfinite(value)
